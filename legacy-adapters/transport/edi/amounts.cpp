#include "legacy-adapters/transport/edi/amounts.h"

#include <algorithm>

namespace underpin::legacy::edi {

namespace {

Error refused(std::string rule) { return {ErrorCode::invalid_request, std::move(rule)}; }

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

Result<Decimal> of_digits(std::string_view digits, bool negative, int places) {
  if (places < 0 || places > Decimal::scale_max) {
    return refused("places must be 0 to " + std::to_string(Decimal::scale_max));
  }
  if (!all_digits(digits)) return refused("must be digits");
  const std::size_t first = digits.find_first_not_of('0');
  const std::string_view significant =
      first == std::string_view::npos ? std::string_view() : digits.substr(first);
  if (significant.size() > Decimal::digits_max) return refused("must have at most 38 digits");
  if (significant.size() <= 18) {  // Nearly all, and five times as fast.
    std::int64_t small = 0;
    for (const char digit : significant) small = small * 10 + (digit - '0');
    return Decimal(negative ? -small : small, places);
  }
  Int128 coefficient = 0;
  for (const char digit : significant) coefficient = coefficient * 10 + (digit - '0');
  return Decimal(negative ? -coefficient : coefficient, places);
}

// The digits of |number| with `places` behind the point, zero-filled; refused where it does not
// fit.
Result<std::string> digits_of(const Decimal& number, int places, std::size_t width) {
  const Decimal exact = number.normalized();
  if (places < 0 || places > Decimal::scale_max || exact.scale() > places) {
    return refused(number.text() + " has more than " + std::to_string(places) + " places");
  }
  std::string digits = exact.magnitude().text();
  digits.erase(std::remove(digits.begin(), digits.end(), '.'), digits.end());
  digits.append(static_cast<std::size_t>(places - exact.scale()), '0');
  const std::size_t first = digits.find_first_not_of('0');
  digits.erase(0, first == std::string::npos ? digits.size() : first);
  if (digits.size() > width) {
    return refused(number.text() + " does not fit " + std::to_string(width) + " digits");
  }
  digits.insert(0, width - digits.size(), '0');
  return digits;
}

Result<Date> date_of(std::string_view year, std::string_view month_and_day) {
  const std::string text = std::string(year) + "-" + std::string(month_and_day.substr(0, 2)) + "-" +
                           std::string(month_and_day.substr(2));
  auto day = Date::parse(text);
  if (!day) return refused("must be a day of the calendar");
  return day;
}

bool is_no_day(std::string_view text) {
  return text.find_first_not_of(' ') == std::string_view::npos ||
         text.find_first_not_of('0') == std::string_view::npos;
}

std::string two_digits(int number) {
  return {static_cast<char>('0' + number / 10), static_cast<char>('0' + number % 10)};
}

}  // namespace

Result<Decimal> x12_number(std::string_view text) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  std::string plain = negative ? "-" : "";
  const std::string_view whole = text.substr(0, point);
  const std::string_view part =
      point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  if ((whole.empty() && part.empty()) || (!whole.empty() && !all_digits(whole)) ||
      (!part.empty() && !all_digits(part))) {
    return refused("must be a decimal number");
  }
  plain += whole.empty() ? "0" : whole;
  if (!part.empty()) plain += "." + std::string(part);
  auto number = Decimal::parse(plain);
  if (!number) return refused("must have at most 38 digits, 20 of them behind the point");
  return number;
}

Result<Decimal> edifact_number(std::string_view text) {
  std::string plain(text);
  const std::size_t mark = plain.find_first_of(".,");
  if (mark != std::string::npos) {
    const bool negative = plain[0] == '-';
    if (mark == (negative ? 1U : 0U) || mark + 1 == plain.size()) {
      return refused("must have a digit on either side of the decimal mark");
    }
    plain[mark] = '.';
  }
  if (!plain.empty() && plain[0] == '+') return refused("must be a decimal number");
  auto number = Decimal::parse(plain);
  if (!number) return refused("must be a decimal number");
  return number;
}

std::string edifact_text(const Decimal& number, char decimal_mark) {
  std::string text = number.text();
  std::replace(text.begin(), text.end(), '.', decimal_mark);
  return text;
}

Result<Decimal> trailing_sign_number(std::string_view text) {
  text = without_blanks(text);
  if (text.empty()) return refused("must not be blank");
  bool negative = false;
  if (text.back() == '-' || text.back() == '+') {
    negative = text.back() == '-';
    text.remove_suffix(1);
    text = without_blanks(text);
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
      return refused("must have one sign");
    }
  }
  auto number = x12_number(text);
  if (!number) return number;
  return negative ? -*number : *number;
}

std::string trailing_sign_text(const Decimal& number) {
  return number.magnitude().text() + (number.is_negative() ? "-" : "");
}

Result<Decimal> implied_number(std::string_view text, int places) {
  text = without_blanks(text);
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  } else if (!text.empty() && (text.back() == '-' || text.back() == '+')) {
    negative = text.back() == '-';
    text.remove_suffix(1);
  }
  return of_digits(text, negative, places);
}

Result<std::string> implied_text(const Decimal& number, int places, std::size_t width) {
  const bool negative = number.is_negative();
  if (negative && width == 0) return refused("has no room for a sign");
  auto digits = digits_of(number, places, width - (negative ? 1 : 0));
  if (!digits) return digits;
  return (negative ? "-" : "") + *digits;
}

Result<Decimal> overpunched_number(std::string_view text, int places) {
  if (text.empty()) return refused("must not be empty");
  std::string digits(text);
  char& last = digits.back();
  bool negative = false;
  if (last == '{' || (last >= 'A' && last <= 'I')) {
    last = last == '{' ? '0' : static_cast<char>('1' + (last - 'A'));
  } else if (last == '}' || (last >= 'J' && last <= 'R')) {
    negative = true;
    last = last == '}' ? '0' : static_cast<char>('1' + (last - 'J'));
  }
  if (!all_digits(digits)) return refused("must be digits, with the sign in the last one");
  return of_digits(digits, negative, places);
}

Result<std::string> overpunched_text(const Decimal& number, int places, std::size_t width) {
  if (width == 0) return refused("has no width");
  auto digits = digits_of(number, places, width);
  if (!digits) return digits;
  std::string text = *digits;
  const int last = text.back() - '0';
  if (number.is_negative()) {
    text.back() = last == 0 ? '}' : static_cast<char>('J' + last - 1);
  } else {
    text.back() = last == 0 ? '{' : static_cast<char>('A' + last - 1);
  }
  return text;
}

Result<Decimal> zoned_number(std::string_view bytes, int places) {
  if (bytes.empty()) return refused("must not be empty");
  std::string digits;
  bool negative = false;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    const int zone = byte >> 4;
    const bool last = i + 1 == bytes.size();
    if ((byte & 15) > 9 || (zone != 15 && !(last && (zone == 12 || zone == 13)))) {
      return refused("must be zoned digits");
    }
    negative = last && zone == 13;
    digits += static_cast<char>('0' + (byte & 15));
  }
  return of_digits(digits, negative, places);
}

Result<std::string> zoned_bytes(const Decimal& number, int places, std::size_t width) {
  if (width == 0) return refused("has no width");
  auto digits = digits_of(number, places, width);
  if (!digits) return digits;
  std::string bytes;
  for (const char digit : *digits) bytes += static_cast<char>(0xF0 | (digit - '0'));
  const int last = digits->back() - '0';
  bytes.back() = static_cast<char>((number.is_negative() ? 0xD0 : 0xF0) | last);
  return bytes;
}

Result<Decimal> packed_number(std::string_view bytes, int places) {
  if (bytes.empty()) return refused("must not be empty");
  std::string digits;
  int sign = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    const bool last = i + 1 == bytes.size();
    if ((byte >> 4) > 9 || (!last && (byte & 15) > 9)) return refused("must be packed digits");
    digits += static_cast<char>('0' + (byte >> 4));
    if (last) {
      sign = byte & 15;
    } else {
      digits += static_cast<char>('0' + (byte & 15));
    }
  }
  if (sign != 12 && sign != 13 && sign != 15) return refused("must end with a sign, C, D or F");
  return of_digits(digits, sign == 13, places);
}

Result<std::string> packed_bytes(const Decimal& number, int places, std::size_t width) {
  if (width == 0) return refused("has no width");
  auto digits = digits_of(number, places, 2 * width - 1);
  if (!digits) return digits;
  std::string bytes;
  const std::string nibbles = *digits;
  for (std::size_t i = 0; i < width; ++i) {
    const int high = nibbles[2 * i] - '0';
    const bool last = i + 1 == width;
    const int low = last ? (number.is_negative() ? 13 : 12) : nibbles[2 * i + 1] - '0';
    bytes += static_cast<char>(high << 4 | low);
  }
  return bytes;
}

Result<Date> century_date(std::string_view text) {
  if (is_no_day(text)) return Date{};
  if (text.size() != 7 || !all_digits(text)) return refused("must be a day as CYYMMDD");
  const int century = 19 + (text[0] - '0');
  return date_of(two_digits(century) + std::string(text.substr(1, 2)), text.substr(3));
}

Result<std::string> century_text(Date day) {
  if (day.empty()) return std::string("0000000");
  if (day.year < 1900 || day.year > 2899) return refused(day.text() + " has no CYYMMDD");
  return std::string(1, static_cast<char>('0' + day.year / 100 - 19)) + two_digits(day.year % 100) +
         two_digits(day.month) + two_digits(day.day);
}

Result<Date> plain_date(std::string_view text) {
  if (is_no_day(text)) return Date{};
  if (text.size() != 8 || !all_digits(text)) return refused("must be a day as CCYYMMDD");
  return date_of(text.substr(0, 4), text.substr(4));
}

std::string plain_text(Date day) {
  if (day.empty()) return "00000000";
  std::string text = day.text();
  text.erase(std::remove(text.begin(), text.end(), '-'), text.end());
  return text;
}

}  // namespace underpin::legacy::edi
