#include "legacy-adapters/dynamics_nav/inventory.h"

#include "tests/unit/dynamics_nav/nav_tables.h"

#include <gmock/gmock.h>

namespace underpin::legacy::dynamics_nav {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* zero = "0.00000000000000000000";

class NavInventoryTest : public testing::Test {
 protected:
  NavInventoryTest() {
    for (const char* code : {"EAST", "WEST"}) tables_.location(code);
    settings_.system = "nav";
    settings_.now = [] { return Timestamp::parse("2026-11-24T23:30:00Z").value(); };
    make();
  }
  void make() {
    inventory_ = make_inventory(settings_, tables_.database(),
                                [this](const JournalLine& line, const CallContext&) {
                                  posted_.push_back(line);
                                  return post_(line);
                                });
  }
  StockLevel level(const char* sku, const char* location) {
    const auto levels =
        inventory_->get_stock({{Sku(sku)}, LocationCode(location)}, in_five_seconds());
    if (!levels || levels->size() != 1) {
      ADD_FAILURE() << (levels ? "not one level" : levels.error().message);
      return {};
    }
    return levels->front();
  }
  static StockAdjustment adjustment(const char* movement, const char* quantity) {
    StockAdjustment result;
    result.movement = MovementId(movement);
    result.key = {Sku("1000"), LocationCode("EAST")};
    result.quantity = Decimal::parse(quantity).value();
    return result;
  }

  NavTables tables_;
  InventorySettings settings_;
  std::vector<JournalLine> posted_;
  std::function<Result<DocumentNumber>(const JournalLine&)> post_ =
      [this](const JournalLine& line) {
        return DocumentNumber(std::to_string(tables_.entry(
            line.key.sku.text(), line.key.location.text(), line.quantity.text(), line.document)));
      };
  std::unique_ptr<InventoryService> inventory_;
};

TEST_F(NavInventoryTest, AddsTheLedgerExactly) {
  tables_.item("1000");
  for (int i = 0; i < 10; ++i) tables_.entry("1000", "EAST", "0.10000000000000000000");
  tables_.entry("1000", "EAST", "-0.30000000000000000000");
  tables_.entry("1000", "EAST", "12345678901234.00001000000000000000");
  tables_.entry("1000", "WEST", "7.00000000000000000000");
  const StockLevel east = level("1000", "EAST");
  EXPECT_EQ(east.on_hand.text(), "12345678901234.70001");
  EXPECT_EQ(east.uom, "PCS");
  EXPECT_EQ(east.as_of.text(), "2026-11-24T23:30:00Z");
  EXPECT_EQ(level("1000", "WEST").on_hand.text(), "7");
}

TEST_F(NavInventoryTest, CountsOutstandingOrderLinesAsDemandInBaseUnits) {
  tables_.item("1000");
  tables_.insert("Item Unit of Measure", "[Item No_], [Code], [Qty_ per Unit of Measure]",
                 "'1000', 'BOX', '12.00000000000000000000'");
  tables_.entry("1000", "EAST", "100.00000000000000000000");
  tables_.sales_line(1, 2, "1000", "EAST", "PCS", "3.00000000000000000000");
  tables_.sales_line(1, 2, "1000", "EAST", "BOX", "2.00000000000000000000");
  tables_.sales_line(1, 2, "1000", "WEST", "PCS", "1.00000000000000000000");
  tables_.sales_line(5, 2, "1000", "EAST", "PCS", "50.00000000000000000000");  // A return order.
  tables_.sales_line(0, 2, "1000", "EAST", "PCS", "50.00000000000000000000");  // A quote.
  tables_.sales_line(1, 1, "1000", "EAST", "", "50.00000000000000000000");     // An account 1000.
  tables_.sales_line(1, 2, "1000", "EAST", "PCS", zero);                       // Shipped.
  const StockLevel east = level("1000", "EAST");
  EXPECT_EQ(east.on_hand, Decimal::of(100));
  EXPECT_EQ(east.reserved, Decimal::of(27));
  EXPECT_EQ(east.available, Decimal::of(73));
  EXPECT_EQ(level("1000", "WEST").available, Decimal::of(-1));
}

TEST_F(NavInventoryTest, CountsReservationsOfOthersThanSalesLines) {
  tables_.item("1000");
  tables_.entry("1000", "EAST", "100.00000000000000000000");
  tables_.reservation(0, 0, 5407, "1000", "EAST", "-4.00000000000000000000");  // Production.
  tables_.reservation(1, 0, 32, "1000", "EAST", "4.00000000000000000000");     // Its stock side.
  tables_.reservation(0, 0, 37, "1000", "EAST", "-9.00000000000000000000");  // Its line is demand.
  tables_.reservation(0, 2, 5407, "1000", "EAST", "-9.00000000000000000000");  // A surplus.
  EXPECT_EQ(level("1000", "EAST").reserved, Decimal::of(4));
}

TEST_F(NavInventoryTest, HasALevelForEveryArticleAndLocation) {
  tables_.item("1000");
  tables_.item("1001");
  tables_.entry("1001", "WEST", "5.00000000000000000000");
  tables_.entry("1001", "", "2.00000000000000000000");  // Stock without a location.
  const auto levels = inventory_->get_stock({}, in_five_seconds());
  ASSERT_TRUE(levels) << levels.error().message;
  std::vector<std::string> seen;
  for (const StockLevel& one : *levels)
    seen.push_back(one.key.sku.text() + "/" + one.key.location.text() + "=" + one.on_hand.text());
  EXPECT_THAT(seen,
              ElementsAre("1000/EAST=0", "1000/WEST=0", "1001/=2", "1001/EAST=0", "1001/WEST=5"));
}

TEST_F(NavInventoryTest, SaysWhoPostedStockWhereValueEntriesMayBeRead) {
  const StockKey key{Sku("1000"), LocationCode("EAST")};
  const Timestamp since = Timestamp::parse("2026-11-24T10:00:00Z").value();
  EXPECT_FALSE(inventory_->names_stock_writers());
  EXPECT_EQ(inventory_->movements_of(key, since, in_five_seconds()).error().code,
            ErrorCode::unsupported);
  settings_.value_entries = true;
  make();
  tables_.run("CREATE TABLE " + tables_.name("Value Entry") +
              " ([Entry No_] INTEGER, [Item Ledger Entry No_] INTEGER, [User ID] VARCHAR(50))");
  tables_.item("1000");
  const int first = tables_.entry("1000", "EAST", "5.00000000000000000000");
  const int second = tables_.entry("1000", "EAST", "-2.00000000000000000000", "COUNT-1");
  tables_.entry("1000", "WEST", "9.00000000000000000000");
  const auto value = [&](int number, int entry, const char* user) {
    tables_.run("INSERT INTO " + tables_.name("Value Entry") + " VALUES (" +
                std::to_string(number) + ", " + std::to_string(entry) + ", '" + user + "')");
  };
  value(1, first, "CRONUS\\EVA");
  value(2, first, "CRONUS\\ACCOUNTING");  // The invoice changed its value.
  const auto movements = inventory_->movements_of(key, since, in_five_seconds());
  ASSERT_TRUE(movements) << movements.error().message;
  ASSERT_EQ(movements->size(), 2U);
  EXPECT_EQ(movements->at(0).entry.text(), std::to_string(second));
  EXPECT_EQ(movements->at(0).movement.text(), "COUNT-1");
  EXPECT_EQ(movements->at(0).quantity, Decimal::of(-2));
  EXPECT_EQ(movements->at(0).changed_by, "");
  EXPECT_EQ(movements->at(1).changed_by, "CRONUS\\EVA");
  EXPECT_EQ(movements->at(1).changed_at.text(), "2026-11-23T23:00:00Z");
  const auto later = inventory_->movements_of(key, since.plus_ms(86'400'000), in_five_seconds());
  ASSERT_TRUE(later);
  EXPECT_TRUE(later->empty());
}

TEST_F(NavInventoryTest, AsksForManyArticlesInFewStatements) {
  std::vector<Sku> skus;
  for (int i = 0; i < 450; ++i) {
    const std::string number = "A" + std::to_string(1000 + i);
    tables_.item(number);
    tables_.entry(number, "EAST", std::to_string(i) + ".00000000000000000000");
    skus.emplace_back(number);
  }
  skus.push_back(skus.front());  // Named twice, answered once.
  const auto levels = inventory_->get_stock({skus, LocationCode("EAST")}, in_five_seconds());
  ASSERT_TRUE(levels) << levels.error().message;
  ASSERT_EQ(levels->size(), 450U);
  for (int i = 0; i < 450; ++i)
    EXPECT_EQ((*levels)[static_cast<std::size_t>(i)].on_hand, Decimal::of(i));
}

TEST_F(NavInventoryTest, UnknownArticlesAndLocationsAreNotFound) {
  tables_.item("1000");
  const auto article = inventory_->get_stock({{Sku("1000"), Sku("9999")}, {}}, in_five_seconds());
  ASSERT_FALSE(article);
  EXPECT_EQ(article.error().code, ErrorCode::not_found);
  EXPECT_THAT(article.error().message, HasSubstr("9999"));
  const auto location =
      inventory_->get_stock({{Sku("1000")}, LocationCode("MOON")}, in_five_seconds());
  ASSERT_FALSE(location);
  EXPECT_EQ(location.error().code, ErrorCode::not_found);
  EXPECT_EQ(location.error().system, "nav");
}

TEST_F(NavInventoryTest, ReadsACompanyWithASuffixAndUmlauts) {
  NavTables others("Müller", "$437dbf0e");
  others.location("EAST");
  others.item("Ö1");
  others.entry("Ö1", "EAST", "3.00000000000000000000");
  settings_.sql.company = "Müller";
  settings_.sql.app_suffix = "$437dbf0e";
  const auto inventory = make_inventory(settings_, others.database(), {});
  const auto levels = inventory->get_stock({{Sku("Ö1")}, {}}, in_five_seconds());
  ASSERT_TRUE(levels) << levels.error().message;
  EXPECT_EQ(levels->front().on_hand, Decimal::of(3));
}

TEST_F(NavInventoryTest, NamesTheColumnThatHoldsNoNumber) {
  tables_.item("1000");
  tables_.entry("1000", "EAST", "many");
  const auto levels = inventory_->get_stock({{Sku("1000")}, {}}, in_five_seconds());
  ASSERT_FALSE(levels);
  EXPECT_EQ(levels.error().code, ErrorCode::internal);
  EXPECT_THAT(levels.error().message, HasSubstr("column Quantity: 'many'"));
}

TEST_F(NavInventoryTest, PostsAnAdjustmentOnceAndAnswersARepeatWithIt) {
  tables_.item("1000");
  const auto first = inventory_->adjust_stock(adjustment("MV-1", "-2.5"), in_five_seconds());
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->document, DocumentNumber("1"));
  ASSERT_EQ(posted_.size(), 1U);
  EXPECT_EQ(posted_[0].document, "MV-1");
  EXPECT_EQ(posted_[0].quantity.text(), "-2.5");
  EXPECT_EQ(posted_[0].posting_date.text(), "2026-11-25");  // Already tomorrow in Berlin.
  const auto again = inventory_->adjust_stock(adjustment("MV-1", "-2.50"), in_five_seconds());
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, *first);
  EXPECT_EQ(posted_.size(), 1U);
}

TEST_F(NavInventoryTest, FindsAMovementThatNavStoredInUpperCase) {
  tables_.item("1000");
  tables_.entry("1000", "EAST", "4.00000000000000000000", "MV-ABC");
  const auto found = inventory_->find_adjustment(MovementId("mv-abc"), in_five_seconds());
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->movement, MovementId("mv-abc"));
  EXPECT_EQ(found->quantity.text(), "4");
}

TEST_F(NavInventoryTest, CallsAnotherContentUnderAMovementAConflict) {
  tables_.item("1000");
  tables_.entry("1000", "EAST", "4.00000000000000000000", "MV-1");
  const auto answer = inventory_->adjust_stock(adjustment("MV-1", "5"), in_five_seconds());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::conflict);
  EXPECT_TRUE(posted_.empty());
}

TEST_F(NavInventoryTest, CallsTwoPostingsOfAMovementAConflictAndNamesBoth) {
  tables_.item("1000");
  tables_.entry("1000", "EAST", "4.00000000000000000000", "MV-1");
  tables_.entry("1000", "EAST", "4.00000000000000000000", "MV-1");
  const auto found = inventory_->find_adjustment(MovementId("MV-1"), in_five_seconds());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::conflict);
  EXPECT_THAT(found.error().message, HasSubstr("entries 1, 2"));
  const auto none = inventory_->find_adjustment(MovementId("MV-2"), in_five_seconds());
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::not_found);
}

TEST_F(NavInventoryTest, RefusesWhatTheJournalCannotTakeAndNamesTheField) {
  tables_.item("1000");
  const auto field = [&](const StockAdjustment& bad) {
    const auto answer = inventory_->adjust_stock(bad, in_five_seconds());
    if (answer || answer.error().fields.empty()) return std::string("accepted");
    EXPECT_EQ(answer.error().code, ErrorCode::rejected);
    return answer.error().fields[0].pointer;
  };
  StockAdjustment sku = adjustment("M", "1");
  sku.key.sku = Sku("9999");
  EXPECT_EQ(field(sku), "/sku");
  StockAdjustment location = adjustment("M", "1");
  location.key.location = LocationCode("MOON");
  EXPECT_EQ(field(location), "/location");
  StockAdjustment uom = adjustment("M", "1");
  uom.uom = "BOX";
  EXPECT_EQ(field(uom), "/uom");
  EXPECT_EQ(field(adjustment("M", "0")), "/quantity");
  EXPECT_EQ(field(adjustment("M", "0.000001")), "/quantity");
  EXPECT_EQ(field(adjustment("123456789012345678901", "1")), "/movement");
  StockAdjustment count = adjustment("M", "1");
  count.kind = AdjustmentKind::count;
  EXPECT_EQ(inventory_->adjust_stock(count, in_five_seconds()).error().code,
            ErrorCode::unsupported);
  EXPECT_TRUE(posted_.empty());
}

TEST_F(NavInventoryTest, HandsOnWhatThePostingAnswers) {
  tables_.item("1000");
  post_ = [](const JournalLine&) -> Result<DocumentNumber> {
    return Error{ErrorCode::outcome_unknown, "the line broke"};
  };
  const auto answer = inventory_->adjust_stock(adjustment("MV-1", "1"), in_five_seconds());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::outcome_unknown);
}

TEST_F(NavInventoryTest, PostsNothingWhenItCannotLookTheMovementUp) {
  tables_.item("1000");
  tables_.run("DROP TABLE " + tables_.name("Item Ledger Entry"));
  const auto answer = inventory_->adjust_stock(adjustment("MV-1", "1"), in_five_seconds());
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().code, ErrorCode::not_found);
  EXPECT_TRUE(posted_.empty());
}

TEST_F(NavInventoryTest, GivesMovementsInPagesEachOnce) {
  settings_.movements_page = 2;
  make();
  tables_.item("1000");
  for (const char* document : {"A", "B", "C"})
    tables_.entry("1000", "EAST", "1.00000000000000000000", document);
  const auto first = inventory_->stock_movements(Cursor(), in_five_seconds());
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_EQ(first->items.size(), 2U);
  EXPECT_TRUE(first->more);
  EXPECT_EQ(first->items[0].movement, MovementId("A"));
  EXPECT_EQ(first->items[0].entry, DocumentNumber("1"));
  EXPECT_EQ(first->items[0].key, (StockKey{Sku("1000"), LocationCode("EAST")}));
  EXPECT_EQ(first->items[0].quantity.text(), "1");
  const auto second = inventory_->stock_movements(first->next, in_five_seconds());
  ASSERT_TRUE(second);
  ASSERT_EQ(second->items.size(), 1U);
  EXPECT_FALSE(second->more);
  const auto third = inventory_->stock_movements(second->next, in_five_seconds());
  ASSERT_TRUE(third);
  EXPECT_TRUE(third->items.empty());
  EXPECT_EQ(third->next, second->next);
  // An old entry is applied to another, which changes its row version; a new one is posted.
  tables_.run("UPDATE " + tables_.name("Item Ledger Entry") + " SET [timestamp] = " +
              std::to_string(tables_.next_version()) + " WHERE [Entry No_] = 1");
  tables_.entry("1000", "EAST", "-1.00000000000000000000", "D");
  const auto fourth = inventory_->stock_movements(third->next, in_five_seconds());
  ASSERT_TRUE(fourth);
  ASSERT_EQ(fourth->items.size(), 1U);
  EXPECT_EQ(fourth->items[0].movement, MovementId("D"));
}

TEST_F(NavInventoryTest, RefusesAForeignCursor) {
  for (const char* cursor : {"x", "1.", " 1", "-1", "1x", "99999999999999999999"}) {
    const auto page = inventory_->stock_movements(Cursor(cursor), in_five_seconds());
    ASSERT_FALSE(page) << cursor;
    EXPECT_EQ(page.error().code, ErrorCode::invalid_request);
  }
}

}  // namespace
}  // namespace underpin::legacy::dynamics_nav
