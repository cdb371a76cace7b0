#include "legacy-adapters/sap_ecc/messages.h"

#include "contracts/json/object_reader.h"

namespace underpin::legacy::sap_ecc {

Result<MessageTable> MessageTable::load(std::string_view text) {
  const Result<json::Value> document = json::parse(text);
  if (!document) return document.error();
  return json::read_document<MessageTable>(
      *document, "messages.json", [](json::ObjectReader& reader, MessageTable& table) {
        reader.read_each("rules", [&](json::ObjectReader& one) {
          Rule rule;
          std::string about;
          std::string code;
          one.read("about", about, json::Need::optional);
          one.read("id", rule.id);
          one.read("number", rule.number);
          one.read("error", code);
          if (!parse(code, rule.code)) one.refuse("error", "must be the name of an error code");
          // A message is an answer: the outcome is known.
          if (rule.code == ErrorCode::outcome_unknown)
            one.refuse("error", "must not be outcome_unknown");
          table.rules_.push_back(std::move(rule));
        });
      });
}

std::optional<Error> MessageTable::error_of(const json::Value& message) const {
  const std::string& type = message.get("TYPE").text();
  if (type != "E" && type != "A") return std::nullopt;
  std::string id = message.get("ID").text();
  std::string number = message.get("NUMBER").text();
  if (const std::string& code = message.get("CODE").text(); id.empty() && code.size() > 3) {
    id = code.substr(0, code.size() - 3);
    number = code.substr(code.size() - 3);
  }
  Error error{ErrorCode::rejected, message.get("MESSAGE").text()};
  error.vendor_code = id + " " + number;
  if (error.message.empty()) error.message = "SAP refused without a text: " + error.vendor_code;
  for (const Rule& rule : rules_) {
    if (rule.id != id || rule.number != number) continue;
    error.code = rule.code;
    break;
  }
  const std::string& field = message.get("FIELD").text();
  if (!field.empty())
    error.fields.push_back({message.get("ROW").text() + "/" + field, error.message});
  return error;
}

std::optional<Error> MessageTable::error_in(const json::Value& answer) const {
  const json::Value& returned = answer.get("RETURN");
  if (returned.is_object()) return error_of(returned);
  for (const json::Value& message : returned.items())
    if (std::optional<Error> error = error_of(message)) return error;
  return std::nullopt;
}

}  // namespace underpin::legacy::sap_ecc
