// What a stranger may send to the door over a real socket, and the problem he is answered with.
#include "facade/http/server.h"
#include "tests/unit/http/raw_client.h"

#include <gmock/gmock.h>

#include <atomic>
#include <ostream>
#include <string>
#include <vector>

namespace underpin::facade::http::test {
namespace {

struct Door {
  explicit Door(ServerSettings settings = small())
      : server(settings, [this](const Request& request) {
          ++handled;
          Response response;
          response.body = request.method + " " + request.path + " " + request.body;
          return response;
        }) {
    const Status started = server.start();
    EXPECT_TRUE(started.has_value()) << (started ? "" : started.error().message);
  }
  static ServerSettings small() {
    ServerSettings settings;
    settings.workers = 2;
    settings.header_limit_bytes = 2'000;
    settings.target_limit_bytes = 500;
    settings.body_limit_bytes = 1'000;
    return settings;
  }
  std::atomic<int> handled{0};
  Server server;
};

struct Refused {
  const char* name;
  std::string bytes;
  int status;
  const char* slug;
  friend std::ostream& operator<<(std::ostream& to, const Refused& each) { return to << each.name; }
};

class Protocol : public testing::TestWithParam<Refused> {};

TEST_P(Protocol, AnswersWithAProblemClosesAndCallsNoHandler) {
  Door door;
  RawClient client(door.server.port());
  ASSERT_TRUE(client.send(GetParam().bytes));
  const Answered answer = client.read();
  expect_problem(answer, GetParam().status, GetParam().slug);
  EXPECT_EQ(answer.headers.get("Connection"), "close");
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(door.handled, 0);
  EXPECT_EQ(door.server.counts().refused_malformed_total, 1U);
}

std::string post(const std::string& fields, const std::string& body) {
  return "POST /v1/orders HTTP/1.1\r\nHost: door\r\n" + fields + "\r\n" + body;
}

std::vector<Refused> refused() {
  const std::string host = "Host: door\r\n";
  std::vector<Refused> cases{
      {"Garbage", "\x16\x03\x01\x02", 400, "malformed"},
      {"NoVersion", "GET /\r\n" + host + "\r\n", 400, "malformed"},
      {"BadVersion", "GET / HTTP/one\r\n" + host + "\r\n", 400, "malformed"},
      {"Version2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "unsupported-version"},
      {"TwoBlanks", "GET  / HTTP/1.1\r\n" + host + "\r\n", 400, "malformed"},
      {"BareLineFeeds", "GET / HTTP/1.1\nHost: door\n\n", 400, "malformed"},
      {"NoHost", "GET / HTTP/1.1\r\n\r\n", 400, "malformed"},
      {"TwoHosts", "GET / HTTP/1.1\r\n" + host + host + "\r\n", 400, "malformed"},
      {"BlankBeforeColon", "GET / HTTP/1.1\r\n" + host + "A : b\r\n\r\n", 400, "malformed"},
      {"NoColon", "GET / HTTP/1.1\r\n" + host + "nonsense\r\n\r\n", 400, "malformed"},
      {"FoldedField", "GET / HTTP/1.1\r\n" + host + "A: b\r\n c\r\n\r\n", 400, "malformed"},
      {"ControlCharacter", "GET / HTTP/1.1\r\n" + host + "A: b\x01\r\n\r\n", 400, "malformed"},
      {"RelativeTarget", "GET orders HTTP/1.1\r\n" + host + "\r\n", 400, "malformed"},
      {"Fragment", "GET /a#b HTTP/1.1\r\n" + host + "\r\n", 400, "malformed"},
      {"Tunnel", "CONNECT a:1 HTTP/1.1\r\n" + host + "\r\n", 400, "malformed"},
      {"BadQueryEscape", "GET /a?b=%zz HTTP/1.1\r\n" + host + "\r\n", 400, "malformed"},
      {"QueryNotUtf8", "GET /a?b=%ff HTTP/1.1\r\n" + host + "\r\n", 400, "malformed"},
      {"LengthNoNumber", post("Content-Length: x\r\n", ""), 400, "malformed"},
      {"LengthNegative", post("Content-Length: -1\r\n", ""), 400, "malformed"},
      {"LengthSigned", post("Content-Length: +1\r\n", "a"), 400, "malformed"},
      {"LengthOverflow", post("Content-Length: 18446744073709551617\r\n", "a"), 400, "malformed"},
      {"LengthList", post("Content-Length: 1, 1\r\n", "a"), 400, "malformed"},
      {"TwoLengths", post("Content-Length: 1\r\nContent-Length: 2\r\n", "a"), 400, "malformed"},
      {"TwoEqualLengths", post("Content-Length: 1\r\nContent-Length: 1\r\n", "a"), 400,
       "malformed"},
      {"LengthThenChunked",
       post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400, "malformed"},
      {"ChunkedThenLength",
       post("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", "0\r\n\r\n"), 400, "malformed"},
      {"LengthAndGzip", post("Content-Length: 1\r\nTransfer-Encoding: gzip\r\n", "a"), 400,
       "malformed"},
      {"OtherEncoding", post("Transfer-Encoding: gzip\r\n", ""), 501, "unsupported-encoding"},
      {"TwoEncodings", post("Transfer-Encoding: gzip, chunked\r\n", ""), 501,
       "unsupported-encoding"},
      {"BadChunkSize", post("Transfer-Encoding: chunked\r\n", "x\r\n"), 400, "malformed"},
      {"ChunkTooShort", post("Transfer-Encoding: chunked\r\n", "2\r\nabc\r\n0\r\n\r\n"), 400,
       "malformed"},
      {"ChunkSizeOverflow", post("Transfer-Encoding: chunked\r\n", "11111111111111111\r\n"), 400,
       "malformed"},
      {"EndlessChunkLine", post("Transfer-Encoding: chunked\r\n", "1;" + std::string(3'000, 'a')),
       400, "malformed"},
      {"ChunkedInHttp10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
       "malformed"},
      {"AnnouncedBodyTooLarge", post("Content-Length: 1001\r\n", ""), 413, "body-too-large"},
      {"AnnouncedTooLargeExpectsToBeAsked",
       post("Content-Length: 1001\r\nExpect: 100-continue\r\n", ""), 413, "body-too-large"},
      {"ChunkedBodyTooLarge",
       post("Transfer-Encoding: chunked\r\n",
            "258\r\n" + std::string(600, 'a') + "\r\n258\r\n" + std::string(600, 'b') + "\r\n"),
       413, "body-too-large"},
      {"TargetTooLong", get("/" + std::string(500, 'a')), 414, "target-too-long"},
      {"TargetTooLongWithoutEnd", "GET /" + std::string(3'000, 'a'), 414, "target-too-long"},
      {"HeadTooLarge", get("/", "A: " + std::string(2'000, 'a') + "\r\n"), 431, "head-too-large"},
      {"HeadTooLargeWithoutEnd", "GET / HTTP/1.1\r\nHost: door\r\nA: " + std::string(3'000, 'a'),
       431, "head-too-large"},
      {"OtherExpectation", get("/", "Expect: miracles\r\n"), 417, "expectation-failed"},
  };
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Refused, Protocol, testing::ValuesIn(refused()),
                         [](const auto& each) { return std::string(each.param.name); });

TEST(Door, AnswersAHeadThatTakesTooLongWith408) {
  ServerSettings settings = Door::small();
  settings.head_timeout_ms = 50;
  Door door(settings);
  RawClient client(door.server.port());
  ASSERT_TRUE(client.send("GET / HTT"));
  expect_problem(client.read(), 408, "request-timeout");
  EXPECT_TRUE(client.ended());
}

TEST(Door, AnswersABodyThatTakesTooLongWith408) {
  ServerSettings settings = Door::small();
  settings.body_timeout_ms = 50;
  Door door(settings);
  RawClient client(door.server.port());
  ASSERT_TRUE(client.send(post("Content-Length: 10\r\n", "12345")));
  expect_problem(client.read(), 408, "request-timeout");
  EXPECT_TRUE(client.ended());
}

TEST(Door, AnswersARequestThatEndsEarlyWith400) {
  Door door;
  RawClient client(door.server.port());
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nHo"));
  client.finish_sending();
  expect_problem(client.read(), 400, "malformed");
}

TEST(Door, AnswersAnOversizedUploadAlthoughItIsStillBeingSent) {
  Door door;
  RawClient client(door.server.port());
  const std::string body(4'000'000, 'a');
  client.send(post("Content-Length: 4000000\r\n", ""));
  client.send(body);  // May end early: the door does not have to take it all.
  expect_problem(client.read(), 413, "body-too-large");
}

TEST(Door, AnswersGoodRequestsBeforeABadOneInOrder) {
  Door door;
  RawClient client(door.server.port());
  ASSERT_TRUE(client.send(get("/a") + get("/b") + "nonsense\r\n\r\n"));
  EXPECT_EQ(client.read().body, "GET /a ");
  EXPECT_EQ(client.read().body, "GET /b ");
  expect_problem(client.read(), 400, "malformed");
  EXPECT_TRUE(client.ended());
}

TEST(Door, AsksForABodyThatWaitsToBeAskedFor) {
  Door door;
  RawClient client(door.server.port());
  ASSERT_TRUE(client.send(post("Content-Length: 2\r\nExpect: 100-continue\r\n", "")));
  EXPECT_EQ(client.read().status, 100);
  ASSERT_TRUE(client.send("ab"));
  EXPECT_EQ(client.read().body, "POST /v1/orders ab");
}

TEST(Door, ReadsChunksCutAnywhereAndDropsTrailers) {
  Door door;
  RawClient client(door.server.port());
  const std::string bytes =
      post("Transfer-Encoding: chunked\r\n",
           "3;note=\"x\"\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Late: 1\r\n\r\n");
  for (const char byte : bytes) ASSERT_TRUE(client.send(std::string_view(&byte, 1)));
  EXPECT_EQ(client.read().body, "POST /v1/orders abc0123456789");
  ASSERT_TRUE(client.send(get("/next")));
  EXPECT_EQ(client.read().body, "GET /next ");
}

TEST(Door, AcceptsABodyOfExactlyTheLimit) {
  Door door;
  RawClient client(door.server.port());
  ASSERT_TRUE(client.send(post("Content-Length: 1000\r\n", std::string(1'000, 'a'))));
  EXPECT_EQ(client.read().status, 200);
}

TEST(Door, SpeaksHttp10AndClosesUnlessAskedToKeep) {
  Door door;
  RawClient client(door.server.port());
  ASSERT_TRUE(client.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  const Answered kept = client.read();
  EXPECT_EQ(kept.body, "GET /a ");
  EXPECT_EQ(kept.headers.get("Connection"), "keep-alive");
  ASSERT_TRUE(client.send("GET /b HTTP/1.0\r\n\r\n"));
  const Answered last = client.read();
  EXPECT_EQ(last.body, "GET /b ");
  EXPECT_EQ(last.headers.get("Connection"), "close");
  EXPECT_TRUE(client.ended());
}

TEST(Door, ClosesAfterConnectionClose) {
  Door door;
  RawClient client(door.server.port());
  ASSERT_TRUE(client.send(get("/", "Connection: close\r\n") + get("/never")));
  EXPECT_EQ(client.read().status, 200);
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(door.handled, 1);
}

TEST(Door, AnswersHeadWithTheLengthAndNoBody) {
  Door door;
  RawClient client(door.server.port());
  ASSERT_TRUE(client.send("HEAD /a HTTP/1.1\r\nHost: door\r\n\r\n" + get("/b")));
  const Answered answer = client.read(true);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.get("Content-Length"), "8");
  EXPECT_EQ(client.read().body, "GET /b ");
}

TEST(Door, StampsEveryAnswerWithADate) {
  Door door;
  RawClient client(door.server.port());
  ASSERT_TRUE(client.send(get("/")));
  EXPECT_THAT(std::string(client.read().headers.get("Date")),
              testing::MatchesRegex("[A-Z][a-z][a-z], [0-9][0-9] [A-Z][a-z][a-z] [0-9][0-9][0-9]"
                                    "[0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9] GMT"));
}

}  // namespace
}  // namespace underpin::facade::http::test
