#pragma once

#include "facade/http/message.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace underpin::facade::http::test {

struct Answered {
  int status = 0;
  Headers headers;
  std::string body;
  std::string status_line;
};

// A plain socket: sends exactly what it is told. Every wait ends after `patience`.
class RawClient {
 public:
  static constexpr std::chrono::seconds patience{20};

  explicit RawClient(int port, int receive_buffer = 0) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer > 0)
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ =
        socket_ >= 0 && ::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  }
  ~RawClient() { close(); }
  RawClient(RawClient&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)),
        connected_(other.connected_),
        buffer_(std::move(other.buffer_)) {}
  RawClient& operator=(RawClient&&) = delete;

  bool connected() const { return connected_; }
  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  void finish_sending() { ::shutdown(socket_, SHUT_WR); }

  // False when the other side has closed before everything was taken.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // One answer. Without a status: the connection ended or nothing came.
  Answered read(bool head_request = false) {
    Answered answer;
    std::size_t end = std::string::npos;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
      if (!receive()) return answer;
    std::string_view head = std::string_view(buffer_).substr(0, end + 2);
    while (!head.empty()) {
      const std::size_t line_end = head.find("\r\n");
      const std::string_view line = head.substr(0, line_end);
      head.remove_prefix(line_end + 2);
      const std::size_t colon = line.find(": ");
      if (answer.status_line.empty()) {
        answer.status_line = line;
      } else if (colon != std::string_view::npos) {
        answer.headers.add(std::string(line.substr(0, colon)), std::string(line.substr(colon + 2)));
      }
    }
    const int status = std::stoi(answer.status_line.substr(9, 3));
    buffer_.erase(0, end + 4);
    const std::string* length = answer.headers.find("Content-Length");
    const std::size_t size = length && !head_request ? std::stoul(*length) : 0;
    while (buffer_.size() < size)
      if (!receive()) return answer;
    answer.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    answer.status = status;
    return answer;
  }

  // True when the server ends the connection without a further byte.
  bool ended() { return buffer_.empty() && !receive() && ended_; }

 private:
  bool receive() {
    pollfd waiting{socket_, POLLIN, 0};
    const int ready =
        ::poll(&waiting, 1, static_cast<int>(std::chrono::milliseconds(patience).count()));
    if (ready <= 0) return false;
    char bytes[16'384];
    const ssize_t size = ::recv(socket_, bytes, sizeof bytes, 0);
    ended_ = size == 0;
    if (size <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(size));
    return true;
  }

  int socket_ = -1;
  bool connected_ = false;
  bool ended_ = false;
  std::string buffer_;
};

inline std::string get(std::string_view target, std::string_view fields = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: door\r\n" + std::string(fields) +
         "\r\n";
}

inline void expect_problem(const Answered& answer, int status, std::string_view slug) {
  EXPECT_EQ(answer.status, status) << answer.status_line << "\n" << answer.body;
  EXPECT_EQ(answer.headers.get("Content-Type"), "application/problem+json");
  const std::string start =
      "{\"type\":\"urn:underpin:problem:" + std::string(slug) + "\",\"title\":";
  EXPECT_EQ(answer.body.substr(0, start.size()), start);
  EXPECT_NE(answer.body.find("\"status\":" + std::to_string(status)), std::string::npos);
  EXPECT_NE(answer.body.find("\"detail\":\""), std::string::npos);
  EXPECT_FALSE(answer.headers.get("X-Correlation-Id").empty());
  EXPECT_EQ(answer.headers.get("traceparent").size(), 55U);
}

}  // namespace underpin::facade::http::test
