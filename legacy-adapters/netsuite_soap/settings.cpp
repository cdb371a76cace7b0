#include "legacy-adapters/netsuite_soap/settings.h"

#include "contracts/json/object_reader.h"
#include "contracts/order_return.h"
#include "transport/secret.h"

#include <algorithm>
#include <set>

namespace underpin::legacy::netsuite_soap {
namespace {

using json::Need;
using json::ObjectReader;

void read_secret(ObjectReader& reader, std::string_view key, std::string& secret) {
  std::string named;
  reader.read(key, named);
  if (named.empty()) return;
  Result<std::string> resolved = transport::resolve_secret(named);
  if (resolved) {
    secret = std::move(resolved).value();
  } else {
    reader.refuse(key, resolved.error().message);
  }
}

// Both sides of a table are unique: what is read back must be what was written.
void read_pairs(ObjectReader& reader, std::string_view key, std::vector<CodePair>& pairs) {
  std::set<std::string> canonical;
  std::set<std::string> vendor;
  reader.read_each(
      key,
      [&](ObjectReader& one) {
        CodePair pair;
        one.read("canonical", pair.canonical);
        one.read("vendor", pair.vendor);
        if (!canonical.insert(pair.canonical).second)
          one.refuse("canonical", "must be there once in its table");
        if (!vendor.insert(pair.vendor).second)
          one.refuse("vendor", "must be there once in its table");
        pairs.push_back(std::move(pair));
      },
      Need::optional);
}

void read_within(ObjectReader& reader, std::string_view key, int& value, int low, int high) {
  reader.read(key, value, Need::optional);
  if (value < low || value > high)
    reader.refuse(key, "must be from " + std::to_string(low) + " to " + std::to_string(high));
}

bool is_version(const std::string& text) {
  return text.size() == 6 && text[4] == '_' && std::all_of(text.begin(), text.end(), [](char c) {
           return c == '_' || (c >= '0' && c <= '9');
         });
}

void read_tables(ObjectReader& reader, Settings& settings) {
  read_pairs(reader, "charges", settings.charges);
  read_pairs(reader, "uom", settings.uom);
  read_pairs(reader, "tax_codes", settings.tax_codes);
  read_pairs(reader, "countries", settings.countries);
  read_pairs(reader, "price_groups", settings.price_groups);
  read_pairs(reader, "return_reasons", settings.return_reasons);
  for (const CodePair& pair : settings.return_reasons)
    if (!is_reason_code(pair.canonical))
      reader.refuse("return_reasons",
                    "must have reasons of 1 to 20 upper-case letters, digits, '_' or '-'");
}

void read_token(ObjectReader& token, Settings& settings) {
  token.read("account", settings.account);
  token.read("consumer_key", settings.consumer_key);
  read_secret(token, "consumer_secret", settings.consumer_secret);
  token.read("token", settings.token);
  read_secret(token, "token_secret", settings.token_secret);
}

void read_all(ObjectReader& reader, Settings& settings) {
  reader.read("url", settings.url);
  while (!settings.url.empty() && settings.url.back() == '/') settings.url.pop_back();
  settings.version = "2020_2";
  reader.read("version", settings.version, Need::optional);
  if (!is_version(settings.version)) reader.refuse("version", "must be like 2020_2");
  reader.read_object("auth", [&](ObjectReader& token) { read_token(token, settings); });
  reader.read("subsidiary", settings.subsidiary, Need::optional);
  reader.read("adjustment_account", settings.adjustment_account);
  reader.read("discount_item", settings.discount_item, Need::optional);
  reader.read_object(
      "custom_fields",
      [&](ObjectReader& fields) {
        fields.read("line", settings.fields.line, Need::optional);
        fields.read("promotion", settings.fields.promotion, Need::optional);
        fields.read("reason", settings.fields.reason, Need::optional);
      },
      Need::optional);
  read_tables(reader, settings);
  reader.read("base_uom", settings.base_uom, Need::optional);
  reader.read("base_price", settings.base_price, Need::optional);
  reader.read("zone", settings.zone, Need::optional);
  reader.read_object(
      "tls",
      [&](ObjectReader& tls) {
        tls.read("ca_file", settings.ca_file, Need::optional);
        tls.read("verify", settings.verify_tls, Need::optional);
      },
      Need::optional);
  read_within(reader, "connect_timeout_ms", settings.connect_timeout_ms, 1, 600'000);
  read_within(reader, "timeout_ms", settings.timeout_ms, 1, 900'000);
  read_within(reader, "pool_size", settings.pool_size, 1, 55);
  read_within(reader, "page_size", settings.page_size, 5, 1'000);
  reader.read("settle_ms", settings.settle_ms, Need::optional);
  reader.read("ids_kept_ms", settings.ids_kept_ms, Need::optional);
  reader.read("change_overlap_ms", settings.change_overlap_ms, Need::optional);
  if (settings.ids_kept_ms < 0) reader.refuse("ids_kept_ms", "must not be negative");
  if (settings.settle_ms < 0) reader.refuse("settle_ms", "must not be negative");
  // Changes are dated to the second.
  if (settings.change_overlap_ms < 1'000)
    reader.refuse("change_overlap_ms", "must be at least 1000");
}

}  // namespace

Result<Settings> read_settings(std::string_view text) {
  const Result<json::Value> document = json::parse_with_comments(text);
  if (!document) return document.error();
  return json::read_document<Settings>(*document, "NetSuite settings", read_all);
}

const std::string* to_vendor(const std::vector<CodePair>& table, const std::string& canonical) {
  for (const CodePair& pair : table)
    if (pair.canonical == canonical) return &pair.vendor;
  return nullptr;
}

const std::string* from_vendor(const std::vector<CodePair>& table, const std::string& vendor) {
  for (const CodePair& pair : table)
    if (pair.vendor == vendor) return &pair.canonical;
  return nullptr;
}

}  // namespace underpin::legacy::netsuite_soap
