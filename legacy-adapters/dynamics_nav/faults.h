#pragma once

#include "contracts/error.h"
#include "contracts/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace underpin::legacy::dynamics_nav {

// What a service said when it refused. NAV rolls back what a refused request had begun.
struct Fault {
  std::string code;  // "a:Microsoft.Dynamics.Nav.Types.Exceptions.NavCSideRecordNotFoundException".
  std::string text;  // In the language of the service.
};

// Which fault means what: mapping/faults.json, by the exception's name, which no language changes,
// and by pieces of localised texts where the name is not enough. The first rule that fits decides;
// without one a fault is `rejected`. A stale Key, a record that exists already and a document that
// is not open are `conflict`.
class FaultTable {
 public:
  static Result<FaultTable> load(std::string_view json);

  Error error_of(const Fault& fault, const std::string& system) const;

 private:
  struct Rule {
    ErrorCode code = ErrorCode::rejected;
    std::string exception;  // The last part of the fault code; empty: any.
    std::vector<std::string>
        texts;  // One of them is in the text ("*" stands for anything); none: any.
  };
  std::vector<Rule> rules_;
};

}  // namespace underpin::legacy::dynamics_nav
