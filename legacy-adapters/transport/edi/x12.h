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

// ANSI ASC X12: interchanges (ISA/IEA) of functional groups (GS/GE) of transaction sets (ST/SE).
// The reader is tolerant, the writer is strict. Binary segments (BIN, BDS) are not read.
namespace underpin::legacy::edi {

struct X12Separators {
  char element = '*';
  char component = '>';
  char repetition = '\0';        // '\0': there is none (before version 00402).
  std::string terminator = "~";  // One character; more than a byte where it is UTF-8.
  bool operator==(const X12Separators&) const = default;
};

// Set syntax errors (data element 718), of AK502 and IK502.
namespace x12_set {
constexpr int trailer_missing = 2;
constexpr int control_differs = 3;
constexpr int count_differs = 4;
constexpr int segments_in_error = 5;
constexpr int identifier_invalid = 6;
constexpr int control_invalid = 7;
constexpr int control_again = 23;
}  // namespace x12_set
// Group syntax errors (716), of AK905.
namespace x12_group {
constexpr int trailer_missing = 3;
constexpr int control_differs = 4;
constexpr int count_differs = 5;
constexpr int control_invalid = 6;
constexpr int control_again = 19;
}  // namespace x12_group
// Segment syntax errors (720), of AK304 and IK304.
namespace x12_segment {
constexpr int unrecognised = 1;
constexpr int unexpected = 2;
constexpr int mandatory_missing = 3;
constexpr int elements_in_error = 8;
}  // namespace x12_segment
// Data element syntax errors (723), of AK403 and IK403.
namespace x12_element {
constexpr int mandatory_missing = 1;
constexpr int too_many_elements = 3;
constexpr int too_short = 4;
constexpr int too_long = 5;
constexpr int invalid_character = 6;
constexpr int invalid_code = 7;
}  // namespace x12_element
// Interchange notes (I18), of TA105.
namespace x12_interchange {
constexpr int control_differs = 1;
constexpr int control_invalid = 18;
constexpr int count_differs = 21;
constexpr int structure_invalid = 22;
constexpr int ends_early = 23;
constexpr int content_invalid = 24;
}  // namespace x12_interchange

struct X12Interchange {
  X12Separators separators;
  std::string sender_qualifier = "ZZ";  // ISA05
  std::string sender;                   // ISA06, without its padding, as all of them.
  std::string receiver_qualifier = "ZZ";
  std::string receiver;
  std::string date;               // ISA09, YYMMDD
  std::string time;               // ISA10, HHMM
  std::string version = "00401";  // ISA12
  std::string control;            // ISA13, nine digits: with the sender, the batch's identity.
  bool ack_requested = false;     // ISA14
  char usage = 'P';               // ISA15: P production, T test, I information.
  std::string authorization_qualifier = "00", authorization;  // ISA01, ISA02
  std::string security_qualifier = "00", security;            // ISA03, ISA04
  std::int64_t groups = 0;
  Place place;
  Faults faults;
};

struct X12Group {
  std::string functional_id;  // GS01: PO, PR, IN, SH, IB, FA …
  std::string sender;         // GS02
  std::string receiver;       // GS03
  std::string date;           // GS04, CCYYMMDD
  std::string time;           // GS05
  std::string control;        // GS06
  std::string agency = "X";   // GS07
  std::string version = "004010";
  std::int64_t included =
      0;  // What GE01 says; what was received, where GE is missing or unreadable.
  std::int64_t received = 0;
  std::int64_t accepted = 0;  // With errors or without.
  Place place;
  Faults faults;
};

struct X12Set {
  std::string id;              // ST01: 850, 997 …
  std::string control;         // ST02
  std::string implementation;  // ST03
  std::int64_t segments = 0;   // So far, with ST and SE.
  Place place;
  Faults faults;
};

struct X12Limits {
  std::size_t segment_bytes = 16 * 1024;
  int elements = 200;  // Of a segment.
  std::int64_t segments_per_set = 1'000'000;
  std::int64_t sets_per_group = 999'999;         // GE01 has six digits.
  std::int64_t groups_per_interchange = 99'999;  // IEA01 has five.
  std::size_t faults = 100;                      // Kept of each set, group and interchange.
  std::size_t control_runs = 10'000;             // See NumbersSeen.
};

struct X12Policy {
  enum class Count { reject, accept_with_error };
  Count wrong_set_count = Count::reject;  // SE01 is not what was counted.
};

// A segment in the reader's buffer: views, until the reader's next().
class X12Segment {
 public:
  std::string_view id() const { return parts_[0]; }
  int size() const { return size_; }  // Elements behind the tag.
  // From 1, as X12 counts; "" for one that is not there.
  std::string_view operator[](int element) const {
    return element >= 0 && element <= size_ ? parts_[static_cast<std::size_t>(element)]
                                            : std::string_view();
  }

 private:
  friend class X12Reader;
  std::vector<std::string_view> parts_;
  int size_ = 0;
};

// What next() has read. Every set, group and interchange that begins also ends, whatever the file
// lacks: its faults say what. `unreadable` are bytes outside an interchange.
enum class X12Kind {
  interchange,
  interchange_segment,  // TA1
  group,
  set,
  segment,
  set_end,  // set().faults is final now: only here is it known whether the set counts.
  group_end,
  interchange_end,
  unreadable,  // unreadable() is the fault; reading goes on at the next ISA.
  end
};

// Pulls a file apart in constant memory. What a set's segments said counts when its set_end says
// that it is not rejected; a later set is read whatever happened to an earlier one. Faults of group
// and interchange trailers are known after their sets, and are told without rejecting them.
// One thread. next() is an Error only when the bytes cannot be read (unavailable).
class X12Reader {
 public:
  explicit X12Reader(ReadBytes read, X12Limits limits = {}, X12Policy policy = {});

  Result<X12Kind> next();

  const X12Interchange& interchange() const { return interchange_; }
  const X12Group& group() const { return group_; }
  const X12Set& set() const { return set_; }
  const X12Segment& segment() const { return segment_; }
  const Fault& unreadable() const { return unreadable_; }

  // Where the present segment, or an element of it, is.
  Place place(int element = 0) const;
  // A fault of the present segment that its reader found: becomes a part of the set's.
  void add_fault(int element, int element_code, std::string rule, bool rejects = true);
  // An element of the present segment taken apart.
  Element element(int number) const;

 private:
  enum class Raw { segment, header, too_long, cut, end };
  Raw read_raw();
  Raw read_segment();
  bool split();
  void nothing_at(const char* place);
  void tell_long_segment();
  void pass_over_long_segment();
  bool skip_blanks();
  Result<X12Kind> outside();
  Result<X12Kind> unreadable_at(const char* place, std::string rule);
  const char* find_header(const char* from) const;
  std::string open_interchange();
  X12Kind in_interchange();
  X12Kind in_group();
  bool in_set(X12Kind& kind);
  X12Kind close_early();
  void open_group();
  void close_group();
  void open_set();
  void close_set();
  void close_interchange();
  X12Kind end_set();
  Fault fault(Level level, int code, std::string rule, int element = 0, bool rejects = true) const;
  void interchange_fault(int code, std::string rule, int element = 0);
  void group_fault(int code, std::string rule, int element = 0);
  void set_fault(int code, std::string rule, int element = 0, bool rejects = true);

  X12Limits limits_;
  X12Policy policy_;
  Window window_;
  enum class At { outside, interchange, group, set } at_ = At::outside;
  Raw raw_ = Raw::end;
  bool held_ = false;  // raw_ has been read and waits: what it found open is closed first.
  std::array<char, 2> needles_{};
  X12Interchange interchange_;
  X12Group group_;
  X12Set set_;
  X12Segment segment_;
  const char* begin_ = nullptr;  // Of the present segment.
  const char* after_ = nullptr;  // Behind its terminator.
  Place long_place_;             // Of a segment over the limit, which is in no buffer any more.
  NumbersSeen group_numbers_;
  NumbersSeen set_numbers_;
  Fault unreadable_;
};

struct X12Layout {
  bool line_per_segment = true;  // A line feed behind each terminator.
};

// Writes one interchange after the other, every count and control number its own doing. X12 has no
// escape: a text that holds a separator is refused (invalid_request, which names segment and
// element), and nothing of its segment is written. One thread.
class X12Writer {
 public:
  explicit X12Writer(std::ostream& output, X12Layout layout = {});

  Status begin(const X12Interchange& interchange);
  Status begin(const X12Group& group);
  Status begin_set(std::string_view id, std::string_view control,
                   std::string_view implementation = {});
  Status segment(std::string_view id, const Elements& elements);
  Status end_set();
  Status end_group();
  Status end_interchange();

 private:
  Status put(std::string_view id, const Elements& elements);
  Status check(std::string_view text, const std::string& where) const;

  std::ostream& output_;
  X12Layout layout_;
  enum class At { outside, interchange, group, set } at_ = At::outside;
  X12Separators separators_;
  std::string interchange_control_, group_control_, set_control_;
  std::int64_t groups_ = 0, sets_ = 0, segments_ = 0;
  std::string line_;
};

// True when all separators are there, differ, and are no letters, digits or blanks (a terminator
// may be CR or LF); `why` says what is wrong otherwise.
bool valid(const X12Separators& separators, std::string& why);

}  // namespace underpin::legacy::edi
