#include "contracts/external_reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>

namespace underpin {
namespace {

OrderId order(std::string channel, std::string number) {
  return {ChannelId{std::move(channel)}, OrderNumber{std::move(number)}};
}

std::string encoded(const OrderId& id, std::size_t length_max = 35) {
  const auto text = encode_external_reference(id, length_max);
  return text ? *text : "error: " + text.error().message;
}

TEST(ExternalReference, HoldsChannelAndNumberInUpperCase) {
  EXPECT_EQ(encoded(order("web", "100042")), "WEB/100042");
  EXPECT_EQ(encoded(order("pos-1", "aB.c_D-9")), "POS-1/^AB.^C_D-9");
  EXPECT_EQ(decode_external_reference("WEB/100042"), order("web", "100042"));
  EXPECT_EQ(decode_external_reference("POS-1/^AB.^C_D-9"), order("pos-1", "aB.c_D-9"));
}

TEST(ExternalReference, RefusesWhatItCannotHoldAndNamesTheField) {
  EXPECT_THAT(encoded(order("", "1")), testing::HasSubstr("channel must have 1 to 10"));
  EXPECT_THAT(encoded(order("abcdefghijk", "1")), testing::HasSubstr("channel must have 1 to 10"));
  EXPECT_THAT(encoded(order("Web", "1")), testing::HasSubstr("channel may contain lower-case"));
  EXPECT_THAT(encoded(order("web", "")), testing::HasSubstr("number must have 1 to 20"));
  EXPECT_THAT(encoded(order("web", "123456789012345678901")),
              testing::HasSubstr("number must have"));
  EXPECT_THAT(encoded(order("web", "a/b")), testing::HasSubstr("number may contain"));
  EXPECT_THAT(encoded(order("web", "a b")), testing::HasSubstr("number may contain"));
  EXPECT_THAT(encoded(order("web", "abcdefghijklmnopqrst")), testing::HasSubstr("at most 35"));
  EXPECT_THAT(encoded(order("web", "100042"), 9), testing::HasSubstr("at most 9"));
}

TEST(ExternalReference, TextsThatOthersWroteAreNotTakenForOurs) {
  for (const char* text :
       {"", "WEB", "/1", "WEB/", "web/1", "WEB/1 ", "WEB/a", "WEB/^", "WEB/^1", "WEB/1/2",
        "ABCDEFGHIJK/1", "WEB/123456789012345678901", "W EB/1", "PO 4711", "WEB/^^A"})
    EXPECT_FALSE(decode_external_reference(text).has_value()) << text;
}

// Case and blanks at the ends are all that a vendor's code field changes.
TEST(ExternalReference, SurvivesAVendorThatUpperCasesAndTrims) {
  const std::string channel_letters = "abcdefghijklmnopqrstuvwxyz0123456789-";
  const std::string number_letters = "abcdefgXYZ0123456789._-";
  std::mt19937_64 random(20261124);
  std::set<std::string> stored;
  std::set<OrderId> ids;
  for (int i = 0; i < 20'000; ++i) {
    const auto text = [&](const std::string& letters, std::size_t length_max) {
      std::string result;
      for (std::size_t n = 1 + random() % length_max; n > 0; --n)
        result += letters[random() % letters.size()];
      return result;
    };
    const OrderId id = order(text(channel_letters, 10), text(number_letters, 20));
    auto reference = encode_external_reference(id, 60);
    ASSERT_TRUE(reference.has_value());
    std::string kept = *reference;
    std::transform(kept.begin(), kept.end(), kept.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    ASSERT_EQ(kept, *reference);
    ASSERT_EQ(decode_external_reference(kept), id);
    stored.insert(kept);
    ids.insert(id);
  }
  EXPECT_EQ(stored.size(), ids.size()) << "two orders share a reference";
}

}  // namespace
}  // namespace underpin
