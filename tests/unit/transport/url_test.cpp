#include "transport/url.h"

#include <gtest/gtest.h>

namespace underpin::transport {
namespace {

TEST(UrlOfASystem, IsTakenApart) {
  const Result<Url> url = parse_url("https://erp.example.com:7048/BC/api/v2.0?tenant=default#top");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "erp.example.com");
  EXPECT_EQ(url->port, "7048");
  EXPECT_EQ(url->target, "/BC/api/v2.0?tenant=default");
  EXPECT_EQ(url->host_header(), "erp.example.com:7048");
}

TEST(UrlOfASystem, HasThePortOfItsScheme) {
  EXPECT_EQ(parse_url("http://nav")->port, "80");
  EXPECT_EQ(parse_url("https://bc/x")->port, "443");
  EXPECT_EQ(parse_url("https://bc/x")->host_header(), "bc");
  EXPECT_EQ(parse_url("http://nav")->target, "/");
  EXPECT_EQ(parse_url("http://nav?a=b")->target, "/?a=b");
}

TEST(UrlOfASystem, GoesOutAsItWasWritten) {
  const Result<Url> url =
      parse_url("http://nav/NAV/Company%2FOne%20%28DE%29/Page?$filter=a%20eq%27b%27");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->target, "/NAV/Company%2FOne%20%28DE%29/Page?$filter=a%20eq%27b%27");
}

TEST(UrlOfASystem, MayHoldAnAddressOfVersion6) {
  const Result<Url> url = parse_url("http://[::1]:8080/");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->host_header(), "[::1]:8080");
}

TEST(UrlOfASystem, IsRefusedWithTheRuleItBreaks) {
  const auto why = [](std::string_view text) {
    const Result<Url> url = parse_url(text);
    return url ? "accepted: " + std::string(text) : url.error().message;
  };
  EXPECT_EQ(why("ftp://nav/"), "the URL must begin with http:// or https://");
  EXPECT_EQ(why("nav/x"), "the URL must begin with http:// or https://");
  EXPECT_EQ(why(""), "the URL must begin with http:// or https://");
  EXPECT_EQ(why("http://user:secret@nav/"), "the URL must not hold user information");
  EXPECT_EQ(why("http:///x"), "the URL names no host");
  EXPECT_EQ(why("http://nav/a b"), "the URL holds a character that must be percent-encoded");
  EXPECT_EQ(why("http://nav/\xc3\xbc"), "the URL holds a character that must be percent-encoded");
  for (const char* port : {"http://nav:/", "http://nav:0/", "http://nav:x/", "http://nav:65536/",
                           "http://nav:80x/", "http://[::1/", "http://nav:-1/"})
    EXPECT_NE(why(port).find("has no well-formed"), std::string::npos) << port << ": " << why(port);
}

}  // namespace
}  // namespace underpin::transport
