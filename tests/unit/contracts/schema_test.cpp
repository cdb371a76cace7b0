#include "contracts/json/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace underpin::json {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

const std::filesystem::path schemas = UNDERPIN_SOURCE_DIR "/contracts/schemas";

std::vector<FieldError> faults(std::string_view schema, std::string_view document) {
  auto compiled = Schema::compile(schema);
  if (!compiled) throw std::runtime_error(compiled.error().message);
  return compiled->check(parse(document).value());
}

std::string refusal(std::string_view schema) {
  const auto compiled = Schema::compile(schema);
  return compiled ? "accepted" : compiled.error().message;
}

Value sample_order() {
  std::ifstream file(UNDERPIN_SOURCE_DIR "/docs/examples/order.json");
  std::ostringstream text;
  text << file.rdbuf();
  return parse(text.str()).value();
}

TEST(Schema, EveryStoredSchemaCompilesUnderItsName) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(schemas)) {
    const std::string file = entry.path().filename().string();
    const std::string ending = ".schema.json";
    if (file.size() <= ending.size() || entry.path().extension() != ".json") continue;
    EXPECT_NO_THROW(Schema::named(file.substr(0, file.size() - ending.size()))) << file;
    ++count;
  }
  EXPECT_GE(count, 20);
  EXPECT_THROW(Schema::named("no-such"), std::logic_error);
}

TEST(Schema, KeywordsThatAreNotCheckedHereAreRefusedWhereverTheyStand) {
  EXPECT_THAT(refusal(R"({"pattern":"a+"})"), HasSubstr("/pattern uses a keyword"));
  EXPECT_THAT(refusal(R"({"properties":{"a":{"format":"date"}}})"),
              HasSubstr("/properties/a/format uses a keyword"));
  EXPECT_THAT(refusal(R"({"items":{"anyOf":[{},{"multipleOf":0.01}]}})"),
              HasSubstr("/items/anyOf/1/multipleOf uses a keyword"));
  EXPECT_THAT(refusal(R"({"definitions":{"x":{"allOf":[]}}})"), HasSubstr("/definitions/x/allOf"));
  EXPECT_THAT(refusal(R"({"additionalProperties":{"if":{}}})"),
              HasSubstr("/additionalProperties/if"));
  EXPECT_THAT(refusal(R"({"$ref":"#/definitions/none"})"), HasSubstr("/$ref must lead to"));
  EXPECT_THAT(refusal(R"({"$ref":"http://example.com/x.json"})"), HasSubstr("/$ref must lead to"));
  EXPECT_THAT(refusal(R"({"type":"strnig"})"), HasSubstr("not a schema"));
  EXPECT_EQ(refusal(R"({"properties":{"pattern":{"type":"string"}}})"), "accepted");
  EXPECT_THAT(refusal(R"({"definitions":{"a":{"$ref":"#/definitions/a"}}})"),
              HasSubstr("leads to itself"));
}

TEST(Schema, FaultsNameThePointerAndTheRule) {
  const char* schema = R"({"type":"object","additionalProperties":false,"required":["a","b"],
    "properties":{"a":{"type":"string","maxLength":3},
                  "b":{"type":"array","maxItems":2,"items":{"$ref":"#/definitions/n"}},
                  "c":{"enum":["x","y"]}, "d":{"type":["string","boolean"]},
                  "e":{"type":"object","additionalProperties":{"type":"integer"}},
                  "f":{"const":1}, "g":{"type":"string","minLength":2},
                  "h":{"anyOf":[{"type":"null"},{"type":"string"}]}},
    "definitions":{"n":{"type":"integer","minimum":1,"maximum":9999}}})";
  EXPECT_THAT(
      faults(schema,
             R"({"a":"abc","b":[1,9999],"c":"x","d":true,"e":{"k":1},"f":1,"g":"ab","h":null})"),
      ElementsAre());
  EXPECT_THAT(faults(schema, "{}"),
              ElementsAre(FieldError{"/a", "is required"}, FieldError{"/b", "is required"}));
  EXPECT_THAT(faults(schema, "[]"), ElementsAre(FieldError{"", "must be an object"}));
  const auto found =
      faults(schema, R"({"a":"abcd","b":[0,"x",10000],"c":"z","d":1,"e":{"k/l":"1"},"f":2,
                                        "g":"a","h":1,"u":1,"v":2})");
  EXPECT_THAT(found, Contains(FieldError{"/a", "must have at most 3 characters"}));
  EXPECT_THAT(found, Contains(FieldError{"/b", "must have at most 2 items"}));
  EXPECT_THAT(found, Contains(FieldError{"/b/0", "must be at least 1"}));
  EXPECT_THAT(found, Contains(FieldError{"/b/1", "must be an integer"}));
  EXPECT_THAT(found, Contains(FieldError{"/b/2", "must be at most 9999"}));
  EXPECT_THAT(found, Contains(FieldError{"/c", "must be one of x, y"}));
  EXPECT_THAT(found, Contains(FieldError{"/d", "must be one of the types string, boolean"}));
  EXPECT_THAT(found, Contains(FieldError{"/e/k~1l", "must be an integer"}));
  EXPECT_THAT(found, Contains(FieldError{"/f", "must be 1"}));
  EXPECT_THAT(found, Contains(FieldError{"/g", "must have at least 2 characters"}));
  EXPECT_THAT(found, Contains(FieldError{"/h", "matches none of the forms that are allowed here"}));
  EXPECT_THAT(found, Contains(FieldError{"/u", "is not a known member"}));
  EXPECT_THAT(found, Contains(FieldError{"/v", "is not a known member"}));
  for (const FieldError& fault : found)
    EXPECT_THAT(fault.detail, testing::Not(HasSubstr("constraint"))) << fault.pointer;
}

TEST(Schema, LengthsAreCountedInCharactersAndLimitedInBytesBeforehand) {
  EXPECT_THAT(faults(R"({"maxLength":3})", "\"\xC3\xA4\xC3\xB6\xC3\xBC\""), ElementsAre());
  EXPECT_THAT(faults("{}", "{\"a\":[\"" + std::string(5000, 'x') + "\"]}"),
              ElementsAre(FieldError{"/a/0", "must have at most 4096 bytes"}));
  EXPECT_THAT(faults("{}", R"({"a":"x\u0000"})"),
              ElementsAre(FieldError{"/a", "must not contain control characters"}));
  EXPECT_THAT(faults("{}", R"({"a":"two\nlines\t"})"), ElementsAre());
  EXPECT_EQ(faults("{}", "{\"" + std::string(200, 'k') + "\":1}").size(), 1U);
}

TEST(Schema, ADefinitionMayContainItself) {
  const char* tree = R"({"$ref":"#/definitions/node","definitions":{"node":{"type":"object",
    "additionalProperties":false,"properties":{"left":{"$ref":"#/definitions/node"}}}}})";
  EXPECT_THAT(faults(tree, R"({"left":{"left":{}}})"), ElementsAre());
  EXPECT_THAT(faults(tree, R"({"left":{"left":5}})"),
              ElementsAre(FieldError{"/left/left", "must be an object"}));
}

TEST(Schema, ReportsAtMostTwentyFaults) {
  std::string document = "[0";
  for (int i = 0; i < 100; ++i) document += ",0";
  EXPECT_EQ(faults(R"({"items":{"type":"string"}})", document + "]").size(), 20U);
}

TEST(Schema, WholeNumbersAreWholeHoweverTheyAreWritten) {
  EXPECT_THAT(faults(R"({"type":"integer"})", "5.0"), ElementsAre());
  EXPECT_EQ(faults(R"({"type":"integer"})", "5.5").size(), 1U);
  EXPECT_FALSE(
      faults(R"({"type":"integer","maximum":9})", "123456789012345678901234567890").empty());
  EXPECT_EQ(faults(R"({"type":"string"})", "5").size(), 1U) << "a number is not taken for a text";
}

TEST(Schema, AnOrderOfAChannelIsCheckedAtTheDoor) {
  const Schema& schema = Schema::named("order-request");
  Value order = sample_order();
  EXPECT_THAT(schema.check(order), ElementsAre());
  order.set("status", "shipped");
  order.find("lines")->item(0)->set("quantity", Value::integer(4));
  order.find("lines")->item(1)->set("shippedQuantity", "1");
  order.erase("currency");
  EXPECT_THAT(
      schema.check(order),
      testing::UnorderedElementsAre(
          FieldError{"/currency", "is required"}, FieldError{"/status", "is not a known member"},
          FieldError{"/lines/0/quantity", "must be a string"},
          FieldError{"/lines/1/shippedQuantity", "is not a known member"}));
}

}  // namespace
}  // namespace underpin::json
