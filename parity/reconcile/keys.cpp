#include "parity/reconcile/keys.h"

#include "contracts/decimal.h"

#include <algorithm>

namespace underpin::parity::reconcile {
namespace {

constexpr char separator = '\x1f';
constexpr char escape = '\x1a';

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

void normalise(std::string_view text, const TextRule& rule, std::string& to) {
  if (rule.trim) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  }
  if (rule.drop_leading_zeros && text.size() > 1 && text.front() == '0' &&
      std::all_of(text.begin(), text.end(), is_digit)) {
    text.remove_prefix(std::min(text.find_first_not_of('0'), text.size() - 1));
  }
  const std::size_t from = to.size();
  to += text;
  if (rule.upper) {
    for (std::size_t i = from; i < to.size(); ++i)
      if (to[i] >= 'a' && to[i] <= 'z') to[i] = static_cast<char>(to[i] - 'a' + 'A');
  }
  if (rule.codes.empty()) return;
  const auto code = rule.codes.find(std::string_view(to).substr(from));
  if (code == rule.codes.end()) return;
  to.resize(from);
  to += code->second;
}

void begin_part(std::string& key) { key += separator; }

void end_part(std::string& key, std::size_t from) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
  for (std::size_t i = from; i < key.size(); ++i) {
    if (!control(key[i])) continue;
    const char escaped = static_cast<char>(key[i] + 0x40);
    key[i] = escape;
    key.insert(++i, 1, escaped);
  }
}

std::vector<std::string> key_parts(std::string_view key) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (key[i] == separator) {
      parts.emplace_back();
    } else if (key[i] == escape && i + 1 < key.size()) {
      parts.back() += static_cast<char>(key[++i] - 0x40);
    } else {
      parts.back() += key[i];
    }
  }
  return parts;
}

std::string shown_key(std::string_view key) {
  std::string shown;
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (key[i] == separator) {
      shown += '@';
    } else if (key[i] == escape) {
      shown += '?';
      ++i;
    } else {
      shown += key[i];
    }
  }
  return shown;
}

bool append_decimal(std::string_view text, std::string& to) {
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string_view whole = text.substr(0, point);
  std::string_view places = point == text.size() ? std::string_view() : text.substr(point + 1);
  if (whole.empty() ? places.empty() : point != text.size() && places.empty()) return false;
  if (!std::all_of(whole.begin(), whole.end(), is_digit) ||
      !std::all_of(places.begin(), places.end(), is_digit)) {
    return false;
  }
  if (places.size() > static_cast<std::size_t>(Decimal::scale_max)) return false;
  while (!whole.empty() && whole.front() == '0') whole.remove_prefix(1);
  while (!places.empty() && places.back() == '0') places.remove_suffix(1);
  if (whole.size() + places.size() > static_cast<std::size_t>(Decimal::digits_max)) return false;
  if (negative && !(whole.empty() && places.empty())) to += '-';
  if (whole.empty()) {
    to += '0';
  } else {
    to += whole;
  }
  if (!places.empty()) {
    to += '.';
    to += places;
  }
  return true;
}

}  // namespace underpin::parity::reconcile
