#include "parity/compare.h"

#include <algorithm>
#include <array>
#include <set>

namespace underpin::parity {
namespace {

using json::Value;

constexpr std::array<std::string_view, 7> kind_names{"value", "type",  "missing", "extra",
                                                     "order", "count", "outcome"};
constexpr std::array<std::string_view, 6> verdict_names{"match", "tolerated", "known_difference",
                                                        "late",  "mismatch",  "not_compared"};

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (at < path.size()) {
    const std::size_t next = path.find('/', at + 1);
    parts.emplace_back(path.substr(at + 1, next - at - 1));
    at = next == std::string_view::npos ? path.size() : next;
  }
  return parts;
}

// `pattern` covers `path`, or something above it: ignoring "/shipTo" ignores "/shipTo/name".
bool covers(std::string_view pattern, std::string_view path, bool whole) {
  const auto wanted = split(pattern);
  const auto actual = split(path);
  if (wanted.size() > actual.size() || (whole && wanted.size() != actual.size())) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (wanted[i] != "*" && wanted[i] != actual[i]) return false;
  return true;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::optional<Decimal> as_number(const Value& value) {
  if (value.is_number()) {
    const auto number = value.as_decimal();
    if (number) return *number;
    return std::nullopt;
  }
  if (!value.is_string()) return std::nullopt;
  const std::string& text = value.text();
  // "007" and "+5" are names, "10.50" is a number.
  const std::size_t start = !text.empty() && text[0] == '-' ? 1 : 0;
  if (text.size() <= start || text[start] < '0' || text[start] > '9') return std::nullopt;
  if (text[start] == '0' && text.size() > start + 1 && text[start + 1] != '.') return std::nullopt;
  const auto number = Decimal::parse(text);
  if (number) return *number;
  return std::nullopt;
}

bool scalar(const Value& value) { return !value.is_array() && !value.is_object(); }

class Comparer {
 public:
  Comparer(const Rules& rules, const References& references, const Question& question,
           Comparison& result)
      : references_(references), question_(question), result_(result) {
    for (const Rule& rule : rules.rules)
      if (applies(rule.capability, rule.operation)) rules_.push_back(&rule);
    for (const KnownDifference& known : rules.known)
      if (applies(known.capability, known.operation) &&
          (known.subject.empty() || known.subject == question.subject) &&
          question.today <= known.expires)
        known_.push_back(&known);
  }

  void compare(const Value& primary, const Value& secondary, const std::string& path) {
    if (ignored(path)) return;
    if (primary.is_object() && secondary.is_object()) return objects(primary, secondary, path);
    if (primary.is_array() && secondary.is_array()) return lists(primary, secondary, path);
    if (scalar(primary) && scalar(secondary)) return scalars(primary, secondary, path);
    ++result_.fields;
    add(Kind::type, path, &primary, &secondary);
  }

  void add(Kind kind, const std::string& path, const Value* primary, const Value* secondary) {
    Difference difference;
    difference.path = path;
    difference.kind = kind;
    if (primary != nullptr) difference.primary = json::write(*primary);
    if (secondary != nullptr) difference.secondary = json::write(*secondary);
    for (const KnownDifference* known : known_) {
      if (!covers(known->path, path, false)) continue;
      if (known->at_most) {
        const auto one = primary == nullptr ? std::nullopt : as_number(*primary);
        const auto two = secondary == nullptr ? std::nullopt : as_number(*secondary);
        if (!one || !two || (*one - *two).magnitude() > *known->at_most) continue;
      }
      difference.verdict = Verdict::known_difference;
      difference.rule = known->name;
      ++result_.suppressed[known->name];
      break;
    }
    for (const Rule* rule : rules_) {
      if (difference.verdict != Verdict::mismatch || !rule->late ||
          !covers(rule->path, path, false))
        continue;
      difference.verdict = Verdict::late;
      difference.rule = rule->name;
      ++result_.suppressed[rule->name];
    }
    result_.differences.push_back(std::move(difference));
  }

 private:
  bool applies(const std::string& capability, const std::string& operation) const {
    return (capability.empty() || capability == question_.capability) &&
           (operation.empty() || operation == question_.operation);
  }

  bool ignored(const std::string& path) {
    for (const Rule* rule : rules_) {
      if (!rule->ignore || !covers(rule->path, path, false)) continue;
      ++result_.suppressed[rule->name];
      return true;
    }
    return false;
  }

  void objects(const Value& primary, const Value& secondary, const std::string& path) {
    for (const json::Member& member : primary.members()) {
      const std::string at = json::pointer_to(path, member.key);
      const Value* two = secondary.find(member.key);
      if (two != nullptr) {
        compare(member.value, *two, at);
      } else if (!ignored(at)) {
        ++result_.fields;
        add(Kind::missing, at, &member.value, nullptr);
      }
    }
    for (const json::Member& member : secondary.members()) {
      const std::string at = json::pointer_to(path, member.key);
      if (primary.find(member.key) == nullptr && !ignored(at)) {
        ++result_.fields;
        add(Kind::extra, at, nullptr, &member.value);
      }
    }
  }

  const Rule* list_rule(const std::string& path) const {
    for (const Rule* rule : rules_)
      if (!rule->list_key.empty() && covers(rule->path, path, true)) return rule;
    return nullptr;
  }

  static std::string key_of(const Value& item, const std::string& member) {
    const Value* key = item.find(member);
    if (key == nullptr) return {};
    const auto number = as_number(*key);
    return number ? number->normalized().text() : key->text();
  }

  void lists(const Value& primary, const Value& secondary, const std::string& path) {
    const Rule* rule = list_rule(path);
    if (rule == nullptr) {
      if (primary.size() != secondary.size()) {
        ++result_.fields;
        const Value one = Value::integer(static_cast<std::int64_t>(primary.size()));
        const Value two = Value::integer(static_cast<std::int64_t>(secondary.size()));
        add(Kind::count, path, &one, &two);
        return;
      }
      for (std::size_t i = 0; i < primary.size(); ++i)
        compare(primary.items()[i], secondary.items()[i], json::pointer_to(path, i));
      return;
    }
    // By key, duplicates in order: one inserted line is one difference, not forty.
    std::vector<bool> used(secondary.size(), false);
    for (const Value& item : primary.items()) {
      const std::string key = key_of(item, rule->list_key);
      const std::string at = json::pointer_to(path, key);
      bool found = false;
      for (std::size_t i = 0; i < secondary.size() && !found; ++i) {
        if (used[i] || key_of(secondary.items()[i], rule->list_key) != key) continue;
        used[i] = found = true;
        compare(item, secondary.items()[i], at);
      }
      if (!found && !ignored(at)) {
        ++result_.fields;
        add(Kind::missing, at, &item, nullptr);
      }
    }
    for (std::size_t i = 0; i < secondary.size(); ++i) {
      if (used[i]) continue;
      const Value& item = secondary.items()[i];
      const std::string at = json::pointer_to(path, key_of(item, rule->list_key));
      if (ignored(at)) continue;
      ++result_.fields;
      add(Kind::extra, at, nullptr, &item);
    }
  }

  void scalars(const Value& primary, const Value& secondary, const std::string& path) {
    ++result_.fields;
    if (primary == secondary) return;
    const auto one = as_number(primary);
    const auto two = as_number(secondary);
    if (one && two && *one == *two) return;
    for (const Rule* rule : rules_) {
      if (!covers(rule->path, path, true)) continue;
      if (!rule->references.empty() && primary.is_string() && secondary.is_string() &&
          references_.same(rule->references, primary.text(), secondary.text())) {
        ++result_.suppressed[rule->name];
        return;
      }
      if ((rule->any_case || rule->trimmed) && primary.is_string() && secondary.is_string()) {
        std::string a = primary.text();
        std::string b = secondary.text();
        if (rule->trimmed) a = trimmed(a), b = trimmed(b);
        if (rule->any_case) a = lower(a), b = lower(b);
        if (a == b) {
          ++result_.suppressed[rule->name];
          return;
        }
      }
      if (one && two && within(*rule, *one, *two)) {
        Difference difference{path,
                              Kind::value,
                              Verdict::tolerated,
                              json::write(primary),
                              json::write(secondary),
                              rule->name};
        result_.differences.push_back(std::move(difference));
        ++result_.suppressed[rule->name];
        return;
      }
    }
    add(primary.kind() == secondary.kind() || (one && two) ? Kind::value : Kind::type, path,
        &primary, &secondary);
  }

  static bool within(const Rule& rule, Decimal one, Decimal two) {
    const Decimal difference = (one - two).magnitude();
    if (rule.absolute && difference <= *rule.absolute) return true;
    return rule.relative &&
           difference <= (*rule.relative * one.magnitude()).rounded(12, Rounding::half_even);
  }

  const References& references_;
  const Question& question_;
  Comparison& result_;
  std::vector<const Rule*> rules_;
  std::vector<const KnownDifference*> known_;
};

// Which verdict of a difference colours the whole comparison.
int weight(Verdict verdict) {
  switch (verdict) {
    case Verdict::match:
      return 0;
    case Verdict::tolerated:
      return 1;
    case Verdict::known_difference:
      return 2;
    case Verdict::late:
      return 3;
    case Verdict::not_compared:
      return 4;
    case Verdict::mismatch:
      return 5;
  }
  return 5;
}

Value describe(const Side& side) {
  if (!side.error) return Value("answered");
  return Value(std::string(underpin::name(side.error->code)) + ": " + side.error->message);
}

}  // namespace

std::string_view name(Kind kind) { return kind_names[static_cast<std::size_t>(kind)]; }
std::string_view name(Verdict verdict) { return verdict_names[static_cast<std::size_t>(verdict)]; }
std::optional<Verdict> parse_verdict(std::string_view text) {
  for (std::size_t i = 0; i < verdict_names.size(); ++i)
    if (verdict_names[i] == text) return static_cast<Verdict>(i);
  return std::nullopt;
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

Comparison compare(const Side& primary, const Side& secondary, const Rules& rules,
                   const References& references, const Question& question) {
  Comparison result;
  Comparer comparer(rules, references, question, result);
  if (primary.document && secondary.document) {
    comparer.compare(*primary.document, *secondary.document, "");
  } else {
    ++result.fields;
    const bool both_failed = primary.error && secondary.error;
    if (!both_failed || primary.error->code != secondary.error->code) {
      const Value one = describe(primary);
      const Value two = describe(secondary);
      comparer.add(Kind::outcome, "", &one, &two);
    }
  }
  for (const Difference& difference : result.differences)
    if (weight(difference.verdict) > weight(result.verdict)) result.verdict = difference.verdict;
  return result;
}

}  // namespace underpin::parity
