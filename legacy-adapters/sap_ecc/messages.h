#pragma once

#include "contracts/error.h"
#include "contracts/json/json_text.h"
#include "contracts/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace underpin::legacy::sap_ecc {

// What a function returned in RETURN: a table of BAPIRET2, one such structure, or a BAPIRETURN
// whose code is class and number in one. Warnings, success and information say nothing here.
//
// Which message means what: mapping/messages.json, by class and number, which no language changes.
// The first rule that fits decides; without one an error is `rejected`.
class MessageTable {
 public:
  static Result<MessageTable> load(std::string_view json);

  // The first message of type E or A; vendor_code is "V1 042". Fields are named as SAP names them:
  // pointer "ROW/FIELD", for the caller to translate.
  std::optional<Error> error_in(const json::Value& answer) const;

 private:
  struct Rule {
    std::string id;
    std::string number;
    ErrorCode code = ErrorCode::rejected;
  };
  std::optional<Error> error_of(const json::Value& message) const;
  std::vector<Rule> rules_;
};

}  // namespace underpin::legacy::sap_ecc
