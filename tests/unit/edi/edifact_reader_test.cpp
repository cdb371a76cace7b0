#include <gmock/gmock.h>

#include <algorithm>

#include "tests/unit/edi/edifact_text.h"

namespace underpin::legacy::edi {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;
using Lines = std::vector<std::string>;

const Lines one_message{"interchange B7",
                        "message DESADV M1",
                        "BGM|351|77|9",
                        "NAD|BY|4012345000009;;9",
                        "IMD|F||;;;Bell + chrome: O'Neill?",
                        "message_end accepted",
                        "interchange_end accepted"};

// Faults without their offsets and lines.
Lines faults_of(const std::string& file, EdifactLimits limits = {}) {
  Lines faults;
  for (const std::string& line : told_of_edifact(file, limits)) {
    if (line[0] != '!' && line[0] != '?') continue;
    faults.push_back(line.substr(0, line.find(" offset")) + line.substr(line.find(": segment ")));
  }
  return faults;
}

TEST(EdifactReader, ReadsAnInterchangeAndItsReleaseCharacters) {
  std::istringstream input(edifact(despatch()));
  EdifactReader reader(reading(input));
  EXPECT_THAT(told(reader), ElementsAreArray(one_message));
  EXPECT_EQ(reader.interchange().sender.id, "HARBORMART");
  EXPECT_EQ(reader.interchange().receiver.qualifier, "ZZ");
  EXPECT_EQ(reader.message().association, "EAN007");
}

TEST(EdifactReader, TakesSeparatorsAndDecimalMarkFromTheAdvice) {
  std::istringstream input(
      "UNA/*,! ~\r\nUNB*UNOC/3*A*B*261128/0915*B7~UNH*M1*ORDERS/D/96A/UN~"
      "IMD*F**a!*b!!c/d?~UNT*3*M1~UNZ*1*B7~");
  EdifactReader reader(reading(input));
  EXPECT_THAT(told(reader), ElementsAre("interchange B7", "message ORDERS M1", "IMD|F||a*b!c;d?",
                                        "message_end accepted", "interchange_end accepted"));
  EXPECT_TRUE(reader.interchange().advice);
  EXPECT_EQ(reader.interchange().separators.decimal, ',');
}

TEST(EdifactReader, LevelBHasSeparatorsOfItsOwn) {
  std::string file = edifact(despatch());
  file.erase(std::remove(file.begin(), file.end(), '\n'), file.end());
  for (const auto& [from, to] : {std::pair("?+", "P"), {"?:", "C"}, {"?'", "Q"}, {"??", "R"}}) {
    file.replace(file.find(from), 2, to);
  }
  std::replace(file.begin(), file.end(), '+', '\x1D');
  std::replace(file.begin(), file.end(), ':', '\x1F');
  std::replace(file.begin(), file.end(), '\'', '\x1C');
  Lines expected = one_message;
  expected[4] = "IMD|F||;;;Bell P chromeC OQNeillR";
  EXPECT_THAT(told_of_edifact(file), ElementsAreArray(expected));
}

TEST(EdifactReader, RepetitionsNeedVersionFour) {
  const auto file = [](const std::string& version) {
    return "UNA:+.?*'UNB+UNOC:" + version +
           "+A+B+261128:0915+B7'UNH+M1+ORDERS:D:96A:UN'RFF+a:b*c?*:d*'UNT+3+M1'UNZ+1+B7'";
  };
  EXPECT_THAT(told_of_edifact(file("4")), Contains("RFF|a;b&c*;d"));
  EXPECT_THAT(told_of_edifact(file("3")), Contains("RFF|a;b*c*;d*"));
  std::istringstream input(file("4"));
  EdifactReader reader(reading(input));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.segment()(1, 1), "a");
  EXPECT_EQ(reader.segment()(1, 2), "b");
  EXPECT_EQ(reader.segment()(1, 3), "");
  EXPECT_EQ(reader.segment()(2, 1), "");
}

TEST(EdifactReader, ReadsTheSameInPiecesOfAnySize) {
  const std::string file = "\xEF\xBB\xBF\r\nUNA:+.? '\n" + edifact(despatch()) + edifact("", "0");
  const Lines whole = told_of_edifact(file);
  EXPECT_EQ(whole.size(), one_message.size() + 2);
  for (const std::size_t piece : {1, 2, 3, 8, 9, 10, 61}) {
    std::size_t at = 0;
    EdifactReader reader([&](char* to, std::size_t most) -> Result<std::size_t> {
      const std::size_t size = std::min({piece, most, file.size() - at});
      std::copy_n(file.data() + at, size, to);
      at += size;
      return size;
    });
    EXPECT_THAT(told(reader), ElementsAreArray(whole)) << piece;
  }
}

TEST(EdifactReader, EveryReferenceAndCountIsHeldAgainstItsTrailer) {
  EXPECT_THAT(faults_of(edifact(despatch())), IsEmpty());
  const std::string miscounted = edifact(despatch("M1", "4"));
  const std::string rule =
      "29: segment 5 UNT, element 1, component 1: UNT says \"4\" segments, the message has 5";
  EXPECT_THAT(faults_of(miscounted), ElementsAre("! " + rule));
  const Lines lenient = told_of_edifact(miscounted, {}, {EdifactPolicy::Count::accept_with_error});
  EXPECT_THAT(lenient, Contains("message_end accepted_with_errors"));
  EXPECT_THAT(faults_of(edifact(despatch("M1", "5", "M2"))),
              ElementsAre("! 28: segment 5 UNT, element 2, component 1: UNT's reference is not "
                          "UNH's, which is M1"));
  EXPECT_THAT(faults_of(edifact(despatch(), "2")),
              ElementsAre("! 29: segment UNZ, element 1, component 1: UNZ says \"2\" messages, the "
                          "interchange has 1"));
  EXPECT_THAT(
      faults_of(edifact(despatch(), "1", "B8")),
      ElementsAre("! 28: segment UNZ, element 2, component 1: UNZ's reference is not UNB's, "
                  "which is B7"));
  EXPECT_THAT(
      faults_of(edifact(despatch() + despatch(), "2")),
      ElementsAre("! 26: segment 1 UNH, element 1, component 1: the message's reference was "
                  "used before"));
}

TEST(EdifactReader, GroupsAreCountedAndNotMixed) {
  const auto grouped = [](const std::string& messages, const std::string& count = "1",
                          const std::string& control = "G1") {
    return "UNG+DESADV+A+B+261128:0915+G1+UN+D:96A'\n" + messages + "UNE+" + count + "+" + control +
           "'\n";
  };
  EXPECT_THAT(faults_of(edifact(grouped(despatch()))), IsEmpty());
  EXPECT_THAT(told_of_edifact(edifact(grouped(despatch()))), Contains("group G1"));
  EXPECT_THAT(faults_of(edifact(grouped(despatch(), "3"))),
              ElementsAre(HasSubstr("UNE says \"3\" messages, the group has 1")));
  EXPECT_THAT(faults_of(edifact(grouped(despatch(), "1", "G2"))),
              ElementsAre(HasSubstr("UNE's reference is not UNG's, which is G1")));
  EXPECT_THAT(faults_of(edifact(grouped(despatch()) + grouped(despatch()), "2")),
              ElementsAre(HasSubstr("the group's reference was used before")));
  EXPECT_THAT(faults_of(edifact(grouped(despatch()) + despatch(), "1")),
              ElementsAre(HasSubstr("a message outside of the interchange's groups")));
  EXPECT_THAT(faults_of(edifact(despatch() + grouped(despatch()), "1")),
              ElementsAre(HasSubstr("a group behind messages that are in none")));
  std::string open = edifact(grouped(despatch()) + grouped(despatch("M2")), "2");
  open.erase(open.find("UNE"), 9);
  EXPECT_THAT(faults_of(open), Contains(HasSubstr("UNG comes before the group's UNE")));
}

TEST(EdifactReader, AFileCutAnywhereNeverAcceptsTheMessageThatWasCut) {
  const std::string file = edifact(despatch());
  const std::size_t complete = file.find("UNT+5+M1'") + 9;
  const std::size_t last = file.find("UNZ+1+B7") + 8;
  for (std::size_t size = 0; size < file.size(); ++size) {
    const Lines lines = told_of_edifact(file.substr(0, size));
    const auto count = [&](const std::string& line) {
      return std::count(lines.begin(), lines.end(), line);
    };
    EXPECT_EQ(count("message_end accepted"), size >= complete) << size;
    EXPECT_EQ(count("interchange_end accepted"), size >= last) << size;
    EXPECT_EQ(count("message DESADV M1"),
              count("message_end accepted") + count("message_end rejected"));
  }
}

TEST(EdifactReader, MissingTrailersCloseWhatIsOpenAndReadingGoesOn) {
  std::string cut = edifact(despatch());
  cut.resize(cut.find("IMD"));
  const Lines lines = told_of_edifact(cut + edifact(despatch()));
  EXPECT_THAT(lines, Contains(HasSubstr("another interchange begins before the message's UNT")));
  EXPECT_THAT(lines,
              Contains(HasSubstr("another interchange begins before the interchange's UNZ")));
  EXPECT_THAT(Lines(lines.end() - static_cast<long>(one_message.size()), lines.end()),
              ElementsAreArray(one_message));
  std::string no_trailer = edifact(despatch() + despatch("M2"), "2");
  no_trailer.erase(no_trailer.find("UNT+5+M1'"), 9);
  EXPECT_THAT(faults_of(no_trailer),
              ElementsAre("! 13: segment 4 UNH: UNH comes before the message's UNT"));
  EXPECT_THAT(told_of_edifact(no_trailer), Contains("message_end accepted"));
}

TEST(EdifactReader, LimitsAreNamedAndTheNextMessageIsRead) {
  EdifactLimits limits;
  limits.segment_bytes = 200;
  limits.parts = 40;
  limits.segments_per_message = 8;
  const auto file = [](const std::string& more, const std::string& count) {
    std::string message = despatch("M1", count);
    message.insert(message.find("UNT"), more);
    return edifact(message + despatch("M2"), "2");
  };
  std::string many;
  for (int i = 0; i < 30; ++i) many += "FTX+x'";
  // Terminators behind release characters do not end the long segment.
  const std::string released =
      "FTX+" + std::string(300, 'x') + "?'" + std::string(200'000, '?') + "'";
  const std::vector<std::pair<std::string, std::string>> cases{
      {file("FTX+" + std::string(300, 'x') + "'", "6"),
       "segment 5 FTX: the segment is longer than 200"},
      {file(released, "6"), "the segment is longer than 200 bytes"},
      {file("FTX" + std::string(41, ':') + "x'", "6"), "more components than the limit of 40"},
      {file("FTX" + std::string(90, '+') + "x'", "6"), "more components than the limit of 40"},
      {file(many, "35"), "more segments than the limit of 8"},
      {file("ftx+a'", "6"), "a segment's tag is three capital letters or digits"}};
  for (const auto& [text, rule] : cases) {
    EXPECT_THAT(faults_of(text, limits), ElementsAre(HasSubstr(rule)));
    EXPECT_THAT(told_of_edifact(text, limits), Contains("message_end accepted"));
  }
  limits = {};
  limits.messages = 1;
  EXPECT_THAT(faults_of(file("", "5"), limits),
              ElementsAre(HasSubstr("more messages than the limit of 1")));
}

TEST(EdifactReader, WhatIsNoInterchangeIsTold) {
  const auto first = [](const std::string& file) { return told_of_edifact(file)[0]; };
  EXPECT_THAT(first("hello " + edifact(despatch())), HasSubstr("begins with UNA or UNB"));
  EXPECT_THAT(told_of_edifact("hello " + edifact(despatch())), Contains("message_end accepted"));
  EXPECT_THAT(first("UNA:+.? 'UNH+1'"), HasSubstr("UNB must follow UNA"));
  EXPECT_THAT(first("UNA:+.? "), HasSubstr("the file ends within UNA"));
  EXPECT_THAT(first("UNA:*.? 'UNB+UNOC:3'"), HasSubstr("another element separator than UNA says"));
  EXPECT_THAT(first("UNA++.? 'UNB+UNOC:3'"), HasSubstr("two separators are the same"));
  EXPECT_THAT(first("UNB*UNOC:3'"), HasSubstr("no UNA says so"));
  EXPECT_THAT(first("UNB+UNOC:3+A+B"), HasSubstr("UNB has no end within"));
  EXPECT_THAT(first("UNA:+.? 'UNB+" + std::string(100'000, 'x') + "'"),
              HasSubstr("UNB has no end within"));
}

}  // namespace
}  // namespace underpin::legacy::edi
