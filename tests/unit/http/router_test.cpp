#include "facade/http/router.h"

#include "facade/http/percent.h"
#include "facade/http/problem.h"

#include <gtest/gtest.h>

namespace underpin::facade::http {
namespace {

Request asking(std::string method, std::string path) {
  Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  return request;
}

RouteHandler says(std::string name) {
  return [name](const Request&, const PathParameters& parameters) {
    Response response;
    response.body = name;
    for (const auto& [key, value] : parameters) response.body += " " + key + "=" + value;
    return response;
  };
}

Router table() {
  Router router;
  router.add("GET", "/v1/orders", says("list"));
  router.add("POST", "/v1/orders", says("create"));
  router.add("GET", "/v1/orders/{number}", says("get"));
  router.add("PATCH", "/v1/orders/{number}", says("amend"));
  router.add("POST", "/v1/orders/{number}/cancel", says("cancel"));
  router.add("GET", "/v1/inventory/{sku}", says("stock"));
  router.add("POST", "/v1/inventory/availability", says("availability"));
  router.add("GET", "/v1/inventory/summary", says("summary"));
  return router;
}

TEST(Router, FindsTheHandlerAndNamesTheParameters) {
  const Router router = table();
  EXPECT_EQ(router.handle(asking("GET", "/v1/orders")).body, "list");
  EXPECT_EQ(router.handle(asking("POST", "/v1/orders/7/cancel")).body, "cancel number=7");
  EXPECT_EQ(router.handle(asking("PATCH", "/v1/orders/7")).body, "amend number=7");
}

TEST(Router, DecodesAParameterAfterSplitting) {
  const Router router = table();
  EXPECT_EQ(router.handle(asking("GET", "/v1/orders/WEB%2F7%20%C3%A4")).body,
            "get number=WEB/7 \xC3\xA4");
  EXPECT_EQ(router.handle(asking("GET", "/v1/orders/a+b")).body, "get number=a+b");
}

TEST(Router, PrefersALiteralToAParameter) {
  const Router router = table();
  EXPECT_EQ(router.handle(asking("GET", "/v1/inventory/summary")).body, "summary");
  EXPECT_EQ(router.handle(asking("GET", "/v1/inventory/1000")).body, "stock sku=1000");
  EXPECT_EQ(router.handle(asking("POST", "/v1/inventory/availability")).body, "availability");
}

TEST(Router, AnswersHeadWithTheHandlerOfGet) {
  EXPECT_EQ(table().handle(asking("HEAD", "/v1/orders")).body, "list");
}

TEST(Router, AnswersAnUnknownPathWith404) {
  const Router router = table();
  for (const char* path : {"/", "/v1", "/v1/orders/", "/v1/orders//cancel", "/v1/orders/7/ship",
                           "/V1/orders", "/v1/orders/7/cancel/", "*", ""}) {
    const Response response = router.handle(asking("GET", path));
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_EQ(response.headers.get("Content-Type"), "application/problem+json");
  }
}

TEST(Router, AnswersAnotherMethodWith405AndAllow) {
  const Response response = table().handle(asking("DELETE", "/v1/orders"));
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.get("Allow"), "GET, HEAD, POST");
  EXPECT_EQ(table().handle(asking("get", "/v1/orders")).status, 405);
  EXPECT_EQ(table().handle(asking("PATCH", "/v1/inventory/availability")).status, 405);
}

TEST(Router, AnswersABadEscapeWith400AndNamesTheParameter) {
  for (const char* path : {"/v1/orders/%", "/v1/orders/%4", "/v1/orders/%zz", "/v1/orders/%FF",
                           "/v1/orders/a%00b", "/v1/orders/%0A", "/v1/orders/%C0%AF"}) {
    const Response response = table().handle(asking("GET", path));
    EXPECT_EQ(response.status, 400) << path;
    EXPECT_NE(response.body.find("\"pointer\":\"number\""), std::string::npos);
  }
}

TEST(Percent, ReadsAQueryAsFormsSendIt) {
  const auto pairs = decode_query("a=1&&b=%26%3D&c&a=x+y&=z");
  ASSERT_TRUE(pairs);
  const std::vector<std::pair<std::string, std::string>> expected{
      {"a", "1"}, {"b", "&="}, {"c", ""}, {"a", "x y"}, {"", "z"}};
  EXPECT_EQ(*pairs, expected);
}

TEST(Percent, KnowsUtf8FromItsImitations) {
  EXPECT_TRUE(valid_utf8("plain \xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80"));
  for (const char* bad : {"\x80", "\xC3", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80",
                          "\xF4\x90\x80\x80", "\xF0\x80\x80\x80", "\xE2\x82"})
    EXPECT_FALSE(valid_utf8(bad)) << bad;
}

TEST(Problem, HasTheMembersOfTheStandardInOrder) {
  const Response response =
      problem(422, "validation", "Request failed validation", "Two \"rules\".", "/v1/orders",
              {{"/lines/0/quantity", "must be greater than 0"}, {"/number", "is required"}},
              {{"Retry-After", "5"}});
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(response.headers.get("content-type"), "application/problem+json");
  EXPECT_EQ(response.headers.get("retry-after"), "5");
  EXPECT_EQ(response.body,
            "{\"type\":\"urn:underpin:problem:validation\",\"title\":\"Request failed validation\","
            "\"status\":422,\"detail\":\"Two \\\"rules\\\".\",\"instance\":\"/v1/orders\","
            "\"errors\":[{\"pointer\":\"/lines/0/quantity\",\"detail\":\"must be greater than 0\"},"
            "{\"pointer\":\"/number\",\"detail\":\"is required\"}]}");
}

TEST(Problem, WritesAnyBytesAsAJsonString) {
  std::string text;
  append_json_string(text, std::string_view("a\"\\\n\r\t\x01\0\x7F", 9));
  EXPECT_EQ(text, "\"a\\\"\\\\\\n\\r\\t\\u0001\\u0000\x7F\"");
  text.clear();
  append_json_string(text, "\xC3\xA4\xFF\xE2\x82");
  EXPECT_EQ(text, "\"\xC3\xA4\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace underpin::facade::http
