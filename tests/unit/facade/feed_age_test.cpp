#include "facade/cutover_guards.h"
#include "tests/unit/facade/facade_fixture.h"

#include <gmock/gmock.h>

namespace underpin::facade::test {
namespace {

using cutover::GuardReading;
using cutover::GuardVerdict;
using cutover::Stage;
using testing::HasSubstr;

constexpr std::int64_t limit_ms = 60'000;

// The feeds of each capability, and nothing else, are what its guard judges.
struct FeedAge : FacadeFixture {
  FeedAge() {
    legacy().add_customer(customer("C1"));
    legacy().set_stock({Sku{"1000"}, LocationCode{"EAST"}}, Decimal::of(100));
    cloud().set_stock({Sku{"1000"}, LocationCode{"EAST"}}, Decimal::of(100));
    watch();
  }
  void watch() {
    GuardsSettings settings;
    for (CapabilityGuards& watched : settings.capabilities) watched.feed_age_max_ms = limit_ms;
    guards = std::make_unique<CutoverGuards>(facade->systems(), facade->journal(), settings,
                                             [this] { return Timestamp{clock.load()}; });
  }
  std::optional<GuardReading> reading(Capability capability) {
    const auto all = guards->readings(facade->cutover().status(capability)->plan);
    return all.empty() ? std::nullopt : std::optional<GuardReading>(all.front());
  }
  GuardVerdict verdict(Capability capability) {
    const auto found = reading(capability);
    EXPECT_TRUE(found);
    if (!found) return GuardVerdict::inconclusive;
    EXPECT_EQ(found->guard, "feed_age");
    return found->verdict;
  }
  void seen(const std::string& feed, Side side) {
    ASSERT_TRUE(facade->journal().write([&](journal::JournalTransaction& tx) {
      tx.set_fact("as_of/" + facade->systems().on(side).name + "/" + feed, Timestamp{clock}.text());
      return true;
    }));
  }
  std::string noted(const std::string& feed, Side side) {
    std::string text;
    EXPECT_TRUE(facade->journal().read([&](const journal::JournalReader& reader) {
      text = reader.fact("as_of/" + facade->systems().on(side).name + "/" + feed);
    }));
    return text;
  }
  void poll(Side side) {
    EXPECT_TRUE(facade->feeds().poll_orders(side, context()));
    EXPECT_TRUE(facade->feeds().poll_customers(side, context()));
    EXPECT_TRUE(facade->feeds().poll_stock(side, context()));
  }
  // Everything but one feed has just been seen.
  void all_but(const std::string& feed, Side late) {
    for (const Side side : {Side::legacy, Side::cloud})
      for (const std::string one : {"orders", "customers", "stock", "prices"})
        if (one != feed || side != late) seen(one, side);
  }
  // Which capabilities are late when only this feed is.
  std::string late_without(const std::string& feed, Side side) {
    for (const char* one : {"orders", "customers", "stock", "prices"})
      for (const Side of : {Side::legacy, Side::cloud}) seen(one, of);
    for (const Capability capability : all_capabilities) (void)reading(capability);
    pass_ms(limit_ms + 1);
    all_but(feed, side);
    std::string late;
    for (const Capability capability : all_capabilities) {
      const auto found = reading(capability);
      if (found && found->verdict == GuardVerdict::breach)
        late += (late.empty() ? "" : " ") + std::string(name(capability));
    }
    return late;
  }
  std::unique_ptr<CutoverGuards> guards;
};

TEST_F(FeedAge, EachCapabilityIsJudgedByTheFeedsItRestsOn) {
  move_all(Stage::dual_write);
  EXPECT_EQ(late_without("orders", Side::legacy), "orders inventory");
  EXPECT_EQ(late_without("orders", Side::cloud), "orders inventory");
  EXPECT_EQ(late_without("customers", Side::legacy), "customers");
  EXPECT_EQ(late_without("customers", Side::cloud), "") << "legacy rules";
  EXPECT_EQ(late_without("stock", Side::legacy), "inventory");
  EXPECT_EQ(late_without("stock", Side::cloud), "") << "legacy rules";
  EXPECT_EQ(late_without("prices", Side::legacy), "pricing");
}

TEST_F(FeedAge, ThePrimaryTurnsRoundWithThePlan) {
  for (const Stage stage : {Stage::dual_write, Stage::shadow_read, Stage::cloud_primary})
    move_all(stage);
  EXPECT_EQ(late_without("customers", Side::legacy), "");
  EXPECT_EQ(late_without("customers", Side::cloud), "customers");
  EXPECT_EQ(late_without("stock", Side::legacy), "");
  EXPECT_EQ(late_without("stock", Side::cloud), "inventory");
}

TEST_F(FeedAge, BothPrimariesCountWhileAShareHasMoved) {
  for (const Stage stage : {Stage::dual_write, Stage::shadow_read}) move_all(stage);
  move(Capability::customers, Stage::cloud_primary, 10'000);
  EXPECT_EQ(late_without("customers", Side::legacy), "customers");
  EXPECT_EQ(late_without("customers", Side::cloud), "customers");
}

TEST_F(FeedAge, AFeedThatNobodyHasReadIsInconclusive) {
  for (const Capability capability :
       {Capability::orders, Capability::inventory, Capability::customers})
    EXPECT_EQ(verdict(capability), GuardVerdict::inconclusive) << name(capability);
  EXPECT_THAT(reading(Capability::customers)->detail, HasSubstr("not known yet"));
  EXPECT_THAT(reading(Capability::customers)->detail, HasSubstr("customers of nav"));
  seen("orders", Side::legacy);
  seen("orders", Side::cloud);
  EXPECT_EQ(verdict(Capability::orders), GuardVerdict::clear);
  EXPECT_EQ(verdict(Capability::inventory), GuardVerdict::inconclusive) << "of stock nothing yet";
}

TEST_F(FeedAge, EveryFeedNotesHowFarItHasSeen) {
  poll(Side::legacy);
  poll(Side::cloud);
  for (const Capability capability :
       {Capability::orders, Capability::inventory, Capability::customers})
    EXPECT_EQ(verdict(capability), GuardVerdict::clear) << name(capability);
  pass_ms(limit_ms);
  EXPECT_EQ(verdict(Capability::customers), GuardVerdict::clear) << "at the limit";
  pass_ms(1);
  EXPECT_EQ(verdict(Capability::customers), GuardVerdict::breach);
  EXPECT_EQ(verdict(Capability::inventory), GuardVerdict::breach);
  EXPECT_THAT(reading(Capability::customers)->detail,
              HasSubstr("60001 ms (limit 60000 ms), customers of nav"));
  EXPECT_TRUE(facade->feeds().poll_customers(Side::legacy, context()));
  EXPECT_EQ(verdict(Capability::customers), GuardVerdict::clear);
}

TEST_F(FeedAge, AnErpThatCannotBeReadGrowsOld) {
  poll(Side::legacy);
  poll(Side::cloud);
  EXPECT_EQ(verdict(Capability::customers), GuardVerdict::clear);
  pass_ms(limit_ms + 1);
  legacy().set_down(true);
  EXPECT_FALSE(facade->feeds().poll_customers(Side::legacy, context()));
  EXPECT_EQ(verdict(Capability::customers), GuardVerdict::breach);
  guards->look(facade->cutover());
  EXPECT_EQ(facade->cutover().status(Capability::customers)->plan.halt->guard, "feed_age");
}

TEST_F(FeedAge, PricesAreFedOnlyWhileBothHaveThem) {
  EXPECT_FALSE(reading(Capability::pricing)) << "legacy_only";
  move(Capability::pricing, Stage::dual_write);
  EXPECT_EQ(verdict(Capability::pricing), GuardVerdict::clear);
  pass_ms(limit_ms + 1);
  EXPECT_EQ(verdict(Capability::pricing), GuardVerdict::breach);
  EXPECT_TRUE(facade->feeds().poll_prices(context()));
  EXPECT_EQ(verdict(Capability::pricing), GuardVerdict::clear);
}

TEST_F(FeedAge, ThePriceFeedNotesItAtMostOnceASecond) {
  move(Capability::pricing, Stage::dual_write);
  const std::string first = noted("prices", Side::legacy);
  EXPECT_NE(first, "");
  pass_ms(999);
  failing_writes = 1;
  EXPECT_TRUE(facade->feeds().poll_prices(context())) << "nothing is written";
  EXPECT_EQ(noted("prices", Side::legacy), first);
  failing_writes = 0;
  pass_ms(1);
  EXPECT_TRUE(facade->feeds().poll_prices(context()));
  EXPECT_EQ(noted("prices", Side::legacy), Timestamp{clock}.text());
}

TEST_F(FeedAge, WhatNobodyRanUntilNowIsNotLateButNotGreenEither) {
  seen("customers", Side::legacy);
  pass_ms(3'600'000);
  watch();  // The process was away for an hour.
  EXPECT_EQ(verdict(Capability::customers), GuardVerdict::inconclusive);
  guards->look(facade->cutover());
  EXPECT_FALSE(facade->cutover().status(Capability::customers)->plan.halt);
  pass_ms(limit_ms);
  EXPECT_EQ(verdict(Capability::customers), GuardVerdict::inconclusive);
  pass_ms(1);
  EXPECT_EQ(verdict(Capability::customers), GuardVerdict::breach) << "it had its time";
}

TEST_F(FeedAge, AfterARestoreFeedsRestUntilWritesAreOpen) {
  const auto close = [&](const char* why) {
    ASSERT_TRUE(facade->journal().write([&](journal::JournalTransaction& tx) {
      tx.set_fact(journal::closed_fact, why);
      return true;
    }));
  };
  seen("customers", Side::legacy);
  EXPECT_EQ(verdict(Capability::customers), GuardVerdict::clear);
  close("restored");
  pass_ms(2 * limit_ms);
  EXPECT_EQ(verdict(Capability::customers), GuardVerdict::inconclusive);
  close("");
  EXPECT_EQ(verdict(Capability::customers), GuardVerdict::inconclusive) << "they have just begun";
  EXPECT_TRUE(facade->feeds().poll_customers(Side::legacy, context()));
  EXPECT_EQ(verdict(Capability::customers), GuardVerdict::clear);
}

TEST_F(FeedAge, ALimitThatAFeedWouldBreakByItselfIsRefused) {
  const auto refusal = [&](Capability capability, std::int64_t limit) -> std::string {
    GuardsSettings settings;
    settings.capabilities[static_cast<std::size_t>(capability)].feed_age_max_ms = limit;
    const Status possible = CutoverGuards::possible(facade->systems(), settings, 500);
    return possible ? "" : possible.error().message;
  };
  EXPECT_THAT(refusal(Capability::customers, 500),
              HasSubstr("guards.customers.feedAgeMaxMs must be more than 500"));
  EXPECT_EQ(refusal(Capability::customers, 501), "");
  EXPECT_THAT(refusal(Capability::inventory, 5'000), HasSubstr("must be more than 5000"));
  EXPECT_EQ(refusal(Capability::inventory, 5'001), "");
}

// An ERP without customers.
struct WithoutCustomers final : ErpAdapter {
  explicit WithoutCustomers(SmallErp& erp) : erp_(erp) {}
  const CapabilityDescriptor& descriptor() const override { return erp_.descriptor(); }
  Status ping(const CallContext& context) override { return erp_.ping(context); }
  std::vector<Finding> examine(const CallContext&) override { return {}; }
  OrderService* orders() override { return &erp_; }
  InventoryService* inventory() override { return &erp_; }
  PricingService* pricing() override { return &erp_; }
  CustomerService* customers() override { return nullptr; }

 private:
  SmallErp& erp_;
};

TEST_F(FeedAge, ALimitOnWhatAnErpDoesNotOfferIsRefused) {
  Systems systems;
  systems.legacy = make("nav", legacy_state);
  systems.cloud = {"bc", std::make_unique<WithoutCustomers>(cloud()),
                   std::make_unique<Guard>("bc", GuardSettings{16, 1'000'000, 1})};
  GuardsSettings settings;
  settings.capabilities[static_cast<std::size_t>(Capability::orders)].feed_age_max_ms = limit_ms;
  EXPECT_TRUE(CutoverGuards::possible(systems, settings, 500));
  settings.capabilities[static_cast<std::size_t>(Capability::customers)].feed_age_max_ms = limit_ms;
  const Status refused = CutoverGuards::possible(systems, settings, 500);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("can never be judged: bc does not offer"));
}

}  // namespace
}  // namespace underpin::facade::test
