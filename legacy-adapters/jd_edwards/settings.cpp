#include "legacy-adapters/jd_edwards/settings.h"

#include "contracts/json/object_reader.h"
#include "transport/secret.h"

#include <array>

namespace underpin::legacy::jd_edwards {
namespace {

using json::Need;
using json::ObjectReader;

constexpr std::array<std::pair<CustomerBlock, std::string_view>, 3> block_words{
    {{CustomerBlock::ship, "ship"},
     {CustomerBlock::invoice, "invoice"},
     {CustomerBlock::all, "all"}}};

bool is_name(std::string_view text) {
  for (const char c : text)
    if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
      return false;
  return true;
}

void read_secret(ObjectReader& reader, std::string_view key, std::string& secret) {
  std::string named;
  reader.read(key, named);
  if (named.empty()) return;
  Result<std::string> resolved = transport::resolve_secret(named);
  if (resolved)
    secret = std::move(resolved).value();
  else
    reader.refuse(key, resolved.error().message);
}

void read_number(ObjectReader& reader, std::string_view key, int& value, int least, int most) {
  reader.read(key, value, Need::optional);
  if (value < least || value > most)
    reader.refuse(key, "must be from " + std::to_string(least) + " to " + std::to_string(most));
}

void read_text(ObjectReader& reader, std::string_view key, std::string& value, std::size_t most,
               Need need = Need::optional) {
  reader.read(key, value, need);
  if (value.size() > most)
    reader.refuse(key, "must have at most " + std::to_string(most) + " characters");
}

void read_decimals(ObjectReader& reader, Decimals& decimals) {
  read_number(reader, "quantity", decimals.quantity, 0, 8);
  read_number(reader, "price", decimals.price, 0, 8);
  read_number(reader, "amount", decimals.amount, 0, 8);
  read_number(reader, "tax_rate", decimals.tax_rate, 0, 8);
}

void read_codes(ObjectReader& reader, Settings& settings) {
  reader.read_each(
      "uoms",
      [&](ObjectReader& one) {
        std::pair<std::string, std::string> uom;
        read_text(one, "canonical", uom.first, 10, Need::required);
        read_text(one, "vendor", uom.second, 2, Need::required);
        for (const auto& known : settings.uoms)
          if (known.first == uom.first || known.second == uom.second)
            one.refuse("canonical", "must be there once, as its code");
        settings.uoms.push_back(std::move(uom));
      },
      Need::optional);
  reader.read_each(
      "customer_blocks",
      [&](ObjectReader& one) {
        std::pair<CustomerBlock, std::string> block{CustomerBlock::all, {}};
        one.read_word("block", block.first, block_words);
        read_text(one, "code", block.second, 1, Need::required);
        for (const auto& known : settings.blocks)
          if (known.first == block.first || known.second == block.second)
            one.refuse("code", "must be there once, as its block");
        settings.blocks.push_back(std::move(block));
      },
      Need::optional);
  reader.read_each(
      "charges",
      [&](ObjectReader& one) {
        ChargeItem charge;
        one.read("kind", charge.kind);
        read_text(one, "item", charge.item, 25, Need::required);
        read_text(one, "line_type", charge.line_type, 2, Need::required);
        settings.charges.push_back(std::move(charge));
      },
      Need::optional);
  reader.read_each(
      "return_reasons",
      [&](ObjectReader& one) {
        std::pair<std::string, std::string> reason;
        read_text(one, "reason", reason.first, 20, Need::required);
        read_text(one, "code", reason.second, 3, Need::required);
        for (const auto& known : settings.return_reasons)
          if (known.first == reason.first || known.second == reason.second)
            one.refuse("reason", "must be there once, as its code");
        settings.return_reasons.push_back(std::move(reason));
      },
      Need::optional);
  if (settings.uoms.empty()) settings.uoms = {{"PCS", "EA"}};
  if (settings.blocks.empty()) settings.blocks = {{CustomerBlock::all, "Y"}};
}

}  // namespace

Result<Settings> read_settings(std::string_view text) {
  const Result<json::Value> document = json::parse_with_comments(text);
  if (!document) return document.error();
  return json::read_document<Settings>(
      *document, "JD Edwards settings", [](ObjectReader& reader, Settings& settings) {
        read_secret(reader, "connection_string", settings.connection_string);
        for (auto [key, name] : {std::pair{"owner", &settings.owner},
                                 std::pair{"work_centre_view", &settings.work_centre_view}}) {
          read_text(reader, key, *name, 60);
          if (!is_name(*name)) reader.refuse(key, "must be letters, digits and _");
        }
        read_number(reader, "pool_max", settings.pool_max, 1, 1'000);
        read_number(reader, "login_timeout_ms", settings.login_timeout_ms, 1, 600'000);
        read_number(reader, "query_timeout_ms", settings.query_timeout_ms, 1, 600'000);
        read_text(reader, "company", settings.company, 5);
        read_text(reader, "document_type", settings.document_type, 2);
        read_text(reader, "branch", settings.branch, 12, Need::required);
        read_text(reader, "edi_document_type", settings.edi_document_type, 2);
        read_text(reader, "user", settings.user, 10);
        read_text(reader, "hold", settings.hold, 2);
        if (trimmed(settings.hold).empty()) reader.refuse("hold", "must not be blank");
        reader.read("zone", settings.zone, Need::optional);
        if (!is_zone(settings.zone)) reader.refuse("zone", "must be an IANA time zone");
        read_text(reader, "local_currency", settings.local_currency, 3);
        reader.read_object(
            "decimals", [&](ObjectReader& one) { read_decimals(one, settings.decimals); },
            Need::optional);
        read_codes(reader, settings);
        read_text(reader, "person_type", settings.person_type, 3);
        read_text(reader, "company_type", settings.company_type, 3);
        if (trimmed(settings.company_type) == trimmed(settings.person_type))
          reader.refuse("company_type", "must be another type than that of persons");
        read_text(reader, "return_type", settings.return_type, 2);
        read_text(reader, "return_line_type", settings.return_line_type, 2);
        for (auto [key, name] :
             {std::pair{"return_type", &settings.return_type},
              std::pair{"return_line_type", &settings.return_line_type},
              std::pair{"document_type", &settings.document_type},
              std::pair{"branch", &settings.branch},
              std::pair{"edi_document_type", &settings.edi_document_type},
              std::pair{"user", &settings.user}, std::pair{"company", &settings.company}})
          if (trimmed(*name).empty()) reader.refuse(key, "must not be blank");
        if (settings.return_type == settings.document_type)
          reader.refuse("return_type", "must be another type than that of orders");
        reader.read("pricing", settings.pricing, Need::optional);
        read_text(reader, "adjustment_type", settings.adjustment_type, 2);
        read_text(reader, "reason_code", settings.reason_code, 3);
        read_number(reader, "ube_wait_ms", settings.ube_wait_ms, 1, 600'000);
        read_number(reader, "poll_ms", settings.poll_ms, 1, 60'000);
        read_number(reader, "feed_overlap_s", settings.feed_overlap_s, 0, 86'400);
        read_number(reader, "page_size", settings.page_size, 1, 200);
        reader.read("settle_ms", settings.settle_ms, Need::optional);
        if (settings.settle_ms < 0) reader.refuse("settle_ms", "must not be negative");
      });
}

}  // namespace underpin::legacy::jd_edwards
