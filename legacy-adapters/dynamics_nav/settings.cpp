#include "legacy-adapters/dynamics_nav/settings.h"

#include "contracts/json/object_reader.h"
#include "contracts/json/posting_settings.h"
#include "contracts/order_return.h"
#include "transport/secret.h"

namespace underpin::legacy::dynamics_nav {
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

void read_number(ObjectReader& reader, std::string_view key, int& value, int least) {
  reader.read(key, value, Need::optional);
  if (value < least) reader.refuse(key, "must be at least " + std::to_string(least));
}

void read_soap(ObjectReader& reader, SoapSettings& soap) {
  reader.read("url", soap.url);
  while (!soap.url.empty() && soap.url.back() == '/') soap.url.pop_back();
  reader.read("instance", soap.instance, Need::optional);
  reader.read("company", soap.company);
  reader.read("user", soap.user);
  read_secret(reader, "password", soap.password);
  read_number(reader, "timeout_ms", soap.timeout_ms, 1);
  read_number(reader, "connect_timeout_ms", soap.connect_timeout_ms, 1);
  read_number(reader, "pool_size", soap.pool_size, 1);
  reader.read("response_limit_bytes", soap.response_limit_bytes, Need::optional);
  if (soap.response_limit_bytes < 1'000)
    reader.refuse("response_limit_bytes", "must be at least 1000");
  reader.read("ca_file", soap.ca_file, Need::optional);
  reader.read("verify_tls", soap.verify_tls, Need::optional);
}

void read_odbc(ObjectReader& reader, OdbcSettings& odbc, const std::string& company) {
  read_secret(reader, "connection_string", odbc.connection_string);
  odbc.company = company;
  reader.read("company", odbc.company, Need::optional);
  reader.read("app_suffix", odbc.app_suffix, Need::optional);
  reader.read("quote", odbc.quote, Need::optional);
  if (odbc.quote.size() != 2) reader.refuse("quote", "must be a left and a right quote, as []");
  reader.read("rowversion_fence", odbc.rowversion_fence, Need::optional);
  reader.read("value_entries", odbc.value_entries, Need::optional);
  read_number(reader, "pool_max", odbc.pool_max, 1);
  read_number(reader, "login_timeout_ms", odbc.login_timeout_ms, 1);
  read_number(reader, "query_timeout_ms", odbc.query_timeout_ms, 1);
}

void read_prices(ObjectReader& reader, PriceFolderSettings& prices) {
  reader.read("table", prices.table, Need::optional);
  reader.read("folder", prices.folder, Need::optional);
  if (prices.table && !prices.folder.empty())
    reader.refuse("folder", "is of a price file; with table there is none");
  if (!prices.table && prices.folder.empty())
    reader.refuse("folder", "is missing: a price file's folder, or table: true");
  reader.read("suffix", prices.suffix, Need::optional);
  reader.read("needs_done", prices.needs_done, Need::optional);
  read_number(reader, "stable_ms", prices.stable_ms, 0);
  read_number(reader, "poll_every_ms", prices.poll_every_ms, 10);
  reader.read("expected_by", prices.expected_by, Need::optional);
  if (prices.table && !prices.expected_by.empty())
    reader.refuse("expected_by", "is of a price file; with table there is none");
}

}  // namespace

Result<Settings> read_settings(std::string_view text) {
  const Result<json::Value> document = json::parse_with_comments(text);
  if (!document) return document.error();
  return json::read_document<Settings>(
      *document, "Dynamics NAV settings", [](ObjectReader& reader, Settings& settings) {
        reader.read_object("soap", [&](ObjectReader& soap) { read_soap(soap, settings.soap); });
        reader.read_object("odbc", [&](ObjectReader& odbc) {
          read_odbc(odbc, settings.odbc, settings.soap.company);
        });
        reader.read_object("prices",
                           [&](ObjectReader& prices) { read_prices(prices, settings.prices); });
        reader.read("zone", settings.zone, Need::optional);
        reader.read("local_currency", settings.local_currency, Need::optional);
        reader.read("vat_percent", settings.vat_percent, Need::optional);
        reader.read("reason_code", settings.reason_code, Need::optional);
        read_number(reader, "page_size", settings.page_size, 1);
        if (settings.page_size > 200) reader.refuse("page_size", "must be at most 200");
        reader.read("settle_ms", settings.settle_ms, Need::optional);
        if (settings.settle_ms < 0) reader.refuse("settle_ms", "must not be negative");
        reader.read_each(
            "charges",
            [&](ObjectReader& one) {
              ChargeAccount charge;
              one.read("kind", charge.kind);
              one.read("account", charge.account);
              settings.charges.push_back(std::move(charge));
            },
            Need::optional);
        reader.read_each(
            "return_reasons",
            [&](ObjectReader& one) {
              std::pair<std::string, std::string> reason;
              one.read("reason", reason.first);
              one.read("code", reason.second);
              if (!is_reason_code(reason.first))
                one.refuse("reason", "must be 1 to 20 upper-case letters, digits, '_' or '-'");
              for (const auto& known : settings.return_reasons) {
                if (known.first == reason.first) one.refuse("reason", "must be there once");
                if (known.second == reason.second) one.refuse("code", "must be there once");
              }
              settings.return_reasons.push_back(std::move(reason));
            },
            Need::optional);
        reader.read_object(
            "posting", [&](ObjectReader& posting) { json::read_chart(posting, settings.chart); },
            Need::optional);
        if (settings.charges.empty())
          settings.charges = {{"shipping", "8510"}, {"fee", "8520"}, {"gift_wrap", "8530"}};
      });
}

}  // namespace underpin::legacy::dynamics_nav
