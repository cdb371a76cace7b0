// SOAP 1.2, WS-Security, answers in several parts, and sessions.
#include "legacy-adapters/transport/soap/mtom.h"
#include "legacy-adapters/transport/soap/soap.h"
#include "tests/unit/transport/raw_server.h"

#include <gmock/gmock.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include <set>

namespace underpin::legacy::soap {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string ns11 = "http://schemas.xmlsoap.org/soap/envelope/";
const std::string ns12 = "http://www.w3.org/2003/05/soap-envelope";

std::string envelope(const std::string& content, const std::string& name_space = ns11) {
  return "<s:Envelope xmlns:s=\"" + name_space + "\"><s:Body>" + content + "</s:Body></s:Envelope>";
}

const std::string refusal_1_2 = envelope(
    "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>a:Outer</s:Value><s:Subcode>"
    "<s:Value>a:Locked</s:Value></s:Subcode></s:Subcode></s:Code><s:Reason>"
    "<s:Text xml:lang=\"en\">is being changed</s:Text><s:Text xml:lang=\"de\">gesperrt</s:Text>"
    "</s:Reason><s:Detail><m xmlns=\"urn:a\">by <b>ADA</b></m></s:Detail></s:Fault>",
    ns12);

// The text at a path, in which s, e and u are the namespaces of SOAP, WS-Security and its
// utilities.
std::string at(const std::string& xml, const std::string& path, const std::string& soap = ns11) {
  xmlDoc* document = xmlReadMemory(xml.data(), static_cast<int>(xml.size()), nullptr, nullptr,
                                   XML_PARSE_NONET | XML_PARSE_NOERROR);
  if (document == nullptr) return "no XML";
  xmlXPathContext* context = xmlXPathNewContext(document);
  const auto name = [&](const char* prefix, const std::string& uri) {
    xmlXPathRegisterNs(context, reinterpret_cast<const xmlChar*>(prefix),
                       reinterpret_cast<const xmlChar*>(uri.c_str()));
  };
  const std::string oasis = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-";
  name("s", soap);
  name("e", oasis + "secext-1.0.xsd");
  name("u", oasis + "utility-1.0.xsd");
  xmlXPathObject* found = xmlXPathEvalExpression(
      reinterpret_cast<const xmlChar*>(("string(" + path + ")").c_str()), context);
  const std::string text = found != nullptr && found->stringval != nullptr
                               ? reinterpret_cast<const char*>(found->stringval)
                               : "";
  xmlXPathFreeObject(found);
  xmlXPathFreeContext(context);
  xmlFreeDoc(document);
  return text;
}

TEST(SoapOneTwo, AFaultGivesItsInnermostSubcode) {
  const auto body = read_body(refusal_1_2, {});
  ASSERT_TRUE(body) << body.error().message;
  EXPECT_EQ(body->version, Version::v1_2);
  ASSERT_TRUE(body->fault);
  EXPECT_EQ(body->fault->code, "s:Sender");
  EXPECT_EQ(body->fault->subcode, "a:Locked");
  EXPECT_EQ(body->fault->text, "is being changed");
  EXPECT_EQ(body->fault->detail, "by ADA");
}

// Computed by another implementation of SHA-1.
TEST(WsSecurity, TheDigestIsOfTheOctetsOfTheNonce) {
  EXPECT_EQ(password_digest(std::string("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d"
                                        "\x0e\x0f",
                                        16),
                            "2026-11-28T16:00:00Z", "secret"),
            "e+O9f3TdHXY6MraI0jyB2OqV8mw=");
}

TEST(WsSecurity, TextDigestAndTimestampStandInTheHeader) {
  Security security;
  security.user = "ada & co";
  security.password = "p<w>&";
  security.token = Token::text;
  security.timestamp = std::chrono::seconds(300);
  const Timestamp now = *Timestamp::parse("2026-11-28T16:00:00Z");
  const auto text = with_security(envelope("<a x=\"1\">ü &amp; &#x1F600;</a>"), security, now);
  ASSERT_TRUE(text) << text.error().message;
  const std::string header = "/s:Envelope/s:Header/e:Security";
  EXPECT_EQ(at(*text, header + "/@s:mustUnderstand"), "1");
  EXPECT_EQ(at(*text, header + "/e:UsernameToken/e:Username"), "ada & co");
  EXPECT_EQ(at(*text, header + "/e:UsernameToken/e:Password"), "p<w>&");
  EXPECT_THAT(at(*text, header + "/e:UsernameToken/e:Password/@Type"), HasSubstr("#PasswordText"));
  EXPECT_EQ(at(*text, header + "/u:Timestamp/u:Created"), "2026-11-28T16:00:00Z");
  EXPECT_EQ(at(*text, header + "/u:Timestamp/u:Expires"), "2026-11-28T16:05:00Z");
  EXPECT_EQ(at(*text, "/s:Envelope/s:Body/a"), "ü & \xF0\x9F\x98\x80");

  security.token = Token::digest;
  security.timestamp = {};
  security.must_understand = false;
  std::set<std::string> nonces;
  for (int i = 0; i < 20; ++i) {
    const auto digest = with_security("<s:Envelope xmlns:s=\"" + ns12 +
                                          "\"><s:Header><own/></s:Header><s:Body><a/></s:Body>"
                                          "</s:Envelope>",
                                      security, now);
    ASSERT_TRUE(digest);
    const auto in = [&](const std::string& path) { return at(*digest, header + path, ns12); };
    EXPECT_EQ(in("/@s:mustUnderstand"), "");
    EXPECT_EQ(in("/u:Timestamp"), "");
    EXPECT_THAT(in("/e:UsernameToken/e:Password/@Type"), HasSubstr("#PasswordDigest"));
    EXPECT_THAT(*digest, Not(HasSubstr("p&lt;w")));
    EXPECT_EQ(at(*digest, "count(/s:Envelope/s:Header/*)", ns12), "2");
    nonces.insert(in("/e:UsernameToken/e:Nonce"));
  }
  EXPECT_EQ(nonces.size(), 20U);
}

TEST(WsSecurity, WhatIsNoEnvelopeIsNotSent) {
  Security security;
  security.token = Token::text;
  for (const char* text :
       {"", "<a/>", "<Envelope/>", "<Envelope><Body/></Envelope>", "<s:Envelope"})
    EXPECT_FALSE(with_security(text, security, Timestamp{})) << text;
}

const std::string multipart =
    "multipart/related; type=\"application/xop+xml\"; start=\"<root@x>\"; boundary=\"b;1\"; "
    "start-info=\"text/xml\"";

std::string part(const std::string& id, const std::string& content,
                 const std::string& encoding = "binary") {
  return "--b;1\r\nContent-ID: <" + id + ">\r\nContent-Transfer-Encoding:\r\n " + encoding +
         "\r\nContent-Type: application/octet-stream\r\n\r\n" + content + "\r\n";
}

const std::string with_two = envelope(
    "<r><x:Include xmlns:x=\"http://www.w3.org/2004/08/xop/include\" "
    "href=\"cid:pic%20one@x\"/></r>");

TEST(Mtom, AnAttachmentStandsWhereItIsNamed) {
  // A delimiter in the middle of a line is none, nor is one that goes on.
  const std::string octets("\0\xff--b;1\r\n--b;1x\r\n", 17);
  const std::string package = "preamble\r\n" + part("pic one@x", octets) +
                              part("root@x", with_two, "8bit") + "--b;1--\r\nepilogue";
  const auto text = unpack(multipart, package, {});
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(at(*text, "/s:Envelope/s:Body/r"), "AP8tLWI7MQ0KLS1iOzF4DQo=");
  const auto encoded = unpack(
      multipart, part("root@x", with_two) + part("pic one@x", "AP8t\r\nLQ==", "base64") + "--b;1--",
      {});
  ASSERT_TRUE(encoded);
  EXPECT_EQ(at(*encoded, "/s:Envelope/s:Body/r"), "AP8tLQ==");
}

TEST(Mtom, WhatIsNotWholeIsRefused) {
  const std::string whole = part("root@x", with_two) + part("pic one@x", "abc") + "--b;1--";
  ASSERT_TRUE(unpack(multipart, whole, {}));
  for (std::size_t cut = 0; cut < whole.size() - 1; ++cut)
    EXPECT_FALSE(unpack(multipart, whole.substr(0, cut), {})) << cut;
  EXPECT_FALSE(unpack("multipart/related", whole, {}));
  EXPECT_FALSE(unpack("multipart/related; boundary=other", whole, {}));
  EXPECT_FALSE(unpack(multipart, part("root@x", with_two) + "--b;1--", {})) << "names what is not";
  EXPECT_FALSE(unpack(multipart, part("pic one@x", "abc") + "--b;1--", {})) << "no root";
  EXPECT_FALSE(unpack(
      multipart, part("root@x", with_two) + part("pic one@x", "x", "quoted-printable") + "--b;1--",
      {}));
  EXPECT_FALSE(unpack(multipart,
                      part("root@x", "<!DOCTYPE a [<!ENTITY b \"c\">]>" + with_two) +
                          part("pic one@x", "abc") + "--b;1--",
                      {}));
}

TEST(Mtom, APartThatIsNamedOftenCountsOften) {
  std::string includes;
  for (int i = 0; i < 10; ++i)
    includes += "<x:Include xmlns:x=\"http://www.w3.org/2004/08/xop/include\" href=\"cid:pic\"/>";
  const std::string package = part("root@x", envelope("<r>" + includes + "</r>")) +
                              part("pic", std::string(1'000, 'a')) + "--b;1--";
  Limits limits;
  limits.bytes = package.size();
  EXPECT_FALSE(unpack(multipart, package, limits));
  limits.bytes = package.size() + 13'000;
  EXPECT_TRUE(unpack(multipart, package, limits));
}

class SoapWire : public testing::Test {
 protected:
  // Each exchange gets the next of the replies.
  std::vector<Result<Answer>> ask(const std::vector<std::string>& replies) {
    std::vector<Result<Answer>> answers;
    std::size_t next = 0;
    auto server = std::make_unique<transport::RawServer>([&](transport::Peer& peer, int) {
      while (next < replies.size()) {
        asked_.push_back(peer.read_request());
        peer.send(replies[next++]);
      }
    });
    Client client(settings_);
    Session session;
    for (std::size_t i = 0; i < replies.size(); ++i) {
      CallContext context;
      context.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
      answers.push_back(
          client.exchange({server->url("/x"), "urn:a:Read", request_, false}, session, context));
    }
    server.reset();
    return answers;
  }
  static std::string answer(int status, const std::string& body, const std::string& headers) {
    return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  Settings settings_;
  std::string request_ = envelope("<Read/>");
  std::vector<std::string> asked_;
};

TEST_F(SoapWire, SpeaksSoapOneTwoWithItsActionInTheContentType) {
  settings_.version = Version::v1_2;
  settings_.security.token = Token::digest;
  settings_.security.user = "ada";
  settings_.security.password = "secret";
  request_ = envelope("<Read/>", ns12);
  const auto answers =
      ask({answer(200, envelope("<R/>", ns12), "Content-Type: application/soap+xml\r\n"),
           answer(400, refusal_1_2, "Content-Type: application/soap+xml\r\n"),
           answer(200, envelope("<R/>"), "Content-Type: text/xml\r\n")});
  ASSERT_TRUE(answers[0]) << answers[0].error().message;
  ASSERT_TRUE(answers[1] && answers[1]->body.fault);
  ASSERT_FALSE(answers[2]) << "the other version";
  EXPECT_EQ(answers[2].error().code, ErrorCode::outcome_unknown);
  EXPECT_THAT(asked_.at(0), HasSubstr("Content-Type: application/soap+xml; charset=utf-8; "
                                      "action=\"urn:a:Read\""));
  EXPECT_THAT(asked_.at(0), Not(HasSubstr("SOAPAction")));
  EXPECT_THAT(asked_.at(0), Not(HasSubstr("Authorization")));
  EXPECT_THAT(asked_.at(0), HasSubstr("PasswordDigest"));
  EXPECT_THAT(asked_.at(0), Not(HasSubstr("secret")));
}

TEST_F(SoapWire, AnAnswerInSeveralPartsIsOneEnvelope) {
  const std::string package = part("root@x", with_two) + part("pic one@x", "abc") + "--b;1--";
  const std::string type = "Content-Type: " + multipart + "\r\n";
  const auto answers = ask({answer(200, package, type), answer(200, package.substr(0, 50), type)});
  ASSERT_TRUE(answers[0]) << answers[0].error().message;
  EXPECT_EQ(answers[0]->body.name, "r");
  EXPECT_EQ(at(answers[0]->envelope, "//r"), "YWJj");
  ASSERT_FALSE(answers[1]);
  EXPECT_EQ(answers[1].error().code, ErrorCode::outcome_unknown);
}

TEST_F(SoapWire, ASessionGivesTheServersCookiesBack) {
  const std::string good = envelope("<R/>");
  const auto answers = ask({answer(200, good,
                                   "Set-Cookie: sap-contextid=SID%3a1; path=/; HttpOnly\r\n"
                                   "set-cookie: lb=2\r\n"),
                            answer(200, good, "Set-Cookie: lb=3\r\n"), answer(200, good, "")});
  for (const auto& one : answers) ASSERT_TRUE(one) << one.error().message;
  EXPECT_THAT(asked_.at(0), Not(HasSubstr("Cookie")));
  EXPECT_THAT(asked_.at(1), HasSubstr("Cookie: lb=2; sap-contextid=SID%3a1\r\n"));
  EXPECT_THAT(asked_.at(2), HasSubstr("Cookie: lb=3; sap-contextid=SID%3a1\r\n"));
}

}  // namespace
}  // namespace underpin::legacy::soap
