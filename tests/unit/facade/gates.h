#pragma once

#include "facade/gate_desk.h"
#include "tests/unit/facade/facade_fixture.h"

#include <gmock/gmock.h>

namespace underpin::facade::test {

using cutover::Stage;
using testing::Contains;
using testing::HasSubstr;

struct Gates : FacadeFixture {
  void SetUp() override;
  GateDesk& gate();

  void compared(Capability capability, const std::string& operation, const std::string& subject,
                parity::Verdict verdict = parity::Verdict::match,
                const std::string& correlation = "test");
  // What of the documents is compared.
  std::set<std::string> classes{"amount", "quantity", "other"};
  void compared_customers(int number);
  GateReport judged(Capability capability = Capability::customers, Stage to = Stage::cloud_primary);
  std::vector<std::string> unmet(Capability capability = Capability::customers,
                                 Stage to = Stage::cloud_primary);
  using Names = std::vector<std::string>;
  // As an architect asks for it; the desk's own words.
  std::string refusal(Capability capability, Stage stage);
  void to_shadow_read();
};

}  // namespace underpin::facade::test
