#include "legacy-adapters/iseries_batch/status_file.h"

#include "contracts/external_reference.h"

#include <algorithm>
#include <optional>

namespace underpin::legacy::iseries_batch {
namespace {

constexpr int group_max = 50'000;  // Records of one order or return, with its header.

std::optional<OrderStatus> status_of(const std::string& letter, const OrderSeen& seen) {
  if (letter == "X") return OrderStatus::cancelled;
  if (letter == "I") return OrderStatus::invoiced;
  if (letter != "O") return std::nullopt;
  bool shipped = false;
  bool outstanding = false;
  for (const OrderLine& line : seen.order.lines) {
    shipped = shipped || !line.shipped_quantity.is_zero();
    outstanding = outstanding || line.outstanding() > Decimal{};
  }
  if (shipped) return outstanding ? OrderStatus::partially_shipped : OrderStatus::shipped;
  return seen.held ? OrderStatus::open : OrderStatus::released;
}

std::optional<ReturnStatus> return_status_of(const std::string& letter) {
  if (letter == "O") return ReturnStatus::open;
  if (letter == "R") return ReturnStatus::received;
  if (letter == "C") return ReturnStatus::credited;
  if (letter == "X") return ReturnStatus::cancelled;
  return std::nullopt;
}

// Blank is no address; which one, the record says.
Address address_of(const Fields& fields) {
  Address address;
  address.id = fields.text("ADRID");
  address.kind = fields.text("KIND") == "B" ? "bill_to" : "ship_to";
  address.name = fields.text("NAME");
  address.line1 = fields.text("ADR1");
  address.line2 = fields.text("ADR2");
  address.city = fields.text("CITY");
  address.post_code = fields.text("ZIP");
  address.region = fields.text("REGION");
  address.country = fields.text("CTRY");
  return address;
}

class StatusReader {
 public:
  StatusReader(edi::ReadBytes read, const Reading& reading, const StatusConsumer& consumer)
      : reading_(reading),
        consumer_(consumer),
        reader_(std::move(read), format_of(FileKind::status, reading.wire)) {}

  Status run() {
    bool done = false;
    for (;;) {
      const auto kind = reader_.next();
      if (!kind) return kind.error();
      switch (*kind) {
        case edi::FixedKind::batch: {
          if (done) return wrong("a second batch follows");
          const auto header = header_of(reader_.record(), FileKind::status, reading_.zone);
          if (!header) return header.error();
          if (const Status taken = consumer_.header(*header); !taken) return taken;
          break;
        }
        case edi::FixedKind::record:
          take();
          break;
        case edi::FixedKind::rejected:
          take_rejected();
          break;
        case edi::FixedKind::batch_end:
          finish();
          if (!reader_.batch_faults().empty()) return wrong(reasons(reader_.batch_faults()));
          done = true;
          break;
        case edi::FixedKind::end:
          if (!done) return wrong("the file has no header");
          return Done{};
      }
    }
  }

 private:
  static Error wrong(std::string reason) { return {ErrorCode::invalid_request, std::move(reason)}; }
  void refuse(std::string field, std::string reason) {
    const edi::Place place = reader_.place();
    consumer_.refused(
        {place.line, reader_.record().layout().name, std::move(field), std::move(reason)});
  }
  // A record of the group that is being read cannot be used, so the group cannot. A header begins
  // another one, whose records will find none before them.
  void take_rejected() {
    const std::string name = reader_.place().segment;
    if (name == "answer" || name == "order" || name == "return") {
      report(reader_, consumer_.refused);
      return finish();
    }
    if (order_ || return_) spoiled_ = true;
    report(reader_, consumer_.refused);
  }

  void take() { take(Fields(reader_.record().values().value()), reader_.record().layout().name); }

  void take(const Fields& fields, const std::string& name) {
    if (name == "answer") return take_answer(fields);
    if (name == "order") return begin_order(fields);
    if (name == "return") return begin_return(fields);
    if ((order_ || return_) && ++records_ >= group_max) {
      if (records_ == group_max)
        refuse("", "is one of more than " + std::to_string(group_max) + " of one order or return");
      spoiled_ = true;
      return;
    }
    if (name == "return line") return take_return_line(fields);
    if (!order_ || fields.text("ORDNO") != order_->document) {
      refuse("ORDNO", "belongs to order " + fields.text("ORDNO") +
                          ", whose header does not stand before it");
      return;
    }
    if (name == "order line") return take_line(fields);
    if (name == "shipment") return take_shipment(fields);
    if (name == "order address") {
      const std::string& kind = fields.text("KIND");
      if (kind != "S" && kind != "B") {
        refuse("KIND", "must be S or B, not \"" + kind + "\"");
        spoiled_ = true;
        return;
      }
      (fields.text("KIND") == "B" ? order_->order.bill_to : order_->order.ship_to) =
          address_of(fields);
    } else if (name == "invoice") {
      order_->order.invoices.push_back(
          {DocumentNumber{fields.text("INVNO")}, fields.date("IDATE"), fields.number("AMOUNT")});
    } else if (name == "charge") {
      order_->order.charges.push_back(
          {fields.text("KIND"), fields.text("CODE"), fields.number("AMOUNT"), {}});
    } else {
      order_->order.payments.push_back({fields.text("ID"), fields.text("PROVID"),
                                        fields.text("METHOD"), fields.number("AMOUNT")});
    }
  }

  void take_answer(const Fields& fields) {
    finish();
    Answer answer;
    answer.at = reader_.place().line;
    answer.seq = fields.whole("SEQ");
    answer.kind = fields.text("KIND");
    answer.reference = fields.text("REF");
    const std::string& result = fields.text("RESULT");
    if (result == "A") {
      answer.result = Answer::Result::accepted;
    } else if (result == "L") {
      answer.result = Answer::Result::later;
    } else if (result != "R") {
      return refuse("RESULT", "must be A, R or L, not \"" + result + "\"");
    }
    answer.document = fields.text("DOC");
    answer.reason = fields.text("REASON");
    answer.text = fields.text("TEXT");
    answer.line = static_cast<int>(fields.whole("LINE"));
    consumer_.answer(answer);
  }

  void begin_order(const Fields& fields) {
    finish();
    spoiled_ = false;
    records_ = 1;
    lines_ = fields.whole("NLINES");
    place_ = reader_.place();
    status_ = fields.text("STATUS");
    OrderSeen seen;
    seen.document = fields.text("ORDNO");
    seen.reference = fields.text("REF");
    seen.held = fields.text("HOLD") == "Y";
    Order& order = seen.order;
    if (const auto id = decode_external_reference(seen.reference)) order.id = *id;
    order.customer = CustomerNumber{fields.text("CUST")};
    order.customer_reference = fields.text("CUSREF");
    order.order_date = fields.date("ODATE");
    order.requested_date = fields.day("RDATE");
    order.currency = fields.text("CUR");
    order.prices_include_tax = fields.text("TAXINC") == "Y";
    order.totals = {fields.number("NET"), fields.number("CHARGE"), fields.number("TAX"),
                    fields.number("TOTAL")};
    order.revision = Revision{std::to_string(fields.whole("VERS"))};
    const Timestamp changed = instant_of(reading_.zone, fields.date("CHGD"), fields.whole("CHGT"));
    if (!changed.empty()) order.updated_at = changed;
    order_ = std::move(seen);
    for (const char* flag : {"HOLD", "TAXINC"}) {
      if (is_flag(fields.text(flag))) continue;
      refuse(flag, "must be Y, N or blank, not \"" + fields.text(flag) + "\"");
      spoiled_ = true;
    }
    if (order_->document.empty()) {
      refuse("ORDNO", "must not be blank");
      spoiled_ = true;
    }
  }

  void take_line(const Fields& fields) {
    OrderLine line;
    line.number = static_cast<int>(fields.whole("LINE"));
    line.sku = Sku{fields.text("SKU")};
    line.description = fields.text("DESC");
    line.location = LocationCode{fields.text("WHS")};
    line.quantity = fields.number("QTY").normalized();
    line.cancelled_quantity = fields.number("CANC").normalized();
    line.shipped_quantity = fields.number("SHIP").normalized();
    line.invoiced_quantity = fields.number("INV").normalized();
    line.unit_price = fields.number("PRICE");
    line.net_amount = fields.number("NET");
    line.requested_date = fields.day("RDATE");
    const auto unit = reading_.units.from_vendor(fields.text("UOM"));
    if (!unit) {
      refuse("UOM", "\"" + fields.text("UOM") + "\" is no unit that the settings map");
      spoiled_ = true;
      return;
    }
    line.uom = *unit;
    if (!fields.number("ADJ").is_zero()) {
      Adjustment adjustment;
      adjustment.promotion = fields.text("PROMO");
      adjustment.kind = adjustment.promotion.empty() ? "manual" : "promotion";
      adjustment.amount = fields.number("ADJ");
      line.adjustments.push_back(std::move(adjustment));
    }
    if (!fields.text("TAXC").empty())
      line.taxes.push_back(
          {fields.text("TAXC"), fields.number("TAXR").normalized(), fields.number("TAX")});
    order_->order.lines.push_back(std::move(line));
    --lines_;
  }

  void take_shipment(const Fields& fields) {
    const DocumentNumber number{fields.text("SHIPNO")};
    auto& all = order_->order.shipments;
    auto one = std::find_if(all.begin(), all.end(),
                            [&](const ShipmentReference& s) { return s.document == number; });
    if (one == all.end()) {
      all.push_back({number, fields.date("SDATE"), {}});
      one = all.end() - 1;
    }
    one->lines.push_back({static_cast<int>(fields.whole("LINE")), Sku{fields.text("SKU")},
                          fields.number("QTY").normalized()});
  }

  void begin_return(const Fields& fields) {
    finish();
    spoiled_ = false;
    records_ = 1;
    lines_ = fields.whole("NLINES");
    place_ = reader_.place();
    ReturnSeen seen;
    seen.order_document = fields.text("ORDNO");
    seen.reference = fields.text("RREF");
    seen.invoice = fields.text("INVNO");
    seen.made.document = DocumentNumber{fields.text("RETNO")};
    seen.made.date = fields.date("RDATE");
    return_ = std::move(seen);
    const auto status = return_status_of(fields.text("STATUS"));
    if (!status) {
      refuse("STATUS", "\"" + fields.text("STATUS") + "\" is no status of a return");
      spoiled_ = true;
      return;
    }
    return_->made.status = *status;
  }

  void take_return_line(const Fields& fields) {
    if (!return_ || fields.text("RETNO") != return_->made.document.text())
      return refuse("RETNO", "belongs to return " + fields.text("RETNO") +
                                 ", whose header does not stand before it");
    const std::string& code = fields.text("REASON");
    // The ERP's users may give reasons that the channels do not have: those stay as they are.
    const std::string reason = reading_.return_reasons.from_vendor(code).value_or(code);
    return_->made.lines.push_back({static_cast<int>(fields.whole("LINE")), Sku{fields.text("SKU")},
                                   fields.number("QTY").normalized(), reason});
    --lines_;
  }

  void refuse_group(const std::string& record, const char* field, std::string reason) {
    consumer_.refused({place_.line, record, field, std::move(reason)});
  }

  // The group that was read, if there is one, is complete.
  void finish() {
    const auto order = std::exchange(order_, std::nullopt);
    const auto made = std::exchange(return_, std::nullopt);
    if (!order && !made) return;
    const std::string name = order ? "order" : "return";
    const std::string number = order ? order->document : made->made.document.text();
    if (spoiled_)
      return refuse_group(name, "", number + " is put aside: a record of it cannot be used");
    if (lines_ != 0)
      return refuse_group(
          name, "NLINES",
          number + " has " + (lines_ > 0 ? "fewer" : "more") + " lines than its header says");
    if (made) return consumer_.made_return(*made);
    OrderSeen seen = *order;
    std::vector<int> numbers;
    for (const OrderLine& line : seen.order.lines) numbers.push_back(line.number);
    std::sort(numbers.begin(), numbers.end());
    const auto twice = std::adjacent_find(numbers.begin(), numbers.end());
    if (twice != numbers.end())
      return refuse_group(name, "",
                          number + " has line " + std::to_string(*twice) + " more than once");
    const auto status = status_of(status_, seen);
    if (!status)
      return refuse_group(name, "STATUS", "\"" + status_ + "\" is no status of an order");
    seen.order.status = *status;
    // Of a line with nothing in it the iSeries keeps the number; it is no line to a channel.
    std::erase_if(seen.order.lines, [](const OrderLine& line) {
      return line.quantity.is_zero() && line.shipped_quantity.is_zero();
    });
    if (auto reason = consumer_.order(seen)) refuse_group(name, "", std::move(*reason));
  }

  const Reading& reading_;
  const StatusConsumer& consumer_;
  edi::FixedReader reader_;
  std::optional<OrderSeen> order_;
  std::optional<ReturnSeen> return_;
  std::string status_;
  edi::Place place_;
  std::int64_t lines_ = 0;  // That are still to come.
  int records_ = 0;         // Of the group so far.
  bool spoiled_ = false;
};

}  // namespace

bool is_flag(const std::string& text) { return text.empty() || text == "Y" || text == "N"; }

std::string text(const Refusal& refusal) {
  std::string text = "line " + std::to_string(refusal.line) + ": ";
  if (!refusal.record.empty()) text += refusal.record;
  if (!refusal.field.empty()) text += ", " + refusal.field;
  if (!refusal.record.empty()) text += ": ";
  return text + refusal.reason;
}

std::string reasons(const edi::Faults& faults) {
  std::string all;
  for (const edi::Fault& fault : faults.list) {
    if (!all.empty()) all += "; ";
    all += edi::text(fault);
  }
  return all;
}

void report(const edi::FixedReader& reader, const std::function<void(Refusal)>& refused) {
  for (const edi::Fault& fault : reader.faults().list) {
    Refusal refusal{fault.place.line, fault.place.segment, {}, fault.rule};
    // A fault of a field begins with its name.
    if (fault.place.element > 0) {
      const std::size_t end = fault.rule.find(' ');
      refusal.field = fault.rule.substr(0, end);
      refusal.reason = end == std::string::npos ? "" : fault.rule.substr(end + 1);
    }
    if (!fault.value.empty()) refusal.reason += ": \"" + fault.value + "\"";
    refused(std::move(refusal));
  }
}

Status read_status_file(edi::ReadBytes read, const Reading& reading,
                        const StatusConsumer& consumer) {
  return StatusReader(std::move(read), reading, consumer).run();
}

}  // namespace underpin::legacy::iseries_batch
