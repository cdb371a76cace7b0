#pragma once

#include "facade/http/message.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace underpin::facade::http {

struct ReaderLimits {
  std::size_t header_bytes = 32'768;
  std::size_t target_bytes = 8'192;
  std::size_t body_bytes = 1'048'576;
};

// Why a request is not let through, as a problem.
struct Refusal {
  int status = 0;
  std::string_view slug;
  std::string_view title;
  std::string detail;
};

// Bytes of one connection in, requests out; no socket, no clock. Stricter than the parser beneath
// (Boost.Beast): whatever two HTTP implementations could read differently is refused, because a
// proxy in front may be the other one. Refused as soon as it is certain, not when the head is
// complete. After a refusal nothing more is read. Threads: one at a time.
class RequestReader {
 public:
  enum class State { head, body, complete, refused };

  explicit RequestReader(ReaderLimits limits);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  // Any number of bytes, cut anywhere.
  void feed(std::string_view bytes);
  State state() const { return state_; }
  // Has any byte of the request after the last taken one come?
  bool begun() const;
  // True once per request that waits for "100 Continue" before it sends its body.
  bool continue_due();
  // The complete request; goes on with the bytes behind it.
  Request take();
  const Refusal& refusal() const { return refusal_; }

 private:
  struct Parser;
  void advance();
  void read_head();
  bool check_request_line(std::string_view line, bool whole);
  void finish_head(std::size_t head_size);
  bool check_fields();
  bool take_target();
  void read_body();
  void refuse(int status, std::string_view slug, std::string_view title, std::string detail);
  void malformed(std::string detail);
  void body_too_large();

  const ReaderLimits limits_;
  State state_ = State::head;
  std::string pending_;              // Bytes not yet consumed.
  std::size_t scanned_ = 0;          // Of the head, in pending_.
  std::size_t blank_lines_ = 0;      // Skipped before the request line.
  std::size_t body_wire_bytes_ = 0;  // Of the body with its chunk framing.
  bool wants_more_ = false;          // The parser has seen a part of a chunk header.
  bool request_line_checked_ = false;
  bool continue_due_ = false;
  std::unique_ptr<Parser> parser_;
  Request request_;
  Refusal refusal_;
};

}  // namespace underpin::facade::http
