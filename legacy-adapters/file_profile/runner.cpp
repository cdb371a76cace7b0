#include "legacy-adapters/file_profile/runner.h"

#include "legacy-adapters/file_profile/records.h"
#include "legacy-adapters/transport/profile/failure.h"
#include "legacy-adapters/transport/told/price_list.h"
#include "legacy-adapters/transport/told/teller.h"

#include <map>
#include <set>
#include <stdexcept>

namespace underpin::legacy::file_profile {
namespace {

using json::Value;
using told::StateDatabase;

class FileWire final : public told::Wire {
 public:
  explicit FileWire(const profile::Profile& profile) {
    std::vector<profile::Fault> none;  // The profile has been checked.
    for (const auto& [name, operation] : profile.operations())
      if (operation.shape->writes) layouts_.emplace(name, read_out(operation, none));
  }
  std::string_view form() const override { return "content"; }
  Out out(std::string_view operation) const override {
    return {layouts_.find(operation)->second.name, false};
  }
  std::string name_of(std::string_view operation, std::int64_t control) const override {
    const Layout& layout = layouts_.find(operation)->second;
    const std::string digits = std::to_string(control);
    return layout.name + std::string(9 - std::min<std::size_t>(9, digits.size()), '0') + digits +
           layout.suffix;
  }
  std::string content_of(std::string_view operation, const Value& record, std::int64_t control,
                         Timestamp) const override {
    Value numbered = record;
    numbered.set(run_member, std::to_string(control));
    return profile::must(write_file(layouts_.find(operation)->second, numbered));
  }

 private:
  std::map<std::string, Layout, std::less<>> layouts_;  // By operation.
};

std::string text_of(const Bad& bad) {
  std::string text = "line " + std::to_string(bad.line);
  if (!bad.record.empty()) text += ", record " + bad.record;
  if (!bad.field.empty()) text += ", field " + bad.field;
  return text + ": " + bad.rule;
}

file_drop::Settings drop_of(const told::ExchangeSettings& settings, const std::string& system,
                            const std::string& state_folder) {
  file_drop::Settings drop;
  drop.system = system;
  drop.folder = settings.inbound_folder;
  drop.state_folder = state_folder;
  drop.needs_done = settings.inbound_needs_done;
  drop.stable_ms = settings.inbound_stable_ms;
  return drop;
}

class FileInbound final : public told::Inbound {
 public:
  FileInbound(std::shared_ptr<const profile::Profile> profile,
              const told::ExchangeSettings& settings, const std::string& system,
              const std::string& state_folder, told::State& state, told::State& prices,
              std::function<Timestamp()> now)
      : told::Inbound(drop_of(settings, system, state_folder), settings.hold_bad_files, state),
        profile_(std::move(profile)),
        prices_(prices),
        zone_(settings.zone),
        now_(std::move(now)) {
    std::vector<profile::Fault> none;  // The profile has been checked.
    for (const profile::Document& document : profile_->documents()) {
      Layout layout = read_in(document, none);
      const std::string name = layout.name;
      readers_.emplace(name, Reader{&document, std::move(layout)});
      numbered_ = numbered_ || told::gives_number_back(document);
    }
  }

  Capability about(std::string_view file) const override {
    const Reader* reader = reader_of(file);
    const std::string_view shape = reader == nullptr ? "" : reader->document->shape->name;
    if (shape == "stock" || shape == "movements") return Capability::inventory;
    if (shape == "prices") return Capability::pricing;
    return shape == "customer" ? Capability::customers : Capability::orders;
  }

 private:
  struct Reader {
    const profile::Document* document;
    Layout layout;
  };

  // By the longest name that the file's begins with.
  const Reader* reader_of(std::string_view name) const {
    const Reader* found = nullptr;
    for (const auto& [begins, reader] : readers_)
      if (name.starts_with(begins) && name.ends_with(reader.layout.suffix) &&
          (found == nullptr || begins.size() > found->layout.name.size()))
        found = &reader;
    return found;
  }

  told::State& state_of(const file_drop::ClaimedFile& file) override {
    const Reader* reader = reader_of(file.name);
    const bool of_prices = reader != nullptr && reader->document->shape->name == "prices";
    return of_prices ? prices_ : told::Inbound::state_of(file);
  }

  void read(const file_drop::ClaimedFile& file, std::istream& input, StateDatabase& database,
            told::Refusals& refusals) override {
    const Reader* reader = reader_of(file.name);
    if (reader == nullptr) throw told::Held{"no document of the profile reads a file of this name"};
    if (file.size == 0) throw told::Held{"is empty"};
    try {
      Taking(*this, *reader, file, database, refusals).take(input);
    } catch (const BadFile& bad) {
      throw told::Held{bad.reason};
    } catch (const std::overflow_error& failure) {
      // Of its content: tried again it would keep all that is behind it waiting.
      throw told::Held{failure.what()};
    }
  }

  // One file while it is read.
  class Taking {
   public:
    Taking(const FileInbound& inbound, const Reader& reader, const file_drop::ClaimedFile& file,
           StateDatabase& database, told::Refusals& refusals)
        : reader_(reader),
          file_(file),
          database_(database),
          refusals_(refusals),
          now_(inbound.now_()),
          prices_(database, inbound.zone_),
          teller_(database, inbound.numbered_, now_,
                  [this](const std::string& field, const std::string& reason) {
                    refuse(at_, field, reason);
                  }) {}

    void take(std::istream& input) {
      DocumentReader documents(edi::reading(input), reader_.layout);
      bool begun = false;
      while (auto document = documents.next()) {
        if (!begun && !begin(documents.header())) return;
        begun = true;
        take(*document);
      }
      if (!begun && !begin(documents.header())) return;
      if (reader_.document->shape->name == "prices") {
        // Where a row is missing another one would rule: the list before stays.
        if (refusals_.count > 0) throw BadFile{refusals_.list.front()};
        if (prices_.rows() == 0) throw BadFile{"has no price"};
        // The ERP may call every list the same; whoever has one has to see that there is another.
        prices_.finish(batch_ + "/" + std::to_string(told_), now_);
      }
      // What could not be read is not gone.
      if (complete_ && refusals_.count == 0)
        for (const std::string& location : locations_)
          told::forget_levels_told_before(database_, location, told_);
    }

   private:
    void refuse(std::uint64_t line, const std::string& field, const std::string& reason) {
      refusals_.add(text_of({line, {}, field, reason}));
    }

    // False: the file was taken in before.
    bool begin(const Value& header) {
      told_ = 0;
      std::string key = file_.checksum;
      if (reader_.layout.has(run_member)) {
        const auto run = Decimal::parse(header.get(run_member).text());
        const auto number = run ? run->normalized() : Decimal{};
        if (!run || number.scale() != 0 || number <= Decimal{} || number > Decimal::of(999'999'999))
          throw BadFile{"the header must say the file's number, from 1 to 999999999"};
        told_ = static_cast<std::int64_t>(number.coefficient());
        key = number.text();
      }
      const auto before = told::interchange_taken(database_, reader_.layout.name, key);
      if (before && *before == file_.checksum) return false;
      if (before)
        throw BadFile{"a file with the number " + key + " was taken in before, with other content"};
      told::take_interchange(database_, reader_.layout.name, key, file_.checksum);
      if (told_ == 0) told_ = told::next_arrival(database_);
      teller_.begin(told_);
      complete_ = reader_.layout.complete;
      if (reader_.document->shape->name == "prices" && !prices_.begin(told_))
        throw BadFile{"a newer price list is in force"};
      batch_ = file_.name;
      return true;
    }

    void take(const Document& document) {
      at_ = document.line;
      for (const Bad& bad : document.faults) refusals_.add(text_of(bad));
      if (!document.faults.empty()) return;
      auto said = reader_.document->answer->from_vendor(document.record);
      if (!said) {
        if (said.error().fields.empty()) refuse(at_, "", said.error().message);
        for (const FieldError& field : said.error().fields)
          refuse(document.line_of(field.pointer), field.pointer, field.detail);
        return;
      }
      const std::string_view shape = reader_.document->shape->name;
      if (shape == "stock") return take_stock(std::move(said).value());
      if (shape == "shipment") return take_shipment(*said);
      if (shape == "prices") return take_prices(*said);
      teller_.take(*reader_.document, *said);
    }

    // Row by row; what is complete is known at the end.
    void take_stock(Value said) {
      const Value& complete = said.get("complete");
      if (complete.is_boolean() && *complete.as_bool()) complete_ = true;
      said.erase("complete");
      for (const Value& level : said.get("levels").items())
        locations_.insert(level.get("location").text());
      teller_.take(*reader_.document, said);
    }

    // Row by row, in constant memory.
    void take_prices(const Value& said) {
      if (const std::string& batch = said.get("batch").text(); !batch.empty()) batch_ = batch;
      for (const Value& row : said.get("prices").items())
        if (const std::string wrong = prices_.add(row); !wrong.empty()) refuse(at_, "", wrong);
    }

    void take_shipment(const Value& said) {
      Value order = Value::object();
      order.set("reference", said.get("reference"));
      if (said.find("order") != nullptr) order.set("document", said.get("order"));
      order.set("lines", said.get("lines"));
      Value orders = Value::array();
      orders.push(std::move(order));
      Value shipment = Value::object();
      shipment.set("document", said.get("document"));
      shipment.set("date", said.get("date"));
      shipment.set("orders", std::move(orders));
      teller_.take(*reader_.document, shipment);
    }

    const Reader& reader_;
    const file_drop::ClaimedFile& file_;
    StateDatabase& database_;
    told::Refusals& refusals_;
    const Timestamp now_;
    told::PriceLoad prices_;
    told::Teller teller_;
    std::string batch_;
    std::uint64_t at_ = 0;
    std::int64_t told_ = 0;
    bool complete_ = false;
    std::set<std::string> locations_;
  };

  const std::shared_ptr<const profile::Profile> profile_;
  told::State& prices_;
  const std::string zone_;
  const std::function<Timestamp()> now_;
  std::map<std::string, Reader> readers_;  // By the names of their files.
  bool numbered_ = false;                  // See Teller.
};

}  // namespace

Result<told::ExchangeSettings> read_settings(std::string_view text) {
  const auto document = json::parse_with_comments(text);
  if (!document) return document.error();
  return json::read_document<told::ExchangeSettings>(
      *document, "settings of a file profile",
      [](json::ObjectReader& reader, told::ExchangeSettings& it) {
        told::read_exchange(reader, it);
      });
}

Runner::Runner(const std::shared_ptr<const profile::Profile>& profile,
               const told::ExchangeSettings& settings, const std::string& system,
               const std::string& state_folder, const std::function<Timestamp()>& now)
    : told::Runner(profile, settings, system, state_folder, "files.db", "prices.db", now,
                   std::make_unique<FileWire>(*profile),
                   [&](told::State& state, told::State& prices, const std::string& folder) {
                     return std::make_unique<FileInbound>(profile, settings, system, folder, state,
                                                          prices, now);
                   }) {}

}  // namespace underpin::legacy::file_profile
