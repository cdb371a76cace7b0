#pragma once

#include "tests/unit/journal/journal_fixture.h"

#include <algorithm>

namespace underpin::facade::journal {

inline AuditRecord audit_record(std::int64_t seq, const std::string& previous,
                                const std::string& hash) {
  return {seq, previous, hash, R"({"seq":)" + std::to_string(seq) + "}"};
}

TEST_P(JournalSuite, AnEmptyAuditLogHasAHeadOfZeros) {
  write([&](JournalTransaction& tx) {
    EXPECT_EQ(tx.lock_audit(), (AuditRecord{0, "", std::string(64, '0'), ""}));
  });
}

TEST_P(JournalSuite, AuditEntriesContinueEachOtherAndComeBackInOrder) {
  const std::string zeros(64, '0');
  write([&](JournalTransaction& tx) {
    tx.append_audit(audit_record(1, zeros, "a"));
    tx.append_audit(audit_record(2, "a", "b"));
  });
  write([&](JournalTransaction& tx) {
    EXPECT_EQ(tx.lock_audit(), audit_record(2, "a", "b"));
    tx.append_audit(audit_record(3, "b", "c"));
  });
  EXPECT_EQ(audit_of(0, 10),
            (std::vector<AuditRecord>{audit_record(1, zeros, "a"), audit_record(2, "a", "b"),
                                      audit_record(3, "b", "c")}));
  EXPECT_EQ(audit_of(1, 1), (std::vector<AuditRecord>{audit_record(2, "a", "b")}));
  EXPECT_TRUE(audit_of(3, 10).empty());
}

TEST_P(JournalSuite, AnAuditEntryThatContinuesNothingIsRefusedAndNothingIsKept) {
  for (const AuditRecord& wrong :
       {audit_record(2, std::string(64, '0'), "a"), audit_record(1, "somewhere else", "a")}) {
    const Status written = journal_->write([&](JournalTransaction& tx) {
      tx.set_fact("beside", "it");
      tx.append_audit(wrong);
      return true;
    });
    EXPECT_FALSE(written);
  }
  EXPECT_TRUE(audit_of(0, 10).empty());
  EXPECT_EQ(read([](const JournalReader& reader) { return reader.fact("beside"); }), "");
}

TEST_P(JournalSuite, AnAuditEntryIsKeptWithWhatItRecordsOrNotAtAll) {
  const Status taken_back = journal_->write([&](JournalTransaction& tx) {
    tx.append_audit(audit_record(1, std::string(64, '0'), "a"));
    return false;
  });
  EXPECT_FALSE(taken_back);
  EXPECT_TRUE(audit_of(0, 10).empty());
}

TEST_P(JournalSuite, DocumentsAreValuedByWhatTheyHaveInCommon) {
  const auto put = [&](const std::string& number, Side home, OrderStatus status, bool mirrored,
                       const char* total) {
    DocumentRecord document;
    document.id = {ChannelId{"web"}, OrderNumber{number}};
    document.home = home;
    document.status = status;
    document.closed = status == OrderStatus::invoiced;
    document.mirrored = mirrored;
    document.set_document(home, DocumentNumber{"D" + number});
    if (mirrored) document.set_document(other(home), DocumentNumber{"M" + number});
    document.currency = "EUR";
    document.grand_total = *Decimal::parse(total);
    write([&](JournalTransaction& tx) { tx.put_document(document); });
  };
  put("1", Side::cloud, OrderStatus::open, true, "0.10");
  put("2", Side::cloud, OrderStatus::open, true, "0.20");
  put("3", Side::cloud, OrderStatus::open, false, "7.00");
  put("4", Side::cloud, OrderStatus::invoiced, true, "100.00");
  put("5", Side::legacy, OrderStatus::open, true, "50.00");
  const auto values_of = [&](const std::string& wave) {
    auto values = read(
        [&](const JournalReader& reader) { return reader.document_values(wave, Side::cloud); });
    std::sort(values.begin(), values.end(),
              [](const DocumentValue& a, const DocumentValue& b) { return a.total < b.total; });
    return values;
  };
  const auto euros = [](const char* text) { return *Decimal::parse(text); };
  const std::vector<DocumentValue> expected{
      {OrderStatus::open, false, true, true, false, "EUR", 2, euros("0.30")},
      {OrderStatus::open, false, false, false, false, "EUR", 1, euros("7.00")},
      {OrderStatus::invoiced, true, false, false, false, "EUR", 1, euros("100.00")}};
  EXPECT_EQ(values_of("default"), expected);
  EXPECT_TRUE(values_of("elsewhere").empty());
}

TEST_P(JournalSuite, InvoicedDocumentsAreCountedAsTheyCome) {
  DocumentRecord document;
  document.id = {ChannelId{"web"}, OrderNumber{"1"}};
  document.home = Side::cloud;
  document.currency = "EUR";
  document.grand_total = *Decimal::parse("19.99");
  const auto put = [&] { write([&](JournalTransaction& tx) { tx.put_document(document); }); };
  const auto invoiced = [&](Side home) {
    std::string text;
    for (const DocumentValue& value :
         read([&](const JournalReader& reader) { return reader.document_values("default", home); }))
      if (value.closed)
        text += std::to_string(value.count) + " worth " + value.total.text() + " " + value.currency;
    return text;
  };
  put();
  EXPECT_EQ(invoiced(Side::cloud), "");
  document.status = OrderStatus::invoiced;
  document.closed = true;
  put();
  put();  // Again, as a feed does.
  EXPECT_EQ(invoiced(Side::cloud), "1 worth 19.99 EUR");
  document.grand_total = *Decimal::parse("20.5");
  put();
  EXPECT_EQ(invoiced(Side::cloud), "1 worth 20.50 EUR");
  document.home = Side::legacy;
  put();
  EXPECT_EQ(invoiced(Side::cloud), "");
  EXPECT_EQ(invoiced(Side::legacy), "1 worth 20.50 EUR");
  document.id = {ChannelId{}, OrderNumber{"SO-1"}};  // Older than the facade.
  put();
  // A journal of before the running counts is counted once.
  for (int times = 0; times < 2; ++times)
    write([](JournalTransaction& tx) { tx.count_invoiced(); });
  EXPECT_EQ(invoiced(Side::legacy), "1 worth 20.50 EUR");
}

}  // namespace underpin::facade::journal
