#pragma once

#include "cloud-adapters/business_central/site.h"
#include "contracts/ports/customer_service.h"
#include "mapping/mapping.h"

namespace underpin::cloud::business_central {

// Customers as v2.0 customers, their price group in the site's customerPricing page. A revision is
// the versions of both records.
class Customers final : public CustomerService {
 public:
  Customers(Site& site, mapping::Mapping fields) : site_(site), fields_(std::move(fields)) {}

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

  // Every property that the facade writes, blank ones too: the card shall hold exactly this.
  json::Value card_of(const Customer& customer, bool with_block) const;

 private:
  struct Record {
    json::Value card;
    json::Value pricing;
  };
  std::optional<Record> find(const CustomerNumber& number, const CallContext& context);
  json::Value pricing_of(const std::string& number, const CallContext& context);
  Customer customer_of(const Record& record) const;
  CustomerReceipt receipt_of(const Record& record) const;
  std::optional<Record> create(const Customer& customer, const WriteContext& context);
  // PATCHes what differs; false: a version is stale. `wrote` is set by the first change.
  void save(Record& record, const json::Value& card, const std::optional<std::string>& price_group,
            bool& wrote, const CallContext& context);

  Site& site_;
  const mapping::Mapping fields_;
};

}  // namespace underpin::cloud::business_central
