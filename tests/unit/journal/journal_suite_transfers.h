#pragma once

#include "tests/unit/journal/journal_fixture.h"

// Transfers. Included once per store, by the file that instantiates the suite.
namespace underpin::facade::journal {

inline TransferItem transfer_item(std::int64_t transfer, const std::string& number,
                                  const std::string& state, Timestamp next_at) {
  TransferItem item;
  item.transfer = transfer;
  item.subject = "web/" + number;
  item.state = state;
  item.classes = "open";
  item.next_at = next_at;
  item.currency = "EUR";
  item.value = *Decimal::parse("12.50");
  return item;
}

TEST_P(JournalSuite, ATransferIsKeptWithItsItems) {
  TransferRecord record;
  record.to = Side::legacy;
  record.selection = R"({"all":true})";
  record.actor = "ada";
  record.reason = "empty it";
  record.change_reference = "CHG-1";
  record.started_at = at(1);
  std::int64_t first = 0;
  write([&](JournalTransaction& tx) {
    first = tx.add_transfer(record);
    record.id = tx.add_transfer(record);
    for (const char* number : {"1", "2", "3"})
      tx.put_transfer_item(transfer_item(record.id, number, "waiting", at(number[0])));
    tx.put_transfer_item(transfer_item(first, "1", "moved", at(0)));
    record.state = "running";
    record.ended_at = at(9);
    tx.put_transfer(record);
  });
  open();
  const auto known = read([&](const JournalReader& r) { return r.transfers(10); });
  ASSERT_EQ(known.size(), 2u);
  EXPECT_EQ(known[0].id, record.id) << "newest first";
  EXPECT_EQ(known[0].state, "running");
  EXPECT_EQ(known[0].ended_at, at(9));
  EXPECT_EQ(known[1].state, "listing");
  const auto kept = read([&](const JournalReader& r) { return r.transfer(first); });
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->to, Side::legacy);
  EXPECT_EQ(kept->change_reference, "CHG-1");
  EXPECT_FALSE(read([&](const JournalReader& r) { return r.transfer(99); }));

  TransferItem second = transfer_item(record.id, "2", "blocked", at(50));
  second.memo = "line 1: 4";
  second.detail = "why";
  second.attempts = 3;
  write([&](JournalTransaction& tx) { tx.put_transfer_item(second); });
  const auto item =
      read([&](const JournalReader& r) { return r.transfer_item(record.id, "web/2"); });
  ASSERT_TRUE(item);
  EXPECT_EQ(item->memo, "line 1: 4");
  EXPECT_EQ(item->attempts, 3);
  EXPECT_EQ(item->value.text(), "12.50");
  EXPECT_EQ(read([&](const JournalReader& r) { return r.transfer_counts(record.id); }),
            (std::map<std::string, std::int64_t>{{"blocked", 1}, {"waiting", 2}}));
  const auto subjects = [](const std::vector<TransferItem>& items) {
    std::string all;
    for (const TransferItem& one : items) all += one.subject + " ";
    return all;
  };
  const auto items = [&](const std::string& state, const std::string& after, int limit) {
    return subjects(read(
        [&](const JournalReader& r) { return r.transfer_items(record.id, state, after, limit); }));
  };
  EXPECT_EQ(items("", "", 10), "web/1 web/2 web/3 ");
  EXPECT_EQ(items("", "web/1", 1), "web/2 ");
  EXPECT_EQ(items("waiting", "", 10), "web/1 web/3 ");
  const auto due_items = [&](Timestamp now) {
    return subjects(
        read([&](const JournalReader& r) { return r.due_transfer_items(record.id, now, 10); }));
  };
  EXPECT_EQ(due_items(at('1')), "web/1 ");
  EXPECT_EQ(due_items(at('9')), "web/1 web/3 ") << "what is on its way is not due";
}

}  // namespace underpin::facade::journal
