#include "cutover/transition.h"

#include <algorithm>

namespace underpin::cutover {
namespace {

const Rollout& of(const Facts& facts, Capability capability) {
  return facts.rollouts[static_cast<std::size_t>(capability)];
}

std::string percent(std::uint32_t share_per_100k) {
  std::string text = std::to_string(share_per_100k / 1000);
  if (share_per_100k % 1000 != 0) {
    std::string thousandths = std::to_string(share_per_100k % 1000);
    thousandths.insert(0, 3 - thousandths.size(), '0');
    text += "." + thousandths;
  }
  return text + " %";
}

std::string where(const Rollout& rollout) {
  if (rollout.settled()) return std::string(name(rollout.to));
  std::string text = std::string(name(rollout.from)) + " with " + percent(rollout.share_per_100k) +
                     " at " + std::string(name(rollout.to));
  for (const CohortRule& rule : rollout.rules)
    text += ", " + rule.name + " " + percent(rule.share_per_100k);
  return text;
}

// Nobody is left behind, or nobody has moved: the step is over.
bool everybody_has(std::uint32_t share, const Rollout& rollout) {
  return rollout.share_per_100k == share &&
         std::all_of(rollout.rules.begin(), rollout.rules.end(),
                     [&](const CohortRule& rule) { return rule.share_per_100k == share; });
}

Rollout settled_if_over(const Rollout& rollout) {
  if (everybody_has(whole_share, rollout)) return {rollout.to, rollout.to, whole_share};
  if (everybody_has(0, rollout)) return {rollout.from, rollout.from, whole_share};
  return rollout;
}

// What the request makes of the current rollout; a reason when the two do not fit.
struct Wanted {
  Rollout next;
  std::string refusal;
};

const std::vector<CohortRule> no_rules;

Wanted wanted(const Rollout& now, const ChangeRequest& request) {
  if (request.share_per_100k > whole_share) return {now, "sharePer100k must be 0 to 100000"};
  if (now.settled()) {
    if (request.stage == now.to) {
      return {now, request.share_per_100k == whole_share
                       ? "already at " + where(now)
                       : "to leave " + where(now) + " by shares, name the stage to go to"};
    }
    if (!adjacent(now.to, request.stage)) {
      return {now, "from " + where(now) + " to " + std::string(name(request.stage)) +
                       " skips a stage; the next ones are its neighbours"};
    }
    const Rollout next = settled_if_over(
        {now.to, request.stage, request.share_per_100k, request.rules.value_or(no_rules)});
    if (next == now) return {now, "no subject would move"};
    return {next, {}};
  }
  std::uint32_t share = request.share_per_100k;
  std::vector<CohortRule> rules = request.rules.value_or(now.rules);
  if (request.stage == now.from) {
    share = whole_share - share;
    if (request.rules) {
      for (CohortRule& rule : rules) rule.share_per_100k = whole_share - rule.share_per_100k;
    } else if (share == 0 || share == whole_share) {
      rules.clear();  // Everybody back, or nobody: no cohort is an exception any more.
    }
  } else if (request.stage != now.to) {
    return {now, "a share is moving between " + std::string(name(now.from)) + " and " +
                     std::string(name(now.to)) + "; finish or take back that step first"};
  }
  // The whole share and no word of cohorts means everybody.
  if (!request.rules && share == whole_share) rules.clear();
  const Rollout next = settled_if_over({now.from, now.to, share, std::move(rules)});
  if (next == now) return {now, "already at " + where(now)};
  return {next, {}};
}

// Declared constraints between capabilities, on the state after the change.
void check_constraints(const Facts& after, Capability moved, std::vector<std::string>& refusals) {
  const Rollout& orders = of(after, Capability::orders);
  const Rollout& inventory = of(after, Capability::inventory);
  const Rollout& customers = of(after, Capability::customers);
  const bool about_customers = moved == Capability::customers || moved == Capability::orders;
  if (about_customers && index(customers.lowest()) < index(orders.highest())) {
    refusals.push_back("customers are never behind orders: customers would be at " +
                       where(customers) + ", orders at " + where(orders));
  }
  const bool about_stock = moved == Capability::inventory || moved == Capability::orders;
  if (about_stock && index(inventory.highest()) >= index(Stage::cloud_primary) &&
      index(orders.lowest()) < index(Stage::dual_write)) {
    refusals.push_back(
        "inventory becomes cloud_primary only when orders are at dual_write or later: the cloud's "
        "stock would lack the demand of orders; orders would be at " +
        where(orders));
  }
  if (moved == Capability::inventory && index(inventory.highest()) >= index(Stage::cloud_primary) &&
      !after.orders_missing_in_cloud.empty()) {
    refusals.push_back(
        "inventory becomes cloud_primary only when the cloud has every open order: its stock would "
        "lack their demand: " +
        after.orders_missing_in_cloud);
  }
  if (about_stock && orders.highest() == Stage::cloud_only &&
      index(inventory.lowest()) < index(Stage::cloud_primary)) {
    refusals.push_back(
        "inventory becomes cloud_primary before orders go to cloud_only: legacy stock would no "
        "longer see the demand; inventory would be at " +
        where(inventory));
  }
  if (moved == Capability::inventory && inventory.highest() == Stage::cloud_only &&
      after.open_legacy_orders > 0 && !after.legacy_demand_overlaid) {
    refusals.push_back(
        "inventory becomes cloud_only only when no order is open in the legacy "
        "system or its demand is overlaid: " +
        std::to_string(after.open_legacy_orders) + " are open");
  }
}

void check_entries(const Rollout& now, const Rollout& next, const Facts& facts,
                   std::vector<std::string>& refusals) {
  const bool enters_shadow = index(now.highest()) < index(Stage::shadow_read) &&
                             index(next.highest()) >= index(Stage::shadow_read);
  if (enters_shadow && !facts.caught_up) {
    refusals.push_back("the cloud is not up to date yet, so shadow_read would compare with gaps: " +
                       facts.catch_up_detail);
  }
  const bool returns_to_cloud_primary = index(now.lowest()) > index(Stage::cloud_primary) &&
                                        index(next.lowest()) <= index(Stage::cloud_primary);
  if (returns_to_cloud_primary && !facts.caught_up) {
    refusals.push_back("legacy is not up to date yet, so cloud_primary would not be a way back: " +
                       facts.catch_up_detail);
  }
  // Each share that enters waits, not the first alone.
  if (moves_forward(now, next) && next.highest() == Stage::cloud_only &&
      facts.pinned_to_legacy > 0) {
    refusals.push_back("cloud_only waits until nothing is pinned to legacy: " +
                       std::to_string(facts.pinned_to_legacy) + " subjects are");
  }
  if (moves_forward(next, now) && next.lowest() == Stage::legacy_only &&
      facts.pinned_to_cloud > 0) {
    refusals.push_back("legacy_only waits until nothing is pinned to the cloud: " +
                       std::to_string(facts.pinned_to_cloud) + " subjects are");
  }
  const bool to_legacy_only = moves_forward(next, now) && next.lowest() == Stage::legacy_only;
  if (to_legacy_only && !facts.turning.empty()) refusals.push_back(facts.turning);
}

Verdict judged(const Plan& current, const Rollout& next, const Facts& facts, bool forward) {
  Verdict verdict;
  verdict.next = next;
  verdict.forward = forward;
  if (verdict.forward) {
    if (current.halt) {
      verdict.reasons.push_back("the guard " + current.halt->guard + " has halted it (" +
                                current.halt->detail + "): acknowledge that first");
    }
    if (facts.open_intents_before > 0) {
      verdict.reasons.push_back("writes routed by an older plan version are still open: " +
                                std::to_string(facts.open_intents_before));
    }
    if (facts.unknown_outcomes > 0) {
      verdict.reasons.push_back("writes with an unknown outcome have no disposition: " +
                                std::to_string(facts.unknown_outcomes));
    }
    if (!facts.turning.empty()) verdict.reasons.push_back(facts.turning);
    if (is_gated(next) && facts.gate && !facts.gate->passed) {
      if (facts.gate->unmet.empty()) verdict.reasons.push_back("the gate refuses");
      for (const std::string& why : facts.gate->unmet)
        verdict.reasons.push_back("the gate refuses: " + why);
    }
    const auto overridable = [&](std::string why) {
      verdict.overridable.push_back(why);
      verdict.reasons.push_back(std::move(why));
    };
    if (facts.dead_letters > 0)
      overridable("dead letters have no disposition: " + std::to_string(facts.dead_letters));
    if (facts.max_backlog_age_ms > 0 && facts.backlog_age_ms > facts.max_backlog_age_ms) {
      overridable("a delivery has waited for " + std::to_string(facts.backlog_age_ms / 1000) +
                  " s, longer than " + std::to_string(facts.max_backlog_age_ms / 1000) +
                  " s: the other side is too far behind");
    }
    for (const GuardReading& reading : facts.guards) {
      if (reading.verdict == GuardVerdict::clear) continue;
      overridable("the guard " + reading.guard + " says " + std::string(name(reading.verdict)) +
                  ": " + reading.detail);
    }
    for (const std::string& why : facts.forward_holds) overridable(why);
  }
  for (const std::string& why : facts.holds) {
    verdict.overridable.push_back(why);
    verdict.reasons.push_back(why);
  }
  check_entries(current.rollout, next, facts, verdict.reasons);
  Facts after = facts;
  after.rollouts[static_cast<std::size_t>(current.capability)] = next;
  check_constraints(after, current.capability, verdict.reasons);
  // A reason is either overridable or not, so equal numbers mean that none is left.
  if (facts.force && verdict.reasons.size() == verdict.overridable.size()) {
    verdict.overridden = std::move(verdict.overridable);
    verdict.overridable.clear();
    verdict.reasons.clear();
  }
  verdict.allowed = verdict.reasons.empty();
  if (verdict.allowed) verdict.reasons.push_back(where(current.rollout) + " -> " + where(next));
  return verdict;
}

}  // namespace

bool is_gated(const Rollout& next) { return index(next.highest()) >= index(Stage::cloud_primary); }

std::int64_t progress(const Rollout& rollout) {
  const std::int64_t steps = index(rollout.to) - index(rollout.from);
  return std::int64_t{index(rollout.from)} * whole_share +
         steps * std::int64_t{rollout.share_per_100k};
}

bool moves_forward(const Rollout& now, const Rollout& next) {
  if (progress(next) > progress(now)) return true;
  if (next.rules == now.rules || next.settled()) return false;
  if (index(next.highest()) <= index(now.lowest())) return false;
  if (next.from != now.from || next.to != now.to) return true;
  // A cohort that the rules name anew, or give more, may hold subjects that move on; so may one
  // that lost the rule which held it back.
  const bool ahead = index(next.to) > index(next.from);
  const auto more = [&](std::uint32_t is, std::uint32_t was) {
    return ahead ? is > was : is < was;
  };
  for (const CohortRule& rule : next.rules) {
    const auto same = std::find_if(now.rules.begin(), now.rules.end(),
                                   [&](const CohortRule& old) { return old.same_cohort(rule); });
    if (same == now.rules.end() || more(rule.share_per_100k, same->share_per_100k)) return true;
  }
  return std::any_of(now.rules.begin(), now.rules.end(), [&](const CohortRule& old) {
    return more(next.share_per_100k, old.share_per_100k) &&
           std::none_of(next.rules.begin(), next.rules.end(),
                        [&](const CohortRule& rule) { return rule.same_cohort(old); });
  });
}

Verdict check_change(const Plan& current, const ChangeRequest& request, const Facts& facts) {
  const Wanted want = wanted(current.rollout, request);
  if (!want.refusal.empty()) {
    Verdict verdict;
    verdict.next = current.rollout;
    verdict.reasons.push_back(want.refusal);
    return verdict;
  }
  return judged(current, want.next, facts, moves_forward(current.rollout, want.next));
}

Verdict check_rollback(const Plan& current, const Facts& facts, std::optional<Stage> to) {
  if (to) {
    Verdict verdict = check_change(current, {*to, whole_share}, facts);
    if (!verdict.forward) return verdict;
    verdict.allowed = false;
    verdict.overridable.clear();
    verdict.overridden.clear();
    verdict.reasons = {std::string(name(*to)) + " lies ahead of " + where(current.rollout) +
                       ": a rollback goes back"};
    return verdict;
  }
  if (current.undo.empty()) {
    Verdict verdict;
    verdict.next = current.rollout;
    verdict.reasons.push_back("no forward step is in force: nothing to roll back");
    return verdict;
  }
  return judged(current, current.undo.back(), facts, false);
}

std::optional<Plan> halted(const Plan& current, const GuardReading& reading, Timestamp now) {
  if (current.halt) return std::nullopt;
  Plan next = current;
  next.halt = Halt{reading.guard, reading.detail, now};
  const bool both_written =
      rule(current.rollout.from).mirror_writes || rule(current.rollout.to).mirror_writes;
  if (current.capability == Capability::orders && both_written) next.births_to_legacy = true;
  return next;
}

std::optional<Plan> acknowledged(const Plan& current, bool births_by_plan) {
  const bool births_change = births_by_plan && current.births_to_legacy;
  if (!current.halt && !births_change) return std::nullopt;
  Plan next = current;
  next.halt.reset();
  if (births_by_plan) next.births_to_legacy = false;
  return next;
}

Plan applied(const Plan& current, const Verdict& verdict) {
  Plan next = current;
  if (verdict.forward) next.undo.push_back(current.rollout);
  next.rollout = verdict.next;
  next.undo.erase(std::remove_if(next.undo.begin(), next.undo.end(),
                                 [&](const Rollout& r) { return !moves_forward(r, verdict.next); }),
                  next.undo.end());
  return next;
}

}  // namespace underpin::cutover
