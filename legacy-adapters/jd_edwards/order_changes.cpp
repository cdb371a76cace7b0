#include "legacy-adapters/jd_edwards/orders.h"

#include <algorithm>
#include <set>

namespace underpin::legacy::jd_edwards {
namespace {

bool is_positive(Decimal amount) { return !amount.is_zero() && !amount.is_negative(); }

Decimal sum_of(const std::vector<Adjustment>& adjustments) {
  Decimal sum;
  for (const Adjustment& adjustment : adjustments) sum += adjustment.amount;
  return sum;
}

Decimal gross_of(Decimal quantity, Decimal price) {
  return (quantity * price).rounded(2, Rounding::half_up);
}

LineContent content_of(const OrderLine& line, Decimal quantity) {
  LineContent content;
  content.number = line.number;
  content.sku = line.sku;
  content.location = line.location;
  content.uom = line.uom;
  content.quantity = quantity;
  content.unit_price = line.unit_price;
  content.requested_date = line.requested_date;
  return content;
}

bool same(const LineContent& wanted, const OrderLine& held) {
  return wanted.quantity == held.quantity - held.cancelled_quantity &&
         wanted.unit_price == held.unit_price && wanted.net_amount == held.net_amount;
}

LineContent added_line(const LineAmendment& wanted) {
  must_be_no_charge(wanted.number);
  const OrderLine& added = *wanted.added;
  const Decimal quantity = wanted.quantity.value_or(added.quantity - added.cancelled_quantity);
  LineContent line = content_of(added, quantity);
  line.number = wanted.number;
  line.unit_price = wanted.unit_price.value_or(added.unit_price);
  const Decimal adjustments = wanted.adjustment_total.value_or(adjustment_share(
      sum_of(added.adjustments), quantity, added.quantity - added.cancelled_quantity));
  line.net_amount = gross_of(quantity, line.unit_price) + adjustments;
  return line;
}

}  // namespace

Decimal adjustment_share(Decimal adjustments, Decimal quantity, Decimal of) {
  if (quantity == of || of.is_zero()) return adjustments;
  return Decimal::divided(adjustments * quantity, of, 2, Rounding::half_up);
}

OrderChanges amended(const Order& held, const OrderAmendment& amendment, Role role) {
  OrderChanges changes;
  if (amendment.ship_to) {
    Address wanted = *amendment.ship_to;
    wanted.kind = "ship_to";
    wanted.id.clear();
    if (!held.ship_to || !(wanted == *held.ship_to)) changes.ship_to = std::move(wanted);
  }
  if (amendment.requested_date && amendment.requested_date != held.requested_date)
    changes.requested_date = amendment.requested_date;
  if (amendment.customer_reference && *amendment.customer_reference != held.customer_reference)
    changes.customer_reference = amendment.customer_reference;
  for (const LineAmendment& wanted : amendment.lines) {
    const auto line = std::find_if(held.lines.begin(), held.lines.end(), [&](const OrderLine& one) {
      return one.number == wanted.number;
    });
    if (line == held.lines.end()) {
      if (wanted.added) {
        LineContent added = added_line(wanted);
        if (is_positive(added.quantity)) changes.lines.push_back(std::move(added));
        continue;
      }
      if (wanted.quantity && wanted.quantity->is_zero()) continue;
      throw refused(ErrorCode::rejected, "the order has no line " + std::to_string(wanted.number),
                    at_line(wanted.number, "number"), "must name a line of the order");
    }
    // One that was added before: it shall be what was asked for then.
    std::optional<LineContent> added;
    if (wanted.added) added = added_line(wanted);
    if (added && added->sku != line->sku)
      throw refused(ErrorCode::rejected, "the order has another article under this number",
                    at_line(wanted.number, "added/sku"), "must be the line's article");
    const Decimal quantity =
        added ? added->quantity
              : wanted.quantity.value_or(line->quantity - line->cancelled_quantity);
    if (quantity < line->shipped_quantity)
      throw refused(ErrorCode::rejected, "more of the line has shipped",
                    at_line(wanted.number, "quantity"), "must not be below what has shipped");
    LineContent content = content_of(*line, quantity);
    content.unit_price = added ? added->unit_price : wanted.unit_price.value_or(line->unit_price);
    const Decimal gross = gross_of(quantity, content.unit_price);
    const Decimal net = added ? added->net_amount
                              : gross + wanted.adjustment_total.value_or(sum_of(line->adjustments));
    // A mirror holds what is outstanding, its amendment may speak of the whole line.
    const bool nothing = quantity.is_zero() || (net.is_negative() && role == Role::mirror);
    content.net_amount = nothing ? Decimal{} : net;
    if (content.net_amount.is_negative())
      throw refused(ErrorCode::rejected, "a line's discount is more than its price",
                    at_line(wanted.number, "adjustmentTotal"),
                    "must not be more than the line's price");
    const Date asked = line->requested_date.value_or(held.requested_date.value_or(Date{}));
    const bool other_day = wanted.requested_date && *wanted.requested_date != asked;
    if (other_day) content.requested_date = wanted.requested_date;
    if (same(content, *line) && !other_day) continue;
    if (!line->shipped_quantity.is_zero() && quantity == line->shipped_quantity &&
        line->outstanding().is_zero())
      throw refused(ErrorCode::rejected, "the whole line has shipped",
                    at_line(wanted.number, "number"), "must name a line that has not shipped");
    changes.lines.push_back(std::move(content));
  }
  return changes;
}

OrderChanges followed(const Order& held, const Order& home) {
  OrderChanges changes;
  std::set<int> there;
  for (const OrderLine& line : held.lines) {
    there.insert(line.number);
    const auto source =
        std::find_if(home.lines.begin(), home.lines.end(),
                     [&](const OrderLine& one) { return one.number == line.number; });
    LineContent content = content_of(line, {});
    if (source != home.lines.end() && is_positive(source->outstanding())) {
      content.quantity = source->outstanding();
      content.unit_price = source->unit_price;
      content.net_amount = gross_of(content.quantity, content.unit_price) +
                           adjustment_share(sum_of(source->adjustments), content.quantity,
                                            source->quantity - source->cancelled_quantity);
    }
    if (!same(content, line)) changes.lines.push_back(std::move(content));
  }
  for (const OrderLine& source : home.lines) {
    if (!is_positive(source.outstanding()) || there.count(source.number) != 0) continue;
    must_be_no_charge(source.number);
    LineContent content = content_of(source, source.outstanding());
    content.net_amount = gross_of(content.quantity, content.unit_price) +
                         adjustment_share(sum_of(source.adjustments), content.quantity,
                                          source.quantity - source.cancelled_quantity);
    changes.lines.push_back(std::move(content));
  }
  return changes;
}

}  // namespace underpin::legacy::jd_edwards
