#include "transport/response_reader.h"

#include <algorithm>
#include <optional>

namespace underpin::transport {
namespace {

constexpr std::size_t headers_max = 200;
constexpr int interim_responses_max = 8;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_token(std::string_view text) {
  if (text.empty()) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c <= '~' &&
           std::string_view("()<>@,;:\\\"/[]?={}").find(c) == std::string_view::npos;
  });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

// One word of a comma-separated list.
bool lists(const std::string* header, std::string_view word) {
  if (header == nullptr) return false;
  std::string_view rest = *header;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    if (same_word(trimmed(rest.substr(0, comma)), word)) return true;
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  return false;
}

std::optional<std::size_t> whole_number(std::string_view text, unsigned base) {
  if (text.empty() || text.size() > 15) return std::nullopt;
  std::size_t value = 0;
  for (const char raw : text) {
    const char c = lower(raw);
    unsigned digit = base;
    if (c >= '0' && c <= '9') digit = static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') digit = static_cast<unsigned>(c - 'a') + 10;
    if (digit >= base) return std::nullopt;
    value = value * base + digit;
  }
  return value;
}

class Reader {
 public:
  Reader(const ReadMore& more, const ClientSettings& settings) : more_(more), settings_(settings) {}

  ReadOutcome read(bool head_only, HttpResponse& response) {
    bool http_1_0 = false;
    for (int interim = 0;; ++interim) {
      response = {};
      if (!read_head(response, http_1_0)) return outcome_;
      if (response.status >= 200) break;
      if (response.status == 101 || interim == interim_responses_max)
        return malformed("it switches protocols or never comes to an answer");
    }
    const std::string* coding = response.header("Transfer-Encoding");
    const auto count = [&](std::string_view name) {
      return std::count_if(response.headers.begin(), response.headers.end(),
                           [&](const HttpHeader& header) { return same_word(header.name, name); });
    };
    const bool keeps = http_1_0 ? lists(response.header("Connection"), "keep-alive")
                                : !lists(response.header("Connection"), "close");
    if (head_only || response.status == 204 || response.status == 304) {
      outcome_.reusable = keeps && buffer_.empty();
      return outcome_;
    }
    if (coding != nullptr) {
      if (!same_word(trimmed(*coding), "chunked"))
        return malformed("its transfer encoding is not known");
      if (count("Transfer-Encoding") > 1 || count("Content-Length") > 0)
        return malformed("it says in two ways where it ends");
      if (!read_chunks(response.body)) return outcome_;
    } else {
      std::optional<std::size_t> length;
      for (const HttpHeader& header : response.headers) {
        if (!same_word(header.name, "Content-Length")) continue;
        const std::optional<std::size_t> stated = whole_number(header.value, 10);
        if (!stated || (length && *length != *stated))
          return malformed("its content length is no number, or two");
        length = stated;
      }
      if (length) {
        if (*length > settings_.response_limit_bytes) return too_large();
        if (!take(*length, response.body)) return outcome_;
      } else {
        if (!read_to_end(response.body)) return outcome_;
        return outcome_;  // Not reusable: the end of the connection was the end of the body.
      }
    }
    // Bytes beyond the body would be taken for the next answer.
    outcome_.reusable = keeps && buffer_.empty();
    return outcome_;
  }

 private:
  ReadOutcome& malformed(std::string rule) {
    outcome_.transfer = Transfer::broken;
    outcome_.reason = "the response is malformed: " + std::move(rule);
    return outcome_;
  }
  ReadOutcome& too_large() {
    outcome_.transfer = Transfer::broken;
    outcome_.reason =
        "the response is larger than " + std::to_string(settings_.response_limit_bytes) + " bytes";
    return outcome_;
  }

  // More bytes into the buffer; false: outcome_ says why not.
  bool fill() {
    const Transfer transfer = more_(buffer_, 16'384);
    if (transfer == Transfer::done) {
      outcome_.any_byte = true;
      return true;
    }
    outcome_.transfer = transfer;
    if (transfer == Transfer::deadline) outcome_.reason = "the response took too long";
    if (transfer == Transfer::end)
      outcome_.reason = outcome_.any_byte ? "the connection ended within the response"
                                          : "the connection ended without a response";
    if (transfer == Transfer::broken) outcome_.reason = "the connection broke";
    return false;
  }

  // A line without its CRLF (a bare LF is taken as well, as RFC 9112 allows).
  bool read_line(std::string& line, std::size_t& budget) {
    std::size_t searched = 0;
    while (true) {
      const std::size_t end = buffer_.find('\n', searched);
      if (end != std::string::npos) {
        if (end > budget) return malformed("its head is too large"), false;
        budget -= end;
        line.assign(buffer_, 0, end);
        buffer_.erase(0, end + 1);
        if (!line.empty() && line.back() == '\r') line.pop_back();
        return true;
      }
      searched = buffer_.size();
      if (searched > budget) return malformed("its head is too large"), false;
      if (!fill()) return false;
    }
  }

  bool read_head(HttpResponse& response, bool& http_1_0) {
    std::size_t budget = settings_.head_limit_bytes;
    std::string line;
    if (!read_line(line, budget)) return false;
    // HTTP/1.1 200 OK
    const std::string_view head = line;
    const std::optional<std::size_t> status =
        head.size() >= 12 && head[8] == ' ' && (head.size() == 12 || head[12] == ' ')
            ? whole_number(head.substr(9, 3), 10)
            : std::nullopt;
    if (head.substr(0, 7) != "HTTP/1." || !status || *status < 100 || *status > 599)
      return malformed("its first line is no status line"), false;
    http_1_0 = head[7] == '0';
    response.status = static_cast<int>(*status);
    while (true) {
      if (!read_line(line, budget)) return false;
      if (line.empty()) return true;
      const std::size_t colon = line.find(':');
      if (colon == std::string::npos || !is_token(std::string_view(line).substr(0, colon)))
        return malformed("a header has no name"), false;
      if (response.headers.size() == headers_max)
        return malformed("it has too many headers"), false;
      const std::string_view value = trimmed(std::string_view(line).substr(colon + 1));
      if (value.find('\0') != std::string_view::npos || value.find('\r') != std::string_view::npos)
        return malformed("a header holds control characters"), false;
      response.headers.push_back({line.substr(0, colon), std::string(value)});
    }
  }

  bool take(std::size_t count, std::string& body) {
    while (buffer_.size() < count) {
      body.append(buffer_);
      count -= buffer_.size();
      buffer_.clear();
      if (!fill()) return false;
    }
    body.append(buffer_, 0, count);
    buffer_.erase(0, count);
    return true;
  }

  bool read_chunks(std::string& body) {
    std::string line;
    while (true) {
      std::size_t budget = 1'024;
      if (!read_line(line, budget)) return false;
      const std::optional<std::size_t> size =
          whole_number(trimmed(std::string_view(line).substr(0, line.find(';'))), 16);
      if (!size) return malformed("a chunk has no size"), false;
      if (*size == 0) break;
      if (*size > settings_.response_limit_bytes - body.size()) return too_large(), false;
      if (!take(*size, body)) return false;
      if (!read_line(line, budget)) return false;
      if (!line.empty()) return malformed("a chunk is longer than it says"), false;
    }
    std::size_t budget = settings_.head_limit_bytes;  // Trailers are read and dropped.
    while (true) {
      if (!read_line(line, budget)) return false;
      if (line.empty()) return true;
    }
  }

  bool read_to_end(std::string& body) {
    while (true) {
      body.append(buffer_);
      buffer_.clear();
      if (body.size() > settings_.response_limit_bytes) return too_large(), false;
      if (fill()) continue;
      if (outcome_.transfer != Transfer::end) return false;
      outcome_.transfer = Transfer::done;
      outcome_.reason.clear();
      return true;
    }
  }

  const ReadMore& more_;
  const ClientSettings& settings_;
  std::string buffer_;
  ReadOutcome outcome_;
};

}  // namespace

ReadOutcome read_response(const ReadMore& more, bool head_only, const ClientSettings& settings,
                          HttpResponse& response) {
  return Reader(more, settings).read(head_only, response);
}

ReadOutcome read_response(Connection& connection, bool head_only, const ClientSettings& settings,
                          Deadline deadline, HttpResponse& response) {
  bool broke = false;
  const ReadMore more = [&](std::string& into, std::size_t most) {
    const Transfer transfer = connection.read(into, most, deadline);
    broke = transfer == Transfer::broken;
    return transfer;
  };
  ReadOutcome outcome = read_response(more, head_only, settings, response);
  if (broke) outcome.reason += ": " + connection.failure();
  return outcome;
}

}  // namespace underpin::transport
