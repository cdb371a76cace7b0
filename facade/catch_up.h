#pragma once

#include "facade/customers.h"
#include "facade/field_owners.h"
#include "facade/orders.h"
#include "facade/pricing.h"
#include "facade/write_life.h"

#include <optional>
#include <string>

namespace underpin::facade {

// Mirror first, then catch up: once mirroring of a capability is in force, the receiving side gets
// what was acknowledged before. Everything travels through the outbox, in order with newer writes,
// and is counted; the step that relies on it is refused until the count is complete.
//
// customers: every customer of the other side; orders: open documents, inert, outstanding
// quantities and original prices; pricing: the full list with control totals; inventory: nothing
// (each ERP counts its own stock; what is adjusted from here on is mirrored).
struct CatchUpState {
  std::string state = "not_started";  // "not_started", "running", "done".
  std::int64_t total = 0;             // Subjects to bring over.
  std::int64_t delivered = 0;
  std::string detail;  // For people: "customers 118 of 120".
};

class CatchUp {
 public:
  CatchUp(const Systems& systems, journal::Journal& journal, PlanBook& plans, WriteLife& writes,
          OrderFacade& orders, Now now, std::function<void()> wake, const FieldOwners& fields);

  // One round over every capability: starts what is due, counts what is running. One caller at a
  // time. Idempotent: may be repeated after a crash at any point.
  Status advance(const CallContext& context);

  static CatchUpState state(const journal::JournalReader& reader, Capability capability, Side to);
  // Puts the customer of an order that is mirrored to `to` in front of it, while customers are
  // still being brought over.
  static void bring_first(journal::JournalTransaction& tx, const CustomerNumber& customer, Side to,
                          const std::string& wave, Timestamp now);
  // An open document that catching up did not bring, because it was not there, or nothing of it was
  // outstanding: an order that users entered, or raised. Gets its copy now, if both sides are
  // written to. `at_home` was read from its home.
  static void bring_late(journal::JournalTransaction& tx, const Systems& systems,
                         journal::DocumentRecord document, const Order& at_home, Timestamp now);
  // A person has given up the copy of an order: it is not brought again.
  static void give_up_copy(journal::JournalTransaction& tx,
                           const journal::DocumentRecord& document);
  // A new journey begins: what was caught up before says nothing any more.
  static void reset(journal::JournalTransaction& tx, Capability capability, Side to);

 private:
  Status start(Capability capability, Side to, const CallContext& context);
  Status bring_customers(Side to, const CallContext& context, std::int64_t& total);
  Status bring_orders(Side to, const CallContext& context, std::int64_t& total);
  Status take_copy(Side to, const journal::DocumentRecord& candidate, const CallContext& context);
  Status bring_prices(Side to, const CallContext& context, std::int64_t& total);
  Status count(Capability capability, Side to);

  const Systems& systems_;
  journal::Journal& journal_;
  PlanBook& plans_;
  WriteLife& writes_;
  OrderFacade& orders_;
  Now now_;
  std::function<void()> wake_;
  const FieldOwners& fields_;
};

}  // namespace underpin::facade
