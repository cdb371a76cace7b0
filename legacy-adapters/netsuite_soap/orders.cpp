#include "legacy-adapters/netsuite_soap/orders.h"

#include "contracts/external_reference.h"
#include "contracts/order_status.h"

#include <algorithm>

namespace underpin::legacy::netsuite_soap {
namespace {

constexpr const char* sales_order = "tranSales:SalesOrder";
bool not_positive(Decimal quantity) { return quantity.is_zero() || quantity.is_negative(); }

Decimal sum_of(const std::vector<Adjustment>& adjustments) {
  Decimal sum;
  for (const Adjustment& one : adjustments) sum += one.amount;
  return sum;
}

void custom_long(Xml& xml, const std::string& script_id, int value) {
  xml.open("platformCore:customField",
           {{"xsi:type", "platformCore:LongCustomFieldRef"}, {"scriptId", script_id}})
      .leaf("platformCore:value", std::to_string(value))
      .close();
}

void custom_text(Xml& xml, const std::string& script_id, const std::string& value) {
  if (value.empty()) return;
  xml.open("platformCore:customField",
           {{"xsi:type", "platformCore:StringCustomFieldRef"}, {"scriptId", script_id}})
      .leaf("platformCore:value", value)
      .close();
}

std::string at(std::size_t index, const char* member) {
  return "/lines/" + std::to_string(index) + "/" + member;
}

}  // namespace

void Orders::check_scales(const Wanted& wanted, std::size_t index) {
  if (wanted.quantity.normalized().scale() > 5)
    throw rejected("a quantity has more than five decimals", at(index, "quantity"),
                   "must have at most five decimals");
  if (wanted.unit_price.normalized().scale() > 8)
    throw rejected("a price has more than eight decimals", at(index, "unitPrice"),
                   "must have at most eight decimals");
  if (wanted.discount.normalized().scale() > 2)
    throw rejected("a line's discount has more than two decimals", at(index, "adjustments"),
                   "must be whole cents in sum");
}

std::string Orders::unit_of(const std::string& uom, const std::string& pointer) const {
  if (uom.empty() || uom == suite_.settings().base_uom) return {};
  const std::string* unit = to_vendor(suite_.settings().uom, uom);
  if (unit == nullptr)
    throw rejected("the unit " + uom + " has no unit in NetSuite", pointer,
                   "must be a unit that the ERP's settings map");
  return *unit;
}

// Discounts are lines of their own: each lowers the amount of the line above it.
void Orders::add_discount(Xml& rows, int number, const Wanted& wanted, const OrderLine* explained) {
  const Settings& settings = suite_.settings();
  if (settings.discount_item.empty())
    throw rejected("the settings name no item for discounts", {}, {});
  rows.open("tranSales:item").ref("tranSales:item", settings.discount_item);
  const Adjustment* first = explained == nullptr || explained->adjustments.empty()
                                ? nullptr
                                : &explained->adjustments.front();
  if (first != nullptr && !first->reason.empty()) rows.leaf("tranSales:description", first->reason);
  rows.ref("tranSales:price", custom_price);
  rows.leaf("tranSales:rate", wanted.discount);
  rows.open("tranSales:customFieldList");
  custom_long(rows, settings.fields.line, number);
  if (first != nullptr) custom_text(rows, settings.fields.promotion, first->promotion);
  rows.close().close();
}

void Orders::add_rows(Xml& rows, const OrderLine& line, const Wanted& wanted, std::size_t index,
                      const CallContext& context) {
  check_scales(wanted, index);
  const std::optional<std::string> item = references_.item(line.sku.text(), context);
  if (!item)
    throw rejected("NetSuite has no article " + line.sku.text(), at(index, "sku"),
                   "must name an article of the ERP");
  const std::string unit = unit_of(line.uom, at(index, "uom"));
  rows.open("tranSales:item").ref("tranSales:item", *item);
  rows.leaf("tranSales:quantity", wanted.quantity);
  if (!unit.empty()) rows.ref("tranSales:units", unit);
  if (!line.description.empty()) rows.leaf("tranSales:description", line.description);
  rows.ref("tranSales:price", custom_price);
  rows.leaf("tranSales:rate", wanted.unit_price);
  if (wanted.hold) rows.leaf("tranSales:commitInventory", "_doNotCommit");
  if (!line.location.empty()) {
    const std::optional<std::string> place = references_.location(line.location.text(), context);
    if (!place)
      throw rejected("NetSuite has no location " + line.location.text(), at(index, "location"),
                     "must name a location of the ERP");
    rows.ref("tranSales:location", *place);
  }
  if (wanted.requested_date) rows.day("tranSales:expectedShipDate", *wanted.requested_date);
  rows.open("tranSales:customFieldList");
  custom_long(rows, suite_.settings().fields.line, line.number);
  rows.close().close();
  if (!wanted.discount.is_zero()) add_discount(rows, line.number, wanted, &line);
}

void Orders::add_charges(Xml& rows, const Order& order) {
  for (std::size_t i = 0; i < order.charges.size(); ++i) {
    const Charge& charge = order.charges[i];
    const std::string* item = to_vendor(suite_.settings().charges, charge.kind);
    if (item == nullptr)
      throw rejected("charges of kind " + charge.kind + " have no item in NetSuite",
                     "/charges/" + std::to_string(i) + "/kind",
                     "must be a kind that the ERP's settings map");
    if (charge.amount.normalized().scale() > 2)
      throw rejected("a charge has more than two decimals",
                     "/charges/" + std::to_string(i) + "/amount", "must be whole cents");
    rows.open("tranSales:item").ref("tranSales:item", *item);
    rows.leaf("tranSales:quantity", Decimal::of(1));
    if (!charge.code.empty()) rows.leaf("tranSales:description", charge.code);
    rows.ref("tranSales:price", custom_price);
    rows.leaf("tranSales:rate", charge.amount).close();
  }
}

// The whole record; empty: nothing is left to ship.
std::string Orders::record_of(const Order& order, Role role, const CallContext& context) {
  if (order.prices_include_tax) {
    Error error{ErrorCode::unsupported, "NetSuite's sales orders hold prices without tax"};
    error.fields.push_back({"/pricesIncludeTax", "must be false"});
    throw Failure{error};
  }
  Xml rows;
  for (std::size_t i = 0; i < order.lines.size(); ++i) {
    const OrderLine& line = order.lines[i];
    const Decimal ordered = line.quantity - line.cancelled_quantity;
    // A copy counts as demand for what is still to be shipped, and for nothing else.
    const Decimal quantity = role == Role::mirror ? line.outstanding() : ordered;
    if (not_positive(quantity)) continue;
    add_rows(rows, line,
             {quantity, line.unit_price, share_of(sum_of(line.adjustments), quantity, ordered),
              line.requested_date},
             i, context);
  }
  if (rows.empty()) return {};
  add_charges(rows, order);
  const std::string reference = must(encode_external_reference(order.id, reference_max));
  const std::optional<std::string> customer = references_.customer(order.customer.text(), context);
  if (!customer)
    throw rejected("NetSuite has no customer " + order.customer.text(), "/customer",
                   "must name a customer of the ERP");
  Xml xml;
  xml.open("platformMsgs:record", {{"xsi:type", sales_order}, {"externalId", reference}});
  xml.ref("tranSales:entity", *customer);
  if (!order.order_date.empty()) xml.day("tranSales:tranDate", order.order_date);
  // Always stated: an account may release what says nothing.
  xml.leaf("tranSales:orderStatus", pending_approval);
  if (order.requested_date) xml.day("tranSales:shipDate", *order.requested_date);
  xml.leaf("tranSales:otherRefNum",
           order.customer_reference.empty() ? reference : order.customer_reference);
  if (!order.currency.empty()) {
    const std::optional<std::string> currency = references_.currency(order.currency, context);
    if (!currency)
      throw rejected("NetSuite has no currency " + order.currency, "/currency",
                     "must be a currency of the ERP");
    xml.ref("tranSales:currency", *currency);
  }
  if (order.bill_to)
    write_address(xml, "tranSales:billingAddress", suite_, *order.bill_to, "/billTo");
  if (order.ship_to)
    write_address(xml, "tranSales:shippingAddress", suite_, *order.ship_to, "/shipTo");
  xml.open("tranSales:itemList", {{"replaceAll", "true"}}).raw(rows.text()).close();
  return xml.close().text();
}

Result<OrderReceipt> Orders::place_order(const Order& order, const WriteContext& context) {
  return guarded(suite_.system(), ErrorCode::outcome_unknown, [&] {
    if (const auto there = documents_.by_id(order.id, context))
      return documents_.receipt_of(*there, order.id);
    const auto make = [&] { return record_of(order, context.role, context); };
    const std::string record = make();
    if (record.empty()) {
      if (context.role != Role::mirror)
        throw rejected("the order has no line to ship", "/lines",
                       "must hold a line that is not cancelled");
      OrderReceipt nothing_to_keep;
      nothing_to_keep.id = order.id;
      nothing_to_keep.status = order.status;
      return nothing_to_keep;
    }
    std::optional<Failure> refused;
    try {
      references_.write("add", record, make, context);
    } catch (const Failure& failure) {
      // An earlier attempt was faster: NetSuite refuses a second record under the reference.
      if (!may_be_saved(failure)) throw;
      if (failure.error.code == ErrorCode::rejected) refused = failure;
    }
    try {
      if (const auto made = documents_.by_id(order.id, context))
        return documents_.receipt_of(*made, order.id);
    } catch (const Failure& failure) {
      throw unknown(failure.error);  // It is there; only a look-up may say so.
    }
    if (refused) throw *refused;
    throw Failure{{ErrorCode::outcome_unknown, "the order was added and cannot be found"}};
  });
}

Result<Order> Orders::get_order(const OrderRef& ref, const CallContext& context) {
  return guarded(suite_.system(), ErrorCode::internal,
                 [&] { return documents_.order_of(documents_.required(ref, context), context); });
}

Result<OrderReceipt> Orders::find_receipt(const OrderId& id, const CallContext& context) {
  return guarded(suite_.system(), ErrorCode::internal, [&] {
    return documents_.receipt_of(documents_.required({id, {}}, context), id);
  });
}

Result<OrderReceipt> Orders::release_order(const OrderRef& ref, const WriteContext& context) {
  return guarded(suite_.system(), ErrorCode::outcome_unknown, [&] {
    if (context.role == Role::mirror) throw rejected("a mirror is never released");
    return change_order(
        documents_.required(ref, context), ref.id,
        [&](const Document& document) {
          Change change;
          if (document.closed() || document.released()) return change;
          require_each_line_once(document);
          if (document.status == pending_approval) change.status = pending_fulfillment;
          hold_lines(change, document, false);
          return change;
        },
        context);
  });
}

Result<OrderReceipt> Orders::block_order(const OrderRef& ref, const WriteContext& context) {
  return guarded(suite_.system(), ErrorCode::outcome_unknown, [&] {
    return change_order(
        documents_.required(ref, context), ref.id,
        [&](const Document& document) {
          if (document.closed()) throw rejected("order " + document.number + " is closed");
          Change change;
          if (!document.released()) return change;
          // NetSuite takes no approval back from an order of which something has left.
          if (document.any_shipped())
            hold_lines(change, document, true);
          else
            change.status = pending_approval;
          return change;
        },
        context);
  });
}

Result<OrderReceipt> Orders::cancel_order(const OrderRef& ref,
                                          const OrderCancellation& cancellation,
                                          const WriteContext& context) {
  return guarded(suite_.system(), ErrorCode::outcome_unknown, [&] {
    // What a line was before is not known here: only its new quantity is absolute.
    if (!cancellation.lines.empty())
      throw Failure{{ErrorCode::unsupported, "lines are cancelled by amending their quantity"}};
    return change_order(
        documents_.required(ref, context), ref.id,
        [&](const Document& document) {
          if (document.order_status() == OrderStatus::cancelled) return Change{};
          if (document.closed()) throw rejected("order " + document.number + " has been invoiced");
          if (document.any_shipped())
            throw rejected("order " + document.number + " has been shipped, at least in part");
          return closing_of(document);
        },
        context);
  });
}

Result<OrderReceipt> Orders::follow_order(const Order& order, const WriteContext& context) {
  return guarded(suite_.system(), ErrorCode::outcome_unknown, [&] {
    std::optional<Document> found = documents_.by_id(order.id, context);
    OrderReceipt gone;
    gone.id = order.id;
    gone.status = OrderStatus::cancelled;
    if (found) gone.document = DocumentNumber(found->number);
    if (!found || found->closed()) return gone;
    return change_order(
        std::move(*found), order.id,
        [&](const Document& document) {
          if (document.any_shipped())
            throw rejected("the copy " + document.number + " has been shipped");
          if (document.closed()) return Change{};
          return is_closed(order.status) ? closing_of(document)
                                         : following_of(document, order, context);
        },
        context);
  });
}

OrderReceipt Orders::change_order(Document document, const OrderId& asked,
                                  const std::function<Change(const Document&)>& plan,
                                  const CallContext& context) {
  const std::string internal_id = document.internal_id;
  for (int attempt = 0;; ++attempt) {
    const Change change = plan(document);
    if (change.empty()) return documents_.receipt_of(document, asked);
    try {
      references_.write(
          "update", record_of(document, change),
          [&] { return record_of(document, plan(document)); }, context);
      break;
    } catch (const Failure& failure) {
      if (failure.error.code == ErrorCode::rejected)
        return saved_all_the_same(document, asked, plan, failure, context);
      if (failure.error.code != ErrorCode::conflict || attempt > 0) throw;
    }
    std::optional<Document> now = documents_.by_key(internal_id, context);
    if (!now) throw Failure{{ErrorCode::not_found, "the order was deleted meanwhile"}};
    document = std::move(*now);
  }
  // A workflow or a script of the account's may undo what was asked for: the update succeeds all
  // the same, in whole or in part. Whoever asks again finds what is left to do.
  try {
    const std::optional<Document> now = documents_.by_key(internal_id, context);
    if (!now) throw Failure{{ErrorCode::outcome_unknown, "the order went away after its change"}};
    const Change left = plan(*now);
    if (!left.status.empty() || !left.rows.empty())
      throw Failure{{ErrorCode::outcome_unknown,
                     "NetSuite saved order " + now->number + " without all that was asked for"}};
    return documents_.receipt_of(*now, asked);
  } catch (const Failure& failure) {
    throw unknown(failure.error);
  }
}

OrderReceipt Orders::saved_all_the_same(const Document& before, const OrderId& asked,
                                        const std::function<Change(const Document&)>& plan,
                                        const Failure& refused, const CallContext& context) {
  std::optional<Document> now;
  try {
    now = documents_.by_key(before.internal_id, context);
  } catch (const Failure&) {
    throw unknown(refused.error);
  }
  if (!now) throw refused;
  try {
    if (plan(*now).empty()) return documents_.receipt_of(*now, asked);
  } catch (const Failure&) {  // What is left of it is impossible by now.
  }
  const auto saved = [](const Document& one) { return one.record.text_of("lastModifiedDate"); };
  throw saved(*now) == saved(before) ? refused : unknown(refused.error);
}

std::string Orders::record_of(const Document& document, const Change& change) const {
  Xml xml;
  xml.open("platformMsgs:record",
           {{"xsi:type", sales_order}, {"internalId", document.internal_id}});
  xml.raw(change.blank);
  if (!change.status.empty()) xml.leaf("tranSales:orderStatus", change.status);
  xml.raw(change.ship_date).raw(change.other_ref_num).raw(change.addresses);
  // Lines that are not named stay as they are.
  if (!change.rows.empty())
    xml.open("tranSales:itemList", {{"replaceAll", "false"}}).raw(change.rows).close();
  return xml.close().text();
}

void Orders::hold_lines(Change& change, const Document& document, bool held,
                        const std::set<std::string>& but) {
  Xml rows;
  for (const DocumentLine& line : document.lines) {
    if (not_positive(line.waiting()) || line.held == held || but.count(line.key) > 0) continue;
    rows.open("tranSales:item")
        .leaf("tranSales:commitInventory", held ? "_doNotCommit" : "_availableQty")
        .leaf("tranSales:line", line.key)
        .close();
  }
  change.rows += rows.text();
}

// Every line is closed; the order is then, too, and stays where it is.
Orders::Change Orders::closing_of(const Document& document) const {
  Xml rows;
  const auto close = [&](const std::string& key) {
    rows.open("tranSales:item")
        .flag("tranSales:isClosed", true)
        .leaf("tranSales:line", key)
        .close();
  };
  for (const DocumentLine& line : document.lines) {
    if (!line.closed) close(line.key);
    if (!line.discount_key.empty()) close(line.discount_key);
  }
  for (const DocumentCharge& charge : document.charges) close(charge.key);
  Change change;
  change.rows = rows.text();
  return change;
}

}  // namespace underpin::legacy::netsuite_soap
