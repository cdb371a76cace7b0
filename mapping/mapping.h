#pragma once

#include "contracts/json/json_text.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace underpin::mapping {

// A field table between a canonical document and a vendor's record, read in both directions. The
// file's form, the closed set of transforms and their errors: mapping/README.md. Immutable; may be
// used from many threads at once.
class Mapping {
 public:
  // `file` names the mapping in errors. A file that does not say something sensible is refused
  // here, as invalid_request with pointers into the file.
  static Result<Mapping> load(std::string_view text, std::string_view file);

  // invalid_request, with canonical pointers, when the document cannot be said to the vendor.
  Result<json::Value> to_vendor(const json::Value& canonical) const;
  // internal, with vendor pointers, when the record says what the table does not know.
  Result<json::Value> from_vendor(const json::Value& vendor) const;

  struct Table;

 private:
  explicit Mapping(std::shared_ptr<const Table> table) : table_(std::move(table)) {}
  std::shared_ptr<const Table> table_;
};

// A flat vendor record: SOAP elements, a row, the columns of a file.
json::Value record_of(const std::map<std::string, std::string>& fields);
// The other way; internal when a member is no scalar.
Result<std::map<std::string, std::string>> flat(const json::Value& record);

}  // namespace underpin::mapping
