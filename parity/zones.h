#pragma once

#include "contracts/time.h"

#include <string>
#include <string_view>

// Days and instants of a named zone (IANA, "Europe/Berlin"). is_zone() in values.h says whether a
// name is one; the functions throw std::runtime_error for any other. Any thread.
namespace underpin::parity {

Date day_in(std::string_view zone, Timestamp at);
// The first instant of the day there.
Timestamp start_of_day(std::string_view zone, Date day);
Date next_day(Date day);
// When the clocks there show so many minutes after midnight; the first time, or the next that there
// is, on a day on which they are changed.
Timestamp instant_of(std::string_view zone, Date day, int minutes);

}  // namespace underpin::parity
