#include "facade/http/server.h"

#include "facade/http/headers.h"
#include "facade/http/problem.h"
#include "facade/http/request_reader.h"
#include "facade/http/wire_answer.h"
#include "facade/http/worker_pool.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

namespace underpin::facade::http {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using AsioError = boost::system::error_code;
using Time = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;

constexpr std::size_t read_size = 65'536;
constexpr std::size_t refused_connections_limit = 256;  // Beyond the limit, only to say 503.
constexpr milliseconds linger{1'000};
constexpr milliseconds head_grace_when_stopping{1'000};
constexpr milliseconds accept_pause{50};
constexpr int busy_retry_s = 1;

Response overloaded(std::string_view detail, std::string_view instance) {
  return problem(503, "overloaded", "Too busy", detail, instance, {},
                 {{"Retry-After", retry_after(busy_retry_s)}});
}

// What the door answers by itself can be found in a log, too.
void identify(Response& response, const Headers& request_headers) {
  response.headers.add("X-Correlation-Id", read_correlation_id(request_headers).text());
  response.headers.add("traceparent", read_trace_context(request_headers).traceparent);
}

}  // namespace

// Everything below `io` runs on the one I/O thread, so connections need no lock. Workers come in
// only by posting an answer.
class Server::Core {
 public:
  Core(ServerSettings given, Handler to) : settings(std::move(given)), handler(std::move(to)) {}
  ~Core() { drain(std::chrono::steady_clock::now()); }

  class Connection;

  Status start();
  void stop_accepting();
  bool drain(Deadline deadline);
  void accept_next();
  void accepted(tcp::socket socket);
  void accept_the_queued();
  void closed(const std::shared_ptr<Connection>& connection);
  Response run(const Request& request) const;

  const ServerSettings settings;
  const Handler handler;
  asio::io_context io{1};
  tcp::acceptor acceptor{io};
  asio::steady_timer accept_timer{io};
  std::unique_ptr<WorkerPool> workers;
  std::array<char, read_size> read_buffer{};  // One for all: only the I/O thread reads.
  std::unordered_set<std::shared_ptr<Connection>> connections;
  bool stopping = false;
  int port = 0;

  std::atomic<std::uint64_t> connections_total{0};
  std::atomic<std::uint64_t> connections_open{0};
  std::atomic<std::uint64_t> requests_total{0};
  std::atomic<std::uint64_t> requests_running{0};
  std::atomic<std::uint64_t> refused_malformed_total{0};
  std::atomic<std::uint64_t> refused_overload_total{0};

 private:
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_;
  std::thread thread_;
  std::atomic<bool> serving_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_accepting_ = false;
  std::mutex drain_mutex_;
};

class Server::Core::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Core& core, tcp::socket socket, std::string remote)
      : core_(core),
        socket_(std::move(socket)),
        timer_(core.io),
        remote_(std::move(remote)),
        reader_({core.settings.header_limit_bytes, core.settings.target_limit_bytes,
                 core.settings.body_limit_bytes}) {}

  void start() {
    become_idle();
    wait_for_bytes();
  }

  // Over the connection limit: nothing is read, but it is told why.
  void start_refused() {
    Response response = overloaded("There are too many connections.", "");
    identify(response, {});
    send(std::move(response), {.keep_alive = false});
  }

  // No further request; what has begun to arrive is still answered.
  void stop() {
    if (phase_ == Phase::idle) {
      close_gently();
    } else if (phase_ == Phase::head) {
      set_deadline(std::min(deadline_, in(head_grace_when_stopping)));
    }
  }

  void close() {
    if (phase_ == Phase::closed) return;
    phase_ = Phase::closed;
    AsioError ignored;
    socket_.close(ignored);
    timer_.cancel();
    core_.closed(shared_from_this());
  }

 private:
  // idle: no byte of a request yet. head, body: reading it. running: with a worker; nothing is
  // read. writing: sending the answer. lingering: our side is closed; what still comes is read and
  // thrown away, because closing with unread bytes would reset the connection and take the answer
  // with it.
  enum class Phase { idle, head, body, running, writing, lingering, closed };

  struct SendOptions {
    bool keep_alive = true;
    bool http_1_0 = false;
    bool without_body = false;  // HEAD
  };

  static Time in(milliseconds time) { return std::chrono::steady_clock::now() + time; }

  // ---- one deadline, whatever it is for
  // ---------------------------------------------------------- The timer is re-armed only for an
  // earlier time; when it fires too early, it looks again. A request costs no timer operation that
  // way.
  void set_deadline(Time deadline) {
    deadline_ = deadline;
    if (deadline_ < armed_for_) arm();
  }
  void arm() {
    armed_for_ = deadline_;
    timer_.expires_at(deadline_);
    timer_.async_wait([self = shared_from_this()](AsioError error) {
      if (!error) self->timer_fired();
    });
  }
  void timer_fired() {
    armed_for_ = Time::max();
    if (phase_ == Phase::closed || deadline_ == Time::max()) return;
    if (std::chrono::steady_clock::now() < deadline_) return arm();
    switch (phase_) {
      case Phase::head:
        return refuse({408, "request-timeout", "The request took too long",
                       "The head must be complete within " +
                           std::to_string(core_.settings.head_timeout_ms) + " ms."});
      case Phase::body:
        return refuse({408, "request-timeout", "The request took too long",
                       "The body must be complete within " +
                           std::to_string(core_.settings.body_timeout_ms) + " ms."});
      case Phase::idle:
        return close_gently();
      case Phase::running:
        return;
      case Phase::writing:
      case Phase::lingering:
      case Phase::closed:
        return close();
    }
  }

  // ---- reading
  // -----------------------------------------------------------------------------------
  void become_idle() {
    phase_ = Phase::idle;
    set_deadline(in(milliseconds(core_.settings.idle_timeout_ms)));
  }

  // Waits without a buffer: ten thousand waiting connections hold no memory for it.
  void wait_for_bytes() {
    if (waiting_for_bytes_) return;
    waiting_for_bytes_ = true;
    socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](AsioError error) {
      self->waiting_for_bytes_ = false;
      if (self->phase_ == Phase::closed) return;
      if (error) return self->close();
      self->read_some();
    });
  }

  void read_some() {
    if (phase_ == Phase::running || phase_ == Phase::writing) return;  // Read on when that is done.
    AsioError error;
    const std::size_t size = socket_.read_some(asio::buffer(core_.read_buffer), error);
    if (error == asio::error::would_block) return wait_for_bytes();
    if (error && error != asio::error::eof) return close();
    if (phase_ == Phase::lingering) return error ? close() : wait_for_bytes();
    if (error && phase_ == Phase::idle) return close();
    if (error) return refuse({400, "malformed", "The request is malformed", "It ends early."});
    reader_.feed({core_.read_buffer.data(), size});
    proceed();
  }

  void proceed() {
    switch (reader_.state()) {
      case RequestReader::State::refused:
        return refuse(reader_.refusal());
      case RequestReader::State::complete:
        return dispatch();
      case RequestReader::State::body:
        if (phase_ != Phase::body) {
          phase_ = Phase::body;
          set_deadline(in(milliseconds(core_.settings.body_timeout_ms)));
        }
        if (reader_.continue_due() && !say_continue()) return close();
        return wait_for_bytes();
      case RequestReader::State::head:
        if (!reader_.begun() && core_.stopping) return close_gently();
        if (reader_.begun() && phase_ == Phase::idle) {
          phase_ = Phase::head;
          set_deadline(in(milliseconds(core_.settings.head_timeout_ms)));
          if (core_.stopping) stop();
        }
        return wait_for_bytes();
    }
  }

  // 25 bytes. They fit unless the client leaves earlier answers unread, and then it gets no more.
  bool say_continue() {
    static constexpr std::string_view line = "HTTP/1.1 100 Continue\r\n\r\n";
    AsioError error;
    return socket_.write_some(asio::buffer(line.data(), line.size()), error) == line.size();
  }

  // ---- the handler
  // -------------------------------------------------------------------------------
  void dispatch() {
    phase_ = Phase::running;
    set_deadline(Time::max());
    auto request = std::make_shared<Request>(reader_.take());
    request->remote = remote_;
    const SendOptions options{request->keep_alive, request->version_minor == 0,
                              request->method == "HEAD"};
    core_.requests_running.fetch_add(1);
    // shared_ptr: a std::function is copied, a request must not be.
    const bool taken =
        core_.workers->try_run([self = shared_from_this(), request, options]() mutable {
          Core& core = self->core_;
          auto response = std::make_shared<Response>(core.run(*request));
          request.reset();
          // The connection goes along: its last owner must be the I/O thread.
          asio::post(core.io, [self = std::move(self), response, options] {
            self->core_.requests_running.fetch_sub(1);
            if (self->phase_ == Phase::running) self->send(std::move(*response), options);
          });
        });
    if (taken) {
      core_.requests_total.fetch_add(1);
      return;
    }
    core_.requests_running.fetch_sub(1);
    core_.refused_overload_total.fetch_add(1);
    Response response = overloaded("All workers are busy and the queue is full.", request->path);
    identify(response, request->headers);
    send(std::move(response), options);
  }

  void refuse(const Refusal& refusal) {
    core_.refused_malformed_total.fetch_add(1);
    Response response = problem(refusal.status, refusal.slug, refusal.title, refusal.detail);
    identify(response, {});
    send(std::move(response), {.keep_alive = false});
  }

  // ---- writing
  // -----------------------------------------------------------------------------------
  void send(Response response, SendOptions options) {
    if (!sendable(response)) {
      response = problem(500, "internal", "Internal error",
                         "The answer had a header field that cannot be sent.");
    }
    keep_alive_ = options.keep_alive && !core_.stopping;
    head_ = wire_head(response, keep_alive_, options.http_1_0, std::time(nullptr));
    body_ = options.without_body || !has_body(response.status) ? std::string()
                                                               : std::move(response.body);
    written_ = 0;
    phase_ = Phase::writing;
    set_deadline(in(milliseconds(core_.settings.write_timeout_ms)));
    write_some();
  }

  void write_some() {
    while (written_ < head_.size() + body_.size()) {
      const std::size_t of_head = std::min(written_, head_.size());
      const std::array<asio::const_buffer, 2> rest{asio::buffer(head_) + of_head,
                                                   asio::buffer(body_) + (written_ - of_head)};
      AsioError error;
      written_ += socket_.write_some(rest, error);
      if (error == asio::error::would_block) {
        socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](AsioError failed) {
          if (self->phase_ != Phase::writing) return;
          if (failed) return self->close();
          self->write_some();
        });
        return;
      }
      if (error) return close();
    }
    head_.clear();
    body_ = std::string();  // An idle connection keeps no large answer.
    if (!keep_alive_) return close_gently();
    become_idle();
    // A pipelined request goes through the queue of the loop: no recursion, and others get their
    // turn.
    asio::post(core_.io, [self = shared_from_this()] {
      if (self->phase_ == Phase::idle) self->proceed();
    });
  }

  void close_gently() {
    AsioError ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    phase_ = Phase::lingering;
    set_deadline(in(linger));
    wait_for_bytes();
  }

  Core& core_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  const std::string remote_;
  RequestReader reader_;
  Phase phase_ = Phase::idle;
  Time deadline_ = Time::max();
  Time armed_for_ = Time::max();
  bool waiting_for_bytes_ = false;
  bool keep_alive_ = true;
  std::string head_;
  std::string body_;
  std::size_t written_ = 0;
};

// The handler's text is for a log, not for a stranger.
Response Server::Core::run(const Request& request) const {
  try {
    return handler(request);
  } catch (...) {
    Response response = problem(500, "internal", "Internal error",
                                "The request could not be worked on.", request.path);
    identify(response, request.headers);
    return response;
  }
}

Status Server::Core::start() {
  const std::string where = settings.address + ":" + std::to_string(settings.port);
  AsioError error;
  const auto address = asio::ip::make_address(settings.address, error);
  if (error || settings.port < 0 || settings.port > 65'535) {
    return Error{ErrorCode::invalid_request,
                 where + " is not a numeric address with a port of 0 to 65535"};
  }
  const tcp::endpoint endpoint(address, static_cast<std::uint16_t>(settings.port));
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error) acceptor.non_blocking(true, error);
  if (error) {
    const std::string reason = error.message();
    AsioError ignored;
    acceptor.close(ignored);
    return Error{ErrorCode::unavailable, "cannot listen on " + where + ": " + reason};
  }
  port = acceptor.local_endpoint(error).port();
  workers = std::make_unique<WorkerPool>(settings.workers, settings.queue_limit);
  work_.emplace(io.get_executor());
  serving_ = true;
  accept_next();
  thread_ = std::thread([this] {
    while (true) {
      try {
        io.run();
        return;
      } catch (...) {
        // Out of memory for one connection: its deadline closes it, the others go on.
        continue;
      }
    }
  });
  return Done{};
}

void Server::Core::accept_next() {
  acceptor.async_accept([this](AsioError error, tcp::socket socket) {
    if (stopping) return;
    if (!error) {
      accepted(std::move(socket));
      return accept_next();
    }
    // Mostly: no file descriptor left. Those that are open go on, and give some back.
    accept_timer.expires_after(accept_pause);
    accept_timer.async_wait([this](AsioError cancelled) {
      if (!cancelled && !stopping) accept_next();
    });
  });
}

void Server::Core::accepted(tcp::socket socket) {
  AsioError error;
  const auto remote = socket.remote_endpoint(error);
  if (error) return;  // Gone already.
  socket.non_blocking(true, error);
  if (!error) socket.set_option(tcp::no_delay(true), error);
  if (error) return;
  const bool v6 = remote.address().is_v6();
  const std::string name = (v6 ? "[" : "") + remote.address().to_string() + (v6 ? "]:" : ":") +
                           std::to_string(remote.port());
  connections_total.fetch_add(1);
  const std::size_t open = connections.size();
  if (open >= settings.connection_limit) refused_overload_total.fetch_add(1);
  if (open >= settings.connection_limit + refused_connections_limit) return;
  auto connection = std::make_shared<Connection>(*this, std::move(socket), name);
  connections.insert(connection);
  connections_open.fetch_add(1);
  if (open >= settings.connection_limit) {
    connection->start_refused();
  } else {
    connection->start();
  }
}

// Connections that the kernel has completed before the listener closes would be reset with it.
void Server::Core::accept_the_queued() {
  AsioError error;
  while (!error) {
    tcp::socket socket(io);
    acceptor.accept(socket, error);
    if (!error) accepted(std::move(socket));
  }
}

void Server::Core::closed(const std::shared_ptr<Connection>& connection) {
  connections.erase(connection);
  const std::lock_guard lock(mutex_);
  connections_open.fetch_sub(1);
  changed_.notify_all();
}

void Server::Core::stop_accepting() {
  if (!serving_) return;
  asio::post(io, [this] {
    if (!stopping) {
      accept_the_queued();
      stopping = true;
      AsioError ignored;
      acceptor.close(ignored);
      accept_timer.cancel();
      const std::vector<std::shared_ptr<Connection>> all(connections.begin(), connections.end());
      for (const auto& connection : all) connection->stop();
    }
    const std::lock_guard lock(mutex_);
    stopped_accepting_ = true;
    changed_.notify_all();
  });
}

bool Server::Core::drain(Deadline deadline) {
  const std::lock_guard only_one(drain_mutex_);
  if (!serving_) return true;
  stop_accepting();
  bool clean = false;
  {
    std::unique_lock lock(mutex_);
    clean = changed_.wait_until(lock, deadline,
                                [&] { return stopped_accepting_ && connections_open.load() == 0; });
  }
  workers->stop();
  asio::post(io, [this] {
    const std::vector<std::shared_ptr<Connection>> all(connections.begin(), connections.end());
    for (const auto& connection : all) connection->close();
  });
  work_.reset();
  thread_.join();
  serving_ = false;
  return clean;
}

Server::Server(ServerSettings settings, Handler handler)
    : core_(std::make_unique<Core>(std::move(settings), std::move(handler))) {}
Server::~Server() = default;

Status Server::start() { return core_->start(); }
int Server::port() const { return core_->port; }
void Server::stop_accepting() { core_->stop_accepting(); }
bool Server::drain(Deadline deadline) { return core_->drain(deadline); }

ServerCounts Server::counts() const {
  ServerCounts counts;
  counts.connections_total = core_->connections_total.load();
  counts.connections_open = core_->connections_open.load();
  counts.requests_total = core_->requests_total.load();
  counts.requests_running = core_->requests_running.load();
  counts.refused_malformed_total = core_->refused_malformed_total.load();
  counts.refused_overload_total = core_->refused_overload_total.load();
  return counts;
}

}  // namespace underpin::facade::http
