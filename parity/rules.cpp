#include "parity/compare.h"

namespace underpin::parity {
namespace {

using json::Value;

// Collects every complaint about a rule file, each with field and rule.
class Reader {
 public:
  std::vector<FieldError> errors;

  void known_keys(const Value& value, const std::string& at,
                  std::initializer_list<std::string_view> keys) {
    for (const json::Member& member : value.members()) {
      bool known = false;
      for (const std::string_view key : keys) known = known || key == member.key;
      if (!known) errors.push_back({json::pointer_to(at, member.key), "is not a known key"});
    }
  }
  std::string text(const Value& value, const std::string& at, std::string_view key,
                   bool required = false) {
    const Value* member = value.find(key);
    if (member == nullptr) {
      if (required) errors.push_back({json::pointer_to(at, key), "is required"});
      return {};
    }
    if (!member->is_string() || (required && member->text().empty())) {
      errors.push_back({json::pointer_to(at, key), "must be a text that is not empty"});
      return {};
    }
    return member->text();
  }
  bool flag(const Value& value, const std::string& at, std::string_view key) {
    const Value* member = value.find(key);
    if (member == nullptr) return false;
    const auto read = member->as_bool();
    if (!read) errors.push_back({json::pointer_to(at, key), "must be true or false"});
    return read && *read;
  }
  std::optional<Decimal> decimal(const Value& value, const std::string& at, std::string_view key) {
    const Value* member = value.find(key);
    if (member == nullptr) return std::nullopt;
    const auto read = member->as_any_decimal();
    if (!read || read->is_negative()) {
      errors.push_back({json::pointer_to(at, key), "must be a decimal of at least 0"});
      return std::nullopt;
    }
    return *read;
  }
};

}  // namespace

Result<Rules> read_rules(std::string_view json_text) {
  const auto parsed = json::parse_with_comments(json_text);
  if (!parsed) return parsed.error();
  Reader reader;
  Rules rules;
  if (!parsed->is_object()) {
    return Error{ErrorCode::invalid_request, "a rule file is a JSON object"};
  }
  reader.known_keys(*parsed, "", {"$schema", "rules", "knownDifferences"});
  std::size_t number = 0;
  for (const Value& item : parsed->get("rules").items()) {
    const std::string at = "/rules/" + std::to_string(number++);
    reader.known_keys(item, at,
                      {"name", "capability", "operation", "path", "ignore", "listKey", "absolute",
                       "relative", "anyCase", "trimmed", "references", "reason"});
    Rule rule;
    rule.name = reader.text(item, at, "name", true);
    rule.capability = reader.text(item, at, "capability");
    rule.operation = reader.text(item, at, "operation");
    rule.path = reader.text(item, at, "path", true);
    rule.ignore = reader.flag(item, at, "ignore");
    rule.list_key = reader.text(item, at, "listKey");
    rule.absolute = reader.decimal(item, at, "absolute");
    rule.relative = reader.decimal(item, at, "relative");
    rule.any_case = reader.flag(item, at, "anyCase");
    rule.trimmed = reader.flag(item, at, "trimmed");
    rule.references = reader.text(item, at, "references");
    rules.rules.push_back(std::move(rule));
  }
  number = 0;
  for (const Value& item : parsed->get("knownDifferences").items()) {
    const std::string at = "/knownDifferences/" + std::to_string(number++);
    reader.known_keys(item, at,
                      {"name", "capability", "operation", "path", "subject", "atMost", "reason",
                       "approvedBy", "expires"});
    KnownDifference known;
    known.name = reader.text(item, at, "name", true);
    known.capability = reader.text(item, at, "capability");
    known.operation = reader.text(item, at, "operation");
    known.path = reader.text(item, at, "path", true);
    known.subject = reader.text(item, at, "subject");
    known.at_most = reader.decimal(item, at, "atMost");
    known.reason = reader.text(item, at, "reason", true);
    known.approved_by = reader.text(item, at, "approvedBy", true);
    const auto expires = Date::parse(reader.text(item, at, "expires", true));
    if (expires) {
      known.expires = *expires;
    } else {
      reader.errors.push_back({at + "/expires", "must be a day, YYYY-MM-DD"});
    }
    rules.known.push_back(std::move(known));
  }
  if (!reader.errors.empty()) {
    Error error{ErrorCode::invalid_request, "the parity rule file breaks its rules"};
    for (const FieldError& field : reader.errors)
      error.message += "; " + field.pointer + " " + field.detail;
    error.fields = reader.errors;
    return error;
  }
  return rules;
}

}  // namespace underpin::parity
