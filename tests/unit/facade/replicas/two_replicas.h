#pragma once

#include "facade/facade.h"
#include "tests/support/postgres.h"
#include "tests/unit/facade/small_erp.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace underpin::facade::test {

// Two replicas over one journal and the same two ERPs; tests call what their threads would do.
struct TwoReplicas : testing::Test {
  TwoReplicas();
  ~TwoReplicas() override;

  struct Lent final : ErpAdapter {
    explicit Lent(std::shared_ptr<SmallErp> lent) : erp(std::move(lent)) {}
    const CapabilityDescriptor& descriptor() const override { return erp->descriptor(); }
    Status ping(const CallContext& context) override { return erp->ping(context); }
    std::vector<Finding> examine(const CallContext&) override { return {}; }
    OrderService* orders() override { return erp.get(); }
    InventoryService* inventory() override { return erp.get(); }
    PricingService* pricing() override { return erp.get(); }
    CustomerService* customers() override { return erp.get(); }
    std::shared_ptr<SmallErp> erp;
  };
  // A replica's journal; `before_write` runs once, right before its next write.
  struct Watched final : journal::Journal {
    Watched(std::unique_ptr<journal::Journal> watched, std::function<void()>& act)
        : inner(std::move(watched)), before_write(act) {}
    Status write(const std::function<bool(journal::JournalTransaction&)>& work) override {
      std::function<void()> act;
      std::swap(act, before_write);
      if (act) act();
      return inner->write(work);
    }
    Status read(const std::function<void(const journal::JournalReader&)>& work) const override {
      return inner->read(work);
    }
    bool shared() const override { return inner->shared(); }
    void on_plan_published(std::function<void()> wake) override {
      inner->on_plan_published(std::move(wake));
    }
    std::unique_ptr<journal::Journal> inner;
    std::function<void()>& before_write;
  };
  std::unique_ptr<Facade> replica(const std::string& name, OnStep on_step = {});
  static CallContext context();
  static WriteContext write(const std::string& key);
  static Order order();
  static void settle(Facade& facade);
  static void to_dual_write(Facade& facade, Capability capability);
  journal::DocumentRecord document(Facade& facade) const;
  bool released(Side side) const;

  GateSettings gate;  // Of replicas that are made from here on, as is the next.
  std::array<std::optional<ApprovalRule>, 4> approvals;
  std::function<void()> before_write;
  std::filesystem::path folder;
  journal::PostgresSettings journal;
  std::shared_ptr<SmallErp> legacy = std::make_shared<SmallErp>("SO-");
  std::shared_ptr<SmallErp> cloud = std::make_shared<SmallErp>("S-ORD");
};

}  // namespace underpin::facade::test
