#include "contracts/json/return_codec.h"

#include "contracts/json/codec_parts.h"

namespace underpin::json {
namespace {

constexpr std::array<std::pair<ReturnStatus, std::string_view>, 4> return_statuses{
    {{ReturnStatus::open, "open"},
     {ReturnStatus::received, "received"},
     {ReturnStatus::credited, "credited"},
     {ReturnStatus::cancelled, "cancelled"}}};
constexpr std::array<std::pair<ReceiptState, std::string_view>, 2> receipt_states{
    {{ReceiptState::confirmed, "confirmed"}, {ReceiptState::pending, "pending"}}};

void put_made(Value& result, const ReturnReference& made) {
  put(result, "document", made.document);
  put(result, "date", made.date);
  put(result, "status", word_of(made.status, return_statuses));
  put_each(result, "lines", made.lines, [](const ReturnedLine& line) {
    Value entry = Value::object();
    put(entry, "line", line.line);
    put(entry, "sku", line.sku);
    put(entry, "quantity", line.quantity);
    put(entry, "reason", line.reason);
    return entry;
  });
}

void read_made(ObjectReader& reader, ReturnReference& made) {
  reader.read("document", made.document, Need::optional);
  reader.read("date", made.date, Need::optional);
  reader.read_word("status", made.status, return_statuses);
  reader.read_each("lines", [&](ObjectReader& entry) {
    ReturnedLine& line = made.lines.emplace_back();
    entry.read("line", line.line);
    entry.read("sku", line.sku, Need::optional);
    entry.read("quantity", line.quantity);
    entry.read("reason", line.reason, Need::optional);
  });
}

void read_asked(ObjectReader& reader, OrderReturn& asked, Form form) {
  reader.read("number", asked.number);
  reader.read("returnDate", asked.date);
  reader.read_each("lines", [&](ObjectReader& entry) {
    ReturnLine& line = asked.lines.emplace_back();
    entry.read("number", line.number);
    entry.read("quantity", line.quantity);
    entry.read("reason", line.reason);
    entry.read("location", line.location, Need::optional);
    if (form == Form::request) return;
    entry.read("sku", line.sku, Need::optional);
    entry.read("description", line.description, Need::optional);
    entry.read("uom", line.uom, Need::optional);
    entry.read("unitPrice", line.unit_price);
    entry.read("discount", line.discount);
  });
  if (form == Form::request) return;
  reader.read("channel", asked.order.channel, Need::optional);
  reader.read("order", asked.order.number);
  reader.read("customer", asked.customer, Need::optional);
  reader.read("currency", asked.currency, Need::optional);
  reader.read("pricesIncludeTax", asked.prices_include_tax);
  std::vector<std::string> invoices;
  reader.read("invoices", invoices);
  for (std::string& invoice : invoices) asked.invoices.emplace_back(std::move(invoice));
}

}  // namespace

Value to_json(const OrderReturn& asked) {
  Value result = Value::object();
  put(result, "channel", asked.order.channel);
  put(result, "order", asked.order.number);
  put(result, "number", asked.number);
  put(result, "returnDate", asked.date);
  put(result, "customer", asked.customer);
  put(result, "currency", asked.currency);
  put_flag(result, "pricesIncludeTax", asked.prices_include_tax);
  put_each(result, "invoices", asked.invoices,
           [](const DocumentNumber& invoice) { return Value(invoice.text()); });
  put_each(result, "lines", asked.lines, [](const ReturnLine& line) {
    Value entry = Value::object();
    put(entry, "number", line.number);
    put(entry, "quantity", line.quantity);
    put(entry, "reason", line.reason);
    put(entry, "location", line.location);
    put(entry, "sku", line.sku);
    put(entry, "description", line.description);
    put(entry, "uom", line.uom);
    put(entry, "unitPrice", line.unit_price);
    put(entry, "discount", line.discount);
    return entry;
  });
  return result;
}

Value to_json(const ReturnReference& made) {
  Value result = Value::object();
  put(result, "number", made.number);
  put_made(result, made);
  return result;
}

Value to_json(const ReturnReceipt& receipt) {
  Value result = Value::object();
  put(result, "channel", receipt.order.channel);
  put(result, "number", receipt.order.number);
  put(result, "return", receipt.made.number);
  put(result, "state", word_of(receipt.state, receipt_states));
  put_made(result, receipt.made);
  return result;
}

void read_return(ObjectReader& reader, ReturnReference& made) {
  reader.read("number", made.number, Need::optional);
  read_made(reader, made);
}

template <>
Result<OrderReturn> from_json<OrderReturn>(const Value& value) {
  return read_document<OrderReturn>(value, "return", [](ObjectReader& reader, OrderReturn& asked) {
    read_asked(reader, asked, Form::record);
  });
}

template <>
Result<ReturnReceipt> from_json<ReturnReceipt>(const Value& value) {
  return read_document<ReturnReceipt>(
      value, "receipt", [](ObjectReader& reader, ReturnReceipt& receipt) {
        reader.read("channel", receipt.order.channel, Need::optional);
        reader.read("number", receipt.order.number, Need::optional);
        reader.read("return", receipt.made.number, Need::optional);
        reader.read_word("state", receipt.state, receipt_states);
        read_made(reader, receipt.made);
      });
}

Result<OrderReturn> return_request_from_json(const Value& value) {
  return read_document<OrderReturn>(value, "return", [](ObjectReader& reader, OrderReturn& asked) {
    read_asked(reader, asked, Form::request);
  });
}

}  // namespace underpin::json
