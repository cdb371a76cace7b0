#pragma once

#include "contracts/call_context.h"
#include "contracts/capability.h"
#include "contracts/error.h"
#include "contracts/ids.h"
#include "contracts/order.h"
#include "contracts/result.h"
#include "contracts/time.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

// The facade's durable state: intents, answers, documents with their homes and cross-references,
// outbox, exceptions, the cutover plan with its audit trail, and the adapters' feed positions.
//
// A write is durable before it is sent, and its answer, document and outbox rows are committed in
// ONE transaction. All writes run on one writer thread with group commit: write() returns only
// after the commit that holds its work has been synced. Every member of a group has its own
// savepoint: one that fails takes nothing else with it.
//
// Thread rule: Journal may be used from any thread. A JournalTransaction lives on the writer thread
// inside one write() call and must not block (no ERP call, no lock that is held across write()).
namespace underpin::facade::journal {

// What a write is about: "web/100042", "C10000", "1000@EAST". The key of order and of affinity.
using Subject = std::string;

// ---- intents and answers
// -------------------------------------------------------------------------

struct StoredAnswer {
  int status = 0;        // HTTP status of the first answer.
  std::string body;      // JSON text.
  std::string location;  // Location header; empty: none.
  std::string etag;      // ETag header; empty: none.
  bool operator==(const StoredAnswer&) const = default;
};

struct NewIntent {
  Capability capability = Capability::orders;
  std::string wave = "default";
  Subject subject;
  std::string operation;  // "place_order", "amend_order", "cancel_order", "adjust_stock", ...
  // A name that may be used once in this capability, whoever uses it and under whatever key:
  // "web/100042" for placing, the movement id for adjusting, the number for creating. Empty: none.
  std::string name;
  ChannelId channel;
  IdempotencyKey key;
  std::string request_hash;  // Of the canonical request: same key or name, other hash -> refused.
  std::string request;       // JSON text: enough to send it again after a crash.
  Side side = Side::legacy;  // The primary it will be sent to.
  bool birth = false;        // A document is born: `side` becomes its home when it is closed.
  std::int64_t plan_version = 0;  // The plan it was routed with; 0: not fenced (ops' own work).
  Timestamp give_up_at;           // The sender's total deadline (wall clock).
  std::string correlation_id;
  // The newest intent of the subject when its state was judged (JournalReader::last_intent_of).
  // Empty: nothing was judged.
  std::optional<std::int64_t> judged_after;
};

enum class IntentState {
  open,     // A live sender owns it; after a restart nobody does, and it is treated as unknown.
  unknown,  // Sent, outcome not known: only the outcome resolver may continue.
};

struct Intent : NewIntent {
  std::int64_t id = 0;
  IntentState state = IntentState::open;
  int attempts = 0;  // How often it was handed to the ERP; opening counts the first.
  Timestamp opened_at;
  Timestamp settle_from;   // When the last sender surely gave up; look-ups prove absence only
                           // settle_ms after it.
  bool orphaned = false;   // Opened by an earlier process.
  std::string last_error;  // Why its outcome is not known; empty while nobody has asked.
};

struct Opened {
  std::int64_t id = 0;
};
struct AlreadyAnswered {
  StoredAnswer answer;
};  // Same key (or name) and content, closed before.
struct InFlight {
  std::int64_t intent = 0;
};                    // Same key, still open.
struct KeyReused {};  // Same key, other content.
struct NameTaken {};  // Same name, other content (or still open).
struct SubjectBusy {
  std::int64_t intent = 0;  // 0: a replica is sending an outbox row of it.
};                          // Another write to the subject is open.
struct StalePlan {
  std::int64_t version = 0;
};  // The plan moved on: route again.
// The subject is pinned: it must go to `side` (document home, or a state whose other side lacks
// acknowledged writes).
struct WrongSide {
  Side side = Side::legacy;
};
// Writes are closed, as a whole or for this subject: after a restore, until `underpin recover`.
struct Closed {
  std::string reason;
};
// A birth of a document that is known already, although no answer to its name is: the answers were
// forgotten, or lost with what a restore could not bring back.
struct KnownDocument {};
// Another replica has written to the subject since its state was judged: judge again.
struct Overtaken {};
using OpenOutcome =
    std::variant<Opened, AlreadyAnswered, InFlight, KeyReused, NameTaken, SubjectBusy, StalePlan,
                 WrongSide, Closed, KnownDocument, Overtaken>;

// ---- documents
// -----------------------------------------------------------------------------------

struct DocumentRecord {
  OrderId id;  // Unique. For documents older than the facade: channel "" + ERP number.
  std::string wave = "default";
  Side home = Side::legacy;       // Where it was born; it lives there until it is closed.
  std::int64_t plan_version = 0;  // Of its birth.
  std::uint32_t bucket = 0;       // Of its birth.
  CustomerNumber customer;
  OrderStatus status = OrderStatus::open;  // The furthest that a channel may have seen.
  DocumentNumber legacy_document;          // Empty: not known or none.
  DocumentNumber cloud_document;
  bool mirrored = false;  // An inert copy exists (or is in the outbox) on the other side.
  bool closed = false;
  std::vector<std::string> holds;  // "totals_differ".
  Date order_date;
  Currency currency;
  Decimal grand_total;
  // JSON of the order as the channel knows it (with accepted changes): what the ERP cannot keep,
  // such as payment references and original quantities. Empty for documents older than the facade.
  std::string content;
  Timestamp created_at;
  Timestamp updated_at;
  std::int64_t change = 0;  // Position in the facade's change index; grows with every put.
  const DocumentNumber& document(Side side) const {
    return side == Side::legacy ? legacy_document : cloud_document;
  }
  void set_document(Side side, DocumentNumber number) {
    (side == Side::legacy ? legacy_document : cloud_document) = std::move(number);
  }
};

struct DocumentQuery {
  std::optional<ChannelId> channel;  // Documents older than the facade match every channel.
  std::optional<CustomerNumber> customer;
  std::optional<Timestamp> updated_since;
  std::int64_t after_change = 0;  // Cursor: only documents with a larger `change`.
  int limit = 100;
  std::optional<bool> closed;
  std::optional<Side> home;
};

// ---- outbox and exceptions
// -----------------------------------------------------------------------

enum class OutboxState {
  pending,
  dead
};  // Delivered and discarded rows are deleted (and counted).

struct NewOutboxRow {
  Side side = Side::cloud;  // The receiving ERP.
  Capability capability = Capability::orders;
  std::string wave = "default";
  Subject subject;
  std::string operation;  // "place_order", "release_order", "follow_order", "put_customer", ...
  std::string payload;    // JSON text.
  ChannelId channel;
  IdempotencyKey key;
  std::string correlation_id;
  Role role = Role::mirror;  // primary: work in the document's own home (release).
  // Parked while the same side still has an undelivered row of this subject ("customers",
  // "C10000").
  std::optional<Capability> depends_on_capability;
  Subject depends_on_subject;
  Timestamp not_before;  // Zero: at once.
};

struct OutboxRow : NewOutboxRow {
  std::int64_t id = 0;  // Ascending in acceptance order.
  OutboxState state = OutboxState::pending;
  int attempts = 0;
  Timestamp created_at;
  Timestamp next_at;
  std::string last_error;
  std::optional<Timestamp> claimed_until;  // Only in what due_rows answers.
};

// What a person must look at. A dead letter refers to its outbox row.
struct ExceptionRecord {
  std::int64_t id = 0;
  std::string kind;  // "dead_letter", "totals_differ", "duplicate_document", "refused_pending", ...
  Capability capability = Capability::orders;
  std::string wave = "default";
  Subject subject;
  std::optional<Side> side;
  std::int64_t outbox_row = 0;  // 0: none.
  std::string detail;           // One paragraph for people.
  std::string payload;          // JSON text: what was to be done.
  std::string correlation_id;
  Timestamp opened_at;
  std::string state = "open";  // "open", "replayed", "discarded", "settled".
  std::string closed_by;       // Subject of the token.
  std::string close_reason;
  Timestamp closed_at;
};

// ---- plan
// ----------------------------------------------------------------------------------------

struct PlanRecord {
  std::string wave = "default";
  Capability capability = Capability::orders;
  std::int64_t version = 0;  // 1, 2, 3 ... per wave and capability, without gaps.
  std::string plan;          // JSON text; cutover/plan.h reads it.
  std::string actor;
  std::string reason;
  Timestamp at;
};

// What still stands between the two ERPs, for guards and previews.
struct Backlog {
  std::int64_t open_intents = 0;         // Including unknown ones.
  std::int64_t open_intents_before = 0;  // Opened under a plan version before the asked one.
  std::int64_t unknown_outcomes = 0;
  std::int64_t pending_to_legacy = 0;  // Undelivered mirror rows.
  std::int64_t pending_to_cloud = 0;
  std::int64_t dead_to_legacy = 0;
  std::int64_t dead_to_cloud = 0;
  Timestamp oldest_pending;  // Zero: none.
};

struct DocumentCounts {
  std::int64_t open_in_legacy = 0;
  std::int64_t open_in_cloud = 0;
  std::int64_t unmirrored_open_in_legacy = 0;
  std::int64_t unmirrored_open_in_cloud = 0;
};

// ---- audit
// -----------------------------------------------------------------------------------------

// One act, kept for ever: append-only, each entry sealed with the hash of the one before it.
// facade/audit.h makes entries and checks them; the journal only keeps them.
struct AuditRecord {
  std::int64_t seq = 0;  // 1, 2, 3 ... without gaps.
  std::string previous;  // Hash of the entry before; 64 zeros for the first.
  std::string hash;      // 64 hexadecimal digits.
  std::string entry;     // Canonical JSON text.
  bool operator==(const AuditRecord&) const = default;
};

// Documents of one home that are alike, with what they are worth together.
struct DocumentValue {
  OrderStatus status = OrderStatus::open;
  bool closed = false;
  bool mirrored = false;  // The other side has a copy, or will get one from the outbox.
  bool mapped = false;    // Both ERPs' numbers are known.
  bool own = false;       // Of the ERP's own users, or older than the facade.
  Currency currency;
  std::int64_t count = 0;
  Decimal total;
  bool operator==(const DocumentValue&) const = default;
};

// ---- transfers
// -------------------------------------------------------------------------------------------

// Open documents on their way to another home (facade/transfer_desk.h makes and runs them).
struct TransferRecord {
  std::int64_t id = 0;
  std::string wave = "default";
  Capability capability = Capability::orders;
  Side to = Side::cloud;
  std::string state = "listing";  // Its documents; then "running", "stopped" by a person, "done".
  std::string selection;          // JSON text: which documents were asked for.
  std::string actor;
  std::string reason;
  std::string change_reference;
  Timestamp started_at;
  Timestamp ended_at;  // Zero: it has not.
};

// One document of a transfer, as far as it has come.
struct TransferItem {
  std::int64_t transfer = 0;
  Subject subject;
  // "waiting"; "blocking": taken back in the old home, or about to be; "blocked"; "levelled": the
  // copy in the new home has the same outstanding quantities; "moved" or "stayed": over.
  std::string state = "waiting";
  std::string classes;  // "open", "part_shipped prepaid": as last seen.
  std::string detail;   // For people: why it waits or stayed.
  std::string memo;     // JSON text: what had left the old home before it was blocked.
  int attempts = 0;
  Timestamp next_at;  // Not tried again before.
  Currency currency;
  Decimal value;
};

// ---- replicas and claims
// -------------------------------------------------------------------------

// A process that serves on this journal. An embedded store has one.
struct ReplicaRecord {
  std::int64_t id = 0;
  std::string name;                           // "host/pid"
  Timestamp alive_until;                      // By the store's clock. Later it is taken for dead.
  std::map<std::string, std::int64_t> taken;  // "default/orders" -> plan version it routes by.
};

// Work that one replica has taken until a deadline: "row/17", "intent/5", "task/order feed nav".
// Whoever holds a claim must have stopped by then, so that the next may begin.
struct Claim {
  std::int64_t replica = 0;
  Timestamp until;
};

inline std::string row_claim(std::int64_t row) { return "row/" + std::to_string(row); }
inline std::string intent_claim(std::int64_t intent) { return "intent/" + std::to_string(intent); }

// Facts with a meaning to the journal itself. While the first has a value, open_intent answers
// Closed with it; the second closes one subject.
inline constexpr const char* closed_fact = "closed";
inline std::string closed_subject_fact(Capability capability, const Subject& subject) {
  return "closed/" + std::string(name(capability)) + "/" + subject;
}
// Set for an order that a recovery took from the ERPs: what of its lines was cancelled may be lost.
inline std::string recovered_order_fact(const Subject& subject) {
  return "recovered/orders/" + subject;
}
// Set for an order whose move to another home a recovery has given up, until it is looked at.
inline std::string move_given_up_fact(const Subject& subject) {
  return "move given up/orders/" + subject;
}
// Raised by every restore; absent: 1. A process is fenced by the epoch that it opened.
inline constexpr const char* epoch_fact = "epoch";
// Whose journal it is.
inline constexpr const char* wave_fact = "wave";

// The rules that make a flip safe. Only simulations switch one off, to prove that it matters;
// whoever keeps a rule asks the transaction.
struct SafetyRules {
  bool one_open_intent = true;    // Of a subject.
  bool affinity = true;           // A state stays on the side that has its acknowledged writes.
  bool mirror_order = true;       // Only the oldest row of a subject may be sent.
  bool plan_fence = true;         // An intent opens only under the plan in force.
  bool births_return = true;      // A halt returns the births of orders to legacy.
  bool last_changes = true;       // A primary turns when its users' last changes are taken over.
  bool second_look = true;        // What the feed met too early is looked at again.
  bool verified_postings = true;  // Postings in doubt are looked up once more.
  bool waiting_ends = true;       // The ends wait until nothing is pinned to the side being left.
};

struct StateLook {
  std::optional<Side> pinned;
  std::vector<std::string> facts;  // As they were named; empty: none.
};

struct BeforeWrite {
  std::string closed;     // Why writes are closed; empty: they are open.
  bool open = false;      // The subject has an open intent.
  bool repeat = false;    // The key is that intent's, or has its answer already.
  std::int64_t last = 0;  // last_intent_of.
};

// ---- the three views
// -----------------------------------------------------------------------------

class JournalReader {
 public:
  virtual ~JournalReader() = default;

  virtual std::optional<StoredAnswer> answer_for(const ChannelId& channel,
                                                 const IdempotencyKey& key) const = 0;
  virtual std::optional<Intent> intent(std::int64_t id) const = 0;
  virtual std::optional<Intent> open_intent_of(Capability capability,
                                               const Subject& subject) const = 0;
  // What there is before a write of this subject under this key, in one statement.
  virtual BeforeWrite before_write(Capability capability, const Subject& subject,
                                   const ChannelId& channel, const IdempotencyKey& key) const = 0;
  // Its id, open or closed; 0: none is remembered.
  virtual std::int64_t last_intent_of(Capability capability, const Subject& subject) const = 0;
  virtual std::vector<Intent> open_intents(int limit) const = 0;  // Oldest first.

  virtual std::optional<DocumentRecord> document(const OrderId& id) const = 0;
  // By an ERP's document number or an imported alias. Several systems may use one number: all.
  virtual std::vector<DocumentRecord> documents_named(const std::string& number) const = 0;
  virtual std::vector<DocumentRecord> documents(const DocumentQuery& query) const = 0;
  // Mirrored open documents with a row on its way to `side`: demand that it has not received.
  virtual std::vector<DocumentRecord> undelivered_documents(Side side) const = 0;
  virtual DocumentCounts document_counts(const std::string& wave) const = 0;

  // Open documents, grouped by everything but count and total, in no particular order; and those of
  // channels that were invoiced, one group for each currency, `mirrored` and `mapped` off. Of the
  // latter a running count is kept, so that this reads what is open and nothing else.
  virtual std::vector<DocumentValue> document_values(const std::string& wave, Side home) const = 0;

  // The side that has every acknowledged write of a *state* subject, when the other does not (an
  // open intent, or an undelivered or dead mirror row). Nothing: both are level.
  virtual std::optional<Side> pinned_side(Capability capability, const Subject& subject) const = 0;
  virtual std::int64_t pinned_subjects(Capability capability, Side side) const = 0;
  // pinned_side, and these facts, in one statement.
  virtual StateLook state(Capability capability, const Subject& subject,
                          const std::vector<std::string>& facts) const = 0;

  // Rows that may be sent now: per (side, subject) only the oldest, and only when it is pending,
  // due and not parked behind its dependency. Oldest first.
  virtual std::vector<OutboxRow> due_rows(Side side, Timestamp now, int limit) const = 0;
  virtual bool any_due(Side side, Timestamp now) const = 0;  // In one statement.
  virtual std::vector<OutboxRow> rows_of(Side side, Capability capability,
                                         const Subject& subject) const = 0;
  virtual std::optional<OutboxRow> outbox_row(std::int64_t id) const = 0;
  // Every row, by id, the dead included.
  virtual std::vector<OutboxRow> outbox(std::int64_t after_id, int limit) const = 0;
  // To be delivered; what will only be looked at again later ("verify_posting") is not counted.
  virtual std::int64_t pending_rows(Side side) const = 0;
  virtual Backlog backlog(const std::string& wave, Capability capability,
                          std::int64_t plan_version) const = 0;

  virtual std::vector<ExceptionRecord> exceptions(const std::string& state, int limit) const = 0;
  virtual std::optional<ExceptionRecord> exception(std::int64_t id) const = 0;

  virtual std::optional<PlanRecord> plan(const std::string& wave, Capability capability) const = 0;
  virtual std::vector<PlanRecord> plan_history(const std::string& wave,
                                               Capability capability) const = 0;  // Newest first.

  virtual std::vector<AuditRecord> audit(std::int64_t after_seq, int limit) const = 0;  // By seq.

  virtual std::vector<TransferRecord> transfers(int limit) const = 0;  // Newest first.
  virtual std::optional<TransferRecord> transfer(std::int64_t id) const = 0;
  virtual std::optional<TransferItem> transfer_item(std::int64_t transfer,
                                                    const Subject& subject) const = 0;
  // By subject, after `after`; of one state, or, with an empty one, of all.
  virtual std::vector<TransferItem> transfer_items(std::int64_t transfer, const std::string& state,
                                                   const Subject& after, int limit) const = 0;
  // Waiting and due; those that have waited longest first.
  virtual std::vector<TransferItem> due_transfer_items(std::int64_t transfer, Timestamp now,
                                                       int limit) const = 0;
  virtual std::map<std::string, std::int64_t> transfer_counts(std::int64_t transfer) const = 0;

  virtual std::string cursor(const std::string& system, const std::string& feed) const = 0;
  // Small durable facts of the facade's own ("catch_up/orders" -> JSON). Empty: none.
  virtual std::string fact(const std::string& name) const = 0;
  // Counters since the journal was made: "outbox_delivered", "outbox_discarded", "intents_closed".
  virtual std::int64_t counter(const std::string& name) const = 0;

  virtual std::vector<ReplicaRecord> replicas() const = 0;  // Oldest first, the dead included.
  virtual std::optional<Claim> claim_on(const std::string& what) const = 0;
  virtual std::int64_t self() const = 0;  // This replica's id.
  virtual const SafetyRules& rules() const = 0;
  virtual Timestamp clock() const = 0;  // The store's clock: replicas' lives go by it.
};

class JournalTransaction : public JournalReader {
 public:
  // Checks, in this order: key, name, closed, known document (of a birth), subject, plan fence,
  // side; then makes the intent.
  virtual OpenOutcome open_intent(const NewIntent& intent, Timestamp now) = 0;
  // The attempt counter goes up, before every further hand-over to the ERP. From here on this
  // process owns the intent: open, not orphaned.
  virtual void count_attempt(std::int64_t id, Timestamp give_up_at) = 0;
  virtual void mark_unknown(std::int64_t id, Timestamp settle_from, const std::string& error) = 0;
  // Closes with the answer that every repeat of its key and name gets; a refusal (status >= 400)
  // leaves the name free. False: not open any more.
  virtual bool close_intent(std::int64_t id, const StoredAnswer& answer, Timestamp now) = 0;
  // Known not to have reached the ERP: the key and the name are free again.
  virtual bool release_intent(std::int64_t id) = 0;
  // Answers of closed intents older than `before` are forgotten (at least seven days).
  virtual std::int64_t forget_answers(Timestamp before) = 0;

  virtual void put_document(const DocumentRecord& document) = 0;  // Assigns `change` anew.
  virtual void add_alias(const OrderId& id, const std::string& number) = 0;
  // A document that turned out to be another's copy: gone, with its aliases.
  virtual void forget_document(const OrderId& id) = 0;
  // After opening: counts what a journal of before the running counts holds, once.
  virtual void count_invoiced() = 0;

  virtual std::int64_t add_outbox_row(const NewOutboxRow& row, Timestamp now) = 0;
  virtual void delivered(std::int64_t row) = 0;
  virtual void retry_later(std::int64_t row, Timestamp next_at, const std::string& error) = 0;
  // pending -> dead, with an exception that refers to it. Later rows of its subject wait behind it.
  virtual std::int64_t dead_letter(std::int64_t row, const std::string& error, Timestamp now) = 0;

  virtual std::int64_t add_exception(const ExceptionRecord& exception, Timestamp now) = 0;
  // replay: the dead row is pending again. discard: the row is dropped. settle: just closes, and
  // only when no dead row is behind it. False: no such open exception, or nothing to replay.
  virtual bool replay_exception(std::int64_t id, const std::string& actor,
                                const std::string& reason, Timestamp now) = 0;
  virtual bool discard_exception(std::int64_t id, const std::string& actor,
                                 const std::string& reason, Timestamp now) = 0;
  virtual bool settle_exception(std::int64_t id, const std::string& actor,
                                const std::string& reason, Timestamp now) = 0;

  // Publishes version expected + 1. False: the current version is not `expected`.
  virtual bool publish_plan(const PlanRecord& plan, std::int64_t expected) = 0;

  // The newest entry; seq 0 and a hash of 64 zeros when there is none. From here to the end of this
  // transaction nobody else appends, so whoever reads, decides and writes facts takes this first.
  virtual AuditRecord lock_audit() = 0;
  // `seq` and `previous` must continue lock_audit(). Throws otherwise.
  virtual void append_audit(const AuditRecord& record) = 0;

  virtual std::int64_t add_transfer(const TransferRecord& transfer) = 0;
  virtual void put_transfer(const TransferRecord& transfer) = 0;  // Its state and end.
  virtual void put_transfer_item(const TransferItem& item) = 0;   // By transfer and subject.

  virtual void set_cursor(const std::string& system, const std::string& feed,
                          const std::string& cursor) = 0;
  virtual void set_fact(const std::string& name, const std::string& value) = 0;

  // Takes or renews: true when nobody had it, this replica has it, or the other's ended at
  // `expired_by` or before. Ending an intent or an outbox row ends its claim; retry_later ends it
  // too, and does nothing when another replica has taken the row over meanwhile.
  virtual bool claim(const std::string& what, Timestamp expired_by, Timestamp until) = 0;
  // The same for several at once; answers those that it has now.
  virtual std::set<std::string> claim_all(const std::vector<std::string>& whats,
                                          Timestamp expired_by, Timestamp until) = 0;
  virtual void give_back(const std::string& what) = 0;  // When it is this replica's.
  // This replica lives until then and routes by these plan versions. Forgets replicas that have
  // been dead for a minute.
  virtual void renew_replica(const std::map<std::string, std::int64_t>& taken,
                             Timestamp alive_until) = 0;
  // After opening: whatever processes that are certainly gone had claimed ends at `now` at the
  // latest. Only an embedded store can know that.
  virtual void end_claims_of_the_gone(Timestamp now) = 0;
};

class Journal {
 public:
  virtual ~Journal() = default;

  // Runs `work` on the writer thread; returns after its commit is durable. When `work` returns
  // false or throws, its savepoint is rolled back. An error means: nothing of it was kept -
  // `conflict` when `work` returned false, `internal` when it threw, `unavailable` when the store
  // failed. What `work` read belongs to its group: believe it only when the error is not
  // `unavailable`. One error means less: `outcome_unknown` when a server went away while it
  // committed and stayed away, so that nobody can say whether it was kept. Not to be called from
  // inside write() or read().
  virtual Status write(const std::function<bool(JournalTransaction&)>& work) = 0;
  // A committed snapshot. Not to be called from inside read(): a nested call could wait for its own
  // connection.
  virtual Status read(const std::function<void(const JournalReader&)>& work) const = 0;
  // The same for work that asks the reader once: cheaper where the store is a server. Who asks
  // twice is told so (`internal`).
  virtual Status look(const std::function<void(const JournalReader&)>& work) const {
    return read(work);
  }

  // Several processes may have this journal open. Then an open intent is its sender's until
  // `give_up_at`, whoever has died meanwhile.
  virtual bool shared() const { return false; }
  // `wake` is called, on a thread of the journal's, after another process has published a plan;
  // now and then without need. Set by one thread; an empty function ends it: after that
  // nothing is called any more.
  virtual void on_plan_published(std::function<void()> wake) { (void)wake; }

  // The plan epoch that this process has opened. Once another has restored the store, neither reads
  // nor writes of this one succeed any more (`unavailable`).
  virtual std::int64_t epoch() const { return 1; }
};

struct JournalSettings {
  std::string file;              // SQLite database file.
  std::string vfs;               // SQLite VFS name; empty: the default one.
  bool synchronous_full = true;  // Only the crash test switches it off, to prove that it matters.
  int group_max = 64;            // Writes per commit.
  int readers = 4;               // Read connections.
  bool writer_thread = true;     // Off: write() commits on the caller's thread, one after another.
  SafetyRules rules;
};

// Opens or creates. Orphans every intent that an earlier process left open. Refuses a file that a
// live process has open (it would orphan that one's intents), a newer schema, another program's
// file.
Result<std::unique_ptr<Journal>> open_sqlite_journal(const JournalSettings& settings);

// The audit log of a journal's file, whoever has it open: reads only.
Result<std::vector<AuditRecord>> read_sqlite_audit(const std::string& file);
struct PostgresSettings {
  std::string connection;             // URI or keyword=value text, as libpq reads it.
  std::string schema = "underpin";    // Made when missing; belongs to the journal alone.
  int group_max = 64;                 // Writes per commit.
  int readers = 4;                    // Read connections.
  std::int64_t reconnect_ms = 2'000;  // How long a call waits for a server that is away.
  std::int64_t settle_ms = 10'000;    // How long a commit that was cut off is looked for.
  // The server ends a session that stands still inside a transaction for longer: a stopped replica
  // holds the others up no longer than this.
  std::int64_t stall_ms = 3'000;
};

// Opens or creates; several replicas may do so at once, and use one journal together. Groups of
// all replicas are committed one after the other, so that acceptance order, `change` and the
// outcomes of open_intent are what one writer would give. Refuses a newer schema, and a schema
// that is another program's.
Result<std::unique_ptr<Journal>> open_postgres_journal(const PostgresSettings& settings);
// Is there a journal in this schema? Makes nothing.
Result<bool> postgres_journal_exists(const PostgresSettings& settings);

inline std::int64_t epoch_in(const JournalReader& reader) {
  const std::string text = reader.fact(epoch_fact);
  return text.empty() ? 1 : std::stoll(text);
}

}  // namespace underpin::facade::journal
