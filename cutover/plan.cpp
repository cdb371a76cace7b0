#include "cutover/plan.h"

#include "contracts/json/json_text.h"

namespace underpin::cutover {
namespace {

using json::Value;

Value to_json(const Rollout& rollout) {
  Value value = Value::object();
  value.set("from", Value::string(std::string(name(rollout.from))));
  value.set("to", Value::string(std::string(name(rollout.to))));
  value.set("sharePer100k", Value::integer(rollout.share_per_100k));
  if (rollout.rules.empty()) return value;
  Value rules = Value::array();
  for (const CohortRule& rule : rollout.rules) rules.push(to_json(rule));
  value.set("rules", std::move(rules));
  return value;
}

Error bad(const std::string& what) { return {ErrorCode::internal, "stored cutover plan: " + what}; }

Result<Stage> stage_in(const Value& value, std::string_view key) {
  const Value* member = value.find(key);
  if (member == nullptr || !member->is_string()) return bad(std::string(key) + " is missing");
  const auto stage = parse_stage(member->as_string().value());
  if (!stage) return bad(std::string(key) + " names no stage");
  return *stage;
}

Result<Rollout> read_rollout(const Value& value, bool documents) {
  const auto from = stage_in(value, "from");
  if (!from) return from.error();
  const auto to = stage_in(value, "to");
  if (!to) return to.error();
  const Value* share = value.find("sharePer100k");
  if (share == nullptr) return bad("sharePer100k is missing");
  const auto number = share->as_int();
  if (!number || *number < 0 || *number > std::int64_t{whole_share})
    return bad("sharePer100k must be 0 to 100000");
  Rollout rollout{*from, *to, static_cast<std::uint32_t>(*number)};
  if (const Value* rules = value.find("rules")) {
    auto read = read_rules(*rules, documents);
    if (!read) return bad(read.error().message);
    rollout.rules = std::move(read).value();
  }
  return rollout;
}

}  // namespace

Plan initial_plan(std::string wave, Capability capability) {
  Plan plan;
  plan.wave = std::move(wave);
  plan.capability = capability;
  plan.salt = std::string(name(capability));
  return plan;
}

std::string write_plan(const Plan& plan) {
  Value value = to_json(plan.rollout);
  value.set("salt", Value::string(plan.salt));
  value.set("bucketVersion", Value::integer(bucket_version));
  Value undo = Value::array();
  for (const Rollout& rollout : plan.undo) undo.push(to_json(rollout));
  value.set("undo", undo);
  if (plan.births_to_legacy) value.set("births", "legacy");
  if (plan.halt) {
    Value halt = Value::object();
    halt.set("guard", plan.halt->guard);
    halt.set("detail", plan.halt->detail);
    halt.set("at", plan.halt->at.text());
    value.set("halt", std::move(halt));
  }
  return json::write(value);
}

Result<Plan> read_plan(std::string_view text, std::string wave, Capability capability,
                       std::int64_t version) {
  const auto value = json::parse(text, {});
  if (!value) return bad(value.error().message);
  Plan plan = initial_plan(std::move(wave), capability);
  plan.version = version;
  const bool documents = capability == Capability::orders;
  const auto rollout = read_rollout(*value, documents);
  if (!rollout) return rollout.error();
  plan.rollout = *rollout;
  const Value* salt = value->find("salt");
  if (salt == nullptr || !salt->is_string()) return bad("salt is missing");
  plan.salt = salt->as_string().value();
  const Value* hash = value->find("bucketVersion");
  const auto hash_version = hash == nullptr ? Result<std::int64_t>(bad("")) : hash->as_int();
  if (!hash_version || *hash_version != bucket_version)
    return bad("bucketVersion is not " + std::to_string(bucket_version) +
               "; another release wrote it");
  const Value* undo = value->find("undo");
  if (undo == nullptr || !undo->is_array()) return bad("undo is missing");
  for (const Value& entry : undo->items()) {
    const auto step = read_rollout(entry, documents);
    if (!step) return step.error();
    plan.undo.push_back(*step);
  }
  if (const Value* births = value->find("births")) {
    if (births->text() != "legacy") return bad("births is not \"legacy\"");
    plan.births_to_legacy = true;
  }
  if (const Value* halt = value->find("halt")) {
    const auto at = Timestamp::parse(halt->get("at").text());
    if (!at || halt->get("guard").text().empty()) return bad("halt lacks its guard or time");
    plan.halt = Halt{halt->get("guard").text(), halt->get("detail").text(), *at};
  }
  return plan;
}

Placement place(const Plan& plan, const Subject& subject) {
  const Rollout& rollout = plan.rollout;
  Placement placement;
  placement.bucket = bucket_per_100k(plan.salt, subject.key);
  placement.share_per_100k = rollout.share_per_100k;
  for (const CohortRule& rule : rollout.rules) {
    if (!matches(rule, subject)) continue;
    placement.rule = &rule;
    placement.share_per_100k = rule.share_per_100k;
    break;
  }
  placement.stage =
      rollout.settled() || placement.bucket < placement.share_per_100k ? rollout.to : rollout.from;
  return placement;
}

Side birth_side(const Plan& plan, const Subject& subject) {
  const StageRule& stage = rule(stage_for(plan, subject));
  return plan.births_to_legacy && stage.mirror_writes ? Side::legacy : stage.primary;
}

}  // namespace underpin::cutover
