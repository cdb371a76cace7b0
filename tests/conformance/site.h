#pragma once

#include "contracts/json/json_text.h"
#include "contracts/ports/erp_adapter.h"
#include "tests/support/simulator.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
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
  create_customer
};

// One ERP with its adapter, its people and its books.
class Site {
 public:
  explicit Site(const std::string& adapter);

  ErpAdapter& adapter() { return *adapter_; }
  const std::string& name() const { return name_; }
  test::Simulator& simulator() { return *simulator_; }
  // The ERP's own people. `partial`: a part of what is outstanding.
  void ship(const DocumentNumber& document, bool partial);
  void invoice(const DocumentNumber& document);
  void delete_order(const DocumentNumber& document);
  void change_quantity(const DocumentNumber& document, int line, const std::string& quantity);
  void goods_issue(const Sku& sku, const LocationCode& location, const std::string& quantity,
                   const std::string& document);
  void block_customer(const CustomerNumber& number, bool blocked);

  // The ERP's books. Documents of a reference: open, archived and posted ones, each order once.
  int documents(const std::string& reference);
  bool is_open(const DocumentNumber& document);
  bool is_released(const DocumentNumber& document);
  int postings(const MovementId& movement);
  int customers(const CustomerNumber& number);

  // Faults of the operations that carry out a write.
  void fault(Write write, const std::string& kind, const std::string& more = {});
  void fault_everywhere(const std::string& kind, const std::string& more = {});

 private:
  json::Value user(const std::string& action, const std::string& body);
  bool cloud() const { return simulator_->vendor() == test::Vendor::business_central; }

  std::string name_;
  std::unique_ptr<test::Simulator> simulator_;
  std::unique_ptr<ErpAdapter> adapter_;
};

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

// An adapter by its name; nullptr, and a failed test, when it cannot be made.
std::unique_ptr<ErpAdapter> make(const std::string& adapter, const std::string& settings,
                                 const std::filesystem::path& state_folder);
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

std::vector<const char*> all_adapters();
std::string adapter_name(const testing::TestParamInfo<const char*>& adapter);
#define INSTANTIATE_FOR_EVERY_ADAPTER(suite) \
  INSTANTIATE_TEST_SUITE_P(Every, suite, testing::ValuesIn(all_adapters()), adapter_name)

}  // namespace underpin::conformance
