#include "facade/order_content.h"

#include "contracts/json/codec.h"
#include "contracts/order_status.h"
#include "facade/digest.h"

#include <algorithm>

namespace underpin::facade {
namespace {

OrderLine* line_of(Order& order, int number) {
  const auto found = std::find_if(order.lines.begin(), order.lines.end(),
                                  [&](const OrderLine& line) { return line.number == number; });
  return found == order.lines.end() ? nullptr : &*found;
}

const OrderLine* line_of(const Order& order, int number) {
  return line_of(const_cast<Order&>(order), number);
}

Decimal sum(const std::vector<Adjustment>& adjustments) {
  Decimal total;
  for (const Adjustment& adjustment : adjustments) total += adjustment.amount;
  return total;
}

Decimal net_of(const OrderLine& line) {
  return (line.quantity * line.unit_price + sum(line.adjustments)).rounded(2, Rounding::half_up);
}

// The line's amount as its quantity, price and discounts now say, and its taxes with it: a tax of
// what the line was before would be shown to the channel and expected of the ledgers.
void price(OrderLine& line, bool prices_include_tax) {
  const Decimal net = net_of(line);
  if (net == line.net_amount) return;
  line.net_amount = net;
  const Decimal base = without_taxes(net, line.taxes, prices_include_tax);
  for (Tax& tax : line.taxes) tax.amount = (base * tax.rate).rounded(2, Rounding::half_up);
}

}  // namespace

Decimal without_taxes(Decimal amount, const std::vector<Tax>& taxes, bool prices_include_tax) {
  if (!prices_include_tax) return amount;
  Decimal rates;
  for (const Tax& tax : taxes) rates += tax.rate;
  return Decimal::divided(amount, Decimal::of(1) + rates, 2, Rounding::half_up);
}

journal::Subject order_subject(const OrderId& id) {
  return id.channel.text() + "/" + id.number.text();
}

std::optional<OrderId> order_id_of(const journal::Subject& subject) {
  const std::size_t slash = subject.find('/');
  if (slash == std::string::npos || slash + 1 == subject.size()) return std::nullopt;
  return OrderId{ChannelId{subject.substr(0, slash)}, OrderNumber{subject.substr(slash + 1)}};
}

std::optional<Order> read_content(const std::string& content) {
  if (content.empty()) return std::nullopt;
  const auto value = json::parse(content);
  if (!value) return std::nullopt;
  auto order = json::from_json<Order>(*value);
  if (!order) return std::nullopt;
  return *order;
}

std::string write_content(const Order& order) { return json::write(json::to_json(order)); }

void apply(Order& order, const OrderAmendment& amendment) {
  if (amendment.ship_to) order.ship_to = amendment.ship_to;
  if (amendment.requested_date) order.requested_date = amendment.requested_date;
  if (amendment.customer_reference) order.customer_reference = *amendment.customer_reference;
  for (const LineAmendment& change : amendment.lines) {
    if (change.added) {
      if (line_of(order, change.number) == nullptr) order.lines.push_back(*change.added);
      continue;
    }
    OrderLine* line = line_of(order, change.number);
    if (line == nullptr) continue;
    if (change.quantity) line->quantity = *change.quantity;
    if (change.unit_price) line->unit_price = *change.unit_price;
    if (change.requested_date) line->requested_date = change.requested_date;
    if (change.adjustment_total && sum(line->adjustments) != *change.adjustment_total)
      line->adjustments = {Adjustment{"manual", {}, 0, *change.adjustment_total, "amended"}};
    price(*line, order.prices_include_tax);
  }
  if (amendment.totals) order.totals = *amendment.totals;
}

void apply(Order& order, const OrderCancellation& cancellation) {
  if (cancellation.lines.empty()) {
    for (OrderLine& line : order.lines)
      line.cancelled_quantity = line.quantity - line.shipped_quantity;
    return;
  }
  for (const LineCancellation& change : cancellation.lines) {
    if (OrderLine* line = line_of(order, change.number)) line->cancelled_quantity = change.quantity;
  }
}

Result<OrderAmendment> as_amendment(const Order& content, const OrderCancellation& cancellation) {
  OrderAmendment amendment;
  Error refused{ErrorCode::rejected, "lines cannot be cancelled as asked"};
  for (std::size_t i = 0; i < cancellation.lines.size(); ++i) {
    const LineCancellation& change = cancellation.lines[i];
    const std::string at = "/lines/" + std::to_string(i);
    const OrderLine* line = line_of(content, change.number);
    if (line == nullptr) {
      refused.fields.push_back({at + "/number", "names no line of the order"});
    } else if (change.quantity > line->quantity || change.quantity.is_negative()) {
      refused.fields.push_back(
          {at + "/quantity", "must be 0 to the ordered " + line->quantity.text()});
    } else if (change.quantity < line->cancelled_quantity) {
      refused.fields.push_back(
          {at + "/quantity",
           "must not be less than the " + line->cancelled_quantity.text() + " already cancelled"});
    } else {
      LineAmendment target;
      target.number = change.number;
      target.quantity = line->quantity - change.quantity;
      if (!line->adjustments.empty())
        target.adjustment_total = shrunk(sum(line->adjustments), *target.quantity, line->quantity);
      amendment.lines.push_back(std::move(target));
    }
  }
  if (!refused.fields.empty()) return refused;
  return amendment;
}

OrderAmendment for_erp(const Order& content, OrderAmendment amendment) {
  for (LineAmendment& change : amendment.lines) {
    const OrderLine* line = line_of(content, change.number);
    if (line == nullptr || change.added || line->cancelled_quantity.is_zero()) continue;
    const Decimal ordered = change.quantity.value_or(line->quantity);
    const Decimal kept = ordered - line->cancelled_quantity;
    const Decimal discount = change.adjustment_total.value_or(sum(line->adjustments));
    change.quantity = kept;
    change.adjustment_total = shrunk(discount, kept, ordered);
    if (line->quantity != line->cancelled_quantity) continue;
    // Cancelled completely so far: ERPs have deleted it, and it comes back as a new line.
    OrderLine again = *line;
    again.quantity = kept;
    again.cancelled_quantity = Decimal{};
    if (change.unit_price) again.unit_price = *change.unit_price;
    if (change.requested_date) again.requested_date = change.requested_date;
    again.adjustments.clear();
    if (!change.adjustment_total->is_zero())
      again.adjustments = {Adjustment{"manual", {}, 0, *change.adjustment_total, "amended"}};
    price(again, content.prices_include_tax);
    change.added = again;
  }
  return amendment;
}

Decimal moved_quantity(const std::optional<Order>& content, int line) {
  const OrderLine* known = content ? line_of(*content, line) : nullptr;
  return known == nullptr ? Decimal{} : known->shipped_quantity;
}

bool has_moved_part(const std::optional<Order>& content) {
  return content && std::any_of(content->lines.begin(), content->lines.end(),
                                [](const OrderLine& l) { return !l.shipped_quantity.is_zero(); });
}

std::string content_with_moved_part(const journal::DocumentRecord& document, const Order& at_home) {
  const bool shipped =
      std::any_of(at_home.lines.begin(), at_home.lines.end(),
                  [](const OrderLine& line) { return !line.shipped_quantity.is_zero(); });
  auto content = read_content(document.content);
  if (!content && !shipped) return document.content;
  if (!content) content = at_home;  // Older than the facade.
  content->id = document.id;
  for (OrderLine& line : content->lines) {
    const OrderLine* here = line_of(at_home, line.number);
    line.shipped_quantity = here == nullptr ? Decimal{} : here->shipped_quantity;
    line.invoiced_quantity = here == nullptr ? Decimal{} : here->invoiced_quantity;
  }
  for (const OrderLine& line : at_home.lines)
    if (!line.shipped_quantity.is_zero() && line_of(*content, line.number) == nullptr)
      content->lines.push_back(line);
  content->shipments = at_home.shipments;
  content->invoices = at_home.invoices;
  return write_content(*content);
}

Result<OrderAmendment> less_moved(const std::optional<Order>& content, OrderAmendment amendment) {
  if (!has_moved_part(content)) return amendment;
  Error refused{ErrorCode::rejected, "the order cannot be changed as asked"};
  for (std::size_t i = 0; i < amendment.lines.size(); ++i) {
    LineAmendment& change = amendment.lines[i];
    const Decimal moved = moved_quantity(content, change.number);
    if (moved.is_zero() || change.added) continue;
    const OrderLine& known = *line_of(*content, change.number);
    const Decimal before = known.quantity - known.cancelled_quantity;
    const Decimal whole = change.quantity.value_or(before);
    if (whole < moved) {
      refused.fields.push_back({"/lines/" + std::to_string(i) + "/quantity",
                                "must not be less than the " + moved.text() + " that have left"});
      continue;
    }
    const Decimal rest = whole - moved;
    const Decimal discount =
        change.adjustment_total.value_or(shrunk(sum(known.adjustments), whole, known.quantity));
    if (change.quantity) change.quantity = rest;
    if (change.adjustment_total) change.adjustment_total = shrunk(discount, rest, whole);
    if (before != moved || rest.is_zero()) continue;
    // All of it had left elsewhere: the home has no such line yet.
    OrderLine again = known;
    again.quantity = rest;
    again.cancelled_quantity = again.shipped_quantity = again.invoiced_quantity = Decimal{};
    if (change.unit_price) again.unit_price = *change.unit_price;
    if (change.requested_date) again.requested_date = change.requested_date;
    again.adjustments.clear();
    if (!discount.is_zero())
      again.adjustments = {
          Adjustment{"manual", {}, 0, shrunk(discount, rest, whole), "the rest of the line"}};
    price(again, content->prices_include_tax);
    change.quantity = rest;
    change.added = again;
  }
  if (!refused.fields.empty()) return refused;
  return amendment;
}

Order merged(Order from_erp, const std::optional<Order>& content,
             const journal::DocumentRecord& document) {
  Order order = std::move(from_erp);
  order.id = document.id;
  if (content) {
    if (order.customer_reference.empty()) order.customer_reference = content->customer_reference;
    order.placed_at = content->placed_at;
    order.payments = content->payments;
    if (!order.requested_date) order.requested_date = content->requested_date;
    if (!order.ship_to) order.ship_to = content->ship_to;
    if (!order.bill_to) order.bill_to = content->bill_to;
    if (order.charges.size() == content->charges.size()) {
      for (std::size_t i = 0; i < order.charges.size(); ++i)
        if (order.charges[i].amount == content->charges[i].amount)
          order.charges[i] = content->charges[i];
    }
    const bool moved_part = has_moved_part(content);
    for (const OrderLine& known : content->lines) {
      OrderLine* line = line_of(order, known.number);
      const Decimal moved = known.shipped_quantity;
      if (line == nullptr) {
        // Cancelled completely: ERPs delete such a line. Or all of it left another home.
        if (known.cancelled_quantity == known.quantity || !moved.is_zero()) {
          order.lines.push_back(known);
          if (!moved.is_zero()) order.lines.back().quantity = moved + known.cancelled_quantity;
        }
        continue;
      }
      if (order.status != OrderStatus::cancelled && !known.cancelled_quantity.is_zero()) {
        line->quantity = line->quantity + known.cancelled_quantity;
        line->cancelled_quantity = known.cancelled_quantity;
      }
      if (line->description.empty()) line->description = known.description;
      if (!line->requested_date) line->requested_date = known.requested_date;
      const Decimal kept = known.quantity - known.cancelled_quantity - moved;
      if (sum(line->adjustments) == shrunk(sum(known.adjustments), kept, known.quantity))
        line->adjustments = known.adjustments;
      if (!moved.is_zero()) {
        line->quantity += moved;
        line->shipped_quantity += moved;
        line->invoiced_quantity += known.invoiced_quantity;
        const Decimal whole = line->quantity - line->cancelled_quantity;
        line->net_amount =
            (whole * line->unit_price + shrunk(sum(line->adjustments), whole, line->quantity))
                .rounded(2, Rounding::half_up);
      }
      if (line->net_amount == known.net_amount && !known.taxes.empty()) line->taxes = known.taxes;
    }
    std::sort(order.lines.begin(), order.lines.end(),
              [](const OrderLine& a, const OrderLine& b) { return a.number < b.number; });
    if (moved_part) {
      order.shipments.insert(order.shipments.begin(), content->shipments.begin(),
                             content->shipments.end());
      order.invoices.insert(order.invoices.begin(), content->invoices.begin(),
                            content->invoices.end());
      order.totals = content->totals;  // The home's are those of its part.
      if (!is_closed(order.status)) order.status = status_of(order, true, false);
    }
  }
  if (order.status == OrderStatus::cancelled) {
    for (OrderLine& line : order.lines)
      line.cancelled_quantity = line.quantity - line.shipped_quantity;
  }
  // What a channel has seen never regresses, whatever the ERP's users reopened.
  if (!may_follow(document.status, order.status)) order.status = document.status;
  order.holds = document.holds;
  order.updated_at = document.updated_at;
  order.revision = {};
  return order;
}

std::string entity_tag(const Order& order) {
  std::string text = order.customer.text() + "|" + order.customer_reference + "|" +
                     (order.requested_date ? order.requested_date->text() : "");
  if (order.ship_to) {
    for (const std::string* part :
         {&order.ship_to->name, &order.ship_to->line1, &order.ship_to->line2, &order.ship_to->city,
          &order.ship_to->post_code, &order.ship_to->country})
      text += "|" + *part;
  }
  for (const OrderLine& line : order.lines) {
    text += "\n" + std::to_string(line.number) + "|" + line.sku.text() + "|" +
            line.quantity.normalized().text() + "|" + line.cancelled_quantity.normalized().text() +
            "|" + line.unit_price.normalized().text() + "|" +
            sum(line.adjustments).normalized().text();
  }
  return "\"" + sha256_hex(text).substr(0, 32) + "\"";
}

Order outstanding_part(Order at_home) {
  for (OrderLine& line : at_home.lines) {
    const Decimal kept = line.quantity - line.cancelled_quantity;
    const Decimal rest = line.outstanding();
    for (Adjustment& adjustment : line.adjustments)
      adjustment.amount = shrunk(adjustment.amount, rest, kept);
    line.quantity = rest;
    line.cancelled_quantity = line.shipped_quantity = line.invoiced_quantity = Decimal{};
    price(line, at_home.prices_include_tax);
  }
  std::erase_if(at_home.lines, [](const OrderLine& line) {
    return line.quantity.is_zero() || line.quantity.is_negative();
  });
  return at_home;
}

bool has_moved(const Order& order) {
  return std::any_of(order.lines.begin(), order.lines.end(), [](const OrderLine& line) {
    return !line.shipped_quantity.is_zero() || !line.cancelled_quantity.is_zero();
  });
}

}  // namespace underpin::facade
