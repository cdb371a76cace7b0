#include "tests/support/http_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>

namespace underpin::test {
namespace {

void send_all(int to, const std::string& bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t sent = ::send(to, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (sent <= 0) return;
    at += static_cast<std::size_t>(sent);
  }
}

bool receive(int from, std::string& bytes) {
  char buffer[16 * 1024];
  const ssize_t got = ::recv(from, buffer, sizeof(buffer), 0);
  if (got <= 0) return false;
  bytes.append(buffer, static_cast<std::size_t>(got));
  return true;
}

sockaddr_in local(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

std::size_t length_said(const std::string& head) {
  for (std::size_t at = 0; (at = head.find('\n', at)) != std::string::npos;) {
    ++at;
    if (::strncasecmp(head.c_str() + at, "Content-Length:", 15) == 0)
      return static_cast<std::size_t>(std::stoul(head.substr(at + 15)));
  }
  return 0;
}

// One whole request; empty: the client went away.
std::string request_from(int client) {
  std::string bytes;
  std::size_t end = std::string::npos;
  while ((end = bytes.find("\r\n\r\n")) == std::string::npos)
    if (!receive(client, bytes)) return {};
  const std::size_t whole = end + 4 + length_said(bytes.substr(0, end));
  while (bytes.size() < whole)
    if (!receive(client, bytes)) return {};
  return bytes;
}

std::string answer_of(int status) {
  return "HTTP/1.1 " + std::to_string(status) +
         " Said\r\nContent-Type: text/html\r\nContent-Length: 13\r\nConnection: close\r\n\r\n"
         "<html></html>";
}

void wait(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

}  // namespace

HttpProxy::HttpProxy(int server) : server_(server) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = local(0);
  socklen_t length = sizeof(address);
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    throw std::runtime_error("the proxy cannot listen");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

HttpProxy::~HttpProxy() {
  ending_ = true;
  acceptor_.join();
  ::close(listener_);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return open_ == 0; });
}

void HttpProxy::accept_all() {
  while (!ending_) {
    pollfd waiting{listener_, POLLIN, 0};
    if (::poll(&waiting, 1, 50) <= 0) continue;
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    {
      const std::lock_guard lock(mutex_);
      ++open_;
    }
    std::thread([this, client] {
      serve(client);
      const std::lock_guard lock(mutex_);
      --open_;
      changed_.notify_all();
    }).detach();
  }
}

bool HttpProxy::take(const std::string& request, Rule& rule) {
  const std::lock_guard lock(mutex_);
  for (auto one = rules_.begin(); one != rules_.end(); ++one) {
    if (request.find(one->first) == std::string::npos) continue;
    rule = one->second.first;
    if (rule.fault == Fault::late) ++late_;
    if (--one->second.second == 0) rules_.erase(one);
    return true;
  }
  return false;
}

std::string HttpProxy::forward(const std::string& request) {
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = local(server_);
  std::string answer;
  if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    send_all(server, request);
    while (receive(server, answer)) {  // The server ends the connection itself.
    }
  }
  ::close(server);
  return answer;
}

void HttpProxy::serve(int client) {
  const std::string request = request_from(client);
  Rule rule;
  if (request.empty()) {
    ::close(client);
    return;
  }
  std::string answer;
  if (!take(request, rule)) {
    answer = forward(request);
  } else if (rule.fault == Fault::answer) {
    answer = answer_of(rule.status);
  } else if (rule.fault == Fault::late) {
    ::close(client);
    wait(rule.delay_ms);
    (void)forward(request);
    const std::lock_guard lock(mutex_);
    --late_;
    changed_.notify_all();
    return;
  } else if (rule.fault != Fault::cut_before) {
    if (rule.fault == Fault::slow) wait(rule.delay_ms);
    if (rule.fault == Fault::call) rule.hook();
    if (rule.fault == Fault::twice) (void)forward(request);
    answer = forward(request);
    if (rule.fault == Fault::cut_after) answer.clear();
    if (rule.fault == Fault::answer_after) answer = answer_of(rule.status);
  }
  send_all(client, answer);
  ::close(client);
}

void HttpProxy::arm(const std::string& piece, Rule rule, int times) {
  const std::lock_guard lock(mutex_);
  rules_[piece] = {std::move(rule), times};
}

void HttpProxy::disarm() {
  const std::lock_guard lock(mutex_);
  rules_.clear();
}

void HttpProxy::await_late() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::seconds(20), [&] { return late_ == 0; });
}

}  // namespace underpin::test
