#include "legacy-adapters/transport/edi/x12_ack.h"

#include "legacy-adapters/transport/edi/x12_text.h"

#include <algorithm>

namespace underpin::legacy::edi {

namespace {

constexpr std::size_t set_codes_most = 5;    // AK502 to AK506.
constexpr std::size_t group_codes_most = 5;  // AK905 to AK909.

std::string digits(std::int64_t number, std::size_t width) {
  std::string text = std::to_string(number);
  if (text.size() < width) text.insert(0, width - text.size(), '0');
  return text;
}

void add_code(std::vector<int>& codes, int code, std::size_t most) {
  if (code > 0 && codes.size() < most &&
      std::find(codes.begin(), codes.end(), code) == codes.end()) {
    codes.push_back(code);
  }
}

std::string_view letter(Verdict verdict) {
  switch (verdict) {
    case Verdict::accepted:
      return "A";
    case Verdict::accepted_with_errors:
      return "E";
    case Verdict::rejected:
      break;
  }
  return "R";
}

int code_of(std::string_view text) {
  const auto whole = whole_number(text);
  return whole && *whole < 1'000 ? static_cast<int>(*whole) : 0;
}

}  // namespace

X12Acknowledger::X12Acknowledger(X12Writer& writer, X12AckSettings settings)
    : writer_(writer), settings_(std::move(settings)) {}

std::string_view X12Acknowledger::segment(int number) const {
  const bool old = settings_.form == X12AckSettings::Form::functional_997;
  switch (number) {
    case 3:
      return old ? "AK3" : "IK3";
    case 4:
      return old ? "AK4" : "IK4";
    default:
      return old ? "AK5" : "IK5";
  }
}

// A bad value goes back without what our own separators would make of it.
std::string X12Acknowledger::held(std::string_view value) const {
  const X12Separators& s = settings_.separators;
  std::string held;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= 0x20 && byte < 0x7F && c != s.element && c != s.component &&
                       c != s.repetition && s.terminator.find(c) == std::string::npos;
    held += plain ? c : (s.terminator == "?" || s.element == '?' || s.component == '?' ? ' ' : '?');
  }
  return held;
}

Status X12Acknowledger::open(const X12Interchange& received) {
  X12Interchange ours;
  ours.separators = settings_.separators;
  ours.sender_qualifier = held(received.receiver_qualifier);
  ours.sender = held(received.receiver);
  ours.receiver_qualifier = held(received.sender_qualifier);
  ours.receiver = held(received.sender);
  ours.date = settings_.date.size() == 8 ? settings_.date.substr(2) : settings_.date;
  ours.time = settings_.time;
  ours.version = settings_.version;
  ours.control = digits(settings_.control(), 9);
  ours.usage = received.usage == 'T' ? 'T' : 'P';
  return writer_.begin(ours);
}

Status X12Acknowledger::take(X12Kind kind, const X12Reader& reader) {
  switch (kind) {
    case X12Kind::group:
      answering_ = reader.group().functional_id != "FA";
      if (!answering_) return Done{};
      if (!open_) {
        if (const Status opened = open(reader.interchange()); !opened) return opened;
        open_ = true;
      }
      return answer_group(reader.group());
    case X12Kind::set_end:
      return answering_ ? answer_set(reader.set()) : Status(Done{});
    case X12Kind::group_end:
      return answering_ ? close_group(reader.group()) : Status(Done{});
    case X12Kind::interchange_end:
      return close_interchange(reader.interchange());
    default:
      return Done{};
  }
}

Status X12Acknowledger::answer_group(const X12Group& group) {
  const bool old = settings_.form == X12AckSettings::Form::functional_997;
  X12Group ours;
  ours.functional_id = "FA";
  ours.sender = held(group.receiver);
  ours.receiver = held(group.sender);
  ours.date = settings_.date;
  ours.time = settings_.time;
  ours.control = std::to_string(settings_.control());
  ours.version = settings_.group_version;
  if (const Status begun = writer_.begin(ours); !begun) return begun;
  if (const Status begun = writer_.begin_set(old ? "997" : "999", "0001"); !begun) return begun;
  return writer_.segment("AK1", {held(group.functional_id), held(group.control)});
}

Status X12Acknowledger::answer_segments(const X12Set& set) {
  // Segments in the file's order; an element's fault needs its segment's AK3 before it.
  std::int64_t open = 0;
  for (const Fault& fault : set.faults.list) {
    if (fault.level != Level::segment && fault.level != Level::element) continue;
    const bool element = fault.level == Level::element;
    if (!element || open != fault.place.segment_index) {
      const int code = element ? x12_segment::elements_in_error : fault.code;
      const std::string tag = is_segment_id(fault.place.segment) ? fault.place.segment : "ZZZ";
      const Status put = writer_.segment(
          segment(3), {tag, std::to_string(fault.place.segment_index), "", std::to_string(code)});
      if (!put) return put;
      open = fault.place.segment_index;
    }
    if (!element) continue;
    Composite where{std::to_string(fault.place.element)};
    if (fault.place.component > 0) where.push_back(std::to_string(fault.place.component));
    const Status put =
        writer_.segment(segment(4), {where, "", std::to_string(fault.code), held(fault.value)});
    if (!put) return put;
  }
  return Done{};
}

Status X12Acknowledger::answer_set(const X12Set& set) {
  const std::string control = held(set.control);
  if (const Status put = writer_.segment("AK2", {held(set.id), control}); !put) return put;
  if (const Status put = answer_segments(set); !put) return put;
  std::vector<int> codes;
  for (const Fault& fault : set.faults.list) {
    const bool inside = fault.level == Level::segment || fault.level == Level::element;
    add_code(codes, inside ? x12_set::segments_in_error : fault.code, set_codes_most);
  }
  Elements elements{letter(set.faults.verdict())};
  for (const int code : codes) elements.emplace_back(std::to_string(code));
  return writer_.segment(segment(5), elements);
}

Status X12Acknowledger::close_group(const X12Group& group) {
  std::string_view verdict = "A";
  if (group.accepted < group.received) {
    verdict = group.accepted == 0 ? "R" : "P";
  } else if (!group.faults.empty()) {
    verdict = "E";
  }
  std::vector<int> codes;
  for (const Fault& fault : group.faults.list) add_code(codes, fault.code, group_codes_most);
  Elements elements{verdict, std::to_string(group.included), std::to_string(group.received),
                    std::to_string(group.accepted)};
  for (const int code : codes) elements.emplace_back(std::to_string(code));
  if (const Status put = writer_.segment("AK9", elements); !put) return put;
  if (const Status ended = writer_.end_set(); !ended) return ended;
  answering_ = false;
  return writer_.end_group();
}

Status X12Acknowledger::close_interchange(const X12Interchange& received) {
  if (open_) {
    open_ = false;
    if (const Status ended = writer_.end_interchange(); !ended) return ended;
  }
  if (received.faults.empty() && !received.ack_requested) return Done{};
  if (const Status opened = open(received); !opened) return opened;
  const int note = received.faults.empty() ? 0 : received.faults.list.front().code;
  const Status put =
      writer_.segment("TA1", {held(received.control), held(received.date), held(received.time),
                              note == 0 ? "A" : "E", digits(note, 3)});
  if (!put) return put;
  return writer_.end_interchange();
}

// ------------------------------------------------------------------------------------------- in

std::optional<Verdict> verdict_of(const X12GroupAnswer& answer, std::string_view id,
                                  std::string_view control) {
  if (answer.verdict == Verdict::rejected) return Verdict::rejected;
  std::int64_t refused = 0;
  for (const X12SetAnswer& set : answer.sets) {
    if (set.id == id && set.control == control) return set.verdict;
    if (set.verdict == Verdict::rejected) ++refused;
  }
  if (answer.received - answer.accepted == refused && answer.included == answer.received) {
    return Verdict::accepted;
  }
  return std::nullopt;
}

X12AckReader::X12AckReader(Take take, X12AckLimits limits)
    : take_(std::move(take)), limits_(limits) {}

void X12AckReader::take(X12Kind kind, X12Reader& reader) {
  switch (kind) {
    case X12Kind::set:
      inside_ = reader.set().id == "997" || reader.set().id == "999";
      at_ = At::begin;
      answer_ = {};
      break;
    case X12Kind::segment:
      if (inside_) segment(reader);
      break;
    case X12Kind::set_end:
      if (inside_ && at_ == At::done && !reader.set().faults.rejects) take_(answer_);
      inside_ = false;
      break;
    default:
      break;
  }
}

void X12AckReader::segment(X12Reader& reader) {
  std::string_view id = reader.segment().id();
  if (id == "AK1" && at_ == At::begin) {
    answer_.functional_id = reader.segment()[1].substr(0, Fault::value_max);
    answer_.control = reader.segment()[2].substr(0, Fault::value_max);
    at_ = At::group;
    return;
  }
  const bool known = id.size() == 3 && (id[0] == 'A' || id[0] == 'I') && id[1] == 'K';
  const char number = known ? id[2] : '\0';
  if (id == "CTX" && at_ == At::set) return;  // Where in the business data, of a 999.
  if (number == '2' && id[0] == 'A' && at_ == At::group) return set_opened(reader);
  if (number == '3' && at_ == At::set) return segment_error(reader);
  if (number == '4' && at_ == At::set) return element_error(reader);
  if (number == '5' && at_ == At::set) return set_closed(reader);
  if (number == '9' && id[0] == 'A' && at_ == At::group) return group_closed(reader);
  reader.add_fault(0, x12_segment::unexpected, "unexpected here in an acknowledgement");
}

void X12AckReader::set_opened(X12Reader& reader) {
  if (answer_.sets.size() >= limits_.sets) {
    return reader.add_fault(
        0, x12_segment::unexpected,
        "the acknowledgement answers more sets than the limit of " + std::to_string(limits_.sets));
  }
  X12SetAnswer set;
  set.group_functional_id = answer_.functional_id;
  set.group_control = answer_.control;
  set.id = reader.segment()[1].substr(0, Fault::value_max);
  set.control = reader.segment()[2].substr(0, Fault::value_max);
  answer_.sets.push_back(std::move(set));
  errors_ = 0;
  at_ = At::set;
}

void X12AckReader::segment_error(X12Reader& reader) {
  if (++errors_ > limits_.errors) return;
  const X12Segment& told = reader.segment();
  X12SegmentError error;
  error.segment = told[1].substr(0, Fault::value_max);
  error.position = whole_number(told[2]).value_or(0);
  error.code = code_of(told[4]);
  answer_.sets.back().segments.push_back(std::move(error));
}

void X12AckReader::element_error(X12Reader& reader) {
  std::vector<X12SegmentError>& segments = answer_.sets.back().segments;
  if (segments.empty()) {
    return reader.add_fault(0, x12_segment::unexpected, "an element's error without its segment's");
  }
  if (++errors_ > limits_.errors) return;
  const X12Segment& told = reader.segment();
  X12SegmentError::ElementError error;
  const Element where = reader.element(1);
  const Composite& position = where.repetitions().front();
  error.element = code_of(position[0]);
  if (position.size() > 1) error.component = code_of(position[1]);
  error.code = code_of(told[3]);
  error.value = told[4].substr(0, Fault::value_max);
  segments.back().elements.push_back(std::move(error));
}

void X12AckReader::set_closed(X12Reader& reader) {
  const X12Segment& told = reader.segment();
  X12SetAnswer& set = answer_.sets.back();
  set.code = told[1].substr(0, 3);
  if (set.code == "A") {
    set.verdict = Verdict::accepted;
  } else if (set.code == "E") {
    set.verdict = Verdict::accepted_with_errors;
  } else if (set.code != "R" && set.code != "M" && set.code != "W" && set.code != "X") {
    reader.add_fault(1, x12_element::invalid_code, "must be one of A E M R W X");
  }
  for (int i = 2; i <= told.size() && set.codes.size() < set_codes_most; ++i) {
    if (!told[i].empty()) set.codes.push_back(code_of(told[i]));
  }
  at_ = At::group;
}

void X12AckReader::group_closed(X12Reader& reader) {
  const X12Segment& told = reader.segment();
  answer_.code = told[1].substr(0, 3);
  if (answer_.code == "A") {
    answer_.verdict = Verdict::accepted;
  } else if (answer_.code == "E" || answer_.code == "P") {
    answer_.verdict = Verdict::accepted_with_errors;
  } else if (answer_.code != "R" && answer_.code != "M" && answer_.code != "W" &&
             answer_.code != "X") {
    reader.add_fault(1, x12_element::invalid_code, "must be one of A E M P R W X");
  }
  const auto count = [&](int element) {
    const auto whole = whole_number(told[element]);
    if (!whole) {
      reader.add_fault(element, x12_element::invalid_character, "must be a whole number");
    }
    return whole.value_or(0);
  };
  answer_.included = count(2);
  answer_.received = count(3);
  answer_.accepted = count(4);
  for (int i = 5; i <= told.size() && answer_.codes.size() < group_codes_most; ++i) {
    if (!told[i].empty()) answer_.codes.push_back(code_of(told[i]));
  }
  at_ = At::done;
}

}  // namespace underpin::legacy::edi
