#include "cloud-adapters/business_central/pricing.h"

#include "cloud-adapters/business_central/changes.h"
#include "contracts/json/codec.h"

#include <algorithm>
#include <chrono>
#include <set>

namespace underpin::cloud::business_central {
namespace {

constexpr std::size_t batch_rows_max = 20'000;  // Of the page: rows and deletions together.

// What a priceListBatches row and its key have in common (SITE_API.md).
constexpr std::array<std::string_view, 3> not_of_the_key{"unitPrice", "endingDate",
                                                         "priceIncludesTax"};

std::string kind_of(const std::string& reason) {
  return reason == "QuantityBreak" ? "promotion" : "customer_price";
}

}  // namespace

PriceEntry Pricing::entry_of(const json::Value& row) const {
  PriceEntry entry = must(json::from_json<PriceEntry>(must(fields_.from_vendor(row))));
  entry.uom = from_vendor(site_.settings().uom, entry.uom);
  entry.unit_price = with_cents(entry.unit_price);
  entry.minimum_quantity = entry.minimum_quantity.normalized();
  return entry;
}

json::Value Pricing::row_of(const PriceEntry& entry) const {
  PriceEntry named = entry;
  named.uom = to_vendor(site_.settings().uom, entry.uom);
  json::Value row = must(fields_.to_vendor(json::to_json(named)));
  if (row.find("salesCode") == nullptr) row.set("salesCode", "");
  return row;
}

// The page says that something is not there, in words; which line it was is asked for.
Error Pricing::unknown_in(const QuoteRequest& request, const Error& refused,
                          const CallContext& context) {
  Error error = refused;
  std::set<std::string> wanted;
  for (const QuoteLine& line : request.lines) wanted.insert(line.sku.text());
  std::vector<std::string> conditions;
  std::set<std::string> known;
  const auto look_up = [&] {
    odata::Query query;
    query.filter = odata::any_of(conditions);
    query.select = "number";
    for (const json::Value& row : site_.list(site_.v2("items", context) + query.text(), context))
      known.insert(text_of(row, "number"));
    conditions.clear();
  };
  for (const std::string& sku : wanted) {
    conditions.push_back(odata::eq("number", sku));
    if (conditions.size() == 20) look_up();
  }
  if (!conditions.empty()) look_up();
  for (std::size_t i = 0; i < request.lines.size(); ++i)
    if (known.count(request.lines[i].sku.text()) == 0)
      error.fields.push_back({"/lines/" + std::to_string(i) + "/sku", "names no article"});
  if (!request.customer.empty()) {
    odata::Query query;
    query.filter = odata::eq("number", request.customer.text());
    if (!site_.find_first(site_.v2("customers", context) + query.text(), context))
      error.fields.push_back({"/customer", "names no customer"});
  }
  return error;
}

Result<Quote> Pricing::quote(const QuoteRequest& request, const CallContext& context) {
  return guarded(site_.system(), ErrorCode::internal, [&] {
    Quote quote;
    quote.customer = request.customer;
    quote.currency = request.currency;
    quote.at = request.at.value_or(Timestamp::from(std::chrono::system_clock::now()));
    json::Value body = json::Value::object();
    body.set("customerNumber", request.customer.text());
    if (!request.currency.empty()) body.set("currencyCode", request.currency);
    if (request.at) body.set("at", request.at->text());
    json::Value lines = json::Value::array();
    for (const QuoteLine& line : request.lines) {
      json::Value one = json::Value::object();
      one.set("itemNumber", line.sku.text());
      one.set("quantity", json::Value::number(line.quantity));
      if (!line.uom.empty())
        one.set("unitOfMeasureCode", to_vendor(site_.settings().uom, line.uom));
      lines.push(std::move(one));
    }
    body.set("lines", std::move(lines));
    const Result<odata::Answer> answer =
        site_.client().send("POST", site_.page(site_.settings().pages.quotes, context), body, {},
                            odata::Effect::reading, context);
    if (!answer) {
      if (answer.error().vendor_code == "Internal_RecordNotFound")
        throw Failure{unknown_in(request, answer.error(), context)};
      throw Failure{answer.error()};
    }
    const std::vector<json::Value>& quoted = answer->body.get("lines").items();
    if (quoted.size() != request.lines.size())
      throw Failure{
          site_.failed(ErrorCode::internal, "the quote has other lines than were asked for")};
    for (std::size_t i = 0; i < quoted.size(); ++i) {
      const json::Value& row = quoted[i];
      QuotedLine line;
      line.number = request.lines[i].number;
      line.sku = request.lines[i].sku;
      line.quantity = decimal_of(row, "quantity").normalized();
      line.uom = from_vendor(site_.settings().uom, text_of(row, "unitOfMeasureCode"));
      line.list_price = with_cents(decimal_of(row, "listPrice"));
      line.unit_price = with_cents(decimal_of(row, "unitPrice"));
      line.net_amount = with_cents(decimal_of(row, "netAmount"));
      for (const json::Value& discount : row.get("discounts").items()) {
        Adjustment adjustment;
        const std::string reason = text_of(discount, "reason");
        adjustment.kind = kind_of(reason);
        adjustment.amount = -with_cents(decimal_of(discount, "amount"));
        adjustment.reason = reason + " " + text_of(discount, "code");
        const std::string version = text_of(discount, "version");
        if (!version.empty()) adjustment.reason += " from " + version;
        line.adjustments.push_back(std::move(adjustment));
      }
      quote.lines.push_back(std::move(line));
    }
    quote.currency = text_of(answer->body, "currencyCode");
    quote.total_net = with_cents(decimal_of(answer->body, "netAmount"));
    quote.prices_as_of = state(context).changed;
    return quote;
  });
}

Result<Page<PriceEntry>> Pricing::list_prices(const PriceQuery& query, const CallContext& context) {
  return guarded(site_.system(), ErrorCode::internal, [&] {
    std::string for_customer;
    if (query.customer) {
      const Result<odata::Answer> pricing =
          site_.client().get(site_.page(site_.settings().pages.customer_pricing, context) + "('" +
                                 odata::percent_encoded(query.customer->text()) + "')",
                             context);
      if (!pricing && pricing.error().code == ErrorCode::not_found)
        throw Failure{site_.rejected("Business Central has no customer " + query.customer->text(),
                                     "/customer", "names no customer")};
      if (!pricing) throw Failure{pricing.error()};
      const std::string group = text_of(pricing->body, "priceGroup");
      for_customer = odata::any_of(
          {odata::eq("salesType", "AllCustomers"),
           "(" +
               odata::all_of({odata::eq("salesType", "Customer"),
                              odata::eq("salesCode", query.customer->text())}) +
               ")",
           group.empty() ? std::string()
                         : "(" +
                               odata::all_of({odata::eq("salesType", "CustomerPriceGroup"),
                                              odata::eq("salesCode", group)}) +
                               ")"});
    }
    odata::Query options;
    options.filter = odata::all_of(
        {query.sku ? odata::eq("itemNumber", query.sku->text()) : std::string(), for_customer});
    options.orderby = "itemNumber";
    const int page_size = std::clamp(query.limit, 1, site_.settings().page_size);
    const odata::ListPage page =
        read_page(site_, site_.page(site_.settings().pages.prices, context) + options.text(),
                  query.cursor, page_size, context);
    Page<PriceEntry> prices;
    for (const json::Value& row : page.items) prices.items.push_back(entry_of(row));
    prices.next = cursor_of(page);
    return prices;
  });
}

Result<PriceListReceipt> Pricing::publish_prices(const PriceList& list,
                                                 const WriteContext& context) {
  return guarded(site_.system(), ErrorCode::outcome_unknown, [&] {
    if (list.entries.size() + list.deletions.size() > batch_rows_max)
      throw Failure{site_.rejected("price list " + list.batch + " has more than " +
                                   std::to_string(batch_rows_max) + " rows")};
    json::Value rows = json::Value::array();
    for (const PriceEntry& entry : list.entries) rows.push(row_of(entry));
    json::Value deletions = json::Value::array();
    for (const PriceEntry& entry : list.deletions) {
      json::Value key = row_of(entry);
      for (const std::string_view name : not_of_the_key) key.erase(name);
      deletions.push(std::move(key));
    }
    json::Value body = json::Value::object();
    body.set("batchId", list.batch);
    body.set("mode", list.full ? "full" : "delta");
    body.set("rowCount", json::Value::integer(static_cast<std::int64_t>(list.entries.size())));
    body.set("hashTotal", json::Value::number(list.hash_total()));
    body.set("rows", std::move(rows));
    body.set("deletions", std::move(deletions));
    // A repeated batch answers with its first result: sending it again is never a second list.
    const odata::Answer answer =
        must(site_.client().send("POST", site_.page(site_.settings().pages.price_batches, context),
                                 body, {}, odata::Effect::absolute, context));
    return PriceListReceipt{list.batch, integer_of(answer.body, "rowCount"),
                            decimal_of(answer.body, "hashTotal")};
  });
}

std::string Pricing::State::batch() const {
  return "BC-" + changed.text() + "-" + std::to_string(rows);
}

Pricing::State Pricing::state(const CallContext& context) {
  odata::Query query;
  query.select = "lastModifiedDateTime";
  query.orderby = "lastModifiedDateTime desc";
  query.top = 1;
  query.count = true;
  const json::Value answer =
      site_.get(site_.page(site_.settings().pages.prices, context) + query.text(), context);
  State state;
  state.rows = integer_of(answer, "@odata.count");
  const std::vector<json::Value>& rows = answer.get("value").items();
  if (!rows.empty()) state.changed = time_of(rows.front(), "lastModifiedDateTime");
  return state;
}

// Business Central keeps one list that its users edit row by row: whenever a row has changed, was
// added or removed, the next list is the whole of it.
Result<std::optional<PriceList>> Pricing::prices_after(const std::string& batch,
                                                       const CallContext& context) {
  return guarded(site_.system(), ErrorCode::internal, [&]() -> std::optional<PriceList> {
    const State before = state(context);
    if (before.batch() == batch) return std::nullopt;
    odata::Query query;
    query.orderby = "itemNumber";
    PriceList list;
    for (const json::Value& row :
         site_.list(site_.page(site_.settings().pages.prices, context) + query.text(), context))
      list.entries.push_back(entry_of(row));
    // Edited while it was read: the name is that of the older state, so that it is read once more.
    list.batch = before.batch();
    list.created = before.changed;
    return list;
  });
}

Result<std::vector<PriceEntry>> Pricing::prices_changed(const Sku& sku, Timestamp since,
                                                        const CallContext& context) {
  return guarded(site_.system(), ErrorCode::internal, [&] {
    odata::Query query;
    query.filter = odata::all_of(
        {odata::eq("itemNumber", sku.text()), "lastModifiedDateTime gt " + since.text()});
    query.orderby = "lastModifiedDateTime";
    std::vector<PriceEntry> changed;
    for (const json::Value& row :
         site_.list(site_.page(site_.settings().pages.prices, context) + query.text(), context))
      changed.push_back(entry_of(row));
    return changed;
  });
}

}  // namespace underpin::cloud::business_central
