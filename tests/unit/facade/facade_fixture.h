#pragma once

#include "facade/facade.h"
#include "tests/unit/facade/small_erp.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

namespace underpin::facade::test {

// A facade over two small ERPs, without its background threads: tests call what they would do.
struct FacadeFixture : testing::Test {
  FacadeFixture();
  ~FacadeFixture() override;

  // Opens, or opens again as after a crash: the ERPs keep what they have.
  void open();

  ErpSystem make(const std::string& name, std::shared_ptr<SmallErp> erp) const;

  SmallErp& legacy();
  SmallErp& cloud();
  SmallErp& on(Side side);

  void pass_ms(std::int64_t ms);

  static CallContext context(const std::string& channel = "web");
  static WriteContext write(const std::string& key, const std::string& channel = "web");

  static Order order(const std::string& number, const std::string& quantity = "2");
  static Customer customer(const std::string& number);

  // Moves a capability, running the background work that a step waits for.
  void move(Capability capability, cutover::Stage stage,
            std::uint32_t share = cutover::whole_share);
  // All four, in an order that the constraints allow.
  void move_all(cutover::Stage stage);
  // What the background threads would do, until there is nothing left to do.
  void settle();
  std::vector<journal::ExceptionRecord> exceptions();
  std::vector<journal::AuditRecord> audit_log();
  // The kinds of its entries, in order.
  std::vector<std::string> audit_kinds();
  json::Value last_audit();
  std::int64_t version(Capability capability);
  // A delivery that legacy or the cloud has refused for good, as the relay leaves it.
  std::int64_t dead_letter(Capability capability, const std::string& subject, Side side);
  journal::DocumentRecord document(const std::string& number);

  std::filesystem::path folder;
  std::atomic<std::int64_t> clock{1'795'500'000'000'000};
  GuardSettings guard_settings{16, 1'000'000, 1};
  std::atomic<int> failing_writes{0};  // The next so many.
  std::shared_ptr<SmallErp> legacy_state;
  std::shared_ptr<SmallErp> cloud_state;
  OnStep on_step;  // Taken at the next open(), like what follows.
  std::function<std::unique_ptr<journal::Journal>(std::unique_ptr<journal::Journal>)>
      around_journal;
  std::string wave = "default";
  CutoverSettings cutover_settings;
  RehearsalSettings rehearsal_settings;
  GateSettings gate_settings;
  OrderSettings order_settings;
  FieldOwners field_owners;
  RecoverySettings recovery_settings;
  ReconcileSettings reconcile_settings;
  ComparisonSettings comparison_settings;
  parity::Rules parity_rules;
  std::string parity_key;
  std::vector<std::string> heads_told;
  std::unique_ptr<Facade> facade;
  Result<CutoverStatus> last_move = Error{};
};

}  // namespace underpin::facade::test
