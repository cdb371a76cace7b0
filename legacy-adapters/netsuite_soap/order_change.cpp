#include "legacy-adapters/netsuite_soap/orders.h"

#include <algorithm>
#include <set>

namespace underpin::legacy::netsuite_soap {
namespace {

bool not_positive(Decimal quantity) { return quantity.is_zero() || quantity.is_negative(); }

Decimal sum_of(const std::vector<Adjustment>& adjustments) {
  Decimal sum;
  for (const Adjustment& one : adjustments) sum += one.amount;
  return sum;
}

std::string at(std::size_t index, const char* member) {
  return "/lines/" + std::to_string(index) + "/" + member;
}

// Says nothing of names that the channel leaves open.
bool same_place(const Address& a, const Address& b) {
  return a.name == b.name && a.line1 == b.line1 && a.line2 == b.line2 && a.city == b.city &&
         a.post_code == b.post_code && a.region == b.region && a.country == b.country;
}

}  // namespace

// The rows that make a line what it shall be; none when it is.
void Orders::change_row(Xml& rows, const DocumentLine& line, const Wanted& wanted, bool close,
                        std::size_t index, const OrderLine* explained, const CallContext& context) {
  const bool changes_discount = wanted.discount != line.discount;
  if (changes_discount) check_scales(wanted, index);
  if (changes_discount && line.discount_key.empty()) {
    // A discount stands below its line, and new lines come last: the line is made anew.
    if (!line.order.shipped_quantity.is_zero())
      throw rejected("line " + std::to_string(line.number) + " has shipped, and takes no discount",
                     at(index, "adjustmentTotal"), "must not change once goods have left");
    rows.open("tranSales:item")
        .leaf("tranSales:quantity", Decimal{})
        .flag("tranSales:isClosed", true)
        .leaf("tranSales:line", line.key)
        .close();
    OrderLine again = line.order;
    if (explained != nullptr) again.adjustments = explained->adjustments;
    add_rows(rows, again, wanted, index, context);
    return;
  }
  const bool changes_date =
      wanted.requested_date && wanted.requested_date != line.order.requested_date;
  if (wanted.quantity != line.order.quantity || wanted.unit_price != line.order.unit_price ||
      close != line.closed || changes_date) {
    check_scales(wanted, index);
    rows.open("tranSales:item").leaf("tranSales:quantity", wanted.quantity);
    // Without a price in the request a new quantity would be priced anew.
    rows.ref("tranSales:price", custom_price).leaf("tranSales:rate", wanted.unit_price);
    if (wanted.hold) rows.leaf("tranSales:commitInventory", "_doNotCommit");
    rows.flag("tranSales:isClosed", close).leaf("tranSales:line", line.key);
    if (changes_date) rows.day("tranSales:expectedShipDate", *wanted.requested_date);
    rows.close();
  }
  if (changes_discount)
    rows.open("tranSales:item")
        .ref("tranSales:price", custom_price)
        .leaf("tranSales:rate", wanted.discount - line.other_discounts)
        .leaf("tranSales:line", line.discount_key)
        .close();
}

Orders::Change Orders::amendment_of(const Document& document, const OrderAmendment& amendment,
                                    Role role, const CallContext& context) {
  Change change;
  Xml rows;
  std::set<std::string> changed;
  // What has shipped in part cannot go back to approval: its lines are held instead, also those
  // that are added to an order whose lines wait already.
  const bool hold = document.approved() && document.any_shipped();
  for (std::size_t i = 0; i < amendment.lines.size(); ++i) {
    const LineAmendment& asked = amendment.lines[i];
    const DocumentLine* line = document.line(asked.number);
    const bool gone =
        line == nullptr || (line->closed && not_positive(line->order.shipped_quantity));
    if (gone && asked.quantity && asked.quantity->is_zero()) continue;  // As is wanted.
    if (line == nullptr) {
      if (!asked.added)
        throw rejected("the order has no line " + std::to_string(asked.number), at(i, "number"),
                       "must name a line of the order");
      OrderLine added = *asked.added;
      added.number = asked.number;
      const Decimal ordered = added.quantity - added.cancelled_quantity;
      const Decimal quantity = asked.quantity.value_or(ordered);
      add_rows(
          rows, added,
          {quantity, asked.unit_price.value_or(added.unit_price),
           asked.adjustment_total.value_or(share_of(sum_of(added.adjustments), quantity, ordered)),
           added.requested_date, hold},
          i, context);
      continue;
    }
    Wanted wanted{asked.quantity.value_or(line->order.quantity),
                  asked.unit_price.value_or(line->order.unit_price),
                  asked.adjustment_total.value_or(line->discount), asked.requested_date, hold};
    if (wanted.quantity < line->order.shipped_quantity)
      throw rejected("line " + std::to_string(asked.number) + " has shipped more than that",
                     at(i, "quantity"), "must not be less than what has left");
    const bool ends = wanted.quantity.is_zero();
    if (ends) wanted.discount = {};
    // A copy's line waits, in case the order is raised again: a document without open lines closes.
    // A line that somebody closed is opened by a quantity, and by nothing else.
    const bool close = line->closed && !asked.quantity ? true : ends && role == Role::primary;
    const std::size_t before = rows.text().size();
    change_row(rows, *line, wanted, close, i, asked.added ? &*asked.added : nullptr, context);
    if (rows.text().size() != before) changed.insert(line->key);
  }
  change.rows = rows.text();
  if (!change.rows.empty() && document.approved()) {
    if (hold)
      hold_lines(change, document, true, changed);
    else
      change.status = pending_approval;
  }
  if (amendment.requested_date && amendment.requested_date != document.record.day_of("shipDate")) {
    Xml xml;
    change.ship_date = xml.day("tranSales:shipDate", *amendment.requested_date).text();
  }
  if (amendment.customer_reference) {
    // An empty element changes nothing, and an order without a number of the customer's has ours.
    const std::string& wanted =
        amendment.customer_reference->empty() ? document.reference : *amendment.customer_reference;
    const bool differs = wanted != document.record.text_of("otherRefNum");
    Xml xml;
    if (differs && !wanted.empty())
      change.other_ref_num = xml.leaf("tranSales:otherRefNum", wanted).text();
    if (differs && wanted.empty()) {
      xml.open("platformCore:nullFieldList").leaf("platformCore:name", "otherRefNum").close();
      change.blank = xml.text();
    }
  }
  if (amendment.ship_to) {
    const Node* there = document.record.child("shippingAddress");
    const Address actual = there == nullptr ? Address{} : address_of(suite_, *there, "ship_to");
    if (there == nullptr || !same_place(actual, *amendment.ship_to)) {
      Xml xml;
      write_address(xml, "tranSales:shippingAddress", suite_, *amendment.ship_to, "/shipTo",
                    actual);
      change.addresses = xml.text();
    }
  }
  return change;
}

Result<OrderReceipt> Orders::amend_order(const OrderRef& ref, const OrderAmendment& amendment,
                                         const WriteContext& context) {
  return guarded(suite_.system(), ErrorCode::outcome_unknown, [&] {
    return change_order(
        documents_.required(ref, context), ref.id,
        [&](const Document& document) {
          require_each_line_once(document);
          Change change = amendment_of(document, amendment, context.role, context);
          if (document.closed() && !change.empty())
            throw rejected("order " + document.number + " is closed");
          return change;
        },
        context);
  });
}

// Brings the copy's lines to what is outstanding at home. One that somebody has approved is taken
// back, before two warehouses ship it.
Orders::Change Orders::following_of(const Document& document, const Order& order,
                                    const CallContext& context) {
  Change change;
  Xml rows;
  std::set<int> followed;
  for (std::size_t i = 0; i < order.lines.size(); ++i) {
    const OrderLine& home = order.lines[i];
    followed.insert(home.number);
    const DocumentLine* line = document.line(home.number);
    const Decimal outstanding = not_positive(home.outstanding()) ? Decimal{} : home.outstanding();
    const Wanted wanted{
        outstanding, home.unit_price,
        share_of(sum_of(home.adjustments), outstanding, home.quantity - home.cancelled_quantity),
        std::nullopt};
    if (line == nullptr) {
      if (!outstanding.is_zero()) add_rows(rows, home, wanted, i, context);
      continue;
    }
    if (line->closed && outstanding.is_zero()) continue;
    change_row(rows, *line, wanted, false, i, &home, context);
  }
  for (const DocumentLine& line : document.lines) {
    if (followed.count(line.number) > 0 || line.closed) continue;
    change_row(rows, line, {Decimal{}, line.order.unit_price, Decimal{}, std::nullopt}, false, 0,
               nullptr, context);
  }
  change.rows = rows.text();
  if (document.status != pending_approval) change.status = pending_approval;
  return change;
}

}  // namespace underpin::legacy::netsuite_soap
