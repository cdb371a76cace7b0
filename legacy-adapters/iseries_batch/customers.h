#pragma once

#include "contracts/ports/customer_service.h"
#include "legacy-adapters/iseries_batch/customer_store.h"
#include "legacy-adapters/iseries_batch/exchange.h"

#include <optional>
#include <string>

namespace underpin::legacy::iseries_batch {

// Customers through customer files. A write that is sent and not answered counts as done: the
// contract knows no pending customer. What the batch job refuses later is put aside (quarantine/)
// and raises an alarm.
class Customers : public CustomerService {
 public:
  Customers(const Settings& settings, std::string system, State& state, Exchange& exchange)
      : settings_(settings), system_(std::move(system)), state_(state), exchange_(exchange) {}

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
  std::optional<Customer> known(const CustomerNumber& number);
  CustomerReceipt send(const char* action, const Customer& customer, const WriteContext& context);

  const Settings& settings_;
  const std::string system_;
  State& state_;
  Exchange& exchange_;
};

}  // namespace underpin::legacy::iseries_batch
