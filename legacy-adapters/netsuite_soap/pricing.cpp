#include "legacy-adapters/netsuite_soap/pricing.h"

#include "legacy-adapters/netsuite_soap/documents.h"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace underpin::legacy::netsuite_soap {
namespace {

constexpr Date ever{1970, 1, 1};
constexpr int rows_of_an_article = 4;  // About; a page of a list may hold more or less.

std::string items(const std::string& more) {
  Xml active;
  active.open("platformCommon:isInactive").flag("platformCore:searchValue", false).close();
  return search_record("platformCommon:ItemSearchBasic", active.text() + more);
}

// Only what follows isInactive in the WSDL's order.
const std::string& of_stock() {
  static const std::string words = search_words("platformCommon:type", {"_inventoryItem"});
  return words;
}

// Of one scope's rows, the highest break that the quantity reaches.
const PriceEntry* ruling(const std::vector<PriceEntry>& rows, PriceScope scope,
                         const std::string& code, const Currency& currency, Decimal quantity) {
  const PriceEntry* found = nullptr;
  for (const PriceEntry& row : rows) {
    if (row.scope != scope || row.scope_code != code || row.currency != currency ||
        row.minimum_quantity > quantity)
      continue;
    if (found == nullptr || row.minimum_quantity > found->minimum_quantity) found = &row;
  }
  return found;
}

void add(std::uint64_t& hash, const std::string& text) {
  for (const char c : text + "\n") {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  }
}

std::string mark_of(const std::vector<PriceEntry>& entries) {
  std::uint64_t sum = 0;  // Of marks, so that no order of rows matters.
  for (const PriceEntry& one : entries) {
    std::uint64_t hash = 14695981039346656037ULL;
    add(hash, one.sku.text());
    add(hash, std::to_string(static_cast<int>(one.scope)) + one.scope_code);
    add(hash, one.currency + one.minimum_quantity.normalized().text());
    add(hash, one.unit_price.normalized().text());
    sum += hash;
  }
  return std::to_string(sum);
}

}  // namespace

std::string Pricing::group_of(const Node& level) const {
  const std::string& name = level.text_of("name");
  const std::string* ours = from_vendor(suite_.settings().price_groups, name);
  return ours == nullptr ? name : *ours;
}

PriceEntry Pricing::entry(const std::string& sku, const Node& currency,
                          const CallContext& context) {
  PriceEntry entry;
  entry.sku = Sku(sku);
  entry.from = ever;
  entry.zone = suite_.settings().zone;
  entry.uom = suite_.settings().base_uom;
  entry.currency =
      references_.currency_code(currency.attribute("internalId"), context).value_or("");
  return entry;
}

std::vector<PriceEntry> Pricing::entries_of_item(const Node& item, const CallContext& context) {
  std::vector<PriceEntry> entries;
  std::string sku = item.text_of("itemId");
  if (const std::size_t parent = sku.rfind(" : "); parent != std::string::npos)
    sku.erase(0, parent + 3);
  for (const Node& pricing : item.get("pricingMatrix").children) {
    const Node& level = pricing.get("priceLevel");
    const bool base = level.attribute("internalId") == suite_.settings().base_price;
    for (const Node& price : pricing.get("priceList").children) {
      if (price.text_of("value").empty()) continue;  // A break that nobody filled in.
      PriceEntry one = entry(sku, pricing.get("currency"), context);
      one.scope = base ? PriceScope::everyone : PriceScope::group;
      if (!base) one.scope_code = group_of(level);
      one.minimum_quantity = price.decimal_of("quantity");
      one.unit_price = price.decimal_of("value");
      entries.push_back(std::move(one));
    }
  }
  return entries;
}

std::vector<PriceEntry> Pricing::entries_of_customer(const Node& customer,
                                                     const CallContext& context) {
  std::vector<PriceEntry> entries;
  for (const Node& row : customer.get("itemPricingList").children) {
    if (row.text_of("price").empty()) continue;  // Another level, not another price.
    PriceEntry one = entry(row.name_of("item"), row.get("currency"), context);
    one.scope = PriceScope::customer;
    one.scope_code = customer.text_of("entityId");
    one.unit_price = row.decimal_of("price");
    entries.push_back(std::move(one));
  }
  return entries;
}

std::optional<Node> Pricing::customer(const CustomerNumber& number, const CallContext& context) {
  std::optional<Node> found;
  suite_.search_all(search_record("platformCommon:CustomerSearchBasic",
                                  search_text("platformCommon:entityId", "is", number.text())),
                    context, [&](const Node& record) {
                      if (record.text_of("entityId") != number.text()) return true;
                      found = record;
                      return false;
                    });
  return found;
}

QuotedLine Pricing::quoted(const QuoteLine& asked, const Node& item, const Node& customer,
                           const Currency& currency, std::size_t index,
                           const CallContext& context) {
  const std::string at = "/lines/" + std::to_string(index);
  if (!asked.uom.empty() && asked.uom != suite_.settings().base_uom)
    throw rejected("prices are per " + suite_.settings().base_uom, at + "/uom",
                   "must be the unit that prices are for");
  const std::vector<PriceEntry> rows = entries_of_item(item, context);
  const std::vector<PriceEntry> own = entries_of_customer(customer, context);
  std::string level = group_of(customer.get("priceLevel"));
  for (const Node& row : customer.get("itemPricingList").children)
    if (row.name_of("item") == asked.sku.text() && row.text_of("price").empty())
      level = group_of(row.get("level"));
  const PriceEntry* list = ruling(rows, PriceScope::everyone, {}, currency, Decimal::of(1));
  const PriceEntry* ruled = ruling(rows, PriceScope::everyone, {}, currency, asked.quantity);
  const char* kind = "promotion";
  std::string reason = "quantity break";
  if (const PriceEntry* group = ruling(rows, PriceScope::group, level, currency, asked.quantity)) {
    ruled = group;
    kind = "customer_price";
    reason = "price level " + level;
  }
  for (const PriceEntry& one : own)
    if (one.sku == asked.sku && one.currency == currency) {
      ruled = &one;
      kind = "customer_price";
      reason = "price of the customer";
    }
  if (ruled == nullptr)
    throw rejected("article " + asked.sku.text() + " has no price in " + currency, at + "/sku",
                   "must have a price in this currency");
  QuotedLine line;
  line.number = asked.number;
  line.sku = asked.sku;
  line.quantity = asked.quantity;
  line.uom = suite_.settings().base_uom;
  line.unit_price = ruled->unit_price;
  line.list_price = list == nullptr ? line.unit_price : list->unit_price;
  line.net_amount = (line.quantity * line.unit_price).rounded(2, Rounding::half_up);
  if (line.list_price != line.unit_price) {
    Adjustment adjustment;
    adjustment.kind = kind;
    adjustment.reason = reason;
    adjustment.amount =
        line.net_amount - (line.quantity * line.list_price).rounded(2, Rounding::half_up);
    line.adjustments.push_back(std::move(adjustment));
  }
  return line;
}

Result<Quote> Pricing::quote(const QuoteRequest& request, const CallContext& context) {
  return guarded(suite_.system(), ErrorCode::internal, [&] {
    Error unknown{ErrorCode::rejected, "NetSuite does not know all that was asked for"};
    const std::optional<Node> who = customer(request.customer, context);
    if (!who) unknown.fields.push_back({"/customer", "names no customer"});
    std::map<std::string, std::string> ids;
    std::vector<std::string> wanted;
    for (std::size_t i = 0; i < request.lines.size(); ++i) {
      const std::string& sku = request.lines[i].sku.text();
      const auto id = references_.item(sku, context);
      if (!id) {
        unknown.fields.push_back({"/lines/" + std::to_string(i) + "/sku", "names no article"});
      } else if (ids.emplace(sku, *id).second) {
        wanted.push_back(*id);
      }
    }
    if (!unknown.fields.empty()) throw Failure{unknown};
    std::map<std::string, Node> articles;
    suite_.search_all(search_record("platformCommon:ItemSearchBasic",
                                    search_any("platformCommon:internalId", wanted)),
                      context, [&](const Node& record) {
                        articles[record.attribute("internalId")] = record;
                        return true;
                      });
    Quote quote;
    quote.customer = request.customer;
    quote.currency = request.currency;
    if (quote.currency.empty())
      quote.currency = references_.currency_code(who->id_of("currency"), context).value_or("");
    quote.prices_as_of = Timestamp::from(std::chrono::system_clock::now());
    quote.at = request.at.value_or(quote.prices_as_of);
    for (std::size_t i = 0; i < request.lines.size(); ++i) {
      const Node& item = articles[ids[request.lines[i].sku.text()]];
      quote.lines.push_back(quoted(request.lines[i], item, *who, quote.currency, i, context));
      quote.total_net += quote.lines.back().net_amount;
    }
    return quote;
  });
}

// Articles first, then what customers have agreed on: "i" or "c" and the place in that list.
Page<PriceEntry> Pricing::page_of_list(const PriceQuery& query, const CallContext& context) {
  const std::string& cursor = query.cursor.text();
  const bool of_customers = !cursor.empty() && cursor[0] == 'c';
  if (!cursor.empty() && cursor[0] != 'c' && cursor[0] != 'i')
    throw Failure{{ErrorCode::invalid_request, "the cursor is not one of this system"}};
  const Cursor place(cursor.empty() ? std::string() : cursor.substr(1));
  const int limit = std::clamp(query.limit / (of_customers ? 1 : rows_of_an_article), 1,
                               suite_.settings().page_size);
  const Slice slice = read_slice(
      suite_,
      of_customers ? search_record("platformCommon:CustomerSearchBasic", {}) : items(of_stock()),
      place, limit, context);
  Page<PriceEntry> page;
  for (const Node& record : slice.records)
    for (PriceEntry& one :
         of_customers ? entries_of_customer(record, context) : entries_of_item(record, context))
      page.items.push_back(std::move(one));
  if (!slice.next.empty())
    page.next = Cursor((of_customers ? "c" : "i") + slice.next.text());
  else if (!of_customers)
    page.next = Cursor("c");
  return page;
}

Result<Page<PriceEntry>> Pricing::list_prices(const PriceQuery& query, const CallContext& context) {
  return guarded(suite_.system(), ErrorCode::internal, [&] {
    if (!query.sku && !query.customer) return page_of_list(query, context);
    std::optional<Node> who;
    if (query.customer) {
      who = customer(*query.customer, context);
      if (!who)
        throw rejected("NetSuite has no customer " + query.customer->text(), "/customer",
                       "names no customer");
    }
    Page<PriceEntry> page;
    if (query.sku) {
      const auto id = references_.item(query.sku->text(), context);
      if (!id)
        throw rejected("NetSuite has no article " + query.sku->text(), "/sku", "names no article");
      suite_.search_all(search_record("platformCommon:ItemSearchBasic",
                                      search_any("platformCommon:internalId", {*id})),
                        context, [&](const Node& record) {
                          for (PriceEntry& one : entries_of_item(record, context))
                            page.items.push_back(std::move(one));
                          return true;
                        });
    } else {
      PriceQuery articles = query;
      articles.customer.reset();
      if (query.cursor.empty() || query.cursor.text()[0] == 'i')
        page = page_of_list(articles, context);
      if (!page.next.empty() && page.next.text() == "c") page.next = Cursor{};
    }
    if (who) {
      const std::string level = group_of(who->get("priceLevel"));
      std::erase_if(page.items, [&](const PriceEntry& one) {
        return one.scope == PriceScope::group && one.scope_code != level;
      });
      // With the last page: what the customer has agreed on.
      if (page.next.empty())
        for (PriceEntry& one : entries_of_customer(*who, context))
          if (!query.sku || one.sku == *query.sku) page.items.push_back(std::move(one));
    }
    return page;
  });
}

Result<PriceListReceipt> Pricing::publish_prices(const PriceList&, const WriteContext&) {
  return Error{ErrorCode::unsupported, "prices are kept in NetSuite and are not written to it",
               suite_.system()};
}

// Whether everything was changed at `newest` or before, and that second is over.
bool Pricing::unchanged_since(Timestamp newest, const CallContext& context) {
  const Timestamp now = Timestamp::from(std::chrono::system_clock::now());
  if (newest.plus_ms(suite_.settings().change_overlap_ms) >= now) return false;
  bool unchanged = true;
  const std::string since = search_since("platformCommon:lastModifiedDate", newest);
  for (const std::string& search :
       {items(since + of_stock()), search_record("platformCommon:CustomerSearchBasic", since)})
    suite_.search_all(search, context, [&](const Node& record) {
      unchanged = unchanged && record.time_of("lastModifiedDate") == newest;
      return unchanged;
    });
  return unchanged;
}

// There are no lists in NetSuite: each call reads all prices, unless nothing was saved since. A
// batch is named by the newest save and by what the rows say.
Result<std::optional<PriceList>> Pricing::prices_after(const std::string& batch,
                                                       const CallContext& context) {
  return guarded(suite_.system(), ErrorCode::internal, [&]() -> std::optional<PriceList> {
    std::string mark;
    if (!batch.empty()) {
      Timestamp newest;
      const char* end = batch.data() + batch.size();
      const auto [after, error] = std::from_chars(batch.data(), end, newest.micros);
      if (error == std::errc{} && after != end && *after == '-') {
        mark = std::string(after + 1, end);
        {
          const std::lock_guard lock(mutex_);
          if (read_again_ == batch) newest = std::max(newest, read_to_);
        }
        if (unchanged_since(newest, context)) return std::nullopt;
      }
    }
    PriceList list;
    Timestamp newest;
    suite_.search_all(items(of_stock()), context, [&](const Node& record) {
      newest = std::max(newest, record.time_of("lastModifiedDate"));
      for (PriceEntry& one : entries_of_item(record, context)) list.entries.push_back(one);
      return true;
    });
    suite_.search_all(search_record("platformCommon:CustomerSearchBasic", {}), context,
                      [&](const Node& record) {
                        newest = std::max(newest, record.time_of("lastModifiedDate"));
                        for (PriceEntry& one : entries_of_customer(record, context))
                          list.entries.push_back(one);
                        return true;
                      });
    const std::string now = mark_of(list.entries);
    if (now == mark) {
      const std::lock_guard lock(mutex_);
      read_again_ = batch;
      read_to_ = newest;
      return std::nullopt;
    }
    list.batch = std::to_string(newest.micros) + "-" + now;
    list.created = newest;
    return list;
  });
}

}  // namespace underpin::legacy::netsuite_soap
