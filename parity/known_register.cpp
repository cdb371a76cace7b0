#include "parity/known_register.h"

#include <algorithm>

namespace underpin::parity {

RegisterHealth register_health(const Rules& rules, const std::map<std::string, KnownUse>& uses,
                               Date today) {
  RegisterHealth health;
  for (const KnownDifference& known : rules.known) {
    KnownHealth one{known.name, known.owner, known.reason,      known.ticket,      known.expires,
                    0,          {},          known.budget_hits, known.budget_money};
    const auto use = uses.find(known.name);
    if (use != uses.end()) {
      one.unvalued = known.budget_money && !known.budget_hits && use->second.unvalued > 0;
      one.hits = use->second.documents;
      one.money = use->second.money;
    }
    one.expired = today > known.expires;
    one.over_hits = known.budget_hits && one.hits > *known.budget_hits;
    one.over_money = known.budget_money && one.money > *known.budget_money;
    health.expired += one.expired ? 1 : 0;
    health.over_budget += one.over_budget() ? 1 : 0;
    health.known.push_back(std::move(one));
  }
  return health;
}

std::vector<std::string> unused_rules(const Rules& rules,
                                      const std::map<std::string, RuleUse>& uses, Timestamp now,
                                      int days) {
  constexpr std::int64_t day_ms = 86'400'000;
  const Timestamp limit = now.plus_ms(-days * day_ms);
  std::vector<std::string> unused;
  const auto look_at = [&](const std::string& name, const std::string& content) {
    const auto use = uses.find(name);
    if (content.empty() || use == uses.end()) return;
    const auto seen = use->second.seen.find(content);
    if (seen == use->second.seen.end()) return;
    if (std::max(seen->second, use->second.last) < limit) unused.push_back(name);
  };
  for (const Rule& rule : rules.rules) look_at(rule.name, rule.content);
  for (const OutcomeClass& outcome : rules.outcomes) look_at(outcome.name, outcome.content);
  return unused;
}

}  // namespace underpin::parity
