#include "legacy-adapters/netsuite_soap/suite.h"

#include "legacy-adapters/netsuite_soap/change_cursor.h"
#include "legacy-adapters/netsuite_soap/countries.h"
#include "legacy-adapters/netsuite_soap/token.h"

#include <gmock/gmock.h>

#include <deque>

namespace underpin::legacy::netsuite_soap {
namespace {

Settings signing() {
  Settings settings;
  settings.url = "http://netsuite.example";
  settings.version = "2020_2";
  settings.account = "A";
  settings.consumer_key = "c";
  settings.consumer_secret = "cs";
  settings.token = "t";
  settings.token_secret = "ts";
  settings.change_overlap_ms = 5'000;
  return settings;
}

CallContext soon() {
  CallContext context;
  context.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  return context;
}

std::string envelope(const std::string& body) {
  return R"(<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>)" + body +
         "</e:Body></e:Envelope>";
}

// Answers with what stands in line, and keeps what was asked.
struct Script {
  std::deque<std::string> answers;
  std::vector<std::string> asked;
  Wire wire() {
    return [this](const soap::Request& request, const CallContext&) -> Result<soap::Answer> {
      asked.push_back(request.envelope);
      if (answers.empty()) return Error{ErrorCode::internal, "nothing is left to answer"};
      std::string text = envelope(answers.front());
      answers.pop_front();
      const Result<soap::Body> body = soap::read_body(text, {});
      if (!body) return body.error();
      return soap::Answer{std::move(text), *body};
    };
  }
};

Error failure_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Failure& failure) {
    return failure.error;
  }
  ADD_FAILURE() << "nothing failed";
  return {};
}

TEST(NetSuiteToken, IsSignedWithBothSecretsOverEverythingThatIsSent) {
  // printf 'A&c&t&nonce1&1700000000' | openssl dgst -sha256 -hmac 'cs&ts' -binary | base64
  EXPECT_EQ(token_signature(signing(), "nonce1", 1'700'000'000),
            "u4f7208iyA6qPU07fTgFhzeXVA8HNQb4gRIbKFvV23g=");
  Settings other = signing();
  other.token_secret = "t&s";  // Percent-encoded: another key than "cs&t" and "s".
  Settings third = signing();
  third.consumer_secret = "cs&t";
  third.token_secret = "s";
  EXPECT_NE(token_signature(other, "n", 1), token_signature(third, "n", 1));
}

TEST(NetSuiteToken, HasANonceOfItsOwnEachTime) {
  EXPECT_NE(new_nonce(), new_nonce());
  EXPECT_EQ(new_nonce().size(), 20U);
}

TEST(NetSuiteXml, ReadsNoDocumentTypesEntitiesOrDepths) {
  EXPECT_FALSE(read_xml("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"));
  EXPECT_FALSE(read_xml("<a><b></a>"));
  EXPECT_FALSE(read_xml("<a/><b/>"));
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "<a>";
  for (int i = 0; i < 40; ++i) deep += "</a>";
  EXPECT_FALSE(read_xml(deep));
  EXPECT_FALSE(read_xml("<a><b/><b/><b/></a>", {32, 3}));
  EXPECT_TRUE(read_xml("<a><b/><b/></a>", {32, 3}));
}

TEST(NetSuiteXml, KeepsTextsTypesAndExactNumbers) {
  const auto node = read_xml(
      "<x:r xmlns:x=\"u\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
      "xsi:type=\"x:SalesOrder\" internalId=\"7\">\n <x:text>a &amp; b</x:text>\n"
      "<x:n>1.0E-4</x:n><x:day>2026-11-24T00:00:00.000-08:00</x:day><x:flag>true</x:flag>"
      "<x:item internalId=\"9\"><x:name>Parent : 1000</x:name></x:item></x:r>");
  ASSERT_TRUE(node) << node.error().message;
  EXPECT_EQ(node->instance_type(), "SalesOrder");
  EXPECT_EQ(node->attribute("internalId"), "7");
  EXPECT_EQ(node->text_of("text"), "a & b");
  EXPECT_EQ(node->decimal_of("n").text(), "0.0001");
  EXPECT_EQ(node->day_of("day"), (Date{2026, 11, 24}));
  EXPECT_TRUE(node->bool_of("flag"));
  EXPECT_EQ(node->name_of("item"), "1000");
  EXPECT_TRUE(node->decimal_of("none").is_zero());
  EXPECT_EQ(failure_of([&] { (void)node->decimal_of("text"); }).code, ErrorCode::internal);
  EXPECT_EQ(failure_of([&] { (void)node->bool_of("n"); }).code, ErrorCode::internal);
  Xml xml;
  xml.open("a", {{"b", "\"<&"}}).leaf("c", "1 < 2 & \x01").close();
  const auto again = read_xml(xml.text());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->attribute("b"), "\"<&");
  EXPECT_EQ(again->text_of("c"), "1 < 2 & \xEF\xBF\xBD");
}

TEST(NetSuiteSuite, ARefusalInsideHttp200IsAnErrorByItsCode) {
  const Settings settings = signing();
  for (const auto& [code, meaning] :
       {std::pair{"DUP_RCRD", ErrorCode::conflict}, std::pair{"USER_ERROR", ErrorCode::rejected},
        std::pair{"INVALID_KEY_OR_REF", ErrorCode::rejected},
        std::pair{"WS_REQUEST_BLOCKED", ErrorCode::throttled},
        std::pair{"UNEXPECTED_ERROR", ErrorCode::outcome_unknown}}) {
    Script script;
    script.answers.push_back(
        "<addResponse><writeResponse><status isSuccess=\"false\">"
        "<statusDetail type=\"WARN\"><code>W</code><message>mind</message></statusDetail>"
        "<statusDetail type=\"ERROR\"><code>" +
        std::string(code) +
        "</code><message>no</message></statusDetail></status>"
        "</writeResponse></addResponse>");
    Suite suite(settings, "netsuite", script.wire());
    const Error error = failure_of([&] { suite.write("add", "<record/>", soon()); });
    EXPECT_EQ(error.code, meaning) << code;
    EXPECT_EQ(error.vendor_code, code);
    EXPECT_EQ(error.message, "no");
    EXPECT_EQ(error.system, "netsuite");
  }
}

TEST(NetSuiteSuite, AFaultMeansWhatItsDetailIsCalled) {
  const Settings settings = signing();
  for (const auto& [element, meaning] :
       {std::pair{"exceededConcurrentRequestLimitFault", ErrorCode::throttled},
        std::pair{"invalidCredentialsFault", ErrorCode::unauthorized},
        std::pair{"unexpectedErrorFault", ErrorCode::outcome_unknown},
        std::pair{"noFault", ErrorCode::outcome_unknown}}) {
    Script script;
    script.answers.push_back(
        "<e:Fault><faultcode>e:Server</faultcode><faultstring>t</faultstring>"
        "<detail><" +
        std::string(element) + "><code>C</code><message>m</message></" + element +
        "></detail></e:Fault>");
    Suite suite(settings, "netsuite", script.wire());
    EXPECT_EQ(failure_of([&] { suite.write("add", "<record/>", soon()); }).code, meaning)
        << element;
  }
  Script script;
  script.answers.push_back(
      "<e:Fault><faultcode>e:Server</faultcode><faultstring>no such "
      "element</faultstring></e:Fault>");
  Suite suite(settings, "netsuite", script.wire());
  EXPECT_EQ(failure_of([&] { suite.write("add", "<record/>", soon()); }).code, ErrorCode::internal)
      << "a message that cannot be read did nothing";
}

TEST(NetSuiteSuite, AnAnswerThatSaysNothingIsNoSuccess) {
  const Settings settings = signing();
  for (const char* body : {"<addResponse/>", "<updateResponse><writeResponse/></updateResponse>",
                           "<addResponse><writeResponse/></addResponse>"}) {
    Script script;
    script.answers.push_back(body);
    Suite suite(settings, "netsuite", script.wire());
    EXPECT_EQ(failure_of([&] { suite.write("add", "<record/>", soon()); }).code,
              ErrorCode::outcome_unknown)
        << body;
  }
}

std::string page(const std::string& search, int index, int pages, const std::string& records) {
  return "<searchMoreWithIdResponse><searchResult><status isSuccess=\"true\"/><pageIndex>" +
         std::to_string(index) + "</pageIndex><totalPages>" + std::to_string(pages) +
         "</totalPages><searchId>" + search + "</searchId><recordList>" + records +
         "</recordList></searchResult></searchMoreWithIdResponse>";
}
std::string first_page(const std::string& search, int pages, const std::string& records) {
  std::string text = page(search, 1, pages, records);
  for (const char* tag : {"<searchMoreWithIdResponse>", "</searchMoreWithIdResponse>"}) {
    const std::string name(tag);
    const std::string wanted = name[1] == '/' ? "</searchResponse>" : "<searchResponse>";
    text.replace(text.find(name), name.size(), wanted);
  }
  return text;
}
std::string record(const char* id, const char* modified) {
  return std::string("<record internalId=\"") + id + "\"><lastModifiedDate>" + modified +
         "</lastModifiedDate></record>";
}
const char* forgotten =
    "<searchMoreWithIdResponse><searchResult><status isSuccess=\"false\"><statusDetail "
    "type=\"ERROR\"><code>INVALID_SEARCH_ID</code><message>gone</message></statusDetail></status>"
    "</searchResult></searchMoreWithIdResponse>";

TEST(NetSuiteSuite, APageIsSlicedAndGoneOnWithWhereItEnded) {
  const Settings settings = signing();
  Script script;
  const std::string records =
      record("1", "2026-01-01T00:00:00Z") + record("2", "2026-01-01T00:00:00Z");
  script.answers = {first_page("S", 2, records), page("S", 1, 2, records), page("S", 2, 2, "")};
  Suite suite(settings, "netsuite", script.wire());
  Slice slice = read_slice(suite, "<r/>", {}, 1, soon());
  ASSERT_EQ(slice.records.size(), 1U);
  EXPECT_EQ(slice.records[0].attribute("internalId"), "1");
  slice = read_slice(suite, "<r/>", slice.next, 1, soon());
  ASSERT_EQ(slice.records.size(), 1U);
  EXPECT_EQ(slice.records[0].attribute("internalId"), "2");
  slice = read_slice(suite, "<r/>", slice.next, 1, soon());
  EXPECT_TRUE(slice.records.empty());
  EXPECT_TRUE(slice.next.empty());
  for (const char* foreign : {"x", "a:b:c", ":1:1", "S:1", "S:-1:0"})
    EXPECT_EQ(failure_of([&] { read_slice(suite, "<r/>", Cursor(foreign), 1, soon()); }).code,
              ErrorCode::invalid_request)
        << foreign;
}

struct Feed {
  Settings settings = signing();
  Script script;
  Suite suite{settings, "netsuite", script.wire()};
  Cursor cursor;
  std::vector<std::string> poll(const char* now, bool entries = false, bool* complete = nullptr) {
    ChangeCursor position = ChangeCursor::read(cursor);
    std::vector<std::string> seen;
    const ChangeSource source{[](const std::string& since) { return "<r>" + since + "</r>"; },
                              entries};
    const bool all = read_changes(
        suite, source, position, *Timestamp::parse(now), soon(),
        [&](const Node& one, Timestamp) { seen.push_back(one.attribute("internalId")); });
    if (complete != nullptr) *complete = all;
    cursor = position.write();
    return seen;
  }
};

TEST(NetSuiteChanges, AreGivenUntilTheirSecondIsLongOverAndThenNoMore) {
  Feed feed;
  const std::string one = record("1", "2026-01-01T00:00:10.000Z");
  feed.script.answers = {first_page("A", 1, one), first_page("B", 1, one), first_page("C", 1, one)};
  EXPECT_THAT(feed.poll("2026-01-01T00:00:11Z"), testing::ElementsAre("1"));
  EXPECT_THAT(feed.poll("2026-01-01T00:00:16Z"), testing::ElementsAre("1"))
      << "it may have been changed again within its second";
  EXPECT_THAT(feed.poll("2026-01-01T00:00:20Z"), testing::IsEmpty());
  EXPECT_THAT(feed.script.asked.at(1), testing::HasSubstr("2026-01-01T00:00:05"))
      << "a poll looks back";
}

TEST(NetSuiteChanges, EntriesAreGivenOnce) {
  Feed feed;
  const std::string one = record("1", "2026-01-01T00:00:10.000Z");
  const std::string two = record("2", "2026-01-01T00:00:10.000Z");
  feed.script.answers = {first_page("A", 1, one), first_page("B", 1, one + two)};
  EXPECT_THAT(feed.poll("2026-01-01T00:00:11Z", true), testing::ElementsAre("1"));
  EXPECT_THAT(feed.poll("2026-01-01T00:00:11Z", true), testing::ElementsAre("2"));
}

TEST(NetSuiteChanges, ASweepIsGoneOnWithAndBegunAgainWhenNetSuiteHasForgottenIt) {
  Feed feed;
  const std::string one = record("1", "2026-01-01T00:00:10.000Z");
  const std::string two = record("2", "2026-01-01T00:00:12.000Z");
  feed.script.answers = {first_page("A", 2, one), page("A", 2, 2, two), first_page("B", 2, one),
                         forgotten, first_page("C", 1, one + two)};
  bool complete = true;
  EXPECT_THAT(feed.poll("2026-01-01T01:00:00Z", false, &complete), testing::ElementsAre("1"));
  EXPECT_FALSE(complete);
  EXPECT_THAT(feed.poll("2026-01-01T01:00:00Z", false, &complete), testing::ElementsAre("2"));
  EXPECT_TRUE(complete);
  feed.cursor = Cursor{};
  EXPECT_THAT(feed.poll("2026-01-01T01:00:00Z", false, &complete), testing::ElementsAre("1"));
  EXPECT_THAT(feed.poll("2026-01-01T01:00:00Z", false, &complete), testing::ElementsAre("2"));
  EXPECT_TRUE(complete);
  for (const char* foreign : {"x", "{}", "{\"seen\": \"a\"}", "[1]"})
    EXPECT_EQ(failure_of([&] { ChangeCursor::read(Cursor(foreign)); }).code,
              ErrorCode::invalid_request)
        << foreign;
}

TEST(NetSuiteSettings, NameWhatIsWrong) {
  const auto settings = read_settings(
      R"({"url": "u", "version": "2020", "auth": {"account": "A"}, "adjustment_account": "1",)"
      R"( "page_size": 4, "colour": "red", "uom": [{"canonical": "A", "vendor": "1"},)"
      R"( {"canonical": "B", "vendor": "1"}], "change_overlap_ms": 999})");
  ASSERT_FALSE(settings);
  std::vector<std::string> pointers;
  for (const FieldError& field : settings.error().fields) pointers.push_back(field.pointer);
  EXPECT_THAT(pointers,
              testing::IsSupersetOf({"/version", "/auth/consumer_key", "/auth/token", "/page_size",
                                     "/colour", "/uom/1/vendor", "/change_overlap_ms"}));
}

TEST(NetSuiteCountries, AreOfTheSettingsFirstAndNeverGuessed) {
  EXPECT_EQ(country_word({}, "DE"), "_germany");
  EXPECT_EQ(country_word({{"DE", "_deutschland"}}, "DE"), "_deutschland");
  EXPECT_FALSE(country_word({}, "PE").has_value());
  EXPECT_EQ(country_code({}, "_germany"), "DE");
  EXPECT_EQ(country_code({}, "_peru"), "_peru");
}

}  // namespace
}  // namespace underpin::legacy::netsuite_soap
