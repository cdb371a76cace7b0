// The HTTP client's reader takes any bytes of a server, cut anywhere: it reads the same whatever
// the cuts, keeps its limits, and never takes a response that was cut short for a whole one.
#include "transport/response_reader.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace underpin::transport;

void require(bool promise) {
  if (!promise) std::abort();
}

struct Reading {
  ReadOutcome outcome;
  HttpResponse response;
  std::size_t taken = 0;
};

ClientSettings small_limits() {
  ClientSettings settings;
  settings.response_limit_bytes = 512;
  settings.head_limit_bytes = 1'024;
  return settings;
}

// The server sends `bytes` in pieces, then the connection ends as `ending` says.
Reading read(std::string_view bytes, std::size_t piece, bool head_only, Transfer ending) {
  static const ClientSettings settings = small_limits();
  Reading reading;
  const ReadMore more = [&](std::string& into, std::size_t most) {
    if (reading.taken == bytes.size()) return ending;
    const std::string_view next = bytes.substr(reading.taken, std::min(piece, most));
    into += next;
    reading.taken += next.size();
    return Transfer::done;
  };
  reading.outcome = read_response(more, head_only, settings, reading.response);
  require(reading.outcome.any_byte == (reading.taken > 0));
  require((reading.outcome.transfer == Transfer::done) == reading.outcome.reason.empty());
  return reading;
}

bool is_done(const Reading& reading) { return reading.outcome.transfer == Transfer::done; }

bool same(const HttpResponse& a, const HttpResponse& b) {
  return a.status == b.status && a.body == b.body &&
         std::equal(a.headers.begin(), a.headers.end(), b.headers.begin(), b.headers.end(),
                    [](const HttpHeader& x, const HttpHeader& y) {
                      return x.name == y.name && x.value == y.value;
                    });
}

void check(const HttpResponse& response) {
  require(response.status >= 200 && response.status <= 599);
  require(response.body.size() <= 512);
  for (const HttpHeader& header : response.headers) {
    require(!header.name.empty() && header.name.find_first_of(" \t\r\n:") == std::string::npos);
    require(header.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 16'000) return 0;  // The whole of it is one read of the connection.
  const bool head_only = (data[0] & 1U) != 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  for (const Transfer ending : {Transfer::end, Transfer::broken, Transfer::deadline}) {
    const Reading whole = read(bytes, size, head_only, ending);
    const Reading by_byte = read(bytes, 1, head_only, ending);
    for (const Reading& cut : {by_byte, read(bytes, 7, head_only, ending)}) {
      require(cut.outcome.transfer == whole.outcome.transfer);
      require(cut.outcome.reason == whole.outcome.reason);
      require(!is_done(whole) || same(cut.response, whole.response));
    }
    if (!is_done(whole)) {
      require(!whole.outcome.reusable);
      continue;
    }
    check(whole.response);
    // Byte by byte, the reader stops where the response ends; what follows it makes the connection
    // unfit for another request.
    require(by_byte.taken == bytes.size() ? whole.outcome.reusable == by_byte.outcome.reusable
                                          : !whole.outcome.reusable);
    // Any part of it is not the whole, unless the end of the connection is the end of the body.
    const std::size_t step = 1 + by_byte.taken / 300;
    for (std::size_t length = 0; length < by_byte.taken; length += step) {
      const Reading part = read(bytes.substr(0, length), size, head_only, ending);
      if (!is_done(part)) continue;
      require(ending == Transfer::end && !part.outcome.reusable);
      require(part.response.header("Content-Length") == nullptr &&
              part.response.header("Transfer-Encoding") == nullptr);
    }
  }
  return 0;
}
