#include "tests/unit/edi/x12_text.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <random>

namespace underpin::legacy::edi {
namespace {

using testing::HasSubstr;

X12Interchange some_interchange() {
  X12Interchange interchange;
  interchange.sender = "UNDERPIN";
  interchange.receiver = "HARBORMART";
  interchange.date = "261128";
  interchange.time = "0915";
  interchange.control = "000000007";
  return interchange;
}

X12Group some_group() {
  X12Group group;
  group.functional_id = "PO";
  group.sender = "UNDERPIN";
  group.receiver = "HARBORMART";
  group.date = "20261128";
  group.time = "0915";
  group.control = "41";
  return group;
}

// A writer inside a set.
struct Opened {
  std::ostringstream output;
  X12Writer writer;
  explicit Opened(const X12Interchange& interchange = some_interchange()) : writer(output) {
    EXPECT_TRUE(writer.begin(interchange));
    EXPECT_TRUE(writer.begin(some_group()));
    EXPECT_TRUE(writer.begin_set("850", "0001"));
  }
  std::string refusal(std::string_view id, const Elements& elements) {
    const std::string before = output.str();
    const Status status = writer.segment(id, elements);
    EXPECT_EQ(output.str(), before);
    return status ? "" : status.error().message;
  }
};

TEST(X12Writer, CountsAndRepeatsControlNumbersItself) {
  Opened opened;
  ASSERT_TRUE(opened.writer.segment("BEG", {"00", "NE", "PO-77", "", "20261128", "", ""}));
  ASSERT_TRUE(opened.writer.end_set());
  ASSERT_TRUE(opened.writer.end_group());
  ASSERT_TRUE(opened.writer.end_interchange());
  EXPECT_EQ(opened.output.str(),
            "ISA*00*          *00*          *ZZ*UNDERPIN       *ZZ*HARBORMART     *261128*0915*U*"
            "00401*000000007*0*P*>~\n"
            "GS*PO*UNDERPIN*HARBORMART*20261128*0915*41*X*004010~\nST*850*0001~\n"
            "BEG*00*NE*PO-77**20261128~\nSE*3*0001~\nGE*1*41~\nIEA*1*000000007~\n");
}

TEST(X12Writer, RefusesWhatASeparatorWouldBreak) {
  Opened opened;
  EXPECT_THAT(opened.refusal("N1", {"ST", "A*B"}),
              HasSubstr("segment N1, element 2 must not hold a separator"));
  EXPECT_THAT(opened.refusal("N1", {"ST", "A>B"}), HasSubstr("must not hold a separator"));
  EXPECT_THAT(opened.refusal("N1", {"ST", "A~B"}), HasSubstr("must not hold a separator"));
  EXPECT_THAT(opened.refusal("N1", {"ST", "A\nB"}), HasSubstr("a control character"));
  EXPECT_THAT(opened.refusal("N1", {Element(std::vector<Composite>{{"a"}, {"b"}})}),
              HasSubstr("the interchange has no repetition separator"));
  EXPECT_THAT(opened.refusal("n1", {"ST"}), HasSubstr("capital letters"));
  EXPECT_THAT(opened.refusal("GE", {"1", "41"}), HasSubstr("must not stand inside a set"));
  EXPECT_EQ(opened.writer.segment("N1", {"ST", "A+B"}).has_value(), true);
}

TEST(X12Writer, RefusesEnvelopesThatNobodyCouldRead) {
  const auto refusal = [](auto&& change) {
    X12Interchange interchange = some_interchange();
    change(interchange);
    std::ostringstream output;
    X12Writer writer(output);
    const Status status = writer.begin(interchange);
    EXPECT_EQ(output.str(), "");
    return status ? "" : status.error().message;
  };
  EXPECT_THAT(refusal([](auto& i) { i.sender = "LONGER THAN FIFTEEN"; }),
              HasSubstr("element 6 must have at most 15"));
  EXPECT_THAT(refusal([](auto& i) { i.control = "7"; }), HasSubstr("element 13 must be 9 digits"));
  EXPECT_THAT(refusal([](auto& i) { i.date = "20261128"; }), HasSubstr("element 9"));
  EXPECT_THAT(refusal([](auto& i) { i.separators.component = '*'; }), HasSubstr("are the same"));
  EXPECT_THAT(refusal([](auto& i) { i.separators.terminator = "~\n"; }),
              HasSubstr("one character"));
  EXPECT_THAT(refusal([](auto& i) { i.receiver = "A*B"; }), HasSubstr("separator"));
  EXPECT_THAT(refusal([](auto& i) { i.usage = '1'; }), HasSubstr("P, T or I"));
  std::ostringstream output;
  X12Writer writer(output);
  EXPECT_FALSE(writer.begin_set("850", "0001"));
  EXPECT_FALSE(writer.end_interchange());
}

// A random document, as what is given to the writer.
struct Sent {
  std::string id;
  Elements elements;
  bool operator==(const Sent&) const = default;
};

std::string random_text(std::mt19937_64& chance, const X12Separators& separators) {
  static const std::string letters = "ABCXYZ 0129.-+?'*~^|>:!\\/ü&";
  std::string text;
  const std::size_t size = chance() % 12;
  while (text.size() < size) {
    const char c = letters[chance() % letters.size()];
    if (c != separators.element && c != separators.component && c != separators.repetition &&
        separators.terminator.find(c) == std::string::npos) {
      text += c;
    }
  }
  return text;
}

void trim(Composite& composite) {
  while (composite.size() > 1 && composite.back().empty()) composite.pop_back();
}

std::vector<Sent> random_document(std::mt19937_64& chance, const X12Separators& separators) {
  static const std::vector<std::string> tags{"BEG", "N1", "PO1", "LIN", "Z99"};
  std::vector<Sent> document(chance() % 8 + 1);
  for (Sent& sent : document) {
    sent.id = tags[chance() % tags.size()];
    for (std::size_t e = chance() % 6; e > 0; --e) {
      std::vector<Composite> repetitions;
      const std::size_t repeated = separators.repetition == '\0' ? 1 : chance() % 3 + 1;
      for (std::size_t r = 0; r < repeated; ++r) {
        Composite composite;
        for (std::size_t c = chance() % 4 + 1; c > 0; --c) {
          composite.push_back(random_text(chance, separators));
        }
        trim(composite);
        repetitions.push_back(composite);
      }
      while (repetitions.size() > 1 && repetitions.back() == Composite{""}) repetitions.pop_back();
      sent.elements.emplace_back(repetitions);
    }
    while (!sent.elements.empty() && sent.elements.back() == Element()) sent.elements.pop_back();
  }
  return document;
}

// What the reader makes of `file`, written again.
std::string written_again(const std::string& file, std::vector<Sent>* received = nullptr) {
  std::istringstream input(file);
  X12Reader reader(reading(input));
  std::ostringstream output;
  X12Writer writer(output);
  for (;;) {
    const auto kind = reader.next();
    Status status = Done{};
    if (!kind || *kind == X12Kind::end) return output.str();
    switch (*kind) {
      case X12Kind::interchange:
        status = writer.begin(reader.interchange());
        break;
      case X12Kind::group:
        status = writer.begin(reader.group());
        break;
      case X12Kind::set:
        status = writer.begin_set(reader.set().id, reader.set().control);
        break;
      case X12Kind::segment: {
        Sent sent{std::string(reader.segment().id()), {}};
        for (int i = 1; i <= reader.segment().size(); ++i) {
          sent.elements.push_back(reader.element(i));
        }
        status = writer.segment(sent.id, sent.elements);
        if (received != nullptr) received->push_back(sent);
        break;
      }
      case X12Kind::set_end:
        EXPECT_TRUE(reader.set().faults.empty());
        status = writer.end_set();
        break;
      case X12Kind::group_end:
        status = writer.end_group();
        break;
      case X12Kind::interchange_end:
        status = writer.end_interchange();
        break;
      default:
        ADD_FAILURE() << "unexpected";
    }
    EXPECT_TRUE(status) << status.error().message;
  }
}

TEST(X12Property, WhatIsWrittenIsReadAndWrittenAgainTheSame) {
  const char* const given = std::getenv("UNDERPIN_SEED");
  const std::uint64_t only = given == nullptr ? 0 : std::strtoull(given, nullptr, 10);
  const std::vector<X12Separators> all{{'*', '>', '\0', "~"},         {'|', ':', '^', "\n"},
                                       {'\x1D', '\x1F', '^', "\x1E"}, {'^', '+', '!', "\xC2\xA7"},
                                       {'~', '/', '\0', "'"},         {'*', ':', '^', "\r"}};
  for (std::uint64_t seed = given == nullptr ? 1 : only; seed <= (given == nullptr ? 400 : only);
       ++seed) {
    SCOPED_TRACE("UNDERPIN_SEED=" + std::to_string(seed));
    std::mt19937_64 chance(seed);
    X12Interchange interchange = some_interchange();
    interchange.separators = all[seed % all.size()];
    const std::vector<Sent> document = random_document(chance, interchange.separators);
    Opened opened(interchange);
    for (const Sent& sent : document) {
      const Status status = opened.writer.segment(sent.id, sent.elements);
      ASSERT_TRUE(status) << status.error().message;
    }
    ASSERT_TRUE(opened.writer.end_set());
    ASSERT_TRUE(opened.writer.end_group());
    ASSERT_TRUE(opened.writer.end_interchange());
    std::vector<Sent> received;
    const std::string again = written_again(opened.output.str(), &received);
    EXPECT_EQ(again, opened.output.str());
    ASSERT_EQ(received, document);
  }
}

TEST(X12Property, WrittenAgainIsStableWhateverTheLayoutWas) {
  std::string untidy = interchange(group(order_set() + order_set("0002"), "2"));
  for (std::size_t at = 0; (at = untidy.find("\n", at)) != std::string::npos; at += 6) {
    untidy.insert(at, "\r\n   ");
  }
  const std::string once = written_again(untidy);
  EXPECT_NE(once, untidy);
  EXPECT_EQ(written_again(once), once);
}

}  // namespace
}  // namespace underpin::legacy::edi
