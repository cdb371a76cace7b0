#include "cloud-adapters/business_central/change_cursor.h"
#include "cloud-adapters/business_central/documents.h"
#include "cloud-adapters/business_central/metadata.h"
#include "cloud-adapters/transport/odata/odata_client.h"
#include "cloud-adapters/transport/odata/odata_text.h"
#include "contracts/json/schema.h"

#include <gtest/gtest.h>

namespace underpin {
namespace embedded {
std::string_view business_central(std::string_view name);
}
namespace cloud::business_central {
namespace {

TEST(OData, QueriesHoldBlanksAsPercent20AndNeverAPlus) {
  odata::Query query;
  query.filter = odata::all_of({odata::eq("displayName", "O'Neil & Söhne + Co"), "",
                                odata::any_of({odata::eq("a", "1"), odata::eq_guid("b", "0-1")})});
  query.orderby = "lastModifiedDateTime desc";
  query.top = 5;
  const std::string text = query.text();
  EXPECT_EQ(text.find('+'), std::string::npos);
  EXPECT_EQ(text.find(' '), std::string::npos);
  EXPECT_EQ(
      text,
      "?$filter=displayName%20eq%20%27O%27%27Neil%20%26%20S%C3%B6hne%20%2B%20Co%27%20and%20"
      "%28a%20eq%20%271%27%20or%20b%20eq%200-1%29&$orderby=lastModifiedDateTime%20desc&$top=5");
  EXPECT_EQ(odata::Query{}.text(), "");
}

TEST(OData, RetryAfterIsSecondsOrADate) {
  const Timestamp now = Timestamp::parse("1994-11-06T08:49:30Z").value();
  EXPECT_EQ(odata::retry_after_s("17", now), 17);
  EXPECT_EQ(odata::retry_after_s(" 0 ", now), 1);
  EXPECT_EQ(odata::retry_after_s("Sun, 06 Nov 1994 08:49:37 GMT", now), 7);
  EXPECT_EQ(odata::retry_after_s("Sun, 06 Nov 1994 08:00:00 GMT", now), 1);
  EXPECT_EQ(odata::retry_after_s("99999999", now), 3600);
  for (const char* nonsense : {"", "soon", "-1", "1.5", "Sun, 06 Foo 1994 08:49:37 GMT",
                               "Sun, 06 Nov 1994 08:49:37 CET", "99999999999999999999"})
    EXPECT_EQ(odata::retry_after_s(nonsense, now), 0) << nonsense;
}

TEST(LineNumbers, ComeFromTheSequenceAndNothingElse) {
  const auto numbers = line_numbers({10000, 20000, 15000, 12345, 99990000});
  EXPECT_EQ(numbers.at(10000), 1);
  EXPECT_EQ(numbers.at(20000), 2);
  EXPECT_EQ(numbers.at(15000), 1500);
  EXPECT_EQ(numbers.at(99990000), 9999);
  EXPECT_EQ(numbers.at(12345), 9998) << "the highest that is free";
  EXPECT_EQ(line_numbers({15000}).at(15000), 1500) << "whatever other lines come and go";
}

TEST(LineNumbers, AreNeverBelowOneWhateverTheSequence) {
  const auto numbers = line_numbers({0, -10, -20000});
  for (const std::int64_t sequence : {0, -10, -20000}) EXPECT_GE(numbers.at(sequence), 1);
}

// What a service or an identity provider answers, without a network.
transport::Send answering(int status, std::string body) {
  return [status, body = std::move(body)](const transport::HttpRequest&, const CallContext&) {
    return Result<transport::HttpResponse>(transport::HttpResponse{status, {}, body});
  };
}

TEST(OData, AnErrorsTextIsCutBetweenCharacters) {
  std::string message = "x";
  for (int i = 0; i < 600; ++i) message += "ä";
  json::Value described = json::Value::object();
  described.set("code", std::string(5'000, 'c'));
  described.set("message", message);
  json::Value body = json::Value::object();
  body.set("error", described);
  odata::ODataClient client({"bc", {}, std::nullopt, false}, answering(400, json::write(body)));
  const auto refused = client.get("https://erp.example/orders", {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message, message.substr(0, 999));
  EXPECT_EQ(refused.error().vendor_code, std::string(200, 'c'));
}

TEST(OAuth, AnAbsurdLifeOfATokenIsADayAtMostAndNeverLessThanNothing) {
  for (const char* life : {"9223372036854775807", "-9223372036854775808", "0"}) {
    int asked = 0;
    const auto answer =
        answering(200, std::string(R"({"access_token": "t", "expires_in": )") + life + "}");
    TokenSource tokens({"https://login.example/token", "id", "s", "scope"},
                       [&](const transport::HttpRequest& request, const CallContext& context) {
                         ++asked;
                         return answer(request, context);
                       });
    EXPECT_EQ(tokens.token({}).value(), "t") << life;
    EXPECT_EQ(tokens.token({}).value(), "t") << life;
    EXPECT_EQ(asked, life[0] == '9' ? 1 : 2) << life;
  }
}

TEST(ChangeCursors, GiveARecordOnceAndForgetWhatLiesBeforeTheOverlap) {
  std::vector<SourceCursor> sources = read_cursor({}, 1);
  const Timestamp at{1'000'000'000};
  EXPECT_TRUE(sources[0].from(2000).empty());
  EXPECT_TRUE(sources[0].take("a", at));
  EXPECT_TRUE(sources[0].take("b", at));
  sources[0].complete(2000);
  sources = read_cursor(write_cursor(sources), 1);
  EXPECT_EQ(sources[0].from(2000).micros, at.micros - 2'000'000);
  EXPECT_FALSE(sources[0].take("a", at));
  EXPECT_TRUE(sources[0].take("a", at.plus_ms(1))) << "it has changed again";
  EXPECT_TRUE(sources[0].take("c", at.plus_ms(-1))) << "it became visible late";
  EXPECT_TRUE(sources[0].take("d", at.plus_ms(5000)));
  sources[0].complete(2000);
  EXPECT_EQ(sources[0].given.size(), 1u);
  for (const char* foreign : {"x", "[]", "{}", "[{}]", R"([{"to":1,"newest":1,"given":[1]}])"})
    EXPECT_THROW(read_cursor(Cursor(foreign), 1), Failure) << foreign;
}

TEST(Metadata, FindsSetsByNameAndPropertiesByType) {
  constexpr std::string_view csdl = R"(<EntityType Name="order"><Key/><Property Name="id" Type="x"/>
    <NavigationProperty Name="lines" Type="y"/></EntityType><EntityType Name="line">
    <Property Name="sequence"/></EntityType><EntitySet Name="orders" EntityType="NAV.order"/>
    <EntitySet Name="lines" EntityType="NAV.line"/>)";
  const auto findings = check_metadata(
      csdl, "v2.0", {{"orders", "id lines"}, {"lines", "sequence id"}, {"items", "id"}});
  ASSERT_EQ(findings.size(), 3u);
  EXPECT_TRUE(findings[0].ok) << findings[0].detail;
  EXPECT_FALSE(findings[1].ok);
  EXPECT_EQ(findings[1].detail, "missing: id");
  EXPECT_FALSE(findings[2].ok);
  EXPECT_EQ(findings[2].what, "v2.0 items");
  EXPECT_FALSE(check_metadata("", "v2.0", {{"orders", "id"}}).front().ok);
}

TEST(BusinessCentralSchema, AcceptsWhatTheReadmeShowsAndRefusesTheRest) {
  const auto schema = json::Schema::compile(embedded::business_central("settings.schema.json"));
  ASSERT_TRUE(schema.has_value()) << schema.error().message;
  const auto good = json::parse(R"({"base_url": "https://host:7048/BC", "company": "X",
    "auth": {"kind": "basic", "user": "u", "password": "p"}, "settle_ms": 10000,
    "charges": [{"kind": "shipping", "line_type": "Charge", "number": "FREIGHT"}],
    "uom": [{"canonical": "EA", "vendor": "PCS"}]})");
  EXPECT_TRUE(schema->check(*good).empty());
  const auto bad = json::parse(R"({"base_url": "https://host:7048/BC", "colour": 1,
    "auth": {"kind": "kerberos"}, "settle_ms": -1})");
  EXPECT_GE(schema->check(*bad).size(), 3u);
}

}  // namespace
}  // namespace cloud::business_central
}  // namespace underpin
