#include "facade/http/wire_answer.h"

#include <algorithm>
#include <array>

namespace underpin::facade::http {
namespace {

// IMF-fixdate (RFC 9110, 5.6.7), without the process's locale.
std::string http_date(std::time_t now) {
  static constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&now, &utc);
  const auto two = [](int number) {
    return std::string(1, static_cast<char>('0' + number / 10)) +
           static_cast<char>('0' + number % 10);
  };
  return std::string(days[static_cast<std::size_t>(utc.tm_wday)]) + ", " + two(utc.tm_mday) + " " +
         months[static_cast<std::size_t>(utc.tm_mon)] + " " + std::to_string(utc.tm_year + 1900) +
         " " + two(utc.tm_hour) + ":" + two(utc.tm_min) + ":" + two(utc.tm_sec) + " GMT";
}

}  // namespace

bool has_body(int status) { return status != 204 && status != 304; }

bool sendable(const Response& response) {
  const auto token = [](char c) {
    const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return letter || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  const auto text = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7F) || c == '\t';
  };
  return response.status >= 200 && response.status <= 599 &&
         std::all_of(response.headers.fields().begin(), response.headers.fields().end(),
                     [&](const auto& field) {
                       return !field.first.empty() &&
                              std::all_of(field.first.begin(), field.first.end(), token) &&
                              std::all_of(field.second.begin(), field.second.end(), text);
                     });
}

std::string wire_head(const Response& response, bool keep_alive, bool http_1_0, std::time_t now) {
  std::string head;
  head.reserve(256);
  head += "HTTP/1.1 ";
  head += std::to_string(response.status);
  head += ' ';
  head += reason_phrase(response.status);
  head += "\r\nDate: ";
  head += http_date(now);
  head += "\r\n";
  for (const auto& [name, value] : response.headers.fields()) {
    // These describe the transfer, which is not the handler's affair.
    if (equal_ignoring_case(name, "Content-Length") || equal_ignoring_case(name, "Connection") ||
        equal_ignoring_case(name, "Transfer-Encoding") || equal_ignoring_case(name, "Date"))
      continue;
    head += name;
    head += ": ";
    head += value;
    head += "\r\n";
  }
  if (has_body(response.status))
    head += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  if (!keep_alive) head += "Connection: close\r\n";
  if (keep_alive && http_1_0) head += "Connection: keep-alive\r\n";
  head += "\r\n";
  return head;
}

}  // namespace underpin::facade::http
