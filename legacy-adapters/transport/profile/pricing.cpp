#include "contracts/json/codec.h"
#include "legacy-adapters/transport/profile/failure.h"
#include "legacy-adapters/transport/profile/states.h"

namespace underpin::legacy::profile {
namespace {

using json::Value;

Decimal amount_of(const Value& record, std::string_view key) {
  return must(record.get(key).as_any_decimal("/" + std::string(key)));
}

// What the customer pays less, or more, than everybody: with its reason.
void add_difference(QuotedLine& line, const Value& record) {
  if (line.unit_price == line.list_price) return;
  Adjustment one;
  one.kind = record.get("kind").text().empty() ? "customer_price" : record.get("kind").text();
  one.promotion = record.get("promotion").text();
  one.amount = ((line.unit_price - line.list_price) * line.quantity).rounded(2, Rounding::half_up);
  one.reason = record.get("reason").text();
  line.adjustments.push_back(std::move(one));
}

}  // namespace

Result<Quote> Pricing::quote(const QuoteRequest& request, const CallContext& context) {
  return guarded(engine_.system(), ErrorCode::internal, [&] {
    Quote quote;
    quote.customer = request.customer;
    quote.currency = request.currency;
    quote.at = request.at.value_or(Timestamp::from(std::chrono::system_clock::now()));
    for (std::size_t i = 0; i < request.lines.size(); ++i) {
      const QuoteLine& asked = request.lines[i];
      Value document = Value::object();
      document.set("customer", request.customer.text());
      document.set("currency", request.currency);
      document.set("at", quote.at.text());
      document.set("sku", asked.sku.text());
      document.set("quantity", asked.quantity.text());
      document.set("uom", asked.uom);
      const std::vector<Value> records = engine_.ask("quote", document, context);
      if (records.size() != 1) {
        Error error{ErrorCode::rejected,
                    records.empty() ? "the ERP has no price for " + asked.sku.text()
                                    : "the ERP has several prices for " + asked.sku.text()};
        error.fields.push_back({"/lines/" + std::to_string(i) + "/sku",
                                "must be an article that has a price for this customer"});
        throw Failure{std::move(error)};
      }
      QuotedLine line;
      line.number = asked.number;
      line.sku = asked.sku;
      line.quantity = asked.quantity;
      line.uom = asked.uom;
      line.list_price = amount_of(records[0], "listPrice");
      line.unit_price = amount_of(records[0], "unitPrice");
      line.net_amount = (line.quantity * line.unit_price).rounded(2, Rounding::half_up);
      add_difference(line, records[0]);
      quote.total_net += line.net_amount;
      quote.prices_as_of = must(Timestamp::parse(records[0].get("pricesAsOf").text()));
      quote.lines.push_back(std::move(line));
    }
    return quote;
  });
}

Page<PriceEntry> Pricing::page(const PriceQuery& query, const CallContext& context) const {
  Value request = Value::object();
  if (query.sku) request.set("sku", query.sku->text());
  if (query.customer) request.set("customer", query.customer->text());
  const Engine::Part part =
      engine_.page("list_prices", request, query.cursor, query.limit, context);
  Page<PriceEntry> page;
  if (part.full) page.next = part.next;
  for (Value record : part.records) {
    if (record.find("minimumQuantity") == nullptr) record.set("minimumQuantity", "0");
    if (record.find("taxIncluded") == nullptr) record.set("taxIncluded", Value::boolean(false));
    page.items.push_back(must(json::from_json<PriceEntry>(record)));
  }
  return page;
}

Result<Page<PriceEntry>> Pricing::list_prices(const PriceQuery& query, const CallContext& context) {
  return guarded(engine_.system(), ErrorCode::internal, [&] { return page(query, context); });
}

Result<PriceListReceipt> Pricing::publish_prices(const PriceList&, const WriteContext&) {
  return Error{ErrorCode::unsupported, "a profile's ERP takes no price lists over",
               engine_.system()};
}

Result<std::optional<PriceList>> Pricing::prices_after(const std::string& batch,
                                                       const CallContext& context) {
  return guarded(engine_.system(), ErrorCode::internal, [&]() -> std::optional<PriceList> {
    const std::vector<Value> states = engine_.ask("price_list_state", Value::object(), context);
    if (states.empty() || states.front().get("batch").text() == batch) return std::nullopt;
    PriceList list;
    list.batch = states.front().get("batch").text();
    list.created = must(Timestamp::parse(states.front().get("created").text()));
    PriceQuery query;
    query.limit = engine_.profile().descriptor().page_max;
    do {
      Page<PriceEntry> part = page(query, context);
      query.cursor = part.next;
      for (PriceEntry& entry : part.items) list.entries.push_back(std::move(entry));
    } while (!query.cursor.empty());
    // A list that changed while it was read is read again by the next poll.
    const std::vector<Value> after = engine_.ask("price_list_state", Value::object(), context);
    if (after.empty() || after.front().get("batch").text() != list.batch) return std::nullopt;
    return list;
  });
}

}  // namespace underpin::legacy::profile
