#include "legacy-adapters/sql_profile/settings.h"

#include "contracts/json/object_reader.h"
#include "transport/secret.h"

namespace underpin::legacy::sql_profile {
namespace {

void read_number(json::ObjectReader& reader, std::string_view key, int& value) {
  reader.read(key, value, json::Need::optional);
  if (value < 1) reader.refuse(key, "must be at least 1");
}

}  // namespace

Result<Settings> read_settings(std::string_view text, const std::string& system) {
  const auto document = json::parse_with_comments(text);
  if (!document) return document.error();
  return json::read_document<Settings>(
      *document, "settings of a SQL profile", [&](json::ObjectReader& reader, Settings& it) {
        it.odbc.system = system;
        reader.read("profile", it.profile);
        std::string named;
        reader.read("connection_string", named);
        if (!named.empty()) {
          auto resolved = transport::resolve_secret(named);
          if (resolved)
            it.odbc.connection_string = std::move(resolved).value();
          else
            reader.refuse("connection_string", resolved.error().message);
        }
        read_number(reader, "pool_max", it.odbc.pool_max);
        read_number(reader, "login_timeout_ms", it.odbc.login_timeout_ms);
        read_number(reader, "query_timeout_ms", it.odbc.query_timeout_ms);
        reader.read("code_page", it.odbc.code_page, json::Need::optional);
      });
}

}  // namespace underpin::legacy::sql_profile
