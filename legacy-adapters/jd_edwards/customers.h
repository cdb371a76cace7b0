#pragma once

#include "contracts/ports/customer_service.h"
#include "legacy-adapters/jd_edwards/interface.h"
#include "legacy-adapters/jd_edwards/settings.h"
#include "legacy-adapters/transport/odbc/odbc.h"

#include <memory>
#include <string>
#include <vector>

namespace underpin::legacy::jd_edwards {

// A customer as JDE holds it. The channels' number is the long address number (ALKY); AN8 is JDE's
// own.
struct HeldCustomer {
  std::int64_t address_number = 0;
  std::string block_code;  // HDAR as it is: one that is not mapped is kept.
  Customer customer;
};

// Read from F0101 with F0116, F0115, F01151 and F03012; written through F0101Z2 and F03012Z1 as a
// whole, one write after the other. JDE has no lock and its time stamps have seconds, so a revision
// is made of what is held: a stale one is noticed when the customer is read, not when the batch job
// writes.
class Customers : public CustomerService {
 public:
  Customers(const Settings& settings, std::string system, std::shared_ptr<odbc::Database> database,
            const Interface& interface)
      : settings_(settings),
        system_(std::move(system)),
        database_(std::move(database)),
        interface_(interface) {}

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
  std::string t(std::string_view name) const { return table(settings_, name); }
  // Rows of one customer follow each other; at most `limit` customers.
  std::vector<HeldCustomer> held(const std::string& condition, const odbc::Parameters& values,
                                 std::size_t limit, const CallContext& context) const;
  std::optional<HeldCustomer> find(const CustomerNumber& number, const CallContext& context) const;
  std::vector<InterfaceRow> rows_of(const Customer& customer, const HeldCustomer& there,
                                    const std::string& batch) const;
  Customer content_of(const odbc::Row& row) const;
  void settle(const CustomerNumber& number, const CallContext& context) const;
  std::optional<Customer> asked_in(const Record& record, const CallContext& context) const;
  Customer as_kept(Customer customer) const;
  // `there`: without a number, a new one. outcome_unknown, too, when JDE does not hold what was
  // asked for though the job has marked the record.
  CustomerReceipt write(const Customer& customer, const HeldCustomer& there,
                        const WriteContext& context) const;

  const Settings& settings_;
  const std::string system_;
  const std::shared_ptr<odbc::Database> database_;
  const Interface& interface_;
};

}  // namespace underpin::legacy::jd_edwards
