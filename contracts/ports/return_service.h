#pragma once

#include "contracts/call_context.h"
#include "contracts/order_return.h"
#include "contracts/result.h"

#include <vector>

namespace underpin {

// Returns of orders that live in one ERP. Thread rule and errors: see order_service.h.
class ReturnService {
 public:
  virtual ~ReturnService() = default;

  // Makes one document: a return order, or a credit memo that waits to be posted. Looks its
  // reference up first: a repeat answers with what is there, other content under the reference is a
  // conflict. A reason that the settings do not map is `rejected`, and names the line.
  virtual Result<ReturnReceipt> place_return(const OrderReturn& asked,
                                             const WriteContext& context) = 0;

  // Resolves an outcome_unknown of place_return: what is held under this reference, open or posted,
  // or not_found. A document that lacks lines is not there yet. More than one is a conflict.
  virtual Result<ReturnReceipt> find_return(const OrderId& order, const ReturnNumber& number,
                                            const CallContext& context) = 0;

  // All of one order, those of the ERP's own users too.
  virtual Result<std::vector<ReturnReference>> returns_of(const ReturnsOf& whose,
                                                          const CallContext& context) = 0;
};

}  // namespace underpin
