#include "contracts/json/schema.h"
#include "tests/conformance/site_entry.h"

#include <gmock/gmock.h>

namespace underpin::conformance {
namespace {

using testing::IsEmpty;

TEST(ConformanceFeatures, AreWhatTheAdapterSaysOfItselfAndAtLeastOneCapability) {
  ASSERT_FALSE(all_sites().empty());
  for (const SiteEntry& entry : all_sites()) {
    SCOPED_TRACE(entry.adapter);
    const std::unique_ptr<Site> site = entry.make();
    const AdapterFeatures features = entry.features();
    EXPECT_THAT(contradictions(features, site->adapter()), IsEmpty());
    EXPECT_TRUE(features.offers("orders") || features.offers("inventory") ||
                features.offers("pricing") || features.offers("customers"));
  }
}

// A configuration that names the adapter is refused otherwise, whatever it says.
TEST(ConformanceFeatures, TheSchemaOfTheSettingsIsOneThatIsChecked) {
  for (const SiteEntry& entry : all_sites()) {
    const auto schema = json::Schema::compile(entry.embedded("settings.schema.json"));
    EXPECT_TRUE(schema.has_value()) << entry.adapter << ": " << said(schema);
  }
}

TEST(ConformanceFeatures, ThatAreSaidWronglyAreFound) {
  const SiteEntry& entry = all_sites().front();
  const std::unique_ptr<Site> site = entry.make();
  AdapterFeatures features = entry.features();
  features.inert_by = "good will";
  features.capabilities.clear();
  EXPECT_GE(contradictions(features, site->adapter()).size(), 2U);
}

TEST(ConformanceFeatures, ThatAreNotCompleteAreRefusedByMember) {
  const auto refused = adapter_features_from_json(*json::parse(R"({"title": "An ERP"})"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fields.size(), 12U);
  EXPECT_EQ(refused.error().fields.front().pointer, "/orders");
}

}  // namespace
}  // namespace underpin::conformance
