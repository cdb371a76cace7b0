#include "parity/masking.h"

#include "contracts/error.h"
#include "contracts/json/json_text.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace underpin::parity {
namespace {

using json::Value;

std::string hidden(const std::string& text) {
  std::string masked;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0xC0) masked += 'x';  // One for each letter beyond ASCII.
    if (byte >= 0x80) continue;
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    masked += letter ? 'x' : c >= '0' && c <= '9' ? '9' : c;
  }
  return masked;
}

void mask(Value& value, const std::string& path) {
  if (value.is_object()) {
    for (const json::Member& member : std::vector<json::Member>(value.members()))
      mask(*value.find(member.key), json::pointer_to(path, member.key));
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) mask(*value.item(i), json::pointer_to(path, i));
  } else if (is_personal(path) && (value.is_string() || value.is_number())) {
    value = Value(hidden(value.text()));
  }
}

// "rejected: Anna is blocked (E1)": the code stays, whatever stands in front of it too. Nothing:
// there is no code.
std::optional<std::string> behind_code_masked(const std::string& text) {
  constexpr std::string_view between = ": ";
  std::size_t from = 0;
  for (std::size_t at = text.find(between); at != std::string::npos;
       at = text.find(between, from)) {
    ErrorCode code{};
    const std::size_t end = at + between.size();
    if (underpin::parse(text.substr(from, at - from), code))
      return text.substr(0, end) + hidden(text.substr(end));
    from = end;
  }
  return std::nullopt;
}

std::string masked_outcome(const std::string& text) {
  ErrorCode code{};
  if (text == "answered" || text == "accepted" || underpin::parse(text, code)) return text;
  return behind_code_masked(text).value_or(hidden(text));
}

}  // namespace

std::string masked_reason(const std::string& reason) {
  return behind_code_masked(reason).value_or(reason);
}

std::string masked_text(const std::string& path, const std::string& text) {
  return is_personal(path) ? hidden(text) : text;
}

bool is_personal(const std::string& path) {
  // What a system would refuse, it says in its own words, with the values that it was given.
  if (path.rfind("/faults/", 0) == 0) return true;
  // As the ends of what vendors call them, too: "shipToName", "addressLine1".
  constexpr std::array<std::string_view, 15> ends{"name",        "name2",
                                                  "line1",       "line2",
                                                  "city",        "email",
                                                  "phone",       "contact",
                                                  "reference",   "postcode",
                                                  "phonenumber", "postalcode",
                                                  "taxnumber",   "taxregistrationnumber",
                                                  "website"};
  std::string last = path.substr(path.rfind('/') + 1);
  for (char& c : last) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return std::any_of(ends.begin(), ends.end(),
                     [&](std::string_view end) { return last.ends_with(end); });
}

std::string masked(const std::string& path, const std::string& json_text) {
  if (json_text.empty()) return {};
  auto value = json::parse(json_text);
  if (!value) return "\"(masked)\"";
  if (path.empty() && value->is_string()) return json::write(Value(masked_outcome(value->text())));
  Value copy = *value;
  mask(copy, path);
  return json::write(copy);
}

}  // namespace underpin::parity
