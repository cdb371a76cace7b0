#pragma once

#include "contracts/json/json_text.h"
#include "facade/comparisons.h"
#include "facade/observe.h"
#include "facade/plan_book.h"

namespace underpin::facade {

// Prices as channels see them: read-only, a state. A quote goes by its customer, a price list by
// its article. Threads: any.
class PricingFacade {
 public:
  PricingFacade(const Systems& systems, PlanBook& plans, journal::Journal& journal,
                Comparisons& comparisons, Now now);

  Result<Quote> quote(const QuoteRequest& request, const CallContext& context);
  Result<Page<PriceEntry>> prices(const PriceQuery& query, const CallContext& context);
  // How both sides are asked for one quote or one article's prices, to be compared. Both ERPs are
  // asked for the instant that `request` names: precondition, it names one.
  Result<ShadowCheck> check_of(const QuoteRequest& request, Side primary,
                               const CallContext& context);
  ShadowCheck check_of(const PriceQuery& query, Side primary, const CallContext& context);

 private:
  bool feed_pending() const;
  Side answering(const cutover::Subject& subject, const cutover::Plan& plan) const;
  Observation<Quote> ask(const QuoteRequest& request, Side side, const CallContext& context);
  Observation<Page<PriceEntry>> ask(const PriceQuery& query, Side side, const CallContext& context);
  Result<cutover::Subject> cohort_for(const CustomerNumber& customer) const;

  const Systems& systems_;
  PlanBook& plans_;
  journal::Journal& journal_;
  Comparisons& comparisons_;
  Now now_;
};

// The subject under which price lists travel to the other side, in order.
inline const std::string price_list_subject = "price-list";

// What of a price query the subject of its comparison does not say, as JSON text.
std::string asked_prices(const PriceQuery& query);

// What both ERPs must agree on, as JSON.
json::Value comparable(const Quote& quote);
json::Value comparable(const Page<PriceEntry>& page);

}  // namespace underpin::facade
