#include "contracts/json/codec.h"

#include "contracts/json/codec_parts.h"

namespace underpin::json {
namespace {

constexpr std::array<std::pair<AdjustmentKind, std::string_view>, 2> adjustment_kinds{
    {{AdjustmentKind::delta, "delta"}, {AdjustmentKind::count, "count"}}};

constexpr std::array<std::pair<PriceScope, std::string_view>, 3> price_scopes{
    {{PriceScope::everyone, "everyone"},
     {PriceScope::group, "group"},
     {PriceScope::customer, "customer"}}};

constexpr std::array<std::pair<CustomerBlock, std::string_view>, 4> customer_blocks{
    {{CustomerBlock::none, "none"},
     {CustomerBlock::ship, "ship"},
     {CustomerBlock::invoice, "invoice"},
     {CustomerBlock::all, "all"}}};

void put_key(Value& object, const StockKey& key) {
  put(object, "sku", key.sku);
  put(object, "location", key.location);
}

void read_key(ObjectReader& reader, StockKey& key) {
  reader.read("sku", key.sku, Need::optional);
  reader.read("location", key.location, Need::optional);
}

void read_price(ObjectReader& reader, PriceEntry& entry) {
  reader.read("sku", entry.sku, Need::optional);
  reader.read_word("scope", entry.scope, price_scopes);
  reader.read("scopeCode", entry.scope_code, Need::optional);
  reader.read("from", entry.from, Need::optional);
  reader.read("to", entry.to);
  reader.read("zone", entry.zone, Need::optional);
  reader.read("minimumQuantity", entry.minimum_quantity);
  reader.read("uom", entry.uom, Need::optional);
  reader.read("currency", entry.currency, Need::optional);
  reader.read("taxIncluded", entry.tax_included);
  reader.read("unitPrice", entry.unit_price);
}

void read_customer(ObjectReader& reader, Customer& customer, Form form) {
  reader.read("number", customer.number, need_of(form));
  reader.read("name", customer.name, need_of(form));
  reader.read("kind", customer.kind, Need::optional);
  read_optional_address(reader, "address", customer.address);
  reader.read("email", customer.email, Need::optional);
  reader.read("phone", customer.phone, Need::optional);
  reader.read("currency", customer.currency, Need::optional);
  reader.read("priceGroup", customer.price_group, Need::optional);
  if (form == Form::request) {
    for (const char* key : {"blocked", "updatedAt", "revision"}) reader.refuse_read_only(key);
    return;
  }
  reader.read_word("blocked", customer.blocked, customer_blocks, Need::optional);
  reader.read("updatedAt", customer.updated_at);
  reader.read("revision", customer.revision, Need::optional);
}

}  // namespace

Value to_json(const StockLevel& level) {
  Value result = Value::object();
  put_key(result, level.key);
  put(result, "uom", level.uom);
  put(result, "onHand", level.on_hand);
  put(result, "reserved", level.reserved);
  put(result, "available", level.available);
  put(result, "asOf", level.as_of);
  return result;
}

Value to_json(const StockAdjustment& adjustment) {
  Value result = Value::object();
  put(result, "movement", adjustment.movement);
  put_key(result, adjustment.key);
  put(result, "kind", word_of(adjustment.kind, adjustment_kinds));
  put(result, "quantity", adjustment.quantity);
  put(result, "asOf", adjustment.as_of);
  put(result, "uom", adjustment.uom);
  put(result, "reason", adjustment.reason);
  return result;
}

Value to_json(const AdjustmentReceipt& receipt) {
  Value result = Value::object();
  put(result, "movement", receipt.movement);
  put(result, "document", receipt.document);
  put_key(result, receipt.key);
  put(result, "quantity", receipt.quantity);
  return result;
}

Value to_json(const AvailabilityRequest& request) {
  Value result = Value::object();
  put_each(result, "lines", request.lines, [](const AvailabilityLine& line) {
    Value entry = Value::object();
    put(entry, "sku", line.sku);
    put(entry, "location", line.location);
    return entry;
  });
  return result;
}

Value to_json(const PriceEntry& entry) {
  Value result = Value::object();
  put(result, "sku", entry.sku);
  put(result, "scope", word_of(entry.scope, price_scopes));
  put(result, "scopeCode", entry.scope_code);
  put(result, "from", entry.from);
  put(result, "to", entry.to);
  put(result, "zone", entry.zone);
  put(result, "minimumQuantity", entry.minimum_quantity);
  put(result, "uom", entry.uom);
  put(result, "currency", entry.currency);
  put_flag(result, "taxIncluded", entry.tax_included);
  put(result, "unitPrice", entry.unit_price);
  return result;
}

Value to_json(const PriceList& list) {
  const auto price = [](const PriceEntry& entry) { return to_json(entry); };
  Value result = Value::object();
  put(result, "batch", list.batch);
  put_flag(result, "full", list.full);
  put(result, "created", list.created);
  put_each(result, "entries", list.entries, price);
  put_each(result, "deletions", list.deletions, price);
  return result;
}

Value to_json(const PriceListReceipt& receipt) {
  Value result = Value::object();
  put(result, "batch", receipt.batch);
  put(result, "rows", receipt.rows);
  put(result, "hashTotal", receipt.hash_total);
  return result;
}

Value to_json(const QuoteRequest& request) {
  Value result = Value::object();
  put(result, "customer", request.customer);
  put(result, "currency", request.currency);
  put(result, "at", request.at);
  put_each(result, "lines", request.lines, [](const QuoteLine& line) {
    Value entry = Value::object();
    put(entry, "number", line.number);
    put(entry, "sku", line.sku);
    put(entry, "quantity", line.quantity);
    put(entry, "uom", line.uom);
    return entry;
  });
  return result;
}

Value to_json(const Quote& quote) {
  Value result = Value::object();
  put(result, "customer", quote.customer);
  put(result, "currency", quote.currency);
  put(result, "at", quote.at);
  put_each(result, "lines", quote.lines, [](const QuotedLine& line) {
    Value entry = Value::object();
    put(entry, "number", line.number);
    put(entry, "sku", line.sku);
    put(entry, "quantity", line.quantity);
    put(entry, "uom", line.uom);
    put(entry, "listPrice", line.list_price);
    put_each(entry, "adjustments", line.adjustments, adjustment_to_json);
    put(entry, "unitPrice", line.unit_price);
    put(entry, "netAmount", line.net_amount);
    return entry;
  });
  put(result, "totalNet", quote.total_net);
  put(result, "pricesAsOf", quote.prices_as_of);
  return result;
}

Value to_json(const Customer& customer) {
  Value result = Value::object();
  put(result, "number", customer.number);
  put(result, "name", customer.name);
  put(result, "kind", customer.kind);
  if (customer.address) put_value(result, "address", to_json(*customer.address));
  put(result, "email", customer.email);
  put(result, "phone", customer.phone);
  put(result, "currency", customer.currency);
  put(result, "priceGroup", customer.price_group);
  put(result, "blocked", word_of(customer.blocked, customer_blocks));
  put(result, "updatedAt", customer.updated_at);
  put(result, "revision", customer.revision);
  return result;
}

Value to_json(const CustomerAmendment& amendment) {
  Value result = Value::object();
  put(result, "name", amendment.name);
  if (amendment.address) put_value(result, "address", to_json(*amendment.address));
  put(result, "email", amendment.email);
  put(result, "phone", amendment.phone);
  put(result, "priceGroup", amendment.price_group);
  return result;
}

Value to_json(const CustomerReceipt& receipt) {
  Value result = Value::object();
  put(result, "number", receipt.number);
  put(result, "document", receipt.document);
  put(result, "revision", receipt.revision);
  return result;
}

Value to_json(const Error& error) {
  Value result = Value::object();
  put(result, "code", std::string(name(error.code)));
  put(result, "message", error.message);
  put(result, "system", error.system);
  put(result, "vendorCode", error.vendor_code);
  if (error.retry_after_s != 0) put(result, "retryAfterS", error.retry_after_s);
  put_each(result, "fields", error.fields, [](const FieldError& field) {
    Value entry = Value::object();
    entry.set("pointer", field.pointer).set("detail", field.detail);
    return entry;
  });
  return result;
}

template <>
Result<StockLevel> from_json<StockLevel>(const Value& value) {
  return read_document<StockLevel>(value, "stock level", [](ObjectReader& reader, auto& level) {
    read_key(reader, level.key);
    reader.read("uom", level.uom, Need::optional);
    reader.read("onHand", level.on_hand);
    reader.read("reserved", level.reserved);
    reader.read("available", level.available);
    reader.read("asOf", level.as_of);
  });
}

template <>
Result<StockAdjustment> from_json<StockAdjustment>(const Value& value) {
  return read_document<StockAdjustment>(value, "adjustment", [](ObjectReader& reader, auto& entry) {
    reader.read("movement", entry.movement);
    reader.read("sku", entry.key.sku);
    reader.read("location", entry.key.location);
    reader.read_word("kind", entry.kind, adjustment_kinds);
    reader.read("quantity", entry.quantity);
    reader.read("asOf", entry.as_of);
    reader.read("uom", entry.uom, Need::optional);
    reader.read("reason", entry.reason, Need::optional);
  });
}

template <>
Result<AdjustmentReceipt> from_json<AdjustmentReceipt>(const Value& value) {
  return read_document<AdjustmentReceipt>(value, "receipt", [](ObjectReader& reader, auto& entry) {
    reader.read("movement", entry.movement, Need::optional);
    reader.read("document", entry.document, Need::optional);
    read_key(reader, entry.key);
    reader.read("quantity", entry.quantity);
  });
}

template <>
Result<AvailabilityRequest> from_json<AvailabilityRequest>(const Value& value) {
  return read_document<AvailabilityRequest>(
      value, "availability request", [](ObjectReader& reader, AvailabilityRequest& request) {
        reader.read_each("lines", [&](ObjectReader& entry) {
          AvailabilityLine& line = request.lines.emplace_back();
          entry.read("sku", line.sku);
          entry.read("location", line.location);
        });
      });
}

template <>
Result<PriceEntry> from_json<PriceEntry>(const Value& value) {
  return read_document<PriceEntry>(value, "price", read_price);
}

template <>
Result<PriceList> from_json<PriceList>(const Value& value) {
  return read_document<PriceList>(value, "price list", [](ObjectReader& reader, PriceList& list) {
    reader.read("batch", list.batch, Need::optional);
    reader.read("full", list.full);
    reader.read("created", list.created);
    reader.read_each("entries",
                     [&](ObjectReader& entry) { read_price(entry, list.entries.emplace_back()); });
    reader.read_each("deletions", [&](ObjectReader& entry) {
      read_price(entry, list.deletions.emplace_back());
    });
  });
}

template <>
Result<PriceListReceipt> from_json<PriceListReceipt>(const Value& value) {
  return read_document<PriceListReceipt>(value, "receipt", [](ObjectReader& reader, auto& entry) {
    reader.read("batch", entry.batch, Need::optional);
    reader.read("rows", entry.rows);
    reader.read("hashTotal", entry.hash_total);
  });
}

template <>
Result<QuoteRequest> from_json<QuoteRequest>(const Value& value) {
  return read_document<QuoteRequest>(value, "quote request",
                                     [](ObjectReader& reader, QuoteRequest& request) {
                                       reader.read("customer", request.customer);
                                       reader.read("currency", request.currency);
                                       reader.read("at", request.at);
                                       reader.read_each("lines", [&](ObjectReader& entry) {
                                         QuoteLine& line = request.lines.emplace_back();
                                         entry.read("number", line.number);
                                         entry.read("sku", line.sku);
                                         entry.read("quantity", line.quantity);
                                         entry.read("uom", line.uom, Need::optional);
                                       });
                                     });
}

template <>
Result<Quote> from_json<Quote>(const Value& value) {
  return read_document<Quote>(value, "quote", [](ObjectReader& reader, Quote& quote) {
    reader.read("customer", quote.customer, Need::optional);
    reader.read("currency", quote.currency, Need::optional);
    reader.read("at", quote.at);
    reader.read_each("lines", [&](ObjectReader& entry) {
      QuotedLine& line = quote.lines.emplace_back();
      entry.read("number", line.number);
      entry.read("sku", line.sku);
      entry.read("quantity", line.quantity);
      entry.read("uom", line.uom, Need::optional);
      entry.read("listPrice", line.list_price);
      entry.read_each("adjustments", [&](ObjectReader& adjustment) {
        read_adjustment(adjustment, line.adjustments.emplace_back());
      });
      entry.read("unitPrice", line.unit_price);
      entry.read("netAmount", line.net_amount);
    });
    reader.read("totalNet", quote.total_net);
    reader.read("pricesAsOf", quote.prices_as_of);
  });
}

template <>
Result<Customer> from_json<Customer>(const Value& value) {
  return read_document<Customer>(value, "customer", [](ObjectReader& reader, Customer& customer) {
    read_customer(reader, customer, Form::record);
  });
}

template <>
Result<CustomerAmendment> from_json<CustomerAmendment>(const Value& value) {
  return read_document<CustomerAmendment>(
      value, "amendment", [](ObjectReader& reader, CustomerAmendment& amendment) {
        reader.read("name", amendment.name);
        read_optional_address(reader, "address", amendment.address);
        reader.read("email", amendment.email);
        reader.read("phone", amendment.phone);
        reader.read("priceGroup", amendment.price_group);
      });
}

template <>
Result<CustomerReceipt> from_json<CustomerReceipt>(const Value& value) {
  return read_document<CustomerReceipt>(value, "receipt", [](ObjectReader& reader, auto& receipt) {
    reader.read("number", receipt.number, Need::optional);
    reader.read("document", receipt.document, Need::optional);
    reader.read("revision", receipt.revision, Need::optional);
  });
}

std::optional<Error> error_from_json(const Value& value) {
  Error error;
  std::vector<FieldError> faults;
  ObjectReader reader(value, {}, faults);
  const Value* code = reader.member("code", Need::required);
  if (code == nullptr || !parse(code->text(), error.code)) return std::nullopt;
  reader.read("message", error.message, Need::optional);
  reader.read("system", error.system, Need::optional);
  reader.read("vendorCode", error.vendor_code, Need::optional);
  reader.read("retryAfterS", error.retry_after_s, Need::optional);
  reader.read_each(
      "fields",
      [&](ObjectReader& entry) {
        FieldError& field = error.fields.emplace_back();
        entry.read("pointer", field.pointer);
        entry.read("detail", field.detail);
      },
      Need::optional);
  if (!faults.empty()) return std::nullopt;
  return error;
}

Result<Customer> customer_request_from_json(const Value& value) {
  return read_document<Customer>(value, "customer", [](ObjectReader& reader, Customer& customer) {
    read_customer(reader, customer, Form::request);
  });
}

}  // namespace underpin::json
