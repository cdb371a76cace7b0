#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace underpin::test {

// Between an HTTP client and a server: what a network and a gateway in trouble do to a request, by
// a piece of its text.
class HttpProxy {
 public:
  enum class Fault {
    answer,        // The gateway answers with `status`; nothing arrives.
    answer_after,  // It arrives; the gateway answers with `status` all the same.
    cut_before,    // The connection ends when the request has been read; nothing arrives.
    cut_after,     // It arrives, its answer does not.
    late,          // The connection ends; the request arrives `delay_ms` later.
    slow,          // It arrives `delay_ms` later, and is answered.
    twice,         // It arrives twice; the second answer is given.
    call,          // `hook` runs before it arrives.
  };
  struct Rule {
    Fault fault = Fault::answer;
    int status = 0;
    int delay_ms = 0;
    std::function<void()> hook = {};
  };

  // `server`: a port of this machine. Each connection carries one request.
  explicit HttpProxy(int server);
  ~HttpProxy();
  HttpProxy(const HttpProxy&) = delete;
  HttpProxy& operator=(const HttpProxy&) = delete;

  int port() const { return port_; }
  // For the next `times` requests that hold `piece`.
  void arm(const std::string& piece, Rule rule, int times = 1);
  void disarm();
  // Until no request is on its way any more that nobody waits for.
  void await_late();

 private:
  void accept_all();
  void serve(int client);
  bool take(const std::string& request, Rule& rule);
  std::string forward(const std::string& request);

  const int server_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> ending_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::pair<Rule, int>> rules_;
  int late_ = 0;
  int open_ = 0;  // Connections, each on a thread of its own.
  std::thread acceptor_;
};

}  // namespace underpin::test
