#include "facade/telemetry/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace underpin::facade::telemetry {
namespace {

constexpr std::size_t message_limit = 8'192;
constexpr std::size_t write_size = 65'536;
constexpr std::string_view cut_mark = "...(cut)";

// "2026-03-01T10:15:30.123456Z"
std::string timestamp(std::int64_t micros_utc) {
  const std::time_t seconds = static_cast<std::time_t>(micros_utc / 1'000'000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", utc.tm_year + 1900,
                utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                static_cast<int>(micros_utc % 1'000'000));
  return text;
}

// Bytes of the well-formed UTF-8 sequence at the front, 0 when there is none (Unicode, table 3-7).
std::size_t sequence_at_front(std::string_view text) {
  const auto within = [&](std::size_t at, int low, int high) {
    if (at >= text.size()) return false;
    const int byte = static_cast<unsigned char>(text[at]);
    return byte >= low && byte <= high;
  };
  if (within(0, 0x00, 0x7F)) return 1;
  if (within(0, 0xC2, 0xDF)) return within(1, 0x80, 0xBF) ? 2 : 0;
  const bool tail = within(2, 0x80, 0xBF);
  if (within(0, 0xE0, 0xE0)) return within(1, 0xA0, 0xBF) && tail ? 3 : 0;
  if (within(0, 0xED, 0xED)) return within(1, 0x80, 0x9F) && tail ? 3 : 0;
  if (within(0, 0xE1, 0xEF)) return within(1, 0x80, 0xBF) && tail ? 3 : 0;
  const bool long_tail = tail && within(3, 0x80, 0xBF);
  if (within(0, 0xF0, 0xF0)) return within(1, 0x90, 0xBF) && long_tail ? 4 : 0;
  if (within(0, 0xF1, 0xF3)) return within(1, 0x80, 0xBF) && long_tail ? 4 : 0;
  if (within(0, 0xF4, 0xF4)) return within(1, 0x80, 0x8F) && long_tail ? 4 : 0;
  return 0;
}

void append_text(std::string& to, std::string_view text) {
  const bool cut = text.size() > message_limit;
  if (cut) text = text.substr(0, message_limit);
  to.push_back('"');
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t length = sequence_at_front(text);
    if (length == 0) {
      to += "\xEF\xBF\xBD";  // U+FFFD
      text.remove_prefix(1);
      continue;
    }
    if (c == '"' || c == '\\') {
      to.push_back('\\');
      to.push_back(c);
    } else if (c == '\n') {
      to += "\\n";
    } else if (length == 1 && static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      to += escape;
    } else {
      to += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  if (cut) to += cut_mark;
  to.push_back('"');
}

// "X-API-Key", "apiKey" and "api_key" are one name here.
bool names_a_secret(std::string_view key) {
  static constexpr std::array<std::string_view, 8> secrets{
      "authorization", "cookie", "password", "passwd", "secret", "token", "apikey", "credential"};
  std::string letters;
  for (const char c : key) {
    if (c >= 'A' && c <= 'Z') letters.push_back(static_cast<char>(c - 'A' + 'a'));
    if (c >= 'a' && c <= 'z') letters.push_back(c);
  }
  return std::any_of(secrets.begin(), secrets.end(), [&](std::string_view secret) {
    return letters.find(secret) != std::string::npos;
  });
}

struct AppendValue {
  std::string& to;
  void operator()(std::string_view value) const { append_text(to, value); }
  void operator()(bool value) const { to += value ? "true" : "false"; }
  void operator()(std::int64_t value) const { to += std::to_string(value); }
  void operator()(std::uint64_t value) const { to += std::to_string(value); }
};

constexpr std::array<std::string_view, 4> level_names{"debug", "info", "warning", "error"};

}  // namespace

std::string_view name(Level level) { return level_names[static_cast<std::size_t>(level)]; }

std::optional<Level> parse_level(std::string_view text) {
  for (std::size_t i = 0; i < level_names.size(); ++i)
    if (level_names[i] == text) return static_cast<Level>(i);
  return std::nullopt;
}

std::string log_line(std::int64_t micros_utc, Level level, std::string_view message,
                     std::string_view correlation_id, LogFields fields) {
  std::string line;
  line.reserve(256);
  line += "{\"ts\":\"" + timestamp(micros_utc) + "\",\"level\":\"";
  line += name(level);
  line += "\",\"msg\":";
  append_text(line, message);
  if (!correlation_id.empty()) {
    line += ",\"correlation_id\":";
    append_text(line, correlation_id);
  }
  for (const LogField& field : fields) {
    line.push_back(',');
    append_text(line, field.key);
    line.push_back(':');
    if (names_a_secret(field.key)) {
      line += "\"***\"";
    } else {
      std::visit(AppendValue{line}, field.value);
    }
  }
  line.push_back('}');
  return line;
}

// Lines wait in a bounded list; a thread of its own takes the whole list at a time and writes it
// with as few calls as the file takes.
struct Log::Writer {
  Writer(int to, bool close_it, std::size_t limit)
      : file(to), owned(close_it), queue_limit(std::max<std::size_t>(limit, 1)) {
    thread = std::thread([this] { run(); });
  }
  ~Writer() {
    {
      const std::lock_guard lock(mutex);
      ending = true;
    }
    changed.notify_one();
    thread.join();
    if (owned) ::close(file);
  }

  void push(std::string line) {
    {
      const std::lock_guard lock(mutex);
      if (lines.size() >= queue_limit) {
        lines.pop_front();
        dropped.fetch_add(1, std::memory_order_relaxed);
      }
      lines.push_back(std::move(line));
    }
    changed.notify_one();
  }

  void run() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [&] { return ending || !lines.empty(); });
      if (lines.empty()) return;
      std::deque<std::string> batch;
      batch.swap(lines);
      lock.unlock();
      std::string text;
      for (const std::string& line : batch) {
        text += line;
        if (text.size() < write_size) continue;
        write_all(text);
        text.clear();
      }
      write_all(text);
      lock.lock();
    }
  }

  // A disk that is full loses lines, not answers; nobody is left who could be told.
  void write_all(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t written = ::write(file, text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  const int file;
  const bool owned;
  const std::size_t queue_limit;
  std::atomic<std::uint64_t> dropped{0};
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::string> lines;
  bool ending = false;
  std::thread thread;
};

Result<std::unique_ptr<Log>> Log::open(const LogSettings& settings) {
  int file = STDERR_FILENO;
  if (!settings.file.empty()) {
    file = ::open(settings.file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (file < 0) {
      return Error{ErrorCode::invalid_request,
                   "the log file " + settings.file +
                       " cannot be opened: " + std::generic_category().message(errno)};
    }
  }
  auto writer = std::make_unique<Writer>(file, !settings.file.empty(), settings.queue_limit);
  return std::unique_ptr<Log>(new Log(settings.level, std::move(writer)));
}

Log::Log(Level level, std::unique_ptr<Writer> writer) : level_(level), writer_(std::move(writer)) {}
Log::~Log() = default;

void Log::write(Level level, std::string_view message, std::string_view correlation_id,
                LogFields fields) {
  if (!enabled(level)) return;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  std::string line = log_line(std::chrono::duration_cast<std::chrono::microseconds>(now).count(),
                              level, message, correlation_id, fields);
  line.push_back('\n');
  writer_->push(std::move(line));
}

std::uint64_t Log::dropped() const { return writer_->dropped.load(std::memory_order_relaxed); }

}  // namespace underpin::facade::telemetry
