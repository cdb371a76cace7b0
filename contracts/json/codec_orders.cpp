#include "contracts/json/codec.h"
#include "contracts/json/codec_parts.h"
#include "contracts/json/return_codec.h"
#include "contracts/order_status.h"

namespace underpin::json {
namespace {

constexpr std::array<std::pair<ReceiptState, std::string_view>, 2> receipt_states{
    {{ReceiptState::confirmed, "confirmed"}, {ReceiptState::pending, "pending"}}};

Value tax_to_json(const Tax& tax) {
  Value result = Value::object();
  put(result, "code", tax.code);
  put(result, "rate", tax.rate);
  put(result, "amount", tax.amount);
  return result;
}

void read_taxes(ObjectReader& reader, std::vector<Tax>& taxes, Form form) {
  reader.read_each(
      "taxes",
      [&](ObjectReader& tax) {
        Tax& entry = taxes.emplace_back();
        tax.read("code", entry.code, need_of(form));
        tax.read("rate", entry.rate);
        tax.read("amount", entry.amount);
      },
      Need::optional);
}

Value line_to_json(const OrderLine& line) {
  Value result = Value::object();
  put(result, "number", line.number);
  put(result, "sku", line.sku);
  put(result, "description", line.description);
  put(result, "uom", line.uom);
  put(result, "location", line.location);
  put(result, "requestedDate", line.requested_date);
  put(result, "quantity", line.quantity);
  put(result, "cancelledQuantity", line.cancelled_quantity);
  put(result, "shippedQuantity", line.shipped_quantity);
  put(result, "invoicedQuantity", line.invoiced_quantity);
  put(result, "returnedQuantity", line.returned_quantity);
  put(result, "unitPrice", line.unit_price);
  put_each(result, "adjustments", line.adjustments, adjustment_to_json);
  put(result, "netAmount", line.net_amount);
  put_each(result, "taxes", line.taxes, tax_to_json);
  return result;
}

void read_line(ObjectReader& reader, OrderLine& line, Form form) {
  reader.read("number", line.number);
  reader.read("sku", line.sku, need_of(form));
  reader.read("description", line.description, Need::optional);
  reader.read("uom", line.uom, Need::optional);
  reader.read("location", line.location, Need::optional);
  reader.read("requestedDate", line.requested_date);
  reader.read("quantity", line.quantity);
  if (form == Form::request) {
    for (const char* key :
         {"cancelledQuantity", "shippedQuantity", "invoicedQuantity", "returnedQuantity"})
      reader.refuse_read_only(key);
  } else {
    reader.read("cancelledQuantity", line.cancelled_quantity, Need::optional);
    reader.read("shippedQuantity", line.shipped_quantity, Need::optional);
    reader.read("invoicedQuantity", line.invoiced_quantity, Need::optional);
    reader.read("returnedQuantity", line.returned_quantity, Need::optional);
  }
  reader.read("unitPrice", line.unit_price);
  reader.read_each(
      "adjustments",
      [&](ObjectReader& entry) { read_adjustment(entry, line.adjustments.emplace_back()); },
      Need::optional);
  reader.read("netAmount", line.net_amount);
  read_taxes(reader, line.taxes, form);
}

Value charge_to_json(const Charge& charge) {
  Value result = Value::object();
  put(result, "kind", charge.kind);
  put(result, "code", charge.code);
  put(result, "amount", charge.amount);
  put_each(result, "taxes", charge.taxes, tax_to_json);
  return result;
}

Value payment_to_json(const PaymentReference& payment) {
  Value result = Value::object();
  put(result, "id", payment.id);
  put(result, "provider", payment.provider);
  put(result, "method", payment.method);
  put(result, "amount", payment.amount);
  return result;
}

Value shipment_to_json(const ShipmentReference& shipment) {
  Value result = Value::object();
  put(result, "document", shipment.document);
  put(result, "date", shipment.date);
  put_each(result, "lines", shipment.lines, [](const DocumentLineQuantity& line) {
    Value entry = Value::object();
    put(entry, "line", line.line);
    put(entry, "sku", line.sku);
    put(entry, "quantity", line.quantity);
    return entry;
  });
  return result;
}

Value invoice_to_json(const InvoiceReference& invoice) {
  Value result = Value::object();
  put(result, "document", invoice.document);
  put(result, "date", invoice.date);
  put(result, "amount", invoice.amount);
  return result;
}

void read_charges(ObjectReader& reader, std::vector<Charge>& charges, Form form) {
  reader.read_each(
      "charges",
      [&](ObjectReader& entry) {
        Charge& charge = charges.emplace_back();
        entry.read("kind", charge.kind, need_of(form));
        entry.read("code", charge.code, Need::optional);
        entry.read("amount", charge.amount);
        read_taxes(entry, charge.taxes, form);
      },
      Need::optional);
}

void read_payments(ObjectReader& reader, std::vector<PaymentReference>& payments, Form form) {
  reader.read_each(
      "payments",
      [&](ObjectReader& entry) {
        PaymentReference& payment = payments.emplace_back();
        entry.read("id", payment.id, need_of(form));
        entry.read("provider", payment.provider, need_of(form));
        entry.read("method", payment.method, Need::optional);
        entry.read("amount", payment.amount);
      },
      Need::optional);
}

// What only the facade and the ERPs write.
void read_progress(ObjectReader& reader, Order& order) {
  read_status(reader, "status", order.status, Need::optional);
  reader.read("holds", order.holds, Need::optional);
  reader.read_each(
      "shipments",
      [&](ObjectReader& entry) {
        ShipmentReference& shipment = order.shipments.emplace_back();
        entry.read("document", shipment.document, Need::optional);
        entry.read("date", shipment.date, Need::optional);
        entry.read_each(
            "lines",
            [&](ObjectReader& line) {
              DocumentLineQuantity& quantity = shipment.lines.emplace_back();
              line.read("line", quantity.line);
              line.read("sku", quantity.sku, Need::optional);
              line.read("quantity", quantity.quantity);
            },
            Need::optional);
      },
      Need::optional);
  reader.read_each(
      "invoices",
      [&](ObjectReader& entry) {
        InvoiceReference& invoice = order.invoices.emplace_back();
        entry.read("document", invoice.document, Need::optional);
        entry.read("date", invoice.date, Need::optional);
        entry.read("amount", invoice.amount);
      },
      Need::optional);
  reader.read_each(
      "returns", [&](ObjectReader& entry) { read_return(entry, order.returns.emplace_back()); },
      Need::optional);
  reader.read("updatedAt", order.updated_at);
  reader.read("revision", order.revision, Need::optional);
}

void read_order(ObjectReader& reader, Order& order, Form form) {
  const Need need = need_of(form);
  if (form == Form::request)
    reader.refuse_read_only("channel");
  else
    reader.read("channel", order.id.channel, Need::optional);
  reader.read("number", order.id.number, need);
  reader.read("customer", order.customer, need);
  reader.read("customerReference", order.customer_reference, Need::optional);
  reader.read("orderDate", order.order_date, need);
  reader.read("placedAt", order.placed_at);
  reader.read("requestedDate", order.requested_date);
  reader.read("currency", order.currency, need);
  reader.read("pricesIncludeTax", order.prices_include_tax, Need::optional);
  read_optional_address(reader, "shipTo", order.ship_to);
  read_optional_address(reader, "billTo", order.bill_to);
  reader.read_each(
      "lines", [&](ObjectReader& line) { read_line(line, order.lines.emplace_back(), form); },
      need);
  read_charges(reader, order.charges, form);
  read_payments(reader, order.payments, form);
  reader.read_object(
      "totals", [&](ObjectReader& totals) { read_totals(totals, order.totals); }, need);
  if (form == Form::request) {
    for (const char* key :
         {"status", "holds", "shipments", "invoices", "returns", "updatedAt", "revision"})
      reader.refuse_read_only(key);
  } else {
    read_progress(reader, order);
  }
}

Value line_amendment_to_json(const LineAmendment& line) {
  Value result = Value::object();
  put(result, "number", line.number);
  put(result, "quantity", line.quantity);
  put(result, "unitPrice", line.unit_price);
  put(result, "adjustmentTotal", line.adjustment_total);
  put(result, "requestedDate", line.requested_date);
  if (line.added) put_value(result, "added", line_to_json(*line.added));
  return result;
}

void read_order_amendment(ObjectReader& reader, OrderAmendment& amendment, Form form) {
  read_optional_address(reader, "shipTo", amendment.ship_to);
  reader.read("requestedDate", amendment.requested_date);
  reader.read("customerReference", amendment.customer_reference);
  reader.read_each(
      "lines",
      [&](ObjectReader& entry) {
        LineAmendment& line = amendment.lines.emplace_back();
        entry.read("number", line.number);
        entry.read("quantity", line.quantity);
        entry.read("unitPrice", line.unit_price);
        entry.read("adjustmentTotal", line.adjustment_total);
        entry.read("requestedDate", line.requested_date);
        entry.read_object(
            "added", [&](ObjectReader& added) { read_line(added, line.added.emplace(), form); },
            Need::optional);
      },
      Need::optional);
  reader.read_object(
      "totals", [&](ObjectReader& totals) { read_totals(totals, amendment.totals.emplace()); },
      Need::optional);
}

}  // namespace

void read_address(ObjectReader& reader, Address& address) {
  reader.read("id", address.id, Need::optional);
  reader.read("kind", address.kind, Need::optional);
  reader.read("name", address.name, Need::optional);
  reader.read("line1", address.line1, Need::optional);
  reader.read("line2", address.line2, Need::optional);
  reader.read("city", address.city, Need::optional);
  reader.read("postCode", address.post_code, Need::optional);
  reader.read("region", address.region, Need::optional);
  reader.read("country", address.country, Need::optional);
}

void read_optional_address(ObjectReader& reader, std::string_view key,
                           std::optional<Address>& address) {
  reader.read_object(
      key, [&](ObjectReader& nested) { read_address(nested, address.emplace()); }, Need::optional);
}

Value adjustment_to_json(const Adjustment& adjustment) {
  Value result = Value::object();
  put(result, "kind", adjustment.kind);
  put(result, "promotion", adjustment.promotion);
  if (!adjustment.promotion.empty() || adjustment.promotion_version != 0)
    put(result, "promotionVersion", adjustment.promotion_version);
  put(result, "amount", adjustment.amount);
  put(result, "reason", adjustment.reason);
  return result;
}

void read_adjustment(ObjectReader& reader, Adjustment& adjustment) {
  reader.read("kind", adjustment.kind, Need::optional);
  reader.read("promotion", adjustment.promotion, Need::optional);
  reader.read("promotionVersion", adjustment.promotion_version, Need::optional);
  reader.read("amount", adjustment.amount);
  reader.read("reason", adjustment.reason, Need::optional);
}

void read_totals(ObjectReader& reader, OrderTotals& totals) {
  reader.read("itemsNet", totals.items_net);
  reader.read("charges", totals.charges);
  reader.read("tax", totals.tax);
  reader.read("grandTotal", totals.grand_total);
}

void read_status(ObjectReader& reader, std::string_view key, OrderStatus& status, Need need) {
  const Value* found = reader.member(key, need);
  if (found == nullptr) return;
  if (!found->is_string() || !parse(found->text(), status))
    reader.refuse(key,
                  "must be one of pending, open, released, partially_shipped, shipped, "
                  "invoiced, cancelled, rejected");
}

Value to_json(const Address& address) {
  Value result = Value::object();
  put(result, "id", address.id);
  put(result, "kind", address.kind);
  put(result, "name", address.name);
  put(result, "line1", address.line1);
  put(result, "line2", address.line2);
  put(result, "city", address.city);
  put(result, "postCode", address.post_code);
  put(result, "region", address.region);
  put(result, "country", address.country);
  return result;
}

Value to_json(const OrderTotals& totals) {
  Value result = Value::object();
  put(result, "itemsNet", totals.items_net);
  put(result, "charges", totals.charges);
  put(result, "tax", totals.tax);
  put(result, "grandTotal", totals.grand_total);
  return result;
}

Value to_json(const Order& order) {
  Value result = Value::object();
  put(result, "channel", order.id.channel);
  put(result, "number", order.id.number);
  put(result, "customer", order.customer);
  put(result, "customerReference", order.customer_reference);
  put(result, "orderDate", order.order_date);
  put(result, "placedAt", order.placed_at);
  put(result, "requestedDate", order.requested_date);
  put(result, "currency", order.currency);
  put_flag(result, "pricesIncludeTax", order.prices_include_tax);
  if (order.ship_to) put_value(result, "shipTo", to_json(*order.ship_to));
  if (order.bill_to) put_value(result, "billTo", to_json(*order.bill_to));
  put_each(result, "lines", order.lines, line_to_json);
  put_each(result, "charges", order.charges, charge_to_json);
  put_each(result, "payments", order.payments, payment_to_json);
  put_value(result, "totals", to_json(order.totals));
  put(result, "status", std::string(name(order.status)));
  put_each(result, "holds", order.holds, [](const std::string& hold) { return Value(hold); });
  put_each(result, "shipments", order.shipments, shipment_to_json);
  put_each(result, "invoices", order.invoices, invoice_to_json);
  // Left out when there are none: what an order was hashed by before stays its hash.
  if (!order.returns.empty())
    put_each(result, "returns", order.returns,
             [](const ReturnReference& made) { return to_json(made); });
  put(result, "updatedAt", order.updated_at);
  put(result, "revision", order.revision);
  return result;
}

Value to_json(const OrderAmendment& amendment) {
  Value result = Value::object();
  if (amendment.ship_to) put_value(result, "shipTo", to_json(*amendment.ship_to));
  put(result, "requestedDate", amendment.requested_date);
  put(result, "customerReference", amendment.customer_reference);
  put_each(result, "lines", amendment.lines, line_amendment_to_json);
  if (amendment.totals) put_value(result, "totals", to_json(*amendment.totals));
  return result;
}

Value to_json(const OrderCancellation& cancellation) {
  Value result = Value::object();
  put(result, "reason", cancellation.reason);
  put_each(result, "lines", cancellation.lines, [](const LineCancellation& line) {
    Value entry = Value::object();
    put(entry, "number", line.number);
    put(entry, "quantity", line.quantity);
    return entry;
  });
  return result;
}

Value to_json(const OrderReceipt& receipt) {
  Value result = to_json(OrderRef{receipt.id, receipt.document});
  put(result, "state", word_of(receipt.state, receipt_states));
  put(result, "status", std::string(name(receipt.status)));
  if (receipt.erp_totals) put_value(result, "erpTotals", to_json(*receipt.erp_totals));
  put_flag(result, "released", receipt.released);
  put(result, "revision", receipt.revision);
  return result;
}

Value to_json(const OrderRef& ref) {
  Value result = Value::object();
  put(result, "channel", ref.id.channel);
  put(result, "number", ref.id.number);
  put(result, "document", ref.document);
  return result;
}

template <>
Result<Address> from_json<Address>(const Value& value) {
  return read_document<Address>(value, "address", read_address);
}

template <>
Result<OrderTotals> from_json<OrderTotals>(const Value& value) {
  return read_document<OrderTotals>(value, "totals", read_totals);
}

template <>
Result<Order> from_json<Order>(const Value& value) {
  return read_document<Order>(value, "order", [](ObjectReader& reader, Order& order) {
    read_order(reader, order, Form::record);
  });
}

template <>
Result<OrderAmendment> from_json<OrderAmendment>(const Value& value) {
  return read_document<OrderAmendment>(value, "amendment",
                                       [](ObjectReader& reader, OrderAmendment& amendment) {
                                         read_order_amendment(reader, amendment, Form::record);
                                       });
}

template <>
Result<OrderCancellation> from_json<OrderCancellation>(const Value& value) {
  return read_document<OrderCancellation>(
      value, "cancellation", [](ObjectReader& reader, OrderCancellation& cancellation) {
        reader.read("reason", cancellation.reason, Need::optional);
        reader.read_each(
            "lines",
            [&](ObjectReader& entry) {
              LineCancellation& line = cancellation.lines.emplace_back();
              entry.read("number", line.number);
              entry.read("quantity", line.quantity);
            },
            Need::optional);
      });
}

template <>
Result<OrderReceipt> from_json<OrderReceipt>(const Value& value) {
  return read_document<OrderReceipt>(
      value, "receipt", [](ObjectReader& reader, OrderReceipt& receipt) {
        reader.read("channel", receipt.id.channel, Need::optional);
        reader.read("number", receipt.id.number, Need::optional);
        reader.read("document", receipt.document, Need::optional);
        reader.read_word("state", receipt.state, receipt_states);
        read_status(reader, "status", receipt.status, Need::required);
        reader.read_object(
            "erpTotals",
            [&](ObjectReader& totals) { read_totals(totals, receipt.erp_totals.emplace()); },
            Need::optional);
        reader.read("released", receipt.released);
        reader.read("revision", receipt.revision, Need::optional);
      });
}

template <>
Result<OrderRef> from_json<OrderRef>(const Value& value) {
  return read_document<OrderRef>(value, "reference", [](ObjectReader& reader, OrderRef& ref) {
    reader.read("channel", ref.id.channel, Need::optional);
    reader.read("number", ref.id.number, Need::optional);
    reader.read("document", ref.document, Need::optional);
  });
}

Result<Order> order_request_from_json(const Value& value, const ChannelId& channel) {
  return read_document<Order>(value, "order", [&](ObjectReader& reader, Order& order) {
    read_order(reader, order, Form::request);
    order.id.channel = channel;
  });
}

Result<OrderAmendment> order_amendment_request_from_json(const Value& value) {
  return read_document<OrderAmendment>(value, "amendment",
                                       [](ObjectReader& reader, OrderAmendment& amendment) {
                                         read_order_amendment(reader, amendment, Form::request);
                                       });
}

}  // namespace underpin::json
