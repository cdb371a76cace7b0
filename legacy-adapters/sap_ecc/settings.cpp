#include "legacy-adapters/sap_ecc/settings.h"

#include "contracts/json/object_reader.h"
#include "contracts/order_return.h"
#include "transport/secret.h"

#include <algorithm>

namespace underpin::legacy::sap_ecc {
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

// A text of SAP's with its width.
void read_code(ObjectReader& reader, std::string_view key, std::string& code, std::size_t width) {
  reader.read(key, code, Need::optional);
  if (code.size() > width)
    reader.refuse(key, "must have at most " + std::to_string(width) + " characters");
}

void read_soap(ObjectReader& reader, SoapSettings& soap) {
  reader.read("url", soap.url);
  while (!soap.url.empty() && soap.url.back() == '/') soap.url.pop_back();
  reader.read("path", soap.path, Need::optional);
  reader.read("client", soap.client, Need::optional);
  if (soap.client.size() != 3) reader.refuse("client", "must have three digits");
  reader.read("user", soap.user);
  read_secret(reader, "password", soap.password);
  reader.read("open_session", soap.open_session, Need::optional);
  reader.read("close_session", soap.close_session, Need::optional);
  read_number(reader, "timeout_ms", soap.timeout_ms, 1);
  read_number(reader, "connect_timeout_ms", soap.connect_timeout_ms, 1);
  read_number(reader, "pool_size", soap.pool_size, 1);
  reader.read("response_limit_bytes", soap.response_limit_bytes, Need::optional);
  if (soap.response_limit_bytes < 1'000)
    reader.refuse("response_limit_bytes", "must be at least 1000");
  reader.read("ca_file", soap.ca_file, Need::optional);
  reader.read("verify_tls", soap.verify_tls, Need::optional);
}

void read_odbc(ObjectReader& reader, OdbcSettings& odbc) {
  read_secret(reader, "connection_string", odbc.connection_string);
  reader.read("schema", odbc.schema, Need::optional);
  read_number(reader, "pool_max", odbc.pool_max, 1);
  read_number(reader, "login_timeout_ms", odbc.login_timeout_ms, 1);
  read_number(reader, "query_timeout_ms", odbc.query_timeout_ms, 1);
}

void read_pairs(ObjectReader& reader, std::string_view key, std::string_view ours,
                std::size_t width, std::vector<CodePair>& pairs) {
  reader.read_each(
      key,
      [&](ObjectReader& one) {
        CodePair pair;
        one.read(ours, pair.first);
        one.read("code", pair.second);
        if (pair.second.size() > width)
          one.refuse("code", "must have at most " + std::to_string(width) + " characters");
        for (const CodePair& known : pairs) {
          if (known.first == pair.first) one.refuse(ours, "must be there once");
          if (known.second == pair.second) one.refuse("code", "must be there once");
        }
        pairs.push_back(std::move(pair));
      },
      Need::optional);
}

void read_places(ObjectReader& reader, std::vector<Place>& places) {
  reader.read_each("locations", [&](ObjectReader& one) {
    Place place;
    one.read("location", place.location);
    read_code(one, "plant", place.plant, 4);
    read_code(one, "storage", place.storage, 4);
    if (place.plant.empty()) one.refuse("plant", "must not be empty");
    if (place.storage.empty()) one.refuse("storage", "must not be empty");
    for (const Place& known : places) {
      if (known.location == place.location) one.refuse("location", "must be there once");
      if (known.plant == place.plant && known.storage == place.storage)
        one.refuse("storage", "must be there once in its plant");
    }
    places.push_back(std::move(place));
  });
}

void read_order_files(ObjectReader& reader, OrderFileSettings& files) {
  std::string by = "bapi";
  reader.read("by", by, Need::optional);
  if (by != "bapi" && by != "idoc") reader.refuse("by", "must be bapi or idoc");
  reader.read("outbound", files.outbound, Need::optional);
  reader.read("inbound", files.inbound, Need::optional);
  read_pairs(reader, "units", "unit", 3, files.units);
  read_code(reader, "sender_port", files.sender_port, 10);
  read_code(reader, "sender_type", files.sender_type, 2);
  read_code(reader, "sender_partner", files.sender_partner, 10);
  read_code(reader, "receiver_port", files.receiver_port, 10);
  read_code(reader, "receiver_partner", files.receiver_partner, 10);
  read_code(reader, "idoc_type", files.idoc_type, 30);
  read_code(reader, "reference_qualifier", files.reference_qualifier, 3);
  reader.read("needs_done", files.needs_done, Need::optional);
  read_number(reader, "stable_ms", files.stable_ms, 0);
  read_number(reader, "poll_ms", files.poll_ms, 10);
  read_number(reader, "answer_expected_minutes", files.answer_expected_minutes, 1);
  files.on = by == "idoc";
  if (!files.on && files.outbound.empty() && files.inbound.empty()) return;
  if (files.outbound.empty()) reader.refuse("outbound", "must be there");
  if (files.inbound.empty() || files.inbound == files.outbound)
    reader.refuse("inbound", "must be there, and another than outbound");
  if (files.units.empty()) reader.refuse("units", "must say what the ISO codes of units are");
}

void read_orders(ObjectReader& reader, Settings& settings) {
  read_order_files(reader, settings.order_files);
  read_code(reader, "type", settings.order_type, 4);
  read_code(reader, "block", settings.block, 2);
  if (settings.block.empty()) reader.refuse("block", "must not be empty");
  read_code(reader, "line_rejection", settings.line_rejection, 2);
  read_code(reader, "order_rejection", settings.order_rejection, 2);
  if (settings.line_rejection.empty() || settings.order_rejection.empty() ||
      settings.line_rejection == settings.order_rejection)
    reader.refuse("order_rejection", "must be there, and another than line_rejection");
  read_code(reader, "price_condition", settings.price_condition, 4);
  read_code(reader, "discount_condition", settings.discount_condition, 4);
  read_code(reader, "surcharge_condition", settings.surcharge_condition, 4);
  read_code(reader, "return_type", settings.return_type, 4);
}

void read_movement(ObjectReader& reader, MovementType& movement) {
  read_code(reader, "type", movement.type, 3);
  read_code(reader, "code", movement.code, 2);
}

void read_customers(ObjectReader& reader, CustomerSettings& customers) {
  reader.read("folder", customers.folder, Need::optional);
  read_code(reader, "sender_port", customers.sender_port, 10);
  read_code(reader, "sender_partner", customers.sender_partner, 10);
  read_code(reader, "receiver_port", customers.receiver_port, 10);
  read_code(reader, "receiver_partner", customers.receiver_partner, 10);
  read_code(reader, "idoc_type", customers.idoc_type, 30);
  read_code(reader, "extension", customers.extension, 30);
  read_code(reader, "email_segment", customers.email_segment, 27);
  read_code(reader, "account_group", customers.account_group, 4);
  read_code(reader, "country", customers.country, 3);
  read_code(reader, "language", customers.language, 1);
  read_code(reader, "order_block", customers.order_block, 2);
  read_code(reader, "delivery_block", customers.delivery_block, 2);
  read_code(reader, "billing_block", customers.billing_block, 2);
  read_number(reader, "poll_ms", customers.poll_ms, 10);
}

void read_prices(ObjectReader& reader, PriceFileSettings& prices) {
  reader.read("folder", prices.folder);
  if (prices.folder.empty()) reader.refuse("folder", "must not be empty");
  read_pairs(reader, "units", "unit", 3, prices.units);
  if (prices.units.empty()) reader.refuse("units", "must say what the codes of units mean");
  reader.read("needs_done", prices.needs_done, Need::optional);
  read_number(reader, "stable_ms", prices.stable_ms, 0);
  read_number(reader, "poll_ms", prices.poll_ms, 10);
}

void read_reasons(ObjectReader& reader, Settings& settings) {
  read_pairs(reader, "return_reasons", "reason", 3, settings.return_reasons);
  for (const CodePair& pair : settings.return_reasons)
    if (!is_reason_code(pair.first))
      reader.refuse("return_reasons",
                    "must have reasons of 1 to 20 upper-case letters, digits, '_' or '-'");
}

}  // namespace

Result<Settings> read_settings(std::string_view text) {
  const Result<json::Value> document = json::parse_with_comments(text);
  if (!document) return document.error();
  return json::read_document<Settings>(
      *document, "SAP ECC settings", [](ObjectReader& reader, Settings& settings) {
        reader.read_object("soap", [&](ObjectReader& soap) { read_soap(soap, settings.soap); });
        reader.read_object("odbc", [&](ObjectReader& odbc) { read_odbc(odbc, settings.odbc); });
        reader.read_object("sales_area", [&](ObjectReader& area) {
          read_code(area, "organization", settings.organization, 4);
          read_code(area, "channel", settings.channel, 2);
          read_code(area, "division", settings.division, 2);
        });
        reader.read_object(
            "orders", [&](ObjectReader& orders) { read_orders(orders, settings); }, Need::optional);
        read_places(reader, settings.places);
        read_pairs(reader, "units", "unit", 3, settings.units);
        read_pairs(reader, "price_groups", "group", 2, settings.price_groups);
        read_pairs(reader, "charges", "kind", 18, settings.charges);
        read_reasons(reader, settings);
        reader.read_object(
            "stock",
            [&](ObjectReader& stock) {
              stock.read_object(
                  "plus", [&](ObjectReader& one) { read_movement(one, settings.plus); },
                  Need::optional);
              stock.read_object(
                  "minus", [&](ObjectReader& one) { read_movement(one, settings.minus); },
                  Need::optional);
              read_code(stock, "check_rule", settings.check_rule, 2);
            },
            Need::optional);
        reader.read_object(
            "customers", [&](ObjectReader& one) { read_customers(one, settings.customers); },
            Need::optional);
        reader.read_object(
            "prices", [&](ObjectReader& one) { read_prices(one, settings.price_file); },
            Need::optional);
        reader.read("zone", settings.zone, Need::optional);
        reader.read("local_currency", settings.local_currency, Need::optional);
        read_number(reader, "page_size", settings.page_size, 1);
        if (settings.page_size > 200) reader.refuse("page_size", "must be at most 200");
        read_number(reader, "feed_overlap_s", settings.feed_overlap_s, 0);
        read_number(reader, "movements_lag_s", settings.movements_lag_s, 0);
        reader.read("settle_ms", settings.settle_ms, Need::optional);
        if (settings.settle_ms < 0) reader.refuse("settle_ms", "must not be negative");
      });
}

}  // namespace underpin::legacy::sap_ecc
