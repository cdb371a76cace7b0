#include "facade/cutover_desk.h"

namespace underpin::facade {
namespace {

using journal::JournalReader;
using journal::JournalTransaction;

Result<cutover::Facts> facts_in(const JournalReader& reader, const cutover::Plan& plan) {
  cutover::Facts facts;
  for (const Capability capability : all_capabilities) {
    const auto other_plan = plan_in(reader, plan.wave, capability);
    if (!other_plan) return other_plan.error();
    facts.rollouts[static_cast<std::size_t>(capability)] = other_plan->rollout;
  }
  const journal::Backlog backlog = reader.backlog(plan.wave, plan.capability, plan.version);
  facts.open_intents_before = backlog.open_intents_before;
  facts.unknown_outcomes = backlog.unknown_outcomes;
  facts.dead_letters = backlog.dead_to_legacy + backlog.dead_to_cloud;
  const CatchUpState cloud = CatchUp::state(reader, plan.capability, Side::cloud);
  const CatchUpState legacy = CatchUp::state(reader, plan.capability, Side::legacy);
  facts.caught_up = cloud.state == "done" && legacy.state == "done";
  facts.catch_up_detail =
      cloud.state != "done" ? cloud.state + " " + cloud.detail : legacy.state + " " + legacy.detail;
  if (plan.capability == Capability::orders) {
    // Open documents stay served by their home; what pins is work that has not arrived yet.
    facts.pinned_to_legacy =
        backlog.pending_to_cloud + backlog.dead_to_cloud + backlog.unknown_outcomes;
    facts.pinned_to_cloud =
        backlog.pending_to_legacy + backlog.dead_to_legacy + backlog.unknown_outcomes;
  } else {
    facts.pinned_to_legacy = reader.pinned_subjects(plan.capability, Side::legacy);
    facts.pinned_to_cloud = reader.pinned_subjects(plan.capability, Side::cloud);
  }
  facts.open_legacy_orders = reader.document_counts(plan.wave).open_in_legacy;
  const cutover::Rollout& orders = facts.rollouts[static_cast<std::size_t>(Capability::orders)];
  const CatchUpState open_orders = CatchUp::state(reader, Capability::orders, Side::cloud);
  if (open_orders.state != "done" && orders.highest() != cutover::Stage::cloud_only)
    facts.orders_missing_in_cloud =
        "catching up is " + open_orders.state + " " + open_orders.detail;
  return facts;
}

}  // namespace

Result<CutoverStatus> CutoverDesk::status(Capability capability) const {
  CutoverStatus status;
  Error failed{ErrorCode::internal, "no plan"};
  bool found = false;
  const Status read = journal_.read([&](const JournalReader& reader) {
    const auto plan = plan_in(reader, plans_.wave(), capability);
    if (!plan) {
      failed = plan.error();
      return;
    }
    const auto record = reader.plan(plans_.wave(), capability);
    status.plan = *plan;
    status.actor = record->actor;
    status.reason = record->reason;
    status.since = record->at;
    status.backlog = reader.backlog(plans_.wave(), capability, plan->version);
    status.documents = reader.document_counts(plans_.wave());
    status.catch_up_cloud = CatchUp::state(reader, capability, Side::cloud);
    status.catch_up_legacy = CatchUp::state(reader, capability, Side::legacy);
    found = true;
  });
  if (!read) return read.error();
  if (!found) return failed;
  status.guards = read_guards_(status.plan);
  return status;
}

Result<std::vector<journal::PlanRecord>> CutoverDesk::history(Capability capability) const {
  std::vector<journal::PlanRecord> records;
  const Status read = journal_.read([&](const JournalReader& reader) {
    records = reader.plan_history(plans_.wave(), capability);
  });
  if (!read) return read.error();
  return records;
}

Result<CutoverStatus> CutoverDesk::change(Capability capability,
                                          const cutover::ChangeRequest& request,
                                          std::int64_t expected, const std::string& actor,
                                          const std::string& reason) {
  return publish(
      capability,
      [&](const cutover::Plan& plan, const cutover::Facts& facts) {
        return cutover::check_change(plan, request, facts);
      },
      expected, actor, reason);
}

Result<CutoverStatus> CutoverDesk::roll_back(Capability capability, std::int64_t expected,
                                             const std::string& actor, const std::string& reason) {
  return publish(capability, cutover::check_rollback, expected, actor, reason);
}

Result<CutoverStatus> CutoverDesk::halt(Capability capability, std::int64_t expected,
                                        const cutover::GuardReading& reading) {
  return edit(
      capability, [&](const cutover::Plan& plan) { return cutover::halted(plan, reading, now_()); },
      expected, "underpin", "guard " + reading.guard + ": " + reading.detail);
}

Result<CutoverStatus> CutoverDesk::acknowledge(Capability capability, std::int64_t expected,
                                               bool births_by_plan, const std::string& actor,
                                               const std::string& reason) {
  return edit(
      capability,
      [&](const cutover::Plan& plan) { return cutover::acknowledged(plan, births_by_plan); },
      expected, actor, reason);
}

// A change of the plan that moves no share.
Result<CutoverStatus> CutoverDesk::edit(Capability capability, const Edit& edit,
                                        std::int64_t expected, const std::string& actor,
                                        const std::string& reason) {
  Error refused{ErrorCode::internal, "the plan was not published"};
  const Status written = journal_.write([&](JournalTransaction& tx) {
    const auto plan = plan_in(tx, plans_.wave(), capability);
    if (!plan) {
      refused = plan.error();
      return false;
    }
    if (plan->version != expected) {
      refused = {ErrorCode::conflict, "the plan is at version " + std::to_string(plan->version) +
                                          ", not " + std::to_string(expected)};
      return false;
    }
    const auto next = edit(*plan);
    if (!next) {
      refused = {ErrorCode::rejected,
                 "there is nothing to change in the plan of " + std::string(name(capability))};
      return false;
    }
    journal::PlanRecord record;
    record.wave = plans_.wave();
    record.capability = capability;
    record.plan = cutover::write_plan(*next);
    record.actor = actor;
    record.reason = reason;
    record.at = now_();
    return tx.publish_plan(record, expected);
  });
  if (!written) return refused;
  const Status refreshed = plans_.refresh();
  if (!refreshed) return refreshed.error();
  return status(capability);
}

Result<CutoverStatus> CutoverDesk::publish(Capability capability, const Judge& judge,
                                           std::int64_t expected, const std::string& actor,
                                           const std::string& reason) {
  Error refused{ErrorCode::internal, "the plan was not published"};
  // Before the transaction: guards look at what this process has measured, and at the journal.
  const auto before = status(capability);
  if (!before) return before.error();
  const Status written = journal_.write([&](JournalTransaction& tx) {
    const auto plan = plan_in(tx, plans_.wave(), capability);
    if (!plan) {
      refused = plan.error();
      return false;
    }
    if (plan->version != expected) {
      refused = {ErrorCode::conflict, "the plan is at version " + std::to_string(plan->version) +
                                          ", not " + std::to_string(expected)};
      return false;
    }
    const auto gathered = facts_in(tx, *plan);
    if (!gathered) {
      refused = gathered.error();
      return false;
    }
    cutover::Facts facts = *gathered;
    facts.guards = before->guards;
    const cutover::Verdict verdict = judge(*plan, facts);
    if (!verdict.allowed) {
      refused = {ErrorCode::rejected,
                 "the change of " + std::string(name(capability)) + " is not allowed"};
      for (const std::string& why : verdict.reasons) {
        refused.message += refused.fields.empty() ? ": " : "; ";
        refused.message += why;
        refused.fields.push_back({"/stage", why});
      }
      return false;
    }
    const cutover::Plan next = cutover::applied(*plan, verdict);
    journal::PlanRecord record;
    record.wave = plans_.wave();
    record.capability = capability;
    record.plan = cutover::write_plan(next);
    record.actor = actor;
    record.reason = reason;
    record.at = now_();
    if (next.rollout.lowest() == cutover::Stage::legacy_only &&
        plan->rollout.lowest() != cutover::Stage::legacy_only)
      CatchUp::reset(tx, capability, Side::cloud);
    if (next.rollout.highest() == cutover::Stage::cloud_only)
      CatchUp::reset(tx, capability, Side::legacy);
    return tx.publish_plan(record, expected);
  });
  if (!written) return refused;
  const Status refreshed = plans_.refresh();
  if (!refreshed) return refreshed.error();
  return status(capability);
}

}  // namespace underpin::facade
