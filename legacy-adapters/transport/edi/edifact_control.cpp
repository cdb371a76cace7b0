#include "legacy-adapters/transport/edi/edifact_control.h"

#include "legacy-adapters/transport/edi/x12_text.h"

#include <algorithm>

namespace underpin::legacy::edi {

namespace {

const std::string rejected = "4";
const std::string acknowledged = "7";
const std::string received = "8";

// Where in a service segment the fault is, as UCI, UCF and UCM end: error, tag, position.
void put_place(Elements& elements, const Fault& fault) {
  elements.emplace_back(std::to_string(fault.code));
  const std::string& tag = fault.place.segment;
  if (tag.size() != 3 || tag.substr(0, 2) != "UN" || !is_segment_id(tag)) return;
  elements.emplace_back(fault.place.segment);
  if (fault.place.element > 0) {
    Composite position{std::to_string(fault.place.element)};
    if (fault.place.component > 0) position.push_back(std::to_string(fault.place.component));
    elements.emplace_back(std::move(position));
  }
}

const Fault* first(const Faults& faults, bool inside) {
  for (const Fault& fault : faults.list) {
    const bool is_inside = fault.level == Level::segment || fault.level == Level::element;
    if (fault.rejects && is_inside == inside) return &fault;
  }
  return nullptr;
}

int code_of(std::string_view text) {
  const auto whole = whole_number(text);
  return whole && *whole < 1'000 ? static_cast<int>(*whole) : 0;
}

// A value of the partner's, without what our character set may lack.
std::string plain(std::string_view text) {
  std::string plain(text.substr(0, 35));
  for (char& c : plain) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F) c = '*';
  }
  return plain;
}

Composite party(const EdifactParty& party) { return {plain(party.id), plain(party.qualifier)}; }

}  // namespace

EdifactAcknowledger::EdifactAcknowledger(EdifactWriter& writer, EdifactControlSettings settings)
    : writer_(writer), settings_(std::move(settings)) {}

Status EdifactAcknowledger::take(EdifactKind kind, const EdifactReader& reader) {
  switch (kind) {
    case EdifactKind::interchange:
      told_.clear();
      too_many_ = false;
      messages_ = controls_ = 0;
      break;
    case EdifactKind::group:
      group_at_ = told_.size();
      break;
    case EdifactKind::message_end:
      ++messages_;
      controls_ += reader.message().type == "CONTRL";
      if (reader.message().faults.rejects) tell_message(reader.message());
      break;
    case EdifactKind::group_end:
      tell_group(reader.group());
      break;
    case EdifactKind::interchange_end:
      return messages_ > 0 && controls_ == messages_ ? Status(Done{})
                                                     : answer(reader.interchange());
    default:
      break;
  }
  return Done{};
}

void EdifactAcknowledger::tell(std::string tag, Elements elements) {
  if (told_.size() < settings_.told_max) {
    told_.push_back({std::move(tag), std::move(elements)});
  } else {
    too_many_ = true;
  }
}

void EdifactAcknowledger::tell_message(const EdifactMessage& message) {
  Elements ucm{plain(message.control),
               Composite{plain(message.type), plain(message.version), plain(message.release),
                         plain(message.agency)},
               rejected};
  if (const Fault* fault = first(message.faults, false)) put_place(ucm, *fault);
  tell("UCM", std::move(ucm));
  std::int64_t open = 0;
  for (const Fault& fault : message.faults.list) {
    const bool element = fault.level == Level::element;
    if (!fault.rejects || (!element && fault.level != Level::segment)) continue;
    if (open != fault.place.segment_index || !element) {
      Elements ucs{std::to_string(fault.place.segment_index)};
      if (!element) ucs.emplace_back(std::to_string(fault.code));
      tell("UCS", std::move(ucs));
      open = fault.place.segment_index;
    }
    if (!element) continue;
    Composite position{std::to_string(fault.place.element)};
    if (fault.place.component > 0) position.push_back(std::to_string(fault.place.component));
    tell("UCD", {std::to_string(fault.code), std::move(position)});
  }
}

// A group's own line stands before those of its messages; a group that is rejected has no others.
void EdifactAcknowledger::tell_group(const EdifactGroup& group) {
  if (group.faults.empty() && told_.size() == group_at_) return;
  Elements ucf{plain(group.control), party(group.sender), party(group.receiver)};
  if (const Fault* fault = first(group.faults, false)) {
    told_.resize(group_at_);
    ucf.emplace_back(rejected);
    put_place(ucf, *fault);
  } else {
    ucf.emplace_back(acknowledged);
  }
  if (told_.size() >= settings_.told_max) {
    too_many_ = true;
    return;
  }
  told_.insert(told_.begin() + static_cast<std::ptrdiff_t>(group_at_), {"UCF", std::move(ucf)});
}

Status EdifactAcknowledger::answer(const EdifactInterchange& their) {
  EdifactInterchange ours;
  ours.separators = settings_.separators;
  ours.syntax = settings_.syntax;
  ours.version = settings_.version;
  // Nobody is answered by a name that is missing.
  ours.sender = their.receiver;
  ours.receiver = their.sender;
  if (ours.sender.id.empty()) ours.sender.id = "UNKNOWN";
  if (ours.receiver.id.empty()) ours.receiver.id = "UNKNOWN";
  for (std::string* text : {&ours.sender.id, &ours.sender.qualifier, &ours.sender.internal,
                            &ours.receiver.id, &ours.receiver.qualifier, &ours.receiver.internal}) {
    *text = plain(*text);
  }
  ours.date = settings_.date;
  ours.time = settings_.time;
  ours.control = settings_.control();
  ours.test = their.test;
  Elements uci{plain(their.control), party(their.sender), party(their.receiver)};
  const Fault* fault = first(their.faults, false);
  if (fault == nullptr) fault = first(their.faults, true);
  const bool as_a_whole = fault != nullptr || too_many_;
  uci.emplace_back(as_a_whole ? rejected : acknowledged);
  if (fault != nullptr) {
    put_place(uci, *fault);
  } else if (too_many_) {
    uci.emplace_back(std::to_string(edifact_error::unspecified));
  }
  EdifactMessage message = settings_.message;
  message.control = "1";
  if (const Status begun = writer_.begin(ours); !begun) return begun;
  if (const Status begun = writer_.begin(message); !begun) return begun;
  if (const Status put = writer_.segment("UCI", uci); !put) return put;
  if (!as_a_whole) {
    for (const Told& told : told_) {
      if (const Status put = writer_.segment(told.tag, told.elements); !put) return put;
    }
  }
  told_.clear();
  if (const Status ended = writer_.end_message(); !ended) return ended;
  return writer_.end_interchange();
}

// ------------------------------------------------------------------------------------------- in

std::optional<Verdict> verdict_of(const EdifactAnswer& answer, std::string_view group,
                                  std::string_view control) {
  if (answer.action == rejected) return Verdict::rejected;
  for (const EdifactMessageAnswer& unit : answer.groups) {
    if (unit.control == group && unit.verdict == Verdict::rejected) return Verdict::rejected;
  }
  for (const EdifactMessageAnswer& unit : answer.messages) {
    if (unit.control == control && unit.group == group) return unit.verdict;
  }
  if (answer.action == acknowledged) return Verdict::accepted;
  return std::nullopt;
}

EdifactControlReader::EdifactControlReader(Take take, EdifactControlLimits limits)
    : take_(std::move(take)), limits_(limits) {}

void EdifactControlReader::take(EdifactKind kind, EdifactReader& reader) {
  switch (kind) {
    case EdifactKind::message:
      inside_ = reader.message().type == "CONTRL";
      begun_ = false;
      answer_ = {};
      errors_ = nullptr;
      break;
    case EdifactKind::segment:
      if (inside_) segment(reader);
      break;
    case EdifactKind::message_end:
      if (inside_ && begun_ && !reader.message().faults.rejects) take_(answer_);
      inside_ = false;
      break;
    default:
      break;
  }
}

void EdifactControlReader::segment(EdifactReader& reader) {
  const std::string_view tag = reader.segment().tag();
  if (tag == "UCI" && !begun_) return interchange(reader);
  if (tag == "UCF" && begun_) return unit(reader, true);
  if (tag == "UCM" && begun_) return unit(reader, false);
  if (tag == "UCS" && errors_ != nullptr) return error_in(reader, false);
  if (tag == "UCD" && errors_ != nullptr && !errors_->empty()) return error_in(reader, true);
  reader.add_fault(0, 0, edifact_error::not_supported, "unexpected here in a CONTRL");
}

void EdifactControlReader::interchange(EdifactReader& reader) {
  const EdifactSegment& told = reader.segment();
  answer_.control = told(1).substr(0, Fault::value_max);
  answer_.sender = told(2).substr(0, Fault::value_max);
  answer_.receiver = told(3).substr(0, Fault::value_max);
  answer_.action = told(4).substr(0, 3);
  answer_.code = code_of(told(5));
  if (answer_.action != rejected && answer_.action != acknowledged && answer_.action != received) {
    reader.add_fault(4, 1, edifact_error::invalid_value, "must be 4, 7 or 8");
  }
  begun_ = true;
}

void EdifactControlReader::unit(EdifactReader& reader, bool group) {
  const EdifactSegment& told = reader.segment();
  if (answer_.messages.size() + answer_.groups.size() >= limits_.messages) {
    return reader.add_fault(
        0, 0, edifact_error::too_many_parts,
        "the CONTRL answers more messages than the limit of " + std::to_string(limits_.messages));
  }
  EdifactMessageAnswer unit;
  unit.control = told(1).substr(0, Fault::value_max);
  if (!group) {
    unit.type = told(2).substr(0, Fault::value_max);
    if (!answer_.groups.empty()) unit.group = answer_.groups.back().control;
  }
  const int at = group ? 4 : 3;
  if (told(at) == acknowledged) {
    unit.verdict = Verdict::accepted;
  } else if (told(at) != rejected) {
    reader.add_fault(at, 1, edifact_error::invalid_value, "must be 4 or 7");
  }
  if (const int code = code_of(told(at + 1)); code > 0) {
    unit.errors.push_back({0, code_of(told(at + 3, 1)), code_of(told(at + 3, 2)), code});
  }
  auto& units = group ? answer_.groups : answer_.messages;
  units.push_back(std::move(unit));
  errors_ = &units.back().errors;
}

void EdifactControlReader::error_in(EdifactReader& reader, bool data) {
  const EdifactSegment& told = reader.segment();
  if (errors_->size() >= limits_.errors) return;
  EdifactError error;
  if (!data) {
    error.segment = whole_number(told(1)).value_or(0);
    error.code = code_of(told(2));
  } else {
    error.segment = errors_->back().segment;
    error.code = code_of(told(1));
    error.element = code_of(told(2, 1));
    error.component = code_of(told(2, 2));
  }
  errors_->push_back(error);
}

}  // namespace underpin::legacy::edi
