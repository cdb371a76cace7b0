#pragma once

#include "legacy-adapters/transport/edi/element.h"
#include "legacy-adapters/transport/edi/fault.h"
#include "legacy-adapters/transport/edi/input.h"
#include "legacy-adapters/transport/edi/numbers_seen.h"

#include <array>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

// UN/EDIFACT, batch, syntax versions 1 to 4 (ISO 9735): interchanges (UNB/UNZ) of messages
// (UNH/UNT), with functional groups (UNG/UNE) or without. The reader is tolerant, the writer is
// strict. Texts are the partner's bytes; the syntax identifier says in which character set
// (code_page.h).
namespace underpin::legacy::edi {

// The service string advice, UNA. A blank release or repetition separator: there is none.
struct EdifactSeparators {
  char component = ':';
  char element = '+';
  char decimal = '.';
  char release = '?';
  char repetition = ' ';  // From version 4.
  char terminator = '\'';
  bool operator==(const EdifactSeparators&) const = default;
};

// Syntax errors (data element 0085) that CONTRL carries.
namespace edifact_error {
constexpr int invalid_value = 12;
constexpr int missing = 13;
constexpr int value_not_supported = 14;
constexpr int not_supported = 15;
constexpr int too_many_parts = 16;
constexpr int unspecified = 18;
constexpr int invalid_decimal = 19;
constexpr int invalid_characters = 21;
constexpr int duplicate = 26;
constexpr int references_differ = 28;
constexpr int counts_differ = 29;
constexpr int groups_and_messages_mixed = 30;
constexpr int outside = 33;  // Of a message or group.
constexpr int too_long = 39;
constexpr int too_short = 40;
}  // namespace edifact_error

struct EdifactParty {
  std::string id;         // 0004 or 0010
  std::string qualifier;  // 0007
  std::string internal;   // 0008 or 0014
};

struct EdifactInterchange {
  EdifactSeparators separators;
  bool advice = false;          // UNA was there; is written.
  std::string syntax = "UNOC";  // 0001
  std::string version = "3";    // 0002
  EdifactParty sender;
  EdifactParty receiver;
  std::string date;            // 0017, YYMMDD, or CCYYMMDD in version 4
  std::string time;            // 0019, HHMM
  std::string control;         // 0020: with the sender, the batch's identity.
  std::string application;     // 0026
  bool ack_requested = false;  // 0031
  bool test = false;           // 0035
  std::int64_t groups = 0;
  std::int64_t messages = 0;  // In groups or not.
  std::int64_t accepted = 0;
  Place place;
  Faults faults;
};

struct EdifactGroup {
  std::string id;  // 0038: the type of its messages.
  EdifactParty sender;
  EdifactParty receiver;
  std::string date;
  std::string time;
  std::string control;  // 0048
  std::string agency = "UN";
  std::string version = "D";
  std::string release;
  std::int64_t messages = 0;
  std::int64_t accepted = 0;
  Place place;
  Faults faults;
};

struct EdifactMessage {
  std::string control;  // 0062
  std::string type;     // 0065: ORDERS, CONTRL …
  std::string version = "D";
  std::string release = "96A";
  std::string agency = "UN";
  std::string association;    // 0057
  std::int64_t segments = 0;  // So far, with UNH and UNT.
  Place place;
  Faults faults;
};

struct EdifactLimits {
  std::size_t segment_bytes = 16 * 1024;
  int parts = 500;  // Components of a segment, all elements together.
  std::int64_t segments_per_message = 1'000'000;
  std::int64_t messages = 999'999;  // Of an interchange; UNZ counts to six digits.
  std::size_t faults = 100;         // Kept of each message, group and interchange.
  std::size_t control_runs = 10'000;
};

struct EdifactPolicy {
  enum class Count { reject, accept_with_error };
  Count wrong_message_count = Count::reject;  // UNT's number of segments is not what was counted.
};

// A segment in the reader's buffer: views without release characters, until the reader's next().
class EdifactSegment {
 public:
  std::string_view tag() const { return parts_[0]; }
  int size() const { return elements_ - 1; }  // Elements behind the tag.
  // From 1, as EDIFACT counts; "" for one that is not there. Of repeated elements the first.
  std::string_view operator()(int element, int component = 1) const;

 private:
  friend class EdifactReader;
  std::vector<std::string_view> parts_;
  std::vector<char> ends_;                 // What stood behind each part.
  std::vector<std::uint32_t> first_part_;  // Of each element, and one more.
  int elements_ = 1;
};

enum class EdifactKind {
  interchange,
  group,
  message,
  segment,
  message_end,  // message().faults is final now.
  group_end,
  interchange_end,
  unreadable,  // Bytes outside an interchange: the fault; reading goes on at the next UNA or UNB.
  end
};

// As X12Reader, for EDIFACT; with one difference: a faulty group or interchange is rejected, since
// the standard's acknowledgement (edifact_control.h) can only refuse it as a whole. Who applies
// messages before their interchange_end must recognise them when they come again.
class EdifactReader {
 public:
  explicit EdifactReader(ReadBytes read, EdifactLimits limits = {}, EdifactPolicy policy = {});

  Result<EdifactKind> next();

  const EdifactInterchange& interchange() const { return interchange_; }
  const EdifactGroup& group() const { return group_; }
  bool in_group() const { return group_open_; }
  const EdifactMessage& message() const { return message_; }
  const EdifactSegment& segment() const { return segment_; }
  const Fault& unreadable() const { return unreadable_; }

  Place place(int element = 0, int component = 0) const;
  // A fault of the present segment that its reader found: becomes a part of the message's.
  void add_fault(int element, int component, int code, std::string rule, bool rejects = true);
  Element element(int number) const;

 private:
  enum class Raw { segment, header, too_long, cut, end };
  Raw read_raw();
  bool split();
  bool put_part(const char* begin, const char* end, char mark, bool released);
  void nothing_at(const char* place);
  void pass_over_long_segment();
  bool skip_blanks();
  Result<EdifactKind> outside();
  Result<EdifactKind> unreadable_at(const char* place, std::string rule);
  const char* find_header(const char* from) const;
  bool at_last_segment();
  std::string read_advice();
  void open_interchange();
  EdifactKind close_early();
  EdifactKind close_held(const std::string& why);
  void tell_long_segment();
  bool between(EdifactKind& kind);
  bool in_message(EdifactKind& kind);
  void open_group();
  void close_group();
  void open_message();
  void close_message();
  EdifactKind end_message();
  void close_interchange();
  Fault fault(Level level, int code, std::string rule, int element, int component) const;
  void add(Faults& faults, Level level, int code, std::string rule, int element = 0,
           int component = 0, bool rejects = true);

  EdifactLimits limits_;
  EdifactPolicy policy_;
  Window window_;
  enum class At { outside, interchange, message } at_ = At::outside;
  bool group_open_ = false;
  Raw raw_ = Raw::end;
  bool held_ = false;
  std::array<char, 5> needles_{};
  EdifactInterchange interchange_;
  EdifactGroup group_;
  EdifactMessage message_;
  EdifactSegment segment_;
  std::vector<char> unescaped_;  // Parts that had release characters; as long as a segment may be.
  std::size_t unescaped_size_ = 0;
  bool too_many_parts_ = false;
  const char* begin_ = nullptr;
  const char* after_ = nullptr;
  Place long_place_;
  NumbersSeen message_numbers_;
  NumbersSeen group_numbers_;
  Fault unreadable_;
};

struct EdifactLayout {
  bool line_per_segment = false;
};

// Writes one interchange after the other; counts and references are its own doing. Separators in
// texts get the release character. Refused (invalid_request): characters that the syntax identifier
// does not have (UNOA, UNOB), control characters, and separators where there is no release
// character. Nothing of a refused segment is written. One thread.
class EdifactWriter {
 public:
  explicit EdifactWriter(std::ostream& output, EdifactLayout layout = {});

  Status begin(const EdifactInterchange& interchange);
  Status begin(const EdifactGroup& group);
  Status begin(const EdifactMessage& message);
  Status segment(std::string_view tag, const Elements& elements);
  Status end_message();
  Status end_group();
  Status end_interchange();

 private:
  Status put(std::string_view tag, const Elements& elements, std::string_view before = {});
  Status put_text(std::string_view text, const std::string& where);
  Status flush();

  std::ostream& output_;
  EdifactLayout layout_;
  enum class At { outside, interchange, group, message } at_ = At::outside;
  bool group_open_ = false;
  EdifactSeparators separators_;
  std::string syntax_;
  std::string interchange_control_, group_control_, message_control_;
  std::int64_t groups_ = 0, messages_ = 0, group_messages_ = 0, segments_ = 0;
  std::string line_;
};

// True when the separators differ and are no letters or digits; `why` says what is wrong otherwise.
bool valid(const EdifactSeparators& separators, std::string& why);

}  // namespace underpin::legacy::edi
