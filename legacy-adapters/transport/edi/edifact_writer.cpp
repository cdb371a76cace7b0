#include "legacy-adapters/transport/edi/edifact.h"
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

bool is_reference(std::string_view text) { return !text.empty() && text.size() <= 14; }

// Level A has capital letters, digits and these; level B has small letters besides.
bool in_level_a(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view(" .,-()/='+:?!\"%&*;<>").find(c) != std::string_view::npos;
}

Element party(const EdifactParty& party, bool with_internal) {
  Composite composite{party.id, party.qualifier};
  if (with_internal) composite.push_back(party.internal);
  return composite;
}

}  // namespace

EdifactWriter::EdifactWriter(std::ostream& output, EdifactLayout layout)
    : output_(output), layout_(layout) {}

Status EdifactWriter::put_text(std::string_view text, const std::string& where) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) return refused(where, "must not hold a control character");
    const bool small = c >= 'a' && c <= 'z';
    if ((syntax_ == "UNOA" && !in_level_a(c)) || (syntax_ == "UNOB" && !in_level_a(c) && !small)) {
      return refused(where, "must not hold a character that is not in " + syntax_);
    }
    const bool service = c == separators_.component || c == separators_.element ||
                         c == separators_.terminator ||
                         (separators_.repetition != ' ' && c == separators_.repetition) ||
                         (separators_.release != ' ' && c == separators_.release);
    if (service) {
      if (separators_.release == ' ') {
        return refused(where, "must not hold a separator: there is no release character");
      }
      line_ += separators_.release;
    }
    line_ += c;
  }
  return Done{};
}

Status EdifactWriter::flush() {
  line_ += separators_.terminator;
  if (layout_.line_per_segment) line_ += '\n';
  output_.write(line_.data(), static_cast<std::streamsize>(line_.size()));
  if (!output_) return Error{ErrorCode::unavailable, "the interchange cannot be written"};
  return Done{};
}

Status EdifactWriter::put(std::string_view tag, const Elements& elements, std::string_view before) {
  line_.assign(before);
  line_ += tag;
  std::size_t last = elements.size();
  const auto blank = [](const Element& element) {
    return std::all_of(element.repetitions().begin(), element.repetitions().end(),
                       [](const Composite& composite) {
                         return std::all_of(composite.begin(), composite.end(),
                                            [](const std::string& part) { return part.empty(); });
                       });
  };
  while (last > 0 && blank(elements[last - 1])) --last;
  for (std::size_t e = 0; e < last; ++e) {
    line_ += separators_.element;
    const auto& repetitions = elements[e].repetitions();
    for (std::size_t r = 0; r < repetitions.size(); ++r) {
      const std::string where =
          "segment " + std::string(tag) + ", element " + std::to_string(e + 1);
      if (r > 0) {
        if (separators_.repetition == ' ') {
          return refused(where, "must not repeat: the interchange has no repetition separator");
        }
        line_ += separators_.repetition;
      }
      std::size_t components = repetitions[r].size();
      while (components > 0 && repetitions[r][components - 1].empty()) --components;
      for (std::size_t c = 0; c < components; ++c) {
        if (c > 0) line_ += separators_.component;
        const Status good =
            put_text(repetitions[r][c], where + ", component " + std::to_string(c + 1));
        if (!good) return good;
      }
    }
  }
  return flush();
}

Status EdifactWriter::begin(const EdifactInterchange& interchange) {
  if (at_ != At::outside) return wrong_order("UNB");
  std::string why;
  if (!valid(interchange.separators, why)) return refused("UNA:", why);
  separators_ = interchange.separators;
  syntax_ = interchange.syntax;
  if (separators_.repetition != ' ' && interchange.version < "4") {
    return refused("UNA:", "repetitions need syntax version 4");
  }
  if (syntax_.size() != 4 || interchange.version.size() != 1) {
    return refused("segment UNB, element 1", "must be a syntax identifier and its version");
  }
  if (!is_reference(interchange.control)) {
    return refused("segment UNB, element 5", "must have 1 to 14 characters");
  }
  if (interchange.sender.id.empty() || interchange.receiver.id.empty()) {
    return refused("segment UNB", "must name sender and receiver");
  }
  const bool advice = interchange.advice || separators_ != EdifactSeparators{};
  std::string una;
  if (advice) {
    una = std::string("UNA") + separators_.component + separators_.element + separators_.decimal +
          separators_.release + separators_.repetition + separators_.terminator;
    if (layout_.line_per_segment) una += '\n';
  }
  const Elements elements{Composite{syntax_, interchange.version},
                          party(interchange.sender, true),
                          party(interchange.receiver, true),
                          Composite{interchange.date, interchange.time},
                          interchange.control,
                          "",
                          interchange.application,
                          "",
                          interchange.ack_requested ? "1" : "",
                          "",
                          interchange.test ? "1" : ""};
  const Status good = put("UNB", elements, una);
  if (!good) return good;
  interchange_control_ = interchange.control;
  groups_ = messages_ = 0;
  group_open_ = false;
  at_ = At::interchange;
  return Done{};
}

Status EdifactWriter::begin(const EdifactGroup& group) {
  if (at_ != At::interchange || messages_ > 0) return wrong_order("UNG");
  if (!is_reference(group.control)) {
    return refused("segment UNG, element 5", "must have 1 to 14 characters");
  }
  const Status good =
      put("UNG", {group.id, party(group.sender, false), party(group.receiver, false),
                  Composite{group.date, group.time}, group.control, group.agency,
                  Composite{group.version, group.release}});
  if (!good) return good;
  group_control_ = group.control;
  group_messages_ = 0;
  ++groups_;
  at_ = At::group;
  return Done{};
}

Status EdifactWriter::begin(const EdifactMessage& message) {
  const bool may = at_ == At::group || (at_ == At::interchange && groups_ == 0);
  if (!may) return wrong_order("UNH");
  if (!is_reference(message.control)) {
    return refused("segment UNH, element 1", "must have 1 to 14 characters");
  }
  if (message.type.empty())
    return refused("segment UNH, element 2", "must name the message's type");
  const Status good =
      put("UNH", {message.control, Composite{message.type, message.version, message.release,
                                             message.agency, message.association}});
  if (!good) return good;
  message_control_ = message.control;
  group_open_ = at_ == At::group;
  ++(group_open_ ? group_messages_ : messages_);
  segments_ = 1;
  at_ = At::message;
  return Done{};
}

Status EdifactWriter::segment(std::string_view tag, const Elements& elements) {
  if (at_ != At::message) return wrong_order(tag);
  const bool envelope = tag.substr(0, 2) == "UN" && tag != "UNS";
  if (tag.size() != 3 || !is_segment_id(tag) || envelope) {
    return refused("segment " + std::string(tag),
                   "must have a tag of three capital letters or digits, and none of an envelope");
  }
  if (const Status good = put(tag, elements); !good) return good;
  ++segments_;
  return Done{};
}

Status EdifactWriter::end_message() {
  if (at_ != At::message) return wrong_order("UNT");
  at_ = group_open_ ? At::group : At::interchange;
  return put("UNT", {std::to_string(segments_ + 1), message_control_});
}

Status EdifactWriter::end_group() {
  if (at_ != At::group) return wrong_order("UNE");
  at_ = At::interchange;
  group_open_ = false;
  return put("UNE", {std::to_string(group_messages_), group_control_});
}

Status EdifactWriter::end_interchange() {
  if (at_ != At::interchange) return wrong_order("UNZ");
  at_ = At::outside;
  return put("UNZ", {std::to_string(groups_ > 0 ? groups_ : messages_), interchange_control_});
}

}  // namespace underpin::legacy::edi
