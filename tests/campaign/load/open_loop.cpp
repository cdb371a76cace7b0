// Sends prepared HTTP requests at their times, whether or not earlier ones were answered.
//
//   open_loop REQUESTS PORT...     REQUESTS: for each request a line "at_us server kind length",
//   then
//                                  `length` bytes as they go to the wire; ascending by at_us
//
// Prints "begun NANOSECONDS" (steady clock) when it begins, and in the end a line for each request:
// "at_us sent_us done_us status kind", microseconds since then; status 0: no answer. A request that
// finds no idle connection to its server opens one. One thread.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Request {
  std::int64_t at_us = 0;
  std::size_t server = 0;
  std::string kind;
  std::string bytes;
  std::int64_t sent_us = -1;
  std::int64_t done_us = -1;
  int status = 0;
};

struct Connection {
  int socket = -1;
  std::size_t server = 0;
  Request* current = nullptr;
  std::size_t written = 0;
  std::string answer;
};

class Load {
 public:
  Load(std::vector<Request> requests, std::vector<int> ports)
      : requests_(std::move(requests)), ports_(std::move(ports)), idle_(ports_.size()) {
    poll_ = ::epoll_create1(0);
  }

  void run() {
    begun_ = Clock::now();
    std::printf("begun %lld\n", static_cast<long long>(begun_.time_since_epoch().count()));
    std::fflush(stdout);
    std::size_t next = 0;
    constexpr std::int64_t patience_us = 30'000'000;
    while (next < requests_.size() ||
           (open_ > 0 && now_us() < requests_.back().at_us + patience_us)) {
      while (next < requests_.size() && requests_[next].at_us <= now_us()) send(requests_[next++]);
      std::int64_t wait_ms = 100;
      if (next < requests_.size())
        wait_ms = std::clamp<std::int64_t>((requests_[next].at_us - now_us()) / 1000, 0, 100);
      std::array<epoll_event, 64> events{};
      const int count = ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()),
                                     static_cast<int>(wait_ms));
      for (int i = 0; i < count; ++i)
        serve(*static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr));
    }
  }

  void print() const {
    for (const Request& one : requests_) {
      std::printf("%lld %lld %lld %d %s\n", static_cast<long long>(one.at_us),
                  static_cast<long long>(one.sent_us), static_cast<long long>(one.done_us),
                  one.status, one.kind.c_str());
    }
  }

 private:
  std::int64_t now_us() const {
    return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun_).count();
  }

  Connection* connected(std::size_t server) {
    auto& idle = idle_[server];
    if (!idle.empty()) {
      Connection* const found = idle.back();
      idle.pop_back();
      return found;
    }
    auto made = std::make_unique<Connection>();
    made->server = server;
    made->socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(ports_[server]));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // Loopback: connected at once, or refused at once.
    if (::connect(made->socket, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
      ::close(made->socket);
      return nullptr;
    }
    const int on = 1;
    ::setsockopt(made->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::fcntl(made->socket, F_SETFL, O_NONBLOCK);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = made.get();
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, made->socket, &event);
    connections_.push_back(std::move(made));
    return connections_.back().get();
  }

  void send(Request& request) {
    Connection* const connection = connected(request.server);
    request.sent_us = now_us();
    if (connection == nullptr) return;
    ++open_;
    connection->current = &request;
    connection->written = 0;
    connection->answer.clear();
    serve(*connection);
  }

  void serve(Connection& connection) {
    if (connection.socket < 0) return;
    if (connection.current != nullptr) {
      const std::string& bytes = connection.current->bytes;
      while (connection.written < bytes.size()) {
        const ssize_t count = ::send(connection.socket, bytes.data() + connection.written,
                                     bytes.size() - connection.written, MSG_NOSIGNAL);
        if (count < 0 && errno == EAGAIN) break;
        if (count <= 0) return drop(connection);
        connection.written += static_cast<std::size_t>(count);
      }
    }
    std::array<char, 16'384> buffer{};
    while (true) {
      const ssize_t count = ::recv(connection.socket, buffer.data(), buffer.size(), 0);
      if (count < 0 && errno == EAGAIN) return;
      if (count <= 0) return drop(connection);
      connection.answer.append(buffer.data(), static_cast<std::size_t>(count));
      if (connection.current != nullptr && whole(connection.answer)) finish(connection);
    }
  }

  static bool whole(const std::string& answer) {
    const std::size_t head = answer.find("\r\n\r\n");
    if (head == std::string::npos) return false;
    const std::size_t length = answer.find("Content-Length: ");
    if (length == std::string::npos || length > head) return true;
    const auto body = std::strtoull(answer.c_str() + length + 16, nullptr, 10);
    return answer.size() >= head + 4 + body;
  }

  void finish(Connection& connection) {
    Request& request = *connection.current;
    request.done_us = now_us();
    request.status = std::atoi(connection.answer.c_str() + sizeof "HTTP/1.1");
    if (request.status >= 300) {
      std::fprintf(stderr, "%s: %s\n", request.kind.c_str(),
                   connection.answer.substr(0, 1'000).c_str());
    }
    const bool closes = connection.answer.find("Connection: close") != std::string::npos;
    connection.current = nullptr;
    connection.answer.clear();
    --open_;
    if (closes) return drop(connection);
    idle_[connection.server].push_back(&connection);
  }

  void drop(Connection& connection) {
    ::close(connection.socket);
    connection.socket = -1;
    auto& idle = idle_[connection.server];
    idle.erase(std::remove(idle.begin(), idle.end(), &connection), idle.end());
    if (connection.current != nullptr) --open_;
    connection.current = nullptr;
  }

  std::vector<Request> requests_;
  const std::vector<int> ports_;
  std::vector<std::vector<Connection*>> idle_;
  std::vector<std::unique_ptr<Connection>> connections_;
  Clock::time_point begun_{};
  int poll_ = -1;
  int open_ = 0;
};

std::vector<Request> read(const char* file) {
  std::vector<Request> requests;
  std::ifstream stream(file, std::ios::binary);
  std::string line;
  while (std::getline(stream, line)) {
    std::istringstream words(line);
    Request request;
    std::size_t length = 0;
    words >> request.at_us >> request.server >> request.kind >> length;
    request.bytes.resize(length);
    stream.read(request.bytes.data(), static_cast<std::streamsize>(length));
    requests.push_back(std::move(request));
  }
  return requests;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "open_loop REQUESTS PORT...\n");
    return 2;
  }
  std::vector<int> ports;
  for (int i = 2; i < argc; ++i) ports.push_back(std::atoi(argv[i]));
  std::vector<Request> requests = read(argv[1]);
  if (requests.empty()) {
    std::fprintf(stderr, "%s holds no requests\n", argv[1]);
    return 2;
  }
  for (const Request& one : requests) {
    if (one.server >= ports.size()) {
      std::fprintf(stderr, "a request names server %zu\n", one.server);
      return 2;
    }
  }
  Load load(std::move(requests), std::move(ports));
  load.run();
  load.print();
  return 0;
}
