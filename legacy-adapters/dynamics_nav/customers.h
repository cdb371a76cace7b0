#pragma once

#include "contracts/ports/customer_service.h"
#include "legacy-adapters/dynamics_nav/documents.h"
#include "legacy-adapters/dynamics_nav/order_feed.h"

#include <memory>

namespace underpin::legacy::dynamics_nav {

// Customers as NAV customer cards (page Customer, mapping/customer.json). Numbers are given by the
// facade. The revision is the card's Key. Changes come from the row version of the SQL table; NAV
// leaves no trace of a deleted card.
class Customers final : public CustomerService {
 public:
  Customers(const Services& services, const Settings& settings, const Mappings& mappings,
            FeedSettings feed, std::shared_ptr<odbc::Database> database)
      : services_(services),
        settings_(settings),
        fields_(mappings.customer),
        feed_(std::move(feed)),
        database_(std::move(database)) {}

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
  std::optional<Record> find(const CustomerNumber& number, const CallContext& context) const;
  Record card_of(const Customer& customer, bool with_block) const;
  Customer customer_of(const Record& card) const;
  CustomerReceipt write(const Record& current, const Record& wanted,
                        const CallContext& context) const;

  const Services& services_;
  const Settings& settings_;
  const mapping::Mapping& fields_;
  FeedSettings feed_;
  std::shared_ptr<odbc::Database> database_;
};

// Lower case of ASCII and of the letters of Latin-1, as names and mail addresses have them.
std::string lower_case(std::string text);

}  // namespace underpin::legacy::dynamics_nav
