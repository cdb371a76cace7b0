#include "parity/rejudge.h"

#include "parity/searches.h"

namespace underpin::parity {

std::optional<Comparison> judged_again(const LedgerEntry& entry, const Rules& rules) {
  if (!entry.is_pair) return std::nullopt;
  const auto side_of = [](const std::string& document, const std::optional<Error>& error) {
    Side side;
    side.error = error;
    if (document.empty()) return side;
    const auto value = json::parse(document);
    if (value) side.document = *value;
    return side;
  };
  const Side primary = side_of(entry.primary_document, entry.primary_error);
  const Side secondary = side_of(entry.secondary_document, entry.secondary_error);
  if ((!primary.document && !primary.error) || (!secondary.document && !secondary.error))
    return std::nullopt;
  References references;
  for (const Related& one : entry.comparison.related)
    references.add(one.reference_class, one.primary, one.secondary);
  Question question = entry.question;
  question.primary_system = entry.primary_system;
  question.secondary_system = entry.secondary_system;
  return compare_whole(primary, secondary, rules, references, question);
}

Result<RejudgeResult> rejudge(const Ledger& ledger, const Rules& rules) {
  RejudgeResult result;
  LedgerFilter filter;
  while (true) {
    const auto page = ledger.entries(filter);
    if (!page) return page.error();
    if (page->empty()) return result;
    for (const LedgerEntry& entry : *page) {
      filter.after_id = entry.id;
      const auto again = judged_again(entry, rules);
      if (!again) {
        ++result.not_kept;
        continue;
      }
      const Verdict before = entry.comparison.verdict;
      Verdict after = again->verdict;
      if (before == Verdict::late && after == Verdict::mismatch) after = Verdict::late;
      if (before == Verdict::not_compared) after = before;
      ++result.judged;
      ++result.moved[{before, after}];
      if (before == after || result.changed.size() >= RejudgeResult::changed_max) continue;
      Rejudged one{entry.id, entry.question.subject, before, after, {}};
      const auto& decides =
          after == Verdict::mismatch ? again->differences : entry.comparison.differences;
      if (!decides.empty()) one.path = decides.front().path;
      result.changed.push_back(std::move(one));
    }
  }
}

}  // namespace underpin::parity
