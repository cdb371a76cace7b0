#include "contracts/external_reference.h"

namespace underpin {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
char to_upper(char c) { return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c; }
char to_lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

Error refused(std::string pointer, std::string rule) {
  Error error{ErrorCode::invalid_request, pointer.substr(1) + " " + rule};
  error.fields.push_back({std::move(pointer), std::move(rule)});
  return error;
}

}  // namespace

Result<std::string> encode_external_reference(const OrderId& id, std::size_t length_max) {
  const std::string& channel = id.channel.text();
  const std::string& number = id.number.text();
  if (channel.empty() || channel.size() > 10)
    return refused("/channel", "must have 1 to 10 characters");
  if (number.empty() || number.size() > 20)
    return refused("/number", "must have 1 to 20 characters");
  std::string text;
  for (const char c : channel) {
    if (!is_lower(c) && !is_digit(c) && c != '-')
      return refused("/channel", "may contain lower-case letters, digits and -");
    text += to_upper(c);
  }
  text += '/';
  for (const char c : number) {
    if (is_lower(c)) {
      text += '^';
      text += to_upper(c);
    } else if (is_upper(c) || is_digit(c) || c == '.' || c == '_' || c == '-') {
      text += c;
    } else {
      return refused("/number", "may contain letters, digits, '.', '_' and '-'");
    }
  }
  if (text.size() > length_max)
    return refused("/number",
                   "is too long for the ERP's reference field (lower-case letters count "
                   "twice): at most " +
                       std::to_string(length_max) + " characters with its channel");
  return text;
}

std::optional<OrderId> decode_external_reference(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash > 10) return std::nullopt;
  std::string channel;
  for (const char c : text.substr(0, slash)) {
    if (!is_upper(c) && !is_digit(c) && c != '-') return std::nullopt;
    channel += to_lower(c);
  }
  std::string number;
  const std::string_view rest = text.substr(slash + 1);
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const char c = rest[i];
    if (c == '^') {
      if (++i == rest.size() || !is_upper(rest[i])) return std::nullopt;
      number += to_lower(rest[i]);
    } else if (is_upper(c) || is_digit(c) || c == '.' || c == '_' || c == '-') {
      number += c;
    } else {
      return std::nullopt;
    }
  }
  if (number.empty() || number.size() > 20) return std::nullopt;
  return OrderId{ChannelId{std::move(channel)}, OrderNumber{std::move(number)}};
}

}  // namespace underpin
