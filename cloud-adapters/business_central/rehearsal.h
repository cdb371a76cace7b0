#pragma once

#include "cloud-adapters/business_central/customers.h"
#include "cloud-adapters/business_central/inventory.h"
#include "cloud-adapters/business_central/orders.h"
#include "contracts/ports/rehearsal_service.h"

#include <map>
#include <mutex>
#include <string>

namespace underpin::cloud::business_central {

// Grade 1: the messages that Orders, Customers and Inventory would send, checked against the
// service's $metadata. Business Central has no call that judges an order without making it.
class Rehearsal final : public RehearsalService {
 public:
  Rehearsal(Site& site, Orders& orders, const Customers& customers, const Inventory& inventory)
      : site_(site), orders_(orders), customers_(customers), inventory_(inventory) {}

  Result<Rehearsed> place_order(const Order& order, RehearsalGrade grade,
                                const CallContext& context) override;
  Result<Rehearsed> create_customer(const Customer& customer, RehearsalGrade grade,
                                    const CallContext& context) override;
  Result<Rehearsed> adjust_stock(const StockAdjustment& adjustment, RehearsalGrade grade,
                                 const CallContext& context) override;

 private:
  void only_rendered(RehearsalGrade grade) const;
  Rehearsed checked(const std::string& root, std::string_view set, const json::Value& message,
                    const CallContext& context);

  Site& site_;
  Orders& orders_;
  const Customers& customers_;
  const Inventory& inventory_;
  std::mutex mutex_;
  std::map<std::string, std::string> csdl_;  // By service root; read once.
};

}  // namespace underpin::cloud::business_central
