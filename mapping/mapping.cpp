#include "mapping/mapping.h"

#include "contracts/time.h"
#include "mapping/table.h"

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace underpin::mapping {
namespace {

using json::Value;

// What is wrong with one document, by pointer.
struct Faults {
  const std::string& file;
  std::vector<FieldError> fields;
  std::string first;

  void add(const std::string& pointer, const Field& field, const Place& target,
           const std::string& rule) {
    if (fields.empty())
      first = file + ": " + pointer + " (" + std::string(name(field.as)) + " to " +
              (target.keys.size() == 1 ? target.keys[0] : target.pointer) + "): " + rule;
    fields.push_back({pointer, rule});
  }
  Error error(ErrorCode code) const {
    Error result{code, first};
    if (fields.size() > 1)
      result.message += " (and " + std::to_string(fields.size() - 1) + " more)";
    result.fields = fields;
    return result;
  }
};

// A value, nothing (absent), or a broken rule.
struct Outcome {
  std::optional<Value> value;
  std::string rule;
  static Outcome of(Value value) { return {std::move(value), {}}; }
  static Outcome nothing() { return {}; }
  static Outcome broken(std::string rule) { return {std::nullopt, std::move(rule)}; }
};

const Value* find(const Value& document, const Place& place) {
  const Value* value = &document;
  for (const std::string& key : place.keys) {
    value = value->find(key);
    if (value == nullptr) return nullptr;
  }
  return value->is_null() ? nullptr : value;
}

void put(Value& document, const Place& place, Value value) {
  Value* target = &document;
  for (std::size_t i = 0; i + 1 < place.keys.size(); ++i) {
    if (target->find(place.keys[i]) == nullptr) target->set(place.keys[i], Value::object());
    target = target->find(place.keys[i]);
  }
  target->set(place.keys.back(), std::move(value));
}

// Offsets of characters (code points) in UTF-8 text, the end included.
std::vector<std::size_t> characters(std::string_view text) {
  std::vector<std::size_t> offsets;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) offsets.push_back(i);
  offsets.push_back(text.size());
  return offsets;
}

std::string rule_of(const Error& error) {
  return error.fields.empty() ? error.message : error.fields.front().detail;
}

std::string shown(const Value& value) {
  std::string text = value.is_string() ? value.text() : json::write(value);
  if (text.size() > 60) text.resize(60);
  return "\"" + text + "\"";
}

bool is_blank(const Field& field, const Value& value) {
  if (value.is_string() && value.text().empty() && field.as != Transform::code) return true;
  if (!field.blank) return false;
  if (value == *field.blank) return true;
  if (field.as != Transform::decimal) return false;
  const auto a = value.as_any_decimal();
  const auto b = field.blank->as_any_decimal();
  return a && b && *a == *b;
}

// --- To the vendor ----------------------------------------------------------------------------

Outcome text_to_vendor(const Field& field, const Value& value) {
  const auto text = value.as_string();
  if (!text) return Outcome::broken(rule_of(text.error()));
  const auto offsets = characters(*text);
  if (field.max == 0 || offsets.size() - 1 <= field.max) return Outcome::of(*text);
  if (!field.cut)
    return Outcome::broken("must have at most " + std::to_string(field.max) + " characters");
  return Outcome::of(text->substr(0, offsets[field.max]));
}

Outcome code_to_vendor(const Field& field, const Value& value) {
  for (const auto& [canonical, vendor] : field.codes)
    if (canonical == value) return Outcome::of(vendor);
  return Outcome::broken(shown(value) + " is not in the table " + field.table_name);
}

Outcome decimal_to_vendor(const Field& field, const Value& value) {
  const auto number = value.as_any_decimal();
  if (!number) return Outcome::broken(rule_of(number.error()));
  Decimal result = *number;
  try {
    if (field.factor != Decimal::of(1)) result = *number * field.factor;
  } catch (const std::overflow_error&) {
    return Outcome::broken("must have at most 38 digits and 20 decimal places times " +
                           field.factor.text());
  }
  if (result.scale() > field.scale_max) {
    if (result.normalized().scale() > field.scale_max)
      return Outcome::broken("must have at most " + std::to_string(field.scale_max) +
                             " decimal places");
    result = result.rounded(field.scale_max, Rounding::down);  // Only zeros go.
  }
  return Outcome::of(field.vendor_number ? Value::number(result) : Value(result.text()));
}

// The text form of a day or a point in time is the same on both sides.
Outcome date_in_text(const Field& field, const Value& value) {
  if (!value.is_string()) return Outcome::broken(rule_of(value.as_string().error()));
  const std::string& text = value.text();
  if (field.time) {
    const auto time = Timestamp::parse(text);
    if (!time) return Outcome::broken(time.error().message);
    return Outcome::of(time->text());
  }
  const std::string_view rest =
      std::string_view(text).substr(std::min<std::size_t>(10, text.size()));
  const bool midnight = rest.empty() || ((rest[0] == 'T' || rest[0] == ' ') &&
                                         rest.find_first_not_of("0:.Z", 1) == rest.npos);
  const auto day = Date::parse(std::string_view(text).substr(0, 10));
  if (!day || !midnight) return Outcome::broken(shown(value) + " is not a calendar day");
  return Outcome::of(day->text());
}

void join_to_vendor(const Field& field, const std::string& base, const Value& canonical,
                    Value& record, Faults& faults) {
  std::string joined;
  std::size_t last = 0;
  std::vector<std::string> parts;
  for (const Place& place : field.canonical) {
    const Value* value = find(canonical, place);
    parts.push_back(value != nullptr ? value->text() : std::string());
    if (!parts.back().empty()) last = parts.size();
  }
  if (last == 0) {
    if (field.required)
      faults.add(base + field.canonical[0].pointer, field, field.vendor[0], "is required");
    else if (field.write_blank)
      put(record, field.vendor[0], *field.blank);
    return;
  }
  for (std::size_t i = 0; i < last; ++i) {
    if (i + 1 < parts.size() && parts[i].find(field.separator) != std::string::npos)
      return faults.add(base + field.canonical[i].pointer, field, field.vendor[0],
                        "must not contain \"" + field.separator + "\"");
    joined += (i > 0 ? field.separator : "") + parts[i];
  }
  put(record, field.vendor[0], joined);
}

// Cuts by widths inside a word: whoever trims blanks at the ends of the parts changes nothing.
std::optional<std::vector<std::string>> cut(const std::string& text,
                                            const std::vector<std::size_t>& widths) {
  const auto offsets = characters(text);
  const std::size_t length = offsets.size() - 1;
  std::vector<std::string> parts;
  std::size_t at = 0;
  for (const std::size_t width : widths) {
    std::size_t end = std::min(at + width, length);
    const auto blank = [&](std::size_t i) { return text[offsets[i]] == ' '; };
    while (end > at && end < length && (blank(end) || blank(end - 1))) --end;
    if (end == at && at < length) return std::nullopt;
    parts.push_back(text.substr(offsets[at], offsets[end] - offsets[at]));
    at = end;
  }
  if (at < length) return std::nullopt;
  return parts;
}

std::vector<std::string> taken_apart(const std::string& text, const std::string& separator,
                                     std::size_t parts_max) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (parts.size() + 1 < parts_max) {
    const std::size_t next = text.find(separator, at);
    if (next == std::string::npos) break;
    parts.push_back(text.substr(at, next - at));
    at = next + separator.size();
  }
  parts.push_back(text.substr(at));
  return parts;
}

void split_to_vendor(const Field& field, const std::string& base, const Value& canonical,
                     Value& record, Faults& faults) {
  const std::string pointer = base + field.canonical[0].pointer;
  const Value* value = find(canonical, field.canonical[0]);
  if (value == nullptr) {
    if (field.required) faults.add(pointer, field, field.vendor[0], "is required");
    return;
  }
  if (!value->is_string())
    return faults.add(pointer, field, field.vendor[0], rule_of(value->as_string().error()));
  std::vector<std::string> parts;
  if (field.widths.empty()) {
    parts = taken_apart(value->text(), field.separator, field.vendor.size());
  } else {
    auto pieces = cut(value->text(), field.widths);
    if (!pieces)
      return faults.add(pointer, field, field.vendor[0], "does not fit the vendor's members");
    parts = std::move(*pieces);
  }
  parts.resize(field.vendor.size());
  for (std::size_t i = 0; i < parts.size(); ++i) put(record, field.vendor[i], parts[i]);
}

Value record_from(const std::vector<Field>& fields, const std::string& base, const Value& canonical,
                  Faults& faults) {
  Value record = Value::object();
  for (const Field& field : fields) {
    if (!field.to_vendor) continue;
    if (field.as == Transform::constant) {
      put(record, field.vendor[0], field.value);
      continue;
    }
    if (field.as == Transform::join) {
      join_to_vendor(field, base, canonical, record, faults);
      continue;
    }
    if (field.as == Transform::split) {
      split_to_vendor(field, base, canonical, record, faults);
      continue;
    }
    const std::string pointer = base + field.canonical[0].pointer;
    const Value* value = find(canonical, field.canonical[0]);
    if (value == nullptr) {
      if (field.required)
        faults.add(pointer, field, field.vendor[0], "is required");
      else if (field.write_blank)
        put(record, field.vendor[0], *field.blank);
      continue;
    }
    if (field.as == Transform::each) {
      Value items = Value::array();
      if (!value->is_array()) {
        faults.add(pointer, field, field.vendor[0], "must be an array");
        continue;
      }
      for (std::size_t i = 0; i < value->size(); ++i)
        items.push(
            record_from(field.fields, json::pointer_to(pointer, i), value->items()[i], faults));
      put(record, field.vendor[0], std::move(items));
      continue;
    }
    Outcome outcome = field.as == Transform::text      ? text_to_vendor(field, *value)
                      : field.as == Transform::code    ? code_to_vendor(field, *value)
                      : field.as == Transform::decimal ? decimal_to_vendor(field, *value)
                                                       : date_in_text(field, *value);
    if (!outcome.rule.empty()) faults.add(pointer, field, field.vendor[0], outcome.rule);
    if (outcome.value) put(record, field.vendor[0], std::move(*outcome.value));
  }
  return record;
}

// --- From the vendor --------------------------------------------------------------------------

Outcome text_from_vendor(const Value& value) {
  const auto text = value.as_scalar_text();
  if (!text) return Outcome::broken(rule_of(text.error()));
  return Outcome::of(*text);
}

Outcome code_from_vendor(const Field& field, const Value& value) {
  for (const auto& [canonical, vendor] : field.codes)
    if (vendor == value) return Outcome::of(canonical);
  if (value.is_string() && value.text().empty()) return Outcome::nothing();
  return Outcome::broken(shown(value) + " is not in the table " + field.table_name);
}

// number / factor, when that ends within 20 decimal places.
std::optional<Decimal> exact_quotient(Decimal number, Decimal factor) {
  try {
    for (int scale = 0; scale <= Decimal::scale_max; ++scale) {
      const Decimal quotient = Decimal::divided(number, factor, scale, Rounding::down);
      if (quotient * factor == number) return quotient;
    }
  } catch (const std::overflow_error&) {
    return std::nullopt;
  }
  return std::nullopt;
}

Outcome decimal_from_vendor(const Field& field, const Value& value) {
  // A vendor's text may begin with "+" or have leading zeros; a number is read as JSON has it.
  const auto number = value.is_string() ? Decimal::parse(value.text()) : value.as_decimal();
  if (!number) return Outcome::broken(rule_of(number.error()));
  Decimal result = *number;
  if (field.factor == Decimal::of(-1)) {
    result = -*number;
  } else if (field.factor != Decimal::of(1)) {
    const auto quotient = exact_quotient(*number, field.factor);
    if (!quotient)
      return Outcome::broken(number->text() + " has no exact quotient by " + field.factor.text());
    result = *quotient;
  }
  if (field.trim) result = result.normalized();
  if (!field.canonical_number) return Outcome::of(result.text());
  return Outcome::of(Value::number(result.normalized()));
}

void join_from_vendor(const Field& field, const Value& value, Value& document) {
  const auto parts = taken_apart(value.text(), field.separator, field.canonical.size());
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (!parts[i].empty()) put(document, field.canonical[i], parts[i]);
}

void split_from_vendor(const Field& field, const std::string& base, const Value& record,
                       Value& document, Faults& faults) {
  std::string text;
  std::vector<std::string> parts;
  std::size_t last = 0;
  for (const Place& place : field.vendor) {
    const Value* value = find(record, place);
    parts.push_back(value != nullptr ? value->text() : std::string());
    if (!parts.back().empty()) last = parts.size();
  }
  for (std::size_t i = 0; i < last; ++i) text += (i > 0 ? field.separator : "") + parts[i];
  if (!text.empty())
    put(document, field.canonical[0], text);
  else if (field.required)
    faults.add(base + field.vendor[0].pointer, field, field.canonical[0], "is required");
}

Value document_from(const std::vector<Field>& fields, const std::string& base, const Value& record,
                    Faults& faults);

void each_from_vendor(const Field& field, const std::string& pointer, const Value& value,
                      Value& document, Faults& faults) {
  const bool single = value.is_object();
  if (!single && !value.is_array())
    return faults.add(pointer, field, field.canonical[0], "must be a list");
  const std::vector<Value> items = single ? std::vector<Value>{value} : value.items();
  Value result = Value::array();
  for (std::size_t i = 0; i < items.size(); ++i)
    result.push(document_from(field.fields, json::pointer_to(pointer, i), items[i], faults));
  put(document, field.canonical[0], std::move(result));
}

Value document_from(const std::vector<Field>& fields, const std::string& base, const Value& record,
                    Faults& faults) {
  Value document = Value::object();
  for (const Field& field : fields) {
    if (!field.from_vendor) continue;
    if (field.as == Transform::split) {
      split_from_vendor(field, base, record, document, faults);
      continue;
    }
    const std::string pointer = base + field.vendor[0].pointer;
    const Value* value = find(record, field.vendor[0]);
    if (field.as == Transform::constant) {
      if (value != nullptr && !(*value == field.value))
        faults.add(pointer, field, field.vendor[0],
                   shown(*value) + " must be " + shown(field.value));
      continue;
    }
    const bool nothing = value == nullptr || is_blank(field, *value);
    if (nothing) {
      if (field.required) faults.add(pointer, field, field.canonical[0], "is required");
      continue;
    }
    if (field.as == Transform::each) {
      each_from_vendor(field, pointer, *value, document, faults);
      continue;
    }
    if (field.as == Transform::join) {
      join_from_vendor(field, *value, document);
      continue;
    }
    Outcome outcome = field.as == Transform::text      ? text_from_vendor(*value)
                      : field.as == Transform::code    ? code_from_vendor(field, *value)
                      : field.as == Transform::decimal ? decimal_from_vendor(field, *value)
                                                       : date_in_text(field, *value);
    if (!outcome.rule.empty()) faults.add(pointer, field, field.canonical[0], outcome.rule);
    if (outcome.value) put(document, field.canonical[0], std::move(*outcome.value));
  }
  return document;
}

}  // namespace

Result<Mapping> Mapping::load(std::string_view text, std::string_view file) {
  auto table = read_table(text, file);
  if (!table) return table.error();
  return Mapping(std::make_shared<const Table>(std::move(table).value()));
}

Result<Value> Mapping::to_vendor(const Value& canonical) const {
  Faults faults{table_->file, {}, {}};
  Value record = record_from(table_->fields, {}, canonical, faults);
  if (!faults.fields.empty()) return faults.error(ErrorCode::invalid_request);
  return record;
}

Result<Value> Mapping::from_vendor(const Value& vendor) const {
  Faults faults{table_->file, {}, {}};
  Value document = document_from(table_->fields, {}, vendor, faults);
  if (!faults.fields.empty()) return faults.error(ErrorCode::internal);
  return document;
}

Value record_of(const std::map<std::string, std::string>& fields) {
  Value record = Value::object();
  for (const auto& [key, text] : fields) record.append({key, Value(text)});
  return record;
}

Result<std::map<std::string, std::string>> flat(const Value& record) {
  std::map<std::string, std::string> fields;
  for (const json::Member& member : record.members()) {
    const auto text = member.value.as_scalar_text(json::pointer_to("", member.key));
    if (!text) {
      Error error = text.error();
      error.code = ErrorCode::internal;
      return error;
    }
    fields.emplace(member.key, *text);
  }
  return fields;
}

}  // namespace underpin::mapping
