#include "legacy-adapters/edi_profile/taking.h"

#include "legacy-adapters/edi_profile/order_body.h"
#include "legacy-adapters/edi_profile/price_list.h"

#include <algorithm>
#include <set>

namespace underpin::legacy::edi_profile {
namespace {

using json::Value;

constexpr std::size_t refusals_kept = 1'000;

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

}  // namespace

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

std::int64_t number_of(std::string_view digits) {
  std::int64_t number = 0;
  if (digits.empty() || digits.size() > 9) return 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return 0;
    number = number * 10 + (c - '0');
  }
  return number;
}

Taking::Taking(const Settings& settings, const DocumentReaders& readers, StateDatabase& database,
               Timestamp now)
    : settings_(settings), readers_(readers), database_(database), now_(now) {}

void Taking::refuse(const edi::Place& place, const std::string& set, const std::string& field,
                    const std::string& reason) {
  if (++refusal_count_ <= refusals_kept) refusals_.push_back({place, set, field, reason});
}

void Taking::refuse_all(const edi::Faults& faults, const std::string& set, bool rejecting_only) {
  for (const edi::Fault& fault : faults.list)
    if (fault.rejects || !rejecting_only) refuse(fault.place, set, "", fault.rule);
}

// ---- interchanges

void Taking::begin(const Interchange& interchange) {
  interchange_ = interchange;
  digest_.begin();
  control_ = number_of(interchange.control);
  const edi::X12Interchange& ours = settings_.envelope;
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
  else if (interchange.test != (ours.usage == 'T'))
    wrong = std::string("is marked as ") + (interchange.test ? "a test" : "no test");
  if (wrong.empty()) return;
  refuse(interchange.place, "", "", "the interchange " + interchange.control + " " + wrong);
  applies_ = false;
  before_.reset();
  foreign_ = true;
}

void Taking::end(const edi::Faults& faults) {
  refuse_all(faults, "", false);
  const std::string digest = digest_.hexadecimal();
  if (before_ && *before_ != digest)
    refuse(interchange_.place, "", "",
           "an interchange with the number " + interchange_.control +
               " was taken in before, with other content");
  // One whose end is wrong may come again under its number, whole: what it told is recognised.
  if (!before_ && !foreign_ && faults.empty())
    take_interchange(database_, sender_, interchange_.control, digest);
  foreign_ = false;
}

void Taking::begin_set(const std::string& id, const std::string& control) {
  segments_.clear();
  digest_.add("ST " + id + " " + control);
}

std::vector<int> Taking::add(Segment segment) {
  std::vector<int> no_texts;
  std::string text = segment.id;
  for (std::size_t i = 0; i < segment.elements.size(); ++i) {
    text += '\x1e';
    for (const std::string& component : segment.elements[i]) {
      text += component + '\x1f';
      if (!is_utf8(component)) no_texts.push_back(static_cast<int>(i) + 1);
    }
  }
  digest_.add(text);
  segments_.push_back(std::move(segment));
  return no_texts;
}

void Taking::end_set(const std::string& id, const std::string& control, const edi::Place& place,
                     const edi::Faults& faults) {
  const std::string name = id + " " + control;
  if (!applies_) return;
  if (faults.rejects) return refuse_all(faults, name, true);
  const auto found = readers_.find(id);
  if (found == readers_.end())
    return refuse(place, name, "", "no document of the profile reads a " + id);
  take_document(found->second, name);
}

// ---- acknowledgements

void Taking::acknowledge(const Acknowledgement& said, const edi::Place& place,
                         const std::string& set) {
  if (!applies_ || !said.verdict) return;
  auto request = request_of_control(database_, said.control);
  if (!request) return;  // Of an acknowledgement of ours, or of what was withdrawn.
  if (*said.verdict == edi::Verdict::rejected)
    return answer_refused(*request, said.code, said.reason, place, set);
  if (!request->open()) return;  // A late one: the document has answered.
  if (request->acknowledged_only) return answer_accepted(*request, Value::object(), "");
  request->state = RequestState::received;
  settle_request(database_, *request);
}

void Taking::answer_refused(Request& request, const std::string& code, const std::string& reason,
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

std::vector<StoredOrder> Taking::orders_of(const Request& request) {
  const std::string name = request.subject.substr(1);
  if (request.subject[0] == 'R') return orders_of_reference(database_, name);
  std::vector<StoredOrder> found;
  if (auto one = order_of_document(database_, name)) found.push_back(std::move(*one));
  return found;
}

// The order that the request is about becomes what it asked for, and then what `answer` says.
void Taking::answer_accepted(Request& request, const Value& answer, const std::string& document) {
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

void Taking::take_document(const DocumentReader& reader, const std::string& name) {
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

void Taking::refuse_document(const std::string& field, const std::string& reason) {
  refuse(place_, name_, field, reason);
}

void Taking::take_answer(const profile::Document& document, const Value& answer) {
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

void Taking::revive(const Request& request) {
  for (StoredOrder& order : orders_of(request)) {
    if (order.is("rejected")) order.body.set("status", "pending");
    save_order(database_, order);
  }
}

// The write that it answers. A partner that gives numbers back gives none when it tells of its
// own people; without numbers it answers the write that is open.
std::optional<Request> Taking::answered_by(const profile::Document& document, const Value& answer,
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
void Taking::tell(const Value& answer, const std::string& reference, const std::string& number,
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
std::optional<StoredOrder> Taking::named(const Value& said, std::string_view number_member,
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

void Taking::take_shipment(const Value& shipment) {
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

void Taking::take_invoice(const Value& invoice) {
  if (auto order = named(invoice, "order", ""))
    finish(*order, tell_invoice(invoice, order->body), "");
}

void Taking::finish(StoredOrder& order, const Told& told, const std::string& at) {
  if (told.wrong) return refuse_document(at + told.wrong->pointer, told.wrong->rule);
  if (told.again) return;
  save_order(database_, order);
  mark_changed(database_, order.id, now_);
}

void Taking::take_stock(const Value& stock) {
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

void Taking::take_prices(const Value& prices) {
  std::vector<Wrong> wrong;
  const std::vector<Value> rows = rows_of(prices, settings_.zone, wrong);
  for (const Wrong& one : wrong) refuse_document(one.pointer, one.rule);
  const std::string& batch = prices.get("batch").text();
  if (rows.empty()) return refuse_document("", "catalog " + batch + " has no price");
  if (!save_prices(database_, batch, now_, rows, control_))
    refuse_document("/batch", "a newer catalog than " + batch + " is in force");
}

void Taking::take_movements(const Value& movements) {
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

}  // namespace underpin::legacy::edi_profile
