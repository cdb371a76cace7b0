#include "facade/cutover_facts.h"

#include "facade/catch_up.h"
#include "facade/outcomes.h"
#include "facade/plan_book.h"
#include "facade/turning.h"

#include <algorithm>
#include <limits>

namespace underpin::facade {
namespace {

using journal::JournalReader;

// Orders whose outcome at this side is not known, or whose sender is gone.
std::int64_t doubtful_orders(const JournalReader& reader, const std::string& wave, Side side,
                             Timestamp now) {
  std::int64_t count = 0;
  for (const journal::Intent& intent : reader.open_intents(std::numeric_limits<int>::max())) {
    // A birth that is closed after the step would get no copy: the other side would never know its
    // demand.
    if (intent.capability == Capability::orders && intent.wave == wave && intent.side == side &&
        (intent.birth || outcome_is_unknown(intent, now)))
      ++count;
  }
  return count;
}

// Open documents stay served by their home; what pins is work that has not arrived yet.
std::int64_t pinned(const JournalReader& reader, const cutover::Plan& plan,
                    const journal::Backlog& backlog, Side side, Timestamp now) {
  if (plan.capability != Capability::orders) return reader.pinned_subjects(plan.capability, side);
  const std::int64_t undelivered = side == Side::legacy
                                       ? backlog.pending_to_cloud + backlog.dead_to_cloud
                                       : backlog.pending_to_legacy + backlog.dead_to_legacy;
  return undelivered + doubtful_orders(reader, plan.wave, side, now);
}

std::int64_t age_ms(Timestamp since, Timestamp now) {
  if (since.empty() || now < since) return 0;
  return (now.micros - since.micros) / 1000;
}

bool left_the_house(OrderStatus status) {
  return status == OrderStatus::partially_shipped || status == OrderStatus::shipped ||
         status == OrderStatus::invoiced;
}

bool rules_now(const FreezeWindow& freeze, Capability capability, Timestamp now) {
  return freeze.from <= now && now < freeze.to &&
         (freeze.capabilities.empty() || freeze.capabilities.count(capability) != 0);
}

std::string in_words(const FreezeWindow& freeze) {
  return (freeze.allow_back ? "steps forward are frozen until " : "changes are frozen until ") +
         freeze.to.text() + ": " + freeze.reason;
}

void add_holds(cutover::Facts& facts, const JournalReader& reader, const cutover::Plan& plan,
               const CutoverSettings& settings, Timestamp now) {
  for (const FreezeWindow& freeze : settings.freezes) {
    if (!rules_now(freeze, plan.capability, now)) continue;
    (freeze.allow_back ? facts.forward_holds : facts.holds).push_back(in_words(freeze));
  }
  if (!plan.rollout.settled()) return;
  const std::int64_t least =
      settings.min_dwell_ms[static_cast<std::size_t>(cutover::index(plan.rollout.to))];
  if (least <= 0) return;
  const std::int64_t stayed = age_ms(settled_since(reader, plan), now);
  if (stayed < least) {
    facts.forward_holds.push_back("a capability stays at " +
                                  std::string(cutover::name(plan.rollout.to)) + " for at least " +
                                  std::to_string(least / 1000) + " s; it has been there for " +
                                  std::to_string(stayed / 1000) + " s");
  }
}

}  // namespace

std::string money_text(const Money& money) {
  std::string text;
  for (const auto& [currency, amount] : money) {
    if (!text.empty()) text += " and ";
    text += amount.text() + " " + currency;
  }
  return text.empty() ? "0" : text;
}

std::vector<std::string> freezes_at(const CutoverSettings& settings, Capability capability,
                                    Timestamp now) {
  std::vector<std::string> lines;
  for (const FreezeWindow& freeze : settings.freezes)
    if (rules_now(freeze, capability, now)) lines.push_back(in_words(freeze));
  return lines;
}

Timestamp settled_since(const JournalReader& reader, const cutover::Plan& plan) {
  Timestamp since;
  if (!plan.rollout.settled()) return since;
  for (const journal::PlanRecord& record : reader.plan_history(plan.wave, plan.capability)) {
    const auto earlier =
        cutover::read_plan(record.plan, plan.wave, plan.capability, record.version);
    if (!earlier || !earlier->rollout.settled() || earlier->rollout.to != plan.rollout.to) break;
    since = record.at;
  }
  return since;
}

Result<cutover::Facts> facts_in(const JournalReader& reader, const cutover::Plan& plan,
                                const CutoverSettings& settings, Timestamp now) {
  cutover::Facts facts;
  for (const Capability capability : all_capabilities) {
    const auto other_plan = plan_in(reader, plan.wave, capability);
    if (!other_plan) return other_plan.error();
    facts.rollouts[static_cast<std::size_t>(capability)] = other_plan->rollout;
  }
  const journal::Backlog backlog = reader.backlog(plan.wave, plan.capability, plan.version);
  const DisposedOutcomes disposed =
      disposed_outcomes(reader, plan.wave, plan.capability, plan.version, now);
  facts.open_intents_before = backlog.open_intents_before - disposed.of_older_plans;
  facts.unknown_outcomes = backlog.unknown_outcomes - disposed.unknown;
  facts.dead_letters = backlog.dead_to_legacy + backlog.dead_to_cloud;
  facts.backlog_age_ms = age_ms(backlog.oldest_pending, now);
  facts.max_backlog_age_ms = settings.max_backlog_age_ms;
  add_holds(facts, reader, plan, settings, now);
  const CatchUpState cloud = CatchUp::state(reader, plan.capability, Side::cloud);
  const CatchUpState legacy = CatchUp::state(reader, plan.capability, Side::legacy);
  facts.caught_up = cloud.state == "done" && legacy.state == "done";
  facts.catch_up_detail =
      cloud.state != "done" ? cloud.state + " " + cloud.detail : legacy.state + " " + legacy.detail;
  if (reader.rules().waiting_ends) {
    facts.pinned_to_legacy = pinned(reader, plan, backlog, Side::legacy, now);
    facts.pinned_to_cloud = pinned(reader, plan, backlog, Side::cloud, now);
  }
  facts.open_legacy_orders = reader.document_counts(plan.wave).open_in_legacy;
  const cutover::Rollout& orders = facts.rollouts[static_cast<std::size_t>(Capability::orders)];
  if (plan.capability == Capability::customers || plan.capability == Capability::orders) {
    if (const auto turning = turning_in(reader, plan.wave)) facts.turning = in_words(*turning);
  }
  const CatchUpState open_orders = CatchUp::state(reader, Capability::orders, Side::cloud);
  if (open_orders.state != "done" && orders.highest() != cutover::Stage::cloud_only)
    facts.orders_missing_in_cloud =
        "catching up is " + open_orders.state + " " + open_orders.detail;
  return facts;
}

RollbackValidity validity_in(const JournalReader& reader, const cutover::Plan& plan) {
  RollbackValidity validity;
  const journal::Backlog backlog = reader.backlog(plan.wave, plan.capability, plan.version);
  validity.deliveries = backlog.pending_to_legacy + backlog.dead_to_legacy;
  if (backlog.pending_to_legacy > 0) {
    validity.reasons.push_back(std::to_string(backlog.pending_to_legacy) +
                               " deliveries to legacy are on their way");
  }
  if (backlog.dead_to_legacy > 0) {
    validity.reasons.push_back(std::to_string(backlog.dead_to_legacy) +
                               " deliveries to legacy were refused: dead letters without a "
                               "disposition");
  }
  if (plan.capability == Capability::orders) {
    std::int64_t copies = 0;
    for (const journal::DocumentValue& value : reader.document_values(plan.wave, Side::cloud)) {
      if (left_the_house(value.status)) {
        // What the cloud's own users sold, or sold before the facade, would be there anyway.
        if (value.own) continue;
        validity.documents += value.count;
        validity.worth[value.currency] += value.total;
      } else if (!value.closed && !value.mirrored) {
        copies += value.count;
      }
    }
    if (copies > 0) {
      validity.deliveries += copies;
      validity.reasons.push_back(std::to_string(copies) +
                                 " open orders of the cloud have no copy in legacy");
    }
    if (validity.documents > 0) {
      validity.reasons.push_back(
          std::to_string(validity.documents) + " orders worth " + money_text(validity.worth) +
          " have been shipped or invoiced in the cloud: they stay there, past return");
    }
  }
  const CatchUpState legacy = CatchUp::state(reader, plan.capability, Side::legacy);
  const bool unwritten = plan.rollout.highest() == cutover::Stage::cloud_only;
  if (unwritten) {
    validity.reasons.push_back(
        "legacy is not written to at cloud_only: it has to be caught up on the way back");
  } else if (legacy.state != "done") {
    validity.deliveries += std::max<std::int64_t>(legacy.total - legacy.delivered, 0);
    validity.reasons.push_back("legacy is being caught up: " + legacy.state + " " + legacy.detail);
  }
  if (validity.documents > 0) {
    validity.state = "past_return";
  } else if (!validity.reasons.empty()) {
    validity.state = "needs_deliveries";
  } else {
    validity.reasons.push_back("legacy has everything that was acknowledged");
  }
  return validity;
}

Preview preview_in(const JournalReader& reader, const cutover::Plan& plan,
                   const cutover::Rollout& next, Timestamp now) {
  Preview preview;
  preview.back = cutover::moves_forward(next, plan.rollout);
  preview.backlog = reader.backlog(plan.wave, plan.capability, plan.version);
  preview.backlog_age_ms = age_ms(preview.backlog.oldest_pending, now);
  preview.subjects_at_risk = pinned(reader, plan, preview.backlog, Side::cloud, now);
  if (plan.capability == Capability::orders) {
    for (const journal::DocumentValue& value : reader.document_values(plan.wave, Side::cloud)) {
      if (value.closed) continue;
      preview.in_flight += value.count;
      preview.in_flight_worth[value.currency] += value.total;
      if (!value.mapped) preview.unmapped += value.count;
      if (value.mirrored) continue;
      preview.only_cloud += value.count;
      preview.only_cloud_worth[value.currency] += value.total;
    }
  }
  preview.validity = validity_in(reader, plan);
  return preview;
}

}  // namespace underpin::facade
