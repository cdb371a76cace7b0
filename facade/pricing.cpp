#include "facade/pricing.h"

#include "contracts/json/codec.h"
#include "facade/cohorts.h"

namespace underpin::facade {
json::Value comparable(const Quote& quote) {
  json::Value value = json::Value::object();
  value.set("currency", quote.currency);
  value.set("totalNet", quote.total_net.text());
  json::Value lines = json::Value::array();
  for (const QuotedLine& line : quote.lines) {
    json::Value entry = json::Value::object();
    entry.set("number", json::Value::integer(line.number));
    entry.set("sku", line.sku.text());
    entry.set("quantity", line.quantity.text());
    entry.set("uom", line.uom);
    entry.set("listPrice", line.list_price.text());
    entry.set("unitPrice", line.unit_price.text());
    entry.set("netAmount", line.net_amount.text());
    lines.push(std::move(entry));
  }
  value.set("lines", std::move(lines));
  return value;
}

json::Value comparable(const Page<PriceEntry>& page) {
  json::Value entries = json::Value::array();
  for (const PriceEntry& entry : page.items) {
    entries.push(json::to_json(entry));
  }
  json::Value value = json::Value::object();
  value.set("prices", std::move(entries));
  return value;
}

PricingFacade::PricingFacade(const Systems& systems, PlanBook& plans, journal::Journal& journal,
                             Comparisons& comparisons, Now now)
    : systems_(systems),
      plans_(plans),
      journal_(journal),
      comparisons_(comparisons),
      now_(std::move(now)) {}

bool PricingFacade::feed_pending() const {
  bool pending = false;
  const Status read = journal_.read([&](const journal::JournalReader& reader) {
    pending = !reader.rows_of(Side::cloud, Capability::pricing, price_list_subject).empty() ||
              !reader.rows_of(Side::legacy, Capability::pricing, price_list_subject).empty();
  });
  return !read || pending;
}

Side PricingFacade::answering(const cutover::Subject& subject, const cutover::Plan& plan) const {
  const Side side = route(plan, subject, cutover::Operation::read).primary;
  // While a list is on its way to the side that would answer, the other one has all of it.
  bool lacks = false;
  const Status read = journal_.look([&](const journal::JournalReader& reader) {
    lacks = !reader.rows_of(side, Capability::pricing, price_list_subject).empty();
  });
  return read && lacks ? other(side) : side;
}

Result<Quote> PricingFacade::quote(const QuoteRequest& request, const CallContext& context) {
  QuoteRequest fixed = request;
  if (!fixed.at) fixed.at = now_();  // Both ERPs are asked for the same instant.
  const std::string subject = request.customer.text();
  const cutover::Plan plan = plans_.plan(Capability::pricing);
  cutover::Subject cohort(subject);
  if (!plan.rollout.rules.empty() || comparisons_.uses_cohorts()) {
    const Status read = journal_.read([&](const journal::JournalReader& reader) {
      cohort = cohort_of(request.customer, reader);
    });
    if (!read) return read.error();
  }
  const Side side = answering(cohort, plan);
  const auto ask = [this, fixed](Side asked, const CallContext& asking) {
    return observe<Quote>(asked, cutover::Operation::read, [&] {
      return call_port<Quote>(systems_, asked, asking.deadline, &ErpAdapter::pricing,
                              [&](PricingService& port) { return port.quote(fixed, asking); });
    });
  };
  const auto answered = ask(side, context);
  if (cutover::rule(cutover::stage_for(plan, cohort)).shadow_reads) {
    ShadowCheck check;
    check.capability = Capability::pricing;
    check.operation = "quote";
    check.cohort = facts_of(cohort);
    check.subject = subject;
    check.correlation_id = context.correlation_id.text();
    check.primary = side;
    const auto document = [](const Quote& quote) { return comparable(quote); };
    check.answered = parity_side(answered.result, answered.micros, document);
    check.ask = [ask, document, origin = context](Side asked) {
      CallContext asking = origin;
      asking.deadline = deadline_in(std::chrono::seconds(10));
      const auto seen = ask(asked, asking);
      return parity_side(seen.result, seen.micros, document);
    };
    check.on_its_way = [this] { return feed_pending(); };
    comparisons_.begin(std::move(check));
  }
  return answered.result;
}

Result<Page<PriceEntry>> PricingFacade::prices(const PriceQuery& query,
                                               const CallContext& context) {
  const cutover::Plan plan = plans_.plan(Capability::pricing);
  // One article has one owner. A complete list comes from the side that owns the smallest bucket,
  // as a whole: a list stitched from two ERPs would be in force in neither.
  const std::string subject = query.sku ? query.sku->text() : std::string{};
  cutover::Subject cohort(subject);
  if (query.sku) cohort.skus = {subject};
  Side side = answering(cohort, plan);
  PriceQuery asked_query = query;
  if (!query.cursor.empty()) {
    const std::string& text = query.cursor.text();
    const std::size_t colon = text.find(':');
    const auto from = parse_side(text.substr(0, colon));
    if (colon == std::string::npos || !from) {
      return Error{ErrorCode::invalid_request,
                   "cursor is not one that a list gave",
                   {},
                   {},
                   0,
                   {{"/cursor", "must be the `next` of an earlier page"}}};
    }
    side = *from;
    asked_query.cursor = Cursor{text.substr(colon + 1)};
  }
  const auto ask = [this, asked_query](Side asked, const CallContext& asking) {
    return observe<Page<PriceEntry>>(asked, cutover::Operation::read, [&] {
      return call_port<Page<PriceEntry>>(
          systems_, asked, asking.deadline, &ErpAdapter::pricing,
          [&](PricingService& port) { return port.list_prices(asked_query, asking); });
    });
  };
  auto answered = ask(side, context);
  const bool comparable_page = query.sku.has_value() && query.cursor.empty();
  if (comparable_page && cutover::rule(cutover::stage_for(plan, cohort)).shadow_reads) {
    ShadowCheck check;
    check.capability = Capability::pricing;
    check.operation = "list_prices";
    check.cohort = facts_of(cohort);
    check.subject = subject;
    check.correlation_id = context.correlation_id.text();
    check.primary = side;
    const auto document = [](const Page<PriceEntry>& page) { return comparable(page); };
    check.answered = parity_side(answered.result, answered.micros, document);
    check.ask = [ask, document, origin = context](Side asked) {
      CallContext asking = origin;
      asking.deadline = deadline_in(std::chrono::seconds(10));
      const auto seen = ask(asked, asking);
      return parity_side(seen.result, seen.micros, document);
    };
    check.on_its_way = [this] { return feed_pending(); };
    comparisons_.begin(std::move(check));
  }
  if (!answered.result) return answered.result.error();
  Page<PriceEntry> page = *answered.result;
  if (!page.next.empty()) page.next = Cursor{std::string(name(side)) + ":" + page.next.text()};
  return page;
}

}  // namespace underpin::facade
