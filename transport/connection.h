#pragma once

#include "contracts/call_context.h"
#include "contracts/result.h"
#include "transport/url.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct ssl_ctx_st;
struct ssl_st;

namespace underpin::transport {

// One TLS configuration, shared by the connections of a client.
class TlsContext {
 public:
  // Throws std::runtime_error when a file cannot be used.
  TlsContext(const std::string& ca_file, bool verify, const std::string& certificate_file,
             const std::string& key_file);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ssl_ctx_st* get() const { return context_; }
  bool verify() const { return verify_; }

 private:
  ssl_ctx_st* context_;
  bool verify_;
};

enum class Transfer { done, end, deadline, broken };

// A TCP or TLS connection whose every operation ends by a deadline. The descriptor never blocks:
// waiting is a poll() for what is left of the deadline, so a peer that drips bytes gains nothing.
// One thread at a time.
class Connection {
 public:
  // Name look-up, TCP and TLS. Any failure is `unavailable`: no request byte was sent.
  static Result<std::unique_ptr<Connection>> open(const Url& url, const TlsContext* tls,
                                                  Deadline deadline);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Writes all of it. `written()` grows with every byte that the system took: it may arrive.
  Transfer write(std::string_view bytes, Deadline deadline);
  // Appends at least one byte, at most `most`. `end`: the peer closed in good order.
  Transfer read(std::string& into, std::size_t most, Deadline deadline);

  std::size_t written() const { return written_; }
  const std::string& failure() const { return failure_; }  // In words, after `broken`.
  // False when the peer has closed, or sent what nobody asked for: not to be used again.
  bool is_quiet() const;

  std::chrono::steady_clock::time_point idle_since{};

 private:
  explicit Connection(int descriptor) : descriptor_(descriptor) {}
  Status handshake(const Url& url, const TlsContext& tls, Deadline deadline);
  bool wait(short events, Deadline deadline) const;
  Transfer after_tls(int result, Deadline deadline);

  int descriptor_;
  ssl_st* ssl_ = nullptr;
  std::size_t written_ = 0;
  std::string failure_;
};

}  // namespace underpin::transport
