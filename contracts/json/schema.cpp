#include "contracts/json/schema.h"

// Without it valijson prints and aborts where it has something to say about a schema.
#define VALIJSON_USE_EXCEPTIONS 1

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

namespace underpin::embedded {
std::string_view schemas(std::string_view name);
}

namespace underpin::json {
namespace {

constexpr std::size_t faults_max = 20;

// What valijson 1.0 checks rightly, and what carries no rule. `pattern` and `format` recurse on
// long texts, `multipleOf` errs on decimals: those rules are the typed codecs'.
constexpr std::array<std::string_view, 24> keywords{"$schema",
                                                    "$id",
                                                    "$comment",
                                                    "$ref",
                                                    "title",
                                                    "description",
                                                    "default",
                                                    "examples",
                                                    "type",
                                                    "enum",
                                                    "const",
                                                    "properties",
                                                    "required",
                                                    "items",
                                                    "minimum",
                                                    "maximum",
                                                    "minItems",
                                                    "maxItems",
                                                    "minLength",
                                                    "maxLength",
                                                    "oneOf",
                                                    "anyOf",
                                                    "additionalProperties",
                                                    "definitions"};

Error no_schema(const std::string& pointer, const std::string& rule) {
  Error error{ErrorCode::invalid_request,
              "not a schema: " + (pointer.empty() ? "the document" : pointer) + " " + rule};
  error.fields.push_back({pointer, rule});
  return error;
}

// Every keyword is one we check, and every $ref leads somewhere in this document.
Status examine(const Value& root, const Value& schema, const std::string& pointer) {
  if (schema.is_boolean()) return Done{};
  if (!schema.is_object()) return no_schema(pointer, "must be an object");
  for (const Member& member : schema.members()) {
    const std::string at = pointer_to(pointer, member.key);
    if (std::find(keywords.begin(), keywords.end(), member.key) == keywords.end())
      return no_schema(at, "uses a keyword that is not checked here");
    if (member.key == "$ref") {
      const std::string& target = member.value.text();
      const Value* definition =
          target.rfind("#/", 0) == 0 ? root.at_pointer(target.substr(1)) : nullptr;
      if (definition == nullptr)
        return no_schema(at, "must lead to a definition of the same document");
      for (int hops = 0; definition != nullptr && definition->find("$ref") != nullptr; ++hops) {
        const std::string& next = definition->get("$ref").text();
        if (hops == 8) return no_schema(at, "leads to itself, or on and on");
        definition = next.empty() ? nullptr : root.at_pointer(next.substr(1));
      }
    }
    if (member.key == "properties" || member.key == "definitions") {
      for (const Member& nested : member.value.members()) {
        const Status status = examine(root, nested.value, pointer_to(at, nested.key));
        if (!status) return status;
      }
    }
    if (member.key == "items" || member.key == "additionalProperties") {
      const Status status = examine(root, member.value, at);
      if (!status) return status;
    }
    if (member.key == "oneOf" || member.key == "anyOf") {
      for (std::size_t i = 0; i < member.value.size(); ++i) {
        const Status status = examine(root, member.value.items()[i], pointer_to(at, i));
        if (!status) return status;
      }
    }
  }
  return Done{};
}

// For structure only: a number beyond 64 bits or with a fraction becomes a double here, is compared
// with a minimum at most, and never comes back.
nlohmann::json structure_of(const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      return nullptr;
    case Kind::boolean:
      return value.as_bool().value();
    case Kind::number: {
      const auto whole = value.as_int();
      if (whole) return *whole;
      return std::strtod(value.text().c_str(), nullptr);
    }
    case Kind::string:
      return value.text();
    case Kind::array: {
      nlohmann::json result = nlohmann::json::array();
      for (const Value& item : value.items()) result.push_back(structure_of(item));
      return result;
    }
    case Kind::object:
      break;
  }
  nlohmann::json result = nlohmann::json::object();
  for (const Member& member : value.members()) result[member.key] = structure_of(member.value);
  return result;
}

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7F;
  });
}

void check_texts(const Value& value, const std::string& pointer, std::vector<FieldError>& faults) {
  if (faults.size() >= faults_max) return;
  if (value.is_string()) {
    if (value.text().size() > Schema::text_max)
      faults.push_back(
          {pointer, "must have at most " + std::to_string(Schema::text_max) + " bytes"});
    else if (has_control_characters(value.text()))
      faults.push_back({pointer, "must not contain control characters"});
  }
  for (std::size_t i = 0; i < value.items().size(); ++i)
    check_texts(value.items()[i], pointer_to(pointer, i), faults);
  for (const Member& member : value.members()) {
    if (member.key.size() > 100 || has_control_characters(member.key)) {
      faults.push_back({pointer,
                        "must not have members with names of more than 100 bytes or with "
                        "control characters"});
      return;
    }
    check_texts(member.value, pointer_to(pointer, member.key), faults);
  }
}

// The schema that rules at a place; null where a choice (oneOf, anyOf) makes it unclear.
const Value* resolved(const Value& root, const Value* schema) {
  for (int hops = 0; schema != nullptr && hops < 16; ++hops) {
    const Value* ref = schema->find("$ref");
    if (ref == nullptr) return schema;
    schema = root.at_pointer(std::string_view(ref->text()).substr(1));
  }
  return nullptr;
}

const Value* step_into(const Value& root, const Value* schema, const Value& document,
                       std::string_view key) {
  schema = resolved(root, schema);
  if (schema == nullptr) return nullptr;
  if (document.is_array()) return resolved(root, schema->find("items"));
  if (const Value* property = schema->get("properties").find(key)) return resolved(root, property);
  const Value* others = schema->find("additionalProperties");
  return others != nullptr && others->is_object() ? resolved(root, others) : nullptr;
}

std::string list_of(const Value& values) {
  std::string text;
  for (const Value& item : values.items())
    text += (text.empty() ? "" : ", ") + (item.is_string() ? item.text() : write(item));
  return text;
}

std::string type_rule(const Value* schema) {
  if (schema == nullptr || schema->find("type") == nullptr)
    return "has a type that is not allowed here";
  const Value& type = schema->get("type");
  if (type.is_array()) return "must be one of the types " + list_of(type);
  const std::string& word = type.text();
  const bool vowel = word == "object" || word == "array" || word == "integer";
  return "must be " + std::string(vowel ? "an " : "a ") + word;
}

bool starts(std::string_view text, std::string_view begin) {
  return text.substr(0, begin.size()) == begin;
}

// The text between the first and the last apostrophe.
std::string between_quotes(std::string_view text) {
  const std::size_t first = text.find('\'');
  const std::size_t last = text.rfind('\'');
  return first == last ? std::string() : std::string(text.substr(first + 1, last - first - 1));
}

// "1.000000" of std::to_string(double) as a person writes it.
std::string number_at_end(const std::string& text) {
  std::string number = text.substr(text.rfind(' ') + 1);
  if (number.find('.') != std::string::npos) {
    while (number.back() == '0') number.pop_back();
    if (number.back() == '.') number.pop_back();
  }
  return number;
}

std::string digits_in(const std::string& text) {
  const std::size_t first = text.find_first_of("0123456789");
  return text.substr(first, text.find_first_not_of("0123456789", first) - first);
}

}  // namespace

struct Schema::Compiled {
  Value document;
  valijson::Schema schema;

  std::vector<FieldError> faults_of(const Value& value,
                                    const valijson::ValidationResults& results) const;
  void add_fault(const valijson::ValidationResults::Error& error, const Value& value,
                 std::vector<FieldError>& faults) const;
};

void Schema::Compiled::add_fault(const valijson::ValidationResults::Error& error,
                                 const Value& value, std::vector<FieldError>& faults) const {
  const std::string& text = error.description;
  std::string pointer;
  const Value* rule = &document;
  const Value* place = &value;
  for (std::size_t i = 1; i < error.context.size() && place != nullptr; ++i) {
    const std::string key = error.context[i].substr(1, error.context[i].size() - 2);
    rule = step_into(document, rule, *place, key);
    pointer = pointer_to(pointer, key);
    place = place->at_pointer(pointer_to("", key));
  }
  rule = resolved(document, rule);
  if (starts(text, "Missing required property")) {
    faults.push_back({pointer_to(pointer, between_quotes(text)), "is required"});
  } else if (starts(text, "Object contains a property")) {
    // valijson names the first only.
    const Value* known = rule != nullptr ? rule->find("properties") : nullptr;
    if (place == nullptr || known == nullptr) {
      faults.push_back({pointer_to(pointer, between_quotes(text)), "is not a known member"});
      return;
    }
    for (const Member& member : place->members())
      if (known->find(member.key) == nullptr)
        faults.push_back({pointer_to(pointer, member.key), "is not a known member"});
  } else if (starts(text, "Value type not permitted")) {
    faults.push_back({pointer, type_rule(rule)});
  } else if (starts(text, "Failed to match against any enum values")) {
    const Value* words = rule != nullptr ? rule->find("enum") : nullptr;
    faults.push_back({pointer, words != nullptr ? "must be one of " + list_of(*words)
                                                : "is none of the allowed values"});
  } else if (starts(text, "Failed to match expected value")) {
    const Value* only = rule != nullptr ? rule->find("const") : nullptr;
    faults.push_back({pointer, only != nullptr ? "must be " + list_of(Value::array({*only}))
                                               : "is not the allowed value"});
  } else if (starts(text, "Array should contain no more")) {
    faults.push_back({pointer, "must have at most " + digits_in(text) + " items"});
  } else if (starts(text, "Array should contain no fewer")) {
    faults.push_back({pointer, "must have at least " + digits_in(text) + " items"});
  } else if (starts(text, "String should be no more")) {
    faults.push_back({pointer, "must have at most " + digits_in(text) + " characters"});
  } else if (starts(text, "String should be no fewer")) {
    faults.push_back({pointer, "must have at least " + digits_in(text) + " characters"});
  } else if (starts(text, "Expected number greater than or equal")) {
    faults.push_back({pointer, "must be at least " + number_at_end(text)});
  } else if (starts(text, "Expected number less than or equal")) {
    faults.push_back({pointer, "must be at most " + number_at_end(text)});
  } else if (starts(text, "Failed to validate against any")) {
    faults.push_back({pointer, "matches none of the forms that are allowed here"});
  } else if (starts(text, "Failed to validate against exactly one")) {
    faults.push_back({pointer, "must match exactly one of the forms that are allowed here"});
  } else if (!starts(text, "Failed to validate")) {  // That only says that something inside failed.
    faults.push_back({pointer, text});
  }
}

std::vector<FieldError> Schema::Compiled::faults_of(
    const Value& value, const valijson::ValidationResults& results) const {
  std::vector<FieldError> faults;
  for (const auto& error : results) {
    if (faults.size() >= faults_max) break;
    add_fault(error, value, faults);
  }
  if (faults.empty()) faults.push_back({"", "does not conform to its schema"});
  if (faults.size() > faults_max) faults.resize(faults_max);
  return faults;
}

Schema::Schema(std::unique_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
Schema::Schema(Schema&&) noexcept = default;
Schema& Schema::operator=(Schema&&) noexcept = default;
Schema::~Schema() = default;

Result<Schema> Schema::compile(std::string_view text) {
  auto document = parse(text);
  if (!document) return document.error();
  const Status status = examine(*document, *document, {});
  if (!status) return status.error();
  auto compiled = std::make_unique<Compiled>();
  try {
    const nlohmann::json structure = structure_of(*document);
    valijson::adapters::NlohmannJsonAdapter adapter(structure);
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.populateSchema(adapter, compiled->schema);
  } catch (const std::exception& problem) {
    return Error{ErrorCode::invalid_request, std::string("not a schema: ") + problem.what()};
  }
  compiled->document = std::move(document).value();
  return Schema(std::unique_ptr<const Compiled>(std::move(compiled)));
}

const Schema& Schema::named(std::string_view name) {
  static std::mutex mutex;
  static std::map<std::string, Schema, std::less<>> compiled;
  const std::lock_guard lock(mutex);
  const auto known = compiled.find(name);
  if (known != compiled.end()) return known->second;
  const std::string file = std::string(name) + ".schema.json";
  const std::string_view text = embedded::schemas(file);
  if (text.empty()) throw std::logic_error("there is no schema " + file);
  auto schema = compile(text);
  if (!schema) throw std::logic_error(file + ": " + schema.error().message);
  return compiled.emplace(std::string(name), std::move(schema).value()).first->second;
}

std::vector<FieldError> Schema::check(const Value& value) const {
  std::vector<FieldError> faults;
  check_texts(value, {}, faults);
  if (!faults.empty()) return faults;
  const nlohmann::json structure = structure_of(value);
  const valijson::adapters::NlohmannJsonAdapter adapter(structure);
  valijson::Validator validator(valijson::Validator::kStrongTypes);
  valijson::ValidationResults results;
  if (validator.validate(compiled_->schema, adapter, &results)) return {};
  return compiled_->faults_of(value, results);
}

}  // namespace underpin::json
