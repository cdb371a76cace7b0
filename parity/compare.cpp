#include "parity/compare.h"

#include "parity/outcomes.h"
#include "parity/values.h"
#include "parity/walk.h"
#include "parity/worth.h"

#include <algorithm>
#include <set>

namespace underpin::parity {
namespace {

using json::Value;
using Pattern = Judge::Pattern;

// Elements of a set that no equal one was found for are paired by trial; beyond this, they are
// reported as they are.
constexpr std::size_t set_trials_max = 64;
constexpr std::size_t field_classes = 3;

struct Active {
  std::vector<const Pattern*> ignoring;
  std::vector<const Pattern*> lists;
  std::vector<const Pattern*> fields;  // Normalising, limits, references.
  std::vector<const Pattern*> late;
  std::vector<const Pattern*> moving;
  std::vector<const Pattern*> known;
};

// The objects that hold the two values being compared.
struct Parents {
  const Value* primary = nullptr;
  const Value* secondary = nullptr;
};

class Comparer : private Walk {
 public:
  Comparer(const Rules& rules, const Active& active, const References& references,
           const Question& question, const Side& primary, const Side& secondary, Comparison& result)
      : rules_(rules),
        active_(active),
        references_(references),
        question_(question),
        primary_document_(primary.document ? &*primary.document : nullptr),
        secondary_document_(secondary.document ? &*secondary.document : nullptr),
        result_(result) {}

  void compare(const Value& primary, const Value& secondary, Parents parents = {}) {
    note_moving();
    if (const Rule* ignoring = ignored()) {
      if (canonical_text(primary, field()) != canonical_text(secondary, field()))
        suppress(*ignoring, &primary, &secondary);
      return;
    }
    if (primary.is_object() && secondary.is_object()) return objects(primary, secondary);
    if (primary.is_array() && secondary.is_array()) return lists(primary, secondary);
    if (is_scalar(primary) && is_scalar(secondary)) return scalars(primary, secondary, parents);
    note_field();
    add(Kind::type, &primary, &secondary, parents);
  }

  void add(Kind kind, const Value* primary, const Value* secondary, Parents parents = {}) {
    add(drafted(kind, primary, secondary, parents));
  }
  void add(Difference difference) {
    cover(difference, coverage());
    result_.differences.push_back(std::move(difference));
  }

  // Limits over the whole document: known when everything has been seen.
  void settle() {
    std::map<const Rule*, Decimal> sums;
    std::set<const Rule*> over;
    for (const Pending& one : pending_) {
      try {
        sums[one.rule] += one.apart;
      } catch (const std::exception&) {
        over.insert(one.rule);
      }
    }
    for (const Pending& one : pending_) {
      Difference& difference = result_.differences[one.difference];
      if (over.count(one.rule) == 0 && sums[one.rule] <= *one.rule->per_document) {
        difference.verdict = Verdict::tolerated;
        difference.rule = one.rule->name;
        count(one.rule->name, difference.path, difference.primary, difference.secondary);
      } else {
        cover(difference, one.coverage);
      }
    }
    pending_.clear();
  }

 private:
  // What may excuse a difference at one place.
  struct Coverage {
    std::vector<const KnownDifference*> known;
    const Rule* late = nullptr;
  };
  struct Pending {
    std::size_t difference;
    const Rule* rule;
    Decimal apart;
    Coverage coverage;
  };
  // Where the walk stood, to take back what a trial found.
  struct Mark {
    std::size_t differences;
    std::size_t pending;
    std::size_t samples;
    std::size_t related;
    std::int64_t fields;
    std::map<std::string, std::int64_t> suppressed;
  };

  // Texts here are numbers: by the field's name, or because a rule reads them so.
  bool counts() const {
    return holds_numbers(field()) ||
           std::any_of(active_.fields.begin(), active_.fields.end(), [&](const Pattern* pattern) {
             return is_about_numbers(*pattern->rule) && at(*pattern);
           });
  }

  // ---- what is written down
  Around around(Parents parents) const {
    return {parents.primary, parents.secondary, primary_document_, secondary_document_};
  }
  Difference drafted(Kind kind, const Value* primary, const Value* secondary,
                     Parents parents) const {
    Difference difference;
    difference.path = pointer();
    difference.field = field();
    difference.kind = kind;
    if (primary != nullptr) difference.primary = json::write(*primary);
    if (secondary != nullptr) difference.secondary = json::write(*secondary);
    difference.volatile_field =
        std::any_of(active_.moving.begin(), active_.moving.end(),
                    [&](const Pattern* pattern) { return at_or_below(*pattern); });
    difference.worth = worth_of(kind, difference.field, primary, secondary, around(parents));
    return difference;
  }

  Coverage coverage() const {
    Coverage coverage;
    for (const Pattern* pattern : active_.known)
      if (at_or_below(*pattern)) coverage.known.push_back(pattern->known);
    for (const Pattern* pattern : active_.late)
      if (coverage.late == nullptr && at_or_below(*pattern)) coverage.late = pattern->rule;
    return coverage;
  }

  // A registered difference, or a rule that calls it late.
  void cover(Difference& difference, const Coverage& coverage) {
    for (const KnownDifference* one : coverage.known) {
      if (!covers(*one, difference)) continue;
      difference.verdict = Verdict::known_difference;
      difference.rule = one->name;
      break;
    }
    if (difference.rule.empty() && coverage.late != nullptr) {
      difference.verdict = Verdict::late;
      difference.rule = coverage.late->name;
    }
    if (!difference.rule.empty())
      count(difference.rule, difference.path, difference.primary, difference.secondary);
  }

  static bool covers(const KnownDifference& known, const Difference& difference) {
    if (!known.kinds.empty() &&
        std::find(known.kinds.begin(), known.kinds.end(), difference.kind) == known.kinds.end())
      return false;
    if (!known.at_most) return true;
    const auto number = [](const std::string& text) -> std::optional<Decimal> {
      const auto value = json::parse(text);
      if (!value) return std::nullopt;
      return as_number(*value);
    };
    const auto one = number(difference.primary);
    const auto two = number(difference.secondary);
    const auto far = one && two ? apart(*one, *two) : std::nullopt;
    return far && *far <= *known.at_most;
  }

  void count(const std::string& rule, const std::string& path, const std::string& primary,
             const std::string& secondary) {
    if (++result_.suppressed[rule] <= Comparison::samples_max)
      result_.samples.push_back({rule, path, primary, secondary});
  }
  void suppress(const Rule& rule, const Value* primary, const Value* secondary) {
    count(rule.name, pointer(), primary == nullptr ? std::string{} : json::write(*primary),
          secondary == nullptr ? std::string{} : json::write(*secondary));
  }

  Mark mark() const {
    return {result_.differences.size(), pending_.size(), result_.samples.size(),
            result_.related.size(),     result_.fields,  result_.suppressed};
  }
  void take_back(const Mark& mark) {
    result_.differences.resize(mark.differences);
    pending_.resize(mark.pending, {0, nullptr, {}, {}});
    result_.samples.resize(mark.samples);
    result_.related.resize(mark.related);
    result_.fields = mark.fields;
    result_.suppressed = mark.suppressed;
  }
  // What waits for its document's limit is none yet.
  bool found_mismatch_since(const Mark& mark) const {
    std::size_t waiting = mark.pending;
    for (std::size_t i = mark.differences; i < result_.differences.size(); ++i) {
      if (waiting < pending_.size() && pending_[waiting].difference == i) {
        ++waiting;
      } else if (result_.differences[i].verdict == Verdict::mismatch) {
        return true;
      }
    }
    return false;
  }

  const Rule* ignored() const {
    for (const Pattern* pattern : active_.ignoring)
      if (at(*pattern)) return pattern->rule;
    return nullptr;
  }

  // One more field that was compared.
  void note_field() {
    ++result_.fields;
    if (result_.classes.size() < field_classes) result_.classes.insert(field_class_of(field()));
  }

  // Of an element that was found equal as a whole: what of it is compared at all.
  void note_classes_in(const Value& value) {
    if (result_.classes.size() >= field_classes || ignored() != nullptr) return;
    if (is_scalar(value)) {
      result_.classes.insert(field_class_of(field()));
      return;
    }
    for (const json::Member& member : value.members()) {
      const Step step(*this, member.key, false);
      note_classes_in(member.value);
    }
    for (std::size_t i = 0; i < value.items().size(); ++i) {
      const Step step(*this, std::to_string(i), true);
      note_classes_in(value.items()[i]);
    }
  }

  void note_moving() {
    for (const Pattern* pattern : active_.moving)
      if (at(*pattern)) result_.used.insert(pattern->rule->name);
  }

  // ---- objects
  void one_sided(Kind kind, const Value* primary, const Value* secondary, Parents parents) {
    note_moving();
    if (const Rule* ignoring = ignored()) return suppress(*ignoring, primary, secondary);
    const Value& there = primary == nullptr ? *secondary : *primary;
    const std::string& system =
        primary == nullptr ? question_.secondary_system : question_.primary_system;
    for (const Pattern* pattern : active_.fields) {
      if (pattern->rule->blanks.empty() || !at(*pattern)) continue;
      const auto after = normalised(there, *pattern->rule, rules_, system,
                                    primary == nullptr ? parents.secondary : parents.primary);
      if (!there.is_null() && (!after || !after->is_null())) continue;
      note_field();
      return suppress(*pattern->rule, primary, secondary);
    }
    note_field();
    add(kind, primary, secondary, parents);
  }

  void objects(const Value& primary, const Value& secondary) {
    const std::vector<json::Member>& ones = primary.members();
    const std::vector<json::Member>& twos = secondary.members();
    const Parents parents{&primary, &secondary};
    std::size_t shared = 0;
    for (std::size_t i = 0; i < ones.size(); ++i) {
      const json::Member& member = ones[i];
      // Both sides mostly name their members in one order.
      const Value* two = i < twos.size() && twos[i].key == member.key ? &twos[i].value
                                                                      : secondary.find(member.key);
      const Step step(*this, member.key, false);
      if (two != nullptr) {
        ++shared;
        compare(member.value, *two, parents);
      } else {
        one_sided(Kind::missing, &member.value, nullptr, parents);
      }
    }
    if (shared == twos.size()) return;
    for (const json::Member& member : twos) {
      if (primary.find(member.key) != nullptr) continue;
      const Step step(*this, member.key, false);
      one_sided(Kind::extra, nullptr, &member.value, parents);
    }
  }

  // ---- lists
  const Rule* list_rule() const {
    for (const Pattern* pattern : active_.lists)
      if (at(*pattern)) return pattern->rule;
    return nullptr;
  }

  // The members that identify an element, as the rules of those fields make them.
  std::string key_of(const Value& item, const Rule& rule, const std::string& system) {
    std::string key;
    const Step element(*this, "*", true);
    for (const std::string& name : rule.list_key) {
      if (!key.empty()) key += "|";
      const Value* member = item.find(name);
      if (member == nullptr) continue;
      const Step step(*this, name, false);
      Value value = *member;
      for (const Pattern* pattern : active_.fields) {
        if (!at(*pattern)) continue;
        if (auto after = normalised(value, *pattern->rule, rules_, system, &item))
          value = std::move(*after);
      }
      const auto number = !value.is_string() || counts() ? as_number(value) : std::nullopt;
      key += number ? number->normalized().text() : value.text();
    }
    return key;
  }

  void lists(const Value& primary, const Value& secondary) {
    const Rule* rule = list_rule();
    if (rule != nullptr && (!primary.empty() || !secondary.empty()))
      result_.used.insert(rule->name);
    if (rule != nullptr && rule->set) return sets(primary, secondary, *rule);
    if (rule != nullptr) return keyed_lists(primary, secondary, *rule);
    if (primary.size() != secondary.size()) {
      note_field();
      const Value one = Value::integer(static_cast<std::int64_t>(primary.size()));
      const Value two = Value::integer(static_cast<std::int64_t>(secondary.size()));
      Difference difference = drafted(Kind::count, &one, &two, {});
      difference.worth = worth_between(primary, secondary, around({}));
      add(std::move(difference));
      return;
    }
    const Mark before = mark();
    for (std::size_t i = 0; i < primary.size(); ++i) {
      const Step step(*this, std::to_string(i), true);
      compare(primary.items()[i], secondary.items()[i]);
    }
    if (primary.size() < 2 || result_.differences.size() == before.differences) return;
    if (sorted_texts(primary, field()) != sorted_texts(secondary, field())) return;
    take_back(before);
    note_field();
    add(Kind::order, &primary, &secondary);
  }

  static std::vector<std::string> sorted_texts(const Value& list, const std::string& field) {
    std::vector<std::string> texts;
    texts.reserve(list.size());
    for (const Value& item : list.items()) texts.push_back(canonical_text(item, field));
    std::sort(texts.begin(), texts.end());
    return texts;
  }

  // By key, duplicates in order: one inserted line is one difference, not forty.
  void keyed_lists(const Value& primary, const Value& secondary, const Rule& rule) {
    std::multimap<std::string, std::size_t> places;
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < secondary.size(); ++i) {
      keys.push_back(key_of(secondary.items()[i], rule, question_.secondary_system));
      places.emplace(keys.back(), i);
    }
    bool one_order = true;
    std::size_t last = 0;
    for (std::size_t i = 0; i < primary.size(); ++i) {
      const Value& item = primary.items()[i];
      std::string key = key_of(item, rule, question_.primary_system);
      const auto place = places.find(key);
      const Step step(*this, std::move(key), true);
      if (place == places.end()) {
        one_sided(Kind::missing, &item, nullptr, {});
        continue;
      }
      one_order = one_order && (last <= place->second);
      last = place->second;
      compare(item, secondary.items()[place->second]);
      places.erase(place);
    }
    std::vector<std::size_t> left;
    left.reserve(places.size());
    for (const auto& [key, i] : places) left.push_back(i);
    std::sort(left.begin(), left.end());
    for (const std::size_t i : left) {
      const Step step(*this, keys[i], true);
      one_sided(Kind::extra, nullptr, &secondary.items()[i], {});
    }
    if (one_order || !rule.ordered) return;
    const auto keys_as_list = [&](const Value& list, const std::string& system) {
      Value value = Value::array();
      for (const Value& item : list.items()) value.push(Value(key_of(item, rule, system)));
      return value;
    };
    note_field();
    const Value one = keys_as_list(primary, question_.primary_system);
    const Value two = keys_as_list(secondary, question_.secondary_system);
    add(Kind::order, &one, &two);
  }

  static std::string element_name(const Value& item) {
    if (item.is_string()) return item.text();
    return is_scalar(item) ? json::write(item) : std::string("*");
  }

  // Two elements that a document's limit may tolerate.
  struct Candidate {
    Decimal apart;
    std::string texts;  // The same whichever side is called primary.
    std::size_t one;
    std::size_t two;
  };

  // Takes from `twos` those that are paired; the ones that stay alone are returned. Pairs that
  // need nothing of a document's limit come first, then those that need the least.
  std::vector<std::size_t> paired_by_trial(const Value& primary, const Value& secondary,
                                           std::vector<std::size_t> ones,
                                           std::vector<std::size_t>& twos, bool& reordered) {
    std::vector<Candidate> candidates;
    const auto settled = [&](std::size_t i) {
      const Value& item = primary.items()[i];
      const Step step(*this, element_name(item), true);
      for (auto two = twos.begin(); two != twos.end(); ++two) {
        const Mark before = mark();
        compare(item, secondary.items()[*two]);
        const bool equal = !found_mismatch_since(before);
        if (equal && pending_.size() == before.pending) {
          reordered = reordered || *two != i;
          twos.erase(two);
          return true;
        }
        if (equal) candidates.push_back(candidate(before, item, secondary.items()[*two], i, *two));
        take_back(before);
      }
      return false;
    };
    std::erase_if(ones, settled);
    std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
      return a.apart != b.apart ? a.apart < b.apart : a.texts < b.texts;
    });
    for (const Candidate& one : candidates) {
      const auto i = std::find(ones.begin(), ones.end(), one.one);
      const auto j = std::find(twos.begin(), twos.end(), one.two);
      if (i == ones.end() || j == twos.end()) continue;
      const Value& item = primary.items()[one.one];
      const Step step(*this, element_name(item), true);
      compare(item, secondary.items()[one.two]);
      reordered = reordered || one.one != one.two;
      ones.erase(i);
      twos.erase(j);
    }
    return ones;
  }

  Candidate candidate(const Mark& before, const Value& item, const Value& other, std::size_t one,
                      std::size_t two) const {
    Candidate found{{}, canonical_text(item), one, two};
    std::string text = canonical_text(other);
    if (text < found.texts) std::swap(text, found.texts);
    found.texts += text;
    try {
      for (std::size_t i = before.pending; i < pending_.size(); ++i)
        found.apart += pending_[i].apart;
    } catch (const std::exception&) {
      found.apart = pending_.back().apart;  // Beyond a Decimal: no limit tolerates it anyway.
    }
    return found;
  }

  void sets(const Value& primary, const Value& secondary, const Rule& rule) {
    bool reordered = false;
    std::multimap<std::string, std::size_t> places;
    for (std::size_t i = 0; i < secondary.size(); ++i)
      places.emplace(canonical_text(secondary.items()[i], field()), i);
    std::vector<std::size_t> ones;
    for (std::size_t i = 0; i < primary.size(); ++i) {
      const auto place = places.find(canonical_text(primary.items()[i], field()));
      if (place == places.end()) {
        ones.push_back(i);
        continue;
      }
      ++result_.fields;
      const Step step(*this, element_name(primary.items()[i]), true);
      note_classes_in(primary.items()[i]);
      reordered = reordered || place->second != i;
      places.erase(place);
    }
    std::vector<std::size_t> twos;
    twos.reserve(places.size());
    for (const auto& [text, i] : places) twos.push_back(i);
    std::sort(twos.begin(), twos.end());
    std::vector<std::size_t> alone = std::move(ones);
    if (std::max(alone.size(), twos.size()) <= set_trials_max)
      alone = paired_by_trial(primary, secondary, std::move(alone), twos, reordered);
    for (const std::size_t i : alone) {
      const Step step(*this, element_name(primary.items()[i]), true);
      one_sided(Kind::missing, &primary.items()[i], nullptr, {});
    }
    for (const std::size_t j : twos) {
      const Step step(*this, element_name(secondary.items()[j]), true);
      one_sided(Kind::extra, nullptr, &secondary.items()[j], {});
    }
    if (reordered) suppress(rule, &primary, &secondary);
  }

  // ---- scalars
  void scalars(const Value& primary, const Value& secondary, Parents parents) {
    note_field();
    const bool texts = primary.is_string() && secondary.is_string() && primary != secondary;
    const bool numbers = !texts || counts();
    if (same_value(primary, secondary, numbers) && !unit_matters()) return;
    Value one = primary;
    Value two = secondary;
    std::vector<const Rule*> credited;
    bool equal = false;
    // The rounding that made them equal, and the values before the first one.
    const Rule* rounding = nullptr;
    Value one_exact;
    Value two_exact;
    for (const Pattern* pattern : active_.fields) {
      if (!at(*pattern)) continue;
      const Rule& rule = *pattern->rule;
      auto one_after = normalised(one, rule, rules_, question_.primary_system, parents.primary);
      auto two_after = normalised(two, rule, rules_, question_.secondary_system, parents.secondary);
      const bool changed = one_after || two_after;
      if (!equal && changed && rule.rounding) {
        if (rounding == nullptr) {
          one_exact = one;
          two_exact = two;
        }
        rounding = &rule;
      }
      if (one_after) one = std::move(*one_after);
      if (two_after) two = std::move(*two_after);
      const bool named = !rule.references.empty() && one.is_string() && two.is_string() &&
                         references_.same(rule.references, one.text(), two.text());
      if (named && !equal) result_.related.push_back({rule.references, one.text(), two.text()});
      const bool related = named || (!rule.zone.empty() && same_day(one, two, rule.zone));
      if (!equal && (changed || related)) credited.push_back(&rule);
      equal = related || (changed ? same_value(one, two, numbers) : equal);
    }
    if (equal || same_value(one, two, numbers)) {
      if (same_value(primary, secondary, numbers)) return;
      if (rounding != nullptr && rounding->per_document) {
        const auto before = as_number(one_exact);
        const auto behind = as_number(two_exact);
        const auto far = before && behind ? apart(*before, *behind) : std::nullopt;
        if (far) return await_limit(*rounding, *far, primary, secondary, parents);
        return add(Kind::value, &primary, &secondary, parents);
      }
      if (rounding != nullptr) return tolerate(*rounding, primary, secondary, parents);
      for (const Rule* used : credited) suppress(*used, &primary, &secondary);
      return;
    }
    if (limited(one, two, primary, secondary, parents)) return;
    add(primary.kind() == secondary.kind() || (as_number(primary) && as_number(secondary))
            ? Kind::value
            : Kind::type,
        &primary, &secondary, parents);
  }

  // Equal numbers of different units are not equal.
  bool unit_matters() const {
    return std::any_of(active_.fields.begin(), active_.fields.end(), [&](const Pattern* pattern) {
      return !pattern->rule->unit_at.empty() && at(*pattern);
    });
  }

  void tolerate(const Rule& rule, const Value& primary, const Value& secondary, Parents parents) {
    Difference difference = drafted(Kind::value, &primary, &secondary, parents);
    difference.verdict = Verdict::tolerated;
    difference.rule = rule.name;
    result_.differences.push_back(std::move(difference));
    suppress(rule, &primary, &secondary);
  }

  // Judged when the whole document has been seen.
  void await_limit(const Rule& rule, Decimal apart, const Value& primary, const Value& secondary,
                   Parents parents) {
    pending_.push_back({result_.differences.size(), &rule, apart, coverage()});
    result_.differences.push_back(drafted(Kind::value, &primary, &secondary, parents));
  }

  bool limited(const Value& one, const Value& two, const Value& primary, const Value& secondary,
               Parents parents) {
    const auto number_one = as_number(one);
    const auto number_two = as_number(two);
    if (!number_one || !number_two) return false;
    for (const Pattern* pattern : active_.fields) {
      const Rule& rule = *pattern->rule;
      if (!at(*pattern) || !within_limits(rule, *number_one, *number_two)) continue;
      if (!rule.per_document) {
        tolerate(rule, primary, secondary, parents);
        return true;
      }
      const auto far = apart(*number_one, *number_two);
      await_limit(rule, far.value_or(Decimal{}), primary, secondary, parents);
      return true;
    }
    return false;
  }

  const Rules& rules_;
  const Active& active_;
  const References& references_;
  const Question& question_;
  const Value* const primary_document_;
  const Value* const secondary_document_;
  Comparison& result_;
  std::vector<Pending> pending_;
};

bool applies(const std::string& capability, const std::string& operation,
             std::string_view asked_capability, std::string_view asked_operation) {
  return (capability.empty() || capability == asked_capability) &&
         (operation.empty() || operation == asked_operation);
}

bool is_about_lists(const Rule& rule) { return !rule.list_key.empty() || rule.set; }

}  // namespace

Judge::Judge(const Rules& rules, std::string_view capability, std::string_view operation)
    : rules_(rules) {
  for (const Rule& rule : rules.rules)
    if (applies(rule.capability, rule.operation, capability, operation))
      patterns_.push_back({&rule, nullptr, segments_of(rule.path)});
  for (const KnownDifference& known : rules.known)
    if (applies(known.capability, known.operation, capability, operation))
      known_.push_back({nullptr, &known, segments_of(known.path)});
  for (const OutcomeClass& outcome : rules.outcomes)
    if (applies(outcome.capability, outcome.operation, capability, operation))
      outcomes_.push_back(&outcome);
}

Comparison Judge::compare(const Side& primary, const Side& secondary, const References& references,
                          const Question& question) const {
  Active active;
  for (const Pattern& pattern : patterns_) {
    const Rule& rule = *pattern.rule;
    if (!within(rule.cohort, question.cohort)) continue;
    if (rule.volatile_field) active.moving.push_back(&pattern);
    if (rule.ignore) {
      active.ignoring.push_back(&pattern);
    } else if (rule.late) {
      active.late.push_back(&pattern);
    } else if (is_about_lists(rule)) {
      active.lists.push_back(&pattern);
    } else {
      active.fields.push_back(&pattern);
    }
  }
  for (const Pattern& pattern : known_) {
    const KnownDifference& known = *pattern.known;
    const bool of_these =
        known.answers.empty() || covers_outcome(known, primary, secondary, question);
    if (of_these && is_for(known, question)) active.known.push_back(&pattern);
  }
  Comparison result;
  Comparer comparer(rules_, active, references, question, primary, secondary, result);
  if (primary.document && secondary.document) {
    comparer.compare(*primary.document, *secondary.document);
  } else {
    for (const Side* side : {&primary, &secondary}) {
      if (!side->error || !says_nothing(*side->error)) continue;
      const std::string& system =
          side == &primary ? question.primary_system : question.secondary_system;
      result.verdict = Verdict::not_compared;
      result.reason = (system.empty() ? "" : system + ": ") + described(*side).text();
      return result;
    }
    ++result.fields;
    std::string rule;
    const Value one = described(primary);
    const Value two = described(secondary);
    if (!same_outcome(primary, secondary, question, outcomes_, rule)) {
      comparer.add(Kind::outcome, &one, &two);
    } else if (!rule.empty()) {
      ++result.suppressed[rule];
      result.samples.push_back({rule, "", json::write(one), json::write(two)});
    }
  }
  comparer.settle();
  result.verdict = verdict_of(result);
  return result;
}

}  // namespace underpin::parity
