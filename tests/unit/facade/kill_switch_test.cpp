#include "facade/kill_switch.h"

#include "tests/unit/facade/facade_fixture.h"

#include <gmock/gmock.h>

#include <fstream>

namespace underpin::facade::test {
namespace {

struct Kill : FacadeFixture {
  KillSwitch& kill() { return facade->kill_switch(); }
  bool meet() { return kill().meet_journal(facade->journal(), facade->audit()); }
  static std::size_t target(std::string_view name) { return *KillSwitch::parse_target(name); }
};

// A journal whose store is down.
struct DownJournal final : journal::Journal {
  Status write(const std::function<bool(journal::JournalTransaction&)>&) override {
    return Error{ErrorCode::unavailable, "down"};
  }
  Status read(const std::function<void(const journal::JournalReader&)>&) const override {
    return Error{ErrorCode::unavailable, "down"};
  }
};

TEST_F(Kill, RefusesOneCapabilityOrAll) {
  EXPECT_FALSE(kill().refusal(Capability::orders));
  ASSERT_TRUE(kill().set(target("orders"), true, "olga", "double shipments"));
  EXPECT_EQ(kill().refusal(Capability::orders)->reason, "double shipments");
  EXPECT_FALSE(kill().refusal(Capability::pricing));
  ASSERT_TRUE(kill().set(target("all"), true, "olga", "everything"));
  EXPECT_EQ(kill().refusal(Capability::pricing)->reason, "everything");
  ASSERT_TRUE(kill().set(target("all"), false, "olga", "better"));
  EXPECT_FALSE(kill().refusal(Capability::pricing));
  EXPECT_TRUE(kill().refusal(Capability::orders)) << "its own switch is still off";
}

TEST_F(Kill, WorksWhileTheStoreIsDownAndIsAuditedWhenItIsBack) {
  DownJournal down;
  AuditTrail no_trail(down, [] { return Timestamp{1}; }, {});
  ASSERT_TRUE(kill().set(target("orders"), true, "olga", "the store is down"));
  EXPECT_FALSE(kill().meet_journal(down, no_trail));
  EXPECT_TRUE(kill().refusal(Capability::orders));
  EXPECT_TRUE(kill().audit_pending());
  EXPECT_TRUE(meet());
  EXPECT_FALSE(kill().audit_pending());
  EXPECT_EQ(last_audit().get("kind").text(), "kill");
  EXPECT_EQ(last_audit().get("about").text(), "orders");
  EXPECT_EQ(last_audit().get("detail").get("reason").text(), "the store is down");
  const std::size_t before = audit_log().size();
  EXPECT_TRUE(meet());
  EXPECT_EQ(audit_log().size(), before) << "once";
}

TEST_F(Kill, ARestartKeepsItAlthoughTheJournalNeverHeardOfIt) {
  ASSERT_TRUE(kill().set(target("customers"), true, "olga", "wrong addresses"));
  open();
  EXPECT_EQ(kill().refusal(Capability::customers)->reason, "wrong addresses");
  EXPECT_TRUE(kill().audit_pending());
  EXPECT_TRUE(meet());
  EXPECT_EQ(last_audit().get("actor").text(), "olga");
  ASSERT_TRUE(kill().set(target("customers"), false, "olga", "mended"));
  open();
  EXPECT_FALSE(kill().refusal(Capability::customers));
}

TEST_F(Kill, IsInForceAlthoughItsFileCannotBeWritten) {
  std::filesystem::create_directory(folder / "kill-switch.json.new");
  const Status kept = kill().set(target("all"), true, "olga", "now");
  ASSERT_FALSE(kept);
  EXPECT_THAT(kept.error().message, testing::HasSubstr("a restart would forget it"));
  EXPECT_TRUE(kill().refusal(Capability::pricing));
}

TEST_F(Kill, ADamagedFileRefusesToStartRatherThanToServe) {
  facade.reset();
  std::ofstream(folder / "kill-switch.json") << "{\"targets\":{\"orders\":{}}}";
  KillSwitch damaged((folder / "kill-switch.json").string(), [] { return Timestamp{1}; });
  EXPECT_FALSE(damaged.load());
}

TEST_F(Kill, AnotherProcessOnTheSameJournalTakesItOver) {
  ASSERT_TRUE(kill().set(target("orders"), true, "olga", "seen elsewhere"));
  ASSERT_TRUE(meet());
  KillSwitch second((folder / "second.json").string(), [] { return Timestamp{1}; });
  ASSERT_TRUE(second.meet_journal(facade->journal(), facade->audit()));
  EXPECT_EQ(second.refusal(Capability::orders)->reason, "seen elsewhere");
  ASSERT_TRUE(second.set(target("orders"), false, "otto", "fine again"));
  ASSERT_TRUE(second.meet_journal(facade->journal(), facade->audit()));
  ASSERT_TRUE(meet());
  EXPECT_FALSE(kill().refusal(Capability::orders));
}

}  // namespace
}  // namespace underpin::facade::test
