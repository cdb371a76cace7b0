#include "mapping/mapping.h"

#include "contracts/json/json_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>
#include <string>

namespace underpin::mapping {
namespace {

using json::Value;
using testing::HasSubstr;

Value read(std::string_view text) {
  auto value = json::parse(text);
  EXPECT_TRUE(value.has_value()) << text;
  return value ? std::move(value).value() : Value();
}

Mapping loaded(std::string_view fields, std::string_view rest = "") {
  auto mapping = Mapping::load(
      "{\"fields\": [" + std::string(fields) + "]" + std::string(rest) + "}", "test.json");
  if (!mapping) throw std::runtime_error(mapping.error().message);
  return std::move(mapping).value();
}

std::string to(const Mapping& mapping, std::string_view canonical) {
  const auto record = mapping.to_vendor(read(canonical));
  return record ? json::write(*record) : "error: " + record.error().message;
}

std::string from(const Mapping& mapping, std::string_view vendor) {
  const auto document = mapping.from_vendor(read(vendor));
  return document ? json::write(*document) : "error: " + document.error().message;
}

TEST(Mapping, TextGoesBothWaysAndAnEmptyVendorTextMeansNothing) {
  const Mapping mapping =
      loaded(R"({"as":"text","canonical":"/address/city","vendor":"City","max":5})");
  EXPECT_EQ(to(mapping, R"({"address":{"city":"K\u00f6ln!"}})"), "{\"City\":\"K\xC3\xB6ln!\"}");
  EXPECT_EQ(from(mapping, R"({"City":"Bonn","Other":1})"), R"({"address":{"city":"Bonn"}})");
  EXPECT_EQ(from(mapping, R"({"City":""})"), "{}");
  EXPECT_EQ(from(mapping, R"({"City":null})"), "{}");
  EXPECT_EQ(from(mapping, R"({"City":50667.10})"), R"({"address":{"city":"50667.10"}})");
  EXPECT_EQ(to(mapping, "{}"), "{}");
  EXPECT_EQ(to(mapping, R"({"address":{"city":"Berlin"}})"),
            "error: test.json: /address/city (text to City): must have at most 5 characters");
  EXPECT_EQ(to(mapping, R"({"address":{"city":5}})"),
            "error: test.json: /address/city (text to City): must be a string, not a number");
}

TEST(Mapping, TextIsShortenedByCharactersOnlyWhereTheFileSaysSo) {
  const Mapping mapping =
      loaded(R"({"as":"text","canonical":"/d","vendor":"D","max":3,"cut":true})");
  EXPECT_EQ(to(mapping, R"({"d":"\u00e4\u00f6\u00fc\u00df"})"),
            "{\"D\":\"\xC3\xA4\xC3\xB6\xC3\xBC\"}");
}

TEST(Mapping, CodesFollowTheirTableAndAreNeverGuessed) {
  const Mapping mapping = loaded(
      R"({"as":"code","canonical":"/blocked","vendor":"Blocked","table":"block"})",
      R"(,"tables":{"block":[["none",""],["ship","Ship"],["ship","Shipment"],["all",true]]})");
  EXPECT_EQ(to(mapping, R"({"blocked":"none"})"), R"({"Blocked":""})");
  EXPECT_EQ(to(mapping, R"({"blocked":"ship"})"), R"({"Blocked":"Ship"})");
  EXPECT_EQ(from(mapping, R"({"Blocked":"Shipment"})"), R"({"blocked":"ship"})");
  EXPECT_EQ(from(mapping, R"({"Blocked":""})"), R"({"blocked":"none"})");
  EXPECT_EQ(from(mapping, R"({"Blocked":true})"), R"({"blocked":"all"})");
  EXPECT_EQ(to(mapping, R"({"blocked":"some"})"),
            "error: test.json: /blocked (code to Blocked): \"some\" is not in the table block");
  EXPECT_EQ(from(mapping, R"({"Blocked":"Some"})"),
            "error: test.json: /Blocked (code to blocked): \"Some\" is not in the table block");
}

TEST(Mapping, DecimalsKeepTheirTextAndScale) {
  const Mapping text = loaded(R"({"as":"decimal","canonical":"/p","vendor":"P"})");
  EXPECT_EQ(to(text, R"({"p":"12345678901234567.890"})"), R"({"P":"12345678901234567.890"})");
  EXPECT_EQ(from(text, R"({"P":10.50})"), R"({"p":"10.50"})");
  EXPECT_EQ(from(text, R"({"P":1e3})"), R"({"p":"1000"})");
  const Mapping number = loaded(R"({"as":"decimal","canonical":"/p","vendor":"P","trim":true})",
                                R"(,"vendor_form":"number")");
  EXPECT_EQ(to(number, R"({"p":"12345678901234567.890"})"), R"({"P":12345678901234567.890})");
  EXPECT_EQ(from(number, R"({"P":"3.00000000000000000000"})"), R"({"p":"3"})");
  EXPECT_THAT(from(number, R"({"P":"3,5"})"),
              HasSubstr("error: test.json: /P (decimal to p): not a decimal"));
}

TEST(Mapping, DecimalsAreScaledExactlyOrRefused) {
  const Mapping rate =
      loaded(R"({"as":"decimal","canonical":"/rate","vendor":"VAT","factor":"100","scale_max":2})");
  EXPECT_EQ(to(rate, R"({"rate":"0.19"})"), R"({"VAT":"19.00"})");
  EXPECT_EQ(to(rate, R"({"rate":"0.190000"})"), R"({"VAT":"19.00"})");
  EXPECT_EQ(from(rate, R"({"VAT":"19.00"})"), R"({"rate":"0.19"})");
  EXPECT_EQ(to(rate, R"({"rate":"0.19001"})"),
            "error: test.json: /rate (decimal to VAT): must have at most 2 decimal places");
  const Mapping negated = loaded(R"({"as":"decimal","canonical":"/a","vendor":"A","factor":"-1"})");
  EXPECT_EQ(to(negated, R"({"a":"-10.50"})"), R"({"A":"10.50"})");
  EXPECT_EQ(from(negated, R"({"A":"10.50"})"), R"({"a":"-10.50"})");
  const Mapping line = loaded(
      R"({"as":"decimal","canonical":"/n","vendor":"Line","factor":"10000",
          "canonical_form":"number"})",
      R"(,"vendor_form":"number")");
  EXPECT_EQ(to(line, R"({"n":3})"), R"({"Line":30000})");
  EXPECT_EQ(from(line, R"({"Line":30000})"), R"({"n":3})");
  const Mapping third = loaded(R"({"as":"decimal","canonical":"/n","vendor":"N","factor":"3"})");
  EXPECT_EQ(from(third, R"({"N":10})"),
            "error: test.json: /N (decimal to n): 10 has no exact quotient by 3");
}

TEST(Mapping, BlankDatesOfAVendorMeanNothing) {
  const Mapping mapping = loaded(
      R"({"as":"date","canonical":"/d","vendor":"D","blank":"0001-01-01","write_blank":true})");
  EXPECT_EQ(to(mapping, R"({"d":"2026-11-24"})"), R"({"D":"2026-11-24"})");
  EXPECT_EQ(to(mapping, "{}"), R"({"D":"0001-01-01"})");
  EXPECT_EQ(from(mapping, R"({"D":"0001-01-01"})"), "{}");
  EXPECT_EQ(from(mapping, R"({"D":"2026-11-24T00:00:00.000Z"})"), R"({"d":"2026-11-24"})");
  EXPECT_EQ(from(mapping, R"({"D":"2026-02-30"})"),
            "error: test.json: /D (date to d): \"2026-02-30\" is not a calendar day");
  EXPECT_THAT(from(mapping, R"({"D":"2026-11-24T10:00:00Z"})"), HasSubstr("is not a calendar day"));
  const Mapping time = loaded(R"({"as":"date","canonical":"/t","vendor":"T","time":true})");
  EXPECT_EQ(from(time, R"({"T":"2026-11-24T19:00:00.5+01:00"})"),
            R"({"t":"2026-11-24T18:00:00.500Z"})");
}

TEST(Mapping, AConstantIsWrittenAndExpectedBack) {
  const Mapping mapping = loaded(R"({"as":"const","vendor":"Type","value":"Order"})");
  EXPECT_EQ(to(mapping, "{}"), R"({"Type":"Order"})");
  EXPECT_EQ(from(mapping, R"({"Type":"Order"})"), "{}");
  EXPECT_EQ(from(mapping, "{}"), "{}");
  EXPECT_THAT(from(mapping, R"({"Type":"Quote"})"), HasSubstr("\"Quote\" must be \"Order\""));
}

TEST(Mapping, PartsAreJoinedAndTakenApartAgain) {
  const Mapping mapping =
      loaded(R"({"as":"join","canonical":["/a","/b","/c"],"vendor":"X","separator":", "})");
  EXPECT_EQ(to(mapping, R"({"a":"1","b":"2","c":"3, 4"})"), R"({"X":"1, 2, 3, 4"})");
  EXPECT_EQ(from(mapping, R"({"X":"1, 2, 3, 4"})"), R"({"a":"1","b":"2","c":"3, 4"})");
  EXPECT_EQ(to(mapping, R"({"a":"1"})"), R"({"X":"1"})");
  EXPECT_EQ(from(mapping, R"({"X":"1"})"), R"({"a":"1"})");
  EXPECT_EQ(from(mapping, to(mapping, R"({"b":"2"})")), R"({"b":"2"})");
  EXPECT_THAT(to(mapping, R"({"a":"1, 2"})"), HasSubstr("/a (join to X): must not contain \", \""));
}

TEST(Mapping, ALongNameIsSplitByWidthsInCharacters) {
  const Mapping mapping =
      loaded(R"({"as":"split","canonical":"/name","vendor":["Name","Name_2"],"widths":[5,5]})");
  EXPECT_EQ(to(mapping, R"({"name":"abc"})"), R"({"Name":"abc","Name_2":""})");
  EXPECT_EQ(to(mapping, R"({"name":"\u00e4bcdefgh"})"),
            "{\"Name\":\"\xC3\xA4"
            "bcde\",\"Name_2\":\"fgh\"}");
  EXPECT_THAT(to(mapping, R"({"name":"abcd efgh"})"),
              HasSubstr("does not fit the vendor's members"))
      << "cut inside a word, the second part would have six characters";
}

TEST(Mapping, ASplitByWidthsNeverLosesABlankAtTheCut) {
  const Mapping mapping =
      loaded(R"({"as":"split","canonical":"/name","vendor":["Name","Name_2"],"widths":[5,8]})");
  EXPECT_EQ(to(mapping, R"({"name":"abcd efgh"})"), R"({"Name":"abc","Name_2":"d efgh"})");
  EXPECT_EQ(from(mapping, R"({"Name":"abc","Name_2":"d efgh"})"), R"({"name":"abcd efgh"})");
  EXPECT_EQ(from(mapping, R"({"Name":"abc"})"), R"({"name":"abc"})");
  EXPECT_THAT(to(mapping, R"({"name":"abcdefghijklmn"})"),
              HasSubstr("does not fit the vendor's members"));
}

TEST(Mapping, ASplitBySeparatorIsTheInverseOfItsJoining) {
  const Mapping mapping = loaded(
      R"({"as":"split","canonical":"/name","vendor":["First","Last"],"separator":" ",
          "required":true})");
  EXPECT_EQ(to(mapping, R"({"name":"Ada King Lovelace"})"),
            R"({"First":"Ada","Last":"King Lovelace"})");
  EXPECT_EQ(from(mapping, R"({"First":"Ada","Last":"King Lovelace"})"),
            R"({"name":"Ada King Lovelace"})");
  EXPECT_THAT(from(mapping, "{}"), HasSubstr("/First (split to name): is required"));
}

TEST(Mapping, ListsAreMappedItemByItemWithTheirPlaceInErrors) {
  const Mapping mapping = loaded(
      R"({"as":"each","canonical":"/lines","vendor":"/SalesLines/Sales_Order_Line","fields":[
           {"as":"text","canonical":"/sku","vendor":"No","required":true},
           {"as":"decimal","canonical":"/quantity","vendor":"Quantity"}]})");
  EXPECT_EQ(to(mapping, R"({"lines":[{"sku":"1000","quantity":"2"},{"sku":"1001"}]})"),
            R"({"SalesLines":{"Sales_Order_Line":[{"No":"1000","Quantity":"2"},{"No":"1001"}]}})");
  EXPECT_EQ(from(mapping, R"({"SalesLines":{"Sales_Order_Line":{"No":"1000","Quantity":2.0}}})"),
            R"({"lines":[{"sku":"1000","quantity":"2.0"}]})");
  EXPECT_EQ(from(mapping, R"({"SalesLines":{}})"), "{}");
  const auto record = mapping.to_vendor(read(R"({"lines":[{"quantity":"x"},{"sku":"1"}]})"));
  ASSERT_FALSE(record.has_value());
  EXPECT_EQ(record.error().code, ErrorCode::invalid_request);
  ASSERT_EQ(record.error().fields.size(), 2U);
  EXPECT_EQ(record.error().fields[0].pointer, "/lines/0/sku");
  EXPECT_EQ(record.error().fields[1].pointer, "/lines/0/quantity");
  const auto document = mapping.from_vendor(read(R"({"SalesLines":{"Sales_Order_Line":[{}]}})"));
  ASSERT_FALSE(document.has_value());
  EXPECT_EQ(document.error().code, ErrorCode::internal);
  EXPECT_EQ(document.error().fields[0].pointer, "/SalesLines/Sales_Order_Line/0/No");
}

TEST(Mapping, AFieldMayGoOneWayOnly) {
  const Mapping mapping = loaded(
      R"({"as":"text","canonical":"/revision","vendor":"@odata.etag","only":"from_vendor"},
         {"as":"text","canonical":"/secret","vendor":"Secret","only":"to_vendor"})");
  EXPECT_EQ(to(mapping, R"({"revision":"1","secret":"2"})"), R"({"Secret":"2"})");
  EXPECT_EQ(from(mapping, R"({"@odata.etag":"1","Secret":"2"})"), R"({"revision":"1"})");
}

TEST(Mapping, AFileThatSaysNothingSensibleIsRefusedWithItsPlace) {
  const auto refusal = [](std::string_view text) {
    const auto mapping = Mapping::load(text, "bad.json");
    return mapping ? std::string("accepted") : mapping.error().message;
  };
  EXPECT_THAT(refusal("{"), HasSubstr("bad.json: malformed JSON"));
  EXPECT_THAT(refusal("{}"), HasSubstr("/fields is required"));
  EXPECT_THAT(
      refusal(R"({"fields":[{"as":"magic","canonical":"/a","vendor":"A"}]})"),
      HasSubstr("/fields/0/as must be one of text, code, decimal, date, const, join, split, each"));
  EXPECT_THAT(refusal(R"({"fields":[{"as":"text","canonical":"a","vendor":"A"}]})"),
              HasSubstr("/fields/0/canonical must be a JSON pointer"));
  EXPECT_THAT(refusal(R"({"fields":[{"as":"text","canonical":"/a","vendor":"A","widht":3}]})"),
              HasSubstr("/fields/0/widht is not a known member"));
  EXPECT_THAT(refusal(R"({"fields":[{"as":"code","canonical":"/a","vendor":"A","table":"t"}]})"),
              HasSubstr("/fields/0/table is not a table of this file"));
  EXPECT_THAT(refusal(R"({"fields":[{"as":"split","canonical":"/a","vendor":["A","B"]}]})"),
              HasSubstr("/fields/0/separator must be there, or widths"));
  EXPECT_THAT(
      refusal(R"({"fields":[{"as":"decimal","canonical":"/a","vendor":"A","factor":"0"}]})"),
      HasSubstr("/fields/0/factor must not be 0"));
  EXPECT_THAT(refusal(R"({"tables":{"t":[["a"]]},"fields":[]})"),
              HasSubstr("/tables t must be a list of pairs"));
  EXPECT_THAT(refusal(R"({"fields":[{"as":"text","canonical":"/a","vendor":"A"},
                                    {"as":"text","canonical":"/a/b","vendor":"B"}]})"),
              HasSubstr("/fields canonical /a/b lies within another field's"));
}

TEST(Mapping, TheExampleOfTheDocumentationLoads) {
  std::ifstream file(UNDERPIN_SOURCE_DIR "/mapping/README.md");
  std::ostringstream text;
  text << file.rdbuf();
  const std::string begin = "```json\n";
  const std::size_t from_here = text.str().find(begin);
  ASSERT_NE(from_here, std::string::npos);
  const std::string rest = text.str().substr(from_here + begin.size());
  const auto mapping = Mapping::load(rest.substr(0, rest.find("```")), "README.md");
  ASSERT_TRUE(mapping.has_value()) << mapping.error().message;
  EXPECT_EQ(to(*mapping, R"({"number":"C1","name":"Ada","rate":"0.19","lines":[{"number":2}]})"),
            R"({"No":"C1","Name":"Ada","Name_2":"","Start":"0001-01-01","VAT_Percent":"19.00",)"
            R"("Document_Type":"Order","SalesLines":{"Sales_Order_Line":[{"Line_No":"20000"}]}})");
}

TEST(Mapping, FlatRecordsAreValuesAndBack) {
  const std::map<std::string, std::string> fields{{"No", "C10000"}, {"Name", "Ada"}};
  EXPECT_EQ(flat(record_of(fields)).value(), fields);
  EXPECT_EQ(flat(read(R"({"A":1.50,"B":true})")).value().at("A"), "1.50");
  EXPECT_FALSE(flat(read(R"({"A":{}})")).has_value());
}

// Whatever a mapping can say to a vendor, it reads back as it was, also from a vendor that trims.
TEST(Mapping, WhatIsSaidToAVendorIsReadBackUnchanged) {
  const Mapping mapping = loaded(
      R"({"as":"text","canonical":"/number","vendor":"No","required":true},
         {"as":"split","canonical":"/name","vendor":["Name","Name_2","Name_3"],"widths":[8,8,60]},
         {"as":"join","canonical":["/address/city","/address/region"],"vendor":"City",
          "separator":" / "},
         {"as":"code","canonical":"/blocked","vendor":"Blocked","table":"block"},
         {"as":"date","canonical":"/since","vendor":"Since","blank":"1753-01-01",
          "write_blank":true},
         {"as":"each","canonical":"/lines","vendor":"Lines","fields":[
           {"as":"decimal","canonical":"/number","vendor":"Line_No","factor":"10000",
            "canonical_form":"number"},
           {"as":"decimal","canonical":"/rate","vendor":"Rate","factor":"100","trim":true},
           {"as":"decimal","canonical":"/amount","vendor":"Amount","factor":"-1"}]})",
      R"(,"tables":{"block":[["none"," "],["ship","Ship"],["all","All"]]})");
  std::mt19937_64 random(20261124);
  const auto below = [&](std::uint64_t limit) { return random() % limit; };
  const auto word = [&](std::size_t length_max) {
    static const std::vector<std::string> letters{"a", "Z",        "9",           " ",
                                                  "-", "\xC3\xA4", "\xE2\x82\xAC"};
    std::string text = "x";
    for (std::uint64_t i = below(length_max); i > 0; --i) {
      const std::string& next = letters[below(letters.size())];
      if (next != " " || text.back() != ' ') text += next;
    }
    return text + "y";
  };
  int long_names = 0;
  int refused = 0;
  for (int round = 0; round < 2000; ++round) {
    Value document = Value::object();
    document.set("number", word(10));
    const std::string name = word(40);
    if (name.size() > 8) ++long_names;
    document.set("name", name);
    if (below(2) == 0) document.set("address", Value::object().set("city", word(9)));
    if (document.find("address") != nullptr && below(2) == 0)
      document.find("address")->set("region", word(9));
    const char* blocked[] = {"none", "ship", "all"};
    document.set("blocked", blocked[below(3)]);
    if (below(2) == 0)
      document.set("since",
                   "20" + std::to_string(10 + below(90)) + "-02-1" + std::to_string(below(10)));
    Value lines = Value::array();
    for (std::uint64_t i = below(4); i > 0; --i) {
      Value line = Value::object();
      line.set("number", Value::integer(static_cast<std::int64_t>(1 + below(9999))));
      line.set("rate", Decimal(static_cast<Int128>(below(100)), 2).normalized().text());
      line.set("amount",
               Decimal(static_cast<Int128>(random() >> 1), static_cast<int>(below(20))).text());
      lines.push(std::move(line));
    }
    document.set("lines", std::move(lines));
    auto record = mapping.to_vendor(document);
    if (!record) {  // No place inside a word where the name could be cut.
      ASSERT_THAT(record.error().message, HasSubstr("/name (split to Name): does not fit"));
      ++refused;
      continue;
    }
    Value stored = *record;
    for (const char* key : {"Name", "Name_2", "Name_3", "City"}) {  // The vendor trims.
      const Value* member = stored.find(key);
      if (member == nullptr) continue;
      std::string text = member->text();
      text.erase(0, std::min(text.find_first_not_of(' '), text.size()));
      text.erase(text.find_last_not_of(' ') + 1);
      stored.set(key, text);
    }
    const auto back = mapping.from_vendor(stored);
    ASSERT_TRUE(back.has_value()) << back.error().message << " " << json::write(stored);
    ASSERT_EQ(json::write(*back), json::write(document)) << json::write(stored);
  }
  EXPECT_GT(long_names, 500);
  EXPECT_LT(refused, 200);
}

}  // namespace
}  // namespace underpin::mapping
