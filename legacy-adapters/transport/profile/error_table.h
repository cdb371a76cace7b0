#pragma once

#include "contracts/error.h"
#include "contracts/json/json_text.h"
#include "legacy-adapters/transport/profile/fault.h"

#include <string>
#include <vector>

namespace underpin::legacy::profile {

// What a vendor's own errors mean: the first rule that fits decides. Without one the code that the
// transport gave stays. Immutable once read.
class ErrorTable {
 public:
  struct Rule {
    std::string state;     // The vendor's code up to the last "/": "23505"; "23*" is a beginning.
    std::string native;    // Behind it: "1062".
    std::string contains;  // A piece of the message.
    ErrorCode code = ErrorCode::internal;
    std::string pointer;  // Of the request, if the error is always about that member.
  };

  // `file` names it in faults.
  static ErrorTable read(const json::Value& document, const std::string& file,
                         std::vector<Fault>& faults);

  // Error::vendor_code of the two: "23505/1062", "23505", "VP/112/" for a state with a stroke.
  static std::string vendor_code(const std::string& state, const std::string& native);

  // A rule never makes an unknown outcome known, and says nothing of errors that carry no code of
  // the vendor's.
  Error judged(Error error) const;
  // The rule that judged() goes by; nullptr: none fits.
  const Rule* rule_for(const Error& error) const;

  const std::vector<Rule>& rules() const { return rules_; }

 private:
  std::vector<Rule> rules_;
};

}  // namespace underpin::legacy::profile
