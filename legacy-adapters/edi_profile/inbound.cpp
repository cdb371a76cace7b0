#include "legacy-adapters/edi_profile/inbound.h"

#include "legacy-adapters/edi_profile/digest.h"
#include "legacy-adapters/edi_profile/order_body.h"
#include "legacy-adapters/edi_profile/price_list.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

namespace underpin::legacy::edi_profile {
namespace {

using edi::X12Kind;
using json::Value;

constexpr std::size_t refusals_kept = 1'000;

// Rolls back what a file said until then.
struct Held {
  std::string reason;
};

file_drop::Settings drop_of(const Settings& settings, const std::string& system,
                            const std::string& state_folder) {
  file_drop::Settings drop;
  drop.system = system;
  drop.folder = settings.inbound_folder;
  drop.state_folder = state_folder;
  drop.needs_done = settings.inbound_needs_done;
  drop.stable_ms = settings.inbound_stable_ms;
  return drop;
}

std::string text_of(const Refusal& refusal) {
  std::string text = "line " + std::to_string(refusal.place.line);
  if (!refusal.set.empty()) text += ", set " + refusal.set;
  if (!refusal.place.segment.empty()) {
    text +=
        ", segment " + std::to_string(refusal.place.segment_index) + " " + refusal.place.segment;
    if (refusal.place.element > 0) text += ", element " + std::to_string(refusal.place.element);
  }
  if (!refusal.field.empty()) text += ", " + refusal.field;
  return text + ": " + refusal.reason;
}

bool is_utf8(const std::string& text) {
  std::string probe = "\"";
  bool plain = true;
  for (const char c : text) {
    const bool ascii = static_cast<unsigned char>(c) < 0x80;
    plain = plain && ascii;
    probe += ascii ? 'a' : c;
  }
  return plain || json::parse(probe + "\"").has_value();
}

std::int64_t number_of(std::string_view digits) {
  std::int64_t number = 0;
  if (digits.empty() || digits.size() > 9) return 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return 0;
    number = number * 10 + (c - '0');
  }
  return number;
}

Segment segment_of(const edi::X12Reader& reader, const std::optional<edi::CodePage>& page) {
  const edi::X12Segment& read = reader.segment();
  Segment segment;
  segment.id = read.id();
  segment.place = reader.place();
  for (int i = 1; i <= read.size(); ++i) {
    const edi::Element element = reader.element(i);
    segment.elements.push_back(element.repetitions().front());
    if (page)
      for (std::string& component : segment.elements.back()) component = page->to_utf8(component);
  }
  return segment;
}

std::string said_of(const edi::X12SetAnswer& answer) {
  std::string text = "the partner's 997 says " + answer.code;
  for (const int code : answer.codes) text += ", error " + std::to_string(code);
  for (const edi::X12SegmentError& segment : answer.segments) {
    text += "; segment " + std::to_string(segment.position) + " " + segment.segment;
    if (segment.code != 0) text += ", error " + std::to_string(segment.code);
    for (const auto& element : segment.elements) {
      text +=
          ", element " + std::to_string(element.element) + " error " + std::to_string(element.code);
      if (!element.value.empty()) text += " (" + element.value + ")";
    }
  }
  return text;
}

}  // namespace

std::string control_text(std::int64_t control) {
  std::string text = std::to_string(control);
  return std::string(9 - std::min<std::size_t>(9, text.size()), '0') + text;
}

std::string file_name(std::int64_t control) { return "U" + control_text(control) + ".x12"; }

// One file while it is read, within one transaction of the state.
class Inbound::File {
 public:
  File(Inbound& inbound, StateDatabase& database)
      : inbound_(inbound),
        database_(database),
        now_(inbound.now_()),
        writer_(acknowledgements_, {inbound.settings_.line_per_segment}),
        acknowledger_(writer_, ack_settings()),
        answers_([this](const edi::X12GroupAnswer& answer) { groups_.push_back(answer); }) {}

  Status read(std::istream& input) {
    edi::X12Limits limits;
    limits.segments_per_set = 200'000;  // A set is in memory as a whole.
    edi::X12Reader reader(edi::reading(input), limits, inbound_.settings_.policy);
    for (;;) {
      const auto kind = reader.next();
      if (!kind) return kind.error();
      answers_.take(*kind, reader);
      const bool was_foreign = foreign_;
      take(*kind, reader);
      if (!foreign_ && !was_foreign)
        if (const Status answered = acknowledger_.take(*kind, reader); !answered)
          refuse({}, "", "", "its acknowledgement cannot be written: " + answered.error().message);
      if (*kind == X12Kind::end) return Done{};
    }
  }
  // The 997s go out with what they acknowledge, or not at all.
  void keep_acknowledgements() {
    if (first_control_ == 0) return;
    keep_file(database_, {last_control_, file_name(first_control_), acknowledgements_.str()});
  }
  const std::vector<Refusal>& refusals() const { return refusals_; }
  std::size_t refusal_count() const { return refusal_count_; }

 private:
  edi::X12AckSettings ack_settings() {
    const Settings& settings = inbound_.settings_;
    edi::X12AckSettings ack;
    const std::string time = now_.text();
    ack.date = time.substr(0, 4) + time.substr(5, 2) + time.substr(8, 2);
    ack.time = time.substr(11, 2) + time.substr(14, 2);
    ack.separators = settings.envelope.separators;
    ack.version = settings.envelope.version;
    ack.group_version = settings.group_version;
    ack.control = [this] {
      const std::int64_t control = next_control(database_, inbound_.settings_.first_control);
      if (first_control_ == 0) first_control_ = control;
      return last_control_ = control;
    };
    return ack;
  }

  void refuse(const edi::Place& place, const std::string& set, const std::string& field,
              const std::string& reason) {
    if (++refusal_count_ <= refusals_kept) refusals_.push_back({place, set, field, reason});
  }
  void refuse_all(const edi::Faults& faults, const std::string& set, bool rejecting_only) {
    for (const edi::Fault& fault : faults.list)
      if (fault.rejects || !rejecting_only) refuse(fault.place, set, "", fault.rule);
  }

  void take(X12Kind kind, edi::X12Reader& reader) {
    switch (kind) {
      case X12Kind::interchange:
        return begin(reader.interchange());
      case X12Kind::interchange_segment:
        return note(reader);
      case X12Kind::set:
        segments_.clear();
        groups_.clear();
        digest_.add("ST " + reader.set().id + " " + reader.set().control);
        return;
      case X12Kind::segment:
        return collect(reader);
      case X12Kind::set_end:
        return end_set(reader.set());
      case X12Kind::group_end:
        return refuse_all(reader.group().faults, "", false);
      case X12Kind::interchange_end:
        return end(reader.interchange());
      case X12Kind::unreadable:
        return refuse(reader.unreadable().place, "", "", reader.unreadable().rule);
      case X12Kind::group:
      case X12Kind::end:
        return;
    }
  }

  void begin(const edi::X12Interchange& interchange) {
    digest_.begin();
    control_ = number_of(interchange.control);
    const edi::X12Interchange& ours = inbound_.settings_.envelope;
    sender_ = interchange.sender_qualifier + "/" + interchange.sender;
    before_ = interchange_taken(database_, sender_, interchange.control);
    applies_ = !before_;
    std::string wrong;
    if (interchange.receiver != ours.sender ||
        interchange.receiver_qualifier != ours.sender_qualifier)
      wrong = "is addressed to " + interchange.receiver_qualifier + "/" + interchange.receiver;
    else if (interchange.sender != ours.receiver ||
             interchange.sender_qualifier != ours.receiver_qualifier)
      wrong = "comes from " + sender_ + ", who is not the partner";
    else if (interchange.usage != ours.usage)
      wrong = std::string("is marked as ") + (interchange.usage == 'T' ? "a test" : "no test");
    if (wrong.empty()) return;
    refuse(interchange.place, "", "", "the interchange " + interchange.control + " " + wrong);
    applies_ = false;
    before_.reset();
    foreign_ = true;
  }

  void end(const edi::X12Interchange& interchange) {
    refuse_all(interchange.faults, "", false);
    const std::string digest = digest_.hexadecimal();
    if (before_ && *before_ != digest)
      refuse(interchange.place, "", "",
             "an interchange with the number " + interchange.control +
                 " was taken in before, with other content");
    if (!before_ && !foreign_) take_interchange(database_, sender_, interchange.control, digest);
    foreign_ = false;
  }

  // TA1: of an interchange of ours as a whole.
  void note(const edi::X12Reader& reader) {
    const edi::X12Segment& segment = reader.segment();
    if (segment.id() != "TA1" || segment[4] != "R" || !applies_) return;
    if (auto request = request_of_control(database_, number_of(segment[1])))
      answer_refused(*request, "TA1 " + std::string(segment[5]),
                     "the partner refused the interchange, note " + std::string(segment[5]),
                     reader.place(), "TA1");
  }

  void collect(edi::X12Reader& reader) {
    segments_.push_back(segment_of(reader, inbound_.settings_.code_page));
    const Segment& segment = segments_.back();
    std::string text = segment.id;
    for (std::size_t i = 0; i < segment.elements.size(); ++i) {
      text += '\x1e';
      for (const std::string& component : segment.elements[i]) {
        text += component + '\x1f';
        if (!is_utf8(component))
          reader.add_fault(static_cast<int>(i) + 1, edi::x12_element::invalid_character,
                           "must be UTF-8, or the settings must name a code page");
      }
    }
    digest_.add(text);
  }

  void end_set(const edi::X12Set& set) {
    const std::string name = set.id + " " + set.control;
    if (!applies_) return;
    if (set.faults.rejects) return refuse_all(set.faults, name, true);
    if (set.id == "997" || set.id == "999") {
      for (const edi::X12GroupAnswer& answer : groups_) take_acknowledgement(answer, set, name);
      return;
    }
    const auto found = inbound_.readers_.find(set.id);
    if (found == inbound_.readers_.end())
      return refuse(set.place, name, "", "no document of the profile reads a " + set.id);
    take_document(found->second, name);
  }

  // ---- acknowledgements

  void take_acknowledgement(const edi::X12GroupAnswer& answer, const edi::X12Set& set,
                            const std::string& name) {
    auto request = request_of_control(database_, number_of(answer.control));
    if (!request) return;  // Of a 997 of ours, or of one that was withdrawn.
    const auto verdict = edi::verdict_of(answer, request->set, "0001");
    if (!verdict) return;
    if (*verdict == edi::Verdict::rejected) {
      std::string reason = "the partner's 997 says " + answer.code;
      for (const edi::X12SetAnswer& one : answer.sets) reason = said_of(one);
      return answer_refused(*request, "997 " + answer.code, reason, set.place, name);
    }
    if (!request->open()) return;  // A late one: the document has answered.
    if (request->acknowledged_only) return answer_accepted(*request, Value::object(), "");
    request->state = RequestState::received;
    settle_request(database_, *request);
  }

  void answer_refused(Request& request, const std::string& code, const std::string& reason,
                      const edi::Place& place, const std::string& set) {
    if (request.state == RequestState::refused) return;
    if (request.state == RequestState::accepted)
      return refuse(
          place, set, "",
          reason + ", of " + request.subject.substr(1) + ", which the partner has accepted");
    request.state = RequestState::refused;
    request.code = code;
    request.reason = reason;
    settle_request(database_, request);
    if (request.subject[0] == 'M') return;
    for (StoredOrder& order : orders_of(request)) {
      if (order.is("pending")) order.body.set("status", "rejected");
      save_order(database_, order);
      mark_changed(database_, order.id, now_);
    }
  }

  std::vector<StoredOrder> orders_of(const Request& request) {
    const std::string name = request.subject.substr(1);
    if (request.subject[0] == 'R') return orders_of_reference(database_, name);
    std::vector<StoredOrder> found;
    if (auto one = order_of_document(database_, name)) found.push_back(std::move(*one));
    return found;
  }

  // The order that the request is about becomes what it asked for, and then what `answer` says.
  void answer_accepted(Request& request, const Value& answer, const std::string& document) {
    request.state = RequestState::accepted;
    settle_request(database_, request);
    if (request.subject[0] == 'M') return;
    for (StoredOrder& order : orders_of(request)) {
      const bool placing = request.operation == "place_order";
      if (placing && order.is("pending")) {
        order.body.erase("status");
        order.document = document.empty() ? order.reference : document;
      } else if (placing || (!document.empty() && order.document != document)) {
        continue;
      }
      accept_operation(request.operation, json::parse(request.content).value(), order.body);
      tell_order(answer, order.body);
      order.told = control_;
      save_order(database_, order);
      mark_changed(database_, order.id, now_);
      return;
    }
  }

  // ---- documents

  void take_document(const Reader& reader, const std::string& name) {
    Layout::Reading reading = reader.in.layout.read_set(segments_);
    for (const edi::Fault& fault : reading.faults) refuse(fault.place, name, "", fault.rule);
    if (!reading.faults.empty()) return;
    const edi::Place begin = segments_.empty() ? edi::Place{} : segments_.front().place;
    auto read = reader.document->answer->from_vendor(reading.record);
    if (!read) {
      if (read.error().fields.empty()) refuse(begin, name, "", read.error().message);
      for (const FieldError& field : read.error().fields) {
        const edi::Place place = reading.place_of(field.pointer);
        refuse(place.segment.empty() ? begin : place, name, field.pointer, field.detail);
      }
      return;
    }
    place_ = begin;
    name_ = name;
    const std::string_view shape = reader.document->shape->name;
    if (shape == "order_answer") return take_answer(*reader.document, *read);
    if (shape == "shipment") return take_shipment(*read);
    if (shape == "invoice") return take_invoice(*read);
    if (shape == "stock") return take_stock(*read);
    if (shape == "prices") return take_prices(*read);
    if (shape == "movements") return take_movements(*read);
  }

  void refuse_document(const std::string& field, const std::string& reason) {
    refuse(place_, name_, field, reason);
  }

  void take_answer(const profile::Document& document, const Value& answer) {
    if (const Checked wrong = check_answer(answer))
      return refuse_document(wrong->pointer, wrong->rule);
    const std::string& reference = answer.get("reference").text();
    const std::string& number = answer.get("document").text();
    std::vector<StoredOrder> orders = orders_of_reference(database_, reference);
    auto request = answered_by(document, answer, orders);
    const bool refused = answer.get("verdict").text() == "rejected";
    if (request && !request->open() && !(request->state == RequestState::refused && !refused)) {
      // Said again, or of a write that was answered before: what it says of the order is news
      // only when nothing newer was said.
      if (refused && request->state == RequestState::accepted)
        return refuse_document("/verdict", "refuses " + request->operation + " of " + reference +
                                               ", which was accepted before");
      if (refused) return;
      request.reset();
    }
    if (refused) {
      if (!request)
        return refuse_document("/verdict", "refuses what was not asked for: " + reference);
      std::string reason = answer.get("reason").text();
      if (reason.empty()) reason = "the partner refused it without a reason";
      return answer_refused(*request, answer.get("code").text(), reason, place_, name_);
    }
    if (request && request->state == RequestState::refused) {
      refuse_document("/verdict", "accepts " + reference + ", which was refused before");
      revive(*request);
    }
    if (request) return answer_accepted(*request, answer, number);
    tell(answer, reference, number, orders);
  }

  void revive(const Request& request) {
    for (StoredOrder& order : orders_of(request)) {
      if (order.is("rejected")) order.body.set("status", "pending");
      save_order(database_, order);
    }
  }

  // The write that it answers. A partner that gives numbers back gives none when it tells of its
  // own people; without numbers it answers the write that is open.
  std::optional<Request> answered_by(const profile::Document& document, const Value& answer,
                                     const std::vector<StoredOrder>& orders) {
    const std::string& reference = answer.get("reference").text();
    const bool numbered = std::find(document.members.begin(), document.members.end(), "/change") !=
                          document.members.end();
    if (const std::string& change = answer.get("change").text(); !change.empty()) {
      auto request = request_of(database_, number_of(change));
      if (request && (request->subject == "R" + reference ||
                      request->subject == "D" + answer.get("document").text()))
        return request;
      return std::nullopt;
    }
    const std::string& number = answer.get("document").text();
    auto open = open_request(database_, "R" + reference);
    if (!open && !number.empty()) open = open_request(database_, "D" + number);
    if (open && (open->operation == "place_order" || !numbered)) {
      // Of an order that came under another number there is nothing open.
      const bool is_its = std::any_of(orders.begin(), orders.end(), [&](const StoredOrder& order) {
        return number.empty() || order.document.empty() || order.document == number;
      });
      if (is_its) return open;
    }
    // A refusal of a 997 that a document contradicts.
    if (auto last = last_request(database_, "R" + reference);
        last && last->operation == "place_order" && last->state == RequestState::refused)
      return last;
    return std::nullopt;
  }

  // What the partner tells of an order without being asked.
  void tell(const Value& answer, const std::string& reference, const std::string& number,
            std::vector<StoredOrder>& orders) {
    if (number.empty() && orders.size() != 1)
      return refuse_document("/document", "must say which order of " + reference + " is meant");
    StoredOrder* held = nullptr;
    for (StoredOrder& one : orders)
      if (number.empty() || one.document == number) held = &one;
    StoredOrder added;
    if (held == nullptr) {
      // A second document under our reference has what the first was sent with.
      if (!orders.empty()) added.body = orders.front().body;
      for (const char* member : {"status", "shipments", "invoices", "posted", "cancelled"})
        added.body.erase(member);
      if (orders.empty() && (answer.get("customer").text().empty() || answer.get("lines").empty()))
        return refuse_document("", "order " + number + " is not known, and is not told as a whole");
      added.reference = reference;
      added.document = number;
      added.body.set("released", Value::boolean(false));
      held = &added;
    } else if (held->told != 0 && came_before(control_, held->told)) {
      return;  // Something newer was said.
    }
    tell_order(answer, held->body);
    held->told = control_;
    save_order(database_, *held);
    mark_changed(database_, held->id, now_);
  }

  // Of a document about orders: the one that it names.
  std::optional<StoredOrder> named(const Value& said, std::string_view number_member,
                                   const std::string& at) {
    const std::string& reference = said.get("reference").text();
    const std::string& number = said.get(number_member).text();
    std::vector<StoredOrder> found;
    for (StoredOrder& one : orders_of_reference(database_, reference))
      if (number.empty() || one.document.empty() || one.document == number)
        found.push_back(std::move(one));
    if (found.size() == 1 && !found[0].is("rejected")) return std::move(found[0]);
    refuse_document(at + "/reference", found.empty() ? "order " + reference + " is not known"
                                       : found.size() == 1
                                           ? "order " + reference + " was refused by the partner"
                                           : "there are several orders under " + reference);
    return std::nullopt;
  }

  void take_shipment(const Value& shipment) {
    const Value& orders = shipment.get("orders");
    for (std::size_t i = 0; i < orders.size(); ++i) {
      const std::string at = json::pointer_to("/orders", i);
      auto order = named(orders.items()[i], "document", at);
      if (!order) continue;
      const Told told = tell_shipment(shipment.get("document").text(), shipment.get("date").text(),
                                      orders.items()[i], order->body);
      finish(*order, told, at);
    }
  }

  void take_invoice(const Value& invoice) {
    if (auto order = named(invoice, "order", ""))
      finish(*order, tell_invoice(invoice, order->body), "");
  }

  void finish(StoredOrder& order, const Told& told, const std::string& at) {
    if (told.wrong) return refuse_document(at + told.wrong->pointer, told.wrong->rule);
    if (told.again) return;
    save_order(database_, order);
    mark_changed(database_, order.id, now_);
  }

  void take_stock(const Value& stock) {
    const Value& levels = stock.get("levels");
    const Value& complete = stock.get("complete");
    const std::size_t refused_before = refusal_count_;
    std::set<std::string> locations;
    for (std::size_t i = 0; i < levels.size(); ++i) {
      Value level = levels.items()[i];
      const std::string at = json::pointer_to("/levels", i);
      std::string wrong;
      for (const char* member : {"sku", "location"})
        if (level.get(member).text().empty()) wrong = member;
      if (level.find("onHand") == nullptr) wrong = "onHand";
      for (const char* member : {"onHand", "reserved", "available"})
        if (level.find(member) != nullptr && !Decimal::parse(level.get(member).text()))
          wrong = member;
      if (!wrong.empty()) {
        refuse_document(at + "/" + wrong, "must be there, and a number where it is one");
        continue;
      }
      if (level.find("reserved") == nullptr && level.find("available") != nullptr)
        level.set("reserved", (*Decimal::parse(level.get("onHand").text()) -
                               *Decimal::parse(level.get("available").text()))
                                  .text());
      level.set("asOf", now_.text());
      save_level(database_, level, control_);
      locations.insert(level.get("location").text());
    }
    // Complete for the locations that it names. What could not be read is not gone.
    if (complete.is_boolean() && *complete.as_bool() && refusal_count_ == refused_before)
      for (const std::string& location : locations)
        forget_levels_told_before(database_, location, control_);
  }

  void take_prices(const Value& prices) {
    std::vector<Wrong> wrong;
    const std::vector<Value> rows = rows_of(prices, inbound_.settings_.zone, wrong);
    for (const Wrong& one : wrong) refuse_document(one.pointer, one.rule);
    const std::string& batch = prices.get("batch").text();
    if (rows.empty()) return refuse_document("", "catalog " + batch + " has no price");
    if (!save_prices(database_, batch, now_, rows, control_))
      refuse_document("/batch", "a newer catalog than " + batch + " is in force");
  }

  void take_movements(const Value& movements) {
    const Value& all = movements.get("movements");
    for (std::size_t i = 0; i < all.size(); ++i) {
      Value one = all.items()[i];
      const std::string at = json::pointer_to("/movements", i);
      const auto day = Date::parse(one.get("date").text());
      one.erase("date");
      if (day) one.set("changedAt", Timestamp::start_of(*day).text());
      if (one.get("document").text().empty()) {
        refuse_document(at + "/document", "must name the entry");
        continue;
      }
      if (!save_movement(database_, one)) {
        refuse_document(
            at, "entry " + one.get("document").text() + " was told before, with other content");
        continue;
      }
      if (auto request = open_request(database_, "M" + one.get("movement").text()))
        answer_accepted(*request, Value::object(), "");
    }
  }

  Inbound& inbound_;
  StateDatabase& database_;
  const Timestamp now_;
  std::ostringstream acknowledgements_;
  std::int64_t first_control_ = 0;  // Of the acknowledgements.
  std::int64_t last_control_ = 0;
  edi::X12Writer writer_;
  edi::X12Acknowledger acknowledger_;
  edi::X12AckReader answers_;
  std::vector<edi::X12GroupAnswer> groups_;  // Of the set that is being read.
  std::vector<Segment> segments_;
  Digest digest_;
  std::int64_t control_ = 0;
  std::string sender_;
  std::optional<std::string> before_;  // The digest of what was taken in under this number.
  bool applies_ = false;
  bool foreign_ = false;
  edi::Place place_;
  std::string name_;
  std::vector<Refusal> refusals_;
  std::size_t refusal_count_ = 0;
};

Inbound::Inbound(const Settings& settings, const profile::Profile& profile,
                 const std::string& system, const std::string& state_folder, State& state,
                 std::function<Timestamp()> now)
    : settings_(settings),
      state_(state),
      now_(std::move(now)),
      inbox_(drop_of(settings, system, state_folder)) {
  std::vector<profile::Fault> none;  // The profile has been checked.
  for (const profile::Document& document : profile.documents()) {
    Reader reader{&document, read_in(document, none)};
    const std::string set = reader.in.set;
    readers_.emplace(set, std::move(reader));
  }
}

Status Inbound::poll(Deadline deadline) {
  const std::lock_guard lock(mutex_);
  return poll_locked(deadline);
}

void Inbound::try_poll(Deadline deadline) {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  // What is wrong with the folder is the next poll's to say again.
  if (lock.owns_lock()) (void)poll_locked(deadline).has_value();
}

Status Inbound::poll_locked(Deadline deadline) {
  const auto report = inbox_.poll(
      [this](const file_drop::ClaimedFile& file) {
        try {
          return apply(file);
        } catch (const std::exception& failure) {
          return file_drop::Verdict::later(failure.what());
        }
      },
      deadline);
  if (!report) return report.error();
  return Done{};
}

file_drop::Verdict Inbound::apply(const file_drop::ClaimedFile& file) {
  std::ifstream input(file.path, std::ios::binary);
  if (!input) return file_drop::Verdict::later(file.name + " cannot be opened");
  try {
    return state_.write([&](StateDatabase& database) -> file_drop::Verdict {
      File reading(*this, database);
      const Status read = reading.read(input);
      if (!read) throw std::runtime_error(read.error().message);
      const std::vector<Refusal>& refusals = reading.refusals();
      if (!refusals.empty() && settings_.hold_bad_files) throw Held{text_of(refusals.front())};
      reading.keep_acknowledgements();
      // Before the file counts as taken in: after a crash it is not read again.
      if (!refusals.empty()) write_refusals(file, refusals, reading.refusal_count());
      return file_drop::Verdict::applied(file.checksum);
    });
  } catch (const Held& held) {
    return file_drop::Verdict::refused(held.reason);
  }
}

void Inbound::write_refusals(const file_drop::ClaimedFile& file,
                             const std::vector<Refusal>& refusals, std::size_t count) const {
  const auto to =
      inbox_.quarantine_folder() / (file.name + "." + file.checksum.substr(0, 8) + ".refused");
  std::ofstream output(to);
  for (const Refusal& refusal : refusals) output << file.name << " " << text_of(refusal) << "\n";
  if (count > refusals.size()) output << "and " << count - refusals.size() << " more\n";
  output.flush();
  if (!output) throw state::StateFailure(to.string() + " cannot be written");
}

std::vector<Alarm> Inbound::alarms() const {
  std::size_t files = 0;
  std::size_t records = 0;
  std::string file;
  std::string record;
  std::error_code error;
  const auto quarantine = inbox_.quarantine_folder();
  for (std::filesystem::directory_iterator at(quarantine, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name.ends_with(".reason")) {
      ++files;
      file = std::max(file, name);
    } else if (name.ends_with(".refused")) {
      ++records;
      record = std::max(record, name);
    }
  }
  const std::string where = " in " + quarantine.string() + ", the last is ";
  std::vector<Alarm> alarms;
  if (files > 0) alarms.push_back({"inbound file refused", std::to_string(files) + where + file});
  if (records > 0)
    alarms.push_back({"inbound documents refused", std::to_string(records) + where + record});
  return alarms;
}

}  // namespace underpin::legacy::edi_profile
