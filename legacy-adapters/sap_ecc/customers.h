#pragma once

#include "contracts/ports/customer_service.h"
#include "legacy-adapters/sap_ecc/debmas.h"
#include "legacy-adapters/sap_ecc/tables.h"
#include "legacy-adapters/transport/file_drop/outbox.h"

#include <memory>
#include <mutex>
#include <string>

namespace underpin::legacy::sap_ecc {

// Customers: read from KNA1, KNVV (of the configured sales area) and ADR6, written as DEBMAS IDocs
// into the folder of SAP's file port. A write waits, up to its deadline, until EDIDC says what
// became of its IDoc; what is not posted by then is outcome_unknown. Without a folder customers are
// only read.
class Customers final : public CustomerService {
 public:
  Customers(std::string system, const Settings& settings, const Tables& tables, DebmasLayout layout,
            const std::string& state_folder);

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
  std::optional<Customer> find(const CustomerNumber& number, const CallContext& context) const;
  std::string customer_select() const;
  odbc::Parameters area_parameters() const;
  Customer customer_of(const odbc::Row& row) const;
  std::string group_code(const std::string& group) const;
  std::string group_of(const std::string& code) const;
  // What is different; all of it for a customer that is not there.
  DebmasFields fields_of(const Customer& wanted, const std::optional<Customer>& there,
                         bool with_block) const;
  CustomerReceipt write(const Customer& wanted, const std::optional<Customer>& there,
                        bool with_block, const WriteContext& context);
  void await_posting(const std::string& key, const WriteContext& context) const;
  Page<Customer> by_email(const CustomerQuery& query, const CallContext& context) const;
  Page<Customer> by_scan(const CustomerQuery& query, const CallContext& context) const;

  std::string system_;
  const Settings& settings_;
  const Tables& tables_;
  DebmasLayout layout_;
  std::mutex sending_;
  std::unique_ptr<file_drop::Outbox> outbox_;
};

}  // namespace underpin::legacy::sap_ecc
