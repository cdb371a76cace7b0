#pragma once

#include "contracts/result.h"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace underpin::facade::telemetry {

enum class Level { debug, info, warning, error };
std::string_view name(Level level);
std::optional<Level> parse_level(std::string_view text);

struct LogSettings {
  Level level = Level::info;
  std::string file;                 // Appended to; empty: standard error.
  std::size_t queue_limit = 8'192;  // Lines that wait for the disk; beyond, the oldest is dropped.
};

// A key and its value. Values of keys that name a secret (authorization, cookie, password, secret,
// token, api_key …) are written as "***", whatever they are.
struct LogField {
  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, bool v) : key(k), value(v) {}
  LogField(std::string_view k, int v) : key(k), value(std::int64_t{v}) {}
  LogField(std::string_view k, std::int64_t v) : key(k), value(v) {}
  LogField(std::string_view k, std::uint64_t v) : key(k), value(v) {}
  std::string_view key;
  std::variant<std::string_view, bool, std::int64_t, std::uint64_t> value;
};
using LogFields = std::initializer_list<LogField>;

// One JSON object a line: {"ts":"2026-03-01T10:15:30.123456Z","level":"info","msg":"…",
// "correlation_id":"…", then the fields}. A line is always valid JSON: bytes that are not UTF-8
// become U+FFFD. Writing happens on a thread of the log's own; a full queue drops the oldest line
// and counts it, an answer never waits for the log. Threads: any. The destructor writes what is
// queued.
class Log {
 public:
  static Result<std::unique_ptr<Log>> open(const LogSettings& settings);
  ~Log();

  bool enabled(Level level) const { return level >= level_; }
  void write(Level level, std::string_view message, std::string_view correlation_id,
             LogFields fields);
  void debug(std::string_view message, std::string_view correlation_id = {},
             LogFields fields = {}) {
    write(Level::debug, message, correlation_id, fields);
  }
  void info(std::string_view message, std::string_view correlation_id = {}, LogFields fields = {}) {
    write(Level::info, message, correlation_id, fields);
  }
  void warning(std::string_view message, std::string_view correlation_id = {},
               LogFields fields = {}) {
    write(Level::warning, message, correlation_id, fields);
  }
  void error(std::string_view message, std::string_view correlation_id = {},
             LogFields fields = {}) {
    write(Level::error, message, correlation_id, fields);
  }

  std::uint64_t dropped() const;

 private:
  struct Writer;
  Log(Level level, std::unique_ptr<Writer> writer);
  const Level level_;
  std::unique_ptr<Writer> writer_;
};

// The line without its end, as write() makes it; `micros_utc` since 1970.
std::string log_line(std::int64_t micros_utc, Level level, std::string_view message,
                     std::string_view correlation_id, LogFields fields);

}  // namespace underpin::facade::telemetry
