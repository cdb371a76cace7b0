#pragma once

#include "facade/customers.h"
#include "facade/field_owners.h"
#include "facade/orders.h"
#include "facade/pricing.h"
#include "facade/write_life.h"

#include <string>

namespace underpin::facade {

// ERPs have users and other interfaces. The feeds poll what changed in each ERP: the index of
// orders stays fresh, mirrors follow their documents, a customer that finance blocked is carried
// over, an accepted price list is fed to the cloud. What is met while the write or delivery that
// may have brought it is open is remembered and looked at again, so that a second document is
// raised whenever it was met. Threads: one caller per feed and side at a time.
class Feeds {
 public:
  Feeds(const Systems& systems, journal::Journal& journal, PlanBook& plans, OrderFacade& orders,
        CustomerFacade& customers, Now now, std::function<void()> wake, const FieldOwners& fields);

  Status poll_orders(Side side, const CallContext& context);
  Status poll_customers(Side side, const CallContext& context);
  // Only how far each stock ledger has come, for a recovery to begin at.
  Status poll_stock(Side side, const CallContext& context);
  // Customers do not wait for ever for the last changes of a cloud that cannot be read
  // (facade/turning.h).
  Status turn_in_time(std::int64_t limit_ms);
  // From the side whose price list rules (legacy, until cloud_only) to the other.
  Status poll_prices(const CallContext& context);

 private:
  struct SeenOrder {
    OrderChange change;
    Order order;
  };
  enum class Look { take, later, leave };
  Look look_at(const journal::JournalReader& reader, Side side, const OrderChange& change) const;
  Status adopt_unknown(const OrderChange& change, const CallContext& context);
  // False: its write has been opened meanwhile; to be looked at again.
  bool take_order(journal::JournalTransaction& tx, Side side, const SeenOrder& seen);
  void take_moved_part(journal::JournalTransaction& tx, journal::DocumentRecord document,
                       const SeenOrder& seen);

  void raise_customer(journal::JournalTransaction& tx, Side side, const CustomerNumber& number,
                      const std::string& kind, const std::string& detail);
  bool has_customer(Side side, const CustomerNumber& number, const CallContext& context);
  Result<bool> customer_differs(const CustomerNumber& number, const CallContext& context);

  const Systems& systems_;
  journal::Journal& journal_;
  PlanBook& plans_;
  OrderFacade& orders_;
  CustomerFacade& customers_;
  Now now_;
  std::function<void()> wake_;
  const FieldOwners& fields_;
};

// A row that makes the inert copy of `document` follow it.
journal::NewOutboxRow follow_row(const journal::DocumentRecord& document);

}  // namespace underpin::facade
