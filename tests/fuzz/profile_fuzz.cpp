// Any bytes in the place of a profile's files: faults that name a file and a rule, or a profile
// that is read again alike and whose statements bind whatever they are given, without pasting it.
#include "legacy-adapters/sql_profile/statements.h"
#include "legacy-adapters/transport/profile/profile.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace underpin;
using namespace underpin::legacy;

void require(bool promise) {
  if (!promise) std::abort();
}

// "{path: text, ...}", or the text of one operation among files that are right.
profile::Files files_of(std::string_view text) {
  profile::Files files;
  const auto document = json::parse(text);
  const bool whole = document && document->is_object() && document->find("profile.json") != nullptr;
  if (whole) {
    for (const json::Member& file : document->members()) {
      if (files.size() < profile::Profile::files_max)
        files[file.key] = file.value.is_string() ? file.value.text() : json::write(file.value);
    }
    return files;
  }
  files["profile.json"] =
      R"({"kind": "sql", "name": "fuzz", "not_offered": {"orders": "no", "inventory": "no",
          "pricing": "no", "customers": "no"}})";
  files["tables.json"] = R"({"yes_no": [[true, "Y"], [false, "N"]]})";
  files["errors.json"] = R"({"rules": [{"state": "23*", "code": "rejected"}]})";
  files["operations/get_customer.json"] = text;
  return files;
}

void bind_all(const profile::Operation& operation) {
  std::vector<profile::Fault> faults;
  const auto statements = sql_profile::read_statements(operation, faults);
  require(faults.empty() && !statements.statements.empty());
  json::Value values = json::Value::object();
  for (const std::string& name : operation.request_names) values.set(name, "'\";--?");
  for (const sql_profile::Statement& one : statements.statements) {
    const auto bound = one.sql.bind(values);
    require(one.sql.reads() || operation.shape->writes);
    const auto marks =
        static_cast<std::size_t>(std::count(bound.sql.begin(), bound.sql.end(), '?'));
    require(marks >= bound.values.size());  // More where a quotation holds some.
    require(bound.sql.find("'\";--?") == std::string::npos ||
            one.sql.text().find("'\";--?") != std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const profile::Files files =
      files_of(std::string_view(reinterpret_cast<const char*>(data), size));
  const sql_profile::SqlKind kind;
  const auto loaded = profile::Profile::read(files, kind);
  require((loaded.profile == nullptr) == !loaded.faults.empty());
  for (const profile::Fault& fault : loaded.faults) {
    require(!fault.rule.empty() && !fault.file.empty());
    require(fault.pointer.empty() || fault.pointer[0] == '/');
  }
  require(profile::Profile::read(files, kind).faults == loaded.faults);
  if (loaded.profile == nullptr) return 0;
  for (const auto& [name, operation] : loaded.profile->operations()) bind_all(operation);
  return 0;
}
