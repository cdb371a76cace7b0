#include "legacy-adapters/iseries_batch/order_records.h"

#include "legacy-adapters/iseries_batch/failure.h"

namespace underpin::legacy::iseries_batch {
namespace {

std::string at(const std::string& pointer, const char* member) { return pointer + "/" + member; }

Record header_record(const std::string& action, const std::string& reference,
                     const std::string& document) {
  Record header{"order header", {}, {}};
  header.put("ACT", action).put("REF", reference).put("ORDNO", document);
  return header;
}

Record address_record(const Address& address, const char* kind, const std::string& pointer) {
  Record record{"order address", {}, {}};
  record.put("KIND", std::string(kind))
      .put("ADRID", address.id, at(pointer, "id"))
      .put("NAME", address.name, at(pointer, "name"))
      .put("ADR1", address.line1, at(pointer, "line1"))
      .put("ADR2", address.line2, at(pointer, "line2"))
      .put("CITY", address.city, at(pointer, "city"))
      .put("ZIP", address.post_code, at(pointer, "postCode"))
      .put("REGION", address.region, at(pointer, "region"))
      .put("CTRY", address.country, at(pointer, "country"));
  return record;
}

Decimal sum_of(const std::vector<Adjustment>& adjustments) {
  Decimal sum;
  for (const Adjustment& one : adjustments) sum += one.amount;
  return sum;
}

// A line with one promotion keeps its id; of more than one none could be told apart afterwards.
std::string promotion_of(const OrderLine& line) {
  std::string found;
  for (const Adjustment& one : line.adjustments) {
    if (one.promotion.empty()) continue;
    if (!found.empty() && found != one.promotion) return {};
    found = one.promotion;
  }
  return found;
}

void put_line(Record& record, const OrderLine& line, const std::string& pointer,
              const CodeTable& units) {
  const auto unit = units.to_vendor(line.uom);
  if (!unit)
    fail(ErrorCode::rejected, "unit " + line.uom + " is not mapped", at(pointer, "uom"),
         "must be a unit that the settings map");
  record.put("SKU", line.sku.text(), at(pointer, "sku"))
      .put("DESC", line.description, at(pointer, "description"))
      .put("WHS", line.location.text(), at(pointer, "location"))
      .put("UOM", *unit, at(pointer, "uom"))
      .put("PRICE", line.unit_price, at(pointer, "unitPrice"))
      .put("ADJ", sum_of(line.adjustments), at(pointer, "adjustments"))
      .put("PROMO", promotion_of(line), at(pointer, "adjustments"));
  if (line.requested_date) record.put("RDATE", *line.requested_date);
}

}  // namespace

std::vector<Record> new_order(const Order& order, const std::string& reference,
                              const CodeTable& units) {
  std::vector<Record> records;
  Record header = header_record("A", reference, "");
  header.put("HOLD", "Y")
      .put("CUST", order.customer.text(), "/customer")
      .put("CUSREF", order.customer_reference, "/customerReference")
      .put("ODATE", order.order_date, "/orderDate")
      .put("CUR", order.currency, "/currency")
      .put("TAXINC", std::string(order.prices_include_tax ? "Y" : "N"))
      .put("NET", order.totals.items_net, "/totals/itemsNet");
  if (order.requested_date) header.put("RDATE", *order.requested_date, "/requestedDate");
  records.push_back(std::move(header));
  if (order.ship_to) records.push_back(address_record(*order.ship_to, "S", "/shipTo"));
  if (order.bill_to) records.push_back(address_record(*order.bill_to, "B", "/billTo"));
  for (std::size_t i = 0; i < order.lines.size(); ++i) {
    const OrderLine& line = order.lines[i];
    const Decimal outstanding = line.outstanding();
    if (outstanding.is_zero() || outstanding.is_negative()) continue;
    const std::string pointer = "/lines/" + std::to_string(i);
    Record record{"order line", {}, {}};
    record.put("LINE", Decimal::of(line.number)).put("CHG", "N");
    record.put("QTY", outstanding, at(pointer, "quantity"));
    put_line(record, line, pointer, units);
    records.push_back(std::move(record));
  }
  for (std::size_t i = 0; i < order.charges.size(); ++i) {
    const std::string pointer = "/charges/" + std::to_string(i);
    Record record{"order charge", {}, {}};
    record.put("KIND", order.charges[i].kind, at(pointer, "kind"))
        .put("CODE", order.charges[i].code, at(pointer, "code"))
        .put("AMOUNT", order.charges[i].amount, at(pointer, "amount"));
    records.push_back(std::move(record));
  }
  for (std::size_t i = 0; i < order.payments.size(); ++i) {
    const std::string pointer = "/payments/" + std::to_string(i);
    Record record{"order payment", {}, {}};
    record.put("ID", order.payments[i].id, at(pointer, "id"))
        .put("METHOD", order.payments[i].method, at(pointer, "method"))
        .put("PROVID", order.payments[i].provider, at(pointer, "provider"))
        .put("AMOUNT", order.payments[i].amount, at(pointer, "amount"));
    records.push_back(std::move(record));
  }
  return records;
}

std::vector<Record> action_on(const std::string& action, const std::string& reference,
                              const std::string& document, const std::string& reason) {
  Record header = header_record(action, reference, document);
  header.put("REASON", reason, "/reason");
  return {header};
}

std::vector<Record> change_of(const HeaderChange& header, const std::vector<LineChange>& lines,
                              const std::string& reference, const std::string& document,
                              const CodeTable& units) {
  std::vector<Record> records;
  Record first = header_record("C", reference, document);
  std::string counts;
  if (header.requested_date) {
    counts += 'D';
    first.put("RDATE", *header.requested_date, "/requestedDate");
  }
  if (header.customer_reference) {
    counts += 'R';
    first.put("CUSREF", *header.customer_reference, "/customerReference");
  }
  first.put("CHG", counts);
  records.push_back(std::move(first));
  if (header.ship_to) records.push_back(address_record(*header.ship_to, "S", "/shipTo"));
  for (const LineChange& change : lines) {
    Record record{"order line", {}, {}};
    record.put("LINE", Decimal::of(change.number));
    std::string fields;
    if (change.added) {
      fields = "N";
      put_line(record, *change.added, change.pointer + "/added", units);
      record.put("QTY", change.added->outstanding(), change.pointer + "/added/quantity");
    }
    const auto count = [&](char letter, const char* field, const auto& value, const char* member) {
      if (!value) return;
      if (!change.added) fields += letter;
      record.put(field, *value, at(change.pointer, member));
    };
    count('Q', "QTY", change.quantity, "quantity");
    count('X', "CANC", change.cancelled, "quantity");
    count('P', "PRICE", change.unit_price, "unitPrice");
    count('A', "ADJ", change.adjustment, "adjustmentTotal");
    count('D', "RDATE", change.requested_date, "requestedDate");
    record.put("CHG", fields);
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace underpin::legacy::iseries_batch
