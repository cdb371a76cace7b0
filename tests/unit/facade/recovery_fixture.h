#pragma once

#include "contracts/json/json_text.h"
#include "facade/journal/backup.h"
#include "facade/transfer.h"
#include "tests/unit/facade/facade_fixture.h"

namespace underpin::facade::test {

using cutover::Stage;
using journal::JournalReader;
using journal::JournalTransaction;
using Trap = SmallErp::Trap;

struct RecoveryTest : FacadeFixture {
  RecoveryTest();

  // Another site, without a past.
  void anew();

  std::string file() const;
  journal::StoreSettings store() const;
  void take_backup();
  // The process dies, and its journal with it; an older copy is put in its place.
  void restore_backup();
  RecoveryState state();
  void run_to_end();
  RecoveryState recover(bool dry_run = false);
  void dual_write();
  Answer place(const std::string& number, const std::string& key = {});
  bool known(const std::string& number);
  std::size_t rows();
  std::size_t documents_in(SmallErp& erp, const std::string& number);
  static StockAdjustment movement(const std::string& id, const std::string& quantity);
};

// Orders that are moved to another home; most tests have one of ten pieces.
struct MovedOrders : RecoveryTest {
  MovedOrders();
  void begin(Side to);
  void carry_out();
  void restored_and_recovered();
  void place_and_ship();
  SmallErp::Held held(Side side);
  void is_at_home_in(Side side);
  void is_whole(const std::string& number);
  std::string states_of_transfers();
  std::string kinds();
  std::int64_t shipped = 0;
};

}  // namespace underpin::facade::test
