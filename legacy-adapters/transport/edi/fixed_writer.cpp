#include "legacy-adapters/transport/edi/amounts.h"
#include "legacy-adapters/transport/edi/fixed_width.h"

#include <algorithm>

namespace underpin::legacy::edi {

namespace {

Error refused(std::string rule) { return {ErrorCode::invalid_request, std::move(rule)}; }

// `value` as a T; of nothing the T that stands for a field without a value.
template <class T>
Result<T> as(const FieldValue* value, std::string_view wanted) {
  if (value == nullptr) return T{};
  if (const T* held = std::get_if<T>(value)) return *held;
  return refused("must be a " + std::string(wanted));
}

}  // namespace

FixedWriter::FixedWriter(std::ostream& output, FixedFormat format, std::string_view line_end)
    : output_(output), format_(std::move(format)), good_(check(format_)), line_end_(line_end) {
  sums_.resize(format_.hash_totals.size());
}

// A field's bytes in the file's character set, padded to its width.
Result<std::string> FixedWriter::bytes_of(const Field& field, const FieldValue* value) const {
  std::string text;
  switch (field.kind) {
    case FieldKind::text:
    case FieldKind::right_text: {
      const auto held = as<std::string>(value, "text");
      if (!held) return held;
      text = *held;
      const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
      if (std::any_of(text.begin(), text.end(), control)) {
        return refused("must not hold a control character");
      }
      if (trimmed_right(text).size() != text.size() ||
          (field.kind == FieldKind::right_text && !text.empty() && text.front() == ' ')) {
        return refused("must not begin or end with a blank, which padding would hide");
      }
      break;
    }
    case FieldKind::century_date:
    case FieldKind::plain_date: {
      const auto held = as<Date>(value, "day");
      if (!held) return held.error();
      auto day = field.kind == FieldKind::century_date ? century_text(*held)
                                                       : Result<std::string>(plain_text(*held));
      if (!day) return day;
      text = *day;
      break;
    }
    default: {
      const auto held = as<Decimal>(value, "number");
      if (!held) return held.error();
      if (field.kind == FieldKind::packed) return packed_bytes(*held, field.places, field.width);
      if (field.kind == FieldKind::overpunched && format_.ebcdic) {
        return zoned_bytes(*held, field.places, field.width);
      }
      auto number =
          field.kind == FieldKind::overpunched ? overpunched_text(*held, field.places, field.width)
          : field.kind == FieldKind::number    ? implied_text(*held, field.places, field.width)
                                               : Result<std::string>(trailing_sign_text(*held));
      if (!number) return number;
      text = *number;
    }
  }
  std::string blank = " ";
  if (format_.code_page) {
    auto bytes = format_.code_page->from_utf8(text);
    if (!bytes) return bytes;
    text = *bytes;
    blank = format_.code_page->from_utf8(" ").value();
  }
  const std::size_t used = column_count(text, format_.characters);
  if (used > field.width) {
    return refused("must have at most " + std::to_string(field.width) + " characters");
  }
  const std::string padding(field.width - used, blank[0]);
  const bool right = field.kind == FieldKind::right_text || field.kind == FieldKind::signed_text;
  return right ? padding + text : text + padding;
}

Status FixedWriter::put(const RecordLayout& layout, const FieldValues& values) {
  for (const auto& [name, value] : values) {
    if (!layout.find(name)) return refused(layout.name + " has no field " + name);
  }
  // By offset, so that characters of several bytes shift what follows and nothing else.
  std::vector<std::pair<std::size_t, std::string>> parts;
  std::string blank = " ";
  if (!layout.tag.empty()) {
    Result<std::string> tag(layout.tag);
    if (format_.code_page) {
      tag = format_.code_page->from_utf8(layout.tag);
      blank = format_.code_page->from_utf8(" ").value();
    }
    if (!tag) return tag.error();
    parts.emplace_back(layout.tag_offset, *tag);
  } else if (format_.code_page) {
    blank = format_.code_page->from_utf8(" ").value();
  }
  for (const Field& field : layout.fields) {
    const auto value = values.find(field.name);
    const auto bytes = bytes_of(field, value == values.end() ? nullptr : &value->second);
    if (!bytes) {
      return refused(layout.name + ", field " + field.name + " " + bytes.error().message);
    }
    parts.emplace_back(field.offset, *bytes);
  }
  std::sort(parts.begin(), parts.end());
  std::string line;
  std::size_t used = 0;
  for (const auto& [offset, bytes] : parts) {
    line.append(offset - used, blank[0]);
    line += bytes;
    used = offset + column_count(bytes, format_.characters);
  }
  if (format_.fixed_bytes > 0) {
    line.resize(format_.fixed_bytes, blank[0]);
  } else {
    line += line_end_;
  }
  output_.write(line.data(), static_cast<std::streamsize>(line.size()));
  if (!output_) return Error{ErrorCode::unavailable, "the file cannot be written"};
  return Done{};
}

Status FixedWriter::begin(const FieldValues& header) {
  if (!good_) return good_;
  if (open_) return Error{ErrorCode::internal, "a batch is open"};
  if (format_.header) {
    if (const Status good = put(*format_.header, header); !good) return good;
  }
  open_ = true;
  records_ = 0;
  std::fill(sums_.begin(), sums_.end(), Decimal{});
  return Done{};
}

Status FixedWriter::record(std::string_view layout, const FieldValues& values) {
  if (!open_) return Error{ErrorCode::internal, "no batch is open"};
  const auto found = std::find_if(format_.records.begin(), format_.records.end(),
                                  [&](const RecordLayout& one) { return one.name == layout; });
  if (found == format_.records.end()) return refused("there is no record " + std::string(layout));
  if (const Status good = put(*found, values); !good) return good;
  ++records_;
  for (std::size_t i = 0; i < sums_.size(); ++i) {
    const HashTotal& total = format_.hash_totals[i];
    const auto value = values.find(total.field);
    if (total.layout != layout || value == values.end()) continue;
    add_to(sums_[i], std::get<Decimal>(value->second));
  }
  return Done{};
}

Status FixedWriter::end(const FieldValues& trailer) {
  if (!open_) return Error{ErrorCode::internal, "no batch is open"};
  if (format_.trailer) {
    FieldValues values = trailer;
    if (!format_.count_field.empty()) {
      values[format_.count_field] = Decimal::of(records_ + (format_.count_with_envelope ? 2 : 0));
    }
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      const std::string& name = format_.hash_totals[i].trailer_field;
      values[name] = last_digits(sums_[i], format_.trailer->fields[*format_.trailer->find(name)]);
    }
    if (const Status good = put(*format_.trailer, values); !good) return good;
  }
  open_ = false;
  return Done{};
}

}  // namespace underpin::legacy::edi
