#include "tests/unit/edi/x12_text.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>

namespace underpin::legacy::edi {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;
using Lines = std::vector<std::string>;

const Lines one_order{"interchange 000000007",
                      "group PO 41",
                      "set 850 0001",
                      "BEG|00|NE|PO-77||20261128",
                      "N1|ST|Dock 4|92|EAST",
                      "PO1|1|12|EA|9.95||SK|100042",
                      "CTT|1|12",
                      "set_end accepted",
                      "group_end 1/1",
                      "interchange_end"};

std::string a_file() { return interchange(group(order_set())); }

TEST(X12Reader, ReadsAnInterchange) {
  std::istringstream input(a_file());
  X12Reader reader(reading(input));
  EXPECT_THAT(told(reader), ElementsAreArray(one_order));
  EXPECT_EQ(reader.interchange().sender, "HARBORMART");
  EXPECT_EQ(reader.interchange().receiver_qualifier, "ZZ");
  EXPECT_EQ(reader.group().included, 1);
}

TEST(X12Reader, TakesSeparatorsAndTerminatorsFromTheHeader) {
  struct Case {
    std::string separators;
    std::string end;
  };
  const std::vector<Case> cases{{"*>U", "~"},    {"^>U", "~\n"},       {"~>U", "\n"},
                                {"*>U", "\r\n"}, {"|>^", "\\"},        {"*:|", "}\n  \t"},
                                {"*>U", "^"},    {"~>U", "*"},         {"*>U", "\xC2\xA7\n"},
                                {"*>U", "\x1C"}, {"\x1D\x1F^", "\x1E"}};
  for (const Case& one : cases) {
    const std::string body = with(group(order_set()) + "IEA*1*000000007~", one.separators[0],
                                  one.separators[1], one.end);
    EXPECT_THAT(told(header("000000007", one.separators, one.end) + body),
                ElementsAreArray(one_order))
        << one.separators << one.end;
  }
}

TEST(X12Reader, PassesOverByteOrderMarkBlanksAndIndentation) {
  std::string indented;
  for (const char c : a_file()) {
    indented += c;
    if (c == '\n') indented += "\r\n    \t";
  }
  EXPECT_THAT(told("\xEF\xBB\xBF\r\n" + indented), ElementsAreArray(one_order));
}

TEST(X12Reader, ReadsTheSameInPiecesOfAnySize) {
  const std::string file = "\xEF\xBB\xBF" + a_file() + a_file();
  const Lines whole = told(file);
  for (const std::size_t piece : {1, 2, 3, 7, 64, 105, 106, 107}) {
    std::size_t at = 0;
    X12Reader reader([&](char* to, std::size_t most) -> Result<std::size_t> {
      const std::size_t size = std::min({piece, most, file.size() - at});
      std::copy_n(file.data() + at, size, to);
      at += size;
      return size;
    });
    EXPECT_THAT(told(reader), ElementsAreArray(whole)) << piece;
  }
}

TEST(X12Reader, ReadsAFileDescriptor) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const std::string file = a_file();
  ASSERT_EQ(::write(ends[1], file.data(), file.size()), static_cast<ssize_t>(file.size()));
  ::close(ends[1]);
  X12Reader reader(reading(ends[0]));
  EXPECT_THAT(told(reader), ElementsAreArray(one_order));
  ::close(ends[0]);
}

TEST(X12Reader, TheLastTerminatorMayBeMissing) {
  const std::string file = a_file();
  EXPECT_THAT(told(file.substr(0, file.size() - 2)), ElementsAreArray(one_order));
}

TEST(X12Reader, AWrongSegmentCountIsRejectedOrToldByPolicy) {
  const std::string file = interchange(group(order_set("0001", "5") + order_set("0002"), "2"));
  const std::string rule =
      "4 offset 264, line 8: segment 6 SE, element 1: SE01 says \"5\" segments, the set has 6";
  EXPECT_EQ(file.substr(264, 6), "5*0001");
  const Lines strict = told(file);
  EXPECT_THAT(strict, Contains("! " + rule));
  EXPECT_THAT(strict, Contains("set_end rejected"));
  EXPECT_THAT(strict, Contains("set_end accepted"));
  EXPECT_THAT(strict, Contains("group_end 1/2"));
  const Lines lenient = told(file, {}, {X12Policy::Count::accept_with_error});
  EXPECT_THAT(lenient, Contains("? " + rule));
  EXPECT_THAT(lenient, Contains("set_end accepted_with_errors"));
  EXPECT_THAT(lenient, Contains("group_end 2/2"));
}

// Faults without their offsets and lines.
Lines faults_of(const std::string& file, X12Limits limits = {}) {
  Lines faults;
  for (const std::string& line : told(file, limits)) {
    if (line[0] != '!' && line[0] != '?') continue;
    const std::size_t segment = line.find(": segment ");
    faults.push_back(line.substr(0, line.find(" offset")) +
                     line.substr(segment == std::string::npos ? line.find(": ") : segment));
  }
  return faults;
}

TEST(X12Reader, EveryControlNumberAndCountIsHeldAgainstItsTrailer) {
  EXPECT_THAT(faults_of(a_file()), IsEmpty());
  EXPECT_THAT(faults_of(interchange(group(order_set("0001", "6", "0002")))),
              ElementsAre("! 3: segment 6 SE, element 2: SE02 is not ST02, which is 0001"));
  EXPECT_THAT(faults_of(interchange(group(order_set(), "2"))),
              ElementsAre("? 5: segment GE, element 1: GE01 says \"2\" sets, the group has 1"));
  std::string file = a_file();
  file.replace(file.find("GE*1*41"), 7, "GE*1*42");
  EXPECT_THAT(faults_of(file),
              ElementsAre("? 4: segment GE, element 2: GE02 is not GS06, which is 41"));
  EXPECT_THAT(
      faults_of(interchange(group(order_set()), "x")),
      ElementsAre("? 21: segment IEA, element 1: IEA01 says \"x\" groups, the interchange has 1"));
  file = a_file();
  file.replace(file.find("IEA*1*000000007"), 15, "IEA*1*000000008");
  EXPECT_THAT(faults_of(file),
              ElementsAre("? 1: segment IEA, element 2: IEA02 is not ISA13, which is 000000007"));
  EXPECT_THAT(faults_of(interchange(group(order_set() + order_set(), "2"))),
              ElementsAre("! 23: segment 1 ST, element 2: ST02 was used before in this group"));
  EXPECT_THAT(faults_of(interchange(group(order_set()) + group(order_set()), "2")),
              ElementsAre("? 19: segment GS, element 6: GS06 was used before in this interchange"));
  EXPECT_THAT(faults_of(interchange(group(order_set("17")))),
              ElementsAre("! 7: segment 1 ST, element 2: ST02 must have four to nine characters"));
}

TEST(X12Reader, MissingTrailersCloseWhatIsOpenAndReadingGoesOn) {
  std::string cut = a_file();
  cut.resize(cut.find("CTT"));
  const Lines lines = told(cut + a_file());
  EXPECT_THAT(lines, Contains(HasSubstr("another ISA begins before the set's SE")));
  EXPECT_THAT(lines, Contains(HasSubstr("another ISA begins before the group's GE")));
  EXPECT_THAT(lines, Contains(HasSubstr("another ISA begins before the interchange's IEA")));
  EXPECT_THAT(Lines(lines.end() - static_cast<long>(one_order.size()), lines.end()),
              ElementsAreArray(one_order));
  std::string no_trailer = interchange(group(order_set() + order_set("0002"), "2"));
  no_trailer.erase(no_trailer.find("SE*6*0001~\n"), 11);
  EXPECT_THAT(faults_of(no_trailer),
              ElementsAre("! 2: segment 5 ST: ST comes before the set's SE"));
  EXPECT_THAT(told(no_trailer), Contains("set_end accepted"));
}

TEST(X12Reader, AFileCutAnywhereNeverAcceptsTheSetThatWasCut) {
  const std::string file = a_file();
  const std::size_t complete = file.find("SE*6*0001~") + 10;
  for (std::size_t size = 0; size < file.size(); ++size) {
    const Lines lines = told(file.substr(0, size));
    const bool accepted = std::count(lines.begin(), lines.end(), "set_end accepted") > 0;
    EXPECT_EQ(accepted, size >= complete) << size;
    const auto begun = std::count(lines.begin(), lines.end(), "set 850 0001");
    EXPECT_EQ(begun, std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
                return line.rfind("set_end", 0) == 0;
              }));
  }
}

TEST(X12Reader, ABadSegmentSpoilsItsSetAlone) {
  std::string file = interchange(group(order_set() + order_set("0002"), "2"));
  file.replace(file.find("N1*ST"), 2, "n?");
  const Lines lines = told(file);
  EXPECT_THAT(lines, Contains("! 1 offset 200, line 5: segment 3 n?: a segment's tag is two or "
                              "three capital letters or digits"));
  EXPECT_THAT(lines, Contains("group_end 1/2"));
}

TEST(X12Reader, LimitsAreNamedAndTheNextSetIsRead) {
  X12Limits limits;
  limits.segment_bytes = 300;
  limits.elements = 20;
  limits.segments_per_set = 8;
  const std::string long_segment = "N1*ST*" + std::string(300, 'x') + "~";
  const std::string huge_segment = "N1*ST*" + std::string(1'000'000, 'x') + "~";
  const std::string wide_segment = "N1" + std::string(21, '*') + "x~";
  std::string many;
  for (int i = 0; i < 30; ++i) many += "N1*ST*x~";
  const auto file = [](const std::string& more, const std::string& count) {
    std::string set = order_set("0001", count);
    set.insert(set.find("CTT"), more);
    return interchange(group(set + order_set("0002"), "2"));
  };
  const std::string too_long = "! 8: segment 5 N1: the segment is longer than 300 bytes";
  EXPECT_THAT(faults_of(file(long_segment, "7"), limits), ElementsAre(too_long));
  const Lines huge = faults_of(file(huge_segment, "7"), limits);
  EXPECT_THAT(huge, ElementsAre(HasSubstr("the segment is longer than 300 bytes")));
  EXPECT_THAT(
      faults_of(file(wide_segment, "7"), limits),
      ElementsAre("! 3: segment 5 N1, element 21: the segment has more elements than the limit of "
                  "20"));
  EXPECT_THAT(faults_of(file(many, "36"), limits),
              ElementsAre("! 5: segment 8 N1: the set has more segments than the limit of 8"));
  for (const auto& spoilt : {file(long_segment, "7"), file(huge_segment, "7"),
                             file(wide_segment, "7"), file(many, "36")}) {
    EXPECT_THAT(told(spoilt, limits), Contains("group_end 1/2"));
  }
  limits = {};
  limits.sets_per_group = 1;
  EXPECT_THAT(faults_of(file("", "6"), limits),
              ElementsAre(HasSubstr("the group has more sets than the limit of 1")));
  limits = {};
  limits.groups_per_interchange = 1;
  EXPECT_THAT(
      faults_of(interchange(group(order_set()) + group(order_set(), "1", "42"), "2"), limits),
      ElementsAre(HasSubstr("the interchange has more groups than the limit of 1")));
  limits = {};
  limits.faults = 2;
  std::string bad;
  for (int i = 0; i < 30; ++i) bad += "n1*ST*x~";
  EXPECT_EQ(faults_of(file(bad, "36"), limits).size(), 2U);
  EXPECT_THAT(told(file(bad, "36"), limits), Contains("set_end rejected"));
}

TEST(X12Reader, BinarySegmentsAreRefused) {
  std::string set = order_set("0001", "7");
  set.insert(set.find("CTT"), "BIN*3*abc~");
  EXPECT_THAT(faults_of(interchange(group(set))),
              ElementsAre("! 1: segment 5 BIN: binary segments are not read"));
}

TEST(X12Reader, BytesOutsideOfInterchangesAreToldOnce) {
  const Lines lines = told("this is ISAAC's\n" + a_file() + std::string(5000, '\0') + a_file());
  EXPECT_THAT(lines[0], HasSubstr("unreadable offset 0, line 1: an interchange begins with ISA"));
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "set_end accepted"), 2);
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(),
                          [](const std::string& line) { return line.rfind("unread", 0) == 0; }),
            2);
}

TEST(X12Reader, AHeaderOfOtherLengthsOrUnfitSeparatorsIsRefused) {
  const auto first = [](const std::string& file) { return told(file)[0]; };
  EXPECT_THAT(first("ISA*00*short~" + std::string(200, 'x')),
              HasSubstr("ISA has no element separator at its position"));
  EXPECT_THAT(first("ISA*00*"), HasSubstr("the file ends within ISA"));
  std::string file = a_file();
  EXPECT_THAT(first(file.substr(0, 104)), HasSubstr("the file ends within ISA"));
  EXPECT_THAT(first(header("000000007", "**U")), HasSubstr("ISA has more than 16"));
  EXPECT_THAT(first(header("000000007", "*>U", "*")), HasSubstr("two separators are the same"));
  EXPECT_THAT(first(header("000000007", "*aU")), HasSubstr("must not be a letter"));
  EXPECT_THAT(first(header("000000007", "*>>")), HasSubstr("two separators are the same"));
  EXPECT_THAT(told(header("00000000x") + "IEA*0*00000000x~")[2],
              HasSubstr("ISA13 must be nine digits"));
}

TEST(X12Reader, ElementsComeApartIntoRepetitionsAndComponents) {
  std::istringstream input(header("000000007", "*>^") +
                           group("ST*850*0001~REF*a>b^c>>d>^^*plain*>~SE*3*0001~") +
                           "IEA*1*000000007~");
  X12Reader reader(reading(input));
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.element(1), Element(std::vector<Composite>{{"a", "b"}, {"c", "", "d"}}));
  EXPECT_EQ(reader.element(2), Element("plain"));
  EXPECT_EQ(reader.element(3), Element());
  EXPECT_EQ(reader.element(4), Element());
  EXPECT_EQ(reader.segment()[99], "");
}

TEST(X12Reader, ScatteredControlNumbersAreToldApartInBoundedMemory) {
  NumbersSeen seen(2);
  using Answer = NumbersSeen::Answer;
  for (int i = 1; i < 1000; ++i) EXPECT_EQ(seen.add(std::to_string(i)), Answer::first);
  EXPECT_EQ(seen.add("0500"), Answer::again);
  EXPECT_EQ(seen.add("2000"), Answer::first);
  EXPECT_EQ(seen.add("3000"), Answer::unknown);
  EXPECT_EQ(seen.add("1000"), Answer::first);
  EXPECT_EQ(seen.add("1999"), Answer::first);
  EXPECT_EQ(seen.add("A1"), Answer::first);
  EXPECT_EQ(seen.add("A1"), Answer::again);
  EXPECT_EQ(seen.add("A2"), Answer::first);
  EXPECT_EQ(seen.add("A3"), Answer::unknown);
  for (int i = 1998; i > 1000; --i) EXPECT_EQ(seen.add(std::to_string(i)), Answer::first) << i;
  EXPECT_EQ(seen.add("1500"), Answer::again);
}

TEST(X12Reader, ABrokenSourceIsAnError) {
  X12Reader reader([](char*, std::size_t) -> Result<std::size_t> {
    return Error{ErrorCode::unavailable, "gone"};
  });
  const auto kind = reader.next();
  ASSERT_FALSE(kind);
  EXPECT_EQ(kind.error().message, "gone");
}

}  // namespace
}  // namespace underpin::legacy::edi
