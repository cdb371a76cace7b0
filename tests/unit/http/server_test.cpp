// The door under load and at its end: what one client does slowly must not be felt by another.
#include "facade/http/server.h"

#include "facade/http/worker_pool.h"
#include "tests/unit/http/raw_client.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace underpin::facade::http::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Deadline in(milliseconds time) { return std::chrono::steady_clock::now() + time; }

// A handler that waits until the test opens it; "/free" passes at once.
class Gate {
 public:
  Response pass(const Request& request) {
    if (request.path != "/free") {
      std::unique_lock lock(mutex_);
      ++inside_;
      changed_.notify_all();
      EXPECT_TRUE(changed_.wait_for(lock, seconds(20), [&] { return open_; }));
    }
    Response response;
    response.body = request.path;
    return response;
  }
  bool wait_for_inside(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, seconds(20), [&] { return inside_ >= count; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int inside_ = 0;
  bool open_ = false;
};

// Waits, with a deadline, for something that only shows in a snapshot.
template <class Condition>
bool eventually(Condition&& condition) {
  const Deadline deadline = in(seconds(20));
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return true;
}

Response echo(const Request& request) {
  Response response;
  response.body = request.target;
  return response;
}

ServerSettings with_workers(int workers, std::size_t queue = 256) {
  ServerSettings settings;
  settings.workers = workers;
  settings.queue_limit = queue;
  return settings;
}

TEST(Server, UsesOneConnectionForManyRequests) {
  Server server(with_workers(2), echo);
  ASSERT_TRUE(server.start().has_value());
  RawClient client(server.port());
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(client.send(get("/" + std::to_string(i))));
    ASSERT_EQ(client.read().body, "/" + std::to_string(i));
  }
  EXPECT_EQ(server.counts().connections_total, 1U);
  EXPECT_EQ(server.counts().requests_total, 200U);
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  Server server(with_workers(8), [](const Request& request) {
    // The earlier a request, the longer it would take on a worker of its own.
    if (request.target.back() == '0') std::this_thread::sleep_for(milliseconds(5));
    return echo(request);
  });
  ASSERT_TRUE(server.start().has_value());
  RawClient client(server.port());
  std::string all;
  for (int i = 0; i < 100; ++i) all += get("/" + std::to_string(i));
  ASSERT_TRUE(client.send(all));
  for (int i = 0; i < 100; ++i) ASSERT_EQ(client.read().body, "/" + std::to_string(i));
}

TEST(Server, AnswersOthersWhileTwoThousandRequestsAreHalfSent) {
  ASSERT_GE(raise_open_file_limit(), 4'100U);
  Server server(with_workers(4), echo);
  ASSERT_TRUE(server.start().has_value());
  std::vector<RawClient> half;
  half.reserve(2'000);
  for (int i = 0; i < 2'000; ++i) {
    half.emplace_back(server.port());
    ASSERT_TRUE(half.back().connected());
    ASSERT_TRUE(half.back().send(i % 2 == 0 ? "GET /half HTTP/1.1\r\nHo"
                                            : "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n"
                                              "\r\nhalf"));
  }
  ASSERT_TRUE(eventually([&] { return server.counts().connections_open >= 2'000; }));
  RawClient client(server.port());
  for (int i = 0; i < 100; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    ASSERT_TRUE(client.send(get("/" + std::to_string(i))));
    ASSERT_EQ(client.read().body, "/" + std::to_string(i));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(2));
  }
  // None of them was harmed either.
  ASSERT_TRUE(half[1'998].send("st: a\r\n\r\n"));
  EXPECT_EQ(half[1'998].read().body, "/half");
  ASSERT_TRUE(half[1'999].send("-full"));
  EXPECT_EQ(half[1'999].read().body, "/");
}

TEST(Server, DoesNotSpendAWorkerOnAClientThatDoesNotRead) {
  Server server(with_workers(1), [](const Request& request) {
    Response response = echo(request);
    if (request.path == "/large") response.body.assign(12'000'000, 'x');
    return response;
  });
  ASSERT_TRUE(server.start().has_value());
  RawClient slow(server.port(), 65'536);
  ASSERT_TRUE(slow.send(get("/large")));
  ASSERT_TRUE(eventually([&] { return server.counts().requests_total == 1; }));
  RawClient quick(server.port());
  ASSERT_TRUE(quick.send(get("/quick")));
  EXPECT_EQ(quick.read().body, "/quick");
  EXPECT_EQ(slow.read().body.size(), 12'000'000U);
}

TEST(Server, CutsOffAClientThatNeverReadsItsAnswer) {
  ServerSettings settings = with_workers(1);
  settings.write_timeout_ms = 100;
  Server server(settings, [](const Request&) {
    Response response;
    response.body.assign(32'000'000, 'x');
    return response;
  });
  ASSERT_TRUE(server.start().has_value());
  RawClient slow(server.port(), 4'096);
  ASSERT_TRUE(slow.send(get("/")));
  ASSERT_TRUE(eventually([&] { return server.counts().requests_total == 1; }));
  EXPECT_TRUE(eventually([&] { return server.counts().connections_open == 0; }));
}

TEST(Server, ClosesAnIdleConnectionWithoutAWord) {
  ServerSettings settings = with_workers(1);
  settings.idle_timeout_ms = 50;
  Server server(settings, echo);
  ASSERT_TRUE(server.start().has_value());
  RawClient client(server.port());
  ASSERT_TRUE(client.send(get("/")));
  EXPECT_EQ(client.read().status, 200);
  EXPECT_TRUE(client.ended());
}

TEST(Server, RefusesAtOnceWhenWorkersAndQueueAreFull) {
  Gate gate;
  Server server(with_workers(2, 3), [&](const Request& request) { return gate.pass(request); });
  ASSERT_TRUE(server.start().has_value());
  std::vector<RawClient> clients;
  for (int i = 0; i < 5; ++i) {
    clients.emplace_back(server.port());
    ASSERT_TRUE(clients.back().send(get("/held")));
  }
  ASSERT_TRUE(gate.wait_for_inside(2));
  ASSERT_TRUE(eventually([&] { return server.counts().requests_total == 5; }));
  RawClient refused(server.port());
  ASSERT_TRUE(refused.send(get("/one-too-many", "X-Correlation-Id: order-7\r\n")));
  const Answered answer = refused.read();
  expect_problem(answer, 503, "overloaded");
  EXPECT_EQ(answer.headers.get("Retry-After"), "1");
  EXPECT_EQ(answer.headers.get("X-Correlation-Id"), "order-7");
  gate.open();
  for (RawClient& client : clients) EXPECT_EQ(client.read().body, "/held");
  // The refused one may ask again on the same connection.
  ASSERT_TRUE(refused.send(get("/again")));
  EXPECT_EQ(refused.read().body, "/again");
}

TEST(Server, TellsAConnectionBeyondTheLimitThatThereAreTooMany) {
  ServerSettings settings = with_workers(1);
  settings.connection_limit = 3;
  Server server(settings, echo);
  ASSERT_TRUE(server.start().has_value());
  std::vector<RawClient> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back(server.port());
    ASSERT_TRUE(clients.back().send(get("/")));
    ASSERT_EQ(clients.back().read().status, 200);
  }
  RawClient refused(server.port());
  const Answered answer = refused.read();
  expect_problem(answer, 503, "overloaded");
  EXPECT_EQ(answer.headers.get("Retry-After"), "1");
  EXPECT_TRUE(refused.ended());
  refused.close();
  clients.pop_back();
  ASSERT_TRUE(eventually([&] { return server.counts().connections_open == 2; }));
  RawClient welcome(server.port());
  ASSERT_TRUE(welcome.send(get("/")));
  EXPECT_EQ(welcome.read().status, 200);
}

TEST(Server, AnswersAFaultOfTheHandlerWith500AndGoesOn) {
  Server server(with_workers(1), [](const Request& request) -> Response {
    if (request.path == "/fault") throw std::runtime_error("password of the database");
    if (request.path == "/number") throw 7;
    return echo(request);
  });
  ASSERT_TRUE(server.start().has_value());
  RawClient client(server.port());
  for (const std::string path : {"/fault", "/number"}) {
    ASSERT_TRUE(client.send(get(path)));
    const Answered answer = client.read();
    expect_problem(answer, 500, "internal");
    EXPECT_EQ(answer.body.find("database"), std::string::npos);
  }
  ASSERT_TRUE(client.send(get("/fine")));
  EXPECT_EQ(client.read().body, "/fine");
}

TEST(Server, NeverSendsAHeaderFieldThatWouldSplitTheAnswer) {
  Server server(with_workers(1), [](const Request& request) {
    Response response = echo(request);
    response.headers.add("Location", "/a\r\nSet-Cookie: b=c");
    return response;
  });
  ASSERT_TRUE(server.start().has_value());
  RawClient client(server.port());
  ASSERT_TRUE(client.send(get("/")));
  const Answered answer = client.read();
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.headers.find("Set-Cookie"), nullptr);
}

TEST(Server, TellsTheHandlerWhoIsCalling) {
  std::promise<Request> seen;
  Server server(with_workers(1), [&](const Request& request) {
    seen.set_value(request);
    return echo(request);
  });
  ASSERT_TRUE(server.start().has_value());
  RawClient client(server.port());
  ASSERT_TRUE(client.send(get("http://door/a%2Fb?x=1&y=a+b%20c", "X-One: 1\r\nx-one: 2\r\n")));
  ASSERT_EQ(client.read().status, 200);
  const Request request = seen.get_future().get();
  EXPECT_EQ(request.path, "/a%2Fb");
  ASSERT_NE(request.parameter("y"), nullptr);
  EXPECT_EQ(*request.parameter("y"), "a b c");
  EXPECT_EQ(request.headers.all("X-ONE").size(), 2U);
  EXPECT_EQ(request.remote.substr(0, 10), "127.0.0.1:");
}

TEST(Server, NamesThePortThatIsTaken) {
  Server first(with_workers(1), echo);
  ASSERT_TRUE(first.start().has_value());
  ServerSettings settings = with_workers(1);
  settings.port = first.port();
  Server second(settings, echo);
  const Status started = second.start();
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code, ErrorCode::unavailable);
  EXPECT_NE(started.error().message.find("127.0.0.1:" + std::to_string(first.port())),
            std::string::npos);
}

TEST(Server, RefusesAnAddressThatIsNone) {
  ServerSettings settings = with_workers(1);
  settings.address = "localhost";
  Server server(settings, echo);
  const Status started = server.start();
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code, ErrorCode::invalid_request);
}

TEST(Drain, AnswersWhatIsInFlightAndClosesTheIdle) {
  Gate gate;
  Server server(with_workers(2, 4), [&](const Request& request) { return gate.pass(request); });
  ASSERT_TRUE(server.start().has_value());
  RawClient idle(server.port());
  ASSERT_TRUE(idle.send(get("/free")));
  ASSERT_EQ(idle.read().status, 200);
  std::vector<RawClient> held;
  for (int i = 0; i < 4; ++i) {
    held.emplace_back(server.port());
    ASSERT_TRUE(held.back().send(get("/held")));
  }
  ASSERT_TRUE(eventually([&] { return server.counts().requests_total == 5; }));

  auto drained = std::async(std::launch::async, [&] { return server.drain(in(seconds(20))); });
  EXPECT_TRUE(idle.ended());
  idle.close();
  RawClient late(server.port());
  EXPECT_FALSE(late.connected());
  gate.open();
  for (RawClient& client : held) {
    const Answered answer = client.read();
    EXPECT_EQ(answer.body, "/held");
    EXPECT_EQ(answer.headers.get("Connection"), "close");
    EXPECT_TRUE(client.ended());
    client.close();
  }
  EXPECT_TRUE(drained.get());
}

TEST(Drain, AnswersABodyThatIsStillArriving) {
  Server server(with_workers(1), echo);
  ASSERT_TRUE(server.start().has_value());
  RawClient client(server.port());
  ASSERT_TRUE(
      client.send("POST /late HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
                  "Expect: 100-continue\r\n\r\n"));
  ASSERT_EQ(client.read().status, 100);  // Now the body is being waited for.
  auto drained = std::async(std::launch::async, [&] { return server.drain(in(seconds(20))); });
  ASSERT_TRUE(eventually([&] { return !RawClient(server.port()).connected(); }));
  ASSERT_TRUE(client.send("body"));
  EXPECT_EQ(client.read().body, "/late");
  client.close();
  EXPECT_TRUE(drained.get());
}

TEST(Drain, CutsOffAtTheDeadlineAndSaysSo) {
  Server server(with_workers(1), echo);
  ASSERT_TRUE(server.start().has_value());
  RawClient client(server.port());
  ASSERT_TRUE(
      client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
                  "Expect: 100-continue\r\n\r\n"));
  ASSERT_EQ(client.read().status, 100);
  EXPECT_FALSE(server.drain(in(milliseconds(50))));
  EXPECT_EQ(server.counts().connections_open, 0U);
  EXPECT_TRUE(server.drain(in(milliseconds(0))));  // Nothing is left to end.
}

TEST(Drain, DoesNotWaitLongForHeadsThatNeverEnd) {
  Server server(with_workers(1), echo);  // Its head timeout is ten seconds.
  ASSERT_TRUE(server.start().has_value());
  RawClient client(server.port());
  ASSERT_TRUE(client.send(get("/") + "GET / HT"));
  ASSERT_EQ(client.read().status, 200);
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_TRUE(server.drain(in(seconds(9))));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(8));
}

TEST(WorkerPool, KeepsNothingThatItRefuses) {
  WorkerPool pool(1, 1);
  std::promise<void> go;
  std::shared_future<void> gone(go.get_future());
  std::atomic<int> ran{0};
  const auto job = [&ran, gone] {
    gone.wait();
    ++ran;
  };
  EXPECT_TRUE(pool.try_run(job));
  EXPECT_TRUE(pool.try_run(job));
  EXPECT_FALSE(pool.try_run(job));
  go.set_value();
  EXPECT_TRUE(eventually([&] { return ran == 2; }));
  pool.stop();
  EXPECT_FALSE(pool.try_run(job));
  EXPECT_EQ(ran, 2);
}

}  // namespace
}  // namespace underpin::facade::http::test
