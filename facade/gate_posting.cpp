#include "facade/gate_posting.h"

#include "facade/posting_scenarios.h"
#include "facade/reconciliation.h"

namespace underpin::facade {
namespace {

using journal::JournalReader;
using json::Value;
using parity::Criterion;

struct Judged {
  Criterion criterion;
  bool wrong = false;    // Something was seen to be posted otherwise.
  bool missing = false;  // Nothing that counts was seen.
};

std::string old(Timestamp then, Timestamp now) {
  return std::to_string((now.micros - then.micros) / 1'000'000) + " s old";
}

Judged judge_totals(const JournalReader& reader, const PostingGate& limits, Timestamp now) {
  Judged judged;
  Criterion& totals = judged.criterion;
  totals.name = "posting_totals";
  totals.limit = "at most " + std::to_string(limits.totals_age_max_ms / 1000) +
                 " s old, of at least one order, without differences";
  const auto newest = newest_posting_in(reader);
  if (!newest) {
    judged.missing = true;
    totals.figure = "not evaluated";
    totals.detail = "`underpin reconcile posting` evaluates it";
    return judged;
  }
  const std::int64_t orders = newest->equal + newest->converged + newest->different();
  judged.wrong = newest->different() > 0;
  judged.missing = orders == 0 || newest->started_at.plus_ms(limits.totals_age_max_ms) < now;
  totals.figure = "reconciliation " + std::to_string(newest->id) + ", " +
                  old(newest->started_at, now) + ", posted " + newest->from.text() + " to " +
                  newest->to.text() + ": " + std::to_string(orders) + " orders, " +
                  std::to_string(newest->different()) + " differences";
  if (orders == 0) totals.detail = "nothing of what channels ordered was posted on these dates";
  return judged;
}

Judged judge_scenarios(const JournalReader& reader, const PostingGate& limits,
                       const std::string& made_with, Timestamp now) {
  Judged judged;
  Criterion& scenarios = judged.criterion;
  scenarios.name = "posting_scenarios";
  scenarios.limit = "at most " + std::to_string(limits.scenarios_age_max_ms / 1000) +
                    " s old, every scenario posted alike";
  const Value newest = newest_scenarios_in(reader);
  const auto at = Timestamp::parse(newest.get("at").text());
  if (!at || newest.get("items").size() == 0) {
    judged.missing = true;
    scenarios.figure = "not evaluated";
    scenarios.detail = "`underpin parity postings` evaluates them";
    return judged;
  }
  std::int64_t alike = 0;
  std::string others;
  for (const Value& item : newest.get("items").items()) {
    const std::string& verdict = item.get("verdict").text();
    if (verdict == "match" || verdict == "tolerated" || verdict == "known_difference") {
      ++alike;
      continue;
    }
    (verdict == "not_compared" ? judged.missing : judged.wrong) = true;
    others += (others.empty() ? "" : ", ") + item.get("scenario").text() + " " + verdict;
  }
  scenarios.figure = "run " + newest.get("run").text() + ", " + old(*at, now) + ": " +
                     std::to_string(alike) + " of " + std::to_string(newest.get("items").size()) +
                     " posted alike";
  scenarios.detail = others;
  if (newest.get("madeWith").text() != made_with) {
    judged.missing = true;
    scenarios.detail += std::string(others.empty() ? "" : "; ") +
                        "adapters, mapping, code tables or rules have changed since: compare again";
  }
  judged.missing = judged.missing || at->plus_ms(limits.scenarios_age_max_ms) < now;
  return judged;
}

}  // namespace

PostingParity judge_posting(const JournalReader& reader, const PostingGate& limits,
                            const std::string& made_with, const std::vector<Waiver>& waivers,
                            Timestamp now) {
  std::vector<Judged> all{judge_totals(reader, limits, now)};
  if (limits.scenarios) all.push_back(judge_scenarios(reader, limits, made_with, now));
  PostingParity verdict;
  bool wrong = false;
  bool missing = false;
  bool waived = false;
  for (Judged& one : all) {
    wrong = wrong || one.wrong;
    one.criterion.met = !one.wrong && !one.missing;
    // What was seen to be wrong, nobody answers for.
    const Waiver* waiver = waiver_for(waivers, one.criterion.name, now);
    if (!one.criterion.met && !one.wrong && waiver != nullptr) {
      one.criterion.met = true;
      one.criterion.waived_by = waiver->by;
      one.criterion.detail = "waived by " + waiver->by + " until " + waiver->until.text();
      waived = true;
    }
    missing = missing || !one.criterion.met;
    verdict.criteria.push_back(std::move(one.criterion));
  }
  verdict.state = wrong ? "different" : missing ? "not_evaluated" : waived ? "waived" : "met";
  return verdict;
}

}  // namespace underpin::facade
