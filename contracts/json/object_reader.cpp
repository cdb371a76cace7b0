#include "contracts/json/object_reader.h"

#include <limits>

namespace underpin::json {
namespace {

// What an Error says about the value itself, without the document's place.
std::string rule_of(const Error& error) {
  return error.fields.empty() ? error.message : error.fields.front().detail;
}

}  // namespace

ObjectReader::ObjectReader(const Value& value, std::string pointer, std::vector<FieldError>& errors)
    : value_(value), pointer_(std::move(pointer)), errors_(errors), known_(value.members().size()) {
  if (!value.is_object())
    errors_.push_back({pointer_, "must be an object, not " + std::string(name(value.kind()))});
}

const Value* ObjectReader::member(std::string_view key, Need need) {
  const auto& members = value_.members();
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i].key != key) continue;
    known_[i] = true;
    return &members[i].value;
  }
  if (need == Need::required && value_.is_object())
    errors_.push_back({pointer_to(pointer_, key), "is required"});
  return nullptr;
}

void ObjectReader::read(std::string_view key, std::string& field, Need need) {
  const Value* found = member(key, need);
  if (found == nullptr) return;
  if (!found->is_string()) return refuse(key, rule_of(found->as_string().error()));
  field = found->text();
}

void ObjectReader::read(std::string_view key, bool& field, Need need) {
  const Value* found = member(key, need);
  if (found == nullptr) return;
  const auto value = found->as_bool();
  if (!value) return refuse(key, rule_of(value.error()));
  field = *value;
}

void ObjectReader::read(std::string_view key, std::int64_t& field, Need need) {
  const Value* found = member(key, need);
  if (found == nullptr) return;
  const auto value = found->as_int();
  if (!value) return refuse(key, rule_of(value.error()));
  field = *value;
}

void ObjectReader::read(std::string_view key, int& field, Need need) {
  std::int64_t value = field;
  const std::size_t before = errors_.size();
  read(key, value, need);
  if (errors_.size() != before) return;
  if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max())
    return refuse(key, "must fit 32 bits");
  field = static_cast<int>(value);
}

void ObjectReader::read(std::string_view key, Decimal& field, Need need) {
  const Value* found = member(key, need);
  if (found == nullptr) return;
  const auto value = found->as_decimal_string();
  if (!value) return refuse(key, rule_of(value.error()));
  field = *value;
}

void ObjectReader::read(std::string_view key, Date& field, Need need) {
  const Value* found = member(key, need);
  if (found == nullptr) return;
  const auto value = Date::parse(found->is_string() ? found->text() : std::string());
  if (!value) return refuse(key, "must be a calendar day in a string, like \"2026-11-24\"");
  field = *value;
}

void ObjectReader::read(std::string_view key, Timestamp& field, Need need) {
  const Value* found = member(key, need);
  if (found == nullptr) return;
  const auto value = Timestamp::parse(found->is_string() ? found->text() : std::string());
  if (!value)
    return refuse(key, "must be an RFC 3339 timestamp in a string, like \"2026-11-24T18:00:00Z\"");
  field = *value;
}

void ObjectReader::read(std::string_view key, std::vector<std::string>& field, Need need) {
  const Value* found = member(key, need);
  if (found == nullptr) return;
  if (!found->is_array())
    return refuse(key, "must be an array, not " + std::string(name(found->kind())));
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < found->size(); ++i) {
    const Value& item = found->items()[i];
    if (!item.is_string())
      errors_.push_back({pointer_to(pointer_to(pointer_, key), i), "must be a string"});
    texts.push_back(item.text());
  }
  field = std::move(texts);
}

void ObjectReader::refuse(std::string_view key, std::string rule) {
  member(key, Need::optional);
  errors_.push_back({pointer_to(pointer_, key), std::move(rule)});
}

void ObjectReader::refuse_read_only(std::string_view key) {
  if (member(key, Need::optional) != nullptr)
    errors_.push_back({pointer_to(pointer_, key), "is read-only and must not be sent"});
}

void ObjectReader::finish() {
  const auto& members = value_.members();
  for (std::size_t i = 0; i < members.size(); ++i)
    if (!known_[i])
      errors_.push_back({pointer_to(pointer_, members[i].key), "is not a known member"});
}

Error invalid(std::string_view what, std::vector<FieldError> fields) {
  Error error{ErrorCode::invalid_request, "the " + std::string(what) + " is not valid"};
  if (!fields.empty()) {
    const FieldError& first = fields.front();
    error.message += ": " + (first.pointer.empty() ? "it" : first.pointer) + " " + first.detail;
    if (fields.size() > 1) error.message += " (and " + std::to_string(fields.size() - 1) + " more)";
  }
  error.fields = std::move(fields);
  return error;
}

}  // namespace underpin::json
