#include "legacy-adapters/transport/profile/error_table.h"

#include "contracts/json/object_reader.h"

namespace underpin::legacy::profile {
namespace {

bool fits(const std::string& wanted, const std::string& given) {
  if (wanted.empty()) return true;
  if (wanted.back() == '*')
    return given.compare(0, wanted.size() - 1, wanted, 0, wanted.size() - 1) == 0;
  return wanted == given;
}

void read_rule(json::ObjectReader& reader, ErrorTable::Rule& rule) {
  reader.read("state", rule.state, json::Need::optional);
  reader.read("native", rule.native, json::Need::optional);
  reader.read("contains", rule.contains, json::Need::optional);
  reader.read("pointer", rule.pointer, json::Need::optional);
  std::string code;
  reader.read("code", code);
  reader.member("note", json::Need::optional);
  if (!code.empty() && !parse(code, rule.code))
    reader.refuse("code", "must be one of the ten error codes, as rejected or conflict");
  // A statement that failed was rolled back; what is unknown, only the transport can say.
  if (rule.code == ErrorCode::outcome_unknown)
    reader.refuse("code", "must not be outcome_unknown: that is the transport's to say");
  if (rule.state.empty() && rule.native.empty() && rule.contains.empty())
    reader.refuse("state", "must be there, or native, or contains");
  for (const auto& [key, text] : {std::pair{"state", rule.state}, {"native", rule.native}})
    if (text == "*") reader.refuse(key, "must not be * alone: a rule names what it knows");
  if (!rule.pointer.empty() && rule.pointer[0] != '/')
    reader.refuse("pointer", "must be a JSON pointer, beginning with /");
}

}  // namespace

ErrorTable ErrorTable::read(const json::Value& document, const std::string& file,
                            std::vector<Fault>& faults) {
  ErrorTable table;
  std::vector<FieldError> broken;
  json::ObjectReader reader(document, {}, broken);
  reader.read_each("rules",
                   [&](json::ObjectReader& one) { read_rule(one, table.rules_.emplace_back()); });
  reader.finish();
  for (const FieldError& one : broken) faults.push_back({file, one.pointer, one.detail});
  return table;
}

std::string ErrorTable::vendor_code(const std::string& state, const std::string& native) {
  const bool plain = native.empty() && state.find('/') == std::string::npos;
  return plain ? state : state + "/" + native;
}

const ErrorTable::Rule* ErrorTable::rule_for(const Error& error) const {
  if (error.vendor_code.empty() || error.code == ErrorCode::outcome_unknown) return nullptr;
  const std::size_t slash = error.vendor_code.rfind('/');
  const std::string state = error.vendor_code.substr(0, slash);
  const std::string native =
      slash == std::string::npos ? std::string() : error.vendor_code.substr(slash + 1);
  for (const Rule& rule : rules_) {
    const bool said =
        rule.contains.empty() || error.message.find(rule.contains) != std::string::npos;
    if (said && fits(rule.state, state) && fits(rule.native, native)) return &rule;
  }
  return nullptr;
}

Error ErrorTable::judged(Error error) const {
  const Rule* rule = rule_for(error);
  if (rule == nullptr) return error;
  error.code = rule->code;
  if (!rule->pointer.empty()) error.fields = {{rule->pointer, error.message}};
  return error;
}

}  // namespace underpin::legacy::profile
