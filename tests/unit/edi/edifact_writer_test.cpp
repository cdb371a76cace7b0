#include <gmock/gmock.h>

#include <cstdlib>
#include <random>

#include "tests/unit/edi/edifact_text.h"

namespace underpin::legacy::edi {
namespace {

using testing::HasSubstr;

EdifactInterchange some_interchange() {
  EdifactInterchange interchange;
  interchange.sender = {"UNDERPIN", "14", ""};
  interchange.receiver = {"HARBORMART", "", ""};
  interchange.date = "261128";
  interchange.time = "0915";
  interchange.control = "B7";
  return interchange;
}

EdifactMessage some_message() {
  EdifactMessage message;
  message.control = "M1";
  message.type = "ORDERS";
  return message;
}

struct Opened {
  std::ostringstream output;
  EdifactWriter writer;
  explicit Opened(const EdifactInterchange& interchange = some_interchange()) : writer(output) {
    EXPECT_TRUE(writer.begin(interchange));
    EXPECT_TRUE(writer.begin(some_message()));
  }
  std::string refusal(std::string_view tag, const Elements& elements) {
    const std::string before = output.str();
    const Status status = writer.segment(tag, elements);
    EXPECT_EQ(output.str(), before);
    return status ? "" : status.error().message;
  }
};

TEST(EdifactWriter, CountsRepeatsReferencesAndReleasesSeparators) {
  Opened opened;
  ASSERT_TRUE(opened.writer.segment("IMD", {"F", "", Composite{"", "O'Neill", "1+1:2?", ""}, ""}));
  ASSERT_TRUE(opened.writer.end_message());
  ASSERT_TRUE(opened.writer.end_interchange());
  EXPECT_EQ(opened.output.str(),
            "UNB+UNOC:3+UNDERPIN:14+HARBORMART+261128:0915+B7'UNH+M1+ORDERS:D:96A:UN'"
            "IMD+F++:O?'Neill:1?+1?:2?\?'UNT+3+M1'UNZ+1+B7'");
}

TEST(EdifactWriter, SaysItsSeparatorsWhenTheyAreNotTheUsualOnes) {
  EdifactInterchange interchange = some_interchange();
  interchange.separators.decimal = ',';
  EXPECT_THAT(Opened(interchange).output.str(), testing::StartsWith("UNA:+,? 'UNB+"));
}

TEST(EdifactWriter, RefusesWhatItsSyntaxLacks) {
  EdifactInterchange interchange = some_interchange();
  interchange.syntax = "UNOA";
  EXPECT_THAT(Opened(interchange).refusal("FTX", {"small"}),
              HasSubstr("segment FTX, element 1, component 1 must not hold a character that is not "
                        "in UNOA"));
  interchange.syntax = "UNOB";
  EXPECT_EQ(Opened(interchange).writer.segment("FTX", {"small"}).has_value(), true);
  EXPECT_THAT(Opened(interchange).refusal("FTX", {"Gr\xFCn"}), HasSubstr("not in UNOB"));
  EXPECT_THAT(Opened().refusal("FTX", {"a\nb"}), HasSubstr("control character"));
  EXPECT_THAT(Opened().refusal("UNT", {"1"}), HasSubstr("none of an envelope"));
  EXPECT_THAT(Opened().refusal("FTX", {Element(std::vector<Composite>{{"a"}, {"b"}})}),
              HasSubstr("no repetition separator"));
  interchange = some_interchange();
  interchange.separators.release = ' ';
  EXPECT_THAT(Opened(interchange).refusal("FTX", {"a+b"}), HasSubstr("no release character"));
  EXPECT_TRUE(Opened(interchange).writer.segment("FTX", {"a?b"}));
}

TEST(EdifactWriter, RefusesEnvelopesThatNobodyCouldRead) {
  const auto refusal = [](auto&& change) {
    EdifactInterchange interchange = some_interchange();
    change(interchange);
    std::ostringstream output;
    EdifactWriter writer(output);
    const Status status = writer.begin(interchange);
    EXPECT_EQ(output.str(), "");
    return status ? "" : status.error().message;
  };
  EXPECT_THAT(refusal([](auto& i) { i.control = "LONGER THAN FOURTEEN"; }), HasSubstr("element 5"));
  EXPECT_THAT(refusal([](auto& i) { i.sender.id = ""; }), HasSubstr("sender and receiver"));
  EXPECT_THAT(refusal([](auto& i) { i.separators.component = '+'; }), HasSubstr("are the same"));
  EXPECT_THAT(refusal([](auto& i) { i.separators.repetition = '*'; }), HasSubstr("version 4"));
  EXPECT_THAT(refusal([](auto& i) { i.sender.id = "a\tb"; }),
              HasSubstr("segment UNB, element 2, component 1 must not"));
}

struct Sent {
  std::string tag;
  Elements elements;
  bool operator==(const Sent&) const = default;
};

std::vector<Sent> random_message(std::mt19937_64& chance, const EdifactSeparators& separators) {
  static const std::vector<std::string> tags{"BGM", "NAD", "LIN", "QTY", "Z99", "UNS"};
  static const std::string letters = "ABZ 019.,-+?'*~^|>:!\\/\xFC&x";
  std::vector<Sent> message(chance() % 8 + 1);
  for (Sent& sent : message) {
    sent.tag = tags[chance() % tags.size()];
    for (std::size_t e = chance() % 6; e > 0; --e) {
      std::vector<Composite> repetitions(separators.repetition == ' ' ? 1 : chance() % 3 + 1);
      for (Composite& composite : repetitions) {
        for (std::size_t c = chance() % 4 + 1; c > 0; --c) {
          composite.emplace_back();
          for (std::size_t n = chance() % 9; n > 0; --n) {
            composite.back() += letters[chance() % letters.size()];
          }
        }
        while (composite.size() > 1 && composite.back().empty()) composite.pop_back();
      }
      while (repetitions.size() > 1 && repetitions.back() == Composite{""}) repetitions.pop_back();
      sent.elements.emplace_back(repetitions);
    }
    while (!sent.elements.empty() && sent.elements.back() == Element()) sent.elements.pop_back();
  }
  return message;
}

std::string written_again(const std::string& file, std::vector<Sent>* received = nullptr) {
  std::istringstream input(file);
  EdifactReader reader(reading(input));
  std::ostringstream output;
  EdifactWriter writer(output);
  for (;;) {
    const auto kind = reader.next();
    Status status = Done{};
    if (!kind || *kind == EdifactKind::end) return output.str();
    switch (*kind) {
      case EdifactKind::interchange:
        status = writer.begin(reader.interchange());
        break;
      case EdifactKind::group:
        status = writer.begin(reader.group());
        break;
      case EdifactKind::message:
        status = writer.begin(reader.message());
        break;
      case EdifactKind::segment: {
        Sent sent{std::string(reader.segment().tag()), {}};
        for (int i = 1; i <= reader.segment().size(); ++i) {
          sent.elements.push_back(reader.element(i));
        }
        status = writer.segment(sent.tag, sent.elements);
        if (received != nullptr) received->push_back(sent);
        break;
      }
      case EdifactKind::message_end:
        EXPECT_TRUE(reader.message().faults.empty());
        status = writer.end_message();
        break;
      case EdifactKind::group_end:
        status = writer.end_group();
        break;
      case EdifactKind::interchange_end:
        EXPECT_TRUE(reader.interchange().faults.empty());
        status = writer.end_interchange();
        break;
      default:
        ADD_FAILURE() << "unexpected";
    }
    EXPECT_TRUE(status) << status.error().message;
  }
}

TEST(EdifactProperty, WhatIsWrittenIsReadAndWrittenAgainTheSame) {
  const char* const given = std::getenv("UNDERPIN_SEED");
  const std::uint64_t only = given == nullptr ? 0 : std::strtoull(given, nullptr, 10);
  const std::vector<EdifactSeparators> all{{},
                                           {'/', '*', ',', '!', ' ', '~'},
                                           {':', '+', '.', '?', '*', '\''},
                                           {'\x1F', '\x1D', '.', '\\', '^', '\x1C'}};
  for (std::uint64_t seed = given == nullptr ? 1 : only; seed <= (given == nullptr ? 400 : only);
       ++seed) {
    SCOPED_TRACE("UNDERPIN_SEED=" + std::to_string(seed));
    std::mt19937_64 chance(seed);
    EdifactInterchange interchange = some_interchange();
    interchange.separators = all[seed % all.size()];
    interchange.version = "4";
    interchange.sender.internal = "a'b+c";
    const std::vector<Sent> message = random_message(chance, interchange.separators);
    Opened opened(interchange);
    for (const Sent& sent : message) {
      const Status status = opened.writer.segment(sent.tag, sent.elements);
      ASSERT_TRUE(status) << status.error().message;
    }
    ASSERT_TRUE(opened.writer.end_message());
    ASSERT_TRUE(opened.writer.end_interchange());
    std::vector<Sent> received;
    const std::string again = written_again(opened.output.str(), &received);
    EXPECT_EQ(again, opened.output.str());
    ASSERT_EQ(received, message);
  }
}

TEST(EdifactProperty, WrittenAgainIsStableWhateverTheLayoutWas) {
  const std::string once = written_again(
      edifact("UNG+DESADV+A+B+261128:0915+G1+UN+D:96A'\n  " + despatch() + "UNE+1+G1'\r\n"));
  EXPECT_THAT(once, HasSubstr("'UNG+DESADV+A+B+"));
  EXPECT_EQ(written_again(once), once);
}

}  // namespace
}  // namespace underpin::legacy::edi
