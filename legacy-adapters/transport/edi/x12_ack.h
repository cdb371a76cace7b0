#pragma once

#include "legacy-adapters/transport/edi/x12.h"

#include <functional>
#include <optional>

// Functional acknowledgements: 997, and 999 of version 5010 and later, whose segments have the same
// codes under other names. One thread.
namespace underpin::legacy::edi {

struct X12AckSettings {
  enum class Form { functional_997, implementation_999 };
  Form form = Form::functional_997;
  std::string date;                       // CCYYMMDD, of the acknowledgement.
  std::string time;                       // HHMM
  X12Separators separators;               // Of what is written.
  std::string version = "00401";          // ISA12
  std::string group_version = "004010";   // GS08
  std::function<std::int64_t()> control;  // The next number: used for ISA13, and for GS06.
};

// Answers what an X12Reader reads, as it reads: for each interchange one with an acknowledgement
// for each of its groups, and a TA1 in an interchange of its own where the interchange's envelope
// is faulty or asks for one (ISA14). Groups of acknowledgements (FA) are not acknowledged. Nothing
// is kept but the open set's faults, which next to the transport's may be the caller's own
// (X12Reader::add_fault, before its set_end).
class X12Acknowledger {
 public:
  X12Acknowledger(X12Writer& writer, X12AckSettings settings);

  // To be called after each X12Reader::next(), with its answer. Errors are the writer's.
  Status take(X12Kind kind, const X12Reader& reader);

 private:
  Status open(const X12Interchange& received);
  Status answer_group(const X12Group& group);
  Status answer_set(const X12Set& set);
  Status answer_segments(const X12Set& set);
  Status close_group(const X12Group& group);
  Status close_interchange(const X12Interchange& received);
  std::string_view segment(int number) const;
  std::string held(std::string_view value) const;

  X12Writer& writer_;
  X12AckSettings settings_;
  bool open_ = false;       // Our interchange.
  bool answering_ = false;  // The group that is being read.
};

// What a partner says about a set or group that was sent to it.
struct X12SegmentError {
  std::string segment;        // AK301
  std::int64_t position = 0;  // AK302, the ST segment being 1; 0 where it is no number.
  int code = 0;               // AK304; 0: none given.
  struct ElementError {
    int element = 0;
    int component = 0;
    int code = 0;       // AK403
    std::string value;  // AK404
  };
  std::vector<ElementError> elements;
};

struct X12SetAnswer {
  std::string group_functional_id;  // AK101, of the group that was sent.
  std::string group_control;        // AK102
  std::string id;                   // AK201
  std::string control;              // AK202
  Verdict verdict = Verdict::rejected;
  std::string code;        // AK501, verbatim.
  std::vector<int> codes;  // AK502 …
  std::vector<X12SegmentError> segments;
};

struct X12GroupAnswer {
  std::string functional_id;
  std::string control;
  Verdict verdict =
      Verdict::rejected;  // P, partly accepted, is accepted_with_errors: see the sets.
  std::string code;       // AK901, verbatim.
  std::int64_t included = 0, received = 0, accepted = 0;
  std::vector<int> codes;          // AK905 …
  std::vector<X12SetAnswer> sets;  // Those that were named: accepted ones need not be.
};

// What the answer says of one set; nothing where it says nothing. A group that was refused as a
// whole refuses its sets, whatever is said of them; of an unnamed set in a group that was accepted
// in part something is known only when the counts leave no other set to be refused.
std::optional<Verdict> verdict_of(const X12GroupAnswer& answer, std::string_view id,
                                  std::string_view control);

struct X12AckLimits {
  std::size_t sets = 100'000;  // Answered by one acknowledgement.
  std::size_t errors = 1'000;  // Of a set.
};

// Makes answers of the acknowledgements among what an X12Reader reads. An answer is given when the
// set that carries it has ended and is not rejected; what is not understood is a fault of that set
// (X12Reader::add_fault) and never an acceptance.
class X12AckReader {
 public:
  using Take = std::function<void(const X12GroupAnswer&)>;
  explicit X12AckReader(Take take, X12AckLimits limits = {});

  // To be called after each X12Reader::next(), with its answer.
  void take(X12Kind kind, X12Reader& reader);

 private:
  void segment(X12Reader& reader);
  void set_opened(X12Reader& reader);
  void segment_error(X12Reader& reader);
  void element_error(X12Reader& reader);
  void set_closed(X12Reader& reader);
  void group_closed(X12Reader& reader);

  Take take_;
  X12AckLimits limits_;
  bool inside_ = false;  // A 997 or 999.
  enum class At { begin, group, set, done } at_ = At::begin;
  X12GroupAnswer answer_;
  std::size_t errors_ = 0;
};

}  // namespace underpin::legacy::edi
