#include "cloud-adapters/business_central/rehearsal.h"

#include "cloud-adapters/business_central/metadata.h"

namespace underpin::cloud::business_central {

void Rehearsal::only_rendered(RehearsalGrade grade) const {
  if (grade == RehearsalGrade::rendered) return;
  throw Failure{
      site_.failed(ErrorCode::unsupported, "Business Central judges no order without making it")};
}

Rehearsed Rehearsal::checked(const std::string& root, std::string_view set,
                             const json::Value& message, const CallContext& context) {
  std::string csdl;
  {
    const std::lock_guard lock(mutex_);
    csdl = csdl_[root];
  }
  if (csdl.empty()) {
    csdl = must(site_.client().get_text(root + "/$metadata", context));
    const std::lock_guard lock(mutex_);
    csdl_[root] = csdl;
  }
  return {json::write(message), check_message(csdl, set, message)};
}

Result<Rehearsed> Rehearsal::place_order(const Order& order, RehearsalGrade grade,
                                         const CallContext& context) {
  return guarded(site_.system(), ErrorCode::internal, [&] {
    only_rendered(grade);
    std::vector<OrderLine> placed;
    const json::Value body = orders_.order_body(order, Role::primary, placed, context);
    if (placed.empty())
      throw Failure{site_.rejected("the order has no line to ship", "/lines",
                                   "must hold a line that is not cancelled")};
    return checked(site_.api_root(), "salesOrders", body, context);
  });
}

Result<Rehearsed> Rehearsal::create_customer(const Customer& customer, RehearsalGrade grade,
                                             const CallContext& context) {
  return guarded(site_.system(), ErrorCode::internal, [&] {
    only_rendered(grade);
    return checked(site_.api_root(), "customers", customers_.card_of(customer, false), context);
  });
}

Result<Rehearsed> Rehearsal::adjust_stock(const StockAdjustment& adjustment, RehearsalGrade grade,
                                          const CallContext& context) {
  return guarded(site_.system(), ErrorCode::internal, [&] {
    only_rendered(grade);
    return checked(site_.site_api_root(), site_.settings().pages.journal,
                   inventory_.posting_of(adjustment), context);
  });
}

}  // namespace underpin::cloud::business_central
