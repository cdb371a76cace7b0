#include "tests/unit/facade/catch_up_fixture.h"

namespace underpin::facade::test {

CatchingUp::CatchingUp() {
  for (int i = 0; i < 25; ++i) legacy().add_customer(customer(numbered(i)));
  cutover_settings.catch_up.per_minute.fill(60);
  open();
}

std::string CatchingUp::numbered(int i) { return "C" + std::to_string(100 + i); }

void CatchingUp::to_dual_write(Capability capability) {
  const auto moved = facade->cutover().change(capability, {Stage::dual_write, cutover::whole_share},
                                              version(capability), {"ada", "on"});
  ASSERT_TRUE(moved) << moved.error().message;
}

void CatchingUp::advance() { (void)facade->catch_up().advance(context()).has_value(); }

void CatchingUp::deliver() {
  while (facade->relay().deliver_due(Side::cloud) > 0) {
  }
}

void CatchingUp::index_orders() {
  ASSERT_TRUE(facade->feeds().poll_orders(Side::legacy, context()));
}

CatchUpState CatchingUp::reached(Capability capability) {
  return facade->cutover().status(capability)->catch_up_cloud;
}

std::int64_t CatchingUp::waiting() {
  std::int64_t rows = 0;
  EXPECT_TRUE(facade->journal().read(
      [&](const journal::JournalReader& reader) { rows = reader.pending_rows(Side::cloud); }));
  return rows;
}

void CatchingUp::place_orders(int count) {
  for (int i = 0; i < count; ++i) {
    Order placed = order(std::to_string(100 + i));
    placed.customer = CustomerNumber{numbered(0)};
    EXPECT_EQ(facade->orders().place(placed, write("k" + std::to_string(i))).status, 201);
  }
  for (const Side side : {Side::legacy, Side::cloud})
    while (facade->relay().deliver_due(side) > 0) {
    }
  index_orders();
}

}  // namespace underpin::facade::test
