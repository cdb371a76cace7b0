#include "legacy-adapters/edi_profile/taking.h"

#include "legacy-adapters/edi_profile/price_list.h"

#include <algorithm>

namespace underpin::legacy::edi_profile {
namespace {

using namespace told;
using json::Value;

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

bool numbered(const DocumentReaders& readers) {
  return std::any_of(readers.begin(), readers.end(),
                     [](const auto& reader) { return gives_number_back(*reader.second.document); });
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

Taking::Taking(const Settings& settings, const DocumentReaders& readers, bool again,
               StateDatabase& database, Timestamp now, told::Refusals& refusals)
    : settings_(settings),
      readers_(readers),
      again_(again),
      database_(database),
      now_(now),
      refusals_(refusals),
      teller_(database, numbered(readers), now,
              [this](const std::string& field, const std::string& reason) {
                refuse(place_, name_, field, reason);
              }) {}

void Taking::refuse(const edi::Place& place, const std::string& set, const std::string& field,
                    const std::string& reason) {
  refusals_.add(text_of({place, set, field, reason}));
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
  applies_ = !before_ && !again_;
  foreign_ = contradicts_ = false;
  catalog_.clear();
  std::string wrong;
  if (interchange.receiver != ours.sender ||
      interchange.receiver_qualifier != ours.sender_qualifier)
    wrong = "is addressed to " + interchange.receiver_qualifier + "/" + interchange.receiver;
  else if (interchange.sender != ours.receiver ||
           interchange.sender_qualifier != ours.receiver_qualifier)
    wrong = "comes from " + sender_ + ", who is not the partner";
  else if (interchange.test != (ours.usage == 'T'))
    wrong = std::string("is marked as ") + (interchange.test ? "a test" : "no test");
  if (wrong.empty()) {
    // What has no number that can be compared is as new as its arrival.
    if (control_ == 0)
      control_ = next_arrival(database_);
    else
      saw_number(database_, control_);
    return teller_.begin(control_);
  }
  refuse(interchange.place, "", "", "the interchange " + interchange.control + " " + wrong);
  applies_ = false;
  before_.reset();
  foreign_ = true;
}

void Taking::end(const edi::Faults& faults) {
  refuse_all(faults, "", false);
  const std::string digest = digest_.hexadecimal();
  contradicts_ = before_ && *before_ != digest;
  if (contradicts_)
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
  place_ = place;
  name_ = set;
  if (*said.verdict == edi::Verdict::rejected)
    return teller_.answer_refused(*request, said.code, said.reason);
  if (!request->open()) return;  // A late one: the document has answered.
  if (request->acknowledged_only) return teller_.answer_accepted(*request, Value::object(), "");
  request->state = RequestState::received;
  settle_request(database_, *request);
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
  if (reader.document->shape->name == "prices") return take_prices(*read);
  teller_.take(*reader.document, *read);
}

void Taking::take_prices(const Value& prices) {
  std::vector<Wrong> wrong;
  const std::vector<Value> rows = rows_of(prices, settings_.zone, wrong);
  for (const Wrong& one : wrong) refuse(place_, name_, one.pointer, one.rule);
  const std::string& batch = prices.get("batch").text();
  if (!catalog_.empty())
    return refuse(place_, name_, "/batch",
                  "catalog " + catalog_ + " is in the same interchange: a catalog is one set, " +
                      "and the last one holds alone");
  catalog_ = batch;
  if (rows.empty()) return refuse(place_, name_, "", "catalog " + batch + " has no price");
  told::PriceLoad load(database_, settings_.zone);
  if (!load.begin(control_))
    return refuse(place_, name_, "/batch", "a newer catalog than " + batch + " is in force");
  for (const Value& row : rows) load.add(row);
  // A partner may call every catalog the same; whoever has one has to see that there is another.
  load.finish(batch + "/" + interchange_.control, now_);
}

}  // namespace underpin::legacy::edi_profile
