#pragma once

#include "contracts/ports/customer_service.h"
#include "legacy-adapters/netsuite_soap/documents.h"
#include "legacy-adapters/netsuite_soap/failure.h"

#include <optional>
#include <string>

namespace underpin::legacy::netsuite_soap {

// Customers by entityId, the number that is the same in every ERP; the externalId of those that are
// made here is the same.
class Customers final : public CustomerService {
 public:
  Customers(Suite& suite, References& references) : suite_(suite), references_(references) {}

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
  std::optional<Node> find(const CustomerNumber& number, const CallContext& context);
  Node required(const CustomerNumber& number, const CallContext& context);
  Customer customer_of(const Node& record, const CallContext& context);
  CustomerReceipt receipt_of(const Node& record) const;
  // `there`: the record that is changed; nullptr for a new one.
  std::string record_of(const Customer& customer, const Node* there, bool with_block,
                        const CallContext& context);
  void write_name(Xml& xml, const Customer& customer) const;
  void write_address_book(Xml& xml, const Customer& customer, const Node* there) const;
  // The customer was refused: its receipt when it is there as wanted in spite of that. Otherwise
  // throws `refused`, as an unknown outcome when it was saved since `before` (nullptr: was not
  // there).
  CustomerReceipt saved_all_the_same(const Customer& wanted, bool with_block, const Node* before,
                                     const Failure& refused, const CallContext& context);
  CustomerReceipt written(const Customer& wanted, bool with_block, const CallContext& context);

  Suite& suite_;
  References& references_;
};

}  // namespace underpin::legacy::netsuite_soap
