#include "parity/known_register.h"

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
                                      const std::map<std::string, RuleUse>& uses, Timestamp since,
                                      Timestamp now, int days) {
  constexpr std::int64_t day_ms = 86'400'000;
  const Timestamp limit = now.plus_ms(-days * day_ms);
  std::vector<std::string> unused;
  for (const Rule& rule : rules.rules) {
    // What only matches lists or marks fields suppresses nothing by itself, and cross-references
    // are the facade's own.
    if (!rule.list_key.empty() || rule.set || rule.volatile_field || !rule.references.empty())
      continue;
    const auto use = uses.find(rule.name);
    const Timestamp last = use == uses.end() ? since : use->second.last;
    if (!last.empty() && last < limit) unused.push_back(rule.name);
  }
  return unused;
}

}  // namespace underpin::parity
