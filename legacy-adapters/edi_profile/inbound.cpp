#include "legacy-adapters/edi_profile/inbound.h"

#include "legacy-adapters/transport/edi/edifact_control.h"
#include "legacy-adapters/transport/edi/x12_ack.h"

#include <algorithm>
#include <sstream>

namespace underpin::legacy::edi_profile {
namespace {

using namespace told;
using edi::EdifactKind;
using edi::X12Kind;

constexpr std::int64_t segments_max = 200'000;  // A set is in memory as a whole.

file_drop::Settings drop_of(const Settings& settings, const std::string& system,
                            const std::string& state_folder) {
  file_drop::Settings drop;
  drop.system = system;
  drop.folder = settings.inbound_folder;
  drop.state_folder = state_folder;
  drop.needs_done = settings.inbound_needs_done;
  drop.contents_once = false;
  drop.stable_ms = settings.inbound_stable_ms;
  return drop;
}

// Both readers have one.
template <class Reader>
Segment segment_of(const Reader& reader, std::string_view id, int size,
                   const std::optional<edi::CodePage>& page) {
  Segment segment;
  segment.id = id;
  segment.place = reader.place();
  for (int i = 1; i <= size; ++i) {
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

// The acknowledgements of a file: numbered while it is read, sent with what they acknowledge.
class Acknowledgements {
 public:
  Acknowledgements(const Settings& settings, Taking& taking)
      : settings_(settings), taking_(taking) {}
  std::ostringstream text;
  std::int64_t next() {
    const std::int64_t control = next_control(taking_.database(), settings_.first_control);
    if (first_ == 0) first_ = control;
    return last_ = control;
  }
  void begin() { begun_ = static_cast<std::size_t>(text.tellp()); }
  // Of what came under another one's number nothing is said: it was not taken.
  void take_back() {
    text.str(text.str().substr(0, begun_));
    text.seekp(0, std::ios::end);
  }
  void keep() {
    if (first_ != 0 && !text.str().empty())
      keep_file(taking_.database(),
                {last_, file_name(first_, settings_.edifact.has_value()), text.str()});
  }
  void check(const Status& written) {
    if (!written)
      taking_.refuse({}, "", "",
                     "its acknowledgement cannot be written: " + written.error().message);
  }

 private:
  const Settings& settings_;
  Taking& taking_;
  std::int64_t first_ = 0;
  std::int64_t last_ = 0;
  std::size_t begun_ = 0;  // How long the text was when the interchange began.
};

class X12File {
 public:
  X12File(const Settings& settings, Taking& taking)
      : settings_(settings),
        taking_(taking),
        out_(settings, taking),
        writer_(out_.text, {settings.line_per_segment}),
        acknowledger_(writer_, ack_settings()),
        answers_([this](const edi::X12GroupAnswer& answer) { groups_.push_back(answer); }) {}

  Status read(std::istream& input) {
    edi::X12Limits limits;
    limits.segments_per_set = segments_max;
    edi::X12Reader reader(edi::reading(input), limits, settings_.policy);
    for (;;) {
      const auto kind = reader.next();
      if (!kind) return kind.error();
      answers_.take(*kind, reader);
      const bool was_foreign = taking_.foreign();
      take(*kind, reader);
      if (!taking_.foreign() && !was_foreign) out_.check(acknowledger_.take(*kind, reader));
      if (*kind == X12Kind::interchange) out_.begin();
      if (*kind == X12Kind::interchange_end && taking_.contradicts()) out_.take_back();
      if (*kind == X12Kind::end) return Done{};
    }
  }
  Acknowledgements& acknowledgements() { return out_; }

 private:
  edi::X12AckSettings ack_settings() {
    edi::X12AckSettings ack;
    const std::string time = taking_.now().text();
    ack.date = time.substr(0, 4) + time.substr(5, 2) + time.substr(8, 2);
    ack.time = time.substr(11, 2) + time.substr(14, 2);
    ack.separators = settings_.envelope.separators;
    ack.version = settings_.envelope.version;
    ack.group_version = settings_.group_version;
    ack.control = [this] { return out_.next(); };
    return ack;
  }

  void take(X12Kind kind, edi::X12Reader& reader) {
    switch (kind) {
      case X12Kind::interchange: {
        const edi::X12Interchange& it = reader.interchange();
        return taking_.begin({it.sender_qualifier, it.sender, it.receiver_qualifier, it.receiver,
                              it.control, it.usage == 'T', it.place});
      }
      case X12Kind::interchange_segment:
        return note(reader);
      case X12Kind::set:
        groups_.clear();
        return taking_.begin_set(reader.set().id, reader.set().control);
      case X12Kind::segment:
        for (const int element : taking_.add(segment_of(
                 reader, reader.segment().id(), reader.segment().size(), settings_.code_page)))
          reader.add_fault(element, edi::x12_element::invalid_character,
                           "must be UTF-8, or the settings must name a code page");
        return;
      case X12Kind::set_end:
        return end_set(reader.set());
      case X12Kind::group_end:
        return taking_.refuse_all(reader.group().faults, "", false);
      case X12Kind::interchange_end:
        return taking_.end(reader.interchange().faults);
      case X12Kind::unreadable:
        return taking_.refuse(reader.unreadable().place, "", "", reader.unreadable().rule);
      case X12Kind::group:
      case X12Kind::end:
        return;
    }
  }

  // TA1: of an interchange of ours as a whole.
  void note(const edi::X12Reader& reader) {
    const edi::X12Segment& segment = reader.segment();
    if (segment.id() != "TA1" || segment[4] != "R") return;
    const std::string note(segment[5]);
    taking_.acknowledge({number_of(segment[1]), edi::Verdict::rejected, "TA1 " + note,
                         "the partner refused the interchange, note " + note},
                        reader.place(), "TA1");
  }

  void end_set(const edi::X12Set& set) {
    if ((set.id != "997" && set.id != "999") || set.faults.rejects)
      return taking_.end_set(set.id, set.control, set.place, set.faults);
    for (const edi::X12GroupAnswer& answer : groups_) {
      Taking::Acknowledgement said;
      said.control = number_of(answer.control);
      if (const auto request = request_of_control(taking_.database(), said.control))
        said.verdict = edi::verdict_of(answer, request->set, "0001");
      said.code = "997 " + answer.code;
      said.reason = "the partner's 997 says " + answer.code;
      for (const edi::X12SetAnswer& one : answer.sets) said.reason = said_of(one);
      taking_.acknowledge(said, set.place, set.id + " " + set.control);
    }
  }

  const Settings& settings_;
  Taking& taking_;
  Acknowledgements out_;
  edi::X12Writer writer_;
  edi::X12Acknowledger acknowledger_;
  edi::X12AckReader answers_;
  std::vector<edi::X12GroupAnswer> groups_;  // Of the set that is being read.
};

class EdifactFile {
 public:
  EdifactFile(const Settings& settings, Taking& taking)
      : settings_(settings),
        taking_(taking),
        out_(settings, taking),
        writer_(out_.text, {settings.line_per_segment}),
        acknowledger_(writer_, ack_settings()),
        answers_([this](const edi::EdifactAnswer& answer) { controls_.push_back(answer); }) {}

  Status read(std::istream& input) {
    edi::EdifactLimits limits;
    limits.segments_per_message = segments_max;
    edi::EdifactPolicy policy;
    if (settings_.policy.wrong_set_count == edi::X12Policy::Count::accept_with_error)
      policy.wrong_message_count = edi::EdifactPolicy::Count::accept_with_error;
    edi::EdifactReader reader(edi::reading(input), limits, policy);
    for (;;) {
      const auto kind = reader.next();
      if (!kind) return kind.error();
      answers_.take(*kind, reader);
      const bool was_foreign = taking_.foreign();
      take(*kind, reader);
      if (!taking_.foreign() && !was_foreign) out_.check(acknowledger_.take(*kind, reader));
      if (*kind == EdifactKind::interchange) out_.begin();
      if (*kind == EdifactKind::interchange_end && taking_.contradicts()) out_.take_back();
      if (*kind == EdifactKind::end) return Done{};
    }
  }
  Acknowledgements& acknowledgements() { return out_; }

 private:
  edi::EdifactControlSettings ack_settings() {
    edi::EdifactControlSettings ack;
    const std::string time = taking_.now().text();
    ack.date = time.substr(2, 2) + time.substr(5, 2) + time.substr(8, 2);
    ack.time = time.substr(11, 2) + time.substr(14, 2);
    ack.separators = settings_.edifact->separators;
    ack.syntax = settings_.edifact->syntax;
    ack.version = settings_.edifact->version;
    ack.control = [this] { return std::to_string(out_.next()); };
    return ack;
  }

  void take(EdifactKind kind, edi::EdifactReader& reader) {
    switch (kind) {
      case EdifactKind::interchange:
        return begin(reader.interchange());
      case EdifactKind::message:
        controls_.clear();
        return taking_.begin_set(reader.message().type, reader.message().control);
      case EdifactKind::segment:
        for (const int element : taking_.add(
                 segment_of(reader, reader.segment().tag(), reader.segment().size(), page_)))
          reader.add_fault(element, 0, edi::edifact_error::invalid_characters,
                           "must be of the interchange's character set");
        return;
      case EdifactKind::message_end:
        return end_message(reader.message());
      case EdifactKind::group_end:
        return taking_.refuse_all(reader.group().faults, "", false);
      case EdifactKind::interchange_end:
        return taking_.end(reader.interchange().faults);
      case EdifactKind::unreadable:
        return taking_.refuse(reader.unreadable().place, "", "", reader.unreadable().rule);
      case EdifactKind::group:
      case EdifactKind::end:
        return;
    }
  }

  void begin(const edi::EdifactInterchange& it) {
    page_.reset();
    if (const std::string set(edi::character_set(it.syntax)); !set.empty())
      if (auto page = edi::CodePage::of(set)) page_ = std::move(page).value();
    taking_.begin({it.sender.qualifier, it.sender.id, it.receiver.qualifier, it.receiver.id,
                   it.control, it.test, it.place});
  }

  void end_message(const edi::EdifactMessage& message) {
    if (message.type != "CONTRL" || message.faults.rejects)
      return taking_.end_set(message.type, message.control, message.place, message.faults);
    for (const edi::EdifactAnswer& answer : controls_) {
      Taking::Acknowledgement said;
      said.control = number_of(answer.control);
      said.verdict = edi::verdict_of(answer, "", "1");
      said.code = "CONTRL " + answer.action;
      said.reason = "the partner's CONTRL says " + answer.action;
      if (answer.code != 0) said.reason += ", error " + std::to_string(answer.code);
      for (const edi::EdifactMessageAnswer& one : answer.messages)
        for (const edi::EdifactError& error : one.errors)
          said.reason += "; segment " + std::to_string(error.segment) + ", element " +
                         std::to_string(error.element) + ", error " + std::to_string(error.code);
      taking_.acknowledge(said, message.place, message.type + " " + message.control);
    }
  }

  const Settings& settings_;
  Taking& taking_;
  Acknowledgements out_;
  edi::EdifactWriter writer_;
  edi::EdifactAcknowledger acknowledger_;
  edi::EdifactControlReader answers_;
  std::vector<edi::EdifactAnswer> controls_;  // Of the message that is being read.
  std::optional<edi::CodePage> page_;         // Of the interchange.
};

}  // namespace

std::string control_text(std::int64_t control) {
  std::string text = std::to_string(control);
  return std::string(9 - std::min<std::size_t>(9, text.size()), '0') + text;
}

std::string file_name(std::int64_t control, bool edifact) {
  return "U" + control_text(control) + (edifact ? ".edi" : ".x12");
}

Inbound::Inbound(std::shared_ptr<const Settings> settings, const profile::Profile& profile,
                 const std::string& system, const std::string& state_folder, told::State& state,
                 std::function<Timestamp()> now)
    : told::Inbound(drop_of(*settings, system, state_folder), settings->hold_bad_files, state),
      settings_(std::move(settings)),
      now_(std::move(now)) {
  std::vector<profile::Fault> none;  // The profile has been checked.
  for (const profile::Document& document : profile.documents()) {
    DocumentReader reader{&document, read_in(document, none)};
    const std::string set = reader.in.set;
    readers_.emplace(set, std::move(reader));
  }
}

void Inbound::read(const file_drop::ClaimedFile& file, std::istream& input,
                   told::StateDatabase& database, told::Refusals& refusals) {
  // No sender is called so: these have a qualifier.
  const bool again = interchange_taken(database, "file", file.checksum).has_value();
  take_interchange(database, "file", file.checksum, file.checksum);
  Taking taking(*settings_, readers_, again, database, now_(), refusals);
  // The acknowledgements go out with what they acknowledge, or not at all.
  const auto read = [&](auto& reading) {
    if (const Status done = reading.read(input); !done)
      throw std::runtime_error(done.error().message);
    if (!taking.refuses() || !settings_->hold_bad_files) reading.acknowledgements().keep();
  };
  if (settings_->edifact) {
    EdifactFile reading(*settings_, taking);
    read(reading);
  } else {
    X12File reading(*settings_, taking);
    read(reading);
  }
}

}  // namespace underpin::legacy::edi_profile
