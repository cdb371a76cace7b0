#include "parity/compare.h"

#include <algorithm>
#include <array>

// Names of kinds and verdicts, and names of one thing in two ERPs.
namespace underpin::parity {
namespace {

constexpr std::array<std::string_view, 7> kind_names{"value", "type",  "missing", "extra",
                                                     "order", "count", "outcome"};
constexpr std::array<std::string_view, 6> verdict_names{"match", "tolerated", "known_difference",
                                                        "late",  "mismatch",  "not_compared"};

}  // namespace

std::string_view name(Kind kind) { return kind_names[static_cast<std::size_t>(kind)]; }
std::optional<Kind> parse_kind(std::string_view text) {
  for (std::size_t i = 0; i < kind_names.size(); ++i)
    if (kind_names[i] == text) return static_cast<Kind>(i);
  return std::nullopt;
}
std::string_view name(Verdict verdict) { return verdict_names[static_cast<std::size_t>(verdict)]; }
std::optional<Verdict> parse_verdict(std::string_view text) {
  for (std::size_t i = 0; i < verdict_names.size(); ++i)
    if (verdict_names[i] == text) return static_cast<Verdict>(i);
  return std::nullopt;
}

bool within(const Cohort& wanted, const Cohort& subject) {
  for (const auto& [fact, allowed] : wanted) {
    const auto has = subject.find(fact);
    if (has == subject.end() || has->second.empty()) return false;
    for (const std::string& value : has->second) {
      const bool held = std::any_of(allowed.begin(), allowed.end(), [&, f = fact](const auto& one) {
        return one == value || (f == "regions" && value.compare(0, one.size() + 1, one + "-") == 0);
      });
      if (!held) return false;
    }
  }
  return true;
}

void References::add(const std::string& reference_class, const std::string& one,
                     const std::string& other) {
  if (same(reference_class, one, other)) return;
  pairs_[reference_class].emplace(one, other);
  pairs_[reference_class].emplace(other, one);
}

bool References::same(const std::string& reference_class, const std::string& one,
                      const std::string& other) const {
  if (one == other) return true;
  const auto pairs = pairs_.find(reference_class);
  if (pairs == pairs_.end()) return false;
  const auto [first, last] = pairs->second.equal_range(one);
  return std::any_of(first, last, [&](const auto& pair) { return pair.second == other; });
}

}  // namespace underpin::parity
