#include "legacy-adapters/transport/edi/x12_ack.h"

#include "tests/unit/edi/x12_text.h"

#include <gmock/gmock.h>

namespace underpin::legacy::edi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Look = std::function<void(X12Kind, X12Reader&)>;

// The acknowledgement of `file`; `look` is the partner's own checking.
std::string acknowledged(const std::string& file, X12Policy policy = {}, const Look& look = {},
                         X12AckSettings::Form form = X12AckSettings::Form::functional_997) {
  std::istringstream input(file);
  X12Reader reader(reading(input), {}, policy);
  std::ostringstream output;
  X12Writer writer(output);
  std::int64_t next = 900;
  X12Acknowledger acknowledger(
      writer, {form, "20261128", "0930", {}, "00401", "004010", [&next] { return ++next; }});
  for (;;) {
    const auto kind = reader.next();
    EXPECT_TRUE(kind);
    if (!kind || *kind == X12Kind::end) return output.str();
    if (look) look(*kind, reader);
    const Status taken = acknowledger.take(*kind, reader);
    EXPECT_TRUE(taken) << taken.error().message;
  }
}

std::string segments_of(const std::string& file) {
  const std::size_t from = file.find("AK1");
  return file.substr(from, file.find("SE*") - from);
}

struct Answers {
  std::vector<X12GroupAnswer> all;
  std::vector<std::string> lines;
};

Answers answers_of(const std::string& file, X12Policy policy = {}) {
  Answers answers;
  std::istringstream input(file);
  X12Reader reader(reading(input), {}, policy);
  X12AckReader acks([&](const X12GroupAnswer& answer) { answers.all.push_back(answer); });
  for (;;) {
    const auto kind = reader.next();
    if (!kind || *kind == X12Kind::end) return answers;
    acks.take(*kind, reader);
    if (*kind == X12Kind::set_end) tell(answers.lines, reader.set().faults);
  }
}

std::string ack_file(const std::string& segments, const std::string& count) {
  return interchange(
      group("ST*997*0001~\n" + segments + "SE*" + count + "*0001~\n", "1", "55", "FA"));
}

TEST(X12Acknowledgement, AcceptsWhatIsRight) {
  const std::string file = acknowledged(interchange(group(order_set())));
  EXPECT_EQ(file,
            "ISA*00*          *00*          *ZZ*UNDERPIN       *ZZ*HARBORMART     *261128*0930*U*"
            "00401*000000901*0*P*>~\n"
            "GS*FA*UNDERPIN*HARBORMART*20261128*0930*902*X*004010~\nST*997*0001~\nAK1*PO*41~\n"
            "AK2*850*0001~\nAK5*A~\nAK9*A*1*1*1~\nSE*6*0001~\nGE*1*902~\nIEA*1*000000901~\n");
}

TEST(X12Acknowledgement, NamesTheCodeOfEachError) {
  const std::string wrong = interchange(group(order_set("0001", "5") + order_set("0002"), "2"));
  EXPECT_EQ(segments_of(acknowledged(wrong)),
            "AK1*PO*41~\nAK2*850*0001~\nAK5*R*4~\nAK2*850*0002~\nAK5*A~\nAK9*P*2*2*1~\n");
  EXPECT_EQ(segments_of(acknowledged(wrong, {X12Policy::Count::accept_with_error})),
            "AK1*PO*41~\nAK2*850*0001~\nAK5*E*4~\nAK2*850*0002~\nAK5*A~\nAK9*A*2*2*2~\n");
  std::string cut = interchange(group(order_set()));
  cut.resize(cut.find("CTT"));
  const std::string answer = acknowledged(cut);
  EXPECT_EQ(segments_of(answer), "AK1*PO*41~\nAK2*850*0001~\nAK5*R*2~\nAK9*R*1*1*0*3~\n");
  EXPECT_THAT(answer, HasSubstr("TA1*000000007*261128*0915*E*023~\n"));
  std::string bad = order_set();
  bad.replace(bad.find("N1*"), 2, "n?");
  EXPECT_EQ(segments_of(acknowledged(interchange(group(bad)))),
            "AK1*PO*41~\nAK2*850*0001~\nAK3*ZZZ*3**1~\nAK5*R*5~\nAK9*R*1*1*0~\n");
  EXPECT_EQ(segments_of(acknowledged(interchange(group(order_set(), "3")))),
            "AK1*PO*41~\nAK2*850*0001~\nAK5*A~\nAK9*E*3*1*1*5~\n");
}

TEST(X12Acknowledgement, CarriesTheCallersOwnFaultsAndCopiesTheBadValueHarmlessly) {
  const Look look = [](X12Kind kind, X12Reader& reader) {
    if (kind != X12Kind::segment || reader.segment().id() != "PO1") return;
    reader.add_fault(3, x12_element::invalid_code, "unknown unit of measure");
    reader.add_fault(0, x12_segment::unexpected, "told, but accepted", false);
  };
  std::string set = order_set();
  set.replace(set.find("*EA*"), 4, "*E>\x01*");
  const std::string segments =
      "AK2*850*0001~\nAK3*PO1*4**8~\nAK4*3**7*E??~\nAK3*PO1*4**2~\nAK5*R*5~\n";
  EXPECT_THAT(acknowledged(interchange(group(set)), {}, look), HasSubstr(segments));
  std::string newer = segments;
  for (const std::string old : {"AK3", "AK4", "AK3", "AK5"}) newer[newer.find(old)] = 'I';
  EXPECT_THAT(
      acknowledged(interchange(group(set)), {}, look, X12AckSettings::Form::implementation_999),
      HasSubstr(newer));
}

TEST(X12Acknowledgement, AcknowledgementsAreNotAcknowledged) {
  EXPECT_EQ(acknowledged(ack_file("AK1*PO*41~AK9*A*1*1*1~", "4")), "");
  std::string asks = ack_file("AK1*PO*41~AK9*A*1*1*1~", "4");
  asks.replace(asks.find("*0*P*"), 5, "*1*P*");
  const std::string answer = acknowledged(asks);
  EXPECT_THAT(answer, HasSubstr("TA1*000000007*261128*0915*A*000~\n"));
  EXPECT_THAT(answer, Not(HasSubstr("AK1")));
}

TEST(X12Acknowledgement, WhatIsWrittenIsUnderstood) {
  const Look look = [](X12Kind kind, X12Reader& reader) {
    if (kind != X12Kind::segment || reader.segment().id() != "PO1") return;
    if (reader.set().control == "0002") {
      reader.add_fault(2, x12_element::invalid_character, "must be a number");
    }
  };
  const std::string sets = order_set("0001", "5") + order_set("0002") + order_set("0003");
  for (const auto form :
       {X12AckSettings::Form::functional_997, X12AckSettings::Form::implementation_999}) {
    const Answers answers = answers_of(acknowledged(
        interchange(group(sets, "3")), {X12Policy::Count::accept_with_error}, look, form));
    EXPECT_THAT(answers.lines, IsEmpty());
    ASSERT_EQ(answers.all.size(), 1U);
    const X12GroupAnswer& answer = answers.all[0];
    EXPECT_EQ(answer.functional_id, "PO");
    EXPECT_EQ(answer.control, "41");
    EXPECT_EQ(answer.code, "P");
    EXPECT_EQ(answer.accepted, 2);
    ASSERT_EQ(answer.sets.size(), 3U);
    EXPECT_EQ(answer.sets[0].verdict, Verdict::accepted_with_errors);
    EXPECT_THAT(answer.sets[0].codes, ElementsAre(x12_set::count_differs));
    EXPECT_EQ(answer.sets[1].verdict, Verdict::rejected);
    ASSERT_EQ(answer.sets[1].segments.size(), 1U);
    EXPECT_EQ(answer.sets[1].segments[0].segment, "PO1");
    EXPECT_EQ(answer.sets[1].segments[0].position, 4);
    ASSERT_EQ(answer.sets[1].segments[0].elements.size(), 1U);
    EXPECT_EQ(answer.sets[1].segments[0].elements[0].element, 2);
    EXPECT_EQ(answer.sets[1].segments[0].elements[0].code, 6);
    EXPECT_EQ(answer.sets[1].segments[0].elements[0].value, "12");
    EXPECT_EQ(answer.sets[2].verdict, Verdict::accepted);
    EXPECT_EQ(verdict_of(answer, "850", "0002"), Verdict::rejected);
  }
}

TEST(X12Acknowledgement, WhatIsNotUnderstoodIsNeverAnAcceptance) {
  EXPECT_THAT(answers_of(ack_file("AK1*PO*41~AK2*850*0001~AK5*Q~AK9*A*1*1*1~", "6")).lines,
              ElementsAre(HasSubstr("must be one of A E M R W X")));
  for (const std::string segments :
       {"AK1*PO*41~AK2*850*0001~AK5*Q~AK9*A*1*1*1~", "AK1*PO*41~AK2*850*0001~AK5~AK9*A*1*1*1~",
        "AK1*PO*41~AK2*850*0001~AK5*A~AK9*?*1*1*1~", "AK1*PO*41~AK2*850*0001~AK5*A~AK9*A*1*x*1~",
        "AK1*PO*41~AK1*PO*42~AK5*A~AK9*A*1*1*1~", "AK2*850*0001~AK1*PO*41~AK5*A~AK9*A*1*1*1~",
        "AK1*PO*41~AK2*850*0001~AK4*1**1~AK9*A*1*1*1~"}) {
    EXPECT_THAT(answers_of(ack_file(segments, "6")).all, IsEmpty()) << segments;
  }
  // Not ended, and a wrong count.
  EXPECT_THAT(answers_of(ack_file("AK1*PO*41~AK2*850*0001~AK5*A~", "5")).all, IsEmpty());
  const std::string miscounted = ack_file("AK1*PO*41~AK9*A*1*1*1~", "9");
  EXPECT_THAT(answers_of(miscounted).all, IsEmpty());
  EXPECT_EQ(answers_of(miscounted, {X12Policy::Count::accept_with_error}).all.size(), 1U);
}

TEST(X12Acknowledgement, UnnamedSetsAreJudgedByTheGroup) {
  const auto verdict = [](const std::string& segments, const std::string& count) {
    const Answers answers = answers_of(ack_file(segments, count));
    EXPECT_EQ(answers.all.size(), 1U);
    return verdict_of(answers.all.at(0), "850", "0002");
  };
  EXPECT_EQ(verdict("AK1*PO*41~AK9*A*2*2*2~", "4"), Verdict::accepted);
  EXPECT_EQ(verdict("AK1*PO*41~AK9*R*2*2*0~", "4"), Verdict::rejected);
  EXPECT_EQ(verdict("AK1*PO*41~AK2*850*0002~AK5*A~AK9*R*2*2*0~", "6"), Verdict::rejected);
  EXPECT_EQ(verdict("AK1*PO*41~AK2*850*0001~AK5*R*5~AK9*P*2*2*1~", "6"), Verdict::accepted);
  EXPECT_EQ(verdict("AK1*PO*41~AK9*P*2*2*1~", "4"), std::nullopt);
  EXPECT_EQ(verdict("AK1*PO*41~AK9*E*2*1*1~", "4"), std::nullopt);
}

}  // namespace
}  // namespace underpin::legacy::edi
