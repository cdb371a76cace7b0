#pragma once

#include "facade/journal/journal.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <string>

namespace underpin::facade::journal {

// A folder of a test's own, removed with everything in it.
class OwnFolder {
 public:
  OwnFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "journal-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~OwnFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  OwnFolder(const OwnFolder&) = delete;
  OwnFolder& operator=(const OwnFolder&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline constexpr Timestamp at(std::int64_t seconds) {
  return {1'800'000'000'000'000 + seconds * 1'000'000};
}

inline NewIntent order_intent(const std::string& number, const std::string& key) {
  NewIntent intent;
  intent.capability = Capability::orders;
  intent.subject = "web/" + number;
  intent.operation = "place_order";
  intent.name = "web/" + number;
  intent.channel = ChannelId{"web"};
  intent.key = IdempotencyKey{key};
  intent.request_hash = "hash of " + number;
  intent.request = R"({"number":")" + number + "\"}";
  intent.side = Side::legacy;
  intent.birth = true;
  intent.give_up_at = at(30);
  intent.correlation_id = "c-" + number;
  return intent;
}

inline NewIntent customer_intent(const std::string& number, const std::string& key) {
  NewIntent intent;
  intent.capability = Capability::customers;
  intent.subject = number;
  intent.operation = "amend_customer";
  intent.channel = ChannelId{"web"};
  intent.key = IdempotencyKey{key};
  intent.request_hash = "hash of " + number + " under " + key;
  intent.request = "{}";
  intent.give_up_at = at(30);
  return intent;
}

inline NewOutboxRow customer_row(const std::string& number, Side side = Side::cloud) {
  NewOutboxRow row;
  row.side = side;
  row.capability = Capability::customers;
  row.subject = number;
  row.operation = "put_customer";
  row.payload = R"({"number":")" + number + "\"}";
  row.channel = ChannelId{"web"};
  row.key = IdempotencyKey{"k-" + number};
  row.correlation_id = "c-" + number;
  return row;
}

inline NewOutboxRow order_row(const std::string& number, const std::string& customer) {
  NewOutboxRow row = customer_row(number);
  row.capability = Capability::orders;
  row.subject = "web/" + number;
  row.operation = "place_order";
  row.depends_on_capability = Capability::customers;
  row.depends_on_subject = customer;
  return row;
}

inline DocumentRecord order_document(const std::string& number, Side home = Side::legacy) {
  DocumentRecord document;
  document.id = {ChannelId{"web"}, OrderNumber{number}};
  document.home = home;
  document.plan_version = 3;
  document.bucket = 4'242;
  document.customer = CustomerNumber{"C10000"};
  document.order_date = *Date::parse("2026-11-24");
  document.currency = "EUR";
  document.grand_total = *Decimal::parse("12345678901234567.890");
  document.content = R"({"lines":[]})";
  document.created_at = at(1);
  document.updated_at = at(2);
  return document;
}

// A kind of store: how to open one on a name that outlives it, so that a test can open it again.
struct Store {
  std::string name;
  std::function<Result<std::unique_ptr<Journal>>(const std::string& place)> open;
};

inline void PrintTo(const Store& store, std::ostream* out) { *out << store.name; }

// Every rule of the port, for every store.
class JournalSuite : public ::testing::TestWithParam<Store> {
 protected:
  void SetUp() override { open(); }

  void open() {
    journal_.reset();
    auto opened = GetParam().open(folder_.file("journal"));
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    journal_ = std::move(opened).value();
  }

  // Writes and expects it to be kept.
  void write(const std::function<void(JournalTransaction&)>& work) {
    const Status written = journal_->write([&](JournalTransaction& tx) {
      work(tx);
      return true;
    });
    ASSERT_TRUE(written.has_value()) << written.error().message;
  }

  template <class Read>
  auto read(Read&& what) const {
    decltype(what(std::declval<const JournalReader&>())) result{};
    const Status status =
        journal_->read([&](const JournalReader& reader) { result = what(reader); });
    EXPECT_TRUE(status.has_value()) << status.error().message;
    return result;
  }

  OpenOutcome try_open(const NewIntent& intent, Timestamp now = at(0)) {
    OpenOutcome outcome;
    write([&](JournalTransaction& tx) { outcome = tx.open_intent(intent, now); });
    return outcome;
  }

  std::int64_t opened(const NewIntent& intent, Timestamp now = at(0)) {
    const OpenOutcome outcome = try_open(intent, now);
    if (const auto* done = std::get_if<Opened>(&outcome)) return done->id;
    ADD_FAILURE() << "not opened: outcome " << outcome.index();
    return 0;
  }

  void close(std::int64_t id, const StoredAnswer& answer = {201, "{}", "/v1/orders/1", "\"1\""},
             Timestamp now = at(1)) {
    bool closed = false;
    write([&](JournalTransaction& tx) { closed = tx.close_intent(id, answer, now); });
    EXPECT_TRUE(closed);
  }

  std::int64_t add(const NewOutboxRow& row, Timestamp now = at(0)) {
    std::int64_t id = 0;
    write([&](JournalTransaction& tx) { id = tx.add_outbox_row(row, now); });
    return id;
  }

  std::int64_t kill_row(std::int64_t row) {
    std::int64_t exception = 0;
    write([&](JournalTransaction& tx) { exception = tx.dead_letter(row, "refused", at(5)); });
    return exception;
  }

  std::vector<std::int64_t> due(Side side = Side::cloud, Timestamp now = at(100),
                                int limit = 100) const {
    std::vector<std::int64_t> ids;
    for (const OutboxRow& row :
         read([&](const JournalReader& reader) { return reader.due_rows(side, now, limit); }))
      ids.push_back(row.id);
    return ids;
  }

  std::optional<Side> pinned(const std::string& customer) const {
    return read([&](const JournalReader& reader) {
      return reader.pinned_side(Capability::customers, customer);
    });
  }

  std::vector<AuditRecord> audit_of(std::int64_t after_seq, int limit) const {
    return read([&](const JournalReader& reader) { return reader.audit(after_seq, limit); });
  }

  std::int64_t counted(const std::string& name) const {
    return read([&](const JournalReader& reader) { return reader.counter(name); });
  }

  OwnFolder folder_;
  std::unique_ptr<Journal> journal_;
};

template <class Kind>
::testing::AssertionResult is(const OpenOutcome& outcome) {
  if (std::holds_alternative<Kind>(outcome)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "outcome " << outcome.index();
}

}  // namespace underpin::facade::journal
