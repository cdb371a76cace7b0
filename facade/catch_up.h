#pragma once

#include "facade/customers.h"
#include "facade/cutover_settings.h"
#include "facade/field_owners.h"
#include "facade/orders.h"
#include "facade/pricing.h"
#include "facade/write_life.h"

#include <functional>
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
//
// It goes page by page, no faster than its pace, and holds back while the receiving ERP has too
// much to take already, so that no channel's write waits behind it. How far it has come is kept in
// the transaction that queues the rows: after a restart it goes on there.
struct CatchUpState {
  std::string state = "not_started";  // "not_started", "running", "done".
  std::int64_t total = 0;             // Subjects to bring over; until `listed`, those met so far.
  std::int64_t delivered = 0;
  std::string detail;                    // For people: "customers 118 of 120".
  bool listed = false;                   // Everything there is to bring has been queued.
  std::string position;                  // Where the list goes on: the ERP's cursor, or a change.
  std::int64_t journey = 0;              // Grows with every new beginning.
  std::int64_t per_minute = 0;           // Its pace; 0: not begun.
  Timestamp since;                       // When it began.
  Timestamp next_at;                     // Nothing is queued before.
  std::string held;                      // What holds it back, or is left for last; empty: nothing.
  std::optional<Timestamp> expected_at;  // When it will be done, if it goes on like this.
  std::int64_t last_row = 0;             // Once listed: done when no row up to it waits. -1: any.
  std::string refused_at;                // The place in the list that the ERP refused before.
};

class CatchUp {
 public:
  CatchUp(const Systems& systems, journal::Journal& journal, PlanBook& plans, WriteLife& writes,
          OrderFacade& orders, Now now, std::function<void()> wake, const FieldOwners& fields,
          CatchUpSettings settings);

  // One round over every capability: queues what is due, counts what is running. One caller at a
  // time. Idempotent: may be repeated after a crash at any point. What fails in one capability
  // holds no other up; the first error is answered.
  Status advance(const CallContext& context);

  static CatchUpState state(const journal::JournalReader& reader, Capability capability, Side to);
  // Puts the customer of an order that is mirrored to `to` in front of it, while customers are
  // still being brought over, and where a person has given up the customer's copy: without it the
  // order could not be taken.
  static void bring_first(journal::JournalTransaction& tx, const CustomerNumber& customer, Side to,
                          const std::string& wave, Timestamp now);
  // An open document that catching up did not bring, because it was not there, or nothing of it was
  // outstanding: an order that users entered, or raised. Gets its copy now, if both sides are
  // written to and catching up does not come to it yet. `at_home` was read from its home.
  static void bring_late(journal::JournalTransaction& tx, const Systems& systems,
                         journal::DocumentRecord document, const Order& at_home, Timestamp now);
  // A person has given up the copy of an order: it is not brought again.
  static void give_up_copy(journal::JournalTransaction& tx,
                           const journal::DocumentRecord& document);
  // A person has given up what waited of a customer: the next order of it brings it along.
  static void give_up_customer(journal::JournalTransaction& tx, const std::string& customer,
                               Side at);
  // A new journey begins: what was caught up before says nothing any more.
  static void reset(journal::JournalTransaction& tx, Capability capability, Side to);

 private:
  // What becomes of the journal with one step of a list. False: nothing of it is kept.
  using Step = std::function<bool(journal::JournalTransaction&, CatchUpState& next)>;

  Status bring(Capability capability, Side to, const CallContext& context);
  Status bring_page(Capability capability, Side to, CatchUpState& at, std::string& held,
                    const CallContext& context);
  Status bring_customers(Side to, CatchUpState& at, const CallContext& context);
  Status bring_orders(Side to, CatchUpState& at, std::string& held, const CallContext& context);
  // `looked_at` counts the documents that were read from their home.
  Status bring_order(Side to, const journal::DocumentRecord& candidate, CatchUpState& at,
                     std::int64_t& looked_at, std::string& held, const CallContext& context);
  Status not_read(Side to, const journal::DocumentRecord& candidate, const Error& error,
                  CatchUpState& at, std::string& held);
  Status put_off(Side to, const journal::DocumentRecord& candidate, const std::string& why,
                 CatchUpState& at, std::string& held);
  void take_copy(journal::JournalTransaction& tx, journal::DocumentRecord document,
                 const Result<Order>& copy, CatchUpState& next);
  Status bring_prices(Side to, CatchUpState& at, const CallContext& context);
  // Takes the step if the list is still where `at` says; `at` follows.
  Status go_on(Capability capability, Side to, CatchUpState& at, const Step& step);
  Status count(Capability capability, Side to, const std::string& held);
  // So many rows were queued or read for it: the next come later.
  void pace(CatchUpState& state, Capability capability, std::int64_t rows) const;
  int page_rows(Capability capability, int most) const;
  std::int64_t per_minute(Capability capability) const;

  const Systems& systems_;
  journal::Journal& journal_;
  PlanBook& plans_;
  WriteLife& writes_;
  OrderFacade& orders_;
  Now now_;
  std::function<void()> wake_;
  const FieldOwners& fields_;
  const CatchUpSettings settings_;
};

}  // namespace underpin::facade
