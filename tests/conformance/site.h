#pragma once

#include "contracts/json/json_text.h"
#include "contracts/ports/erp_adapter.h"
#include "tests/support/simulator.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// One suite for every adapter. What the ports promise is tested through the ports; what the ERP's
// own people do, and what is really in its books, goes past the adapter.
namespace underpin::conformance {

constexpr int settle_ms = 500;

enum class Write {
  create_order,
  change_order,
  delete_order,
  release_order,
  post_journal,
  create_customer,
  create_return
};

// One ERP with its adapter, its people and its books. Every adapter has one in sites/<adapter>.cpp,
// made by `std::unique_ptr<Site> site_of_<adapter>()`; `Offers <adapter>_offers()` stands beside
// it.
class Site {
 public:
  explicit Site(std::string adapter) : name_(std::move(adapter)) {}
  virtual ~Site() = default;

  const std::string& name() const { return name_; }
  ErpAdapter& adapter() { return *adapter_; }
  // An adapter whose ERP is nowhere to be reached.
  virtual std::unique_ptr<ErpAdapter> adapter_of_no_erp() = 0;

  // The ERP's own people. `partial`: a part of what is outstanding.
  virtual void ship(const DocumentNumber& document, bool partial) = 0;
  virtual void invoice(const DocumentNumber& document) = 0;
  virtual void delete_order(const DocumentNumber& document) = 0;
  virtual void change_quantity(const DocumentNumber& document, int line,
                               const std::string& quantity) = 0;
  virtual void goods_issue(const Sku& sku, const LocationCode& location,
                           const std::string& quantity, const std::string& document) = 0;
  virtual void block_customer(const CustomerNumber& number, bool blocked) = 0;
  // A return is received and credited.
  virtual void credit(const DocumentNumber& document) = 0;

  // The ERP's books. Documents of a reference: open, archived and posted ones, each order once.
  virtual int documents(const std::string& reference) = 0;
  virtual bool is_open(const DocumentNumber& document) = 0;
  virtual bool is_released(const DocumentNumber& document) = 0;
  virtual int postings(const MovementId& movement) = 0;
  virtual int customers(const CustomerNumber& number) = 0;
  // Returns of a reference, open and credited ones; the invoice that an open one is applied to.
  virtual int returns(const std::string& reference) = 0;
  virtual std::string applied_to(const DocumentNumber& document) = 0;

  // Faults of the operations that carry out a write; each of `operations_of` is one of them.
  virtual std::vector<std::string> operations_of(Write write) = 0;
  virtual void fault(const std::string& operation, const std::string& kind,
                     const std::string& more) = 0;
  virtual void clear_faults() = 0;
  virtual void await_late_commits() = 0;
  void fault(Write write, const std::string& kind, const std::string& more = {}) {
    fault(operations_of(write).back(), kind, more);
  }
  void fault_everywhere(const std::string& kind, const std::string& more = {}) {
    fault(std::string("*"), kind, more);
  }

 protected:
  void use(std::unique_ptr<ErpAdapter> adapter);

 private:
  std::string name_;
  std::unique_ptr<ErpAdapter> adapter_;
};

// A site whose ERP is one of tests/simulators.
class SimulatedSite : public Site {
 public:
  SimulatedSite(const std::string& adapter, std::unique_ptr<test::Simulator> simulator)
      : Site(adapter), simulator_(std::move(simulator)) {}
  using Site::fault;
  void fault(const std::string& operation, const std::string& kind,
             const std::string& more) override {
    simulator_->fault(operation, kind, more);
  }
  void clear_faults() override { simulator_->clear_faults(); }
  void await_late_commits() override { simulator_->await_late_commits(); }

 protected:
  test::Simulator& simulator() { return *simulator_; }
  json::Value state(const std::string& part = {});
  json::Value people(const std::string& action, const std::string& body);
  std::filesystem::path state_folder(const std::string& name = "state");

 private:
  std::unique_ptr<test::Simulator> simulator_;
};

std::string quoted(const std::string& text);
int count_if(const json::Value& rows, std::string_view member, const std::string& value);

// TEST_P(OrderContract, ...): one simulator for all cases of a process, documents of their own.
class Contract : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override;
  void TearDown() override;

  Site& site() { return *site_; }
  OrderService& orders() { return *site().adapter().orders(); }
  InventoryService& inventory() { return *site().adapter().inventory(); }
  PricingService& pricing() { return *site().adapter().pricing(); }
  CustomerService& customers() { return *site().adapter().customers(); }

  // Never given before in this process.
  std::string new_number();
  Order new_order();
  OrderReceipt placed(const Order& order, Role role = Role::primary);
  OrderReceipt released(const Order& order);
  Order read(const Order& order);

 private:
  Site* site_ = nullptr;
};

// What was made, or nullptr and a failed test.
std::unique_ptr<ErpAdapter> made(Result<std::unique_ptr<ErpAdapter>> adapter);
CallContext call_within(int ms = 20'000);
WriteContext write_within(int ms = 20'000, Role role = Role::primary);
Decimal decimal(const char* text);
OrderLine line(int number, const char* sku, const char* quantity, const char* price);
OrderRef ref_to(const Order& order);
std::string reference_of(const Order& order);

template <class T>
std::string said(const Result<T>& result) {
  if (result) return "a value";
  std::string text = std::string(name(result.error().code)) + " " + result.error().vendor_code +
                     ": " + result.error().message;
  for (const FieldError& field : result.error().fields)
    text += "; " + field.pointer + " " + field.detail;
  return text;
}

std::vector<const char*> adapters_with(std::string_view capability);
std::string adapter_name(const testing::TestParamInfo<const char*>& adapter);
#define INSTANTIATE_FOR_EVERY_ADAPTER_WITH(capability, suite)                           \
  GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(suite);                                 \
  INSTANTIATE_TEST_SUITE_P(Every, suite, testing::ValuesIn(adapters_with(#capability)), \
                           adapter_name)

}  // namespace underpin::conformance
