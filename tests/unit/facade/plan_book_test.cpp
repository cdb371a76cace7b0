#include "facade/plan_book.h"

#include "cutover/plan.h"

#include <gtest/gtest.h>

#include <unistd.h>
#include <filesystem>
#include <functional>
#include <memory>
#include <utility>

namespace underpin::facade {
namespace {

// Something happens between what a read has seen and its reader's use of it.
struct SlowReads final : journal::Journal {
  explicit SlowReads(std::unique_ptr<Journal> within) : inner(std::move(within)) {}
  Status write(const std::function<bool(journal::JournalTransaction&)>& work) override {
    return inner->write(work);
  }
  Status read(const std::function<void(const journal::JournalReader&)>& work) const override {
    const Status done = inner->read(work);
    if (meanwhile) std::exchange(meanwhile, {})();
    return done;
  }
  std::unique_ptr<Journal> inner;
  mutable std::function<void()> meanwhile;
};

TEST(PlanBook, ALookThatWasOvertakenDoesNotBringTheOlderPlanBack) {
  const std::string file =
      (std::filesystem::temp_directory_path() / ("plan_book_" + std::to_string(getpid()) + ".db"))
          .string();
  journal::JournalSettings settings;
  settings.file = file;
  {
    auto opened = journal::open_sqlite_journal(settings);
    ASSERT_TRUE(opened) << opened.error().message;
    SlowReads journal(std::move(opened).value());
    PlanBook plans(journal, "default");
    ASSERT_TRUE(plans.load(Timestamp{}));

    // A write that found its plan stale looks again, and has looked before somebody publishes.
    journal.meanwhile = [&] {
      journal::PlanRecord next;
      next.capability = Capability::customers;
      cutover::Plan plan = plans.plan(Capability::customers);
      plan.rollout = {cutover::Stage::dual_write, cutover::Stage::dual_write};
      next.plan = cutover::write_plan(plan);
      next.actor = "ada";
      next.reason = "test";
      ASSERT_TRUE(
          journal.write([&](journal::JournalTransaction& tx) { return tx.publish_plan(next, 1); }));
      ASSERT_TRUE(plans.refresh());
      ASSERT_EQ(plans.plan(Capability::customers).version, 2);
    };
    ASSERT_TRUE(plans.refresh());
    EXPECT_EQ(plans.plan(Capability::customers).version, 2);
    EXPECT_EQ(plans.plan(Capability::customers).rollout.from, cutover::Stage::dual_write);
  }
  for (const char* tail : {"", "-wal", "-shm", ".lock"}) std::filesystem::remove(file + tail);
}

}  // namespace
}  // namespace underpin::facade
