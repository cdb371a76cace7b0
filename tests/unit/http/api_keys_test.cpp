#include "facade/http/api_keys.h"

#include <gtest/gtest.h>

namespace underpin::facade::http {
namespace {

ApiKeys loaded(const std::vector<ApiKeySettings>& settings) {
  Result<ApiKeys> keys = ApiKeys::load(settings);
  EXPECT_TRUE(keys.has_value()) << (keys ? "" : keys.error().message);
  return std::move(keys).value();
}

ApiKeys sample() {
  return loaded({{"web", "channel", "WEB", hash_api_key("web-key-web-key-web-key-web-key-")},
                 {"ada@example.com", "architect", "", hash_api_key("ada-key-ada-key-ada-key-")}});
}

TEST(ApiKeys, TellWhoHoldsAKey) {
  const ApiKeys keys = sample();
  EXPECT_EQ(keys.authenticate("web-key-web-key-web-key-web-key-"),
            (Principal{"web", "channel", "WEB"}));
  EXPECT_EQ(keys.authenticate("ada-key-ada-key-ada-key-"),
            (Principal{"ada@example.com", "architect", ""}));
  EXPECT_FALSE(keys.authenticate("web-key-web-key-web-key-web-key").has_value());
  EXPECT_FALSE(keys.authenticate("").has_value());
  EXPECT_FALSE(keys.authenticate(std::string(100'000, 'k')).has_value());
}

TEST(ApiKeys, ReadTheDigestOfAnyImplementation) {
  // printf 'saltkey' | sha256sum, with the salt "salt" in hex.
  const ApiKeys keys =
      loaded({{"a", "qa", "",
               "sha256:73616c74:"
               "4a466ea0657e479545b1d6c2d994824f80d8eecd7030f3092ff42a9bcad751d8"}});
  EXPECT_TRUE(keys.authenticate("key").has_value());
  EXPECT_FALSE(keys.authenticate("saltkey").has_value());
}

TEST(ApiKeys, AreSaltedSoThatOneKeyHasManyHashes) {
  const std::string first = hash_api_key("key");
  const std::string second = hash_api_key("key");
  EXPECT_NE(first, second);
  EXPECT_EQ(first.find("key"), std::string::npos);
  const ApiKeys keys = loaded({{"a", "qa", "", second}});
  EXPECT_TRUE(keys.authenticate("key").has_value());
}

TEST(ApiKeys, AreReadFromEitherHeader) {
  const ApiKeys keys = sample();
  Headers plain;
  plain.add("x-api-key", "ada-key-ada-key-ada-key-");
  EXPECT_TRUE(keys.authenticate(plain).has_value());
  Headers bearer;
  bearer.add("Authorization", "bearer ada-key-ada-key-ada-key-");
  EXPECT_TRUE(keys.authenticate(bearer).has_value());
  Headers both = bearer;
  both.add("X-API-Key", "ada-key-ada-key-ada-key-");
  EXPECT_TRUE(keys.authenticate(both).has_value());
}

TEST(ApiKeys, AreRefusedWhenTheHeadersAreAmbiguous) {
  const ApiKeys keys = sample();
  EXPECT_FALSE(keys.authenticate(Headers()).has_value());
  Headers twice;
  twice.add("X-API-Key", "ada-key-ada-key-ada-key-");
  twice.add("X-API-Key", "ada-key-ada-key-ada-key-");
  EXPECT_FALSE(keys.authenticate(twice).has_value());
  Headers differing;
  differing.add("X-API-Key", "ada-key-ada-key-ada-key-");
  differing.add("Authorization", "Bearer web-key-web-key-web-key-web-key-");
  EXPECT_FALSE(keys.authenticate(differing).has_value());
  Headers basic;
  basic.add("Authorization", "Basic ada-key-ada-key-ada-key-");
  EXPECT_FALSE(keys.authenticate(basic).has_value());
}

TEST(ApiKeys, NameTheEntryAndTheRuleItBreaks) {
  const std::string good = hash_api_key("k");
  struct Case {
    std::vector<ApiKeySettings> settings;
    const char* pointer;
  };
  const std::vector<Case> cases{
      {{{"", "qa", "", good}}, "/keys/0/subject"},
      {{{"a", "boss", "", good}}, "/keys/0/role"},
      {{{"a", "channel", "", good}}, "/keys/0/channel"},
      {{{"a", "qa", "WEB", good}}, "/keys/0/channel"},
      {{{"a", "qa", "", "k"}}, "/keys/0/hash"},
      {{{"a", "qa", "", "sha256::" + std::string(64, '0')}}, "/keys/0/hash"},
      {{{"a", "qa", "", "sha256:00:" + std::string(62, '0')}}, "/keys/0/hash"},
      {{{"a", "qa", "", "sha256:zz:" + std::string(64, '0')}}, "/keys/0/hash"},
      {{{"a", "qa", "", good}, {"b", "qa", "", good}}, "/keys/1/hash"},
  };
  for (const Case& each : cases) {
    const Result<ApiKeys> keys = ApiKeys::load(each.settings);
    ASSERT_FALSE(keys.has_value()) << each.pointer;
    EXPECT_EQ(keys.error().code, ErrorCode::invalid_request);
    ASSERT_EQ(keys.error().fields.size(), 1U);
    EXPECT_EQ(keys.error().fields[0].pointer, each.pointer);
  }
}

}  // namespace
}  // namespace underpin::facade::http
