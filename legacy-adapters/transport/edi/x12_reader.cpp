#include "legacy-adapters/transport/edi/marks.h"
#include "legacy-adapters/transport/edi/x12.h"
#include "legacy-adapters/transport/edi/x12_text.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace underpin::legacy::edi {

namespace {

constexpr std::size_t header_bytes = 106;  // ISA, its terminator's first byte included.
// Where its element separators stand.
constexpr std::array<std::size_t, 16> header_marks{3,  6,  17, 20, 31, 34, 50,  53,
                                                   69, 76, 81, 83, 89, 99, 101, 103};

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

std::string trimmed(std::string_view text) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return std::string(text);
}

// The rest of a UTF-8 character after its first byte; 0 for ASCII and for what is no first byte.
std::size_t bytes_behind(char first) {
  const auto byte = static_cast<unsigned char>(first);
  if (byte >= 0xF0 && byte <= 0xF4) return 3;
  if (byte >= 0xE0 && byte < 0xF0) return 2;
  return byte >= 0xC2 && byte < 0xE0 ? 1 : 0;
}

bool is_header(const char* at, const char* end) {
  return end - at >= 4 && std::memcmp(at, "ISA", 3) == 0 && !is_alphanumeric(at[3]);
}

}  // namespace

bool valid(const X12Separators& separators, std::string& why) {
  const std::string& terminator = separators.terminator;
  const bool one_character =
      terminator.size() == 1 ||
      (!terminator.empty() && terminator.size() == 1 + bytes_behind(terminator[0]) &&
       std::all_of(terminator.begin() + 1, terminator.end(),
                   [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }));
  if (!one_character) {
    why = "the segment terminator must be one character";
    return false;
  }
  const std::string all{separators.element, separators.component, terminator[0],
                        separators.repetition};
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i == 3 && all[i] == '\0') continue;
    if (all[i] == '\0' || is_alphanumeric(all[i]) || all[i] == ' ' ||
        (i != 2 && is_blank(all[i]))) {
      why = "a separator must not be a letter, a digit or a blank";
      return false;
    }
    if (all.find(all[i], i + 1) != std::string::npos) {
      why = "two separators are the same";
      return false;
    }
  }
  return true;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  if (text.empty() || text.size() > 18 || text[0] == '-') return std::nullopt;
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  if (code != std::errc() || stop != end) return std::nullopt;
  return value;
}

bool same_number(std::string_view one, std::string_view other) {
  const auto a = whole_number(one);
  return one == other || (a && a == whole_number(other));
}

bool is_segment_id(std::string_view id) {
  if (id.size() < 2 || id.size() > 3 || id[0] < 'A' || id[0] > 'Z') return false;
  return std::all_of(id.begin(), id.end(),
                     [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

X12Reader::X12Reader(ReadBytes read, X12Limits limits, X12Policy policy)
    : limits_(limits),
      policy_(policy),
      window_(std::move(read), std::max<std::size_t>(128 * 1024, 4 * limits.segment_bytes)),
      group_numbers_(limits.control_runs),
      set_numbers_(limits.control_runs) {
  limits_.elements = std::max(limits_.elements, 16);  // The envelopes' own.
  segment_.parts_.resize(static_cast<std::size_t>(limits_.elements) + 2);
}

// ---------------------------------------------------------------------------- pieces of a file

bool X12Reader::skip_blanks() {
  do {
    const char* at = window_.at();
    const char* const end = window_.end();
    while (at != end && is_blank(*at)) ++at;
    window_.advance(at);
    if (at != end) return true;
  } while (window_.more());
  return false;
}

// Fills segment_ from the window; false: its terminator is not there.
bool X12Reader::split() {
  begin_ = window_.at();
  const char* const end = window_.end();
  const std::string& terminator = interchange_.separators.terminator;
  std::string_view* const parts = segment_.parts_.data();
  const int most = static_cast<int>(segment_.parts_.size());
  int count = 0;
  const char* part = begin_;
  const char* const tail_end = end - (terminator.size() - 1);
  const bool reached_end = each_mark(begin_, end, needles_, [&](const char* mark) {
    if (*mark == needles_[1] && terminator.size() > 1 &&
        (mark >= tail_end || std::memcmp(mark, terminator.data(), terminator.size()) != 0)) {
      return true;  // The first byte of another character.
    }
    if (count < most) {
      parts[count] = std::string_view(part, static_cast<std::size_t>(mark - part));
    }
    ++count;
    part = mark + 1;
    if (*mark != needles_[1]) return true;
    after_ = mark + terminator.size();
    return false;
  });
  segment_.size_ = std::min(count, most) - 1;
  return !reached_end;
}

void X12Reader::nothing_at(const char* place) {
  begin_ = after_ = place;
  segment_.parts_[0] = {};
  segment_.size_ = 0;
}

X12Reader::Raw X12Reader::read_raw() {
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
  return read_segment();
}

X12Reader::Raw X12Reader::read_segment() {
  while (!split()) {
    if (window_.unread() > limits_.segment_bytes) {
      pass_over_long_segment();
      return Raw::too_long;
    }
    if (window_.more()) continue;
    // The end of the file may stand for the last terminator, behind a whole IEA and nowhere else.
    begin_ = window_.at();
    std::string_view rest(begin_, window_.unread());
    while (!rest.empty() && is_blank(rest.back())) rest.remove_suffix(1);
    after_ = window_.end();
    int count = 0;
    while (count < 3) {
      const std::size_t mark = rest.find(needles_[0]);
      segment_.parts_[static_cast<std::size_t>(count++)] = rest.substr(0, mark);
      if (mark == std::string_view::npos) break;
      rest.remove_prefix(mark + 1);
    }
    segment_.size_ = count - 1;
    return count == 3 && segment_.id() == "IEA" && segment_[2].size() == 9 ? Raw::segment
                                                                           : Raw::cut;
  }
  if (static_cast<std::size_t>(after_ - begin_) <= limits_.segment_bytes) return Raw::segment;
  long_place_ = place();
  return Raw::too_long;
}

// Its bytes up to the terminator go; where it began stays.
void X12Reader::pass_over_long_segment() {
  const std::string& terminator = interchange_.separators.terminator;
  begin_ = window_.at();
  long_place_ = place();
  for (;;) {
    const std::string_view rest(window_.at(), window_.unread());
    const std::size_t found = rest.find(terminator);
    if (found != std::string_view::npos) {
      nothing_at(window_.at() + found + terminator.size());
      return;
    }
    window_.advance(window_.end() - std::min(rest.size(), terminator.size() - 1));
    if (!window_.more()) {
      nothing_at(window_.end());
      return;
    }
  }
}

// ----------------------------------------------------------------------------------- the states

Result<X12Kind> X12Reader::next() {
  for (;;) {
    if (at_ == At::outside) return outside();
    if (!held_) {
      if (begin_ != nullptr) window_.advance(after_);
      raw_ = read_raw();
      if (window_.failure()) return *window_.failure();
    }
    held_ = false;
    if (raw_ == Raw::end || raw_ == Raw::cut || raw_ == Raw::header) return close_early();
    if (raw_ == Raw::too_long) {
      tell_long_segment();
      continue;
    }
    X12Kind kind = X12Kind::segment;
    if (at_ == At::set) {
      if (in_set(kind)) return kind;
      continue;
    }
    const At before = at_;
    kind = before == At::group ? in_group() : in_interchange();
    if (kind != X12Kind::end) return kind;  // end: nothing to tell.
  }
}

void X12Reader::tell_long_segment() {
  Fault told{Level::segment,
             true,
             x12_segment::elements_in_error,
             long_place_,
             "the segment is longer than " + std::to_string(limits_.segment_bytes) + " bytes",
             {}};
  if (at_ == At::set) {
    told.place.segment_index = ++set_.segments;
    set_.faults.add(std::move(told), limits_.faults);
    return;
  }
  told.level = Level::interchange;
  told.rejects = false;
  told.code = x12_interchange::content_invalid;
  interchange_.faults.add(std::move(told), limits_.faults);
}

// A new header, or the end of the file, where something is open: it is closed from the inside out,
// one event for each call.
X12Kind X12Reader::close_early() {
  held_ = true;
  const std::string what =
      raw_ == Raw::header ? "another ISA begins" : "the file ends within a segment";
  const std::string why = raw_ == Raw::end ? "the file ends" : what;
  switch (at_) {
    case At::set:
      set_fault(x12_set::trailer_missing, why + " before the set's SE");
      return end_set();
    case At::group:
      group_fault(x12_group::trailer_missing, why + " before the group's GE");
      group_.included = group_.received;
      at_ = At::interchange;
      return X12Kind::group_end;
    default:
      interchange_fault(x12_interchange::ends_early, why + " before the interchange's IEA");
      at_ = At::outside;
      if (raw_ != Raw::header) window_.advance(window_.end());
      held_ = false;
      begin_ = nullptr;
      return X12Kind::interchange_end;
  }
}

Result<X12Kind> X12Reader::outside() {
  if (begin_ != nullptr) {
    window_.advance(after_);
    begin_ = nullptr;
  }
  interchange_.separators = X12Separators{};
  if (!skip_blanks()) {
    if (window_.failure()) return *window_.failure();
    return X12Kind::end;
  }
  // The terminator may have three bytes more, which the header's check looks at.
  while (window_.unread() < header_bytes + 3 && window_.more()) {
  }
  if (window_.failure()) return *window_.failure();
  const char* const at = window_.at();
  if (!is_header(at, window_.end())) {
    return unreadable_at(at, "an interchange begins with ISA");
  }
  const std::string wrong = open_interchange();
  if (!wrong.empty()) return unreadable_at(at, wrong);
  return X12Kind::interchange;
}

// Tells the fault and goes to the next ISA behind `place`.
Result<X12Kind> X12Reader::unreadable_at(const char* place, std::string rule) {
  unreadable_ =
      Fault{Level::file, true, x12_interchange::structure_invalid, {}, std::move(rule), {}};
  unreadable_.place.offset = window_.offset_of(place);
  unreadable_.place.line = window_.line_of(place);
  unreadable_.value = std::string(
      place, std::min<std::size_t>(32, static_cast<std::size_t>(window_.end() - place)));
  window_.skip_to_header(place + 1, [this](const char* from) { return find_header(from); });
  if (window_.failure()) return *window_.failure();
  return X12Kind::unreadable;
}

const char* X12Reader::find_header(const char* from) const {
  for (const char* at = from; at < window_.end(); ++at) {
    const void* const found = std::memchr(at, 'I', static_cast<std::size_t>(window_.end() - at));
    if (found == nullptr) return nullptr;
    at = static_cast<const char*>(found);
    if (is_header(at, window_.end()) && !is_alphanumeric(at[-1])) return at;
  }
  return nullptr;
}

// Empty when the window's ISA could be read, otherwise what is wrong with it.
std::string X12Reader::open_interchange() {
  const char* const at = window_.at();
  if (window_.unread() < header_bytes - 1) return "the file ends within ISA";
  X12Interchange read;
  X12Separators& separators = read.separators;
  separators.element = at[3];
  for (const std::size_t mark : header_marks) {
    if (at[mark] != separators.element) {
      return "ISA has no element separator at its position " + std::to_string(mark + 1) +
             ": its elements have fixed lengths";
    }
  }
  if (window_.unread() < header_bytes) return "the file ends within ISA";
  const auto part = [at](std::size_t from, std::size_t length) {
    return std::string_view(at + from, length);
  };
  if (std::count(at, at + header_bytes - 1, separators.element) != 16) {
    return "ISA has more than 16 element separators";
  }
  separators.component = at[104];
  separators.repetition = is_alphanumeric(at[82]) ? '\0' : at[82];
  separators.terminator.assign(1, at[105]);
  if (const std::size_t behind = bytes_behind(at[105]);
      behind > 0 && window_.unread() >= header_bytes + behind) {
    separators.terminator.append(at + 106, behind);
  }
  std::string why;
  if (!valid(separators, why)) return "ISA: " + why;
  read.authorization_qualifier = trimmed(part(4, 2));
  read.authorization = trimmed(part(7, 10));
  read.security_qualifier = trimmed(part(18, 2));
  read.security = trimmed(part(21, 10));
  read.sender_qualifier = trimmed(part(32, 2));
  read.sender = trimmed(part(35, 15));
  read.receiver_qualifier = trimmed(part(51, 2));
  read.receiver = trimmed(part(54, 15));
  read.date = part(70, 6);
  read.time = part(77, 4);
  read.version = part(84, 5);
  read.control = part(90, 9);
  read.ack_requested = at[100] == '1';
  read.usage = at[102];
  begin_ = at;
  after_ = at + 105 + separators.terminator.size();
  segment_.parts_[0] = part(0, 3);
  segment_.size_ = 0;
  needles_ = {separators.element, separators.terminator[0]};
  interchange_ = std::move(read);
  interchange_.place = place();
  interchange_.place.segment_index = 0;
  at_ = At::interchange;
  group_numbers_.clear();
  if (!whole_number(interchange_.control)) {
    interchange_fault(x12_interchange::control_invalid, "ISA13 must be nine digits");
  }
  return {};
}

X12Kind X12Reader::in_interchange() {
  const std::string_view id = segment_.id();
  if (id == "GS") {
    open_group();
    return X12Kind::group;
  }
  if (id == "IEA") {
    close_interchange();
    return X12Kind::interchange_end;
  }
  if (id == "TA1") return X12Kind::interchange_segment;
  interchange_fault(x12_interchange::content_invalid,
                    "a segment outside of a functional group, which GS begins");
  return X12Kind::end;
}

X12Kind X12Reader::in_group() {
  const std::string_view id = segment_.id();
  if (id == "ST") {
    open_set();
    return X12Kind::set;
  }
  if (id == "GE") {
    close_group();
    return X12Kind::group_end;
  }
  if (id == "GS" || id == "IEA") {
    held_ = true;
    group_fault(x12_group::trailer_missing, std::string(id) + " comes before the group's GE");
    group_.included = group_.received;
    at_ = At::interchange;
    return X12Kind::group_end;
  }
  group_fault(0, "a segment outside of a transaction set, which ST begins");
  return X12Kind::end;
}

// False: nothing to tell.
bool X12Reader::in_set(X12Kind& kind) {
  const std::string_view id = segment_.id();
  if (id.size() == 2 && id[1] == 'E' && id[0] == 'S') {
    close_set();
    kind = end_set();
    return true;
  }
  if (id == "ST" || id == "GE" || id == "GS" || id == "IEA") {
    held_ = true;
    set_fault(x12_set::trailer_missing, std::string(id) + " comes before the set's SE");
    kind = end_set();
    return true;
  }
  ++set_.segments;
  if (!is_segment_id(id)) {
    set_.faults.add(fault(Level::segment, x12_segment::unrecognised,
                          "a segment's tag is two or three capital letters or digits"),
                    limits_.faults);
    return false;
  }
  if (id == "BIN" || id == "BDS") {
    set_.faults.add(
        fault(Level::segment, x12_segment::unrecognised, "binary segments are not read"),
        limits_.faults);
    return false;
  }
  if (segment_.size_ > limits_.elements) {
    set_.faults.add(
        fault(Level::element, x12_element::too_many_elements,
              "the segment has more elements than the limit of " + std::to_string(limits_.elements),
              limits_.elements + 1),
        limits_.faults);
    return false;
  }
  if (set_.segments >= limits_.segments_per_set) {
    if (set_.segments == limits_.segments_per_set) {
      set_fault(x12_set::segments_in_error, "the set has more segments than the limit of " +
                                                std::to_string(limits_.segments_per_set));
    }
    return false;
  }
  return true;
}

// ------------------------------------------------------------------------------------- envelopes

void X12Reader::open_group() {
  group_ = X12Group{};
  group_.functional_id = segment_[1];
  group_.sender = segment_[2];
  group_.receiver = segment_[3];
  group_.date = segment_[4];
  group_.time = segment_[5];
  group_.control = segment_[6];
  group_.agency = segment_[7];
  group_.version = segment_[8];
  group_.place = place();
  at_ = At::group;
  set_numbers_.clear();
  if (++interchange_.groups == limits_.groups_per_interchange + 1) {
    interchange_fault(x12_interchange::content_invalid,
                      "the interchange has more groups than the limit of " +
                          std::to_string(limits_.groups_per_interchange));
  }
  if (!whole_number(group_.control) || group_.control.size() > 9) {
    group_fault(x12_group::control_invalid, "GS06 must be one to nine digits", 6);
  } else if (group_numbers_.add(group_.control) == NumbersSeen::Answer::again) {
    group_fault(x12_group::control_again, "GS06 was used before in this interchange", 6);
  }
}

void X12Reader::close_group() {
  const auto included = whole_number(segment_[1]);
  group_.included = included.value_or(group_.received);
  if (included != group_.received) {
    group_fault(x12_group::count_differs,
                "GE01 says \"" + std::string(segment_[1].substr(0, 20)) +
                    "\" sets, the group has " + std::to_string(group_.received),
                1);
  }
  if (!same_number(segment_[2], group_.control)) {
    group_fault(x12_group::control_differs, "GE02 is not GS06, which is " + group_.control, 2);
  }
  at_ = At::interchange;
}

void X12Reader::open_set() {
  set_ = X12Set{};
  set_.id = segment_[1].substr(0, Fault::value_max);
  set_.control = segment_[2].substr(0, Fault::value_max);
  set_.implementation = segment_[3].substr(0, Fault::value_max);
  set_.segments = 1;
  set_.place = place();
  at_ = At::set;
  if (++group_.received == limits_.sets_per_group + 1) {
    group_fault(x12_group::count_differs, "the group has more sets than the limit of " +
                                              std::to_string(limits_.sets_per_group));
  }
  if (set_.id.size() != 3) {
    set_fault(x12_set::identifier_invalid, "ST01 must have three characters", 1);
  }
  if (segment_[2].size() < 4 || segment_[2].size() > 9) {
    set_fault(x12_set::control_invalid, "ST02 must have four to nine characters", 2);
    return;
  }
  switch (set_numbers_.add(segment_[2])) {
    case NumbersSeen::Answer::first:
      break;
    case NumbersSeen::Answer::again:
      set_fault(x12_set::control_again, "ST02 was used before in this group", 2);
      break;
    case NumbersSeen::Answer::unknown:
      set_fault(
          x12_set::control_invalid,
          "the group's control numbers are too scattered to tell whether ST02 was used before", 2);
  }
}

void X12Reader::close_set() {
  ++set_.segments;
  const auto said = whole_number(segment_[1]);
  if (said != set_.segments) {
    set_fault(x12_set::count_differs,
              "SE01 says \"" + std::string(segment_[1].substr(0, 20)) +
                  "\" segments, the set has " + std::to_string(set_.segments),
              1, policy_.wrong_set_count == X12Policy::Count::reject);
  }
  if (segment_[2] != set_.control) {
    set_fault(x12_set::control_differs, "SE02 is not ST02, which is " + set_.control, 2);
  }
}

X12Kind X12Reader::end_set() {
  if (!set_.faults.rejects) ++group_.accepted;
  at_ = At::group;
  return X12Kind::set_end;
}

void X12Reader::close_interchange() {
  if (whole_number(segment_[1]) != interchange_.groups) {
    interchange_fault(x12_interchange::count_differs,
                      "IEA01 says \"" + std::string(segment_[1].substr(0, 20)) +
                          "\" groups, the interchange has " + std::to_string(interchange_.groups),
                      1);
  }
  if (segment_[2] != interchange_.control) {
    interchange_fault(x12_interchange::control_differs,
                      "IEA02 is not ISA13, which is " + interchange_.control, 2);
  }
  at_ = At::outside;
}

// ---------------------------------------------------------------------------------------- faults

Place X12Reader::place(int element) const {
  Place place;
  if (begin_ == nullptr) return place;
  const bool inside = element > 0 && element <= segment_.size_;
  const char* const at = inside ? segment_[element].data() : begin_;
  place.offset = window_.offset_of(at);
  place.line = window_.line_of(at);
  place.segment = segment_.id().substr(0, 8);
  if (at_ == At::set) place.segment_index = set_.segments;
  place.element = element;
  return place;
}

Fault X12Reader::fault(Level level, int code, std::string rule, int element, bool rejects) const {
  Fault fault{level, rejects, code, place(element), std::move(rule), {}};
  if (element > 0) fault.value = segment_[element].substr(0, Fault::value_max);
  return fault;
}

void X12Reader::interchange_fault(int code, std::string rule, int element) {
  interchange_.faults.add(fault(Level::interchange, code, std::move(rule), element, false),
                          limits_.faults);
}

void X12Reader::group_fault(int code, std::string rule, int element) {
  group_.faults.add(fault(Level::group, code, std::move(rule), element, false), limits_.faults);
}

void X12Reader::set_fault(int code, std::string rule, int element, bool rejects) {
  set_.faults.add(fault(Level::set, code, std::move(rule), element, rejects), limits_.faults);
}

void X12Reader::add_fault(int element, int element_code, std::string rule, bool rejects) {
  set_.faults.add(fault(element > 0 ? Level::element : Level::segment, element_code,
                        std::move(rule), element, rejects),
                  limits_.faults);
}

Element X12Reader::element(int number) const {
  const X12Separators& separators = interchange_.separators;
  std::vector<Composite> repetitions;
  const auto parts = [](std::string_view text, char separator, auto&& each) {
    for (;;) {
      const std::size_t mark = separator == '\0' ? std::string_view::npos : text.find(separator);
      each(text.substr(0, mark));
      if (mark == std::string_view::npos) return;
      text.remove_prefix(mark + 1);
    }
  };
  parts(segment_[number], separators.repetition, [&](std::string_view repetition) {
    Composite composite;
    parts(repetition, separators.component,
          [&](std::string_view component) { composite.emplace_back(component); });
    while (composite.size() > 1 && composite.back().empty()) composite.pop_back();
    repetitions.push_back(std::move(composite));
  });
  while (repetitions.size() > 1 && repetitions.back() == Composite{""}) repetitions.pop_back();
  return Element(std::move(repetitions));
}

}  // namespace underpin::legacy::edi
