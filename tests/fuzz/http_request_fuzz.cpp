// The front door's reader takes any bytes, cut anywhere: it never crashes, reads the same whatever
// the cuts, and what it lets through keeps the promises that routing and handlers rely on.
#include "facade/http/headers.h"
#include "facade/http/percent.h"
#include "facade/http/problem.h"
#include "facade/http/request_reader.h"
#include "facade/http/router.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace underpin::facade::http;

void require(bool promise) {
  if (!promise) std::abort();
}

constexpr std::size_t header_limit = 1'024;
constexpr std::size_t target_limit = 256;
constexpr std::size_t body_limit = 512;

struct Outcome {
  std::vector<Request> requests;
  int refused = 0;
  bool operator==(const Outcome& other) const {
    return refused == other.refused && requests.size() == other.requests.size() &&
           std::equal(requests.begin(), requests.end(), other.requests.begin(),
                      [](const Request& a, const Request& b) {
                        return a.method == b.method && a.target == b.target && a.body == b.body &&
                               a.headers.fields() == b.headers.fields();
                      });
  }
};

// Fed in pieces of `piece` bytes.
Outcome read(std::string_view bytes, std::size_t piece) {
  RequestReader reader({header_limit, target_limit, body_limit});
  Outcome outcome;
  while (!bytes.empty()) {
    reader.feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    while (reader.state() == RequestReader::State::complete)
      outcome.requests.push_back(reader.take());
    if (reader.state() == RequestReader::State::refused) {
      outcome.refused = reader.refusal().status;
      require(outcome.refused >= 400 && outcome.refused <= 505);
      require(!reader.refusal().detail.empty());
      break;
    }
  }
  return outcome;
}

const Router& router() {
  static const Router table = [] {
    Router made;
    const auto handler = [](const Request&, const PathParameters& parameters) {
      for (const auto& [name, value] : parameters) require(!value.empty() && valid_utf8(value));
      return Response{};
    };
    made.add("GET", "/v1/orders", handler);
    made.add("GET", "/v1/orders/{number}", handler);
    made.add("POST", "/v1/orders/{number}/cancel", handler);
    return made;
  }();
  return table;
}

void check(const Request& request) {
  require(request.target.size() <= target_limit && request.body.size() <= body_limit);
  require(!request.path.empty() && (request.path.front() == '/' || request.path == "*"));
  for (const auto& [name, value] : request.query) require(valid_utf8(name) && valid_utf8(value));
  const Headers& headers = request.headers;
  require(headers.all("Host").size() <= 1 && headers.all("Content-Length").size() <= 1);
  require(!headers.find("Content-Length") || !headers.find("Transfer-Encoding"));
  for (const auto& [name, value] : headers.fields()) {
    require(!name.empty());
    require(std::none_of(value.begin(), value.end(), [](char c) {
      return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
    }));
  }

  const int status = router().handle(request).status;
  require(status == 200 || status == 400 || status == 404 || status == 405);
  const IdempotencyKeyHeader key = read_idempotency_key(headers);
  require(!(key.key && key.malformed));
  require(!key.key || (!key.key->empty() && key.key->size() <= 255));
  const IfMatchHeader if_match = read_if_match(headers);
  require(!if_match.malformed || if_match.tags.empty());
  require(read_trace_context(headers).traceparent.size() == 55);
  const std::string correlation_id = read_correlation_id(headers).text();
  require(!correlation_id.empty() && correlation_id.size() <= 64);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Outcome whole = read(bytes, std::max<std::size_t>(size, 1));
  for (const Request& request : whole.requests) check(request);
  // What is let through does not depend on how the network cut it. Which limit a refused request
  // breaks first may.
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}}) {
    const Outcome cut = read(bytes, piece);
    Outcome comparable = whole;
    if (cut.refused != 0 && whole.refused != 0) comparable.refused = cut.refused;
    require(cut == comparable);
  }
  const Response response = problem(400, "malformed", bytes, bytes, bytes);
  require(valid_utf8(response.body));
  return 0;
}
