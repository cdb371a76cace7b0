#include "contracts/json/json_text.h"
#include "mapping/mapping.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace underpin {
namespace embedded {
std::string_view business_central(std::string_view name);
}
namespace {

const std::filesystem::path golden = UNDERPIN_SOURCE_DIR "/cloud-adapters/business_central/golden";

TEST(BusinessCentralGolden, EveryCaseMapsThereAndBack) {
  std::size_t cases = 0;
  for (const auto& folder : std::filesystem::directory_iterator(golden)) {
    const std::string path = (folder.path() / "case.json").string();
    SCOPED_TRACE(path);
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    const auto read = json::parse(text.str());
    ASSERT_TRUE(read.has_value()) << read.error().message;
    json::Value one = *read;
    const std::string file = one.get("mapping").text();
    const auto mapping = mapping::Mapping::load(embedded::business_central(file), file);
    ASSERT_TRUE(mapping.has_value()) << mapping.error().message;
    const auto vendor = mapping->to_vendor(one.get("canonical"));
    ASSERT_TRUE(vendor.has_value()) << vendor.error().message;
    const auto canonical = mapping->from_vendor(one.get("vendor"));
    ASSERT_TRUE(canonical.has_value()) << canonical.error().message;
    if (std::getenv("UPDATE_GOLDEN") != nullptr) {
      one.set("vendor", *vendor);
      std::ofstream(path) << json::write_pretty(one) << "\n";
    } else {
      EXPECT_EQ(json::write_pretty(*vendor), json::write_pretty(one.get("vendor")));
      EXPECT_TRUE(*canonical == one.get("canonical"))
          << json::write_pretty(*canonical) << json::write_pretty(one.get("canonical"));
    }
    ++cases;
  }
  EXPECT_GE(cases, 5u);
}

}  // namespace
}  // namespace underpin
