#include "legacy-adapters/sap_ecc/cond_a.h"

#include "contracts/json/object_reader.h"
#include "legacy-adapters/sap_ecc/debmas.h"
#include "legacy-adapters/sap_ecc/failure.h"
#include "legacy-adapters/sap_ecc/forms.h"
#include "legacy-adapters/transport/edi/idoc.h"
#include "legacy-adapters/transport/edi/input.h"

namespace underpin::legacy::sap_ecc {
namespace {

constexpr int unit_price_decimals = 10;
constexpr std::size_t steps_max = 1'000;

}  // namespace

Result<CondALayout> CondALayout::load(std::string_view text) {
  const Result<json::Value> document = json::parse(text);
  if (!document) return document.error();
  const auto columns_of = [](json::ObjectReader& one, std::string_view member) {
    std::map<std::string, Column> columns;
    std::size_t offset = 0;
    for (const auto& [name, width] : read_columns(one, member)) {
      columns[name] = {offset, width};
      offset += width;
    }
    return columns;
  };
  return json::read_document<CondALayout>(
      *document, "cond_a.json", [&](json::ObjectReader& reader, CondALayout& layout) {
        std::string about;
        reader.read("about", about, json::Need::optional);
        reader.read_each("segments", [&](json::ObjectReader& one) {
          std::string name;
          one.read("name", name);
          layout.segments_[name] = columns_of(one, "columns");
        });
        reader.read_each("tables", [&](json::ObjectReader& one) {
          std::string name;
          std::string whom;
          Table table;
          one.read("table", name);
          one.read("for", whom);
          if (whom == "customer") {
            table.scope = PriceScope::customer;
          } else if (whom == "group") {
            table.scope = PriceScope::group;
          } else if (whom != "everyone") {
            one.refuse("for", "must be everyone, group or customer");
          }
          table.key = columns_of(one, "key");
          layout.tables_[name] = std::move(table);
        });
      });
}

// One file. Throws Failure where it cannot be understood.
class CondAReading {
 public:
  CondAReading(const CondALayout& layout, std::istream& input, const CondAFilter& filter,
               const std::function<Status(const ConditionRecord&)>& take)
      : layout_(layout), filter_(filter), take_(take), reader_(edi::reading(input)) {}

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
          finish(true);
          if (reader_.faults().rejects) refuse(edi::text(reader_.faults().list.front()));
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
  const CondALayout::Column& column(const char* name) const {
    return layout_.segments_.at(kind_).at(name);
  }
  [[noreturn]] void refuse_field(const char* name, const std::string& rule) const {
    refuse_here(std::string(name) + " \"" + text(name) + "\" " + rule, column(name).offset);
  }
  std::string text(const char* name) const {
    const CondALayout::Column& at = column(name);
    return std::string(reader_.segment().field(at.offset, at.width));
  }
  Decimal number(const char* name) const {
    const CondALayout::Column& at = column(name);
    const Result<Decimal> read = reader_.segment().number_in(at.offset, at.width);
    if (!read) refuse_field(name, "must be a number");
    if (read->is_negative()) refuse_field(name, "must not be negative");
    return *read;
  }
  Date date(const char* name) const {
    const std::string digits = text(name);
    if (digits.size() == 8 && is_digits(digits)) {
      const Result<Date> read =
          Date::parse(digits.substr(0, 4) + "-" + digits.substr(4, 2) + "-" + digits.substr(6));
      if (read) return *read;
    }
    refuse_field(name, "must be a day");
  }

  void begin() {
    const edi::IdocControl& control = reader_.control();
    if (control["MESTYP"] != "COND_A")
      refuse_here("MESTYP is " + std::string(control["MESTYP"]) + ", not COND_A");
    if (control["MANDT"] != filter_.client)
      refuse_here("MANDT is " + std::string(control["MANDT"]) + ", another client's");
    if (control["CREDAT"].size() != 8 || control["CRETIM"].size() != 6)
      refuse_here("CREDAT and CRETIM must say when the IDoc was made");
    stamp_ = std::string(control["CREDAT"]) + std::string(control["CRETIM"]) +
             filled(control["DOCNUM"], 16);
    keyed_ = dated_ = rated_ = passed_over_ = told_ = false;
  }

  // E1KOMG, E2KOMG or E2KOMG003; E2KOMG1 is another.
  static std::string kind_of(std::string_view name) {
    if (name.size() != 6 && name.size() != 9) return {};
    if (name.substr(0, 2) != "E1" && name.substr(0, 2) != "E2") return {};
    return is_digits(name.substr(6)) || name.size() == 6 ? std::string(name.substr(2, 4))
                                                         : std::string();
  }

  void segment() {
    kind_ = kind_of(reader_.segment().name());
    if (kind_ == "KOMG") {
      finish(true);
      key();
      return;
    }
    if (kind_ != "KONH" && kind_ != "KONP" && kind_ != "KONM" && kind_ != "KONW") return;
    if (!keyed_) refuse_here("comes before any E1KOMG");
    if (passed_over_) return;
    if (kind_ == "KONH") {
      finish(false);
      period();
    } else if (kind_ == "KONP") {
      if (!dated_) refuse_here("comes before any E1KONH of its key");
      rate();
    } else if (kind_ == "KONM") {
      if (!rated_) refuse_here("comes before any E1KONP of its record");
      step();
    } else {
      refuse_here("is a scale by value, which is not a price of one");
    }
  }

  void key() {
    keyed_ = true;
    passed_over_ = false;
    record_ = {};
    record_.stamp = stamp_;
    if (text("KVEWE") != "A") refuse_field("KVEWE", "is no use of prices");
    if (text("KAPPL") != "V") refuse_field("KAPPL", "is not sales");
    if (text("KSCHL") != filter_.condition)
      refuse_field("KSCHL", "is not the price condition " + filter_.condition);
    const auto table = layout_.tables_.find(text("KOTABNR"));
    if (table == layout_.tables_.end()) refuse_field("KOTABNR", "is a table of no known key");
    const std::size_t vakey = column("VAKEY").offset;
    const auto part = [&](const char* name) {  // Characters, not bytes.
      const auto found = table->second.key.find(name);
      if (found == table->second.key.end()) return std::string();
      return std::string(
          reader_.segment().field(vakey + found->second.offset, found->second.width));
    };
    passed_over_ = part("VKORG") != filter_.organization || part("VTWEG") != filter_.channel;
    if (passed_over_) return;
    record_.scope = table->second.scope;
    if (record_.scope == PriceScope::customer) record_.code = stripped(part("KUNNR"));
    if (record_.scope == PriceScope::group) record_.code = part("KONDA");
    record_.sku = Sku(stripped(part("MATNR")));
    if (record_.sku.empty() || (record_.scope != PriceScope::everyone && record_.code.empty()))
      refuse_field("VAKEY", "is not the whole key");
  }

  void period() {
    record_.from = date("DATAB");
    record_.to = date("DATBI");
    if (record_.to < record_.from) refuse_field("DATBI", "is before DATAB");
    dated_ = true;
  }

  void rate() {
    if (rated_) refuse_here("is a supplement, which is not read");
    if (text("KSCHL") != filter_.condition)
      refuse_field("KSCHL", "is not that of the record's key");
    if (text("KRECH") != "C") refuse_field("KRECH", "is no price by quantity");
    const std::string deleted = text("LOEVM_KO");
    if (!deleted.empty() && deleted != "X") refuse_field("LOEVM_KO", "must be X or blank");
    record_.deleted = deleted == "X";
    record_.currency = text("KONWA");
    if (record_.currency.size() != 3) refuse_field("KONWA", "is no currency");
    record_.unit = text("KMEIN");
    if (record_.unit.empty()) refuse_field("KMEIN", "must not be blank");
    per_ = text("KPEIN").empty() ? Decimal::of(1) : number("KPEIN");
    if (per_.is_zero()) per_ = Decimal::of(1);
    record_.steps = {{Decimal{}, of_one("KBETR")}};
    scaled_ = false;
    // A scale that is none of "from this quantity of the price's own unit on".
    other_scale_.clear();
    if (const std::string type = text("STFKZ"); !type.empty() && type != "A")
      other_scale_ = "of type " + type;
    if (const std::string basis = text("KZBZG"); !basis.empty() && basis != "C")
      other_scale_ = "by basis " + basis;
    if (const std::string unit = text("KONMS"); !unit.empty() && unit != record_.unit)
      other_scale_ = "in " + unit;
    rated_ = true;
  }

  void step() {
    if (!other_scale_.empty()) refuse_here("is of a scale " + other_scale_ + ", which is not read");
    const Decimal quantity = number("KSTBM").normalized();
    if (!scaled_) record_.steps.clear();
    scaled_ = true;
    if (!record_.steps.empty() && quantity <= record_.steps.back().first)
      refuse_field("KSTBM", "must be more than that of the step before");
    if (record_.steps.size() >= steps_max) refuse_here("is one step too many");
    record_.steps.emplace_back(quantity, of_one("KBETR"));
  }

  Decimal of_one(const char* name) const {
    return with_cents(Decimal::divided(number(name), per_, unit_price_decimals, Rounding::half_up));
  }

  // The record before this segment is complete, and with `whole` its key, too.
  void finish(bool whole) {
    if (dated_ && !rated_) refuse_here("comes where E1KONP of the record before is missing");
    if (rated_) {
      const Status taken = take_(record_);
      if (!taken && taken.error().code == ErrorCode::invalid_request)
        refuse_here("the record before: " + taken.error().message);
      if (!taken) throw Failure{taken.error()};
      told_ = true;
    }
    dated_ = rated_ = false;
    if (!whole) return;
    if (keyed_ && !told_ && !passed_over_) refuse_here("comes where E1KONH is missing");
    keyed_ = told_ = false;
  }

  const CondALayout& layout_;
  const CondAFilter& filter_;
  const std::function<Status(const ConditionRecord&)>& take_;
  edi::IdocReader reader_;
  std::string kind_;
  std::string stamp_;
  ConditionRecord record_;
  Decimal per_;
  std::string other_scale_;
  bool keyed_ = false;
  bool passed_over_ = false;
  bool dated_ = false;
  bool rated_ = false;
  bool scaled_ = false;
  bool told_ = false;
};

Status CondALayout::read(std::istream& input, const CondAFilter& filter,
                         const std::function<Status(const ConditionRecord&)>& take) const {
  try {
    CondAReading(*this, input, filter, take).run();
    return Done{};
  } catch (const Failure& failure) {
    return failure.error;
  } catch (const std::domain_error& failure) {  // Of a number that is too large.
    return Error{ErrorCode::invalid_request, failure.what()};
  } catch (const std::overflow_error& failure) {
    return Error{ErrorCode::invalid_request, failure.what()};
  }
}

}  // namespace underpin::legacy::sap_ecc
