#pragma once

#include "parity/marking.h"
#include "parity/report_data.h"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

// What the page of a report is put together from. Pure.
namespace underpin::parity::html {

std::string escaped(const std::string& text);  // For text and for attributes in double quotes.
// JSON inside a <script> element: nothing may close it, whatever a document holds.
std::string for_script(const std::string& json_text);
std::string number(std::int64_t number);                  // "1,204"
std::string rate(std::int64_t part, std::int64_t whole);  // "0.29 %"
std::string time(Timestamp at);                           // "2026-11-24 10:00:00", UTC
std::string badge(const std::string& verdict);
std::string label(const std::string& verdict);              // "known difference"
std::string marked(const MarkedText& parts, bool missing);  // Differing parts in <mark>.
std::string milliseconds(std::int64_t micros);

// The worst first.
constexpr std::array<const char*, 6> verdicts{"mismatch",  "late",         "known_difference",
                                              "tolerated", "not_compared", "match"};
// Shares of the verdicts, as a picture that says so to who does not see it.
std::string bar(const std::map<std::string, std::int64_t>& by_verdict);

struct Point {
  std::int64_t all = 0;
  std::int64_t wrong = 0;
};
// Of each interval what was compared, in grey, and what share of it differed, in red.
std::string trend(const std::vector<Point>& points, const std::string& unit);

// One pair, side by side; with `documents` the lines in which both differ, too. Wave and requests
// are the report's.
std::string pair(const LedgerEntry& entry, const std::string& verdict, int cohort, int interval,
                 const Report& report, bool documents);

}  // namespace underpin::parity::html
