#pragma once

#include "contracts/call_context.h"
#include "contracts/customer.h"
#include "contracts/page.h"
#include "contracts/result.h"

namespace underpin {

// The customer capability of one ERP. Thread rule and errors: see order_service.h.
class CustomerService {
 public:
  virtual ~CustomerService() = default;

  // A number that exists with the same content answers with it (a repeat); with other content it is
  // a conflict. `blocked` is carried over only when context.role is mirror.
  virtual Result<CustomerReceipt> create_customer(const Customer& customer,
                                                  const WriteContext& context) = 0;

  virtual Result<Customer> get_customer(const CustomerNumber& number,
                                        const CallContext& context) = 0;

  // Absolute. `expected`, when not empty, is the revision get_customer gave: stale is a conflict.
  virtual Result<CustomerReceipt> amend_customer(const CustomerNumber& number,
                                                 const CustomerAmendment& amendment,
                                                 const Revision& expected,
                                                 const WriteContext& context) = 0;

  // Makes this ERP hold exactly `customer` (created or overwritten): mirrors and catching up.
  virtual Result<CustomerReceipt> put_customer(const Customer& customer,
                                               const WriteContext& context) = 0;

  virtual Result<Page<Customer>> search_customers(const CustomerQuery& query,
                                                  const CallContext& context) = 0;

  virtual Result<ChangePage<CustomerChange>> customer_changes(const Cursor& cursor,
                                                              const CallContext& context) = 0;
};

}  // namespace underpin
