// What is at risk in money, and what cannot be valued.
#include "tests/unit/facade/gates.h"

namespace underpin::facade::test {
namespace {

TEST_F(Gates, MoneyThatDiffersIsAtRisk) {
  for (int i = 0; i < 60; ++i) compared(Capability::pricing, "quote", "C" + std::to_string(i));
  parity::LedgerEntry entry;
  entry.at = Timestamp{clock};
  entry.question = {"pricing", "quote", "C1", entry.at.date_utc()};
  entry.comparison.verdict = parity::Verdict::mismatch;
  entry.comparison.differences.push_back({"/totalNet", parity::Kind::value,
                                          parity::Verdict::mismatch, "\"2000.00\"", "\"500.00\"",
                                          ""});
  ASSERT_TRUE(facade->ledger().record(std::move(entry)));
  EXPECT_EQ(judged(Capability::pricing).facts.money_at_risk, Decimal::of(1'500));
  EXPECT_EQ(unmet(Capability::pricing), (Names{"money_at_risk", "basket"}));
}

TEST_F(Gates, MoneyThatHasNotArrivedIsAtRisk) {
  move_all(Stage::dual_write);
  for (int i = 0; i < 20; ++i) {
    const std::string number = std::to_string(100 + i);
    ASSERT_EQ(facade->orders().place(order(number, "20"), write("k" + number)).status, 201);
    compared(Capability::orders, "get_order", "web/" + number);
  }
  EXPECT_EQ(judged(Capability::orders).facts.money_at_risk, Decimal::of(4'000));
  EXPECT_EQ(unmet(Capability::orders), Names{"money_at_risk"});
  settle();
  EXPECT_EQ(unmet(Capability::orders), Names{});
}

// One wrong order that is asked for in two ways was at risk twice.
TEST_F(Gates, ADocumentThatDiffersIsAtRiskOnceByItsLargestDifference) {
  const auto differs = [&](const std::string& operation, const std::string& subject,
                           const std::string& total) {
    parity::LedgerEntry entry;
    entry.at = Timestamp{clock};
    entry.question = {"orders", operation, subject, entry.at.date_utc()};
    entry.comparison.verdict = parity::Verdict::mismatch;
    entry.comparison.differences.push_back({"/totals/grandTotal", parity::Kind::value,
                                            parity::Verdict::mismatch, "\"100.00\"",
                                            "\"" + total + "\"", ""});
    ASSERT_TRUE(facade->ledger().record(std::move(entry)));
  };
  differs("get_order", "web/1", "90.00");
  differs("held_after_place_order", "web/1", "70.00");
  differs("get_order", "web/2", "95.00");
  EXPECT_EQ(judged(Capability::orders).facts.money_at_risk, Decimal::of(35));
}

TEST_F(Gates, AWriteThatTheOtherSideRefusedIsAtRiskOnceAsItsDeadLetter) {
  move_all(Stage::dual_write);
  ASSERT_EQ(facade->orders().place(order("100", "20"), write("k100")).status, 201);
  const Decimal once = judged(Capability::orders).facts.money_at_risk;
  ASSERT_FALSE(once.is_zero());
  // Its mirror is refused: a dead letter stays in the outbox, and a mismatch goes to the ledger.
  parity::LedgerEntry entry;
  entry.at = Timestamp{clock};
  entry.question = {"orders", "place_order", "web/100", entry.at.date_utc()};
  entry.comparison.verdict = parity::Verdict::mismatch;
  entry.comparison.differences.push_back(
      {"", parity::Kind::outcome, parity::Verdict::mismatch, "\"accepted\"", "\"rejected\"", ""});
  entry.primary_document = R"({"totals": {"grandTotal": "200.00"}})";
  ASSERT_TRUE(facade->ledger().record(std::move(entry)));
  EXPECT_EQ(judged(Capability::orders).facts.money_at_risk, once);
  // Dismissed, the row is gone, and the order still is on one side only.
  settle();
  EXPECT_EQ(judged(Capability::orders).facts.money_at_risk, Decimal::of(200));
}

TEST_F(Gates, StockThatHasNotArrivedIsWorthItsPriceAndWithoutOneItIsCounted) {
  move_all(Stage::dual_write);
  const auto moved = [&](const std::string& movement, const std::string& quantity) {
    StockAdjustment adjustment;
    adjustment.movement = MovementId{movement};
    adjustment.key = {Sku{"1000"}, LocationCode{"EAST"}};
    adjustment.quantity = *Decimal::parse(quantity);
    adjustment.uom = "PCS";
    EXPECT_LT(facade->inventory().adjust(adjustment, write("k" + movement)).status, 300);
  };
  moved("m1", "-4");
  moved("m2", "3");
  GateReport report = judged(Capability::inventory);
  EXPECT_EQ(report.facts.unvalued_writes, 2) << "nobody knows its price";
  EXPECT_EQ(report.facts.money_at_risk, Decimal{});
  gate_settings.limits[static_cast<std::size_t>(Capability::inventory)].unvalued_at_risk_max = 1;
  open();
  EXPECT_THAT(unmet(Capability::inventory), Contains("unvalued_at_risk"));
  PriceEntry price;
  price.sku = Sku{"1000"};
  price.from = Date{2026, 1, 1};
  price.zone = "Europe/Berlin";
  price.uom = "PCS";
  price.currency = "EUR";
  price.unit_price = *Decimal::parse("10.50");
  legacy().set_price(price);
  report = judged(Capability::inventory);
  EXPECT_EQ(report.facts.unvalued_writes, 0);
  EXPECT_EQ(report.facts.money_at_risk, *Decimal::parse("73.50")) << "both movements, by quantity";
}

TEST_F(Gates, ACustomerThatHasNotArrivedCannotBeValuedAndIsNotWorthNothing) {
  move_all(Stage::dual_write);
  gate_settings.limits[static_cast<std::size_t>(Capability::customers)].unvalued_at_risk_max = 0;
  open();
  compared_customers(20);
  ASSERT_EQ(unmet(), Names{});
  ASSERT_EQ(facade->customers().create(customer("C900"), write("k900")).status, 201);
  EXPECT_EQ(unmet(), Names{"unvalued_at_risk"});
  EXPECT_EQ(judged().facts.unvalued_writes, 1);
  settle();
  EXPECT_EQ(unmet(), Names{});
}

// Stock that differs has no price beside it: it was worth nothing.
TEST_F(Gates, ADifferenceInQuantityWithoutAPriceIsCounted) {
  parity::LedgerEntry entry;
  entry.at = Timestamp{clock};
  entry.question = {"inventory", "get_stock", "1000@EAST", entry.at.date_utc()};
  entry.comparison.verdict = parity::Verdict::mismatch;
  entry.comparison.differences.push_back(
      {"/onHand", parity::Kind::value, parity::Verdict::mismatch, "\"5\"", "\"4\"", ""});
  ASSERT_TRUE(facade->ledger().record(std::move(entry)));
  EXPECT_EQ(judged(Capability::inventory).facts.unvalued_documents, 1);
}

}  // namespace
}  // namespace underpin::facade::test
