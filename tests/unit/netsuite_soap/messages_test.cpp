// NetSuite's messages one by one: what is said, what an answer means, and whole conversations as
// they were recorded.
#include "contracts/json/codec.h"
#include "contracts/json/json_text.h"
#include "contracts/json/schema.h"
#include "legacy-adapters/netsuite_soap/change_cursor.h"
#include "legacy-adapters/netsuite_soap/countries.h"
#include "legacy-adapters/netsuite_soap/customers.h"
#include "legacy-adapters/netsuite_soap/inventory.h"
#include "legacy-adapters/netsuite_soap/orders.h"
#include "legacy-adapters/netsuite_soap/pricing.h"
#include "legacy-adapters/netsuite_soap/token.h"
#include "tests/support/simulator.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

namespace underpin::embedded {
std::string_view netsuite_soap(std::string_view file);
}

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
        std::pair{"SSS_REQUEST_LIMIT_EXCEEDED", ErrorCode::throttled},
        std::pair{"SESSION_TIMED_OUT", ErrorCode::unavailable},
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
        std::pair{"exceededRequestLimitFault", ErrorCode::throttled},
        std::pair{"invalidCredentialsFault", ErrorCode::unauthorized},
        std::pair{"invalidSessionFault", ErrorCode::unavailable},
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
  // Faults of the machinery around it, which names its host beside them.
  for (const auto& [text, meaning] :
       {std::pair{"org.xml.sax.SAXException: no such element", ErrorCode::internal},
        std::pair{"java.lang.NullPointerException", ErrorCode::outcome_unknown},
        std::pair{"", ErrorCode::outcome_unknown}})
    for (const char* detail : {"", "<detail><hostname>h</hostname></detail>"}) {
      Script script;
      script.answers.push_back(
          "<e:Fault><faultcode>e:Server.userException</faultcode><faultstring>" +
          std::string(text) + "</faultstring>" + detail + "</e:Fault>");
      Suite suite(settings, "netsuite", script.wire());
      EXPECT_EQ(failure_of([&] { suite.write("add", "<record/>", soon()); }).code, meaning)
          << "only a message that cannot be read did nothing: " << text << detail;
    }
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
    "type=\"ERROR\"><code>INVALID_JOB_ID</code><message>gone</message></statusDetail></status>"
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
  EXPECT_THAT(script.asked.at(1), testing::HasSubstr("<platformMsgs:pageSize>5<"))
      << "with another size than the search's the pages are others";
  script.answers = {page("S", 1, 2, records)};
  EXPECT_EQ(failure_of([&] { read_slice(suite, "<r/>", Cursor("S:5:2:0"), 1, soon()); }).code,
            ErrorCode::unavailable)
      << "another page than the one that was asked for";
  for (const char* foreign : {"x", "a:b:c", ":5:1:1", "S:5:1", "S:5:-1:0"})
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

TEST(NetSuiteChanges, WhatWasSavedBesideALongSweepIsFoundByTheNext) {
  Feed feed;
  const std::string old = record("1", "2026-01-01T00:00:10Z");
  // Page 2 shows its record as it is by now: saved after another that is in no page.
  const std::string late = record("2", "2026-01-01T00:30:00Z");
  feed.script.answers = {first_page("A", 2, old), page("A", 2, 2, late), first_page("B", 1, late),
                         first_page("C", 1, late)};
  EXPECT_THAT(feed.poll("2026-01-01T00:10:00Z", true), testing::ElementsAre("1"));
  EXPECT_THAT(feed.poll("2026-01-01T00:40:00Z", true), testing::ElementsAre("2"));
  EXPECT_THAT(feed.poll("2026-01-01T00:50:00Z", true), testing::IsEmpty());
  EXPECT_THAT(feed.script.asked.back(), testing::HasSubstr("2026-01-01T00:09:55"))
      << "from when the sweep began";
  EXPECT_THAT(feed.poll("2026-01-01T00:55:00Z", true), testing::IsEmpty());
  EXPECT_THAT(feed.script.asked.back(), testing::HasSubstr("2026-01-01T00:29:55"));
}

TEST(NetSuiteStock, WhatIsPickedHasNotMovedAndWhatLeftTwiceIsNobodysDemand) {
  const Settings settings = signing();
  Script script;
  Suite suite(settings, "netsuite", script.wire());
  References references(suite);
  Inventory inventory(suite, references);
  const auto fulfillment = [](const char* number, const char* status) {
    return R"(<record xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance")"
           R"( xsi:type="ItemFulfillment" internalId=")" +
           std::string(number) +
           R"("><lastModifiedDate>2026-01-01T00:00:10Z</lastModifiedDate><tranId>)" + number +
           "</tranId><shipStatus>" + status +
           R"(</shipStatus><itemList><item><item internalId="7"><name>1000</name></item>)"
           R"(<location><name>EAST</name></location><quantity>2</quantity></item></itemList>)"
           "</record>";
  };
  script.answers = {first_page("A", 1,
                               fulfillment("IF1", "_picked") + fulfillment("IF2", "_packed") +
                                   fulfillment("IF3", "_shipped"))};
  const auto movements = inventory.stock_movements({}, soon());
  ASSERT_TRUE(movements) << movements.error().message;
  ASSERT_EQ(movements->items.size(), 1U);
  EXPECT_EQ(movements->items[0].entry.text(), "IF3:1");

  const auto row = [](const char* quantity, const char* fulfilled) {
    return R"(<item><item internalId="7"><name>1000</name></item><quantity>)" +
           std::string(quantity) + "</quantity><quantityFulfilled>" + fulfilled +
           "</quantityFulfilled><location><name>EAST</name></location></item>";
  };
  script.answers = {
      first_page("B", 1, "<record internalId=\"7\"><itemId>1000</itemId></record>"),
      first_page("C", 1,
                 "<record><itemList>" + row("2", "5") + row("4", "0") + "</itemList></record>"),
      "<getItemAvailabilityResponse><getItemAvailabilityResult><status isSuccess=\"true\"/>"
      "<itemAvailabilityList><itemAvailability><item><name>1000</name></item><locationId>"
      "<name>EAST</name></locationId><quantityOnHand>10</quantityOnHand></itemAvailability>"
      "</itemAvailabilityList></getItemAvailabilityResult></getItemAvailabilityResponse>"};
  const auto stock = inventory.get_stock({{Sku("1000")}, {}}, soon());
  ASSERT_TRUE(stock) << stock.error().message;
  EXPECT_EQ(stock->at(0).reserved, Decimal::of(4));
}

std::string deletions(int index, int pages, const std::string& records) {
  return "<getDeletedResponse><getDeletedResult><status isSuccess=\"true\"/><totalPages>" +
         std::to_string(pages) + "</totalPages><pageIndex>" + std::to_string(index) +
         "</pageIndex><deletedRecordList>" + records +
         "</deletedRecordList></getDeletedResult></getDeletedResponse>";
}
std::string deletion(const char* id, const char* when) {
  return std::string("<deletedRecord><deletedDate>") + when +
         "</deletedDate><record internalId=\"" + id +
         "\"><name>C1 Ada</name></record></deletedRecord>";
}

TEST(NetSuiteChanges, DeletionsAreToldOnceWhenASweepEndsHoweverRoughlyTheyAreDated) {
  Feed feed;
  const std::string one = record("1", "2026-01-01T00:00:50.000Z");
  std::vector<std::string> gone;
  const auto poll = [&](const char* now) {
    ChangeCursor position = ChangeCursor::read(feed.cursor);
    gone.clear();
    const ChangeSource source{[](const std::string& since) { return "<r>" + since + "</r>"; },
                              false, "customer",
                              [&](const Node& reference, Timestamp) {
                                gone.push_back(reference.attribute("internalId"));
                              }};
    const bool all = read_changes(feed.suite, source, position, *Timestamp::parse(now), soon(),
                                  [](const Node&, Timestamp) {});
    feed.cursor = position.write();
    return all;
  };
  feed.script.answers = {first_page("A", 2, one),
                         page("A", 2, 2, ""),
                         deletions(1, 0, ""),
                         first_page("B", 1, one),
                         deletions(1, 2, deletion("7", "2026-01-01T00:00:00.000Z")),
                         deletions(2, 2, deletion("8", "2026-01-01T00:01:00.000Z")),
                         first_page("C", 1, ""),
                         deletions(1, 1, deletion("7", "2026-01-01T00:00:00.000Z"))};
  EXPECT_FALSE(poll("2026-01-01T00:00:52Z"));
  EXPECT_EQ(feed.script.asked.size(), 1U) << "in the midst of a sweep nobody asks";
  EXPECT_TRUE(poll("2026-01-01T00:00:53Z"));
  EXPECT_THAT(feed.script.asked.back(), testing::HasSubstr("2025-12-31T23:58:52"))
      << "from when the first sweep began, and further back";
  EXPECT_TRUE(poll("2026-01-01T00:01:10Z"));
  EXPECT_THAT(gone, testing::ElementsAre("7", "8"));
  EXPECT_THAT(feed.script.asked.back(), testing::HasSubstr("customer"));
  EXPECT_TRUE(poll("2026-01-01T00:01:20Z"));
  EXPECT_THAT(gone, testing::IsEmpty());
}

TEST(NetSuiteChanges, WhatALongSweepHasLeftBehindIsNotCarriedAlong) {
  Feed feed;
  std::string records;
  for (int i = 0; i < 60; ++i) {
    const std::string minute = (i < 10 ? "0" : "") + std::to_string(i);
    records += record(std::to_string(i).c_str(), ("2026-01-01T00:" + minute + ":00Z").c_str());
  }
  feed.script.answers = {first_page("A", 3, records),
                         page("A", 2, 3, record("x", "2026-01-01T01:00:00Z"))};
  EXPECT_EQ(feed.poll("2026-01-02T00:00:00Z").size(), 60U);
  EXPECT_EQ(feed.poll("2026-01-02T00:00:00Z").size(), 1U);
  EXPECT_EQ(ChangeCursor::read(feed.cursor).given.size(), 1U);
}

TEST(NetSuitePrices, AreReadAgainOnceForASaveThatChangedNone) {
  const Settings settings = signing();
  Script script;
  Suite suite(settings, "netsuite", script.wire());
  References references(suite);
  Pricing pricing(suite, references);
  const std::string article = record("1", "2026-01-01T00:00:10Z");
  const std::string customer = record("2", "2026-01-01T00:00:20Z");
  const std::string saved = record("2", "2026-01-01T00:00:30Z");
  script.answers = {first_page("A", 1, article), first_page("B", 1, customer)};
  const auto list = pricing.prices_after({}, soon());
  ASSERT_TRUE(list && *list);
  script.answers = {first_page("C", 1, ""), first_page("D", 1, saved),  // Something was saved:
                    first_page("E", 1, article), first_page("F", 1, saved)};
  for (int times = 0; times < 2; ++times) {
    const auto next = pricing.prices_after((*list)->batch, soon());
    ASSERT_TRUE(next) << next.error().message;
    EXPECT_FALSE(next->has_value());
    EXPECT_TRUE(script.answers.empty());
    script.answers = {first_page("G", 1, ""), first_page("H", 1, saved)};
  }
  EXPECT_THAT(script.asked.back(), testing::HasSubstr("2026-01-01T00:00:30"));
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

TEST(NetSuiteSettings, AreWhatTheirSchemaSaysKeyByKey) {
  const auto schema = json::Schema::compile(embedded::netsuite_soap("settings.schema.json"));
  ASSERT_TRUE(schema) << schema.error().message;
  const std::string table = R"([{"canonical": "A", "vendor": "1"}])";
  const std::string text =
      R"({"url": "https://a.example", "version": "2021_1", "auth": {"account": "A",)"
      R"( "consumer_key": "c", "consumer_secret": "cs", "token": "t", "token_secret": "ts"},)"
      R"( "subsidiary": "2", "adjustment_account": "151", "discount_item": "901",)"
      R"( "custom_fields": {"line": "custcol_a", "promotion": "custcol_b", "reason": "custcol_c"},)"
      R"( "charges": )" +
      table + R"(, "uom": )" + table + R"(, "tax_codes": )" + table + R"(, "countries": )" + table +
      R"(, "price_groups": )" + table + R"(, "return_reasons": )" + table +
      R"(, "base_uom": "EA", "base_price": "2", "zone": "Europe/Berlin",)"
      R"( "tls": {"ca_file": "", "verify": false}, "connect_timeout_ms": 1, "timeout_ms": 2,)"
      R"( "pool_size": 3, "page_size": 5, "settle_ms": 4, "ids_kept_ms": 5,)"
      R"( "change_overlap_ms": 1000})";
  const auto value = json::parse(text);
  ASSERT_TRUE(value);
  for (const FieldError& field : schema->check(*value))
    ADD_FAILURE() << field.pointer << " " << field.detail;
  const auto settings = read_settings(text);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->version, "2021_1");
  EXPECT_EQ(settings->fields.reason, "custcol_c");
  EXPECT_EQ(settings->pool_size, 3);
  json::Value only_needed = json::Value::object();
  EXPECT_FALSE(schema->check(only_needed).empty());
  const auto described = json::parse(embedded::netsuite_soap("settings.schema.json"));
  ASSERT_TRUE(described);
  for (const auto& [key, member] : described->get("properties").members())
    EXPECT_NE(value->find(key), nullptr) << key << " is not tried here";
}

TEST(NetSuiteCountries, AreOfTheSettingsFirstAndNeverGuessed) {
  EXPECT_EQ(country_word({}, "DE"), "_germany");
  EXPECT_EQ(country_word({{"DE", "_deutschland"}}, "DE"), "_deutschland");
  EXPECT_FALSE(country_word({}, "PE").has_value());
  EXPECT_EQ(country_code({}, "_germany"), "DE");
  EXPECT_EQ(country_code({}, "_peru"), "_peru");
}

// ---- recorded conversations
// -----------------------------------------------------------------------------

namespace fs = std::filesystem;
const fs::path golden = UNDERPIN_SOURCE_DIR "/legacy-adapters/netsuite_soap/golden";

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
void write_file(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

// One element per line, and nothing that differs from one exchange to the next.
std::string in_lines(std::string text) {
  const std::string begin = "<platformMsgs:tokenPassport>";
  const std::string end = "</platformMsgs:tokenPassport>";
  const std::size_t from = text.find(begin);
  if (from != std::string::npos)
    text.replace(from, text.find(end) + end.size() - from, "<platformMsgs:tokenPassport/>");
  for (std::size_t at = text.find("><"); at != std::string::npos; at = text.find("><", at + 1))
    text.insert(at + 1, "\n");
  return text + "\n";
}

class Exchanges {
 public:
  explicit Exchanges(fs::path folder) : folder_(std::move(folder)) {}
  fs::path next(const std::string& action, const char* suffix) const {
    const std::string number = (count_ < 10 ? "0" : "") + std::to_string(count_);
    return folder_ / (number + "." + action + suffix);
  }
  void step() { ++count_; }
  int count() const { return count_ - 1; }

 private:
  fs::path folder_;
  int count_ = 1;
};

Wire recorder(Wire netsuite, const std::shared_ptr<Exchanges>& exchanges) {
  return [netsuite, exchanges](const soap::Request& request, const CallContext& context) {
    Result<soap::Answer> answer = netsuite(request, context);
    EXPECT_TRUE(answer) << answer.error().message;
    if (!answer) return answer;
    write_file(exchanges->next(request.action, ".request.xml"), in_lines(request.envelope));
    write_file(exchanges->next(request.action, ".reply.xml"), in_lines(answer->envelope));
    exchanges->step();
    return answer;
  };
}

Wire replay(const std::shared_ptr<Exchanges>& exchanges) {
  return [exchanges](const soap::Request& request, const CallContext&) -> Result<soap::Answer> {
    const fs::path asked = exchanges->next(request.action, ".request.xml");
    EXPECT_TRUE(fs::exists(asked)) << "was not said before: " << asked;
    EXPECT_EQ(in_lines(request.envelope), read_file(asked)) << asked;
    std::string envelope = read_file(exchanges->next(request.action, ".reply.xml"));
    exchanges->step();
    const Result<soap::Body> body = soap::read_body(envelope, {});
    if (!body) return body.error();
    return soap::Answer{std::move(envelope), *body};
  };
}

Settings sample_site(const std::string& url) {
  const auto settings = read_settings(
      R"({"url": ")" + url +
      R"(", "auth": {"account": "TSTDRV1", "consumer_key": "consumer-key",)"
      R"( "consumer_secret": "consumer-secret", "token": "token-id",)"
      R"( "token_secret": "token-secret"}, "subsidiary": "2", "adjustment_account": "151",)"
      R"( "discount_item": "901", "charges": [{"canonical": "shipping", "vendor": "910"}]})");
  EXPECT_TRUE(settings) << settings.error().message;
  return settings ? *settings : Settings{};
}

template <class T>
json::Value told(const Result<T>& result) {
  return result ? json::to_json(*result) : json::to_json(result.error());
}

WriteContext in_ten_seconds() {
  WriteContext context;
  context.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  context.idempotency_key = IdempotencyKey("key");
  return context;
}

// The last answer of what a case asks for.
json::Value converse(const json::Value& input, const Settings& settings, Wire wire) {
  Suite suite(settings, "netsuite", std::move(wire));
  References references(suite);
  Documents documents(suite, references);
  Orders orders(suite, references, documents);
  Inventory inventory(suite, references);
  Customers customers(suite, references);
  const WriteContext context = in_ten_seconds();
  const auto order = json::from_json<Order>(input.get("order"));
  json::Value last;
  for (const json::Value& step : input.get("do").items()) {
    const std::string& what = step.text();
    if (what == "place") last = told(orders.place_order(order.value(), context));
    if (what == "release") last = told(orders.release_order({order->id, {}}, context));
    if (what == "cancel") last = told(orders.cancel_order({order->id, {}}, {}, context));
    if (what == "read") last = told(orders.get_order({order->id, {}}, context));
    if (what == "amend")
      last = told(orders.amend_order(
          {order->id, {}}, json::from_json<OrderAmendment>(input.get("amendment")).value(),
          context));
    if (what == "create_customer")
      last = told(customers.create_customer(
          json::from_json<Customer>(input.get("customer")).value(), context));
    if (what == "read_customer")
      last = told(customers.get_customer(CustomerNumber(input.get("customer").get("number").text()),
                                         context));
    if (what == "adjust")
      last = told(inventory.adjust_stock(
          json::from_json<StockAdjustment>(input.get("adjustment")).value(), context));
  }
  return last;
}

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(golden))
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

class GoldenNetSuite : public testing::TestWithParam<std::string> {};

TEST_P(GoldenNetSuite, SaysAndReadsWhatWasRecorded) {
  const fs::path folder = golden / GetParam();
  const auto input = json::parse(read_file(folder / "case.json"));
  ASSERT_TRUE(input) << input.error().message;
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.path().filename() != "case.json") fs::remove(entry.path());
    test::Simulator account("netsuite", {});
    const Settings settings = sample_site(account.base_url());
    const json::Value result =
        converse(*input, settings,
                 recorder(soap_wire(settings, "netsuite"), std::make_shared<Exchanges>(folder)));
    write_file(folder / "result.json", json::write_pretty(result) + "\n");
  }
  const auto exchanges = std::make_shared<Exchanges>(folder);
  const Settings settings = sample_site("http://netsuite.example");
  const auto expected = json::parse(read_file(folder / "result.json"));
  ASSERT_TRUE(expected) << "result.json: " << expected.error().message;
  EXPECT_EQ(json::write_pretty(converse(*input, settings, replay(exchanges))),
            json::write_pretty(*expected));
  const auto files = std::distance(fs::directory_iterator(folder), fs::directory_iterator{});
  EXPECT_EQ(files, 2 + 2 * exchanges->count()) << "something recorded was not said";
}

INSTANTIATE_TEST_SUITE_P(Cases, GoldenNetSuite, testing::ValuesIn(cases()),
                         [](const testing::TestParamInfo<std::string>& one) { return one.param; });

}  // namespace
}  // namespace underpin::legacy::netsuite_soap
