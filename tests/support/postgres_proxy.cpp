#include "tests/support/postgres_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <optional>
#include <stdexcept>

namespace underpin::test {
namespace {

bool send_all(int to, const std::string& bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t sent = ::send(to, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    at += static_cast<std::size_t>(sent);
  }
  return true;
}

// What there is to read; nothing: the end.
std::optional<std::string> received(int from) {
  std::string bytes(64 * 1024, '\0');
  const ssize_t got = ::recv(from, bytes.data(), bytes.size(), 0);
  if (got <= 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(got));
  return bytes;
}

int connected(const std::string& socket) {
  const int server = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket.c_str(), sizeof(address.sun_path) - 1);
  if (::connect(server, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) return server;
  ::close(server);
  return -1;
}

bool commits(const std::string& request) { return request.find("COMMIT") != std::string::npos; }

}  // namespace

struct PostgresProxy::Session {
  int client = -1;
  int server = -1;
  std::string piece;  // Of a rule: the transaction holds such a statement.
};

PostgresProxy::PostgresProxy(std::string socket) : socket_(std::move(socket)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    throw std::runtime_error("the proxy cannot listen");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

PostgresProxy::~PostgresProxy() {
  ending_ = true;
  acceptor_.join();
  ::close(listener_);
  await_late_commits();
  for (std::thread& one : threads_) one.join();
}

void PostgresProxy::accept_all() {
  while (!ending_) {
    pollfd waiting{listener_, POLLIN, 0};
    if (::poll(&waiting, 1, 50) <= 0) continue;
    const int client = ::accept(listener_, nullptr, nullptr);
    if (client < 0) continue;
    threads_.emplace_back([this, client] {
      Session session{client, connected(socket_), {}};
      if (session.server >= 0) serve(session);
      ::close(client);
      if (session.server >= 0) ::close(session.server);
    });
  }
}

void PostgresProxy::serve(Session& session) {
  while (!ending_) {
    pollfd both[2] = {{session.client, POLLIN, 0}, {session.server, POLLIN, 0}};
    if (::poll(both, 2, 50) <= 0) continue;
    if (both[1].revents != 0) {
      const auto answer = received(session.server);
      if (!answer || !send_all(session.client, *answer)) return;
    }
    if (both[0].revents != 0) {
      const auto request = received(session.client);
      if (!request || !forward(session, *request)) return;
    }
  }
}

std::string PostgresProxy::seen_in(const std::string& request) {
  const std::lock_guard lock(mutex_);
  for (const auto& [piece, rule] : rules_)
    if (request.find(piece) != std::string::npos) return piece;
  return {};
}

bool PostgresProxy::take(const std::string& piece, bool at_commit, Rule& rule) {
  const std::lock_guard lock(mutex_);
  const auto found = rules_.find(piece);
  if (found == rules_.end()) return false;
  const Fault fault = found->second.fault;
  if ((fault != Fault::cut_before && fault != Fault::call) != at_commit) return false;
  rule = found->second;
  rules_.erase(found);
  return true;
}

// False: the session is over.
bool PostgresProxy::forward(Session& session, const std::string& request) {
  Rule rule;
  if (const std::string piece = seen_in(request); !piece.empty()) {
    session.piece = piece;
    if (take(piece, false, rule)) {
      if (rule.fault == Fault::cut_before) return false;
      rule.hook();
    }
  }
  if (!commits(request)) return send_all(session.server, request);
  if (session.piece.empty() || !take(session.piece, true, rule)) {
    session.piece.clear();
    return send_all(session.server, request);
  }
  session.piece.clear();
  switch (rule.fault) {
    case Fault::commit_late:
      late(session.server, request, rule.delay_ms);
      session.server = -1;
      return false;
    case Fault::cut_after:
      if (send_all(session.server, request)) (void)received(session.server);
      return false;
    case Fault::commit_slow:
      std::this_thread::sleep_for(std::chrono::milliseconds(rule.delay_ms));
      return send_all(session.server, request);
    default:
      return false;
  }
}

void PostgresProxy::late(int server, std::string request, int delay_ms) {
  {
    const std::lock_guard lock(mutex_);
    ++late_;
  }
  // The client is cut off before; `serve` closes it when this returns, so it must not wait here.
  std::thread([this, server, bytes = std::move(request), delay_ms] {
    std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));
    if (send_all(server, bytes)) (void)received(server);
    ::close(server);
    const std::lock_guard lock(mutex_);
    --late_;
    changed_.notify_all();
  }).detach();
}

void PostgresProxy::arm(const std::string& piece, Rule rule) {
  const std::lock_guard lock(mutex_);
  rules_[piece] = std::move(rule);
}

void PostgresProxy::disarm() {
  const std::lock_guard lock(mutex_);
  rules_.clear();
}

void PostgresProxy::await_late_commits() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::seconds(20), [&] { return late_ == 0; });
}

}  // namespace underpin::test
