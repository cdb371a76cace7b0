#pragma once

#include "facade/journal/sql_reader.h"

namespace underpin::facade::journal {

// The writing half, on the writer thread's connection, inside a savepoint that the journal manages.
template <class Sql>
class SqlTransaction final : public SqlReader<Sql, JournalTransaction> {
 public:
  using Reader = SqlReader<Sql, JournalTransaction>;
  using Reader::Reader;

  OpenOutcome open_intent(const NewIntent& intent, Timestamp now) override;
  void count_attempt(std::int64_t id, Timestamp give_up_at) override;
  void mark_unknown(std::int64_t id, Timestamp settle_from, const std::string& error) override;
  bool close_intent(std::int64_t id, const StoredAnswer& answer, Timestamp now) override;
  bool release_intent(std::int64_t id) override;
  std::int64_t forget_answers(Timestamp before) override;
  void put_document(const DocumentRecord& document) override;
  void count_invoiced() override;
  void add_alias(const OrderId& id, const std::string& number) override;
  void forget_document(const OrderId& id) override;
  std::int64_t add_outbox_row(const NewOutboxRow& row, Timestamp now) override;
  void delivered(std::int64_t row) override;
  void retry_later(std::int64_t row, Timestamp next_at, const std::string& error) override;
  std::int64_t dead_letter(std::int64_t row, const std::string& error, Timestamp now) override;
  std::int64_t add_exception(const ExceptionRecord& exception, Timestamp now) override;
  bool replay_exception(std::int64_t id, const std::string& actor, const std::string& reason,
                        Timestamp now) override;
  bool discard_exception(std::int64_t id, const std::string& actor, const std::string& reason,
                         Timestamp now) override;
  bool settle_exception(std::int64_t id, const std::string& actor, const std::string& reason,
                        Timestamp now) override;
  bool publish_plan(const PlanRecord& plan, std::int64_t expected) override;
  AuditRecord lock_audit() override;
  void append_audit(const AuditRecord& record) override;
  std::int64_t add_transfer(const TransferRecord& transfer) override;
  void put_transfer(const TransferRecord& transfer) override;
  void put_transfer_item(const TransferItem& item) override;
  void set_cursor(const std::string& system, const std::string& feed,
                  const std::string& cursor) override;
  void set_fact(const std::string& name, const std::string& value) override;
  bool claim(const std::string& what, Timestamp expired_by, Timestamp until) override;
  std::set<std::string> claim_all(const std::vector<std::string>& whats, Timestamp expired_by,
                                  Timestamp until) override;
  void give_back(const std::string& what) override;
  void renew_replica(const std::map<std::string, std::int64_t>& taken,
                     Timestamp alive_until) override;
  void end_claims_of_the_gone(Timestamp now) override;

 private:
  void count_if_invoiced(const DocumentRecord& document, int times);
  void add_to(const std::string& counter, std::int64_t amount);
  using Reader::connection_;
  using Reader::self_;
  void end_claim(const std::string& what);
  // Opened, when nothing stands in its way; 0: something does, or may.
  std::int64_t open_unhindered(const NewIntent& intent, Timestamp now);
  bool stands_alone(const NewIntent& intent);
  std::optional<OpenOutcome> judge_earlier(const NewIntent& intent);
  std::optional<OpenOutcome> judge_key(const NewIntent& intent);
  std::optional<OpenOutcome> judge_name(const NewIntent& intent);
  std::optional<OpenOutcome> judge_subject(const NewIntent& intent);
  std::optional<OpenOutcome> judge_side(const NewIntent& intent);
  bool close_exception(std::int64_t id, const char* state, const std::string& actor,
                       const std::string& reason, Timestamp now);
  void increment(const char* counter);
  // Deletes the row; the next of its subject moves up, and who was parked behind it may go.
  bool remove_row(std::int64_t id);
};

}  // namespace underpin::facade::journal
