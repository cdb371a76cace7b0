#include "tests/unit/facade/recovery_fixture.h"

namespace underpin::facade::test {

RecoveryTest::RecoveryTest() {
  recovery_settings.overlap_ms = 0;
  recovery_settings.release_unreleased = true;
  open();
  legacy().add_customer(customer("C1"));
  for (SmallErp* erp : {&legacy(), &cloud()})
    erp->set_stock({Sku{"1000"}, LocationCode{"EAST"}}, Decimal::of(100));
}

void RecoveryTest::anew() {
  facade.reset();
  legacy_state.reset();
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  open();
  legacy().add_customer(customer("C1"));
}

std::string RecoveryTest::file() const { return (folder / "backup").string(); }

journal::StoreSettings RecoveryTest::store() const {
  journal::JournalSettings settings;
  settings.file = (folder / "journal.db").string();
  return settings;
}

void RecoveryTest::take_backup() {
  for (const Side side : {Side::legacy, Side::cloud})
    ASSERT_TRUE(facade->feeds().poll_stock(side, context()));
  const auto taken = journal::back_up(store(), file(), Timestamp{clock});
  ASSERT_TRUE(taken.has_value()) << taken.error().message;
  pass_ms(60'000);
}

void RecoveryTest::restore_backup() {
  facade.reset();
  const auto restored = restore_closed(store(), file(), "olga", Timestamp{clock});
  ASSERT_TRUE(restored.has_value()) << restored.error().message;
  open();
}

RecoveryState RecoveryTest::state() { return *facade->recovery().state(); }

void RecoveryTest::run_to_end() {
  for (int i = 0; i < 500 && state().state == "running"; ++i)
    (void)facade->recovery().advance(context());
  EXPECT_NE(state().state, "running") << state().waits;
}

RecoveryState RecoveryTest::recover(bool dry_run) {
  const auto begun = facade->recovery().start("olga", "disk lost", dry_run, std::nullopt);
  EXPECT_TRUE(begun.has_value()) << begun.error().message;
  run_to_end();
  return state();
}

void RecoveryTest::dual_write() {
  move(Capability::customers, Stage::dual_write);
  move(Capability::orders, Stage::dual_write);
  move(Capability::inventory, Stage::dual_write);
}

Answer RecoveryTest::place(const std::string& number, const std::string& key) {
  return facade->orders().place(order(number), write(key.empty() ? "k" + number : key));
}

bool RecoveryTest::known(const std::string& number) {
  bool found = false;
  EXPECT_TRUE(facade->journal().read(
      [&](const JournalReader& reader) { found = reader.document(order(number).id).has_value(); }));
  return found;
}

std::size_t RecoveryTest::rows() {
  std::size_t count = 0;
  EXPECT_TRUE(facade->journal().read(
      [&](const JournalReader& reader) { count = reader.outbox(0, 1'000).size(); }));
  return count;
}

std::size_t RecoveryTest::documents_in(SmallErp& erp, const std::string& number) {
  return erp.orders_with(order(number).id).size();
}

StockAdjustment RecoveryTest::movement(const std::string& id, const std::string& quantity) {
  StockAdjustment adjustment;
  adjustment.movement = MovementId{id};
  adjustment.key = {Sku{"1000"}, LocationCode{"EAST"}};
  adjustment.quantity = *Decimal::parse(quantity);
  adjustment.uom = "PCS";
  return adjustment;
}

MovedOrders::MovedOrders() {
  cutover_settings.transfer.open = TransferPolicy::move;
  cutover_settings.transfer.part_shipped = TransferPolicy::move;
  cutover_settings.transfer.prepaid = TransferPolicy::move;
  cutover_settings.transfer.per_minute = 1'000'000;
  open();
}

void MovedOrders::begin(Side to) {
  TransferWish wish;
  wish.to = to;
  wish.all = true;
  const auto started = facade->transfers().start(Capability::orders, wish, {"ada", "test"});
  ASSERT_TRUE(started) << started.error().message;
}

void MovedOrders::carry_out() {
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 10; ++i) (void)facade->transfers().run();
    settle();
    pass_ms(1'000);
  }
}

void MovedOrders::restored_and_recovered() {
  restore_backup();
  EXPECT_EQ(recover().state, "open") << state().waits;
  carry_out();
}

void MovedOrders::place_and_ship() {
  if (version(Capability::orders) == 1) dual_write();
  ASSERT_EQ(facade->orders().place(order("1", "10"), write("k1")).status, 201);
  settle();
  if (shipped > 0) legacy().ship_part(order("1").id, 1, Decimal::of(shipped));
  settle();
}

SmallErp::Held MovedOrders::held(Side side) {
  const auto all = on(side).orders_with(order("1").id);
  EXPECT_EQ(all.size(), 1u) << name(side);
  return all.empty() ? SmallErp::Held{} : all.front();
}

void MovedOrders::is_at_home_in(Side side) {
  EXPECT_EQ(document("1").home, side);
  EXPECT_TRUE(held(side).released) << "its home executes it";
  EXPECT_FALSE(held(other(side)).released) << "the copy is inert";
  EXPECT_TRUE(document("1").mirrored);
}

void MovedOrders::is_whole(const std::string& number) {
  const auto seen = facade->orders().get(number, context());
  ASSERT_TRUE(seen) << seen.error().message;
  ASSERT_EQ(seen->value.lines.size(), 1u);
  EXPECT_EQ(seen->value.lines[0].quantity.text(), "10");
  EXPECT_EQ(seen->value.lines[0].shipped_quantity.text(), std::to_string(shipped));
  EXPECT_EQ(seen->value.lines[0].outstanding().text(), std::to_string(10 - shipped));
}

std::string MovedOrders::states_of_transfers() {
  std::string text;
  const auto all = facade->transfers().list();
  EXPECT_TRUE(all);
  for (const TransferStatus& one : *all) text += one.record.state + " ";
  return text;
}

std::string MovedOrders::kinds() {
  std::string text;
  for (const journal::ExceptionRecord& one : exceptions()) text += one.kind + " ";
  return text;
}

}  // namespace underpin::facade::test
