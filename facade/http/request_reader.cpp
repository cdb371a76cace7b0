#include "facade/http/request_reader.h"

#include "facade/http/percent.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace underpin::facade::http {
namespace {

namespace beast = boost::beast;
using BeastError = beast::error_code;

constexpr std::size_t method_limit = 32;
constexpr std::size_t blank_line_limit = 4;
constexpr std::string_view versions_end = " HTTP/1.1";

bool is_token_char(char c) {
  const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  const bool digit = c >= '0' && c <= '9';
  return letter || digit || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_visible(char c) { return c > 0x20 && c < 0x7F; }

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

// Collects what Beast reads. Trailer fields come through the same callback as fields; they are
// dropped, so that nothing after the body can change what was decided at the head.
struct RequestReader::Parser : beast::http::basic_parser<true> {
  explicit Parser(Request& to) : request(to) {}

  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target,
                       int version, BeastError&) override {
    request.method = view(method);
    request.target = view(target);
    request.version_minor = version % 10;
  }
  void on_response_impl(int, beast::string_view, int, BeastError&) override {}
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                     BeastError&) override {
    if (!head_done) request.headers.add(std::string(view(name)), std::string(view(value)));
  }
  void on_header_impl(BeastError&) override { head_done = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, BeastError&) override {}
  std::size_t on_body_impl(beast::string_view text, BeastError&) override {
    request.body += view(text);
    return text.size();
  }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, BeastError&) override {
    chunk_seen = true;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view text, BeastError&) override {
    request.body += view(text);
    return text.size();
  }
  void on_finish_impl(BeastError&) override {}

  Request& request;
  bool head_done = false;
  bool chunk_seen = false;
};

RequestReader::RequestReader(ReaderLimits limits) : limits_(limits) {}
RequestReader::~RequestReader() = default;

void RequestReader::feed(std::string_view bytes) {
  if (state_ == State::refused) return;
  pending_ += bytes;
  advance();
}

bool RequestReader::begun() const { return state_ != State::head || !pending_.empty(); }

bool RequestReader::continue_due() { return std::exchange(continue_due_, false); }

Request RequestReader::take() {
  Request taken = std::move(request_);
  request_ = {};
  parser_.reset();
  state_ = State::head;
  scanned_ = 0;
  blank_lines_ = 0;
  body_wire_bytes_ = 0;
  wants_more_ = false;
  request_line_checked_ = false;
  continue_due_ = false;
  advance();
  return taken;
}

void RequestReader::advance() {
  if (state_ == State::head) read_head();
  if (state_ == State::body) read_body();
}

void RequestReader::refuse(int status, std::string_view slug, std::string_view title,
                           std::string detail) {
  state_ = State::refused;
  refusal_ = {status, slug, title, std::move(detail)};
  parser_.reset();
  pending_.clear();
  pending_.shrink_to_fit();
}

void RequestReader::malformed(std::string detail) {
  refuse(400, "malformed", "The request is malformed", std::move(detail));
}

void RequestReader::body_too_large() {
  refuse(413, "body-too-large", "The body is too large",
         "The body may have " + std::to_string(limits_.body_bytes) + " bytes.");
}

// Looks for the blank line; on the way refuses line ends other than CRLF and folded fields.
void RequestReader::read_head() {
  while (scanned_ == 0 && pending_.size() >= 2 && pending_[0] == '\r' && pending_[1] == '\n') {
    // RFC 9112, 2.2: old clients send an empty line after a body.
    if (++blank_lines_ > blank_line_limit) return malformed("The request line is empty.");
    pending_.erase(0, 2);
  }
  if (pending_ == "\r") return;
  std::size_t head_size = 0;
  for (; scanned_ < pending_.size() && head_size == 0; ++scanned_) {
    const char c = pending_[scanned_];
    if (c == '\r') {
      if (scanned_ + 1 == pending_.size()) break;
      if (pending_[scanned_ + 1] != '\n') return malformed("A CR in the head has no LF after it.");
    } else if (c == '\n') {
      if (scanned_ == 0 || pending_[scanned_ - 1] != '\r')
        return malformed("A line of the head ends without CR.");
      if (!request_line_checked_) {
        if (!check_request_line(std::string_view(pending_).substr(0, scanned_ - 1), true)) return;
        request_line_checked_ = true;
      }
      if (scanned_ >= 3 && pending_[scanned_ - 2] == '\n') head_size = scanned_ + 1;
    } else if ((c == ' ' || c == '\t') && scanned_ > 0 && pending_[scanned_ - 1] == '\n') {
      return malformed("A header field is folded over two lines.");
    } else if (c == '\0') {
      return malformed("The head has a NUL character.");
    }
  }
  if (!request_line_checked_ && !check_request_line(pending_, false)) return;
  if ((head_size == 0 ? pending_.size() : head_size) > limits_.header_bytes) {
    return refuse(431, "head-too-large", "The head is too large",
                  "Request line and header fields may have " +
                      std::to_string(limits_.header_bytes) + " bytes.");
  }
  if (head_size != 0) finish_head(head_size);
}

// `line` without its end; not `whole` while the end has not come: then only what is certain counts.
bool RequestReader::check_request_line(std::string_view line, bool whole) {
  const std::size_t space = std::min(line.find(' '), line.size());
  const std::string_view method = line.substr(0, space);
  const bool method_cut =
      space == line.size() && !whole && (method.empty() || method.back() == '\r');
  const std::string_view letters =
      method_cut && !method.empty() ? method.substr(0, method.size() - 1) : method;
  if (letters.size() > method_limit ||
      !std::all_of(letters.begin(), letters.end(), is_token_char) || (whole && method.empty()) ||
      (method.empty() && !line.empty())) {
    malformed("The request line does not begin with a method.");
    return false;
  }
  if (space == line.size()) {
    if (whole) malformed("The request line has no target.");
    return !whole;
  }
  const std::string_view rest = line.substr(space + 1);
  const std::size_t end = std::min(rest.find(' '), rest.size());
  const std::string_view target = rest.substr(0, end);
  if (target.size() > limits_.target_bytes) {
    refuse(414, "target-too-long", "The target is too long",
           "The request target may have " + std::to_string(limits_.target_bytes) + " bytes.");
    return false;
  }
  const bool cut = !whole && end == rest.size();  // Its last byte may be the CR of the line's end.
  const std::string_view text = cut && !target.empty() && target.back() == '\r'
                                    ? target.substr(0, target.size() - 1)
                                    : target;
  if (!std::all_of(text.begin(), text.end(), is_visible)) {
    malformed("The request target has a character that is not visible ASCII.");
    return false;
  }
  if (!whole) {
    if (rest.size() <= limits_.target_bytes + versions_end.size() + 1) return true;
    malformed("The request line does not end with the HTTP version.");
    return false;
  }
  const std::string_view version = rest.substr(std::min(end + 1, rest.size()));
  if (target.empty() || version.size() != 8 || version.substr(0, 5) != "HTTP/" ||
      !is_digit(version[5]) || version[6] != '.' || !is_digit(version[7])) {
    malformed("The request line is not method, target and HTTP version.");
    return false;
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    refuse(505, "unsupported-version", "HTTP version not supported",
           "HTTP/1.1 and HTTP/1.0 are spoken here.");
    return false;
  }
  return true;
}

void RequestReader::finish_head(std::size_t head_size) {
  parser_ = std::make_unique<Parser>(request_);
  parser_->header_limit(static_cast<std::uint32_t>(head_size + 1));
  parser_->body_limit(static_cast<std::uint64_t>(limits_.body_bytes));
  BeastError error;
  const std::size_t used =
      parser_->put(boost::asio::buffer(std::as_const(pending_).data(), head_size), error);
  if (error == beast::http::error::body_limit) return body_too_large();
  if (error || used != head_size || !parser_->is_header_done()) {
    if (error == beast::http::error::multiple_content_length)
      return malformed("Content-Length is there twice with different values.");
    if (error == beast::http::error::bad_content_length)
      return malformed("Content-Length is not one number, or contradicts Transfer-Encoding.");
    if (error == beast::http::error::bad_transfer_encoding)
      return malformed("Transfer-Encoding is repeated or contradicts Content-Length.");
    return malformed("The head is malformed: " + (error ? error.message() : "it ends early") + ".");
  }
  pending_.erase(0, head_size);
  if (!check_fields() || !take_target()) return;
  request_.keep_alive = parser_->keep_alive();
  if (parser_->is_done()) {
    state_ = State::complete;
    return;
  }
  continue_due_ =
      request_.version_minor == 1 && request_.headers.find("Expect") != nullptr && pending_.empty();
  parser_->eager(true);
  state_ = State::body;
}

// What the parser tolerates and two readers could take in two ways.
bool RequestReader::check_fields() {
  const Headers& headers = request_.headers;
  for (const auto& [name, value] : headers.fields()) {
    const bool clean = std::all_of(value.begin(), value.end(), [](char c) {
      return static_cast<unsigned char>(c) >= 0x20 ? c != 0x7F : c == '\t';
    });
    if (!clean) {
      malformed("The header field " + name + " has a control character.");
      return false;
    }
  }
  const auto hosts = headers.all("Host");
  if (hosts.size() > 1 || (hosts.empty() && request_.version_minor == 1)) {
    malformed("The request needs exactly one Host field.");
    return false;
  }
  if (!hosts.empty() && !std::all_of(hosts[0].begin(), hosts[0].end(), is_visible)) {
    malformed("The Host field has a blank or a character that is not ASCII.");
    return false;
  }
  const auto lengths = headers.all("Content-Length");
  const auto encodings = headers.all("Transfer-Encoding");
  if (!lengths.empty() && !encodings.empty()) {
    malformed("Content-Length and Transfer-Encoding are both there.");
    return false;
  }
  if (lengths.size() > 1 ||
      (lengths.size() == 1 && !std::all_of(lengths[0].begin(), lengths[0].end(), is_digit))) {
    malformed("Content-Length must be there once, as one number.");
    return false;
  }
  if (!encodings.empty()) {
    if (request_.version_minor == 0) {
      malformed("HTTP/1.0 has no Transfer-Encoding.");
      return false;
    }
    if (encodings.size() > 1 || !equal_ignoring_case(encodings[0], "chunked")) {
      refuse(501, "unsupported-encoding", "Transfer-Encoding not supported",
             "The only Transfer-Encoding understood here is chunked.");
      return false;
    }
  }
  const auto expectations = headers.all("Expect");
  if (expectations.size() > 1 ||
      (expectations.size() == 1 && !equal_ignoring_case(expectations[0], "100-continue"))) {
    refuse(417, "expectation-failed", "Expectation failed",
           "The only expectation understood here is 100-continue.");
    return false;
  }
  return true;
}

bool RequestReader::take_target() {
  std::string_view target = request_.target;
  for (const std::string_view scheme : {"http://", "https://"}) {
    // RFC 9112, 3.2.2: the absolute form must be understood, its authority is of no use here.
    if (!equal_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    const std::size_t end = std::min(target.find_first_of("/?"), target.size());
    if (end == 0) {
      malformed("The request target names no host.");
      return false;
    }
    target.remove_prefix(end);
    break;
  }
  const std::size_t mark = std::min(target.find('?'), target.size());
  request_.path = target.substr(0, mark);
  if (request_.path.empty()) request_.path = "/";
  const bool asterisk = request_.path == "*" && request_.method == "OPTIONS";
  if ((request_.path.front() != '/' && !asterisk) || target.find('#') != std::string_view::npos) {
    malformed("The request target must be a path that begins with \"/\", without a fragment.");
    return false;
  }
  auto query = decode_query(target.substr(std::min(mark + 1, target.size())));
  if (!query) {
    malformed("The query is not percent-encoded UTF-8 text without control characters.");
    return false;
  }
  request_.query = std::move(*query);
  return true;
}

void RequestReader::read_body() {
  // A whole size line that is still here, with no chunk before it, is the last chunk's: its trailer
  // has not ended. Beast asserts that it is not asked again with fewer bytes than this.
  constexpr std::size_t last_chunk_least = 5;
  if (wants_more_ && parser_->chunked() && !parser_->chunk_seen &&
      pending_.size() < last_chunk_least && pending_.find('\n', 2) != std::string::npos)
    return;
  BeastError error;
  std::size_t used = 0;
  while (used < pending_.size() && !error && !parser_->is_done()) {
    const std::size_t step = parser_->put(
        boost::asio::buffer(std::as_const(pending_).data() + used, pending_.size() - used), error);
    used += step;
    if (step == 0 && !error) break;
  }
  pending_.erase(0, used);
  body_wire_bytes_ += used;
  wants_more_ = error == beast::http::error::need_more;
  if (error == beast::http::error::body_limit) return body_too_large();
  if (error && !wants_more_)
    return malformed("The chunked body is malformed: " + error.message() + ".");
  if (parser_->is_done()) {
    state_ = State::complete;
    return;
  }
  // Chunk sizes, extensions and trailers are bounded as well: a line of them like a head, all of
  // them by the worst honest case, chunks of one byte.
  if (pending_.size() > limits_.header_bytes)
    return malformed("A chunk's size line or the trailer is too long.");
  if (body_wire_bytes_ > 8 * limits_.body_bytes + limits_.header_bytes) return body_too_large();
}

}  // namespace underpin::facade::http
