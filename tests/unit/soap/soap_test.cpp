#include "legacy-adapters/transport/soap/soap.h"
#include "legacy-adapters/transport/soap/xml_tree.h"
#include "tests/unit/transport/raw_server.h"

#include <gmock/gmock.h>

#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

namespace underpin::legacy::soap {
namespace {

using testing::HasSubstr;

constexpr const char* open_envelope =
    "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>";
constexpr const char* close_envelope = "</s:Body></s:Envelope>";

std::string envelope(const std::string& content) {
  return open_envelope + content + close_envelope;
}

const std::string refusal = envelope(
    "<s:Fault><faultcode xmlns:a=\"urn:x\">a:Some.Exception</faultcode>"
    "<faultstring xml:lang=\"de\">geändert &amp; &#x22;weg&#x22;</faultstring>"
    "<detail><string>mehr</string></detail></s:Fault>");

std::string answer(int status, const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + headers +
         "Content-Type: text/xml\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

TEST(SoapBody, IsRecognisedByItsOneElement) {
  const auto body =
      read_body(envelope("<Read_Result xmlns=\"urn:a\"><No>1</No></Read_Result>"), {});
  ASSERT_TRUE(body) << body.error().message;
  EXPECT_EQ(body->name, "Read_Result");
  EXPECT_EQ(body->name_space, "urn:a");
  EXPECT_FALSE(body->fault);
}

// A process of its own, whose first envelopes come on many threads at once. LeakSanitizer sees when
// libxml2 was made ready twice.
TEST(SoapBody, IsReadByManyThreadsThatAreTheFirst) {
  constexpr int threads = 8;
  std::barrier start(threads);
  std::atomic<int> read = 0;
  std::vector<std::jthread> readers;
  for (int i = 0; i < threads; ++i)
    readers.emplace_back([&] {
      start.arrive_and_wait();
      if (const auto body = read_body(refusal, {}); body && body->fault) ++read;
    });
  readers.clear();
  EXPECT_EQ(read, threads);
}

TEST(SoapBody, WhiteSpaceBetweenTheElementsOfAFaultIsNoPartOfIt) {
  const auto body = read_body(
      "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\">\n<s:Body>\n<s:Fault>\n"
      "<faultcode>a:Some.Exception</faultcode>\n<faultstring>mehr</faultstring>\n</s:Fault>\n"
      "</s:Body>\n</s:Envelope>\n",
      {});
  ASSERT_TRUE(body && body->fault);
  EXPECT_EQ(body->fault->code, "a:Some.Exception");
  EXPECT_EQ(body->fault->text, "mehr");
}

TEST(SoapBody, WithAFaultGivesItsCodeTextAndDetail) {
  const auto body = read_body(refusal, {});
  ASSERT_TRUE(body && body->fault);
  EXPECT_EQ(body->fault->code, "a:Some.Exception");
  EXPECT_EQ(body->fault->text, "geändert & \"weg\"");
  EXPECT_EQ(body->fault->detail, "mehr");
}

TEST(SoapBody, ThatIsNoneIsRefused) {
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "<a>";
  std::string deep_end;
  for (int i = 0; i < 40; ++i) deep_end += "</a>";
  for (const std::string& text :
       {std::string(), std::string("<html/>"), std::string("nothing"), envelope("<a>"),
        envelope("<a/><b/>"), envelope(deep + deep_end),
        "<!DOCTYPE x [<!ENTITY y \"z\">]>" + envelope("<a>&y;</a>"),
        "<!DOCTYPE x SYSTEM \"file:///etc/passwd\">" + envelope("<a/>"),
        std::string("<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"/>"),
        std::string("<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\">"
                    "<Body xmlns=\"http://schemas.xmlsoap.org/soap/envelope/\"/></s:Envelope>"),
        envelope("<a/>").substr(0, 90)})
    EXPECT_FALSE(read_body(text, {})) << text.substr(0, 200);
  Limits limits;
  limits.bytes = 20;
  EXPECT_FALSE(read_body(envelope("<a/>"), limits));
}

// libxml2 would compare each of them with all others.
TEST(SoapBody, WithTooManyAttributesInOneElementIsRefusedUnread) {
  const auto with = [](int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += " a" + std::to_string(i) + "='>\"'";
    return text;
  };
  EXPECT_TRUE(read_body(envelope("<a" + with(1'000) + "/>"), {}));
  const std::string many = envelope("<a" + with(1'001) + "/>");
  EXPECT_FALSE(read_body(many, {}));
  EXPECT_FALSE(read_tree(many));
  EXPECT_TRUE(read_body(envelope("<a><!-- <a" + with(1'001) + "--><![CDATA[<a" + with(1'001) +
                                 "]]>" + with(1'001) + "<b/></a>"),
                        {}));
  EXPECT_FALSE(read_body(envelope("<!-- <a --><a" + with(1'001) + "/>"), {}));
}

class SoapClient : public testing::Test {
 protected:
  Result<Answer> ask(const std::string& reply, bool read_only = false) {
    std::string request;
    auto server = std::make_unique<transport::RawServer>([&](transport::Peer& peer, int) {
      request = peer.read_request();
      peer.send(reply);
    });
    Settings settings;
    settings.system = "nav";
    settings.user = "u";
    settings.password = "p";
    Client client(settings);
    CallContext context;
    context.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    auto result =
        client.exchange({server->url("/x"), "urn:a:Read", envelope("<Read/>"), read_only}, context);
    server.reset();  // Joins its threads: what they read can be looked at.
    asked_ = request;
    return result;
  }
  ErrorCode code(const std::string& reply, bool read_only = false) {
    const auto result = ask(reply, read_only);
    EXPECT_FALSE(result);
    return result ? ErrorCode::invalid_request : result.error().code;
  }
  std::string asked_;
};

TEST_F(SoapClient, SpeaksSoapOneOneWithItsActionAndItsCredentials) {
  ASSERT_TRUE(ask(answer(200, envelope("<Read_Result/>"))));
  EXPECT_THAT(asked_, HasSubstr("POST /x HTTP/1.1"));
  EXPECT_THAT(asked_, HasSubstr("Content-Type: text/xml; charset=utf-8"));
  EXPECT_THAT(asked_, HasSubstr("SOAPAction: \"urn:a:Read\""));
  EXPECT_THAT(asked_, HasSubstr("Authorization: Basic dTpw"));
}

TEST_F(SoapClient, TakesAFaultForAnAnswerWhateverItsStatus) {
  for (const int status : {200, 500, 503}) {
    const auto result = ask(answer(status, refusal));
    ASSERT_TRUE(result) << status;
    ASSERT_TRUE(result->body.fault);
    EXPECT_EQ(result->body.fault->code, "a:Some.Exception");
  }
}

TEST_F(SoapClient, DoesNotKnowTheOutcomeOfAWriteWithoutAnEnvelope) {
  for (const bool read_only : {false, true}) {
    const ErrorCode expected = read_only ? ErrorCode::unavailable : ErrorCode::outcome_unknown;
    EXPECT_EQ(code(answer(500, "<html/>"), read_only), expected);
    EXPECT_EQ(code(answer(503, ""), read_only), expected);
    EXPECT_EQ(code(answer(504, envelope("<Read_Result/>")), read_only), expected);
    EXPECT_EQ(code(answer(200, "garbage"), read_only), expected);
    EXPECT_EQ(code(answer(200, envelope("<a>")), read_only), expected);
    EXPECT_EQ(code("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<a>", read_only), expected);
  }
}

TEST_F(SoapClient, NamesWhatAServerRefusesBeforeItReads) {
  EXPECT_EQ(code(answer(401, "")), ErrorCode::unauthorized);
  EXPECT_EQ(code(answer(404, "")), ErrorCode::internal);
  EXPECT_EQ(code(answer(415, "")), ErrorCode::internal);
  const auto busy = ask(answer(429, "", "Retry-After: 7\r\n"));
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().code, ErrorCode::throttled);
  EXPECT_EQ(busy.error().retry_after_s, 7);
  EXPECT_EQ(busy.error().system, "nav");
}

}  // namespace
}  // namespace underpin::legacy::soap
