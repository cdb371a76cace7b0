#pragma once

#include "contracts/call_context.h"
#include "contracts/result.h"
#include "facade/http/message.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace underpin::facade::http {

// Called on a worker thread, on many at once. What it throws becomes a 500 problem.
using Handler = std::function<Response(const Request&)>;

struct ServerSettings {
  std::string address = "127.0.0.1";  // Numeric, v4 or v6.
  int port = 0;                       // 0: any free port, see Server::port().
  int workers = 16;
  std::size_t queue_limit = 256;  // Requests that wait for a worker; one more is answered 503.
  std::size_t header_limit_bytes = 32'768;   // Request line and fields together; beyond: 431.
  std::size_t target_limit_bytes = 8'192;    // Beyond: 414.
  std::size_t body_limit_bytes = 1'048'576;  // Beyond: 413, before reading when it is announced.
  std::int64_t head_timeout_ms = 10'000;   // From the first byte to the end of the head; else 408.
  std::int64_t body_timeout_ms = 30'000;   // For the whole body; else 408.
  std::int64_t write_timeout_ms = 30'000;  // For one whole answer; then the connection is cut.
  std::int64_t idle_timeout_ms = 60'000;   // Between requests; then closed without a word.
  std::size_t connection_limit = 10'000;   // Open at once; one more is answered 503 and closed.
};

// A snapshot, for metrics. Totals only grow.
struct ServerCounts {
  std::uint64_t connections_total = 0;
  std::uint64_t connections_open = 0;
  std::uint64_t requests_total = 0;           // Given to a worker.
  std::uint64_t requests_running = 0;         // With a worker or waiting for one.
  std::uint64_t refused_malformed_total = 0;  // 400, 408, 413, 414, 417, 431, 501, 505.
  std::uint64_t refused_overload_total = 0;   // 503: the queue or the connection limit.
};

// The front door (RFC 9110, RFC 9112). One I/O thread reads and writes for everybody and never
// waits; handlers run on `workers` threads. Whatever a client does slowly (half a head, a dripping
// body, an answer it does not read) holds a socket and nothing else. One request of a connection is
// with a handler at a time, so pipelined requests are answered in order. A request that breaks the
// protocol or a limit is answered with a problem body, then the connection is closed. Threads:
// every member from any thread, except that start() comes first, once.
class Server {
 public:
  Server(ServerSettings settings, Handler handler);
  ~Server();  // drain(now)
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens and begins to serve. `unavailable` names address and port when they are taken.
  Status start();
  int port() const;

  // No new connections; idle ones are closed, every answer from now on closes its connection.
  void stop_accepting();
  // stop_accepting(), then waits until everything that has begun to arrive is answered. At the
  // deadline the rest is cut off; a handler that still runs is waited for, its answer is dropped.
  // True when nothing was cut. Ends the server.
  bool drain(Deadline deadline);

  ServerCounts counts() const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

// Raises the limit of open files to the hard one; the limit now in force. Call once, at start.
std::size_t raise_open_file_limit();

}  // namespace underpin::facade::http
