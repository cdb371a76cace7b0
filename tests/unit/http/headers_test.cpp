#include "facade/http/headers.h"

#include <gmock/gmock.h>

namespace underpin::facade::http {
namespace {

using testing::ElementsAre;
using testing::MatchesRegex;

Headers with(std::string name, std::string value) {
  Headers headers;
  headers.add(std::move(name), std::move(value));
  return headers;
}

TEST(Headers, CompareNamesWithoutCaseAndListsByToken) {
  Headers headers = with("Connection", "Upgrade , keep-alive");
  headers.add("connection", "Close");
  EXPECT_TRUE(headers.lists("CONNECTION", "close"));
  EXPECT_TRUE(headers.lists("Connection", "keep-alive"));
  EXPECT_FALSE(headers.lists("Connection", "alive"));
  headers.set("CONNECTION", "x");
  EXPECT_EQ(headers.all("connection").size(), 1U);
  EXPECT_EQ(headers.get("missing"), "");
}

TEST(IdempotencyKey, IsTheSameQuotedOrNot) {
  for (const char* text : {"8e03978e-40d5", "\"8e03978e-40d5\""}) {
    const IdempotencyKeyHeader read = read_idempotency_key(with("idempotency-key", text));
    ASSERT_TRUE(read.key.has_value()) << text;
    EXPECT_EQ(*read.key, "8e03978e-40d5");
    EXPECT_FALSE(read.malformed);
  }
  EXPECT_EQ(*read_idempotency_key(with("Idempotency-Key", "\"a \\\"b\\\\\"")).key, "a \"b\\");
}

TEST(IdempotencyKey, IsAbsentOrMalformedButNeverBoth) {
  const IdempotencyKeyHeader absent = read_idempotency_key({});
  EXPECT_FALSE(absent.key.has_value());
  EXPECT_FALSE(absent.malformed);
  for (const std::string& text :
       {std::string(), std::string("\"\""), std::string("\""), std::string("\"a"),
        std::string("\"a\"b"), std::string("a b"), std::string("a,b"), std::string("a\"b"),
        std::string("\"a\\b\""), std::string("\"a\\\""), std::string("\xC3\xA4"),
        std::string("\"\xC3\xA4\""), std::string("\"a\";x=1"), std::string(256, 'k')}) {
    const IdempotencyKeyHeader read = read_idempotency_key(with("Idempotency-Key", text));
    EXPECT_TRUE(read.malformed) << text;
    EXPECT_FALSE(read.key.has_value()) << text;
  }
  Headers twice = with("Idempotency-Key", "a");
  twice.add("Idempotency-Key", "a");
  EXPECT_TRUE(read_idempotency_key(twice).malformed);
  EXPECT_TRUE(read_idempotency_key(with("Idempotency-Key", std::string(255, 'k'))).key.has_value());
}

TEST(IfMatch, ReadsListsOfTagsOverSeveralFields) {
  Headers headers = with("If-Match", "\"r41\", ,W/\"r42\"");
  headers.add("If-Match", "\"a,b\"");
  const IfMatchHeader read = read_if_match(headers);
  EXPECT_FALSE(read.malformed);
  EXPECT_THAT(read.tags, ElementsAre("\"r41\"", "W/\"r42\"", "\"a,b\""));
  EXPECT_TRUE(read_if_match({}).tags.empty());
  EXPECT_FALSE(read_if_match({}).malformed);
  EXPECT_THAT(read_if_match(with("If-Match", "*")).tags, ElementsAre("*"));
}

TEST(IfMatch, RefusesWhatIsNoListOfTags) {
  for (const char* text : {"", ",", "r41", "\"r41", "\"a\" \"b\"", "*, \"a\"", "\"a\", *",
                           "w/\"a\"", "\"a b\"", "\"a\"x"}) {
    const IfMatchHeader read = read_if_match(with("If-Match", text));
    EXPECT_TRUE(read.malformed) << text;
    EXPECT_TRUE(read.tags.empty()) << text;
  }
}

TEST(IfMatch, ComparesStrongly) {
  EXPECT_TRUE(matches({"*"}, "\"a\""));
  EXPECT_TRUE(matches({"\"b\"", "\"a\""}, "\"a\""));
  EXPECT_FALSE(matches({"\"b\""}, "\"a\""));
  EXPECT_FALSE(matches({"W/\"a\""}, "\"a\""));
  EXPECT_FALSE(matches({"W/\"a\""}, "W/\"a\""));
  EXPECT_FALSE(matches({}, "\"a\""));
}

const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";

TEST(TraceContext, ContinuesAValidTraceUnderAParentOfItsOwn) {
  Headers headers = with("traceparent", "00-" + trace + "-00f067aa0ba902b7-01");
  headers.add("tracestate", "a=1");
  headers.add("tracestate", "b=2");
  const TraceContext context = read_trace_context(headers);
  EXPECT_TRUE(context.continued);
  EXPECT_EQ(context.trace_id, trace);
  EXPECT_NE(context.span_id, "00f067aa0ba902b7");
  EXPECT_EQ(context.traceparent, "00-" + trace + "-" + context.span_id + "-01");
  EXPECT_EQ(context.tracestate, "a=1,b=2");
}

TEST(TraceContext, KeepsTheDecisionNotToSample) {
  const TraceContext context =
      read_trace_context(with("traceparent", "00-" + trace + "-00f067aa0ba902b7-02"));
  EXPECT_EQ(context.traceparent.substr(52), "-00");
}

TEST(TraceContext, UnderstandsTheKnownPartOfALaterVersion) {
  EXPECT_TRUE(read_trace_context(with("traceparent", "cc-" + trace + "-00f067aa0ba902b7-01-what"))
                  .continued);
  EXPECT_FALSE(read_trace_context(with("traceparent", "cc-" + trace + "-00f067aa0ba902b7-01.what"))
                   .continued);
}

TEST(TraceContext, BeginsANewTraceForAnythingElse) {
  for (const std::string& text :
       {std::string(), "ff-" + trace + "-00f067aa0ba902b7-01",
        "00-" + std::string(32, '0') + "-00f067aa0ba902b7-01",
        "00-" + trace + "-0000000000000000-01", "00-" + trace + "-00F067AA0BA902B7-01",
        "00-" + trace + "-00f067aa0ba902b7-01-more", "00-" + trace + "-00f067aa0ba902b7",
        "00_" + trace + "_00f067aa0ba902b7_01"}) {
    Headers headers = with("traceparent", text);
    headers.add("tracestate", "a=1");
    const TraceContext context = read_trace_context(headers);
    EXPECT_FALSE(context.continued) << text;
    EXPECT_THAT(context.traceparent, MatchesRegex("00-[0-9a-f]+-[0-9a-f]+-01"));
    EXPECT_EQ(context.traceparent.size(), 55U);
    EXPECT_NE(context.trace_id, trace);
    EXPECT_EQ(context.tracestate, "");
  }
}

TEST(CorrelationId, IsTakenWhenItIsCleanElseMinted) {
  EXPECT_EQ(read_correlation_id(with("x-correlation-id", "Order_7.a-B")).text(), "Order_7.a-B");
  const std::string longest(64, 'a');
  EXPECT_EQ(read_correlation_id(with("X-Correlation-Id", longest)).text(), longest);
  for (const std::string& text : {std::string(), std::string("a b"), std::string(65, 'a'),
                                  std::string("a\"b"), std::string("\xC3\xA4")}) {
    const std::string minted = read_correlation_id(with("X-Correlation-Id", text)).text();
    EXPECT_THAT(minted, MatchesRegex("[0-9a-f]+"));
    EXPECT_EQ(minted.size(), 32U);
  }
  EXPECT_NE(read_correlation_id({}).text(), read_correlation_id({}).text());
}

TEST(RetryAfter, IsAtLeastASecond) {
  EXPECT_EQ(retry_after(0), "1");
  EXPECT_EQ(retry_after(-3), "1");
  EXPECT_EQ(retry_after(30), "30");
}

}  // namespace
}  // namespace underpin::facade::http
