#include "legacy-adapters/transport/edi/edifact_control.h"

#include <gmock/gmock.h>

#include "tests/unit/edi/edifact_text.h"

namespace underpin::legacy::edi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Look = std::function<void(EdifactKind, EdifactReader&)>;

std::string acknowledged(const std::string& file, const Look& look = {}, std::size_t most = 100) {
  std::istringstream input(file);
  EdifactReader reader(reading(input));
  std::ostringstream output;
  EdifactWriter writer(output);
  EdifactControlSettings settings;
  settings.date = "261128";
  settings.time = "0930";
  settings.told_max = most;
  settings.control = [] { return "C1"; };
  EdifactAcknowledger acknowledger(writer, settings);
  for (;;) {
    const auto kind = reader.next();
    EXPECT_TRUE(kind);
    if (!kind || *kind == EdifactKind::end) return output.str();
    if (look) look(*kind, reader);
    const Status taken = acknowledger.take(*kind, reader);
    EXPECT_TRUE(taken) << taken.error().message;
  }
}

std::string segments_of(const std::string& file) {
  const std::size_t from = file.find("UCI");
  return file.substr(from, file.rfind("UNT+") - from);
}

struct Answers {
  std::vector<EdifactAnswer> all;
  std::vector<std::string> lines;
};

Answers answers_of(const std::string& file) {
  Answers answers;
  std::istringstream input(file);
  EdifactReader reader(reading(input));
  EdifactControlReader controls(
      [&](const EdifactAnswer& answer) { answers.all.push_back(answer); });
  for (;;) {
    const auto kind = reader.next();
    if (!kind || *kind == EdifactKind::end) return answers;
    controls.take(*kind, reader);
    if (*kind == EdifactKind::message_end) tell_faults(answers.lines, reader.message().faults);
  }
}

std::string control_file(const std::string& segments, const std::string& count) {
  return edifact("UNH+1+CONTRL:D:3:UN'" + segments + "UNT+" + count + "+1'");
}

TEST(EdifactControl, AcknowledgesWhatIsRight) {
  EXPECT_EQ(acknowledged(edifact(despatch())),
            "UNB+UNOC:3+UNDERPIN:ZZ+HARBORMART:14+261128:0930+C1'UNH+1+CONTRL:D:3:UN'"
            "UCI+B7+HARBORMART:14+UNDERPIN:ZZ+7'UNT+3+1'UNZ+1+C1'");
}

TEST(EdifactControl, NamesTheCodeOfEachError) {
  const std::string head = "UCI+B7+HARBORMART:14+UNDERPIN:ZZ+";
  EXPECT_EQ(segments_of(acknowledged(edifact(despatch("M1", "4") + despatch("M2"), "2"))),
            head + "7'UCM+M1+DESADV:D:96A:UN+4+29+UNT+1:1'");
  EXPECT_EQ(segments_of(acknowledged(edifact(despatch(), "3"))), head + "4+29+UNZ+1:1'");
  EXPECT_EQ(segments_of(acknowledged(edifact(despatch(), "1", "B8"))), head + "4+28+UNZ+2:1'");
  std::string cut = edifact(despatch() + despatch("M2"), "2");
  cut.resize(cut.rfind("IMD"));
  EXPECT_EQ(segments_of(acknowledged(cut)), head + "4+13'");
  const Look look = [](EdifactKind kind, EdifactReader& reader) {
    if (kind != EdifactKind::segment || reader.segment().tag() != "NAD") return;
    reader.add_fault(2, 1, edifact_error::invalid_value, "nobody we know");
    reader.add_fault(0, 0, edifact_error::not_supported, "told, but accepted", false);
  };
  EXPECT_EQ(segments_of(acknowledged(edifact(despatch()), look)),
            head + "7'UCM+M1+DESADV:D:96A:UN+4'UCS+3'UCD+12+2:1'");
  std::string bad = despatch();
  bad.replace(bad.find("IMD"), 3, "imd");
  EXPECT_EQ(segments_of(acknowledged(edifact(bad))), head + "7'UCM+M1+DESADV:D:96A:UN+4'UCS+4+12'");
}

TEST(EdifactControl, GroupsStandBeforeTheirMessages) {
  const auto grouped = [](const std::string& messages, const std::string& control,
                          const std::string& count) {
    return "UNG+DESADV+A+B+261128:0915+" + control + "+UN+D:96A'" + messages + "UNE+" + count +
           "+" + control + "'";
  };
  EXPECT_EQ(segments_of(acknowledged(edifact(grouped(despatch(), "G1", "1") +
                                                 grouped(despatch("M1", "9"), "G2", "1") +
                                                 grouped(despatch("M1", "9"), "G3", "7"),
                                             "3"))),
            "UCI+B7+HARBORMART:14+UNDERPIN:ZZ+7'UCF+G2+A+B+7'"
            "UCM+M1+DESADV:D:96A:UN+4+29+UNT+1:1'UCF+G3+A+B+4+29+UNE+1:1'");
}

TEST(EdifactControl, AcknowledgementsAreNotAcknowledged) {
  EXPECT_EQ(acknowledged(control_file("UCI+B6+A+B+7'", "3")), "");
}

TEST(EdifactControl, WhatIsTooMuchToTellIsRejectedAsAWhole) {
  const std::string file =
      edifact(despatch("M1", "4") + despatch("M2", "4") + despatch("M3", "4"), "3");
  EXPECT_THAT(acknowledged(file, {}, 3), HasSubstr("+7'UCM+M1"));
  EXPECT_THAT(acknowledged(file, {}, 2), HasSubstr("UCI+B7+HARBORMART:14+UNDERPIN:ZZ+4+18'UNT"));
}

TEST(EdifactControl, WhatIsWrittenIsUnderstood) {
  const Look look = [](EdifactKind kind, EdifactReader& reader) {
    if (kind != EdifactKind::segment || reader.segment().tag() != "NAD") return;
    if (reader.message().control == "M2") {
      reader.add_fault(2, 1, edifact_error::invalid_value, "nobody we know");
    }
  };
  const Answers answers = answers_of(
      acknowledged(edifact(despatch("M1", "4") + despatch("M2") + despatch("M3"), "3"), look));
  EXPECT_THAT(answers.lines, IsEmpty());
  ASSERT_EQ(answers.all.size(), 1U);
  const EdifactAnswer& answer = answers.all[0];
  EXPECT_EQ(answer.control, "B7");
  EXPECT_EQ(verdict_of(answer, "", "M1"), Verdict::rejected);
  EXPECT_EQ(verdict_of(answer, "", "M2"), Verdict::rejected);
  EXPECT_EQ(verdict_of(answer, "", "M3"), Verdict::accepted);
  ASSERT_EQ(answer.messages.size(), 2U);
  EXPECT_EQ(answer.messages[0].errors.at(0).code, edifact_error::counts_differ);
  ASSERT_EQ(answer.messages[1].errors.size(), 2U);
  EXPECT_EQ(answer.messages[1].errors[1].segment, 3);
  EXPECT_EQ(answer.messages[1].errors[1].element, 2);
  EXPECT_EQ(answer.messages[1].errors[1].code, edifact_error::invalid_value);
}

TEST(EdifactControl, WhatIsNotUnderstoodIsNeverAnAcceptance) {
  const std::string uci = "UCI+B7+A+B+";
  for (const std::string& segments :
       {uci + "9'", uci + "'", std::string("UCM+M1+ORDERS+7'"), uci + "7'UCM+M1+ORDERS+8'",
        uci + "7'UCS+3+12'", uci + "7'" + uci + "7'"}) {
    const auto count = std::count(segments.begin(), segments.end(), '\'');
    const Answers answers = answers_of(control_file(segments, std::to_string(count + 2)));
    EXPECT_THAT(answers.all, IsEmpty()) << segments;
    EXPECT_EQ(answers.lines.size(), 1U) << segments;
  }
  EXPECT_THAT(answers_of(control_file(uci + "7'", "9")).all, IsEmpty());
  const auto verdict = [&](const std::string& segments, const std::string& count) {
    return verdict_of(answers_of(control_file(uci + segments, count)).all.at(0), "G1", "M1");
  };
  EXPECT_EQ(verdict("8'", "3"), std::nullopt);
  EXPECT_EQ(verdict("7'", "3"), Verdict::accepted);
  EXPECT_EQ(verdict("4+29'", "3"), Verdict::rejected);
  EXPECT_EQ(verdict("7'UCF+G1+A+B+4'", "4"), Verdict::rejected);
  EXPECT_EQ(verdict("7'UCF+G2+A+B+7'UCM+M1+ORDERS+4'", "5"), Verdict::accepted);
}

}  // namespace
}  // namespace underpin::legacy::edi
