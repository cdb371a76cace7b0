#pragma once

#include "facade/catch_up.h"

#include "tests/unit/facade/facade_fixture.h"

#include <string>

namespace underpin::facade::test {

using cutover::Stage;

// 25 customers in legacy; a page has ten, and the next one comes ten seconds later.
struct CatchingUp : FacadeFixture {
  CatchingUp();
  static std::string numbered(int i);
  void to_dual_write(Capability capability);
  void advance();
  void deliver();
  void index_orders();
  CatchUpState reached(Capability capability);
  std::int64_t waiting();
  void place_orders(int count);
};

}  // namespace underpin::facade::test
