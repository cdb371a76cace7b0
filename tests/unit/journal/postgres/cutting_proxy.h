#pragma once

#include <gtest/gtest.h>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace underpin::facade::journal {

// Stands between a journal and its server, on Unix sockets, and cuts the line at the next COMMIT of
// a group: before the server hears it, or after it has obeyed and before the journal hears that.
class CuttingProxy {
 public:
  enum class Cut { none, before_commit, after_commit };

  CuttingProxy(std::string folder, const std::string& server_folder)
      : folder_(std::move(folder)), server_(server_folder + "/.s.PGSQL.5432") {
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = address_of(folder_ + "/.s.PGSQL.5432");
    EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 16), 0);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~CuttingProxy() {
    stopping_ = true;
    acceptor_.join();
    for (std::thread& line : lines_) line.join();
    ::close(listener_);
  }
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  void cut_next(Cut cut) { cut_ = cut; }
  int cuts() const { return cuts_; }

 private:
  static sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
  }

  void accept_all() {
    while (!stopping_) {
      pollfd wanted{listener_, POLLIN, 0};
      if (::poll(&wanted, 1, 50) <= 0) continue;
      const int client = ::accept(listener_, nullptr, nullptr);
      if (client >= 0) lines_.emplace_back([this, client] { carry(client); });
    }
  }

  void carry(int client) {
    const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = address_of(server_);
    bool open = ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    bool last_answer = false;
    while (open && !stopping_) {
      std::array<pollfd, 2> ends{pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
      if (::poll(ends.data(), ends.size(), 50) <= 0) continue;
      std::array<char, 65'536> bytes{};
      if (ends[1].revents != 0) {
        const ssize_t got = ::read(server, bytes.data(), bytes.size());
        if (last_answer) break;  // It has obeyed; nobody is told.
        open = got > 0 && send_all(client, {bytes.data(), static_cast<std::size_t>(got)});
      } else {
        const ssize_t got = ::read(client, bytes.data(), bytes.size());
        if (got <= 0) break;
        const std::string_view said(bytes.data(), static_cast<std::size_t>(got));
        if (cut_ != Cut::none && said.find("COMMIT") != std::string_view::npos) {
          const Cut how = cut_.exchange(Cut::none);
          ++cuts_;
          if (how == Cut::before_commit) break;
          last_answer = true;
        }
        open = send_all(server, said);
      }
    }
    ::close(client);
    ::close(server);
  }

  static bool send_all(int to, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  const std::string folder_;
  const std::string server_;
  int listener_ = -1;
  std::atomic<bool> stopping_{false};
  std::atomic<Cut> cut_{Cut::none};
  std::atomic<int> cuts_{0};
  std::vector<std::thread> lines_;  // The acceptor's, then the destructor's.
  std::thread acceptor_;
};

}  // namespace underpin::facade::journal
