#pragma once

#include "contracts/call_context.h"
#include "contracts/customer.h"
#include "contracts/inventory.h"
#include "contracts/order.h"
#include "contracts/result.h"

#include <string>
#include <vector>

namespace underpin {

// How far a write can be rehearsed without being made.
enum class RehearsalGrade {
  none,
  rendered,   // Grade 1: the message is made and checked by what the vendor publishes of it.
  simulated,  // Grade 2: the vendor itself has judged it, by a simulation or validation of its own.
};

// A write as this ERP would get it.
struct Rehearsed {
  std::string message;  // What would be sent, as text of the vendor's own form.
  // What the ERP would refuse of the message, as far as the grade can tell; empty: nothing.
  // Pointers are into the message.
  std::vector<FieldError> faults;
};

// Writes as they would be made, for the time before this ERP is written to. Nothing is written, at
// any grade; master data and descriptions of the service may be read. An error says what the
// adapter itself refuses (rejected, unsupported, with pointers into the document), or that the ERP
// could not be asked; a grade that the descriptor does not declare is `unsupported`. Thread rule:
// see order_service.h.
class RehearsalService {
 public:
  virtual ~RehearsalService() = default;
  virtual Result<Rehearsed> place_order(const Order& order, RehearsalGrade grade,
                                        const CallContext& context) = 0;
  virtual Result<Rehearsed> create_customer(const Customer& customer, RehearsalGrade grade,
                                            const CallContext& context) = 0;
  virtual Result<Rehearsed> adjust_stock(const StockAdjustment& adjustment, RehearsalGrade grade,
                                         const CallContext& context) = 0;
};

}  // namespace underpin
