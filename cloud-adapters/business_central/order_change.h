#pragma once

#include "cloud-adapters/business_central/orders.h"

namespace underpin::cloud::business_central {

struct Orders::Change {
  Change(Site& site_given, const WriteContext& context_given, Found found)
      : site(site_given), context(context_given), current(std::move(found)) {}

  Site& site;
  const WriteContext& context;
  Found current;
  bool reopened = false;
  bool wrote = false;
  std::vector<OrderLine> added = {};  // Lines whose promotions are still to be written.
  struct Discount {
    Decimal before;
    Decimal now;
  };
  std::map<std::int64_t, Discount> discounts = {};  // That were changed, by the line's sequence.

  // A change states one discount for a line. Its promotions keep their shares of it: what a longer
  // line has more than was placed would read as a manual discount.
  void keep_shares(Documents& documents);

  // Draft, so that lines may change. Reads the order again: its version has changed.
  void reopen(Documents& documents) {
    if (!is_released(current.header)) return;
    json::Value body = json::Value::object();
    body.set("orderId", current.order_id);
    send("POST", site.page(site.settings().pages.reopens, context), body, {});
    reopened = true;
    current = documents.living(current.order_id, context);
    if (current.place == Place::nowhere)
      throw Failure{
          site.failed(ErrorCode::outcome_unknown, "the order went away while it was changed")};
  }

  json::Value send(const std::string& method, const std::string& url, const json::Value& body,
                   const std::string& if_match) {
    Result<odata::Answer> answer =
        site.client().send(method, url, body, if_match, odata::Effect::absolute, context);
    if (!answer) {
      if (answer.error().code == ErrorCode::outcome_unknown) wrote = true;
      throw Failure{answer.error()};
    }
    wrote = true;
    return std::move(answer).value().body;
  }

  std::string line_url(const json::Value& line) {
    return site.v2("salesOrderLines", context) + "(" + text_of(line, "id") + ")";
  }
};

}  // namespace underpin::cloud::business_central
