#include "tests/conformance/site_entry.h"

namespace underpin::conformance {
namespace {

TEST(Offers, AreWhatTheAdapterSaysOfItselfAndAtLeastOneCapability) {
  ASSERT_FALSE(all_sites().empty());
  for (const SiteEntry& entry : all_sites()) {
    SCOPED_TRACE(entry.adapter);
    const std::unique_ptr<Site> site = entry.make();
    ErpAdapter& adapter = site->adapter();
    Offers said;
    said.orders = adapter.orders() != nullptr;
    said.inventory = adapter.inventory() != nullptr;
    said.pricing = adapter.pricing() != nullptr;
    said.customers = adapter.customers() != nullptr;
    said.returns = adapter.returns() != nullptr;
    said.postings = adapter.postings() != nullptr;
    EXPECT_EQ(said, entry.offers()) << "cases are left out that the adapter has to pass";
    EXPECT_EQ(said.returns, adapter.descriptor().returns != ReturnsMode::none);
    EXPECT_TRUE(said.orders || said.inventory || said.pricing || said.customers);
  }
}

}  // namespace
}  // namespace underpin::conformance
