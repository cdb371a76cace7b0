#pragma once

#include "contracts/capability.h"
#include "contracts/decimal.h"
#include "parity/reconcile/keys.h"
#include "parity/reconcile/sorter.h"

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Everything that both systems hold of one kind, against each other: every row of one must have its
// row in the other, with the same values. Rows come in any order and in each system's own key
// format; memory is fixed. Pure but for the sorter's files. Thread rule: one thread at a time for
// each Rows; two of them may be filled by two threads at once.
namespace underpin::parity::reconcile {

struct Column {
  std::string name;  // "onHand"
  // A decimal is compared as a number ("7.50" is "7.5"); a text as the rules leave it.
  bool decimal = false;
  bool total = false;  // Summed up by group; only of decimals.
  // False: only summed up. Of such a column no row keeps a value ...
  bool compared = true;
  // ... but of a decimal for which rows that are equal otherwise say how far they are apart
  // (Summary::apart): two that round differently are no two rows that differ.
  bool apart = false;
};

// A row's group is no value of it: where both sides must agree on it, it is a column, too.
struct Shape {
  std::vector<std::string> key;  // Names of its parts: {"sku", "location"}.
  std::vector<Column> columns;
};

// How one side writes things. Missing at the end of a list: the default rule.
struct SideFormat {
  std::vector<TextRule> key;
  std::vector<TextRule> columns;  // Of texts; a decimal is only trimmed.
  TextRule group;
};

struct SideTotals {
  std::int64_t rows = 0;
  std::int64_t unreadable = 0;     // Values of decimal columns that are none: in no sum.
  std::uint64_t hash_total = 0;    // Sum of the rows' hashes, modulo 2^64.
  std::vector<Decimal> sums = {};  // One for each column; of those that are not summed, 0.
};

struct GroupTotals {
  std::string group;
  SideTotals legacy;
  SideTotals cloud;
};

// A group more than this many is counted under "(further groups)".
inline constexpr std::size_t groups_max = 10'000;

// What one side holds, sorted by key once it is complete.
class Rows {
 public:
  Rows(const Shape& shape, SideFormat format, SortLimits limits);

  // One row as the system gave it: as many key parts and values as the shape has. Errors: those of
  // Sorter::add; invalid_request also for another number of parts or values, or a sum of more than
  // 38 digits.
  Status add(std::string_view group, std::span<const std::string_view> key,
             std::span<const std::string_view> values);
  Status sort();

  struct Row {
    std::string key;    // Normalised; shown_key() makes it fit for people.
    std::string group;  // Normalised.
    std::string values;
    std::string apart = {};  // Values of columns that only say how far they are apart.
    bool operator==(const Row&) const = default;
  };
  // In order of the keys, after sort(). False: there is none left.
  Result<bool> next(Row& row);
  static std::vector<std::string> values_of(const Row& row);  // Of the columns that are compared.

  const Shape& shape() const { return shape_; }
  const std::map<std::string, SideTotals>& totals() const { return totals_; }
  const Sorter::Statistics& statistics() const { return sorter_.statistics(); }

 private:
  SideTotals& totals_of(const std::string& group);

  const Shape shape_;
  SideFormat format_;
  Sorter sorter_;
  std::map<std::string, SideTotals> totals_;
  std::string last_group_;  // Rows of one group often follow each other.
  SideTotals* last_totals_ = nullptr;
  std::string key_;  // Reused from row to row.
  std::string payload_;
  std::string group_;
  std::string apart_;
};

enum class DifferenceKind {
  value,             // Both have the key, with other values.
  missing_in_cloud,  // Only legacy has it.
  missing_in_legacy,
  duplicate_in_legacy,  // A row beyond the first of its key.
  duplicate_in_cloud,
};
std::string_view name(DifferenceKind kind);

struct Difference {
  DifferenceKind kind = DifferenceKind::value;
  std::string key;  // Normalised.
  std::string group;
  std::vector<std::string> legacy;  // Values; empty: that side has no such row.
  std::vector<std::string> cloud;
};

struct Summary {
  std::int64_t legacy_rows = 0;
  std::int64_t cloud_rows = 0;
  std::int64_t equal = 0;  // Keys with the same values on both sides.
  std::map<DifferenceKind, std::int64_t> differences;
  std::vector<GroupTotals> groups;  // By name.
  // Of rows with the same key and values: the sum of what they are apart, by column.
  std::map<std::string, Decimal> apart;
  std::int64_t different() const;
};

// Merges both, sorted, and hands every difference to `each`, in order of the keys; an Error of it
// ends the merge and is the answer.
Result<Summary> compare(Rows& legacy, Rows& cloud,
                        const std::function<Status(const Difference&)>& each);

}  // namespace underpin::parity::reconcile
