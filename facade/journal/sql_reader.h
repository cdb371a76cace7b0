#pragma once

#include "facade/journal/journal.h"

namespace underpin::facade::journal {

// The reading half of the port on one connection of a store that speaks SQL; the transaction adds
// the writing half. Base is JournalReader or JournalTransaction, Sql the store's connection
// (Connection of sqlite.h, PgConnection of postgres.h): one text of every statement, two stores.
// Running counts of invoiced documents: "<prefix>EUR count", and "<prefix>EUR worth" in units of
// 10^-worth_scale.
inline constexpr int worth_scale = 6;
inline std::string invoiced_prefix(const std::string& wave, Side home) {
  return "invoiced/" + wave + "/" + std::string(name(home)) + "/";
}

template <class Sql, class Base>
class SqlReader : public Base {
 public:
  SqlReader(Sql& connection, std::int64_t self) : connection_(connection), self_(self) {}

  std::optional<StoredAnswer> answer_for(const ChannelId& channel,
                                         const IdempotencyKey& key) const override;
  std::optional<Intent> intent(std::int64_t id) const override;
  std::optional<Intent> open_intent_of(Capability capability,
                                       const Subject& subject) const override;
  BeforeWrite before_write(Capability capability, const Subject& subject, const ChannelId& channel,
                           const IdempotencyKey& key) const override;
  std::int64_t last_intent_of(Capability capability, const Subject& subject) const override;
  std::vector<Intent> open_intents(int limit) const override;
  std::optional<DocumentRecord> document(const OrderId& id) const override;
  std::vector<DocumentRecord> documents_named(const std::string& number) const override;
  std::vector<DocumentRecord> documents(const DocumentQuery& query) const override;
  std::vector<DocumentRecord> undelivered_documents(Side side) const override;
  DocumentCounts document_counts(const std::string& wave) const override;
  std::vector<DocumentValue> document_values(const std::string& wave, Side home) const override;
  std::optional<Side> pinned_side(Capability capability, const Subject& subject) const override;
  std::int64_t pinned_subjects(Capability capability, Side side) const override;
  StateLook state(Capability capability, const Subject& subject,
                  const std::vector<std::string>& facts) const override;
  bool any_due(Side side, Timestamp now) const override;
  std::vector<OutboxRow> due_rows(Side side, Timestamp now, int limit) const override;
  std::vector<OutboxRow> rows_of(Side side, Capability capability,
                                 const Subject& subject) const override;
  std::optional<OutboxRow> outbox_row(std::int64_t id) const override;
  std::vector<OutboxRow> outbox(std::int64_t after_id, int limit) const override;
  std::int64_t pending_rows(Side side) const override;
  Backlog backlog(const std::string& wave, Capability capability,
                  std::int64_t plan_version) const override;
  std::vector<ExceptionRecord> exceptions(const std::string& state, int limit) const override;
  std::optional<ExceptionRecord> exception(std::int64_t id) const override;
  std::optional<PlanRecord> plan(const std::string& wave, Capability capability) const override;
  std::vector<PlanRecord> plan_history(const std::string& wave,
                                       Capability capability) const override;
  std::vector<AuditRecord> audit(std::int64_t after_seq, int limit) const override;
  std::vector<TransferRecord> transfers(int limit) const override;
  std::optional<TransferRecord> transfer(std::int64_t id) const override;
  std::optional<TransferItem> transfer_item(std::int64_t transfer,
                                            const Subject& subject) const override;
  std::vector<TransferItem> transfer_items(std::int64_t transfer, const std::string& state,
                                           const Subject& after, int limit) const override;
  std::vector<TransferItem> due_transfer_items(std::int64_t transfer, Timestamp now,
                                               int limit) const override;
  std::map<std::string, std::int64_t> transfer_counts(std::int64_t transfer) const override;
  std::string cursor(const std::string& system, const std::string& feed) const override;
  std::string fact(const std::string& name) const override;
  std::int64_t counter(const std::string& name) const override;
  std::vector<ReplicaRecord> replicas() const override;
  std::optional<Claim> claim_on(const std::string& what) const override;
  const SafetyRules& rules() const override { return connection_.rules; }
  std::int64_t self() const override { return self_; }
  Timestamp clock() const override;

 protected:
  Sql& connection_;
  const std::int64_t self_;
};

}  // namespace underpin::facade::journal
