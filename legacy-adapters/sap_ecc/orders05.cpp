#include "legacy-adapters/sap_ecc/orders05.h"

#include "contracts/json/object_reader.h"
#include "legacy-adapters/sap_ecc/debmas.h"
#include "legacy-adapters/sap_ecc/failure.h"
#include "legacy-adapters/sap_ecc/order_message.h"
#include "legacy-adapters/transport/edi/idoc.h"
#include "legacy-adapters/transport/edi/input.h"

#include <algorithm>
#include <sstream>

namespace underpin::legacy::sap_ecc {
namespace {

constexpr std::size_t lines_max = 10'000;
constexpr std::int64_t segments_max = 200'000;
constexpr int charges_from = 900'000;   // POSEX above every line's.
constexpr const char* deleted = "003";  // ACTION

bool is_positive(Decimal amount) { return !amount.is_zero() && !amount.is_negative(); }

std::string plain(Decimal amount) { return amount.normalized().text(); }

}  // namespace

Result<Orders05Layout> Orders05Layout::load(std::string_view text) {
  const Result<json::Value> document = json::parse(text);
  if (!document) return document.error();
  return json::read_document<Orders05Layout>(
      *document, "orders05.json", [](json::ObjectReader& reader, Orders05Layout& layout) {
        std::string about;
        reader.read("about", about, json::Need::optional);
        reader.read_each("segments", [&](json::ObjectReader& one) {
          Segment segment;
          one.read("name", segment.name);
          std::size_t offset = 0;
          for (const auto& [name, width] : read_columns(one, "columns")) {
            segment.columns[name] = {offset, width};
            offset += width;
          }
          if (segment.name.size() < 7) return one.refuse("name", "must be that of a segment");
          std::string kind = segment.name.substr(4, 3);
          layout.segments_[std::move(kind)] = std::move(segment);
        });
      });
}

// --------------------------------------------------------------------------------------- writing
std::string Orders05Layout::data_of(const Segment& segment, const Values& values) const {
  edi::IdocData data;
  for (const auto& [name, value] : values) {
    if (value.empty()) continue;
    const Column& column = segment.columns.at(name);
    if (const Status put = data.put(column.offset, column.width, value); !put)
      throw Failure{{ErrorCode::rejected, segment.name + "-" + name + " has room for " +
                                              std::to_string(column.width) + " characters"}};
  }
  return data.text();
}

std::vector<OrderedItem> ordered_items(const Order& order, const Settings& settings) {
  (void)whole_order(order, settings);  // What SAP would not take by a BAPI it does not take here.
  std::vector<OrderedItem> items;
  for (std::size_t i = 0; i < order.lines.size(); ++i) {
    const OrderLine& line = order.lines[i];
    if (!is_positive(line.outstanding())) continue;
    OrderedItem item;
    item.pointer = "/lines/" + std::to_string(i);
    item.position = filled(std::to_string(line.number), 6);
    item.material = material_key(line.sku, item.pointer + "/sku");
    item.text = line.description;
    if (!line.uom.empty()) {
      const std::vector<CodePair>& units = settings.order_files.units;
      const auto unit = std::find_if(units.begin(), units.end(),
                                     [&](const CodePair& one) { return one.first == line.uom; });
      if (unit == units.end())
        throw refused(ErrorCode::rejected, "unit " + line.uom + " has no ISO code",
                      item.pointer + "/uom", "must be a unit that orders.units maps");
      item.unit = unit->second;
    }
    if (const Place* place = place_of(settings, line.location.text())) {
      item.plant = place->plant;
      item.storage = place->storage;
    }
    item.quantity = line.outstanding();
    item.price = line.unit_price;
    item.adjustment = adjustment_share(sum_of(line.adjustments), item.quantity,
                                       line.quantity - line.cancelled_quantity);
    item.requested = line.requested_date;
    items.push_back(std::move(item));
  }
  for (std::size_t i = 0; i < order.charges.size(); ++i) {
    const Charge& charge = order.charges[i];
    OrderedItem item;
    item.pointer = "/charges/" + std::to_string(i);
    item.position = std::to_string(charges_from + line_step * (static_cast<int>(i) + 1));
    for (const auto& [kind, material] : settings.charges)
      if (kind == charge.kind) item.material = filled(material, material_width);
    item.text = charge.code;
    item.quantity = Decimal::of(1);
    item.price = charge.amount;
    items.push_back(std::move(item));
  }
  return items;
}

std::string Orders05Layout::file(const Order& order, const Settings& settings,
                                 const IdocStamp& stamp) const {
  const OrderFileSettings& codes = settings.order_files;
  const std::vector<OrderedItem> items = ordered_items(order, settings);
  const std::string reference = reference_of(order.id);
  std::ostringstream file;
  edi::IdocWriter writer(file);
  const auto good = [](const Status& status) {
    if (!status) throw Failure{{ErrorCode::rejected, status.error().message}};
  };
  edi::IdocControl control;
  const std::pair<std::string_view, std::string> values[] = {
      {"MANDT", settings.soap.client},
      {"DOCNUM", std::to_string(stamp.number)},
      {"DIRECT", "2"},
      {"IDOCTYP", codes.idoc_type},
      {"MESTYP", "ORDERS"},
      {"SNDPOR", codes.sender_port},
      {"SNDPRT", codes.sender_type},
      {"SNDPRN", codes.sender_partner},
      {"RCVPOR", codes.receiver_port},
      {"RCVPRT", "LS"},
      {"RCVPRN", codes.receiver_partner},
      {"CREDAT", stamp.day},
      {"CRETIM", stamp.time},
      {"ARCKEY", reference}};
  for (const auto& [name, value] : values) (void)control.set(name, value);
  good(writer.begin(control));
  const auto put = [&](const char* kind, int level, const Values& fields) {
    const Segment& segment = segments_.at(kind);
    good(writer.segment(segment.name, level, data_of(segment, fields)));
  };
  put("K01", 1,
      {{"CURCY", order.currency},
       {"BSART", settings.order_type},
       {"BELNR", reference},
       {"LIFSK", settings.block}});
  const std::pair<const char*, std::string> organizations[] = {{"008", settings.organization},
                                                               {"007", settings.channel},
                                                               {"006", settings.division},
                                                               {"012", settings.order_type}};
  for (const auto& [qualifier, code] : organizations)
    put("K14", 1, {{"QUALF", qualifier}, {"ORGID", code}});
  put("K03", 1, {{"IDDAT", "012"}, {"DATUM", dats(order.order_date)}});
  put("K03", 1,
      {{"IDDAT", "002"}, {"DATUM", dats(order.requested_date.value_or(order.order_date))}});
  const auto partner = [&](const char* role, const std::optional<Address>& address,
                           const std::string& pointer) {
    Values fields{{"PARVW", role}, {"PARTN", customer_key(order.customer, "/customer")}};
    if (address) {
      fields.emplace_back("NAME1", address->name);
      fields.emplace_back("NAME2", address->line2);
      fields.emplace_back("STRAS", address->line1);
      fields.emplace_back("ORT01", address->city);
      fields.emplace_back("PSTLZ", fitting(address->post_code, 9, pointer + "/postCode"));
      fields.emplace_back("REGIO", address->region);
      fields.emplace_back("LAND1", address->country);
    }
    put("KA1", 1, fields);
  };
  partner("AG", std::nullopt, "");
  partner("WE", order.ship_to, "/shipTo");
  if (order.bill_to) partner("RE", order.bill_to, "/billTo");
  put("K02", 1, {{"QUALF", "001"}, {"BELNR", reference}});
  if (!order.customer_reference.empty()) {
    if (codes.reference_qualifier.empty())
      throw refused(ErrorCode::unsupported,
                    "it is not configured how an IDoc carries the customer's own reference",
                    "/customerReference", "must be empty");
    put("K02", 1, {{"QUALF", codes.reference_qualifier}, {"BELNR", order.customer_reference}});
  }
  Decimal net;
  for (const OrderedItem& item : items) {
    const Rate rate = rate_of(item.price, item.pointer + "/unitPrice");
    const std::string per = std::to_string(rate.per);
    const std::string quantity = quantity_text(item.quantity, item.pointer + "/quantity");
    put("P01", 1,
        {{"POSEX", item.position},
         {"MENGE", quantity},
         {"MENEE", item.unit},
         {"VPREI", rate.value},
         {"PEINH", per},
         {"NETWR", plain(item.net())},
         {"CURCY", order.currency},
         {"WERKS", item.plant},
         {"LGORT", item.storage}});
    put("P20", 2,
        {{"WMENG", quantity},
         {"EDATU",
          dats(item.requested.value_or(order.requested_date.value_or(order.order_date)))}});
    put("P05", 2,
        {{"KSCHL", settings.price_condition},
         {"KRATE", rate.value},
         {"UPRBS", per},
         {"MEAUN", item.unit},
         {"KOEIN", order.currency}});
    if (!item.adjustment.is_zero())
      put("P05", 2,
          {{"ALCKZ", item.adjustment.is_negative() ? "-" : "+"},
           {"KSCHL", adjustment_type(item.adjustment, settings, item.pointer + "/adjustments")},
           {"BETRG", plain(item.adjustment.magnitude())},
           {"KOEIN", order.currency}});
    put("P19", 2, {{"QUALF", "002"}, {"IDTNR", item.material}, {"KTEXT", item.text}});
    net += item.net();
  }
  put("S01", 1, {{"SUMID", "001"}, {"SUMME", std::to_string(items.size())}});
  put("S01", 1, {{"SUMID", "002"}, {"SUMME", plain(net)}});
  good(writer.end());
  return file.str();
}

// --------------------------------------------------------------------------------------- reading
// One file. Throws Failure where it cannot be understood.
class OrdrspReading {
 public:
  OrdrspReading(const Orders05Layout& layout, std::istream& input, const std::string& client,
                const std::function<Status(const OrderAnswer&)>& take)
      : layout_(layout),
        client_(client),
        take_(take),
        reader_(edi::reading(input), edi::IdocColumns::characters, {segments_max, 99, 10}) {}

  void run() {
    for (int idocs = 0;;) {
      switch (must(reader_.next())) {
        case edi::IdocKind::idoc:
          begin();
          break;
        case edi::IdocKind::segment:
          segment();
          break;
        case edi::IdocKind::idoc_end:
          if (reader_.faults().rejects) refuse(edi::text(reader_.faults().list.front()));
          finish();
          ++idocs;
          break;
        case edi::IdocKind::unreadable:
          refuse(edi::text(reader_.unreadable()));
        case edi::IdocKind::end:
          if (idocs == 0) refuse("the file has no IDoc");
          return;
      }
    }
  }

 private:
  [[noreturn]] static void refuse(std::string reason) {
    throw Failure{{ErrorCode::invalid_request, std::move(reason)}};
  }
  [[noreturn]] void refuse_here(const std::string& rule, std::size_t offset = 0) const {
    edi::Fault fault{edi::Level::element, true, 0, reader_.place(), rule, {}};
    fault.place.element = static_cast<int>(offset) + 1;  // The column of SDATA.
    refuse(edi::text(fault));
  }
  const Orders05Layout::Column& column(const char* name) const {
    return layout_.segments_.at(kind_).columns.at(name);
  }
  std::string text(const char* name) const {
    const Orders05Layout::Column& at = column(name);
    std::string value(reader_.segment().field(at.offset, at.width));
    return value.erase(0, value.find_first_not_of(' '));
  }
  [[noreturn]] void refuse_field(const char* name, const std::string& rule) const {
    refuse_here(std::string(name) + " \"" + text(name) + "\" " + rule, column(name).offset);
  }
  std::optional<Decimal> number(const char* name) const {
    if (text(name).empty()) return std::nullopt;
    const Orders05Layout::Column& at = column(name);
    const Result<Decimal> read = reader_.segment().number_in(at.offset, at.width);
    if (!read) refuse_field(name, "must be a number");
    if (read->is_negative()) refuse_field(name, "must not be negative");
    return *read;
  }

  void begin() {
    const edi::IdocControl& control = reader_.control();
    if (control["MESTYP"] != "ORDRSP")
      refuse_here("MESTYP is " + std::string(control["MESTYP"]) + ", not ORDRSP");
    if (control["MANDT"] != client_)
      refuse_here("MANDT is " + std::string(control["MANDT"]) + ", another client's");
    if (control["CREDAT"].size() != 8 || control["CRETIM"].size() != 6)
      refuse_here("CREDAT and CRETIM must say when the IDoc was made");
    answer_ = {};
    answer_.stamp = std::string(control["CREDAT"]) + std::string(control["CRETIM"]) +
                    filled(control["DOCNUM"], 16);
    headed_ = false;
    told_lines_.reset();
  }

  // E1EDK01, E2EDK01 or E2EDK01005.
  static std::string kind_of(std::string_view name) {
    if (name.size() != 7 && name.size() != 10) return {};
    if (name.substr(0, 4) != "E1ED" && name.substr(0, 4) != "E2ED") return {};
    if (name.size() == 10 && !is_digits(name.substr(7))) return {};
    return std::string(name.substr(4, 3));
  }

  void segment() {
    kind_ = kind_of(reader_.segment().name());
    if (kind_ == "K01") {
      if (headed_) refuse_here("comes twice");
      headed_ = true;
      answer_.rejected = text("ACTION") == deleted;
    } else if (kind_ == "K02") {
      const std::string qualifier = text("QUALF");
      if (qualifier == "001") once(answer_.reference, text("BELNR"));
      if (qualifier == "002") once(answer_.document, stripped(text("BELNR")));
    } else if (kind_ == "P01") {
      line();
    } else if (kind_ == "S01" && text("SUMID") == "001") {
      told_lines_ = number("SUMME");
    }
  }

  void once(std::string& known, const std::string& value) const {
    if (value.empty()) refuse_field("BELNR", "must not be blank");
    if (!known.empty() && known != value) refuse_field("BELNR", "is another than " + known);
    known = value;
  }

  void line() {
    if (answer_.lines.size() >= lines_max) refuse_here("is one line too many");
    OrderAnswer::Line line;
    line.position = text("POSEX");
    if (!line.position.empty() && !is_digits(line.position))
      refuse_field("POSEX", "must be digits");
    if (!line.position.empty()) line.position = filled(line.position, 6);
    line.rejected = text("ACTION") == deleted || !text("ABGRU").empty();
    line.quantity = number("MENGE");
    if (!line.quantity && !line.rejected) refuse_field("MENGE", "must not be blank");
    line.unit = text("MENEE");
    line.price = number("VPREI");
    line.per = number("PEINH").value_or(Decimal::of(1));
    if (line.per.is_zero()) line.per = Decimal::of(1);
    line.net = number("NETWR");
    answer_.lines.push_back(std::move(line));
  }

  void finish() {
    if (!headed_) refuse_here("E1EDK01 is missing");
    if (answer_.reference.empty()) refuse_here("E1EDK02 001, the order's reference, is missing");
    if (told_lines_ && *told_lines_ != Decimal::of(static_cast<std::int64_t>(answer_.lines.size())))
      refuse_here("E1EDS01 001 says " + told_lines_->text() + " lines, and there are " +
                  std::to_string(answer_.lines.size()));
    if (!answer_.lines.empty() &&
        std::all_of(answer_.lines.begin(), answer_.lines.end(),
                    [](const OrderAnswer::Line& one) { return one.rejected; }))
      answer_.rejected = true;
    if (answer_.document.empty() && !answer_.rejected)
      refuse_here("E1EDK02 002, the sales document, is missing");
    const Status taken = take_(answer_);
    if (!taken && taken.error().code == ErrorCode::invalid_request)
      refuse_here(taken.error().message);
    if (!taken) throw Failure{taken.error()};
  }

  const Orders05Layout& layout_;
  const std::string& client_;
  const std::function<Status(const OrderAnswer&)>& take_;
  edi::IdocReader reader_;
  std::string kind_;
  OrderAnswer answer_;
  bool headed_ = false;
  std::optional<Decimal> told_lines_;
};

Status Orders05Layout::read(std::istream& input, const std::string& client,
                            const std::function<Status(const OrderAnswer&)>& take) const {
  const auto read = guarded({}, ErrorCode::internal, [&] {
    OrdrspReading(*this, input, client, take).run();
    return Done{};
  });
  if (!read) return read.error();
  return Done{};
}

std::vector<std::string> differences(const OrderAnswer& answer,
                                     const std::vector<OrderedItem>& ordered) {
  if (answer.rejected) return {"the whole order is rejected"};
  std::vector<std::string> found;
  if (answer.lines.empty()) return found;
  const auto answered = [&](const std::string& position) {
    return std::find_if(answer.lines.begin(), answer.lines.end(),
                        [&](const OrderAnswer::Line& one) { return one.position == position; });
  };
  for (const OrderedItem& item : ordered) {
    const std::string line = "line " + stripped(item.position) + ": ";
    const auto told = answered(item.position);
    if (told == answer.lines.end()) {
      found.push_back(line + "is not in the answer");
      continue;
    }
    if (told->rejected) {
      found.push_back(line + "is rejected");
      continue;
    }
    const bool other_unit = !told->unit.empty() && !item.unit.empty() && told->unit != item.unit;
    if (*told->quantity != item.quantity || other_unit)
      found.push_back(line + "quantity " + plain(*told->quantity) + " " + told->unit + " and not " +
                      plain(item.quantity) + " " + item.unit);
    // A changed quantity changes the value, too; the price is compared by one that leaves it out.
    const bool same_quantity = *told->quantity == item.quantity;
    if (told->net && same_quantity && *told->net != item.net())
      found.push_back(line + "value " + plain(*told->net) + " and not " + plain(item.net()));
    else if (told->price && (!told->net || !same_quantity) && item.adjustment.is_zero() &&
             *told->price != item.price * told->per)
      found.push_back(line + "price " + plain(*told->price) + " for " + plain(told->per) +
                      " and not " + plain(item.price) + " for 1");
  }
  for (const OrderAnswer::Line& one : answer.lines) {
    const bool known = std::any_of(ordered.begin(), ordered.end(), [&](const OrderedItem& item) {
      return item.position == one.position;
    });
    if (!known && !one.rejected)
      found.push_back("line " + (one.position.empty() ? "without POSEX" : stripped(one.position)) +
                      ": was not ordered");
  }
  return found;
}

}  // namespace underpin::legacy::sap_ecc
