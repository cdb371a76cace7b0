#pragma once

#include "contracts/ports/customer_service.h"
#include "contracts/ports/inventory_service.h"
#include "contracts/ports/pricing_service.h"
#include "legacy-adapters/transport/profile/engine.h"

#include <optional>

// Customers, stock and prices of any ERP that a profile describes. What an operation does not
// offer is unsupported, with the profile's reason.
namespace underpin::legacy::profile {

class Customers final : public CustomerService {
 public:
  explicit Customers(const Engine& engine) : engine_(engine) {}
  Result<CustomerReceipt> create_customer(const Customer& customer,
                                          const WriteContext& context) override;
  Result<Customer> get_customer(const CustomerNumber& number, const CallContext& context) override;
  Result<CustomerReceipt> amend_customer(const CustomerNumber& number,
                                         const CustomerAmendment& amendment,
                                         const Revision& expected,
                                         const WriteContext& context) override;
  Result<CustomerReceipt> put_customer(const Customer& customer,
                                       const WriteContext& context) override;
  Result<Page<Customer>> search_customers(const CustomerQuery& query,
                                          const CallContext& context) override;
  Result<ChangePage<CustomerChange>> customer_changes(const Cursor& cursor,
                                                      const CallContext& context) override;

 private:
  struct Held {
    Customer customer;
    DocumentNumber document;
  };
  static Held held_of(json::Value record);
  std::optional<Held> find(const CustomerNumber& number, const CallContext& context) const;
  CustomerReceipt receipt_of(const Held& held) const;
  json::Value request_of(const Customer& customer, const WriteContext& context) const;
  bool differs(const Held& held, const Customer& wanted, const WriteContext& context) const;
  CustomerReceipt create(const Customer& customer, const WriteContext& context) const;
  CustomerReceipt write(const Held& held, Customer wanted, const WriteContext& context) const;

  const Engine& engine_;
};

class Inventory final : public InventoryService {
 public:
  explicit Inventory(const Engine& engine) : engine_(engine) {}
  Result<std::vector<StockLevel>> get_stock(const StockQuery& query,
                                            const CallContext& context) override;
  Result<Page<StockLevel>> list_stock(const Cursor& cursor, int limit,
                                      const CallContext& context) override;
  Result<AdjustmentReceipt> adjust_stock(const StockAdjustment& adjustment,
                                         const WriteContext& context) override;
  Result<AdjustmentReceipt> find_adjustment(const MovementId& movement,
                                            const CallContext& context) override;
  Result<ChangePage<StockMovement>> stock_movements(const Cursor& cursor,
                                                    const CallContext& context) override;

 private:
  StockLevel level_of(json::Value record, Timestamp as_of) const;
  std::optional<AdjustmentReceipt> find(const MovementId& movement,
                                        const CallContext& context) const;

  const Engine& engine_;
};

class Pricing final : public PricingService {
 public:
  explicit Pricing(const Engine& engine) : engine_(engine) {}
  Result<Quote> quote(const QuoteRequest& request, const CallContext& context) override;
  Result<Page<PriceEntry>> list_prices(const PriceQuery& query,
                                       const CallContext& context) override;
  Result<PriceListReceipt> publish_prices(const PriceList& list,
                                          const WriteContext& context) override;
  Result<std::optional<PriceList>> prices_after(const std::string& batch,
                                                const CallContext& context) override;

 private:
  Page<PriceEntry> page(const PriceQuery& query, const CallContext& context) const;
  const Engine& engine_;
};

}  // namespace underpin::legacy::profile
