#pragma once

#include "facade/audit.h"
#include "facade/customers.h"
#include "facade/demand.h"
#include "facade/document_home.h"
#include "facade/inventory.h"
#include "facade/journal/backup.h"
#include "facade/orders.h"
#include "facade/write_life.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace underpin::facade {

struct RecoverySettings {
  // How long before the backup reading begins: what a feed had passed by and nobody had written.
  std::int64_t overlap_ms = 600'000;
  // An order that lies unreleased in its home was held by someone, or its release was still to be
  // sent: nobody knows. False: a person decides on each. True: all are released.
  bool release_unreleased = false;
  // Movement ids of channels begin with one of these: what only one ERP has posted under them is
  // posted in the other. Other movements that only one has are a person's to decide.
  std::vector<std::string> movement_prefixes;
  int parallel = 8;                  // Subjects looked at at once.
  std::int64_t page_ms = 20'000;     // Then what is done of a page is kept.
  std::int64_t give_up_ms = 10'000;  // For one subject's look-ups.
  // A subject that could not be looked up for so long, and so often, by ERPs that answered
  // otherwise each time, is left to a person, so that the rest can be opened.
  std::int64_t leave_after_ms = 60'000;
  int leave_after_looks = 5;
};

// Kept in the journal, so that recovery goes on where it was interrupted.
struct RecoveryState {
  std::string state = "open";  // "open", "closed" (restored, nothing runs), "running".
  bool dry_run = false;
  std::int64_t epoch = 1;
  Timestamp taken_at;  // Of the backup.
  Timestamp restored_at;
  Timestamp started_at;
  Timestamp ended_at;
  std::string actor;
  std::string reason;
  std::int64_t overlap_ms = 0;
  std::string phase;
  std::string cursor;  // Of the phase.
  std::vector<std::string> done_of_page;
  // What could not be looked up, and since when: "<kind of phase> <name>", "intent <id>".
  struct Failing {
    std::int64_t looks = 0;
    Timestamp since;
    bool left = false;  // To a person.
  };
  std::map<std::string, Failing> failing;
  int round = 0;
  std::int64_t step = 0;  // Counted when it is kept: whoever has an older one is too late.
  std::map<std::string, std::int64_t> counts;
  std::vector<std::string> differences;  // What the counts do not agree on; the first few.
  std::string waits;                     // What it waits for, in words.
};
json::Value to_json(const RecoveryState& state);
RecoveryState recovery_in(const journal::JournalReader& reader);

// Restores a backup (journal/backup.h) and leaves the store closed, with an audit entry.
Result<journal::Restored> restore_closed(const journal::StoreSettings& store,
                                         const std::string& file, const std::string& actor,
                                         Timestamp now);

// The position of a feed, noted now and then, so that recovery can begin before the backup.
void note_position(journal::JournalTransaction& tx, const std::string& system,
                   const std::string& feed, const std::string& cursor, Timestamp now);
// The newest one noted at `at` or before; without one nothing, or the oldest there is.
std::optional<std::string> position_at(const journal::JournalReader& reader,
                                       const std::string& system, const std::string& feed,
                                       Timestamp at, bool or_oldest);

// Kept as the journal's fact "recovery".
void keep_recovery(journal::JournalTransaction& tx, const RecoveryState& state);
// Names of subjects, as a fact keeps them. internal: they cannot be read.
Result<std::set<std::string>> names_in(const std::string& fact);
std::string text_of(const std::set<std::string>& names);
// Made by the recovery itself: a restore begins to number far above the rows of its backup.
bool is_fresh(const RecoveryState& state, const journal::OutboxRow& row);
// Takes rows away; a dead one with its exception.
int take_rows(journal::JournalTransaction& tx, const std::vector<journal::OutboxRow>& rows,
              Timestamp now);

// Open exceptions of one kind and subject.
std::vector<journal::ExceptionRecord> open_exceptions(const journal::JournalReader& reader,
                                                      const std::string& kind,
                                                      const journal::Subject& subject);
inline constexpr const char* not_looked_up = "not_looked_up_after_restore";
// It could be looked up after all: the exceptions that say otherwise are settled, and the subject
// is open as far as they are concerned.
void settle_not_looked_up(journal::JournalTransaction& tx, Capability capability,
                          const journal::Subject& subject, Timestamp now);

// Posts a movement at the side that lacks it.
journal::NewOutboxRow movement_row(const StockAdjustment& adjustment, Side to,
                                   const std::string& wave);

// After a restore the journal lacks what was acknowledged since the backup; the ERPs have it. Reads
// both since the backup less an overlap, and rebuilds: orders of our channels with their homes,
// cross-references, statuses and missing mirrors; customers; stock movements; then it counts, and
// opens writes when the counts agree. Nothing is sent to an ERP before that, and every rebuilt
// delivery looks first, as always. Threads: advance() one caller at a time, the rest any.
class Recovery {
 public:
  Recovery(const Systems& systems, journal::Journal& journal, PlanBook& plans, AuditTrail& audit,
           WriteLife& writes, OrderFacade& orders, CustomerFacade& customers,
           UndeliveredDemand& demand, Now now, std::function<void()> wake,
           RecoverySettings settings);

  Result<RecoveryState> state() const;
  // Begins, or goes on. Errors: conflict when writes are open, or it runs already.
  Result<RecoveryState> start(const std::string& actor, const std::string& reason, bool dry_run,
                              std::optional<std::int64_t> overlap_ms);
  // One page of work; true when there is more to do at once.
  bool advance(const CallContext& context);

  // A person has mended an order in the ERPs, or says where it lives: looks again. rejected: it is
  // still as it was.
  Status reconsider(const journal::Subject& subject, std::optional<Side> home,
                    const CallContext& context);
  // Looks up once more what could not be looked up. rejected: it still cannot.
  Status look_again(const journal::ExceptionRecord& exception, const CallContext& context);

 private:
  struct Sight {
    std::optional<Order> order;
    DocumentNumber document;
    std::optional<bool> released;  // As its receipt says; one that is older has none.
  };
  struct OrderLook;
  struct OrderWork;

  Status work(RecoveryState& state, const CallContext& context, bool& more);
  Status intents(RecoveryState& state, const CallContext& context, bool& last);
  Status orders_page(RecoveryState& state, Side side, const CallContext& context, bool& last);
  Status rows_page(RecoveryState& state, const CallContext& context, bool& last);
  Status customers_page(RecoveryState& state, Side side, const CallContext& context, bool& last);
  Status customers_compared(RecoveryState& state, const CallContext& context, bool& last);
  Status movements_page(RecoveryState& state, Side side, const CallContext& context, bool& last);
  Status count_page(RecoveryState& state, Side side, const CallContext& context, bool& last);
  Status open(RecoveryState& state);

  // Runs `examine` for what is not done of a page, several at once, until the time is up; `all`:
  // nothing is left. What an ERP does not answer is what the state waits for.
  using Examine = std::function<Status(RecoveryState&, std::size_t, const CallContext&)>;
  // What is left to a person of one that cannot be looked up.
  using Leave = std::function<Status(RecoveryState&, std::size_t, const Error&)>;
  Status each(RecoveryState& state, const std::vector<std::string>& names, const Examine& examine,
              const Leave& leave, const CallContext& context, bool& all);
  // Both ERPs answer, by the way that look-ups take.
  bool erps_answer(const CallContext& context) const;
  // Once more in vain, while the ERPs answer; true: often and long enough.
  bool in_vain(RecoveryState& state, const std::string& name) const;
  // Closes the subject, and everything that waits for it with it, until a person has decided.
  Status leave_subject(RecoveryState& state, Capability capability, const journal::Subject& subject,
                       std::optional<Side> born, const Error& error);
  Status leave_movement(RecoveryState& state, Side side, const StockMovement& movement,
                        const Error& error);
  bool intents_left(RecoveryState& state, const WriteLife::LookedUp& looked,
                    const CallContext& context);

  // ---- orders (facade/recovery_orders.cpp)
  struct Decision {
    bool mended = false;       // By a person, in the ERPs.
    std::optional<Side> home;  // As that person says.
  };
  Status examine_order(RecoveryState& state, const OrderId& id, std::optional<Side> born,
                       const Decision& decision, const CallContext& context);
  Status several_documents(RecoveryState& state, const journal::Subject& subject, Side side,
                           const Error& said);
  Status judge(OrderLook& look, std::optional<Side> born) const;
  journal::DocumentRecord document_of(RecoveryState& state, const OrderLook& look, Side home,
                                      bool& changed) const;
  void drop_past_hold(const OrderLook& look, OrderWork& work) const;
  void bring_copy(RecoveryState& state, const OrderLook& look, OrderWork& work) const;
  void bring_release(RecoveryState& state, const OrderLook& look, OrderWork& work) const;
  void leave_to_a_person(const OrderLook& look, OrderWork& work) const;
  Status write_order(RecoveryState& state, const OrderLook& look, OrderWork work);

  // ---- customers and stock (facade/recovery_states.cpp)
  // `changed`: by which sides since the backup, as far as they have told.
  Status examine_customer(RecoveryState& state, const CustomerNumber& number,
                          const std::set<Side>& changed, const CallContext& context);
  Status raise_movement(RecoveryState& state, Side side, const StockMovement& movement,
                        const std::string& detail);
  Status examine_movement(RecoveryState& state, Side side, const StockMovement& movement,
                          const CallContext& context);
  Status examine_movement_row(RecoveryState& state, const journal::OutboxRow& row,
                              const CallContext& context);
  // What the ERPs hold of the subject's open write. rejected: they still cannot tell.
  Status settle_write(Capability capability, const journal::Subject& subject,
                      const CallContext& context);
  Result<Sight> sight(Side side, const OrderId& id, std::optional<Side> born,
                      const CallContext& context) const;
  Result<std::string> begin_at(const RecoveryState& state, Side side, const std::string& feed,
                               bool or_oldest) const;
  Status keep(const RecoveryState& state);
  // Every write of a recovery: nothing when it is not this replica's any more.
  Status write(const RecoveryState& state,
               const std::function<bool(journal::JournalTransaction&)>& work);
  bool is_ours(journal::JournalTransaction& tx, const RecoveryState& state) const;

  const Systems& systems_;
  journal::Journal& journal_;
  PlanBook& plans_;
  AuditTrail& audit_;
  WriteLife& writes_;
  OrderFacade& orders_;
  CustomerFacade& customers_;
  UndeliveredDemand& demand_;
  Now now_;
  std::function<void()> wake_;
  const RecoverySettings settings_;
};

}  // namespace underpin::facade
