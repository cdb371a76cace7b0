#include "facade/price_basket.h"

#include <gtest/gtest.h>

namespace underpin::facade {
namespace {

PriceEntry ruling(Date from, std::optional<Date> to, const std::string& zone) {
  PriceEntry entry;
  entry.sku = Sku{"1000"};
  entry.from = from;
  entry.to = to;
  entry.zone = zone;
  return entry;
}

TEST(PriceBoundary, IsTheNextBeginOrTheMomentAfterTheNextEndInThePricesOwnZone) {
  const Timestamp now = *Timestamp::parse("2026-11-28T12:00:00Z");
  const std::vector<PriceEntry> entries{ruling({2026, 1, 1}, std::nullopt, "Europe/Berlin"),
                                        ruling({2026, 11, 1}, Date{2026, 12, 24}, "Europe/Berlin"),
                                        ruling({2027, 1, 1}, std::nullopt, "Europe/Berlin")};
  EXPECT_EQ(next_boundary(entries, now, "Asia/Tokyo")->text(), "2026-12-24T23:00:00Z");
  EXPECT_EQ(next_boundary({entries[2]}, now, "Asia/Tokyo")->text(), "2026-12-31T23:00:00Z");
  EXPECT_FALSE(next_boundary({entries[0]}, now, "Asia/Tokyo"));
  EXPECT_EQ(next_boundary({ruling({2026, 12, 1}, std::nullopt, "")}, now, "Asia/Tokyo")->text(),
            "2026-11-30T15:00:00Z")
      << "a price without a zone is of the store's";
}

}  // namespace
}  // namespace underpin::facade
