#include "parity/compare.h"

namespace underpin::parity {
namespace {

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

}  // namespace

Comparison compare(const Side& primary, const Side& secondary, const Rules& rules,
                   const References& references, const Question& question) {
  return Judge(rules, question.capability, question.operation)
      .compare(primary, secondary, references, question);
}

Verdict verdict_of(const Comparison& comparison) {
  if (comparison.verdict == Verdict::not_compared) return comparison.verdict;
  Verdict worst = Verdict::match;
  for (const Difference& difference : comparison.differences)
    if (weight(difference.verdict) > weight(worst)) worst = difference.verdict;
  return worst;
}

}  // namespace underpin::parity
