#include "legacy-adapters/sap_ecc/forms.h"

#include <date/tz.h>

#include <algorithm>

namespace underpin::legacy::sap_ecc {

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string filled(std::string_view text, std::size_t width) {
  if (!is_digits(text) || text.size() >= width) return std::string(text);
  return std::string(width - text.size(), '0') + std::string(text);
}

std::string stripped(std::string_view text) {
  text = text.substr(0, text.find_last_not_of(' ') + 1);
  if (!is_digits(text)) return std::string(text);
  const std::size_t first = text.find_first_not_of('0');
  return first == std::string_view::npos ? "0" : std::string(text.substr(first));
}

bool keeps_its_form(std::string_view text, std::size_t width) {
  return !text.empty() && text.size() <= width && stripped(text) == text;
}

std::string document_key(const std::string& number) { return filled(number, number_width); }
std::string item_key(int position) { return filled(std::to_string(position), 6); }

std::string soap_date(Date date) { return date.text(); }

std::string dats(Date date) {
  std::string text = date.text();
  text.erase(std::remove(text.begin(), text.end(), '-'), text.end());
  return text;
}

std::optional<Date> date_of(std::string_view text) {
  std::string digits;
  for (const char c : text)
    if (c != '-' && c != ' ') digits += c;
  if (digits.size() != 8 || !is_digits(digits) || digits == "00000000") return std::nullopt;
  const Result<Date> date =
      Date::parse(digits.substr(0, 4) + "-" + digits.substr(4, 2) + "-" + digits.substr(6, 2));
  if (!date) return std::nullopt;
  return *date;
}

Decimal number_of(std::string_view text, std::string_view what) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  text = text.substr(0, text.find_last_not_of(' ') + 1);
  if (text.empty()) return {};
  std::string plain(text);
  if (plain.back() == '-') plain = "-" + plain.substr(0, plain.size() - 1);
  if (plain.front() == '.') plain.insert(0, "0");
  if (plain.rfind("-.", 0) == 0) plain.insert(1, "0");
  const Result<Decimal> number = Decimal::parse(plain);
  if (!number) throw Failure{{ErrorCode::internal, "SAP told no number in " + std::string(what)}};
  return *number;
}

Decimal with_cents(Decimal amount) {
  amount = amount.normalized();
  return amount.scale() < 2 ? amount.rounded(2, Rounding::half_up) : amount;
}

std::string quantity_text(Decimal quantity, const std::string& pointer) {
  quantity = quantity.normalized();
  if (quantity.scale() > 3 || quantity.magnitude() >= Decimal::of(10'000'000'000))
    throw refused(ErrorCode::rejected, "a quantity has more digits than SAP keeps", pointer,
                  "must have at most three decimals and ten digits before them");
  return quantity.text();
}

Rate rate_of(Decimal price, const std::string& pointer) {
  price = price.normalized();
  Rate rate;
  for (; price.scale() > 2 && rate.per < 1'000; rate.per *= 10)
    price = (price * Decimal::of(10)).normalized();
  if (price.scale() > 2 || price.magnitude() >= Decimal::of(1'000'000'000))
    throw refused(ErrorCode::rejected, "a price has more digits than SAP keeps", pointer,
                  "must have at most five decimals and nine digits before them");
  rate.value = price.text();
  return rate;
}

std::string unit_code(const Settings& settings, const std::string& unit) {
  for (const auto& [ours, theirs] : settings.units)
    if (ours == unit) return theirs;
  return unit;
}

std::string unit_of(const Settings& settings, const std::string& code) {
  for (const auto& [ours, theirs] : settings.units)
    if (theirs == code) return ours;
  return code;
}

const Place* place_of(const Settings& settings, const std::string& location) {
  for (const Place& place : settings.places)
    if (place.location == location) return &place;
  return nullptr;
}

std::string location_of(const Settings& settings, std::string_view plant,
                        std::string_view storage) {
  for (const Place& place : settings.places)
    if (place.plant == plant && place.storage == storage) return place.location;
  return {};
}

// ------------------------------------------------------------------------------------------- times
namespace {

date::local_seconds local_of(std::string_view day, std::string_view time) {
  const std::optional<Date> on = date_of(day);
  if (!on || time.size() != 6 || !is_digits(time))
    throw Failure{{ErrorCode::internal, "SAP told no date and time"}};
  const auto number = [&](std::size_t at) { return std::stoi(std::string(time.substr(at, 2))); };
  return date::local_days(date::year(on->year) / int{on->month} / int{on->day}) +
         std::chrono::hours(number(0)) + std::chrono::minutes(number(2)) +
         std::chrono::seconds(number(4));
}

date::sys_time<std::chrono::microseconds> sys_of(Timestamp moment) {
  return date::sys_time<std::chrono::microseconds>(std::chrono::microseconds(moment.micros));
}

LocalTime stamp_of(date::local_seconds seconds) {
  return {date::format("%Y%m%d", seconds), date::format("%H%M%S", seconds)};
}

}  // namespace

LocalTime local_time(const std::string& zone, Timestamp moment) {
  return stamp_of(
      date::floor<std::chrono::seconds>(date::locate_zone(zone)->to_local(sys_of(moment))));
}

LocalTime earlier(const LocalTime& time, std::int64_t seconds) {
  return stamp_of(local_of(time.day, time.time) - std::chrono::seconds(seconds));
}

Timestamp before_repeated(const std::string& zone, Timestamp moment) {
  const date::time_zone* const at = date::locate_zone(zone);
  const date::local_info info =
      at->get_info(date::floor<std::chrono::seconds>(at->to_local(sys_of(moment))));
  if (info.result != date::local_info::ambiguous) return moment;
  const date::sys_seconds last =
      info.first.end - (info.first.offset - info.second.offset) - std::chrono::seconds(1);
  return {std::chrono::duration_cast<std::chrono::microseconds>(last.time_since_epoch()).count()};
}

int offset_minutes(const std::string& zone, Timestamp moment) {
  const auto seconds = date::floor<std::chrono::seconds>(sys_of(moment));
  return static_cast<int>(std::chrono::duration_cast<std::chrono::minutes>(
                              date::locate_zone(zone)->get_info(seconds).offset)
                              .count());
}

Timestamp moment_of(const std::string& zone, std::string_view day, std::string_view time) {
  const auto moment = date::locate_zone(zone)->to_sys(local_of(day, time), date::choose::latest);
  return {std::chrono::duration_cast<std::chrono::microseconds>(moment.time_since_epoch()).count()};
}

}  // namespace underpin::legacy::sap_ecc
