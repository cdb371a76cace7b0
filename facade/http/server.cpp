#include "facade/http/server.h"

#include "facade/http/problem.h"
#include "facade/http/router.h"
#include "facade/http/worker_pool.h"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <sys/resource.h>

#include <atomic>
#include <condition_variable>
#include <set>
#include <thread>

namespace underpin::facade::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using tcp = asio::ip::tcp;

std::optional<std::string_view> Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (beast::iequals(key, beast::string_view(name.data(), name.size()))) return value;
  return std::nullopt;
}

std::int64_t raise_open_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<std::int64_t>(limit.rlim_cur);
}

namespace {

class Session;

}  // namespace

struct Server::Running {
  Running(ServerSettings s, Handler h)
      : settings(std::move(s)),
        handler(std::move(h)),
        io(settings.io_threads),
        acceptor(asio::make_strand(io)),
        pool(settings.workers, settings.queue_limit) {}

  void accept();
  void session_ended() {
    const std::lock_guard lock(mutex);
    --connections;
    ended.notify_all();
  }

  const ServerSettings settings;
  const Handler handler;
  asio::io_context io;
  tcp::acceptor acceptor;
  WorkerPool pool;
  std::vector<std::thread> threads;
  std::atomic<bool> stopping{false};
  std::atomic<std::int64_t> requests{0};
  std::atomic<std::int64_t> refused_full{0};
  std::atomic<std::int64_t> refused_protocol{0};
  mutable std::mutex mutex;
  std::condition_variable ended;
  std::int64_t connections = 0;
  std::set<Session*> sessions;
  bool stopped = false;
  int port = 0;
};

namespace {

struct Refusal {
  int status;
  std::string_view slug;
  std::string_view title;
  std::string_view detail;
};

// What a parser error means to the one who sent the bytes.
Refusal refusal_for(const beast::error_code& error, bool head_done) {
  if (error == bhttp::error::header_limit)
    return {431, "header-too-large", "Request header fields too large",
            "The header section exceeds the limit."};
  if (error == bhttp::error::body_limit)
    return {413, "body-too-large", "Content too large", "The body exceeds the limit."};
  if (error == beast::error::timeout)
    return {408, "timeout", "Request timeout",
            head_done ? "The body did not arrive in time." : "The head did not arrive in time."};
  if (error == bhttp::error::bad_version)
    return {400, "malformed", "Malformed request", "The HTTP version is not 1.0 or 1.1."};
  if (error == bhttp::error::bad_transfer_encoding || error == bhttp::error::bad_chunk ||
      error == bhttp::error::bad_chunk_extension)
    return {400, "malformed", "Malformed request", "The transfer coding is malformed."};
  if (error == bhttp::error::bad_content_length)
    return {400, "malformed", "Malformed request", "Content-Length is malformed or repeated."};
  return {400, "malformed", "Malformed request", "The request cannot be parsed."};
}

// One connection. Everything runs on its strand, except the handler.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Server::Running& server, tcp::socket socket)
      : server_(server), stream_(std::move(socket)) {
    beast::error_code ignored;
    stream_.socket().set_option(tcp::no_delay(true), ignored);
    const auto remote = stream_.socket().remote_endpoint(ignored);
    if (!ignored) remote_ = remote.address().to_string() + ":" + std::to_string(remote.port());
  }

  ~Session() {
    {
      const std::lock_guard lock(server_.mutex);
      server_.sessions.erase(this);
    }
    server_.session_ended();
  }

  void start() {
    asio::dispatch(stream_.get_executor(), [self = shared_from_this()] { self->read_head(); });
  }

  // Closes when it is idle; a request in progress is still answered.
  void wind_down() {
    asio::post(stream_.get_executor(), [self = shared_from_this()] {
      self->closing_ = true;
      if (!self->busy_) self->close();
    });
  }
  void abort() {
    asio::post(stream_.get_executor(), [self = shared_from_this()] { self->close(); });
  }

 private:
  using Parser = bhttp::request_parser<bhttp::string_body>;

  void read_head() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(server_.settings.header_limit_bytes +
                                                     server_.settings.target_limit_bytes));
    parser_->body_limit(server_.settings.body_limit_bytes);
    // Between requests a connection may idle longer than a head may take.
    const bool fresh = buffer_.size() > 0 || first_;
    stream_.expires_after(std::chrono::milliseconds(fresh ? server_.settings.head_timeout_ms
                                                          : server_.settings.idle_timeout_ms));
    first_ = false;
    bhttp::async_read_header(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](beast::error_code error, std::size_t) {
          self->head_read(error);
        });
  }

  void head_read(beast::error_code error) {
    if (error == bhttp::error::end_of_stream) return close();
    if (error == beast::error::timeout && !parser_->got_some() && buffer_.size() == 0)
      return close();  // Nobody spoke: an idle connection just ends.
    if (error) return refuse(error, false);
    busy_ = true;
    const auto& head = parser_->get();
    if (head.target().size() > server_.settings.target_limit_bytes) {
      return refuse({414, "target-too-long", "URI too long", "The request target exceeds the limit."});
    }
    if (head.count(bhttp::field::transfer_encoding) != 0 &&
        head.count(bhttp::field::content_length) != 0) {
      return refuse({400, "malformed", "Malformed request",
                     "Transfer-Encoding and Content-Length exclude each other."});
    }
    if (head.version() == 11 && head.count(bhttp::field::host) != 1) {
      return refuse({400, "malformed", "Malformed request", "Exactly one Host header is required."});
    }
    if (head.target().empty() || head.target()[0] != '/') {
      return refuse({400, "malformed", "Malformed request", "The request target must be a path."});
    }
    if (parser_->content_length() &&
        *parser_->content_length() > server_.settings.body_limit_bytes) {
      return refuse({413, "body-too-large", "Content too large", "The body exceeds the limit."});
    }
    stream_.expires_after(std::chrono::milliseconds(server_.settings.body_timeout_ms));
    if (beast::iequals(head[bhttp::field::expect], "100-continue")) return send_continue();
    read_body();
  }

  void send_continue() {
    auto response = std::make_shared<bhttp::response<bhttp::empty_body>>(
        bhttp::status::continue_, parser_->get().version());
    bhttp::async_write(stream_, *response,
                       [self = shared_from_this(), response](beast::error_code error, std::size_t) {
                         if (error) return self->close();
                         self->read_body();
                       });
  }

  void read_body() {
    bhttp::async_read(stream_, buffer_, *parser_,
                      [self = shared_from_this()](beast::error_code error, std::size_t) {
                        if (error) return self->refuse(error, true);
                        self->handle();
                      });
  }

  void handle() {
    auto message = parser_->release();
    keep_alive_ = message.keep_alive() && !closing_;
    head_only_ = message.method() == bhttp::verb::head;
    version_ = message.version();
    auto request = std::make_shared<Request>();
    request->method = std::string(message.method_string());
    request->target = std::string(message.target());
    request->remote = remote_;
    for (const auto& field : message)
      request->headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    request->body = std::move(message.body());
    if (!split_target(request->target, request->path, request->query)) {
      return refuse({400, "malformed", "Malformed request", "The target's escapes are malformed."});
    }
    // A slow handler must not be cut off by the stream's own timer.
    stream_.expires_never();
    const bool taken = server_.pool.offer([self = shared_from_this(), request] {
      ++self->server_.requests;
      Response response;
      try {
        response = self->server_.handler(*request);
      } catch (const std::exception& thrown) {
        response = problem(500, "internal", "Internal error", thrown.what());
      } catch (...) {
        response = problem(500, "internal", "Internal error", "An unknown fault.");
      }
      auto shared = std::make_shared<Response>(std::move(response));
      asio::post(self->stream_.get_executor(), [self, shared] { self->write(*shared); });
    });
    if (taken) return;
    ++server_.refused_full;
    write(problem(503, "busy", "Too many requests are waiting",
                  "The queue is full; nothing was done. Try again.", {{"Retry-After", "1"}}));
  }

  void refuse(beast::error_code error, bool head_done) {
    // The peer is gone, or we are closing: nobody to answer.
    if (error == asio::error::operation_aborted || error == asio::error::connection_reset ||
        error == asio::error::eof)
      return close();
    if (error == bhttp::error::partial_message || error == bhttp::error::end_of_stream)
      return refuse({400, "malformed", "Malformed request", "The request ended too early."});
    refuse(refusal_for(error, head_done));
  }

  void refuse(const Refusal& refusal) {
    ++server_.refused_protocol;
    keep_alive_ = false;  // What follows in the stream cannot be trusted.
    version_ = 11;
    write(problem(refusal.status, refusal.slug, refusal.title, refusal.detail));
  }

  void write(const Response& response) {
    auto message = std::make_shared<bhttp::response<bhttp::string_body>>();
    message->version(version_);
    message->result(static_cast<unsigned>(response.status));
    for (const auto& [name, value] : response.headers) message->set(name, value);
    message->keep_alive(keep_alive_ && !closing_);
    if (head_only_) {
      message->content_length(response.body.size());
    } else {
      message->body() = response.body;
      message->prepare_payload();
    }
    stream_.expires_after(std::chrono::milliseconds(server_.settings.write_timeout_ms));
    bhttp::async_write(stream_, *message,
                       [self = shared_from_this(), message](beast::error_code error, std::size_t) {
                         self->written(error, message->keep_alive());
                       });
  }

  void written(beast::error_code error, bool stay) {
    busy_ = false;
    head_only_ = false;
    if (error) return close();
    if (stay && !closing_) return read_head();
    linger();
  }

  // Let the answer arrive: a close with unread bytes would reset the connection under it.
  void linger() {
    beast::error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    stream_.expires_after(std::chrono::milliseconds(500));
    drain();
  }
  void drain() {
    stream_.async_read_some(asio::buffer(scrap_), [self = shared_from_this()](
                                                      beast::error_code error, std::size_t n) {
      self->drained_ += n;
      if (error || self->drained_ > 1024 * 1024) return self->close();
      self->drain();
    });
  }

  void close() {
    beast::error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
    stream_.close();
  }

  Server::Running& server_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::string remote_;
  std::array<char, 4096> scrap_{};
  std::size_t drained_ = 0;
  unsigned version_ = 11;
  bool first_ = true;
  bool keep_alive_ = true;
  bool head_only_ = false;
  bool busy_ = false;
  bool closing_ = false;
};

}  // namespace

void Server::Running::accept() {
  acceptor.async_accept(asio::make_strand(io), [this](beast::error_code error,
                                                      tcp::socket socket) {
    if (stopping) return;
    if (!error) {
      bool room = false;
      {
        const std::lock_guard lock(mutex);
        room = connections < settings.connection_limit;
        if (room) ++connections;
      }
      if (room) {
        auto session = std::make_shared<Session>(*this, std::move(socket));
        {
          const std::lock_guard lock(mutex);
          sessions.insert(session.get());
        }
        session->start();
      } else {
        ++refused_full;  // The socket closes: there is no room even for an answer.
      }
    }
    accept();
  });
}

Server::Server(ServerSettings settings, Handler handler)
    : running_(std::make_unique<Running>(std::move(settings), std::move(handler))) {}

Server::~Server() { stop(0); }

Status Server::start() {
  Running& running = *running_;
  beast::error_code error;
  const auto address = asio::ip::make_address(running.settings.address, error);
  const std::string where =
      running.settings.address + ":" + std::to_string(running.settings.port);
  if (error) return Error{ErrorCode::invalid_request, where + " is not an address"};
  const tcp::endpoint endpoint(address, static_cast<unsigned short>(running.settings.port));
  running.acceptor.open(endpoint.protocol(), error);
  if (!error) running.acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) running.acceptor.bind(endpoint, error);
  if (!error) running.acceptor.listen(4096, error);
  if (error) {
    return Error{ErrorCode::unavailable, "cannot listen on " + where + ": " + error.message()};
  }
  running.port = running.acceptor.local_endpoint().port();
  running.accept();
  for (int i = 0; i < running.settings.io_threads; ++i)
    running.threads.emplace_back([&running] { running.io.run(); });
  return Done{};
}

int Server::port() const { return running_->port; }

ServerCounters Server::counters() const {
  const std::lock_guard lock(running_->mutex);
  return {running_->connections, running_->requests, running_->refused_full,
          running_->refused_protocol};
}

void Server::stop(std::int64_t grace_ms) {
  Running& running = *running_;
  {
    const std::lock_guard lock(running.mutex);
    if (running.stopped) return;
    running.stopped = true;
  }
  running.stopping = true;
  asio::post(running.acceptor.get_executor(), [&running] {
    beast::error_code ignored;
    running.acceptor.close(ignored);
  });
  const auto each = [&running](void (Session::*act)()) {
    const std::lock_guard lock(running.mutex);
    for (Session* session : running.sessions) {
      // A session that is just ending has no owner left to call it.
      if (const auto alive = session->weak_from_this().lock()) (alive.get()->*act)();
    }
  };
  if (!running.threads.empty()) {
    each(&Session::wind_down);
    {
      std::unique_lock lock(running.mutex);
      running.ended.wait_for(lock, std::chrono::milliseconds(grace_ms),
                             [&] { return running.connections == 0; });
    }
    each(&Session::abort);
    {
      std::unique_lock lock(running.mutex);
      running.ended.wait_for(lock, std::chrono::seconds(5),
                             [&] { return running.connections == 0; });
    }
  }
  running.pool.stop();
  running.io.stop();
  for (std::thread& thread : running.threads) thread.join();
  running.threads.clear();
}

}  // namespace underpin::facade::http
