#include "cloud-adapters/business_central/settings.h"

#include "contracts/json/object_reader.h"
#include "contracts/json/posting_settings.h"
#include "contracts/order_return.h"
#include "transport/secret.h"

#include <set>

namespace underpin::cloud::business_central {
namespace {

using json::Need;
using json::ObjectReader;

constexpr std::array<std::pair<AuthKind, std::string_view>, 2> auth_kinds{
    {{AuthKind::basic, "basic"}, {AuthKind::oauth2, "oauth2"}}};

void read_secret(ObjectReader& reader, std::string_view key, std::string& secret, Need need) {
  std::string named;
  reader.read(key, named, need);
  if (named.empty()) return;
  Result<std::string> resolved = transport::resolve_secret(named);
  if (resolved) {
    secret = std::move(resolved).value();
  } else {
    reader.refuse(key, resolved.error().message);
  }
}

void read_auth(ObjectReader& reader, Settings& settings) {
  reader.read_word("kind", settings.auth, auth_kinds);
  const bool basic = settings.auth == AuthKind::basic;
  const Need for_basic = basic ? Need::required : Need::optional;
  const Need for_oauth = basic ? Need::optional : Need::required;
  reader.read("user", settings.user, for_basic);
  read_secret(reader, "password", settings.password, for_basic);
  reader.read("token_url", settings.token_url, for_oauth);
  reader.read("client_id", settings.client_id, for_oauth);
  read_secret(reader, "client_secret", settings.client_secret, for_oauth);
  reader.read("scope", settings.scope, Need::optional);
}

void read_pages(ObjectReader& reader, Pages& pages) {
  reader.read("releases", pages.releases, Need::optional);
  reader.read("reopens", pages.reopens, Need::optional);
  reader.read("archive", pages.archive, Need::optional);
  reader.read("promotions", pages.promotions, Need::optional);
  reader.read("stock", pages.stock, Need::optional);
  reader.read("journal", pages.journal, Need::optional);
  reader.read("ledger", pages.ledger, Need::optional);
  reader.read("prices", pages.prices, Need::optional);
  reader.read("price_batches", pages.price_batches, Need::optional);
  reader.read("customer_pricing", pages.customer_pricing, Need::optional);
  reader.read("quotes", pages.quotes, Need::optional);
}

void read_pairs(ObjectReader& reader, std::string_view key, std::vector<CodePair>& pairs) {
  reader.read_each(
      key,
      [&](ObjectReader& one) {
        CodePair pair;
        one.read("canonical", pair.canonical);
        one.read("vendor", pair.vendor);
        pairs.push_back(std::move(pair));
      },
      Need::optional);
}

void read_positive(ObjectReader& reader, std::string_view key, int& value) {
  reader.read(key, value, Need::optional);
  if (value < 1) reader.refuse(key, "must be at least 1");
}

}  // namespace

Result<Settings> read_settings(std::string_view text) {
  const Result<json::Value> document = json::parse_with_comments(text);
  if (!document) return document.error();
  return json::read_document<Settings>(
      *document, "Business Central settings", [](ObjectReader& reader, Settings& settings) {
        reader.read("base_url", settings.base_url);
        while (!settings.base_url.empty() && settings.base_url.back() == '/')
          settings.base_url.pop_back();
        reader.read("company", settings.company, Need::optional);
        reader.read("company_id", settings.company_id, Need::optional);
        if (settings.company.empty() && settings.company_id.empty())
          reader.refuse("company", "is required unless company_id is given");
        reader.read_object("auth", [&](ObjectReader& auth) { read_auth(auth, settings); });
        reader.read_object(
            "site_api",
            [&](ObjectReader& site) {
              site.read("publisher", settings.publisher, Need::optional);
              site.read("group", settings.group, Need::optional);
              site.read("version", settings.version, Need::optional);
              site.read_object(
                  "pages", [&](ObjectReader& pages) { read_pages(pages, settings.pages); },
                  Need::optional);
            },
            Need::optional);
        reader.read_object(
            "tls",
            [&](ObjectReader& tls) {
              tls.read("ca_file", settings.ca_file, Need::optional);
              tls.read("verify", settings.verify_tls, Need::optional);
              tls.read("client_certificate_file", settings.client_certificate_file, Need::optional);
              tls.read("client_key_file", settings.client_key_file, Need::optional);
            },
            Need::optional);
        read_positive(reader, "connect_timeout_ms", settings.connect_timeout_ms);
        read_positive(reader, "pool_size", settings.pool_size);
        read_positive(reader, "page_size", settings.page_size);
        reader.read("settle_ms", settings.settle_ms, Need::optional);
        reader.read("change_overlap_ms", settings.change_overlap_ms, Need::optional);
        if (settings.settle_ms < 0) reader.refuse("settle_ms", "must not be negative");
        if (settings.change_overlap_ms < 0)
          reader.refuse("change_overlap_ms", "must not be negative");
        reader.read("trust_503", settings.trust_503, Need::optional);
        read_pairs(reader, "uom", settings.uom);
        read_pairs(reader, "locations", settings.locations);
        read_pairs(reader, "tax_codes", settings.tax_codes);
        read_pairs(reader, "reasons", settings.reasons);
        read_pairs(reader, "return_reasons", settings.return_reasons);
        std::set<std::string> reasons;
        std::set<std::string> codes;
        for (const CodePair& pair : settings.return_reasons) {
          if (!is_reason_code(pair.canonical))
            reader.refuse("return_reasons",
                          "must have reasons of 1 to 20 upper-case letters, digits, '_' or '-'");
          if (!reasons.insert(pair.canonical).second || !codes.insert(pair.vendor).second)
            reader.refuse("return_reasons", "must have every reason and every code once");
        }
        reader.read_each(
            "charges",
            [&](ObjectReader& one) {
              ChargeLine line;
              one.read("kind", line.kind);
              one.read("line_type", line.line_type);
              one.read("number", line.number);
              if (line.line_type != "Charge" && line.line_type != "Account")
                one.refuse("line_type", "must be Charge or Account");
              settings.charges.push_back(std::move(line));
            },
            Need::optional);
        reader.read_object(
            "posting",
            [&](ObjectReader& posting) {
              json::read_chart(posting, settings.chart);
              posting.read("local_currency", settings.local_currency, Need::optional);
            },
            Need::optional);
        if (settings.charges.empty())
          settings.charges = {{"shipping", "Charge", "FREIGHT"},
                              {"gift_wrap", "Charge", "GIFTWRAP"},
                              {"fee", "Charge", "SURCHARGE"}};
      });
}

const std::string& to_vendor(const std::vector<CodePair>& table, const std::string& canonical) {
  for (const CodePair& pair : table)
    if (pair.canonical == canonical) return pair.vendor;
  return canonical;
}

const std::string& from_vendor(const std::vector<CodePair>& table, const std::string& vendor) {
  for (const CodePair& pair : table)
    if (pair.vendor == vendor) return pair.canonical;
  return vendor;
}

}  // namespace underpin::cloud::business_central
