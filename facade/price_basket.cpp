#include "facade/price_basket.h"

#include "facade/observe.h"
#include "facade/pricing.h"
#include "parity/values.h"
#include "parity/zones.h"

#include <algorithm>

namespace underpin::facade {
namespace {

constexpr int pages_max = 20;

// What both lists say of the article; an error of either is the caller's to show.
Result<std::vector<PriceEntry>> prices_of(const Systems& systems, Side side, const BasketItem& item,
                                          const CallContext& context) {
  std::vector<PriceEntry> entries;
  PriceQuery query;
  query.sku = Sku{item.sku};
  for (int page = 0; page < pages_max; ++page) {
    const auto seen = observe<Page<PriceEntry>>(side, cutover::Operation::read, [&] {
      return call_port<Page<PriceEntry>>(
          systems, side, context.deadline, &ErpAdapter::pricing,
          [&](PricingService& port) { return port.list_prices(query, context); });
    });
    if (!seen.result) return seen.result.error();
    entries.insert(entries.end(), seen.result->items.begin(), seen.result->items.end());
    if (seen.result->next.empty()) return entries;
    query.cursor = seen.result->next;
  }
  return entries;
}

parity::Side asked(const Systems& systems, Side side, const BasketItem& item, Timestamp at,
                   const CallContext& context) {
  QuoteRequest request;
  request.customer = CustomerNumber{item.customer};
  request.currency = item.currency;
  request.at = at;
  request.lines.push_back({1, Sku{item.sku}, item.quantity, item.uom});
  const auto seen = observe<Quote>(side, cutover::Operation::read, [&] {
    return call_port<Quote>(systems, side, context.deadline, &ErpAdapter::pricing,
                            [&](PricingService& port) { return port.quote(request, context); });
  });
  parity::Side shown =
      parity_side(seen.result, seen.micros, [](const Quote& quote) { return comparable(quote); });
  shown.as_of = {};
  return shown;
}

std::string price_in(const parity::Side& side) {
  if (side.error) return std::string(name(side.error->code));
  const json::Value* price =
      side.document ? side.document->at_pointer("/lines/0/unitPrice") : nullptr;
  return price == nullptr ? "no price" : price->text();
}

struct Moment {
  std::string what;
  Timestamp at;
};

}  // namespace

std::optional<Timestamp> next_boundary(const std::vector<PriceEntry>& entries, Timestamp now,
                                       const std::string& zone) {
  std::optional<Timestamp> next;
  const auto offer = [&](Timestamp at) {
    if (now < at && (!next || at < *next)) next = at;
  };
  for (const PriceEntry& entry : entries) {
    const std::string& own = parity::is_zone(entry.zone) ? entry.zone : zone;
    if (!entry.from.empty()) offer(parity::start_of_day(own, entry.from));
    if (entry.to) offer(parity::start_of_day(own, parity::next_day(*entry.to)));
  }
  return next;
}

std::vector<parity::Criterion> judge_basket(const Systems& systems, const parity::Rules& rules,
                                            const std::vector<BasketItem>& basket, Timestamp now,
                                            const CallContext& context) {
  std::vector<parity::Criterion> criteria;
  if (basket.empty()) {
    parity::Criterion none;
    none.name = "basket";
    none.limit = "curated prices (gate.basket)";
    none.figure = "none configured";
    criteria.push_back(std::move(none));
  }
  for (const BasketItem& item : basket) {
    parity::Criterion one;
    one.name = "basket " + item.quantity.text() + " of " + item.sku + " for " + item.customer +
               " in " + item.zone;
    one.limit = "one price in both, now, at the next price boundary and on the next day";
    one.met = true;
    const auto fail = [&](const std::string& why) {
      one.met = false;
      one.detail += (one.detail.empty() ? "" : "; ") + why;
    };
    std::vector<PriceEntry> entries;
    for (const Side side : {Side::legacy, Side::cloud}) {
      const auto listed = prices_of(systems, side, item, context);
      if (!listed) {
        fail(systems.on(side).name + " lists no prices of it: " + listed.error().message);
      } else {
        entries.insert(entries.end(), listed->begin(), listed->end());
      }
    }
    std::vector<Moment> moments{{"now", now}};
    if (const auto boundary = next_boundary(entries, now, item.zone))
      moments.push_back({"boundary", *boundary});
    moments.push_back({"next day", parity::start_of_day(item.zone, parity::next_day(parity::day_in(
                                                                       item.zone, now)))});
    for (const Moment& moment : moments) {
      const parity::Side legacy = asked(systems, Side::legacy, item, moment.at, context);
      const parity::Side cloud = asked(systems, Side::cloud, item, moment.at, context);
      const parity::Question question{"pricing",         "quote", item.customer,
                                      now.date_utc(),    {},      systems.legacy.name,
                                      systems.cloud.name};
      const parity::Comparison compared =
          parity::compare(legacy, cloud, rules, parity::References{}, question);
      const bool equal = compared.verdict == parity::Verdict::match ||
                         compared.verdict == parity::Verdict::tolerated ||
                         compared.verdict == parity::Verdict::known_difference;
      const std::string prices = price_in(legacy) + " and " + price_in(cloud);
      one.figure += (one.figure.empty() ? "" : ", ") + moment.what + " " + prices;
      // Two refusals are equal, and still no price.
      if (!equal || legacy.error || cloud.error)
        fail(moment.what + " (" + moment.at.text() + "): " + prices);
    }
    criteria.push_back(std::move(one));
  }
  return criteria;
}

}  // namespace underpin::facade
