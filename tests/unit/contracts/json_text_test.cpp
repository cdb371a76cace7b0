#include "contracts/json/json_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace underpin::json {
namespace {

std::string rewritten(std::string_view text) {
  const auto value = parse(text);
  return value ? write(*value) : "error: " + value.error().message;
}

Error error_of(std::string_view text, const Limits& limits = {}) {
  const auto value = parse(text, limits);
  EXPECT_FALSE(value.has_value()) << text;
  return value ? Error{} : value.error();
}

TEST(JsonText, AnErrorNeverRepeatsWhatWasRead) {
  const std::string noise = "{\"a\": truX; expected " + std::string(5'000, '\x7f') + "\xc8}";
  const Error error = error_of(noise);
  EXPECT_LT(error.message.size(), 200u) << error.message;
  EXPECT_EQ(error.message.find("truX"), std::string::npos);
  EXPECT_NE(error_of("[1,2").message.find("expected"), std::string::npos);
}

TEST(JsonText, NumbersComeBackAsTheyWereWritten) {
  for (const char* text :
       {"12345678901234567.89", "10.50", "0", "-0", "-0.0", "0.10", "1e3", "1E+3", "2.50e-7",
        "9223372036854775807", "-9223372036854775808", "18446744073709551615",
        "18446744073709551616", "123456789012345678901234567890123456789012345678901234567890",
        "0.12345678901234567890", "-42"}) {
    EXPECT_EQ(rewritten(text), text);
    EXPECT_EQ(rewritten("[" + std::string(text) + "]"), "[" + std::string(text) + "]");
  }
}

TEST(JsonText, StructureAndOrderOfMembersAreKept) {
  const std::string text =
      R"({"z":1,"a":[true,false,null,{"x":"y"}],"":{},"m":[],"text":"\u00e4\n\"\\\/"})";
  EXPECT_EQ(rewritten(text),
            "{\"z\":1,\"a\":[true,false,null,{\"x\":\"y\"}],\"\":{},\"m\":[],"
            "\"text\":\"\xC3\xA4\\n\\\"\\\\/\"}");
}

TEST(JsonText, PrettyTextReadsBackAsTheSameValue) {
  const auto value = parse(R"({"a":[1,{"b":10.50},[]],"c":{},"d":"x"})").value();
  EXPECT_EQ(write_pretty(value),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": 10.50\n    },\n    []\n  ],\n  \"c\": {},\n"
            "  \"d\": \"x\"\n}\n");
  EXPECT_EQ(parse(write_pretty(value)).value(), value);
}

TEST(JsonText, MalformedTextIsRefusedWithItsPlace) {
  EXPECT_THAT(error_of("{\n  \"a\": 1,\n  oops\n}").message,
              testing::AllOf(testing::HasSubstr("malformed JSON at line 3, column 3 (byte 14)"),
                             testing::Not(testing::HasSubstr("last read"))));
  for (const char* text :
       {"",    " ",        "{",        "[1,]",        "{\"a\" 1}",  "01",   "+1",  ".5",
        "1.",  "1e",       "-",        "NaN",         "Infinity",   "'a'",  "\"a", "{} {}",
        "tru", "\"\x01\"", "\"\xff\"", "\"\\ud800\"", "// note\n1", "1e400"}) {
    EXPECT_EQ(error_of(text).code, ErrorCode::invalid_request) << text;
    EXPECT_THAT(error_of(text).message, testing::HasSubstr("line ")) << text;
  }
}

TEST(JsonText, ARepeatedKeyIsRefusedWithItsPointer) {
  const Error error = error_of(R"({"a":[{"b":1},{"x":0,"c/d":1,"c/d":2}]})");
  ASSERT_EQ(error.fields.size(), 1U);
  EXPECT_EQ(error.fields[0].pointer, "/a/1/c~1d");
  EXPECT_EQ(error.fields[0].detail, "is there more than once");
}

TEST(JsonText, SizeDepthAndCountAreLimited) {
  EXPECT_THAT(error_of("[1,2,3]", {.max_bytes = 6}).message, testing::HasSubstr("6 bytes"));
  EXPECT_THAT(error_of("[[[]]]", {.max_depth = 2}).message, testing::HasSubstr("2 levels"));
  EXPECT_THAT(error_of("[1,2,3]", {.max_nodes = 3}).message, testing::HasSubstr("3 values"));
  EXPECT_TRUE(parse("[[1,2]]", {.max_bytes = 7, .max_depth = 2, .max_nodes = 4}).has_value());
  EXPECT_THAT(error_of(std::string(100'000, '[')).message, testing::HasSubstr("64 levels"));
}

TEST(JsonText, CommentsAreReadOnlyWhereTheyAreAllowed) {
  const auto value = parse_with_comments("// a note\n{\"a\": /* why */ 10.50}\n");
  ASSERT_TRUE(value.has_value());
  EXPECT_EQ(write(*value), R"({"a":10.50})");
  EXPECT_FALSE(parse("{\"a\": /* why */ 1}").has_value());
}

TEST(JsonText, ADecimalIsReadFromANumberWithItsScale) {
  const auto decimal = [](std::string_view text) {
    const auto value = parse(text).value().as_decimal("/x");
    return value ? value->text() : value.error().fields.at(0).detail;
  };
  EXPECT_EQ(decimal("12345678901234567.89"), "12345678901234567.89");
  EXPECT_EQ(decimal("10.50"), "10.50");
  EXPECT_EQ(decimal("1e3"), "1000");
  EXPECT_EQ(decimal("1.5E+1"), "15");
  EXPECT_EQ(decimal("10.50e1"), "105.0");
  EXPECT_EQ(decimal("-1.5e-3"), "-0.0015");
  EXPECT_EQ(decimal("123e-2"), "1.23");
  EXPECT_EQ(decimal("0e999999999999"), "0");
  EXPECT_EQ(decimal("1e37"), "1" + std::string(37, '0'));
  EXPECT_EQ(decimal("1e-20"), "0." + std::string(19, '0') + "1");
  const std::string rule = "must have at most 38 digits and at most 20 decimal places";
  EXPECT_EQ(decimal("1e38"), rule);
  EXPECT_EQ(decimal("1e-21"), rule);
  EXPECT_EQ(decimal("1e300"), rule);
  EXPECT_EQ(decimal(std::string(39, '9')), rule);
  EXPECT_EQ(decimal("0.123456789012345678901"), rule);
}

TEST(JsonText, AWrongKindIsAnErrorThatNamesThePointerAndBothKinds) {
  const auto doc = parse(R"({"a":"10.50","n":5,"f":5.5,"b":true})").value();
  EXPECT_EQ(doc.get("a").as_decimal("/a").error().fields.at(0),
            (FieldError{"/a", "must be a number, not a string"}));
  EXPECT_EQ(doc.get("n").as_decimal_string("/n").error().fields.at(0).detail,
            "must be a decimal in a string, like \"10.50\", not a number");
  EXPECT_EQ(doc.get("missing").as_string("/missing").error().fields.at(0).detail,
            "must be a string, not null");
  EXPECT_EQ(doc.get("f").as_int("/f").error().fields.at(0).detail, "must be a whole number");
  EXPECT_EQ(doc.get("n").as_bool().error().message, "the document must be a boolean, not a number");
  EXPECT_EQ(doc.get("b").as_bool().value(), true);
  EXPECT_EQ(doc.get("a").as_any_decimal().value().text(), "10.50");
  EXPECT_EQ(doc.get("n").as_any_decimal().value().text(), "5");
  EXPECT_EQ(doc.get("b").as_scalar_text().value(), "true");
}

TEST(JsonText, ADecimalInAStringHasOneWayToBeWritten) {
  for (const char* text : {"1e3", "+1", "1,000", " 1", "", ".5", "1.", "01", "0x1", "1 "}) {
    EXPECT_FALSE(Value(text).as_decimal_string().has_value()) << text;
  }
  EXPECT_EQ(Value("-12.500").as_decimal_string().value().text(), "-12.500");
}

TEST(JsonText, WholeNumbersFitSixtyFourBits) {
  EXPECT_EQ(parse("1e3").value().as_int().value(), 1000);
  EXPECT_EQ(parse("5.0").value().as_int().value(), 5);
  EXPECT_EQ(parse("-9223372036854775808").value().as_int().value(), INT64_MIN);
  EXPECT_FALSE(parse("9223372036854775808").value().as_int().has_value());
}

TEST(JsonText, ValuesAreBuiltInOrderAndReplaced) {
  Value order = Value::object();
  order.set("number", "100042").set("total", Value::number(Decimal{1050, 2}));
  order.set("lines", Value::array()).set("number", "100043").set("open", Value::boolean(true));
  order.find("lines")->push(Value::integer(-1)).push(Value::null());
  EXPECT_EQ(write(order), R"({"number":"100043","total":10.50,"lines":[-1,null],"open":true})");
  EXPECT_TRUE(order.erase("total"));
  EXPECT_FALSE(order.erase("total"));
  EXPECT_EQ(order.size(), 3U);
}

TEST(JsonText, PointersFindWhatTheyName) {
  const auto doc = parse(R"({"a/b":[{"m~n":1},2],"":3})").value();
  EXPECT_EQ(doc.at_pointer("/a~1b/0/m~0n")->text(), "1");
  EXPECT_EQ(doc.at_pointer("/")->text(), "3");
  EXPECT_EQ(doc.at_pointer(""), &doc);
  for (const char* nothing : {"/a~1b/2", "/a~1b/01", "/a~1b/-1", "/x", "/a~1b/0/m~0n/y", "a"})
    EXPECT_EQ(doc.at_pointer(nothing), nullptr) << nothing;
}

TEST(JsonText, ObjectsAreEqualWhateverTheOrderOfTheirMembers) {
  EXPECT_EQ(parse(R"({"a":1,"b":[1,2]})").value(), parse(R"({"b":[1,2],"a":1})").value());
  EXPECT_FALSE(parse(R"({"a":[1,2]})").value() == parse(R"({"a":[2,1]})").value());
  EXPECT_FALSE(parse("1.0").value() == parse("1").value());
  EXPECT_FALSE(parse("\"1\"").value() == parse("1").value());
}

TEST(JsonText, BytesThatAreNoUtf8AreReplacedWhenWritten) {
  EXPECT_EQ(write(Value(std::string_view("a\xFF\xC3z\xE2\x82\xAC", 7))),
            "\"a\xEF\xBF\xBD\xEF\xBF\xBDz\xE2\x82\xAC\"");
  EXPECT_EQ(write(Value(std::string_view("\0\x1f\x7f", 3))), R"("\u0000\u001f\u007f")");
}

TEST(JsonText, NumberTextIsCheckedAgainstTheGrammar) {
  EXPECT_EQ(write(Value::number_text("1.50").value()), "1.50");
  for (const char* text : {"", "1,5", "NaN", "1.", "00", "--1"})
    EXPECT_FALSE(Value::number_text(text).has_value()) << text;
}

}  // namespace
}  // namespace underpin::json
