#include "transport/http_client.h"

#include "raw_server.h"

#include <gtest/gtest.h>

#include <future>

namespace underpin::transport {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

CallContext within(int ms) {
  CallContext context;
  context.correlation_id = CorrelationId("corr-1");
  context.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  context.deadline = steady_clock::now() + milliseconds(ms);
  return context;
}

HttpRequest post(const std::string& url) { return {"POST", url, {}, "{}"}; }
HttpRequest get(const std::string& url) { return {"GET", url}; }

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// Answers every request of every connection with `answer`.
RawServer::Serve always(const std::string& answer) {
  return [answer](Peer& peer, int) {
    while (!peer.read_request().empty()) peer.send(answer);
  };
}

ErrorCode code_of(const Result<HttpResponse>& result) {
  EXPECT_FALSE(result.has_value());
  return result ? ErrorCode::internal : result.error().code;
}

TEST(HttpClient, SendsMethodTargetHeadersBodyAndTraceOfTheCall) {
  std::promise<std::string> seen;
  RawServer server([&](Peer& peer, int) {
    seen.set_value(peer.read_request());
    peer.send(ok);
  });
  HttpClient client({});
  HttpRequest request{"PATCH", server.url("/a%20b?x=1"), {{"If-Match", "W/\"1\""}}, "{\"a\":1}"};
  const Result<HttpResponse> answer = client.send(request, within(5000));
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "ok");
  const std::string text = seen.get_future().get();
  EXPECT_EQ(text.rfind("PATCH /a%20b?x=1 HTTP/1.1\r\n", 0), 0u) << text;
  EXPECT_NE(text.find("If-Match: W/\"1\"\r\n"), std::string::npos);
  EXPECT_NE(text.find("traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"),
            std::string::npos);
  EXPECT_NE(text.find("X-Correlation-Id: corr-1\r\n"), std::string::npos);
  EXPECT_NE(text.find("Host: 127.0.0.1:"), std::string::npos);
  EXPECT_EQ(text.substr(text.size() - 7), "{\"a\":1}");
}

TEST(HttpClient, UsesOneConnectionForManyCalls) {
  RawServer server(always(ok));
  HttpClient client({});
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(client.send(post(server.url()), within(5000)));
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(client.idle_connections(), 1u);
}

TEST(HttpClient, DoesNotReuseAConnectionThatIsIdleForTooLong) {
  RawServer server(always(ok));
  ClientSettings settings;
  settings.idle_limit_ms = 0;
  HttpClient client(settings);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(client.send(get(server.url()), within(5000)));
  EXPECT_EQ(server.connections(), 3);
}

TEST(HttpClient, KeepsNoMoreIdleConnectionsThanThePoolHolds) {
  RawServer server(always(ok));
  ClientSettings settings;
  settings.pool_size = 2;
  HttpClient client(settings);
  std::vector<std::future<bool>> calls;
  for (int i = 0; i < 8; ++i)
    calls.push_back(std::async(std::launch::async, [&] {
      return client.send(get(server.url()), within(5000)).has_value();
    }));
  for (std::future<bool>& call : calls) EXPECT_TRUE(call.get());
  EXPECT_LE(client.idle_connections(), 2u);
}

TEST(HttpClient, CutsABodyThatDripsAtTheDeadline) {
  RawServer server([](Peer& peer, int) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    while (peer.send("x")) std::this_thread::sleep_for(milliseconds(20));
  });
  HttpClient client({});
  const auto begun = steady_clock::now();
  EXPECT_EQ(code_of(client.send(post(server.url()), within(300))), ErrorCode::outcome_unknown);
  EXPECT_EQ(code_of(client.send(get(server.url()), within(300))), ErrorCode::unavailable);
  const auto took = steady_clock::now() - begun;
  EXPECT_GE(took, milliseconds(600));
  EXPECT_LT(took, milliseconds(3000));
}

TEST(HttpClient, CutsAHeadThatDripsAtTheDeadline) {
  RawServer server([](Peer& peer, int) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nX-Slow: ");
    while (peer.send("x")) std::this_thread::sleep_for(milliseconds(20));
  });
  HttpClient client({});
  const auto begun = steady_clock::now();
  EXPECT_EQ(code_of(client.send(post(server.url()), within(300))), ErrorCode::outcome_unknown);
  EXPECT_LT(steady_clock::now() - begun, milliseconds(2500));
}

TEST(HttpClient, SaysUnavailableWhenTheDeadlineHasPassedBeforeSending) {
  RawServer server(always(ok));
  HttpClient client({});
  EXPECT_EQ(code_of(client.send(post(server.url()), within(-1))), ErrorCode::unavailable);
  ASSERT_TRUE(client.send(post(server.url()), within(5000)));  // Now with a pooled connection.
  EXPECT_EQ(code_of(client.send(post(server.url()), within(-1))), ErrorCode::unavailable);
}

TEST(HttpClient, SaysUnavailableWhenNobodyListens) {
  int port = 0;
  {
    RawServer gone(always(ok));
    port = gone.port();
  }
  HttpClient client({});
  EXPECT_EQ(
      code_of(client.send(post("http://127.0.0.1:" + std::to_string(port) + "/"), within(2000))),
      ErrorCode::unavailable);
  EXPECT_EQ(code_of(client.send(post("http://no-such-host.invalid/"), within(2000))),
            ErrorCode::unavailable);
}

TEST(HttpClient, SaysUnavailableWhenTlsFailsSinceNothingWasSent) {
  RawServer server([](Peer& peer, int) { peer.send("this is no TLS\r\n\r\n"); });
  HttpClient client({});
  EXPECT_EQ(code_of(client.send(post("https://127.0.0.1:" + std::to_string(server.port()) + "/"),
                                within(2000))),
            ErrorCode::unavailable);
}

TEST(HttpClient, ResolvesNames) {
  RawServer server(always(ok));
  HttpClient client({});
  const auto answer =
      client.send(get("http://localhost:" + std::to_string(server.port()) + "/"), within(5000));
  EXPECT_TRUE(answer.has_value()) << answer.error().message;
}

TEST(HttpClient, SaysOutcomeUnknownWhenTheServerClosesAfterTheRequest) {
  RawServer server([](Peer& peer, int) { peer.read_request(); });
  HttpClient client({});
  EXPECT_EQ(code_of(client.send(post(server.url()), within(2000))), ErrorCode::outcome_unknown);
  EXPECT_EQ(code_of(client.send({"DELETE", server.url()}, within(2000))),
            ErrorCode::outcome_unknown);
  EXPECT_EQ(code_of(client.send(get(server.url()), within(2000))), ErrorCode::unavailable);
  HttpRequest reading = post(server.url());
  reading.read_only = true;
  EXPECT_EQ(code_of(client.send(reading, within(2000))), ErrorCode::unavailable);
  EXPECT_EQ(server.connections(), 4) << "nothing may be sent twice";
}

TEST(HttpClient, SaysOutcomeUnknownWhenTheServerResetsAfterTheRequest) {
  RawServer server([](Peer& peer, int) {
    peer.read_request();
    peer.reset();
  });
  HttpClient client({});
  EXPECT_EQ(code_of(client.send(post(server.url()), within(2000))), ErrorCode::outcome_unknown);
}

TEST(HttpClient, ReplacesAPooledConnectionThatTheServerHasClosed) {
  std::promise<void> closed;
  RawServer server([&](Peer& peer, int connection) {
    peer.read_request();
    peer.send(ok);
    if (connection == 0) {
      peer.close();
      closed.set_value();
      return;
    }
    while (!peer.read_request().empty()) peer.send(ok);
  });
  HttpClient client({});
  ASSERT_TRUE(client.send(post(server.url()), within(2000)));
  closed.get_future().get();
  const auto second = client.send(post(server.url()), within(2000));
  EXPECT_TRUE(second.has_value()) << "staleness is seen before a POST is written";
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClient, DoesNotReuseAConnectionOnWhichTheServerSpokeUnasked) {
  RawServer server([](Peer& peer, int) {
    while (!peer.read_request().empty()) peer.send(ok + "HTTP/1.1 500 Surprise\r\n\r\n");
  });
  HttpClient client({});
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.send(get(server.url()), within(2000));
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->status, 200);
  }
}

// The server takes the second request of its first connection and dies without an answer.
RawServer::Serve dies_on_the_second() {
  return [](Peer& peer, int connection) {
    peer.read_request();
    peer.send(ok);
    if (peer.read_request().empty()) return;
    if (connection > 0) peer.send(ok);
  };
}

TEST(HttpClient, RepeatsOnlyAReadOnAPooledConnectionThatDies) {
  {
    RawServer server(dies_on_the_second());
    HttpClient client({});
    ASSERT_TRUE(client.send(get(server.url()), within(2000)));
    EXPECT_TRUE(client.send(get(server.url()), within(2000)).has_value());
    EXPECT_EQ(server.connections(), 2);
  }
  RawServer server(dies_on_the_second());
  HttpClient client({});
  ASSERT_TRUE(client.send(get(server.url()), within(2000)));
  EXPECT_EQ(code_of(client.send(post(server.url()), within(2000))), ErrorCode::outcome_unknown);
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, RefusesAResponseBeyondTheLimit) {
  const std::string body(2000, 'x');
  const std::string sized = "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + body;
  const std::string chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + body + "\r\n0\r\n\r\n";
  const std::string endless = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body;
  for (const std::string& answer : {sized, chunked, endless}) {
    RawServer server([&](Peer& peer, int) {
      peer.read_request();
      peer.send(answer);
    });
    ClientSettings settings;
    settings.response_limit_bytes = 1999;
    HttpClient small(settings);
    EXPECT_EQ(code_of(small.send(post(server.url()), within(2000))), ErrorCode::outcome_unknown);
    settings.response_limit_bytes = 2000;
    HttpClient large(settings);
    const auto whole = large.send(get(server.url()), within(2000));
    ASSERT_TRUE(whole.has_value()) << whole.error().message;
    EXPECT_EQ(whole->body, body);
  }
}

TEST(HttpClient, ReadsChunksInterimAnswersAndAnswersWithoutABody) {
  RawServer server([](Peer& peer, int connection) {
    static const std::vector<std::string> answers{
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n"
        "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"};
    for (const std::string& answer : answers) {
      if (peer.read_request().empty()) return;
      peer.send(answer);
    }
    EXPECT_EQ(connection, 0);
    peer.await_end();
  });
  HttpClient client({});
  const auto chunked = client.send(get(server.url()), within(2000));
  ASSERT_TRUE(chunked.has_value()) << chunked.error().message;
  EXPECT_EQ(chunked->body, "abc0123456789");
  EXPECT_EQ(client.send(post(server.url()), within(2000))->status, 204);
  const auto moved = client.send(get(server.url()), within(2000));
  EXPECT_EQ(moved->status, 302) << "redirects are not followed";
  EXPECT_EQ(*moved->header("location"), "/b");
}

TEST(HttpClient, TakesNoMalformedOrCutResponseForAnAnswer) {
  const std::vector<std::string> answers{
      "",
      "HTTP/1.1",
      "HTTP/2 200 OK\r\n\r\n",
      "HTTP/1.1 abc OK\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "nonsense\r\n\r\n",
      "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
      "HTTP/1.1 200 OK\r\n folded: 1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n"
      "0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
      "HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\n\r\n"};
  for (const std::string& answer : answers) {
    RawServer server([&](Peer& peer, int) {
      peer.read_request();
      peer.send(answer);
    });
    HttpClient client({});
    EXPECT_EQ(code_of(client.send(post(server.url()), within(2000))), ErrorCode::outcome_unknown)
        << answer.substr(0, 80);
    EXPECT_EQ(code_of(client.send(get(server.url()), within(2000))), ErrorCode::unavailable)
        << answer.substr(0, 80);
    EXPECT_EQ(client.idle_connections(), 0u);
  }
}

TEST(HttpClient, ReadsARefusalThatComesBeforeTheRequestIsComplete) {
  RawServer server([](Peer& peer, int) {
    peer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    ::shutdown(peer.descriptor(), SHUT_WR);
    peer.await_end();
  });
  HttpClient client({});
  const auto answer =
      client.send({"POST", server.url(), {}, std::string(4'000'000, 'x')}, within(5000));
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer->status, 413);
}

TEST(HttpClient, RefusesRequestsThatAreNotWellFormed) {
  HttpClient client({});
  for (const char* url : {"ftp://host/", "http:///x", "http://host:99999/", "http://host:/",
                          "http://user@host/", "http://host/a b", "host/", "http://[::1/"})
    EXPECT_EQ(code_of(client.send(get(url), within(1000))), ErrorCode::invalid_request) << url;
  HttpRequest injected = get("http://127.0.0.1:1/");
  injected.headers.push_back({"X", "a\r\nEvil: 1"});
  EXPECT_EQ(code_of(client.send(injected, within(1000))), ErrorCode::invalid_request);
  injected.headers = {{"Content-Length", "5"}};
  EXPECT_EQ(code_of(client.send(injected, within(1000))), ErrorCode::invalid_request);
}

TEST(HttpClient, WritesBasicCredentialsAsTheStandardDoes) {
  EXPECT_EQ(basic_authorization("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(basic_authorization("", ""), "Basic Og==");
  EXPECT_EQ(basic_authorization("a", "b"), "Basic YTpi");
}

}  // namespace
}  // namespace underpin::transport
