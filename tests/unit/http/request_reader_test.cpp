#include "facade/http/request_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace underpin::facade::http {
namespace {

using State = RequestReader::State;

const std::string order =
    "POST /v1/orders?x=%C3%A4 HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n"
    "Content-Length: 14\r\n\r\n{\"number\":\"1\"}";

TEST(RequestReader, ReadsTheSameWhereverTheBytesAreCut) {
  const std::string body = "{\"number\":\"1\"}";
  const std::string& bytes = order;
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    RequestReader reader({});
    reader.feed(std::string_view(bytes).substr(0, cut));
    EXPECT_EQ(reader.begun(), cut > 0);
    EXPECT_EQ(reader.state() == State::complete, cut == bytes.size()) << cut;
    reader.feed(std::string_view(bytes).substr(cut));
    ASSERT_EQ(reader.state(), State::complete) << cut;
    const Request request = reader.take();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/v1/orders?x=%C3%A4");
    EXPECT_EQ(request.path, "/v1/orders");
    ASSERT_EQ(request.query.size(), 1U);
    EXPECT_EQ(request.query[0].second, "\xC3\xA4");
    EXPECT_EQ(request.headers.get("content-type"), "application/json");
    EXPECT_EQ(request.body, body);
    EXPECT_TRUE(request.keep_alive);
    EXPECT_FALSE(reader.begun());
  }
}

TEST(RequestReader, GoesOnWithTheBytesBehindARequest) {
  RequestReader reader({});
  reader.feed("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3");
  EXPECT_EQ(reader.take().path, "/1");
  ASSERT_EQ(reader.state(), State::complete);
  EXPECT_EQ(reader.take().path, "/2");
  EXPECT_EQ(reader.state(), State::head);
  EXPECT_TRUE(reader.begun());
  reader.feed(" HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(reader.take().path, "/3");
  EXPECT_FALSE(reader.begun());
}

TEST(RequestReader, SkipsTheEmptyLinesOldClientsSendButNotForever) {
  RequestReader reader({});
  reader.feed("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(reader.state(), State::complete);
  RequestReader endless({});
  for (int i = 0; i < 10; ++i) endless.feed("\r\n");
  EXPECT_EQ(endless.state(), State::refused);
}

TEST(RequestReader, RefusesGarbageBeforeALineHasEnded) {
  RequestReader reader({});
  reader.feed("\x16\x03");
  ASSERT_EQ(reader.state(), State::refused);
  EXPECT_EQ(reader.refusal().status, 400);
  reader.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(reader.state(), State::refused);
}

TEST(RequestReader, RefusesEachLimitExactlyWhenItIsPassed) {
  const auto state_of = [](const ReaderLimits& limits, const std::string& bytes) {
    RequestReader reader(limits);
    reader.feed(bytes);
    return reader.state();
  };
  const std::string head = "GET /123456789 HTTP/1.1\r\nHost: a\r\n\r\n";
  EXPECT_EQ(state_of({head.size(), 10, 0}, head), State::complete);
  EXPECT_EQ(state_of({head.size() - 1, 10, 0}, head), State::refused);
  EXPECT_EQ(state_of({head.size(), 9, 0}, head), State::refused);
  const std::string two = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab";
  EXPECT_EQ(state_of({1'000, 10, 2}, two), State::complete);
  EXPECT_EQ(state_of({1'000, 10, 1}, two), State::refused);
  const std::string chunked =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
      "chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n";
  EXPECT_EQ(state_of({1'000, 10, 2}, chunked), State::complete);
  EXPECT_EQ(state_of({1'000, 10, 1}, chunked), State::refused);
}

TEST(RequestReader, RefusesChunksThatAreMostlyExtensions) {
  RequestReader reader({1'000, 100, 1'000});
  reader.feed("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "1;e=" + std::string(500, 'x') + "\r\na\r\n";
  int sent = 0;
  while (reader.state() == State::body && sent < 1'000) {
    reader.feed(chunk);
    ++sent;
  }
  ASSERT_EQ(reader.state(), State::refused);
  EXPECT_EQ(reader.refusal().status, 413);
  EXPECT_LT(sent, 50);
}

TEST(RequestReader, ReadsALastChunkAndItsTrailerInAnyPieces) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string body : {"0\r\n\r\n", "0\r\nX: y\r\n\r\n", "1\r\na\r\n0\r\n\r\n"}) {
    for (std::size_t piece = 1; piece <= body.size(); ++piece) {
      RequestReader reader({});
      reader.feed(head);
      for (std::size_t at = 0; at < body.size(); at += piece) {
        ASSERT_EQ(reader.state(), State::body) << body << " after " << at;
        reader.feed(std::string_view(body).substr(at, piece));
      }
      EXPECT_EQ(reader.state(), State::complete) << body << " by " << piece;
    }
  }
}

TEST(RequestReader, KeepsTrailersFromChangingWhatTheHeadSaid) {
  RequestReader reader({});
  reader.feed(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
      "X-API-Key: stolen\r\n\r\n");
  ASSERT_EQ(reader.state(), State::complete);
  EXPECT_EQ(reader.take().headers.find("X-API-Key"), nullptr);
}

TEST(RequestReader, WantsToContinueOnceAndOnlyWhenTheBodyIsMissing) {
  const std::string head =
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n";
  RequestReader waiting({});
  waiting.feed(head);
  EXPECT_TRUE(waiting.continue_due());
  EXPECT_FALSE(waiting.continue_due());
  RequestReader eager({});
  eager.feed(head + "a");
  EXPECT_FALSE(eager.continue_due());
  EXPECT_EQ(eager.state(), State::complete);
}

TEST(RequestReader, UnderstandsTheAbsoluteForm) {
  RequestReader reader({});
  reader.feed("GET http://shop:80?x=1 HTTP/1.1\r\nHost: shop:80\r\n\r\n");
  ASSERT_EQ(reader.state(), State::complete);
  const Request request = reader.take();
  EXPECT_EQ(request.path, "/");
  ASSERT_NE(request.parameter("x"), nullptr);
}

}  // namespace
}  // namespace underpin::facade::http
