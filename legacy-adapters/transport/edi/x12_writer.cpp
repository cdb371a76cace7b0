#include "legacy-adapters/transport/edi/x12.h"
#include "legacy-adapters/transport/edi/x12_text.h"

#include <algorithm>

namespace underpin::legacy::edi {

namespace {

Error refused(const std::string& where, std::string_view rule) {
  return {ErrorCode::invalid_request, where + " " + std::string(rule)};
}

Status wrong_order(std::string_view what) {
  return Error{ErrorCode::internal, std::string(what) + ": the envelope around it is not open"};
}

std::string padded(std::string_view text, std::size_t width) {
  std::string padded(text);
  padded.resize(std::max(width, padded.size()), ' ');
  return padded;
}

struct HeaderField {
  std::string_view name;
  std::string_view text;
  std::size_t width;
};

bool all_digits(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

X12Writer::X12Writer(std::ostream& output, X12Layout layout) : output_(output), layout_(layout) {}

Status X12Writer::check(std::string_view text, const std::string& where) const {
  const std::string_view terminator = separators_.terminator;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == separators_.element || c == separators_.component ||
        (separators_.repetition != '\0' && c == separators_.repetition) ||
        text.substr(i, terminator.size()) == terminator) {
      return refused(where, "must not hold a separator of the interchange: X12 has no escape");
    }
    if (static_cast<unsigned char>(c) < 0x20) {
      return refused(where, "must not hold a control character");
    }
  }
  return Done{};
}

Status X12Writer::put(std::string_view id, const Elements& elements) {
  line_.assign(id);
  std::size_t last = elements.size();
  const auto blank = [](const Element& element) { return element == Element(); };
  while (last > 0 && blank(elements[last - 1])) --last;
  for (std::size_t e = 0; e < last; ++e) {
    const std::string where = "segment " + std::string(id) + ", element " + std::to_string(e + 1);
    line_ += separators_.element;
    const auto& repetitions = elements[e].repetitions();
    for (std::size_t r = 0; r < repetitions.size(); ++r) {
      if (r > 0) {
        if (separators_.repetition == '\0') {
          return refused(where, "must not repeat: the interchange has no repetition separator");
        }
        line_ += separators_.repetition;
      }
      std::size_t components = repetitions[r].size();
      while (components > 0 && repetitions[r][components - 1].empty()) --components;
      for (std::size_t c = 0; c < components; ++c) {
        if (c > 0) line_ += separators_.component;
        if (const Status good = check(repetitions[r][c], where); !good) return good;
        line_ += repetitions[r][c];
      }
    }
  }
  line_ += separators_.terminator;
  if (layout_.line_per_segment && separators_.terminator != "\n") line_ += '\n';
  output_.write(line_.data(), static_cast<std::streamsize>(line_.size()));
  if (!output_) return Error{ErrorCode::unavailable, "the interchange cannot be written"};
  return Done{};
}

Status X12Writer::begin(const X12Interchange& interchange) {
  if (at_ != At::outside) return wrong_order("ISA");
  std::string why;
  if (!valid(interchange.separators, why)) return refused("ISA", why);
  separators_ = interchange.separators;
  const std::array<HeaderField, 8> padded_fields{{
      {"element 1", interchange.authorization_qualifier, 2},
      {"element 2", interchange.authorization, 10},
      {"element 3", interchange.security_qualifier, 2},
      {"element 4", interchange.security, 10},
      {"element 5", interchange.sender_qualifier, 2},
      {"element 6", interchange.sender, 15},
      {"element 7", interchange.receiver_qualifier, 2},
      {"element 8", interchange.receiver, 15},
  }};
  std::string text = "ISA";
  for (const HeaderField& field : padded_fields) {
    const std::string where = "segment ISA, " + std::string(field.name);
    if (field.text.size() > field.width) {
      return refused(where, "must have at most " + std::to_string(field.width) + " characters");
    }
    if (const Status good = check(field.text, where); !good) return good;
    text += separators_.element + padded(field.text, field.width);
  }
  const std::array<HeaderField, 4> exact_fields{{
      {"element 9", interchange.date, 6},
      {"element 10", interchange.time, 4},
      {"element 12", interchange.version, 5},
      {"element 13", interchange.control, 9},
  }};
  for (const HeaderField& field : exact_fields) {
    if (field.text.size() != field.width || !all_digits(field.text)) {
      return refused("segment ISA, " + std::string(field.name),
                     "must be " + std::to_string(field.width) + " digits");
    }
    text += separators_.element + std::string(field.text);
    if (field.name == "element 10") {
      text += separators_.element;
      text += separators_.repetition == '\0' ? 'U' : separators_.repetition;
    }
  }
  if (interchange.usage != 'P' && interchange.usage != 'T' && interchange.usage != 'I') {
    return refused("segment ISA, element 15", "must be P, T or I");
  }
  text += separators_.element;
  text += interchange.ack_requested ? '1' : '0';
  text += separators_.element;
  text += interchange.usage;
  text += separators_.element;
  text += separators_.component;
  text += separators_.terminator;
  if (layout_.line_per_segment && separators_.terminator != "\n") text += '\n';
  output_.write(text.data(), static_cast<std::streamsize>(text.size()));
  if (!output_) return Error{ErrorCode::unavailable, "the interchange cannot be written"};
  interchange_control_ = interchange.control;
  groups_ = 0;
  at_ = At::interchange;
  return Done{};
}

Status X12Writer::begin(const X12Group& group) {
  if (at_ != At::interchange) return wrong_order("GS");
  if (group.control.empty() || group.control.size() > 9 || !all_digits(group.control)) {
    return refused("segment GS, element 6", "must be one to nine digits");
  }
  const Status put_it = put("GS", {group.functional_id, group.sender, group.receiver, group.date,
                                   group.time, group.control, group.agency, group.version});
  if (!put_it) return put_it;
  group_control_ = group.control;
  ++groups_;
  sets_ = 0;
  at_ = At::group;
  return Done{};
}

Status X12Writer::begin_set(std::string_view id, std::string_view control,
                            std::string_view implementation) {
  if (at_ != At::group) return wrong_order("ST");
  if (id.size() != 3) return refused("segment ST, element 1", "must have three characters");
  if (control.size() < 4 || control.size() > 9) {
    return refused("segment ST, element 2", "must have four to nine characters");
  }
  if (const Status good = put("ST", {id, control, implementation}); !good) return good;
  set_control_ = control;
  ++sets_;
  segments_ = 1;
  at_ = At::set;
  return Done{};
}

Status X12Writer::segment(std::string_view id, const Elements& elements) {
  const bool between = at_ == At::interchange && id == "TA1";
  if (at_ != At::set && !between) return wrong_order(id);
  if (!is_segment_id(id)) {
    return refused("segment " + std::string(id),
                   "must have a tag of two or three capital letters or digits");
  }
  constexpr std::array<std::string_view, 7> envelopes{"ISA", "IEA", "GS", "GE", "ST", "SE", "BIN"};
  if (std::find(envelopes.begin(), envelopes.end(), id) != envelopes.end() || id == "BDS") {
    return refused("segment " + std::string(id), "must not stand inside a set");
  }
  if (const Status good = put(id, elements); !good) return good;
  if (!between) ++segments_;
  return Done{};
}

Status X12Writer::end_set() {
  if (at_ != At::set) return wrong_order("SE");
  at_ = At::group;
  return put("SE", {std::to_string(segments_ + 1), set_control_});
}

Status X12Writer::end_group() {
  if (at_ != At::group) return wrong_order("GE");
  at_ = At::interchange;
  return put("GE", {std::to_string(sets_), group_control_});
}

Status X12Writer::end_interchange() {
  if (at_ != At::interchange) return wrong_order("IEA");
  at_ = At::outside;
  return put("IEA", {std::to_string(groups_), interchange_control_});
}

}  // namespace underpin::legacy::edi
