#pragma once

#include "contracts/result.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

// Where both sides can compute over their own keys, only what differs has to travel: counts and
// checksums of a range are asked of both, and a range that differs is halved until it is small.
namespace underpin::parity::reconcile {

// Keys from `from` on, before `to`; nothing: to the end. Keys are ordered as bytes, normalised.
struct KeyRange {
  std::string from;
  std::optional<std::string> to;
  bool operator==(const KeyRange&) const = default;
};

struct RangeSum {
  std::int64_t rows = 0;
  std::uint64_t checksum = 0;  // Of keys and values, whatever the order; equal on both sides.
  bool operator==(const RangeSum&) const = default;
};

// What a source offers that can compute. Both sides must compute the same checksum.
class RangeSource {
 public:
  virtual ~RangeSource() = default;
  virtual Result<RangeSum> sum(const KeyRange& range) = 0;
  // A key of the range that has about as many rows before it as behind it, greater than
  // range.from. Nothing: the range cannot be divided.
  virtual Result<std::optional<std::string>> middle(const KeyRange& range) = 0;
};

struct BisectLimits {
  std::int64_t rows_small = 1'000;  // A range of no more rows is read rather than halved.
};

struct BisectStatistics {
  std::int64_t asked = 0;  // Sums, of each side.
};

// Tells `each` the ranges, in order, disjoint and each within `range`, outside of which both sides
// are equal. An Error of a side or of `each` ends it and is the answer.
Result<BisectStatistics> bisect(RangeSource& legacy, RangeSource& cloud, const KeyRange& range,
                                const BisectLimits& limits,
                                const std::function<Status(const KeyRange&)>& each);

}  // namespace underpin::parity::reconcile
