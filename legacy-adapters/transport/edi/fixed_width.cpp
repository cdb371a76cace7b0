#include "legacy-adapters/transport/edi/fixed_width.h"

#include "legacy-adapters/transport/edi/amounts.h"

#include <algorithm>
#include <set>

namespace underpin::legacy::edi {

namespace {

Error refused(const std::string& where, std::string_view rule) {
  return {ErrorCode::invalid_request, where + ": " + std::string(rule)};
}

bool is_number(FieldKind kind) {
  return kind == FieldKind::number || kind == FieldKind::signed_text ||
         kind == FieldKind::overpunched || kind == FieldKind::packed;
}

bool is_date(FieldKind kind) {
  return kind == FieldKind::century_date || kind == FieldKind::plain_date;
}

Status check(const RecordLayout& layout, const FixedFormat& format) {
  std::vector<std::pair<std::size_t, std::size_t>> taken;
  std::set<std::string> names;
  const auto take = [&](std::size_t from, std::size_t width) {
    for (const auto& [other, end] : taken) {
      if (from < end && other < from + width) return false;
    }
    taken.emplace_back(from, from + width);
    return true;
  };
  const std::size_t most = format.fixed_bytes > 0 ? format.fixed_bytes : format.record_bytes;
  if (!layout.tag.empty()) {
    take(layout.tag_offset, column_count(layout.tag, format.characters));
    if (taken[0].second > most) return refused(layout.name, "the tag lies outside of the record");
  }
  for (const Field& field : layout.fields) {
    const std::string where = layout.name + ", field " + field.name;
    if (field.width == 0 || field.width > most || field.offset > most - field.width) {
      return refused(where, "lies outside of the record");
    }
    if (!take(field.offset, field.width)) return refused(where, "overlaps another");
    if (!names.insert(field.name).second) return refused(where, "is there twice");
    if (field.places < 0 || field.places > Decimal::scale_max) {
      return refused(where, "places must be 0 to " + std::to_string(Decimal::scale_max));
    }
    if (field.kind == FieldKind::packed && format.fixed_bytes == 0) {
      return refused(where, "packed digits need records of a fixed length");
    }
    if ((field.kind == FieldKind::century_date && field.width != 7) ||
        (field.kind == FieldKind::plain_date && field.width != 8)) {
      return refused(where, "a day has a width of its own");
    }
  }
  return Done{};
}

const RecordLayout* layout_named(const FixedFormat& format, std::string_view name) {
  for (const RecordLayout& layout : format.records) {
    if (layout.name == name) return &layout;
  }
  return nullptr;
}

}  // namespace

std::optional<std::size_t> RecordLayout::find(std::string_view field) const {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == field) return i;
  }
  return std::nullopt;
}

std::size_t digits_of(const Field& field, bool negative) {
  const std::size_t sign = negative ? 1 : 0;
  switch (field.kind) {
    case FieldKind::packed:
      return 2 * field.width - 1;
    case FieldKind::number:
      return field.width - std::min(field.width, sign);
    case FieldKind::signed_text:
      return field.width - std::min(field.width, sign + 1);  // The point.
    default:
      return field.width;
  }
}

void add_to(Decimal& total, const Decimal& number) {
  constexpr Int128 most = Int128{1'000'000'000'000'000'000} * 1'000'000'000'000'000;  // 10^33
  total += number;
  if (total.coefficient() >= most || total.coefficient() <= -most) {
    total = Decimal(total.coefficient() % (10 * most), total.scale());
  }
}

Decimal last_digits(const Decimal& sum, const Field& field) {
  const Decimal exact = sum.normalized();
  const Decimal rest = exact.rounded(std::max(exact.scale(), field.places), Rounding::down);
  const std::size_t digits =
      std::min<std::size_t>(digits_of(field, exact.is_negative()), Decimal::digits_max - 1);
  Int128 limit = 1;
  for (std::size_t i = 0; i < digits; ++i) limit *= 10;
  return {rest.coefficient() % limit, rest.scale()};
}

Status check(const FixedFormat& format) {
  if (format.ebcdic && (!format.code_page || format.fixed_bytes == 0)) {
    return refused("format", "EBCDIC needs a code page and records of a fixed length");
  }
  if (format.characters && (format.code_page || format.fixed_bytes > 0)) {
    return refused("format", "columns of characters need lines of UTF-8");
  }
  if (format.header.has_value() != format.trailer.has_value()) {
    return refused("format", "header and trailer belong together");
  }
  for (const auto* envelope : {&format.header, &format.trailer}) {
    if (!*envelope) continue;
    if ((*envelope)->tag.empty()) return refused((*envelope)->name, "needs a tag");
    if (const Status good = check(**envelope, format); !good) return good;
  }
  for (const RecordLayout& layout : format.records) {
    if (const Status good = check(layout, format); !good) return good;
  }
  const bool totals = !format.count_field.empty() || !format.hash_totals.empty();
  if (totals && !format.trailer) return refused("format", "totals need a trailer");
  const auto number_in = [](const RecordLayout& layout, std::string_view name) {
    const auto field = layout.find(name);
    return field && is_number(layout.fields[*field].kind);
  };
  if (!format.count_field.empty() && !number_in(*format.trailer, format.count_field)) {
    return refused("count field " + format.count_field, "must be a number of the trailer");
  }
  for (const HashTotal& total : format.hash_totals) {
    const RecordLayout* layout = layout_named(format, total.layout);
    if (layout == nullptr || !number_in(*layout, total.field) ||
        !number_in(*format.trailer, total.trailer_field)) {
      return refused("hash total " + total.trailer_field,
                     "must be a number of the trailer, and of the record that it names");
    }
  }
  return Done{};
}

// ---------------------------------------------------------------------------------- one record

std::string_view FixedRecord::raw(std::size_t field) const {
  const Field& at = layout_->fields[field];
  return columns(bytes_, at.offset, at.width, format_->characters);
}

std::string FixedRecord::text(std::size_t field) const {
  std::string text =
      format_->code_page ? format_->code_page->to_utf8(raw(field)) : std::string(raw(field));
  text.resize(trimmed_right(text).size());
  if (layout_->fields[field].kind == FieldKind::right_text) {
    text.erase(0, std::min(text.find_first_not_of(' '), text.size()));
  }
  return text;
}

Result<Decimal> FixedRecord::number(std::size_t field) const {
  const Field& at = layout_->fields[field];
  const std::string_view bytes = raw(field);
  if (at.kind == FieldKind::packed) return packed_number(bytes, at.places);
  const bool blank =
      bytes.find_first_not_of(format_->ebcdic ? '\x40' : ' ') == std::string_view::npos;
  if (blank) return Decimal(0, at.places);
  if (at.kind == FieldKind::overpunched) {
    return format_->ebcdic ? zoned_number(bytes, at.places) : overpunched_number(bytes, at.places);
  }
  const std::string translated = format_->ebcdic ? format_->code_page->to_utf8(bytes) : "";
  const std::string_view text = format_->ebcdic ? std::string_view(translated) : bytes;
  return at.kind == FieldKind::signed_text ? trailing_sign_number(text)
                                           : implied_number(text, at.places);
}

Result<Date> FixedRecord::date(std::size_t field) const {
  const std::string_view bytes = raw(field);
  const std::string translated = format_->ebcdic ? format_->code_page->to_utf8(bytes) : "";
  const std::string_view text = format_->ebcdic ? std::string_view(translated) : bytes;
  return layout_->fields[field].kind == FieldKind::century_date ? century_date(text)
                                                                : plain_date(text);
}

Result<FieldValue> FixedRecord::value(std::size_t field) const {
  const FieldKind kind = layout_->fields[field].kind;
  if (is_number(kind)) {
    const auto number = this->number(field);
    if (!number) return number.error();
    return FieldValue(*number);
  }
  if (is_date(kind)) {
    const auto date = this->date(field);
    if (!date) return date.error();
    return FieldValue(*date);
  }
  return FieldValue(text(field));
}

Result<FieldValues> FixedRecord::values() const {
  FieldValues values;
  for (std::size_t i = 0; i < layout_->fields.size(); ++i) {
    auto value = this->value(i);
    if (!value) return refused(layout_->fields[i].name, value.error().message);
    values.emplace(layout_->fields[i].name, *value);
  }
  return values;
}

// ------------------------------------------------------------------------------------- reading

FixedReader::FixedReader(ReadBytes read, FixedFormat format)
    : format_(std::move(format)),
      good_(check(format_)),
      source_(std::move(read), format_.fixed_bytes, format_.record_bytes) {
  record_.format_ = &format_;
  if (!good_) return;
  for (const HashTotal& total : format_.hash_totals) {
    const RecordLayout* layout = layout_named(format_, total.layout);
    totals_.push_back({layout,
                       *layout->find(total.field),
                       *format_.trailer->find(total.trailer_field),
                       {},
                       false});
  }
  // Tags are compared as bytes.
  if (!format_.code_page) return;
  const auto encode = [this](RecordLayout& layout) {
    auto tag = format_.code_page->from_utf8(layout.tag);
    if (tag) {
      layout.tag = *tag;
    } else {
      good_ = tag.error();
    }
  };
  for (RecordLayout& layout : format_.records) encode(layout);
  if (format_.header) encode(*format_.header);
  if (format_.trailer) encode(*format_.trailer);
}

bool FixedReader::matches(const RecordLayout& layout) const {
  return columns(source_.bytes(), layout.tag_offset, column_count(layout.tag, format_.characters),
                 format_.characters) == layout.tag;
}

Result<FixedKind> FixedReader::next() {
  if (!good_) return good_.error();
  for (;;) {
    if (!held_) {
      const auto kind = source_.next();
      if (!kind) return kind.error();
      kind_ = *kind;
    }
    held_ = false;
    record_.bytes_ = source_.bytes();
    const bool usual = kind_ == RecordSource::Kind::record;
    if (usual && source_.bytes().empty()) continue;  // An empty line.
    if (kind_ == RecordSource::Kind::end) {
      held_ = true;
      if (!open_) return FixedKind::end;
      if (format_.trailer) batch_fault("the file ends before the batch's trailer");
      return end_batch();
    }
    if (usual && format_.header && matches(*format_.header)) {
      if (open_) {
        held_ = true;
        batch_fault("another header comes before the batch's trailer");
        return end_batch();
      }
      begin_batch();
      record_.layout_ = &*format_.header;
      if (const FixedKind kind = record_of(*format_.header); kind == FixedKind::rejected) {
        for (const Fault& fault : faults_.list) batch_faults_.add(fault, format_.faults);
      }
      return FixedKind::batch;
    }
    if (!open_) {
      if (format_.header) return reject("a record outside of a batch, which a header begins");
      held_ = true;
      begin_batch();
      return FixedKind::batch;
    }
    if (usual && format_.trailer && matches(*format_.trailer)) {
      record_.layout_ = &*format_.trailer;
      hold_against_trailer();
      return end_batch();
    }
    ++records_;
    if (records_ == format_.records_max + 1) {
      batch_fault("the batch has more records than the limit of " +
                  std::to_string(format_.records_max));
    }
    if (records_ > format_.records_max) continue;
    if (kind_ == RecordSource::Kind::too_long) {
      for (Total& total : totals_) total.broken = true;
      return reject("the record is longer than " + std::to_string(format_.record_bytes) + " bytes");
    }
    if (kind_ == RecordSource::Kind::cut) {
      for (Total& total : totals_) total.broken = true;
      return reject("the file ends within the record, which has " +
                    std::to_string(format_.fixed_bytes) + " bytes");
    }
    const auto layout = std::find_if(format_.records.begin(), format_.records.end(),
                                     [this](const RecordLayout& one) { return matches(one); });
    if (layout == format_.records.end()) return reject("no record begins like this");
    return record_of(*layout);
  }
}

FixedKind FixedReader::reject(std::string rule) {
  faults_.clear();
  record_.layout_ = nullptr;
  Fault fault{Level::segment, true, 0, place(), std::move(rule), {}};
  fault.value = source_.bytes().substr(0, 32);
  faults_.add(std::move(fault), format_.faults);
  return FixedKind::rejected;
}

// Reads every field once, so that whoever gets the record can rely on it.
FixedKind FixedReader::record_of(const RecordLayout& layout) {
  faults_.clear();
  record_.layout_ = &layout;
  for (std::size_t i = 0; i < layout.fields.size(); ++i) {
    const FieldKind kind = layout.fields[i].kind;
    std::string rule;
    if (is_number(kind)) {
      const auto number = record_.number(i);
      if (!number) rule = number.error().message;
      for (Total& total : totals_) {
        if (total.layout != &layout || total.field != i) continue;
        if (number) {
          add_to(total.sum, *number);
        } else {
          total.broken = true;
        }
      }
    } else if (is_date(kind)) {
      const auto date = record_.date(i);
      if (!date) rule = date.error().message;
    }
    if (rule.empty()) continue;
    Fault fault{Level::element, true, 0, place(i), layout.fields[i].name + " " + rule, {}};
    fault.value = record_.text(i);
    faults_.add(std::move(fault), format_.faults);
  }
  return faults_.rejects ? FixedKind::rejected : FixedKind::record;
}

void FixedReader::begin_batch() {
  open_ = true;
  records_ = 0;
  batch_faults_.clear();
  faults_.clear();
  for (Total& total : totals_) {
    total.sum = Decimal{};
    total.broken = false;
  }
}

FixedKind FixedReader::end_batch() {
  open_ = false;
  return FixedKind::batch_end;
}

void FixedReader::hold_against_trailer() {
  const RecordLayout& trailer = *format_.trailer;
  if (record_of(trailer) == FixedKind::rejected) {
    for (const Fault& fault : faults_.list) batch_faults_.add(fault, format_.faults);
    return;
  }
  if (!format_.count_field.empty()) {
    const std::size_t field = *trailer.find(format_.count_field);
    const Decimal said = record_.number(field).value();
    const std::int64_t counted = records_ + (format_.count_with_envelope ? 2 : 0);
    if (said != Decimal::of(counted)) {
      batch_fault(format_.count_field + " says " + said.text() + " records, the batch has " +
                      std::to_string(counted),
                  field);
    }
  }
  for (const Total& total : totals_) {
    const Field& field = trailer.fields[total.trailer_field];
    const Decimal said = record_.number(total.trailer_field).value();
    const Decimal expected = last_digits(total.sum, field);
    if (total.broken || said != expected) {
      batch_fault(field.name + " says " + said.text() + ", the sum of " +
                      total.layout->fields[total.field].name + " is " +
                      (total.broken ? "not known: a record could not be read" : expected.text()),
                  total.trailer_field);
    }
  }
}

void FixedReader::batch_fault(std::string rule, std::optional<std::size_t> field) {
  batch_faults_.add({Level::set, true, 0, place(field), std::move(rule), {}}, format_.faults);
}

Place FixedReader::place(std::optional<std::size_t> field) const {
  Place place;
  place.offset = source_.offset();
  place.line = source_.line();
  if (kind_ == RecordSource::Kind::end || record_.layout_ == nullptr) return place;
  place.segment = record_.layout_->name;
  place.segment_index = records_;
  if (field) {
    place.offset += record_.layout_->fields[*field].offset;
    place.element = static_cast<int>(*field) + 1;
  }
  return place;
}

}  // namespace underpin::legacy::edi
