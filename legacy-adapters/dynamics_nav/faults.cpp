#include "legacy-adapters/dynamics_nav/faults.h"

#include "contracts/json/object_reader.h"

#include <algorithm>

namespace underpin::legacy::dynamics_nav {
namespace {

std::string folded(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

// Pieces between "*" occur in this order, anywhere; ASCII letters of any case.
bool contains(std::string_view text, std::string_view pattern) {
  const std::string where = folded(text);
  const std::string what = folded(pattern);
  std::size_t from = 0;
  for (std::size_t at = 0; at <= what.size();) {
    const std::size_t end = std::min(what.find('*', at), what.size());
    const std::string piece = what.substr(at, end - at);
    const std::size_t found = where.find(piece, from);
    if (found == std::string::npos) return false;
    from = found + piece.size();
    at = end + 1;
  }
  return true;
}

std::string last_part(const std::string& code) {
  const std::size_t at = code.find_last_of(".:");
  return at == std::string::npos ? code : code.substr(at + 1);
}

}  // namespace

Result<FaultTable> FaultTable::load(std::string_view text) {
  const Result<json::Value> document = json::parse(text);
  if (!document) return document.error();
  return json::read_document<FaultTable>(
      *document, "faults.json", [](json::ObjectReader& reader, FaultTable& table) {
        reader.read_each("rules", [&](json::ObjectReader& one) {
          Rule rule;
          std::string code;
          std::string about;
          one.read("about", about, json::Need::optional);
          one.read("error", code);
          if (!parse(code, rule.code)) one.refuse("error", "must be the name of an error code");
          // A fault is an answer: the outcome is known.
          if (rule.code == ErrorCode::outcome_unknown)
            one.refuse("error", "must not be outcome_unknown");
          one.read("exception", rule.exception, json::Need::optional);
          one.read("texts", rule.texts, json::Need::optional);
          table.rules_.push_back(std::move(rule));
        });
      });
}

Error FaultTable::error_of(const Fault& fault, const std::string& system) const {
  const std::string exception = last_part(fault.code);
  Error error{ErrorCode::rejected, fault.text, system, exception};
  if (error.message.empty()) error.message = "NAV refused without a reason: " + exception;
  for (const Rule& rule : rules_) {
    if (!rule.exception.empty() && rule.exception != exception) continue;
    if (!rule.texts.empty() &&
        std::none_of(rule.texts.begin(), rule.texts.end(),
                     [&](const std::string& pattern) { return contains(fault.text, pattern); }))
      continue;
    error.code = rule.code;
    break;
  }
  return error;
}

}  // namespace underpin::legacy::dynamics_nav
