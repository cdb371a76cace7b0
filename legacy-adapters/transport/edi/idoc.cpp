#include "legacy-adapters/transport/edi/idoc.h"

#include "legacy-adapters/transport/edi/amounts.h"
#include "legacy-adapters/transport/edi/x12_text.h"

#include <algorithm>

namespace underpin::legacy::edi {

namespace {

constexpr std::string_view control_name = "EDI_DC40";
// Room for four-byte characters: what a line may have is judged in columns.
constexpr std::size_t line_bytes_most = 4 * (idoc_data_at + idoc_data_most);

Error refused(std::string rule) { return {ErrorCode::invalid_request, std::move(rule)}; }

bool is_control_character(char c) { return static_cast<unsigned char>(c) < 0x20; }

std::string zero_filled(std::int64_t number, std::size_t width) {
  std::string text = std::to_string(number);
  if (text.size() < width) text.insert(0, width - text.size(), '0');
  return text;
}

void pad(std::string& text, std::size_t width, bool characters) {
  const std::size_t used = column_count(text, characters);
  if (used < width) text.append(width - used, ' ');
}

// A number of zeros and blanks is none; nothing for what is no number.
std::optional<std::int64_t> sequence_number(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  text = trimmed_right(text);
  return text.empty() ? 0 : whole_number(text);
}

}  // namespace

// ------------------------------------------------------------------------------------ the records

std::string_view IdocControl::operator[](std::string_view name) const {
  for (std::size_t i = 0; i < idoc_control_fields.size(); ++i) {
    if (idoc_control_fields[i].name == name) return values_[i];
  }
  return {};
}

bool IdocControl::set(std::string_view name, std::string_view value) {
  for (std::size_t i = 0; i < idoc_control_fields.size(); ++i) {
    if (idoc_control_fields[i].name != name) continue;
    values_[i] = value;
    return true;
  }
  return false;
}

std::string_view IdocSegment::field(std::size_t offset, std::size_t width) const {
  return trimmed_right(columns(data_, offset, width, characters_));
}

Result<Decimal> IdocSegment::number_in(std::size_t offset, std::size_t width) const {
  return trailing_sign_number(field(offset, width));
}

// ------------------------------------------------------------------------------------- reading

IdocReader::IdocReader(ReadBytes read, IdocColumns columns, IdocLimits limits, IdocPolicy policy)
    : columns_(columns),
      limits_(limits),
      policy_(policy),
      source_(std::move(read), 0, line_bytes_most) {
  segment_.characters_ = columns == IdocColumns::characters;
}

std::string_view IdocReader::column(std::size_t offset, std::size_t width) const {
  return columns(source_.bytes(), offset, width, segment_.characters_);
}

bool IdocReader::is_control() const { return source_.bytes().substr(0, 6) == "EDI_DC"; }

Result<IdocKind> IdocReader::next() {
  for (;;) {
    if (!held_) {
      do {
        const auto kind = source_.next();
        if (!kind) return kind.error();
        kind_ = *kind;
      } while (kind_ == RecordSource::Kind::record && source_.bytes().empty());
      // A byte of the end-of-file mark that old transports add.
      if (kind_ == RecordSource::Kind::record && source_.bytes() == "\x1A") continue;
    }
    held_ = false;
    if (kind_ == RecordSource::Kind::end || (kind_ == RecordSource::Kind::record && is_control())) {
      if (open_) {
        held_ = true;
        return close();
      }
      if (kind_ == RecordSource::Kind::end) {
        held_ = true;
        return IdocKind::end;
      }
      open();
      return IdocKind::idoc;
    }
    if (!open_) return unreadable_line("an IDoc begins with a control record, EDI_DC40");
    if (data_record()) return IdocKind::segment;
  }
}

void IdocReader::open() {
  open_ = true;
  segments_ = 0;
  last_number_ = 0;
  gap_told_ = false;
  faults_.clear();
  segment_.name_ = {};
  control_ = {};
  for (const IdocField& field : idoc_control_fields) {
    control_.set(field.name, trimmed_right(column(field.offset, field.width)));
  }
  if (control_["TABNAM"] != control_name && control_["TABNAM"] != "EDI_DC40_U") {
    fault(Level::set, "the control record is no EDI_DC40; older record types are not read");
  }
  if (column_count(trimmed_right(source_.bytes()), segment_.characters_) > idoc_control_width) {
    fault(Level::set, "the control record is longer than 524 columns");
  }
  if (!whole_number(control_["DOCNUM"])) fault(Level::set, "DOCNUM must be digits");
  if (control_["MESTYP"].empty()) fault(Level::set, "MESTYP must not be blank");
}

// False: not given out.
bool IdocReader::data_record() {
  ++segments_;
  segment_.name_ = {};
  if (segments_ > limits_.segments) {
    if (segments_ == limits_.segments + 1) {
      fault(Level::set,
            "the IDoc has more segments than the limit of " + std::to_string(limits_.segments));
    }
    return false;
  }
  const std::string_view line = source_.bytes();
  const bool long_line =
      kind_ == RecordSource::Kind::too_long ||
      column_count(trimmed_right(line), segment_.characters_) > idoc_data_at + idoc_data_most;
  if (long_line) {
    if (last_number_ > 0) ++last_number_;
    fault(Level::segment, "the data record is longer than 1063 columns");
    return false;
  }
  segment_.name_ = trimmed_right(column(0, 30));
  segment_.data_ = column(idoc_data_at, idoc_data_most);
  if (segment_.name_.empty() || segment_.name_.front() < 'A' || segment_.name_.front() > 'Z') {
    if (last_number_ > 0) ++last_number_;
    fault(Level::segment, "SEGNAM must begin with a capital letter");
    return false;
  }
  const auto number = sequence_number(column(49, 6));
  const auto parent = sequence_number(column(55, 6));
  const auto level = sequence_number(column(61, 2));
  if (!number || !parent || !level) {
    if (last_number_ > 0) ++last_number_;
    fault(Level::segment, "SEGNUM, PSGNUM and HLEVEL must be digits");
    return false;
  }
  segment_.number_ = *number;
  segment_.parent_ = *parent;
  segment_.level_ = static_cast<int>(*level);
  const std::string_view document = trimmed_right(column(33, 16));
  if (!document.empty() && !same_number(document, control_["DOCNUM"])) {
    fault(Level::segment,
          "DOCNUM is not that of the control record, which is " + std::string(control_["DOCNUM"]));
  }
  // Some writers number nothing; who begins to number has to go on.
  if ((*number != 0 || last_number_ != 0) && *number != last_number_ + 1 && !gap_told_) {
    gap_told_ = true;
    fault(Level::segment,
          "SEGNUM is " + std::to_string(*number) + " where " + std::to_string(last_number_ + 1) +
              " comes next",
          policy_.segment_numbers == IdocPolicy::Gap::reject);
  }
  last_number_ = *number;
  if (*parent != 0 && *parent >= *number) {
    fault(Level::segment, "PSGNUM must name a segment before this one",
          policy_.segment_numbers == IdocPolicy::Gap::reject);
  }
  if (*level > limits_.levels) {
    fault(Level::segment, "HLEVEL is over the limit of " + std::to_string(limits_.levels));
  }
  return true;
}

IdocKind IdocReader::close() {
  open_ = false;
  if (segments_ == 0) fault(Level::set, "the IDoc has no data record");
  return IdocKind::idoc_end;
}

IdocKind IdocReader::unreadable_line(std::string rule) {
  unreadable_ = Fault{Level::file, true, 0, {}, std::move(rule), {}};
  unreadable_.place.offset = source_.offset();
  unreadable_.place.line = source_.line();
  unreadable_.value = source_.bytes().substr(0, 32);
  return IdocKind::unreadable;
}

Place IdocReader::place() const {
  Place place;
  place.offset = source_.offset();
  place.line = source_.line();
  place.segment = segment_.name_.empty() ? (segments_ == 0 ? control_name : "") : segment_.name_;
  place.segment_index = segments_;
  return place;
}

void IdocReader::fault(Level level, std::string rule, bool rejects) {
  faults_.add({level, rejects, 0, place(), std::move(rule), {}}, limits_.faults);
}

void IdocReader::add_fault(std::size_t offset, std::size_t width, std::string rule, bool rejects) {
  Fault told{Level::element, rejects, 0, place(), std::move(rule), {}};
  told.place.offset += idoc_data_at + offset;
  told.place.element = static_cast<int>(offset) + 1;
  told.value = segment_.field(offset, width).substr(0, Fault::value_max);
  faults_.add(std::move(told), limits_.faults);
}

// ------------------------------------------------------------------------------------- writing

IdocWriter::IdocWriter(std::ostream& output, IdocLayout layout)
    : output_(output), layout_(layout) {}

Status IdocWriter::put(std::string line, std::size_t width) {
  if (layout_.trimmed) {
    line.resize(trimmed_right(line).size());
  } else {
    pad(line, width, layout_.columns == IdocColumns::characters);
  }
  line += '\n';
  output_.write(line.data(), static_cast<std::streamsize>(line.size()));
  if (!output_) return Error{ErrorCode::unavailable, "the IDoc cannot be written"};
  return Done{};
}

Status IdocWriter::begin(const IdocControl& control) {
  if (open_) return Error{ErrorCode::internal, "an IDoc is open"};
  const bool characters = layout_.columns == IdocColumns::characters;
  const auto number = whole_number(control["DOCNUM"]);
  if (!number || control["DOCNUM"].size() > 16) {
    return refused("DOCNUM must be 1 to 16 digits");
  }
  if (control["MESTYP"].empty()) return refused("MESTYP must not be blank");
  std::string line;
  for (const IdocField& field : idoc_control_fields) {
    std::string value(control[field.name]);
    if (field.name == "TABNAM") value = control_name;
    if (field.name == "DOCNUM") value = zero_filled(*number, 16);
    if (std::any_of(value.begin(), value.end(), is_control_character)) {
      return refused(std::string(field.name) + " must not hold a control character");
    }
    if (column_count(value, characters) > field.width) {
      return refused(std::string(field.name) + " must have at most " + std::to_string(field.width) +
                     " characters");
    }
    pad(value, field.width, characters);
    line += value;
  }
  if (const Status good = put(std::move(line), idoc_control_width); !good) return good;
  client_ = control["MANDT"];
  client_.resize(3, ' ');
  number_ = zero_filled(*number, 16);
  segments_ = 0;
  parents_.clear();
  open_ = true;
  return Done{};
}

Status IdocWriter::segment(std::string_view name, int level, std::string_view data) {
  if (!open_) return Error{ErrorCode::internal, "no IDoc is open"};
  const bool characters = layout_.columns == IdocColumns::characters;
  const auto fits = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '/';
  };
  if (name.empty() || name.size() > 30 || name[0] < 'A' || name[0] > 'Z' ||
      name.substr(0, 6) == "EDI_DC" || !std::all_of(name.begin(), name.end(), fits)) {
    return refused("segment " + std::string(name) +
                   ": SEGNAM must be 1 to 30 capital letters and digits");
  }
  if (level < 1 || level > 99 || static_cast<std::size_t>(level) > parents_.size() + 1) {
    return refused("segment " + std::string(name) + ": its level has no segment above it");
  }
  if (std::any_of(data.begin(), data.end(), is_control_character)) {
    return refused("segment " + std::string(name) + " must not hold a control character");
  }
  if (column_count(data, characters) > idoc_data_most) {
    return refused("segment " + std::string(name) + " must have at most 1000 columns of data");
  }
  if (segments_ >= 999'999) return refused("an IDoc has at most 999999 segments");
  ++segments_;
  parents_.resize(static_cast<std::size_t>(level) - 1);
  const std::int64_t parent = parents_.empty() ? 0 : parents_.back();
  parents_.push_back(segments_);
  std::string line(name);
  line.resize(30, ' ');
  line += client_ + number_ + zero_filled(segments_, 6) + zero_filled(parent, 6) +
          zero_filled(level, 2);
  line += data;
  return put(std::move(line), idoc_data_at + idoc_data_most);
}

Status IdocWriter::end() {
  if (!open_) return Error{ErrorCode::internal, "no IDoc is open"};
  if (segments_ == 0) return refused("an IDoc needs a segment");
  open_ = false;
  return Done{};
}

Status IdocData::put(std::size_t offset, std::size_t width, std::string_view text) {
  const std::string where = "SDATA columns " + std::to_string(offset) + "+" + std::to_string(width);
  if (width > idoc_data_most || offset > idoc_data_most - width) {
    return refused(where + " lie outside of the record");
  }
  if (column_count(text, columns_ == IdocColumns::characters) > width) {
    return refused(where + ": the text must have at most " + std::to_string(width) + " characters");
  }
  for (const auto& [place, other] : parts_) {
    if (offset < place.first + place.second && place.first < offset + width) {
      return refused(where + " overlap others");
    }
  }
  parts_.push_back({{offset, width}, std::string(text)});
  return Done{};
}

std::string IdocData::text() const {
  auto parts = parts_;
  std::sort(parts.begin(), parts.end());
  std::string text;
  std::size_t used = 0;
  for (const auto& [place, part] : parts) {
    text.append(place.first - used, ' ');
    text += part;
    used = place.first + column_count(part, columns_ == IdocColumns::characters);
  }
  return text;
}

}  // namespace underpin::legacy::edi
