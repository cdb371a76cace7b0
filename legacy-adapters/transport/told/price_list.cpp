#include "legacy-adapters/transport/told/price_list.h"

#include "contracts/json/codec.h"
#include "legacy-adapters/transport/prices/price_ruling.h"
#include "legacy-adapters/transport/profile/failure.h"

namespace underpin::legacy::told {

using json::Value;
using profile::must;

bool PriceLoad::begin(std::int64_t told) {
  {
    auto before = database_.prepare("SELECT told FROM price_lists");
    if (before.step() && came_before(told, before.whole(0))) return false;
  }
  told_ = told;
  database_.run("DELETE FROM prices");
  database_.run("DELETE FROM price_lists");
  insert_ = database_.prepare("INSERT INTO prices(sku, scope, code, body) VALUES(?, ?, ?, ?)");
  return true;
}

std::string complete_price(Value& row, const std::string& zone) {
  if (row.find("scope") == nullptr && row.find("scopeCode") != nullptr)
    return "must say whether its code is a customer's or a group's";
  if (row.find("scope") == nullptr) row.set("scope", "everyone");
  if (row.find("minimumQuantity") == nullptr) row.set("minimumQuantity", "0");
  if (row.find("taxIncluded") == nullptr) row.set("taxIncluded", Value::boolean(false));
  row.set("zone", zone);
  const auto entry = json::from_json<PriceEntry>(row);
  if (!entry) return entry.error().message;
  if (entry->scope != PriceScope::everyone && entry->scope_code.empty())
    return "must say for whom it is";
  return entry->unit_price.is_negative() ? "must not be negative" : "";
}

std::string PriceLoad::add(Value row) {
  if (std::string wrong = complete_price(row, zone_); !wrong.empty()) return wrong;
  insert_->bind(1, row.get("sku").text())
      .bind(2, row.get("scope").text())
      .bind(3, row.get("scopeCode").text())
      .bind(4, json::write(row))
      .once();
  ++rows_;
  return {};
}

void PriceLoad::finish(const std::string& batch, Timestamp created) {
  database_.prepare("INSERT INTO price_lists(batch, created, told) VALUES(?, ?, ?)")
      .bind(1, batch)
      .bind(2, created.text())
      .bind(3, told_)
      .once();
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
  if (ruling.price->tax_included || (ruling.list != nullptr && ruling.list->tax_included))
    throw profile::Failure{
        {ErrorCode::rejected, "the ERP's price of " + request.get("sku").text() +
                                  " is with tax; what it is without is not known here"}};
  Value answer = Value::object();
  const PriceEntry& list = ruling.list != nullptr ? *ruling.list : *ruling.price;
  answer.set("listPrice", list.unit_price.text());
  answer.set("unitPrice", ruling.price->unit_price.text());
  answer.set("kind", ruling.price->scope == PriceScope::everyone ? "promotion" : "customer_price");
  answer.set("reason", "price list " + state->get("batch").text());
  answer.set("pricesAsOf", state->get("created"));
  return answer;
}

}  // namespace underpin::legacy::told
