#include "legacy-adapters/edi_profile/price_list.h"

#include "contracts/json/codec.h"
#include "legacy-adapters/transport/prices/price_ruling.h"
#include "legacy-adapters/transport/profile/failure.h"

namespace underpin::legacy::edi_profile {
namespace {

using json::Value;
using profile::must;

constexpr const char* inherited[] = {"currency", "uom", "from", "to", "taxIncluded"};

void inherit(const Value& from, Value& row) {
  for (const char* member : inherited)
    if (row.find(member) == nullptr)
      if (const Value* value = from.find(member)) row.set(member, *value);
}

// The columns that a row is made of, as the codec of a price entry wants them.
Value complete(Value row, const std::string& zone) {
  if (row.find("scope") == nullptr) row.set("scope", "everyone");
  if (row.find("minimumQuantity") == nullptr) row.set("minimumQuantity", "0");
  if (row.find("taxIncluded") == nullptr) row.set("taxIncluded", Value::boolean(false));
  row.set("zone", zone);
  return row;
}

}  // namespace

std::vector<Value> rows_of(const Value& prices, const std::string& zone,
                           std::vector<Wrong>& wrong) {
  std::vector<Value> rows;
  const std::vector<Value>& items = prices.get("items").items();
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string at = json::pointer_to("/items", i);
    const std::vector<Value>& all = items[i].get("prices").items();
    for (std::size_t j = 0; j < all.size(); ++j) {
      Value row = all[j];
      row.set("sku", items[i].get("sku"));
      inherit(items[i], row);
      inherit(prices, row);
      row = complete(std::move(row), zone);
      const auto entry = json::from_json<PriceEntry>(row);
      std::string rule;
      if (!entry)
        rule = entry.error().message;
      else if (entry->scope != PriceScope::everyone && entry->scope_code.empty())
        rule = "must say for whom it is";
      else if (entry->unit_price.is_negative())
        rule = "must not be negative";
      if (rule.empty())
        rows.push_back(std::move(row));
      else
        wrong.push_back({json::pointer_to(at + "/prices", j), rule});
    }
  }
  return rows;
}

bool save_prices(StateDatabase& database, const std::string& batch, Timestamp created,
                 const std::vector<Value>& rows, std::int64_t told) {
  {
    auto before = database.prepare("SELECT told FROM price_lists");
    if (before.step() && came_before(told, before.whole(0))) return false;
  }
  database.run("DELETE FROM prices");
  database.run("DELETE FROM price_lists");
  auto insert = database.prepare("INSERT INTO prices(sku, scope, code, body) VALUES(?, ?, ?, ?)");
  for (const Value& row : rows) {
    insert.bind(1, row.get("sku").text())
        .bind(2, row.get("scope").text())
        .bind(3, row.get("scopeCode").text())
        .bind(4, json::write(row))
        .once();
  }
  database.prepare("INSERT INTO price_lists(batch, created, told) VALUES(?, ?, ?)")
      .bind(1, batch)
      .bind(2, created.text())
      .bind(3, told)
      .once();
  return true;
}

std::vector<Value> prices_after(StateDatabase& database, std::int64_t position,
                                const std::string& sku, const std::string& customer, int limit) {
  auto statement = database.prepare(
      "SELECT position, body FROM prices WHERE position > ? AND (? = '' OR sku = ?) "
      "AND (? = '' OR scope = 'everyone' OR (scope = 'customer' AND code = ?)) "
      "ORDER BY position LIMIT ?");
  statement.bind(1, position)
      .bind(2, sku)
      .bind(3, sku)
      .bind(4, customer)
      .bind(5, customer)
      .bind(6, std::int64_t{limit});
  std::vector<Value> found;
  while (statement.step()) {
    Value row = must(json::parse(statement.text(1)));
    row.set("cursor", std::to_string(statement.whole(0)));
    found.push_back(std::move(row));
  }
  return found;
}

std::optional<Value> price_state(StateDatabase& database) {
  auto statement = database.prepare("SELECT batch, created FROM price_lists");
  if (!statement.step()) return std::nullopt;
  Value state = Value::object();
  state.set("batch", statement.text(0));
  state.set("created", statement.text(1));
  return state;
}

std::optional<Value> quoted(StateDatabase& database, const Value& request) {
  const auto state = price_state(database);
  if (!state) return std::nullopt;
  auto statement = database.prepare("SELECT body FROM prices WHERE sku = ?");
  statement.bind(1, request.get("sku").text());
  std::vector<PriceEntry> rows;
  while (statement.step())
    rows.push_back(must(json::from_json<PriceEntry>(must(json::parse(statement.text(0))))));
  prices::PriceQuestion question;
  question.customer = CustomerNumber(request.get("customer").text());
  question.currency = request.get("currency").text();
  question.uom = request.get("uom").text();
  question.quantity = must(Decimal::parse(request.get("quantity").text()));
  question.at = must(Timestamp::parse(request.get("at").text()));
  const prices::PriceRuling ruling = prices::ruling(rows, question);
  if (ruling.price == nullptr) return std::nullopt;
  Value answer = Value::object();
  const PriceEntry& list = ruling.list != nullptr ? *ruling.list : *ruling.price;
  answer.set("listPrice", list.unit_price.text());
  answer.set("unitPrice", ruling.price->unit_price.text());
  answer.set("kind", ruling.price->scope == PriceScope::everyone ? "promotion" : "customer_price");
  answer.set("reason", "catalog " + state->get("batch").text());
  answer.set("pricesAsOf", state->get("created"));
  return answer;
}

}  // namespace underpin::legacy::edi_profile
