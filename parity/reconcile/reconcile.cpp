#include "parity/reconcile/reconcile.h"

#include <cstring>
#include <stdexcept>

namespace underpin::parity::reconcile {
namespace {

constexpr const char* further_groups = "(further groups)";
const TextRule default_rule;

const TextRule& rule_at(const std::vector<TextRule>& rules, std::size_t at) {
  return at < rules.size() ? rules[at] : default_rule;
}

// A payload is texts, each behind its length.
void append_length(std::string& to, std::size_t length) {
  const auto value = static_cast<std::uint32_t>(length);
  char bytes[4];
  std::memcpy(bytes, &value, 4);
  to.append(bytes, 4);
}

// Fills in the length of what has been appended since `from`, where four bytes were left for it.
void close_text(std::string& to, std::size_t from) {
  const auto value = static_cast<std::uint32_t>(to.size() - from - 4);
  std::memcpy(to.data() + from, &value, 4);
}

std::string_view take_text(std::string_view& payload) {
  std::uint32_t length = 0;
  std::memcpy(&length, payload.data(), 4);
  const std::string_view text = payload.substr(4, length);
  payload.remove_prefix(4 + std::size_t{length});
  return text;
}

// Eight bytes at a time, well mixed: rows are many and short. Not for anything but hash totals.
std::uint64_t hash_of(std::string_view text, std::uint64_t seed) {
  constexpr std::uint64_t factor = 0x9E3779B97F4A7C15ULL;
  std::uint64_t hash = seed ^ (text.size() * factor);
  while (!text.empty()) {
    std::uint64_t word = 0;
    const std::size_t taken = std::min<std::size_t>(8, text.size());
    std::memcpy(&word, text.data(), taken);
    text.remove_prefix(taken);
    hash = (hash ^ word) * factor;
    hash ^= hash >> 29;
  }
  hash *= 0xBF58476D1CE4E5B9ULL;
  return hash ^ (hash >> 32);
}

}  // namespace

std::string_view name(DifferenceKind kind) {
  switch (kind) {
    case DifferenceKind::value:
      return "value";
    case DifferenceKind::missing_in_cloud:
      return "missing_in_cloud";
    case DifferenceKind::missing_in_legacy:
      return "missing_in_legacy";
    case DifferenceKind::duplicate_in_legacy:
      return "duplicate_in_legacy";
    case DifferenceKind::duplicate_in_cloud:
      return "duplicate_in_cloud";
  }
  return "";
}

std::int64_t Summary::different() const {
  std::int64_t sum = 0;
  for (const auto& [kind, count] : differences) sum += count;
  return sum;
}

Rows::Rows(const Shape& shape, SideFormat format, SortLimits limits)
    : shape_(shape), format_(std::move(format)), sorter_(std::move(limits)) {}

SideTotals& Rows::totals_of(const std::string& group) {
  if (last_totals_ != nullptr && group == last_group_) return *last_totals_;
  auto at = totals_.find(group);
  if (at == totals_.end()) {
    const bool full = totals_.size() >= groups_max;
    at = totals_.try_emplace(full ? further_groups : group).first;
    at->second.sums.resize(shape_.columns.size());
  }
  last_group_ = group;
  last_totals_ = &at->second;
  return at->second;
}

Status Rows::add(std::string_view group, std::span<const std::string_view> key,
                 std::span<const std::string_view> values) {
  if (key.size() != shape_.key.size() || values.size() != shape_.columns.size())
    return Error{ErrorCode::invalid_request, "a row has not the parts that its shape has"};
  key_.clear();
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (i > 0) begin_part(key_);
    const std::size_t from = key_.size();
    normalise(key[i], rule_at(format_.key, i), key_);
    end_part(key_, from);
  }
  group_.clear();
  normalise(group, format_.group, group_);
  payload_.clear();
  append_length(payload_, group_.size());
  payload_ += group_;
  apart_.clear();
  const std::size_t values_at = payload_.size();
  SideTotals& totals = totals_of(group_);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Column& column = shape_.columns[i];
    if (!column.compared && !column.total) continue;
    const std::size_t from = payload_.size();
    append_length(payload_, 0);
    std::string_view value = values[i];
    if (column.decimal) {
      while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
      while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
      if (!append_decimal(value, payload_)) {
        payload_ += value;
        ++totals.unreadable;
      } else if (column.total) {
        const auto amount = Decimal::parse(std::string_view(payload_).substr(from + 4));
        if (!amount) return amount.error();
        try {
          totals.sums[i] += *amount;
        } catch (const std::overflow_error& failure) {
          return Error{ErrorCode::invalid_request, column.name + ": the sum: " + failure.what()};
        }
      }
    } else {
      normalise(value, rule_at(format_.columns, i), payload_);
    }
    close_text(payload_, from);
    if (column.apart) apart_.append(payload_, from);
    if (!column.compared) payload_.resize(from);
  }
  ++totals.rows;
  totals.hash_total += hash_of(std::string_view(payload_).substr(values_at), hash_of(key_, 0));
  payload_ += apart_;
  return sorter_.add(key_, payload_);
}

Status Rows::sort() { return sorter_.sort(); }

Result<bool> Rows::next(Row& row) {
  Sorter::Record record;
  const auto more = sorter_.next(record);
  if (!more || !*more) return more;
  row.key.assign(record.key);
  row.group.assign(take_text(record.payload));
  std::string_view rest = record.payload;
  for (const Column& column : shape_.columns)
    if (column.compared) take_text(rest);
  row.values.assign(record.payload.substr(0, record.payload.size() - rest.size()));
  row.apart.assign(rest);
  return true;
}

std::vector<std::string> Rows::values_of(const Row& row) {
  std::vector<std::string> values;
  std::string_view rest = row.values;
  while (!rest.empty()) values.emplace_back(take_text(rest));
  return values;
}

namespace {

// One side of the merge. Its current row is the first of its key; what follows under the same key
// is reported by pass().
struct Cursor {
  Rows& rows;
  DifferenceKind duplicate;
  Rows::Row row = {};
  Rows::Row following = {};
  bool is_at_row = false;
  bool has_following = false;

  Status begin() {
    const auto more = rows.next(row);
    if (!more) return more.error();
    is_at_row = *more;
    return look_ahead();
  }
  Status look_ahead() {
    if (!is_at_row) return Done{};
    const auto more = rows.next(following);
    if (!more) return more.error();
    has_following = *more;
    return Done{};
  }
  // To the next key.
  Status pass(Summary& summary, const std::function<Status(const Difference&)>& each) {
    while (has_following && following.key == row.key) {
      Difference difference{duplicate, following.key, following.group, {}, {}};
      (duplicate == DifferenceKind::duplicate_in_legacy ? difference.legacy : difference.cloud) =
          Rows::values_of(following);
      ++summary.differences[duplicate];
      if (const Status told = each(difference); !told) return told;
      if (const Status looked = look_ahead(); !looked) return looked;
    }
    std::swap(row, following);
    is_at_row = has_following;
    has_following = false;
    return look_ahead();
  }
};

// What either side calls no number is in no sum, as in the totals.
void add_apart(const Shape& shape, std::string_view one, std::string_view two, Summary& summary) {
  for (const Column& column : shape.columns) {
    if (!column.apart || one.empty() || two.empty()) continue;
    const auto legacy = Decimal::parse(take_text(one));
    const auto cloud = Decimal::parse(take_text(two));
    if (legacy && cloud && *legacy != *cloud)
      summary.apart[column.name] += (*legacy - *cloud).magnitude();
  }
}

void join_totals(const Rows& legacy, const Rows& cloud, Summary& summary) {
  std::map<std::string, GroupTotals> groups;
  SideTotals none;
  for (const auto& [group, totals] : legacy.totals()) {
    none.sums.resize(totals.sums.size());
    groups.try_emplace(group).first->second.legacy = totals;
    summary.legacy_rows += totals.rows;
  }
  for (const auto& [group, totals] : cloud.totals()) {
    none.sums.resize(totals.sums.size());
    groups.try_emplace(group).first->second.cloud = totals;
    summary.cloud_rows += totals.rows;
  }
  for (auto& [group, totals] : groups) {
    totals.group = group;
    if (totals.legacy.sums.empty()) totals.legacy = none;
    if (totals.cloud.sums.empty()) totals.cloud = none;
    summary.groups.push_back(std::move(totals));
  }
}

}  // namespace

Result<Summary> compare(Rows& legacy, Rows& cloud,
                        const std::function<Status(const Difference&)>& each) {
  Summary summary;
  join_totals(legacy, cloud, summary);
  Cursor left{legacy, DifferenceKind::duplicate_in_legacy};
  Cursor right{cloud, DifferenceKind::duplicate_in_cloud};
  if (const Status begun = left.begin(); !begun) return begun.error();
  if (const Status begun = right.begin(); !begun) return begun.error();
  while (left.is_at_row || right.is_at_row) {
    const int order = !left.is_at_row    ? 1
                      : !right.is_at_row ? -1
                                         : left.row.key.compare(right.row.key);
    if (order == 0 && left.row.values == right.row.values) {
      ++summary.equal;
      if (left.row.apart != right.row.apart)
        add_apart(legacy.shape(), left.row.apart, right.row.apart, summary);
    } else {
      Difference difference;
      difference.kind = order == 0  ? DifferenceKind::value
                        : order < 0 ? DifferenceKind::missing_in_cloud
                                    : DifferenceKind::missing_in_legacy;
      difference.key = order <= 0 ? left.row.key : right.row.key;
      difference.group = order <= 0 ? left.row.group : right.row.group;
      if (order <= 0) difference.legacy = Rows::values_of(left.row);
      if (order >= 0) difference.cloud = Rows::values_of(right.row);
      ++summary.differences[difference.kind];
      if (const Status told = each(difference); !told) return told.error();
    }
    if (order <= 0) {
      if (const Status passed = left.pass(summary, each); !passed) return passed.error();
    }
    if (order >= 0) {
      if (const Status passed = right.pass(summary, each); !passed) return passed.error();
    }
  }
  return summary;
}

}  // namespace underpin::parity::reconcile
