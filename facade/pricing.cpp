#include "facade/pricing.h"

#include "contracts/json/codec.h"
#include "facade/cohorts.h"
#include "facade/digest.h"

namespace underpin::facade {

// Prices of one article for one customer are another question than those for everybody.
std::string asked_prices(const PriceQuery& query) {
  json::Value value = json::Value::object();
  if (query.sku) value.set("sku", query.sku->text());
  if (query.customer) value.set("customer", query.customer->text());
  value.set("limit", json::Value::integer(query.limit));
  return json::write(value);
}

namespace {

// What was asked names the comparison, not only who asked: a right answer to another question says
// nothing of this one. The instant is left out, so that a question asked again replaces the answer.
std::string subject_of(const QuoteRequest& request) {
  constexpr std::size_t readable = 120;
  std::string text = request.customer.text();
  for (const QuoteLine& line : request.lines) {
    text += " " + line.quantity.text() + " " + line.uom + " " + line.sku.text();
    if (!request.currency.empty() && &line == &request.lines.front())
      text += " " + request.currency;
  }
  if (text.size() <= readable) return text;
  return text.substr(0, readable) + "… " + sha256_hex(text).substr(0, 16);
}

std::string subject_of(const PriceQuery& query) {
  std::string text = query.sku ? query.sku->text() : std::string{};
  if (query.customer) text += " for " + query.customer->text();
  if (query.limit != PriceQuery{}.limit) text += " limit " + std::to_string(query.limit);
  return text;
}

}  // namespace

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
    for (const Side side : {Side::legacy, Side::cloud})
      pending = pending || on_its_way(reader, side, Capability::pricing, price_list_subject);
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

Observation<Quote> PricingFacade::ask(const QuoteRequest& request, Side side,
                                      const CallContext& context) {
  return observe<Quote>(side, cutover::Operation::read, [&] {
    return call_port<Quote>(systems_, side, context.deadline, &ErpAdapter::pricing,
                            [&](PricingService& port) { return port.quote(request, context); });
  });
}

Observation<Page<PriceEntry>> PricingFacade::ask(const PriceQuery& query, Side side,
                                                 const CallContext& context) {
  return observe<Page<PriceEntry>>(side, cutover::Operation::read, [&] {
    return call_port<Page<PriceEntry>>(
        systems_, side, context.deadline, &ErpAdapter::pricing,
        [&](PricingService& port) { return port.list_prices(query, context); });
  });
}

Result<cutover::Subject> PricingFacade::cohort_for(const CustomerNumber& customer) const {
  cutover::Subject cohort(customer.text());
  if (plans_.plan(Capability::pricing).rollout.rules.empty() && !comparisons_.uses_cohorts())
    return cohort;
  const Status read = journal_.read(
      [&](const journal::JournalReader& reader) { cohort = cohort_of(customer, reader); });
  if (!read) return read.error();
  return cohort;
}

Result<ShadowCheck> PricingFacade::check_of(const QuoteRequest& request, Side primary,
                                            const CallContext& context) {
  const auto cohort = cohort_for(request.customer);
  if (!cohort) return cohort.error();
  ShadowCheck check;
  check.capability = Capability::pricing;
  check.operation = "quote";
  check.cohort = facts_of(*cohort);
  check.subject = subject_of(request);
  check.correlation_id = context.correlation_id.text();
  check.primary = primary;
  check.asked = json::write(json::to_json(request));
  check.ask = [this, request, origin = context](Side asked) {
    CallContext asking = origin;
    asking.deadline = deadline_in(std::chrono::seconds(10));
    const auto seen = ask(request, asked, asking);
    return parity_side(seen.result, seen.micros,
                       [](const Quote& quote) { return comparable(quote); });
  };
  check.on_its_way = [this] { return feed_pending(); };
  return check;
}

ShadowCheck PricingFacade::check_of(const PriceQuery& query, Side primary,
                                    const CallContext& context) {
  ShadowCheck check;
  check.capability = Capability::pricing;
  check.operation = "list_prices";
  check.subject = subject_of(query);
  cutover::Subject cohort(query.sku ? query.sku->text() : std::string{});
  if (query.sku) cohort.skus = {query.sku->text()};
  check.cohort = facts_of(cohort);
  check.correlation_id = context.correlation_id.text();
  check.primary = primary;
  check.asked = asked_prices(query);
  check.ask = [this, query, origin = context](Side asked) {
    CallContext asking = origin;
    asking.deadline = deadline_in(std::chrono::seconds(10));
    const auto seen = ask(query, asked, asking);
    return parity_side(seen.result, seen.micros,
                       [](const Page<PriceEntry>& page) { return comparable(page); });
  };
  check.on_its_way = [this] { return feed_pending(); };
  return check;
}

Result<Quote> PricingFacade::quote(const QuoteRequest& request, const CallContext& context) {
  QuoteRequest fixed = request;
  if (!fixed.at) fixed.at = now_();  // Both ERPs are asked for the same instant.
  const cutover::Plan plan = plans_.plan(Capability::pricing);
  const auto cohort = cohort_for(request.customer);
  if (!cohort) return cohort.error();
  const Side side = answering(*cohort, plan);
  const auto answered = ask(fixed, side, context);
  if (cutover::rule(cutover::stage_for(plan, *cohort)).shadow_reads) {
    auto made = check_of(fixed, side, context);
    if (!made) return made.error();
    ShadowCheck check = std::move(made).value();
    check.answered = parity_side(answered.result, answered.micros,
                                 [](const Quote& quote) { return comparable(quote); });
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
  auto answered = ask(asked_query, side, context);
  const bool comparable_page = query.sku.has_value() && query.cursor.empty();
  if (comparable_page && cutover::rule(cutover::stage_for(plan, cohort)).shadow_reads) {
    ShadowCheck check = check_of(asked_query, side, context);
    check.answered = parity_side(answered.result, answered.micros,
                                 [](const Page<PriceEntry>& page) { return comparable(page); });
    comparisons_.begin(std::move(check));
  }
  if (!answered.result) return answered.result.error();
  Page<PriceEntry> page = *answered.result;
  if (!page.next.empty()) page.next = Cursor{std::string(name(side)) + ":" + page.next.text()};
  return page;
}

}  // namespace underpin::facade
