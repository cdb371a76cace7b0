#include "legacy-adapters/transport/edi/edifact.h"
#include "legacy-adapters/transport/edi/marks.h"
#include "legacy-adapters/transport/edi/x12_text.h"

#include <algorithm>
#include <cstring>

namespace underpin::legacy::edi {

namespace {

// Non-printing separators of syntax level B, where no UNA says otherwise.
constexpr EdifactSeparators level_b{'\x1F', '\x1D', '.', ' ', ' ', '\x1C'};

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

bool is_header(const char* at, const char* end) {
  return end - at >= 4 && (std::memcmp(at, "UNA", 3) == 0 || std::memcmp(at, "UNB", 3) == 0) &&
         !is_alphanumeric(at[3]);
}

bool is_tag(std::string_view tag) { return tag.size() == 3 && is_segment_id(tag); }

}  // namespace

bool valid(const EdifactSeparators& separators, std::string& why) {
  std::string all{separators.component, separators.element, separators.terminator};
  if (separators.release != ' ') all += separators.release;
  if (separators.repetition != ' ') all += separators.repetition;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (is_alphanumeric(all[i]) || all[i] == ' ' || all[i] == '\0') {
      why = "a separator must not be a letter, a digit or a blank";
      return false;
    }
    if (all.find(all[i], i + 1) != std::string::npos) {
      why = "two separators are the same";
      return false;
    }
  }
  if (separators.decimal != '.' && separators.decimal != ',') {
    why = "the decimal mark must be a point or a comma";
    return false;
  }
  return true;
}

std::string_view EdifactSegment::operator()(int element, int component) const {
  if (element < 0 || element >= elements_ || component < 1) return {};
  const auto at = static_cast<std::size_t>(element);
  const std::size_t part = first_part_[at] + static_cast<std::size_t>(component) - 1;
  if (part >= first_part_[at + 1]) return {};
  // Behind a repetition mark it belongs to a later occurrence.
  for (std::size_t before = first_part_[at]; before < part; ++before) {
    if (ends_[before] == '\0') return {};
  }
  return parts_[part];
}

EdifactReader::EdifactReader(ReadBytes read, EdifactLimits limits, EdifactPolicy policy)
    : limits_(limits),
      policy_(policy),
      window_(std::move(read), std::max<std::size_t>(128 * 1024, 4 * limits.segment_bytes)),
      unescaped_(limits.segment_bytes + 1),
      message_numbers_(limits.control_runs),
      group_numbers_(limits.control_runs) {
  limits_.parts = std::max(limits_.parts, 32);  // The envelopes' own.
  const auto most = static_cast<std::size_t>(limits_.parts) + 1;
  segment_.parts_.resize(most);
  segment_.ends_.resize(most);
  segment_.first_part_.resize(most + 1);
}

// ---------------------------------------------------------------------------- pieces of a file

bool EdifactReader::skip_blanks() {
  do {
    const char* at = window_.at();
    const char* const end = window_.end();
    while (at != end && is_blank(*at)) ++at;
    window_.advance(at);
    if (at != end) return true;
  } while (window_.more());
  return false;
}

void EdifactReader::nothing_at(const char* place) {
  begin_ = after_ = place;
  segment_.parts_[0] = {};
  segment_.elements_ = 1;
  segment_.first_part_[0] = 0;
  segment_.first_part_[1] = 1;
}

// Fills segment_ from the window; false: its terminator is not there.
bool EdifactReader::split() {
  begin_ = window_.at();
  const char* const end = window_.end();
  const EdifactSeparators& separators = interchange_.separators;
  const bool releases = separators.release != ' ';
  const bool repeats = separators.repetition != ' ';
  const std::size_t most = segment_.parts_.size();
  std::size_t parts = 0;
  int elements = 0;
  const char* part = begin_;
  const char* ignored = nullptr;  // What stands behind a release character.
  bool released = false;
  unescaped_size_ = 0;
  too_many_parts_ = false;
  segment_.first_part_[0] = 0;
  segment_.first_part_[1] = 1;
  segment_.elements_ = 1;
  const bool reached_end = each_mark(begin_, end, needles_, [&](const char* mark) {
    const char c = *mark;
    if (mark == ignored) return true;
    if (releases && c == separators.release) {
      ignored = mark + 1;
      released = true;
      return true;
    }
    if (c == separators.repetition && !repeats) return true;
    if (parts < most) {
      std::string_view text(part, static_cast<std::size_t>(mark - part));
      if (released) {
        // Longer than the limit: refused as a whole, whatever its texts.
        if (static_cast<std::size_t>(mark - begin_) <= limits_.segment_bytes) {
          char* const to = unescaped_.data() + unescaped_size_;
          std::size_t size = 0;
          for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] == separators.release) ++i;
            to[size++] = text[i];
          }
          unescaped_size_ += size;
          text = {to, size};
        }
        released = false;
      }
      segment_.parts_[parts] = text;
      segment_.ends_[parts] = c == separators.repetition ? '\0' : c;
      ++parts;
    } else {
      too_many_parts_ = true;
      released = false;
    }
    part = mark + 1;
    if (c == separators.component || c == separators.repetition) return true;
    ++elements;
    if (!too_many_parts_) {
      segment_.first_part_[static_cast<std::size_t>(elements)] = static_cast<std::uint32_t>(parts);
      segment_.elements_ = elements;
    }
    if (c != separators.terminator) return true;
    after_ = mark + 1;
    return false;
  });
  return !reached_end;
}

// The end of the file may stand for the last terminator, behind a whole UNZ and nowhere else.
bool EdifactReader::at_last_segment() {
  begin_ = window_.at();
  std::string_view rest(begin_, window_.unread());
  while (!rest.empty() && is_blank(rest.back())) rest.remove_suffix(1);
  const std::string head = std::string("UNZ") + interchange_.separators.element;
  const std::size_t mark = rest.find(interchange_.separators.element, head.size());
  if (rest.substr(0, head.size()) != head || mark == std::string_view::npos ||
      rest.substr(mark + 1) != interchange_.control) {
    nothing_at(window_.end());
    return false;
  }
  segment_.parts_[0] = rest.substr(0, 3);
  segment_.parts_[1] = rest.substr(head.size(), mark - head.size());
  segment_.parts_[2] = rest.substr(mark + 1);
  for (std::size_t i = 0; i < 4; ++i) segment_.first_part_[i] = static_cast<std::uint32_t>(i);
  segment_.elements_ = 3;
  after_ = window_.end();
  return true;
}

EdifactReader::Raw EdifactReader::read_raw() {
  if (!skip_blanks()) {
    nothing_at(window_.end());
    return Raw::end;
  }
  while (window_.unread() < 4 && window_.more()) {
  }
  if (is_header(window_.at(), window_.end())) {
    nothing_at(window_.at());
    segment_.parts_[0] = std::string_view(begin_, 3);
    return Raw::header;
  }
  while (!split()) {
    if (window_.unread() > limits_.segment_bytes) {
      pass_over_long_segment();
      return Raw::too_long;
    }
    if (window_.more()) continue;
    return at_last_segment() ? Raw::segment : Raw::cut;
  }
  if (static_cast<std::size_t>(after_ - begin_) <= limits_.segment_bytes) return Raw::segment;
  long_place_ = place();
  return Raw::too_long;
}

void EdifactReader::pass_over_long_segment() {
  const EdifactSeparators& separators = interchange_.separators;
  begin_ = window_.at();
  long_place_ = place();
  bool released = false;
  for (;;) {
    for (const char* at = window_.at(); at != window_.end(); ++at) {
      if (released) {
        released = false;
      } else if (*at == separators.release && separators.release != ' ') {
        released = true;
      } else if (*at == separators.terminator) {
        nothing_at(at + 1);
        return;
      }
    }
    window_.advance(window_.end());
    if (!window_.more()) {
      nothing_at(window_.end());
      return;
    }
  }
}

// ----------------------------------------------------------------------------------- the states

Result<EdifactKind> EdifactReader::next() {
  for (;;) {
    if (at_ == At::outside) return outside();
    if (!held_) {
      window_.advance(after_);
      raw_ = read_raw();
      if (window_.failure()) return *window_.failure();
    }
    held_ = false;
    if (raw_ == Raw::end || raw_ == Raw::cut || raw_ == Raw::header) return close_early();
    if (raw_ == Raw::too_long) {
      tell_long_segment();
      continue;
    }
    EdifactKind kind = EdifactKind::segment;
    if (at_ == At::message ? in_message(kind) : between(kind)) return kind;
  }
}

void EdifactReader::tell_long_segment() {
  Fault told{Level::segment,
             true,
             edifact_error::too_long,
             long_place_,
             "the segment is longer than " + std::to_string(limits_.segment_bytes) + " bytes",
             {}};
  if (at_ == At::message) {
    told.place.segment_index = ++message_.segments;
    message_.faults.add(std::move(told), limits_.faults);
    return;
  }
  told.level = Level::interchange;
  interchange_.faults.add(std::move(told), limits_.faults);
}

EdifactKind EdifactReader::close_early() {
  return close_held(raw_ == Raw::header ? "another interchange begins"
                    : raw_ == Raw::end  ? "the file ends"
                                        : "the file ends within a segment");
}

// Closes the innermost that is open; the segment that was read waits for the next call.
EdifactKind EdifactReader::close_held(const std::string& why) {
  held_ = true;
  if (at_ == At::message) {
    add(message_.faults, Level::set, edifact_error::missing, why + " before the message's UNT");
    return end_message();
  }
  if (group_open_) {
    add(group_.faults, Level::group, edifact_error::missing, why + " before the group's UNE");
    group_open_ = false;
    message_numbers_.clear();
    return EdifactKind::group_end;
  }
  add(interchange_.faults, Level::interchange, edifact_error::missing,
      why + " before the interchange's UNZ");
  at_ = At::outside;
  if (raw_ != Raw::header) window_.advance(window_.end());
  held_ = false;
  begin_ = nullptr;
  return EdifactKind::interchange_end;
}

Result<EdifactKind> EdifactReader::outside() {
  if (begin_ != nullptr) {
    window_.advance(after_);
    begin_ = nullptr;
  }
  if (!skip_blanks()) {
    if (window_.failure()) return *window_.failure();
    return EdifactKind::end;
  }
  while (window_.unread() < limits_.segment_bytes && window_.more()) {
  }
  if (window_.failure()) return *window_.failure();
  const char* const at = window_.at();
  if (!is_header(at, window_.end())) {
    return unreadable_at(at, "an interchange begins with UNA or UNB");
  }
  const std::string wrong = read_advice();
  if (!wrong.empty()) return unreadable_at(at, wrong);
  open_interchange();
  return EdifactKind::interchange;
}

// Reads UNA, where there is one, and splits UNB; empty, or what is wrong.
std::string EdifactReader::read_advice() {
  const char* at = window_.at();
  interchange_ = EdifactInterchange{};
  EdifactSeparators& separators = interchange_.separators;
  if (std::memcmp(at, "UNA", 3) == 0) {
    if (window_.unread() < 9) return "the file ends within UNA";
    separators = {at[3], at[4], at[5], at[6], at[7], at[8]};
    interchange_.advice = true;
    at += 9;
    while (at != window_.end() && is_blank(*at)) ++at;
    if (window_.end() - at < 4 || std::memcmp(at, "UNB", 3) != 0) return "UNB must follow UNA";
    if (at[3] != separators.element) return "UNB has another element separator than UNA says";
  } else if (at[3] == level_b.element) {
    separators = level_b;
  } else if (at[3] != separators.element) {
    return "UNB has another element separator than +, and no UNA says so";
  }
  std::string why;
  if (!valid(separators, why)) return "UNA: " + why;
  needles_ = {separators.element, separators.component, separators.terminator,
              separators.release == ' ' ? separators.element : separators.release,
              separators.repetition == ' ' ? separators.element : separators.repetition};
  window_.advance(at);
  if (!split() || static_cast<std::size_t>(after_ - begin_) > limits_.segment_bytes) {
    return "UNB has no end within " + std::to_string(limits_.segment_bytes) + " bytes";
  }
  // Before version 4 the place of the repetition separator was reserved, and anything may stand
  // there.
  if (separators.repetition != ' ' && segment_(1, 2) < "4") {
    separators.repetition = ' ';
    needles_[4] = separators.element;
    if (!split()) return "UNB has no end";
  }
  return {};
}

Result<EdifactKind> EdifactReader::unreadable_at(const char* place, std::string rule) {
  unreadable_ = Fault{Level::file, true, edifact_error::invalid_value, {}, std::move(rule), {}};
  unreadable_.place.offset = window_.offset_of(place);
  unreadable_.place.line = window_.line_of(place);
  unreadable_.value = std::string(
      place, std::min<std::size_t>(32, static_cast<std::size_t>(window_.end() - place)));
  begin_ = nullptr;
  window_.skip_to_header(place + 1, [this](const char* from) { return find_header(from); });
  if (window_.failure()) return *window_.failure();
  return EdifactKind::unreadable;
}

const char* EdifactReader::find_header(const char* from) const {
  for (const char* at = from; at < window_.end(); ++at) {
    const void* const found = std::memchr(at, 'U', static_cast<std::size_t>(window_.end() - at));
    if (found == nullptr) return nullptr;
    at = static_cast<const char*>(found);
    if (is_header(at, window_.end()) && !is_alphanumeric(at[-1])) return at;
  }
  return nullptr;
}

// --------------------------------------------------------------------------------- the segments

// Outside of messages. False: nothing to tell.
bool EdifactReader::between(EdifactKind& kind) {
  const std::string_view tag = segment_.tag();
  if (tag == "UNH") {
    open_message();
    kind = EdifactKind::message;
    return true;
  }
  if (tag == "UNG") {
    if (group_open_) {
      kind = close_held("UNG comes");
      return true;
    }
    open_group();
    kind = EdifactKind::group;
    return true;
  }
  if (tag == "UNE" && group_open_) {
    close_group();
    kind = EdifactKind::group_end;
    return true;
  }
  if (tag == "UNZ") {
    if (group_open_) {
      kind = close_held("UNZ comes");
      return true;
    }
    close_interchange();
    kind = EdifactKind::interchange_end;
    return true;
  }
  Faults& faults = group_open_ ? group_.faults : interchange_.faults;
  add(faults, group_open_ ? Level::group : Level::interchange, edifact_error::outside,
      "a segment outside of a message, which UNH begins");
  return false;
}

bool EdifactReader::in_message(EdifactKind& kind) {
  const std::string_view tag = segment_.tag();
  if (tag.size() == 3 && tag[0] == 'U' && tag[1] == 'N') {
    if (tag[2] == 'T') {
      close_message();
      kind = end_message();
      return true;
    }
    if (tag[2] == 'H' || tag[2] == 'G' || tag[2] == 'E' || tag[2] == 'Z') {
      kind = close_held(std::string(tag) + " comes");
      return true;
    }
  }
  ++message_.segments;
  if (!is_tag(tag)) {
    add(message_.faults, Level::segment, edifact_error::invalid_value,
        "a segment's tag is three capital letters or digits");
    return false;
  }
  if (too_many_parts_) {
    add(message_.faults, Level::segment, edifact_error::too_many_parts,
        "the segment has more components than the limit of " + std::to_string(limits_.parts));
    return false;
  }
  if (message_.segments >= limits_.segments_per_message) {
    if (message_.segments == limits_.segments_per_message) {
      add(message_.faults, Level::set, edifact_error::too_many_parts,
          "the message has more segments than the limit of " +
              std::to_string(limits_.segments_per_message));
    }
    return false;
  }
  return true;
}

void EdifactReader::open_interchange() {
  const EdifactSegment& unb = segment_;
  interchange_.syntax = unb(1, 1);
  interchange_.version = unb(1, 2);
  interchange_.sender = {std::string(unb(2, 1)), std::string(unb(2, 2)), std::string(unb(2, 3))};
  interchange_.receiver = {std::string(unb(3, 1)), std::string(unb(3, 2)), std::string(unb(3, 3))};
  interchange_.date = unb(4, 1);
  interchange_.time = unb(4, 2);
  interchange_.control = unb(5);
  interchange_.application = unb(7);
  interchange_.ack_requested = unb(9) == "1";
  interchange_.test = unb(11) == "1";
  interchange_.place = place();
  at_ = At::interchange;
  group_open_ = false;
  held_ = false;
  message_numbers_.clear();
  group_numbers_.clear();
  if (interchange_.control.empty() || interchange_.control.size() > 14) {
    add(interchange_.faults, Level::interchange, edifact_error::missing,
        "the interchange's reference must have 1 to 14 characters", 5);
  }
  if (too_many_parts_) {
    add(interchange_.faults, Level::interchange, edifact_error::too_many_parts,
        "UNB has too many components");
  }
}

void EdifactReader::close_interchange() {
  const std::int64_t expected =
      interchange_.groups > 0 ? interchange_.groups : interchange_.messages;
  if (whole_number(segment_(1)) != expected) {
    add(interchange_.faults, Level::interchange, edifact_error::counts_differ,
        "UNZ says \"" + std::string(segment_(1).substr(0, 20)) + "\" " +
            (interchange_.groups > 0 ? "groups" : "messages") + ", the interchange has " +
            std::to_string(expected),
        1, 1);
  }
  if (segment_(2) != interchange_.control) {
    add(interchange_.faults, Level::interchange, edifact_error::references_differ,
        "UNZ's reference is not UNB's, which is " + interchange_.control, 2, 1);
  }
  at_ = At::outside;
}

void EdifactReader::open_group() {
  const EdifactSegment& ung = segment_;
  group_ = EdifactGroup{};
  group_.id = ung(1);
  group_.sender = {std::string(ung(2, 1)), std::string(ung(2, 2)), {}};
  group_.receiver = {std::string(ung(3, 1)), std::string(ung(3, 2)), {}};
  group_.date = ung(4, 1);
  group_.time = ung(4, 2);
  group_.control = ung(5);
  group_.agency = ung(6);
  group_.version = ung(7, 1);
  group_.release = ung(7, 2);
  group_.place = place();
  group_open_ = true;
  if (interchange_.groups == 0 && interchange_.messages > 0) {
    add(interchange_.faults, Level::interchange, edifact_error::groups_and_messages_mixed,
        "a group behind messages that are in none");
  }
  ++interchange_.groups;
  message_numbers_.clear();
  if (group_numbers_.add(group_.control) != NumbersSeen::Answer::first) {
    add(group_.faults, Level::group, edifact_error::duplicate,
        "the group's reference was used before in this interchange", 5, 1);
  }
}

void EdifactReader::close_group() {
  if (whole_number(segment_(1)) != group_.messages) {
    add(group_.faults, Level::group, edifact_error::counts_differ,
        "UNE says \"" + std::string(segment_(1).substr(0, 20)) + "\" messages, the group has " +
            std::to_string(group_.messages),
        1, 1);
  }
  if (segment_(2) != group_.control) {
    add(group_.faults, Level::group, edifact_error::references_differ,
        "UNE's reference is not UNG's, which is " + group_.control, 2, 1);
  }
  group_open_ = false;
  message_numbers_.clear();
}

void EdifactReader::open_message() {
  const EdifactSegment& unh = segment_;
  message_ = EdifactMessage{};
  message_.control = unh(1).substr(0, Fault::value_max);
  message_.type = unh(2, 1).substr(0, Fault::value_max);
  message_.version = unh(2, 2).substr(0, Fault::value_max);
  message_.release = unh(2, 3).substr(0, Fault::value_max);
  message_.agency = unh(2, 4).substr(0, Fault::value_max);
  message_.association = unh(2, 5).substr(0, Fault::value_max);
  message_.segments = 1;
  message_.place = place();
  message_.place.segment_index = 1;
  at_ = At::message;
  if (group_open_) {
    ++group_.messages;
  } else if (interchange_.groups > 0) {
    add(interchange_.faults, Level::interchange, edifact_error::groups_and_messages_mixed,
        "a message outside of the interchange's groups");
  }
  if (++interchange_.messages == limits_.messages + 1) {
    add(interchange_.faults, Level::interchange, edifact_error::too_many_parts,
        "the interchange has more messages than the limit of " + std::to_string(limits_.messages));
  }
  if (unh(1).empty() || unh(1).size() > 14) {
    add(message_.faults, Level::set, edifact_error::missing,
        "the message's reference must have 1 to 14 characters", 1, 1);
  } else if (const auto answer = message_numbers_.add(unh(1));
             answer != NumbersSeen::Answer::first) {
    add(message_.faults, Level::set, edifact_error::duplicate,
        answer == NumbersSeen::Answer::again
            ? "the message's reference was used before"
            : "the references are too scattered to tell whether this one was used before",
        1, 1);
  }
  if (message_.type.empty()) {
    add(message_.faults, Level::set, edifact_error::missing, "the message has no type", 2, 1);
  }
}

void EdifactReader::close_message() {
  ++message_.segments;
  if (whole_number(segment_(1)) != message_.segments) {
    add(message_.faults, Level::set, edifact_error::counts_differ,
        "UNT says \"" + std::string(segment_(1).substr(0, 20)) + "\" segments, the message has " +
            std::to_string(message_.segments),
        1, 1, policy_.wrong_message_count == EdifactPolicy::Count::reject);
  }
  if (segment_(2) != message_.control) {
    add(message_.faults, Level::set, edifact_error::references_differ,
        "UNT's reference is not UNH's, which is " + message_.control, 2, 1);
  }
}

EdifactKind EdifactReader::end_message() {
  if (!message_.faults.rejects) {
    ++interchange_.accepted;
    if (group_open_) ++group_.accepted;
  }
  at_ = At::interchange;
  return EdifactKind::message_end;
}

// ---------------------------------------------------------------------------------------- faults

Place EdifactReader::place(int element, int component) const {
  Place place;
  if (begin_ == nullptr) return place;
  // A part without release characters lies in the file itself; of others the segment's place is
  // told.
  const std::string_view part = element > 0 ? segment_(element, std::max(component, 1)) : "";
  const bool inside = !part.empty() && part.data() >= begin_ && part.data() < after_;
  const char* const at = inside ? part.data() : begin_;
  place.offset = window_.offset_of(at);
  place.line = window_.line_of(at);
  place.segment = segment_.tag().substr(0, 8);
  if (at_ == At::message) place.segment_index = message_.segments;
  place.element = element;
  place.component = component;
  return place;
}

Fault EdifactReader::fault(Level level, int code, std::string rule, int element,
                           int component) const {
  Fault fault{level, true, code, place(element, component), std::move(rule), {}};
  if (element > 0) {
    fault.value = segment_(element, std::max(component, 1)).substr(0, Fault::value_max);
  }
  return fault;
}

void EdifactReader::add(Faults& faults, Level level, int code, std::string rule, int element,
                        int component, bool rejects) {
  Fault told = fault(level, code, std::move(rule), element, component);
  told.rejects = rejects;
  faults.add(std::move(told), limits_.faults);
}

void EdifactReader::add_fault(int element, int component, int code, std::string rule,
                              bool rejects) {
  add(message_.faults, element > 0 ? Level::element : Level::segment, code, std::move(rule),
      element, component, rejects);
}

Element EdifactReader::element(int number) const {
  if (number < 1 || number > segment_.size()) return {};
  const auto at = static_cast<std::size_t>(number);
  std::vector<Composite> repetitions(1);
  for (std::size_t part = segment_.first_part_[at]; part < segment_.first_part_[at + 1]; ++part) {
    repetitions.back().emplace_back(segment_.parts_[part]);
    const bool last = part + 1 == segment_.first_part_[at + 1];
    if (segment_.ends_[part] == '\0' && !last) repetitions.emplace_back();
  }
  for (Composite& composite : repetitions) {
    while (composite.size() > 1 && composite.back().empty()) composite.pop_back();
  }
  while (repetitions.size() > 1 && repetitions.back() == Composite{""}) repetitions.pop_back();
  return Element(std::move(repetitions));
}

}  // namespace underpin::legacy::edi
