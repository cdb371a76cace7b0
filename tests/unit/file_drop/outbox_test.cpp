#include "legacy-adapters/transport/file_drop/outbox.h"
#include "tests/unit/file_drop/drop_folders.h"

#include "legacy-adapters/transport/file_drop/durable.h"

namespace underpin::legacy::file_drop {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Outbound : public FileDrop {
 protected:
  OutboxSettings outgoing(const std::string& done_suffix = {}) {
    OutboxSettings settings;
    settings.system = "erp";
    settings.folder = (root_ / "drop").string();
    settings.state_folder = (root_ / "state").string();
    settings.done_suffix = done_suffix;
    return settings;
  }
  std::vector<std::string> dropped() const { return listed(root_ / "drop"); }
};

TEST_F(Outbound, AFileAppearsWholeUnderItsName) {
  Outbox outbox(outgoing());
  const Status sent = outbox.send("orders.txt", [&](const Append& append) {
    EXPECT_TRUE(append("first "));
    EXPECT_THAT(dropped(), ElementsAre(".orders.txt.part"));  // What no receiver takes.
    return append("second");
  });
  ASSERT_TRUE(sent) << sent.error().message;
  EXPECT_THAT(dropped(), ElementsAre("orders.txt"));
  EXPECT_EQ(content(root_ / "drop" / "orders.txt"), "first second");
}

TEST_F(Outbound, NothingIsOverwritten) {
  drop("orders.txt", "of somebody else");
  Outbox outbox(outgoing());
  const Status sent = outbox.send("orders.txt", "mine");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::conflict);
  EXPECT_EQ(sent.error().system, "erp");
  EXPECT_EQ(content(root_ / "drop" / "orders.txt"), "of somebody else");
}

TEST_F(Outbound, ANameThatAppearsMeanwhileIsNotOverwrittenEither) {
  Outbox outbox(outgoing());
  const Status sent = outbox.send("orders.txt", [&](const Append& append) {
    drop("orders.txt", "of somebody else");
    return append("mine");
  });
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::conflict);
  EXPECT_EQ(content(root_ / "drop" / "orders.txt"), "of somebody else");
}

TEST_F(Outbound, TheSameAgainIsDoneAndOtherContentAConflict) {
  Outbox outbox(outgoing());
  ASSERT_TRUE(outbox.send("orders.txt", "one"));
  fs::remove(root_ / "drop" / "orders.txt");  // The receiver took it.
  EXPECT_TRUE(outbox.send("orders.txt", "one"));
  EXPECT_THAT(dropped(), IsEmpty());
  Outbox restarted(outgoing());
  EXPECT_TRUE(restarted.send("orders.txt", "one"));
  const Status other = restarted.send("orders.txt", "two");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::conflict);
  EXPECT_THAT(dropped(), IsEmpty());
}

TEST_F(Outbound, AWriterThatFailsSendsNothing) {
  Outbox outbox(outgoing());
  const Status sent = outbox.send("orders.txt", [&](const Append& append) -> Status {
    (void)append("half");
    return Error{ErrorCode::unavailable, "the store is gone"};
  });
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::unavailable);
  EXPECT_THAT(dropped(), IsEmpty());
  EXPECT_TRUE(outbox.send("orders.txt", "whole"));
}

// What lies in the folder and in the register when the process ends between entry and rename.
TEST_F(Outbound, WhatWasEnteredIsRenamedAfterARestart) {
  drop(".orders.txt.part", "whole");
  drop(".torn.txt.part", "hal");  // Never entered.
  Register sent(root_ / "state" / "file_drop.sent");
  ASSERT_TRUE(sent.load());
  const auto checksum = *checksum_of(root_ / "drop" / ".orders.txt.part");
  ASSERT_TRUE(sent.add(Applied{"orders.txt", "orders.txt", checksum, {}}));
  Outbox outbox(outgoing(".done"));
  ASSERT_TRUE(outbox.finish());
  EXPECT_THAT(dropped(), ElementsAre(".torn.txt.part", "orders.txt", "orders.txt.done"));
  EXPECT_EQ(content(root_ / "drop" / "orders.txt"), "whole");
  EXPECT_TRUE(outbox.send("torn.txt", "whole"));
  EXPECT_EQ(content(root_ / "drop" / "torn.txt"), "whole");
}

TEST_F(Outbound, TheMarkerIsMadeAfterARestartBetweenTheTwo) {
  drop(".orders.txt.done.part", "");
  drop("orders.txt", "whole");
  Register sent(root_ / "state" / "file_drop.sent");
  ASSERT_TRUE(sent.load());
  ASSERT_TRUE(sent.add(
      Applied{"orders.txt", "orders.txt", *checksum_of(root_ / "drop" / "orders.txt"), {}}));
  Outbox outbox(outgoing(".done"));
  ASSERT_TRUE(outbox.finish());
  EXPECT_THAT(dropped(), ElementsAre("orders.txt", "orders.txt.done"));
  // The receiver took both: nothing comes again.
  fs::remove(root_ / "drop" / "orders.txt");
  fs::remove(root_ / "drop" / "orders.txt.done");
  ASSERT_TRUE(outbox.finish());
  EXPECT_THAT(dropped(), IsEmpty());
}

TEST_F(Outbound, RefusesNamesThatLeadElsewhereAndFilesThatAreTooLong) {
  OutboxSettings small = outgoing(".done");
  small.size_max = 3;
  Outbox outbox(small);
  for (const char* name : {"", ".hidden", "../up", "a/b", "a\nb", "a.part", "a.tmp", "a.done"}) {
    const Status sent = outbox.send(name, "x");
    ASSERT_FALSE(sent) << name;
    EXPECT_EQ(sent.error().code, ErrorCode::invalid_request) << name;
  }
  EXPECT_EQ(outbox.send("a", "four").error().code, ErrorCode::invalid_request);
  EXPECT_THAT(dropped(), IsEmpty());
  EXPECT_TRUE(outbox.send("a", "two"));
}

TEST_F(Outbound, OneProcessSendsAtATime) {
  Outbox outbox(outgoing());
  const auto other = try_lock(root_ / "state" / "file_drop.sent.lock");
  ASSERT_TRUE(other && other.value());
  EXPECT_EQ(outbox.send("a", "x").error().code, ErrorCode::unavailable);
}

TEST_F(Outbound, AnAcknowledgementIsHeldAgainstWhatWasSent) {
  Outbox outbox(outgoing());
  ASSERT_TRUE(outbox.send("a.txt", "one"));
  ASSERT_TRUE(outbox.send("b.txt", "two"));
  EXPECT_THAT(*outbox.unacknowledged(), ElementsAre("a.txt", "b.txt"));
  EXPECT_EQ(outbox.take({"c.txt", "", true, "", ""}).error().code, ErrorCode::not_found);
  const std::string other(64, '0');
  EXPECT_EQ(outbox.take({"a.txt", other, true, "", ""}).error().code, ErrorCode::conflict);
  const auto checksum = *checksum_of(root_ / "drop" / "a.txt");
  ASSERT_TRUE(outbox.take({"a.txt", checksum, true, "B1", ""}));
  EXPECT_TRUE(outbox.take({"a.txt", "", true, "", ""}));  // Said twice.
  EXPECT_EQ(outbox.take({"a.txt", "", false, "", ""}).error().code, ErrorCode::conflict);
  Outbox restarted(outgoing());
  EXPECT_THAT(*restarted.unacknowledged(), ElementsAre("b.txt"));
}

TEST(Acknowledgements, AreReadAsTheyAreWritten) {
  const Acknowledgement written{"näme\t.csv", std::string(64, 'a'), false, "B 1",
                                "line 3: must not be: empty\nsecond"};
  const auto read = parse_acknowledgement(text_of(written));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->file, "näme .csv");
  EXPECT_EQ(read->checksum, written.checksum);
  EXPECT_FALSE(read->accepted);
  EXPECT_EQ(read->batch, "B 1");
  EXPECT_EQ(read->reason, "line 3: must not be: empty second");
  std::string longest(1'999, 'x');
  const auto cut = parse_acknowledgement(text_of({"a", "", true, "", longest + "üü"}));
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->reason, longest);
}

TEST(Acknowledgements, OfAnotherFormAreRefusedWithLineAndRule) {
  const std::vector<std::pair<std::string, std::string>> broken{
      {"", "line 1: file must be there"},
      {"file: a\n", "line 2: result must be accepted or rejected"},
      {"file: a\nresult: perhaps\n", "line 3: result must be"},
      {"file: a\nresult: accepted", "line 2: the line has no end"},
      {"file: a\nfile: b\nresult: accepted\n", "line 2: file must be there once"},
      {"file: a\nwho: me\n", "line 2: the key must be"},
      {"file a\n", "line 1: must be \"key: value\""},
      {"file: a\nresult: accepted\nsha256: xyz\n", "sha256 must be 64 digits"},
      {"file: a\x01\n", "line 1: the value must not have control characters"},
      {"file: " + std::string(2'001, 'a') + "\n", "line 1: the value must not have more than 2000"},
      {std::string(20'000, 'a'), "must not have more than 16384 bytes"},
  };
  for (const auto& [text, rule] : broken) {
    const auto read = parse_acknowledgement(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, ErrorCode::invalid_request);
    EXPECT_THAT(read.error().message, HasSubstr(rule));
  }
}

}  // namespace
}  // namespace underpin::legacy::file_drop
