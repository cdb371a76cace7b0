#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace underpin::transport {

// One accepted connection of the test server; everything it does is spelled out by the test.
class Peer {
 public:
  Peer(int descriptor, std::function<void()> before_close)
      : descriptor_(descriptor), before_close_(std::move(before_close)) {}
  ~Peer() { close(); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  int descriptor() const { return descriptor_; }
  void close() {
    if (descriptor_ < 0) return;
    before_close_();
    ::close(descriptor_);
    descriptor_ = -1;
  }
  // RST instead of FIN.
  void reset() {
    const linger hard{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close();
  }
  bool send(const std::string& text) {
    return ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
  }
  // A whole request by its Content-Length; empty when the client has gone.
  std::string read_request() {
    while (true) {
      const std::size_t end = buffer_.find("\r\n\r\n");
      if (end != std::string::npos) {
        std::size_t length = 0;
        const std::size_t at = buffer_.find("Content-Length: ");
        if (at != std::string::npos && at < end) length = std::stoul(buffer_.substr(at + 16));
        if (buffer_.size() >= end + 4 + length) {
          std::string request = buffer_.substr(0, end + 4 + length);
          buffer_.erase(0, request.size());
          return request;
        }
      }
      if (!more()) return {};
    }
  }
  // Blocks until the client closes.
  void await_end() {
    while (more()) buffer_.clear();
  }

 private:
  bool more() {
    char bytes[4096];
    const ssize_t count = ::recv(descriptor_, bytes, sizeof bytes, 0);
    if (count > 0) buffer_.append(bytes, static_cast<std::size_t>(count));
    return count > 0;
  }
  int descriptor_;
  std::function<void()> before_close_;
  std::string buffer_;
};

// Listens on a free loopback port; `serve(peer, n)` runs for the n-th connection, on its own
// thread.
class RawServer {
 public:
  using Serve = std::function<void(Peer& peer, int connection)>;
  explicit RawServer(Serve serve) : serve_(std::move(serve)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
        ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0)
      throw std::runtime_error("no loopback port");
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept(); });
  }
  ~RawServer() {
    stopping_ = true;
    acceptor_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const int descriptor : open_) ::shutdown(descriptor, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
    ::close(listener_);
  }
  int port() const { return port_; }
  std::string url(const std::string& target = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + target;
  }
  int connections() const { return connections_; }

 private:
  void accept() {
    while (!stopping_) {
      pollfd waited{listener_, POLLIN, 0};
      if (::poll(&waited, 1, 20) <= 0) continue;
      const int descriptor = ::accept(listener_, nullptr, nullptr);
      if (descriptor < 0) continue;
      const int number = connections_++;
      {
        const std::lock_guard lock(mutex_);
        open_.push_back(descriptor);
      }
      threads_.emplace_back([this, descriptor, number] {
        Peer peer(descriptor, [this, descriptor] {
          const std::lock_guard lock(mutex_);
          std::erase(open_, descriptor);
        });
        serve_(peer, number);
      });
    }
  }
  Serve serve_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  std::vector<int> open_;
  std::thread acceptor_;
  std::vector<std::thread> threads_;
};

}  // namespace underpin::transport
