#include "parity/zones.h"

#include <date/tz.h>

namespace underpin::parity {
namespace {

date::local_days local_day(Date day) {
  return date::local_days(date::year(day.year) / date::month(day.month) / date::day(day.day));
}

Date date_of(date::local_days day) {
  const date::year_month_day ymd(day);
  return {static_cast<std::int16_t>(static_cast<int>(ymd.year())),
          static_cast<std::uint8_t>(static_cast<unsigned>(ymd.month())),
          static_cast<std::uint8_t>(static_cast<unsigned>(ymd.day()))};
}

const date::time_zone& zone_named(std::string_view zone) {
  return *date::locate_zone(std::string(zone));
}

}  // namespace

Date day_in(std::string_view zone, Timestamp at) {
  const date::sys_time<std::chrono::microseconds> instant(std::chrono::microseconds(at.micros));
  return date_of(date::floor<date::days>(zone_named(zone).to_local(instant)));
}

Timestamp start_of_day(std::string_view zone, Date day) {
  const auto instant = zone_named(zone).to_sys(local_day(day), date::choose::earliest);
  return {
      std::chrono::duration_cast<std::chrono::microseconds>(instant.time_since_epoch()).count()};
}

Timestamp instant_of(std::string_view zone, Date day, int minutes) {
  const auto instant = zone_named(zone).to_sys(local_day(day) + std::chrono::minutes(minutes),
                                               date::choose::earliest);
  return {
      std::chrono::duration_cast<std::chrono::microseconds>(instant.time_since_epoch()).count()};
}

Date next_day(Date day) { return date_of(local_day(day) + date::days(1)); }

}  // namespace underpin::parity
