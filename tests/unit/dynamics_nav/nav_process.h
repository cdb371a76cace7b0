#pragma once

#include "tests/unit/odbc/sample_database.h"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace underpin::legacy::dynamics_nav {

// The simulated NAV, as the process that the main job runs, with data of its own.
class NavProcess {
 public:
  NavProcess() {
    std::string pattern = (std::filesystem::temp_directory_path() / "nav-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    std::filesystem::create_directories(drop_folder());
    start();
  }
  ~NavProcess() {
    stop();
    std::filesystem::remove_all(folder_);
  }
  NavProcess(const NavProcess&) = delete;
  NavProcess& operator=(const NavProcess&) = delete;

  std::filesystem::path folder() const { return folder_; }
  std::filesystem::path drop_folder() const { return folder_ / "drop"; }
  int port() const { return port_; }

  std::shared_ptr<odbc::Database> database() const {
    odbc::Settings settings;
    settings.system = "nav";
    settings.connection_string = "Driver=" + odbc::SampleDatabase::driver() +
                                 ";Database=" + (folder_ / "data" / "nav.db").string();
    settings.portable_only = true;
    return std::make_shared<odbc::Database>(settings);
  }

  // The body of the answer to a control request; fails the test unless it is a success.
  std::string get(const std::string& path) { return ask("GET", path, {}); }
  std::string remove(const std::string& path) { return ask("DELETE", path, {}); }
  std::string post(const std::string& path, const std::string& body) {
    return ask("POST", path, body);
  }

 private:
  std::string ask(const std::string& method, const std::string& path, const std::string& body) {
    const std::string answer = exchange(method + " " + path +
                                        " HTTP/1.1\r\nHost: localhost\r\n"
                                        "Content-Type: application/json\r\nConnection: close\r\n"
                                        "Content-Length: " +
                                        std::to_string(body.size()) + "\r\n\r\n" + body);
    EXPECT_EQ(answer.substr(0, 11), "HTTP/1.1 20") << answer;
    const std::size_t end = answer.find("\r\n\r\n");
    return end == std::string::npos ? std::string() : answer.substr(end + 4);
  }

  void start() {
    int output[2] = {-1, -1};
    ASSERT_EQ(::pipe2(output, O_CLOEXEC), 0);
    const std::string script = std::string(UNDERPIN_SOURCE_DIR) + "/tests/simulators/nav/server.py";
    const std::string data = (folder_ / "data").string();
    const std::string drop = drop_folder().string();
    std::vector<const char*> arguments{
        UNDERPIN_PYTHON, script.c_str(),   "--port",     "0",    "--data",
        data.c_str(),    "--price-folder", drop.c_str(), nullptr};
    process_ = ::fork();
    ASSERT_GE(process_, 0);
    if (process_ == 0) {
      ::dup2(output[1], STDOUT_FILENO);
      ::execv(arguments[0], const_cast<char* const*>(arguments.data()));
      ::_exit(127);
    }
    ::close(output[1]);
    std::string text;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (text.find('\n') == std::string::npos && std::chrono::steady_clock::now() < end) {
      pollfd ready{output[0], POLLIN, 0};
      if (::poll(&ready, 1, 1'000) <= 0) continue;
      char buffer[256];
      const ssize_t count = ::read(output[0], buffer, sizeof buffer);
      if (count <= 0) break;
      text.append(buffer, static_cast<std::size_t>(count));
    }
    output_ = output[0];
    ASSERT_EQ(text.rfind("ready port=", 0), 0U) << "the simulated NAV did not start: " << text;
    port_ = std::stoi(text.substr(11));
  }

  void stop() {
    if (process_ > 0) {
      ::kill(process_, SIGTERM);
      ::waitpid(process_, nullptr, 0);
    }
    if (output_ >= 0) ::close(output_);
  }

  std::string exchange(const std::string& request) const {
    const int connection = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port_));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::string answer;
    timeval patience{20, 0};
    ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
        ::send(connection, request.data(), request.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(request.size())) {
      char buffer[4096];
      for (ssize_t count = ::recv(connection, buffer, sizeof buffer, 0); count > 0;
           count = ::recv(connection, buffer, sizeof buffer, 0)) {
        answer.append(buffer, static_cast<std::size_t>(count));
      }
    }
    ::close(connection);
    return answer;
  }

  std::filesystem::path folder_;
  pid_t process_ = -1;
  int output_ = -1;
  int port_ = 0;
};

}  // namespace underpin::legacy::dynamics_nav
