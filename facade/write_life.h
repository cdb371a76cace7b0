#pragma once

#include "contracts/customer.h"
#include "contracts/inventory.h"
#include "contracts/order.h"
#include "contracts/order_return.h"
#include "facade/answer.h"
#include "facade/clock.h"
#include "facade/journal/journal.h"
#include "facade/plan_book.h"
#include "facade/subject_locks.h"
#include "facade/systems.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace underpin::facade {

// The steps of a write, in order, as the crash test and the trace see them.
enum class Step {
  opened,     // The intent is durable; nothing has been sent.
  sent,       // The ERP has answered; nothing of it is durable.
  closed,     // Answer, document and outbox rows are durable; the channel has not been answered.
  relaying,   // An outbox row is about to be sent.
  relayed,    // The receiving ERP has answered; the row is not ticked off yet.
  delivered,  // The row is ticked off.
  resolving,  // The outcome resolver is about to look something up.
  blocked,    // A transfer: the old home has taken the release back; that is not durable yet.
  levelled,   // A transfer: the copy in the new home is level; the homes have not been swapped.
  moved,      // A transfer: the homes have been swapped, durably; its intent is still open.
};
inline constexpr std::size_t step_count = 10;
std::string_view name(Step step);
using OnStep = std::function<void(Step, const std::string& subject)>;

// What became of a document that was to move to another home.
struct TransferReceipt {
  bool moved = false;
  bool release_again = false;  // It stays, and may have been taken back.
  std::string detail;          // Why it stays.
};

using Receipt =
    std::variant<OrderReceipt, AdjustmentReceipt, CustomerReceipt, TransferReceipt, ReturnReceipt>;

// What the write life has to know about one kind of write. Everything is recovered from the intent,
// because after a crash there is nothing else.
class WriteOperation {
 public:
  virtual ~WriteOperation() = default;
  // Hands the write to intent.side.
  virtual Result<Receipt> send(const journal::Intent& intent, const WriteContext& context) = 0;
  // What intent.side holds of it, or not_found. Never sends.
  virtual Result<Receipt> find(const journal::Intent& intent, const CallContext& context) = 0;
  // What becomes durable together with the answer. Runs on the journal's writer thread.
  virtual Answer commit(journal::JournalTransaction& tx, const journal::Intent& intent,
                        const Receipt& receipt, const cutover::Plan& plan, Timestamp now) = 0;
  // The write is closed, with success or refused, after it was in doubt: what it leaves to be
  // looked at later, in the transaction that closes it.
  virtual void closed_after_doubt(journal::JournalTransaction& tx, const journal::Intent& intent,
                                  bool refused, Timestamp now) {
    (void)tx, (void)intent, (void)refused, (void)now;
  }
  // Nobody will send it any more, by a recovery: what it leaves, in the transaction that frees its
  // subject.
  virtual void given_up(journal::JournalTransaction& tx, const journal::Intent& intent) {
    (void)tx, (void)intent;
  }
  // Where the channel will find what it wrote.
  virtual std::string location(const journal::Intent& intent) const = 0;
  // The first receipt of a document that is known although nobody remembers its key, and where it
  // lives. Looks up, never sends; conflict when `draft` speaks of other content.
  struct Known {
    Answer answer;
    Side home = Side::legacy;
  };
  virtual Result<Known> known(const journal::NewIntent& draft, const CallContext& context);
};

// 503: writes are closed, as a whole or for one subject.
Answer closed_answer(const std::string& reason);

struct WriteLimits {
  std::int64_t subject_wait_ms = 2'000;  // For another write to the subject to finish.
  int routing_attempts = 5;
};

// Life of a write (docs/ARCHITECTURE.md): remembered answer -> route -> open the intent -> send to
// the primary -> close with answer, document and outbox rows in one transaction. Threads: any.
class WriteLife {
 public:
  WriteLife(const Systems& systems, journal::Journal& journal, PlanBook& plans, Now now,
            OnStep on_step, WriteLimits limits);

  void add(std::string operation, std::unique_ptr<WriteOperation> behaviour);

  // Judges the current state and completes the draft, with the subject locked; an answer ends the
  // write before anything is opened. Not asked for a repeat: its own first run changed the state.
  using Prepare = std::function<std::optional<Answer>(journal::NewIntent& draft)>;

  // `draft` names everything but side and plan version, which are routed here: a birth and a state
  // by the plan, a change of a document by `home`, or where it has moved meanwhile.
  Answer run(journal::NewIntent draft, const WriteContext& context,
             std::optional<Side> home = std::nullopt, const Prepare& prepare = {});

  // The outcome resolver: settles intents whose outcome is unknown or whose sender died. Looks up;
  // sends again only when absence is proved. Returns how many it settled. One caller at a time.
  int resolve_outcomes(const CallContext& context);
  // After a restore: what the ERPs hold of the intents that the backup had open. Found: settled as
  // by the resolver. Absent: given up, and never sent again: its sender was answered long ago, in
  // the time that is lost, and repeats it if that answer was no refusal.
  struct LookUp {
    // Asked in every transaction that it writes; false: another has carried the recovery on.
    std::function<bool(journal::JournalTransaction&)> still_ours;
    std::int64_t give_up_ms = 10'000;  // For one intent.
    std::set<std::int64_t> but;        // These are left alone.
    std::optional<std::pair<Capability, journal::Subject>> only;
  };
  struct LookedUp {
    int settled = 0;
    int given_up = 0;
    // An ERP did not say what became of them, or (conflict) holds several documents of an order:
    // they stay open.
    std::vector<std::pair<journal::Intent, Error>> failed;
    std::string waits;  // Why not everything could be looked up; empty: it was.
  };
  LookedUp settle_by_looking_up(const LookUp& how, const CallContext& context);
  // The subject's open write is given up, within the caller's transaction, as by a recovery.
  void abandon(journal::JournalTransaction& tx, Capability capability,
               const journal::Subject& subject);
  // Off only in the test that proves that the resolver is needed.
  void switch_resolver(bool on) { resolver_on_ = on; }

  // The locks that run() takes, under "<capability>/<subject>".
  SubjectLocks& locks() { return locks_; }

  // Called after every commit that added outbox rows.
  void on_outbox_rows(std::function<void()> wake) { wake_ = std::move(wake); }
  // Called after a write was closed with a yes, before its channel is answered: must neither block
  // nor throw. Set before the first run().
  void on_acknowledged(std::function<void(const journal::Intent&)> told) {
    acknowledged_ = std::move(told);
  }

 private:
  using Fence = std::function<bool(journal::JournalTransaction&)>;
  // `fence`, if any: asked in the transaction that takes a receipt.
  Answer settle(const journal::Intent& intent, const Result<Receipt>& result,
                WriteOperation& operation, const Fence& fence = {});
  // Absent, and never to be sent: its subject is free, and its key.
  Status give_up(const journal::Intent& intent, WriteOperation& operation, const Fence& fence);
  // Waits for another replica's write to the subject, and has the state judged that it leaves.
  // A repeat is left alone: nothing of it will be opened.
  std::optional<Answer> judge(journal::NewIntent& draft, const Prepare& prepare, Deadline wait);
  // Closed by whoever took the intent over.
  std::optional<Answer> answer_of_another(const journal::Intent& intent) const;
  Answer answer_known(journal::NewIntent draft, const CallContext& context,
                      WriteOperation& operation);
  bool take(const journal::Intent& intent, const CallContext& context);
  bool resolve(const journal::Intent& intent, const CallContext& context);
  void raise_once(const journal::Intent& intent, const std::string& kind, const Error& error);

  const Systems& systems_;
  journal::Journal& journal_;
  PlanBook& plans_;
  Now now_;
  OnStep on_step_;
  WriteLimits limits_;
  SubjectLocks locks_;
  Timestamp started_;
  std::map<std::string, std::unique_ptr<WriteOperation>> operations_;
  std::function<void()> wake_ = [] {};
  std::function<void(const journal::Intent&)> acknowledged_ = [](const journal::Intent&) {};
  bool resolver_on_ = true;
  // The last that was looked up, where more are open than one round has: the next goes on behind
  // it.
  std::atomic<std::int64_t> looked_up_to_{0};
};

}  // namespace underpin::facade
