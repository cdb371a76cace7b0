#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace underpin::test {

// Between an ODBC driver and a PostgreSQL server: what a network and a server in trouble do to a
// transaction, by the text of one of its statements. Each fault happens once.
class PostgresProxy {
 public:
  enum class Fault {
    cut_before,     // The connection ends before the statement arrives.
    cut_at_commit,  // It ends instead of the commit.
    commit_late,    // It ends at the commit, which arrives `delay_ms` later.
    cut_after,      // The commit arrives, its answer does not.
    commit_slow,    // The commit arrives `delay_ms` later, and is answered.
    call,           // `hook` runs before the statement arrives.
  };
  struct Rule {
    Fault fault = Fault::cut_before;
    int delay_ms = 0;
    std::function<void()> hook = {};
  };

  // `socket`: the server's Unix socket.
  explicit PostgresProxy(std::string socket);
  ~PostgresProxy();
  PostgresProxy(const PostgresProxy&) = delete;
  PostgresProxy& operator=(const PostgresProxy&) = delete;

  int port() const { return port_; }
  // For the next transaction that holds a statement with `piece` in it.
  void arm(const std::string& piece, Rule rule);
  void disarm();
  // Until no commit is on its way any more.
  void await_late_commits();

 private:
  struct Session;
  void accept_all();
  void serve(Session& session);
  bool forward(Session& session, const std::string& request);
  std::string seen_in(const std::string& request);
  bool take(const std::string& piece, bool at_commit, Rule& rule);
  void late(int server, std::string request, int delay_ms);

  const std::string socket_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> ending_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Rule> rules_;
  int late_ = 0;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace underpin::test
