#include "parity/searches.h"

#include "parity/outcomes.h"

#include <algorithm>
#include <map>
#include <set>

namespace underpin::parity {
namespace {

using json::Value;

constexpr const char* found_at = "customers";
constexpr const char* of = " of ";

using ByNumber = std::map<std::string, const Value*>;

ByNumber by_number(const Side& side) {
  ByNumber found;
  for (const Value& one : side.document->get(found_at).items())
    found[one.get("number").text()] = &one;
  return found;
}

Side with(const Value* customer) {
  Value list = Value::array();
  if (customer != nullptr) list.push(*customer);
  Side side;
  side.document = Value::object();
  side.document->set(found_at, std::move(list));
  return side;
}

void add(Comparison& into, Comparison one) {
  for (Difference& difference : one.differences) into.differences.push_back(std::move(difference));
  for (const auto& [rule, count] : one.suppressed) into.suppressed[rule] += count;
  for (Suppressed& sample : one.samples) {
    const auto kept = std::count_if(into.samples.begin(), into.samples.end(),
                                    [&](const Suppressed& s) { return s.rule == sample.rule; });
    if (kept < Comparison::samples_max) into.samples.push_back(std::move(sample));
  }
  into.used.merge(one.used);
  into.classes.merge(one.classes);
  into.related.insert(into.related.end(), one.related.begin(), one.related.end());
  into.fields += one.fields;
}

// One side has the customer and the other does not find it, whichever is which.
const KnownDifference* known_absence(const Rules& rules, const Value* primary,
                                     const Value* secondary, Question question) {
  question.operation = "get_customer";
  Side found;
  found.document = primary != nullptr ? *primary : *secondary;
  Side absent;
  absent.error = Error{ErrorCode::not_found, "it is not found"};
  return primary != nullptr ? known_outcome(rules, found, absent, question)
                            : known_outcome(rules, absent, found, question);
}

}  // namespace

void add_cohort_of(Cohort& search, const std::string& customer, const Cohort& facts) {
  for (const auto& [fact, texts] : facts)
    if (fact != "keys") search[fact + of + customer] = texts;
}

Cohort cohort_of(const Cohort& search, const std::string& customer) {
  Cohort facts{{"keys", {customer}}};
  for (const char* fact : {"channels", "locations", "regions", "segments", "skus"}) {
    const auto known = search.find(std::string(fact) + of + customer);
    if (known != search.end()) facts[fact] = known->second;
  }
  return facts;
}

void leave_out(const std::vector<std::string>& numbers, Side& primary, Side& secondary) {
  const std::set<std::string> out(numbers.begin(), numbers.end());
  for (Side* side : {&primary, &secondary}) {
    if (!side->document) continue;
    Value left = Value::array();
    for (const Value& one : side->document->get(found_at).items())
      if (out.count(one.get("number").text()) == 0) left.push(one);
    side->document->set(found_at, std::move(left));
  }
}

Comparison compare_whole(const Side& primary, const Side& secondary, const Rules& rules,
                         const References& references, const Question& question) {
  const Judge judge(rules, question.capability, question.operation);
  if (question.operation != customer_search || !primary.document || !secondary.document)
    return judge.compare(primary, secondary, references, question);
  const ByNumber ones = by_number(primary);
  const ByNumber twos = by_number(secondary);
  if (ones.empty() && twos.empty()) return judge.compare(primary, secondary, references, question);
  std::set<std::string> numbers;
  for (const ByNumber* found : {&ones, &twos})
    for (const auto& [number, customer] : *found) numbers.insert(number);
  Comparison result;
  for (const std::string& number : numbers) {
    const auto one = ones.find(number);
    const auto two = twos.find(number);
    const Value* left = one == ones.end() ? nullptr : one->second;
    const Value* right = two == twos.end() ? nullptr : two->second;
    Question of_customer = question;
    of_customer.cohort = cohort_of(question.cohort, number);
    Comparison compared = judge.compare(with(left), with(right), references, of_customer);
    of_customer.subject = number;
    if (left == nullptr || right == nullptr) {
      if (const auto* known = known_absence(rules, left, right, of_customer)) {
        for (Difference& difference : compared.differences) {
          if (difference.verdict != Verdict::mismatch) continue;
          difference.verdict = Verdict::known_difference;
          difference.rule = known->name;
          ++compared.suppressed[known->name];
          compared.samples.push_back(
              {known->name, difference.path, difference.primary, difference.secondary});
        }
      }
    }
    add(result, std::move(compared));
  }
  result.verdict = verdict_of(result);
  return result;
}

}  // namespace underpin::parity
