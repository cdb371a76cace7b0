#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// What is wrong with a file of a trading partner, and where. All values; any thread.
namespace underpin::legacy::edi {

// A place in the file as it arrived. Elements and components count from 1, 0 is "the whole".
struct Place {
  std::uint64_t offset = 0;        // Bytes before it, a byte order mark included.
  std::uint64_t line = 1;          // By line feeds, from 1: where an editor shows it.
  std::string segment;             // Its tag: "PO1", "LIN", "E2EDK01"; empty outside a segment.
  std::int64_t segment_index = 0;  // In its set, message or IDoc; the header segment is 1.
  int element = 0;
  int component = 0;
};

// The smallest unit that the fault spoils.
enum class Level { file, interchange, group, set, segment, element };

struct Fault {
  Level level = Level::file;
  bool rejects = true;  // False: the unit is accepted, and the fault is told.
  int code = 0;         // Of the standard's list for this level; x12.h and edifact.h name them.
  Place place;
  std::string rule;   // "SE01 says 14 segments, the set has 15".
  std::string value;  // What was read there, at most value_max bytes.
  static constexpr std::size_t value_max = 99;
};

// "offset 812, line 14: segment 6 PO1, element 2: the rule".
std::string text(const Fault& fault);

enum class Verdict { accepted, accepted_with_errors, rejected };
std::string_view name(Verdict verdict);

// The faults of one unit: the first `most`, and how many more there were.
struct Faults {
  std::vector<Fault> list;
  std::int64_t dropped = 0;
  bool rejects = false;

  void add(Fault fault, std::size_t most);
  void clear();
  bool empty() const { return list.empty(); }
  Verdict verdict() const {
    if (rejects) return Verdict::rejected;
    return list.empty() ? Verdict::accepted : Verdict::accepted_with_errors;
  }
};

}  // namespace underpin::legacy::edi
