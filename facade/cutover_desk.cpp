#include "facade/cutover_desk.h"

#include "facade/turning.h"

namespace underpin::facade {
namespace {

using journal::JournalReader;
using journal::JournalTransaction;
using json::Value;

Error not_allowed(Capability capability, const std::vector<std::string>& reasons) {
  Error refused{ErrorCode::rejected,
                "the change of " + std::string(name(capability)) + " is not allowed"};
  for (const std::string& why : reasons) {
    refused.message += refused.fields.empty() ? ": " : "; ";
    refused.message += why;
    refused.fields.push_back({"/stage", why});
  }
  return refused;
}

Value texts(const std::vector<std::string>& lines) {
  Value value = Value::array();
  for (const std::string& line : lines) value.push(line);
  return value;
}

Error moved_on(std::int64_t version, std::int64_t expected) {
  return {ErrorCode::conflict, "the plan is at version " + std::to_string(version) + ", not " +
                                   std::to_string(expected)};
}

}  // namespace

Result<cutover::ChangeRequest> read_change(const Value& body, Capability capability) {
  const auto refused = [](const char* at, const char* rule) {
    return Error{ErrorCode::invalid_request, "the change cannot be read", {}, {}, 0, {{at, rule}}};
  };
  cutover::ChangeRequest request;
  const auto stage = cutover::parse_stage(body.get("stage").text());
  if (!stage) return refused("/stage", "must name one of the six stages");
  request.stage = *stage;
  if (const Value* share = body.find("sharePer100k")) {
    const auto number = share->as_int();
    if (!number || *number < 0 || *number > std::int64_t{cutover::whole_share})
      return refused("/sharePer100k", "must be 0 to 100000");
    request.share_per_100k = static_cast<std::uint32_t>(*number);
  }
  if (const Value* rules = body.find("rules")) {
    auto read = cutover::read_rules(*rules, capability == Capability::orders);
    if (!read) return read.error();
    request.rules = std::move(read).value();
  }
  return request;
}

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
    tell_replicas(reader, *plan, status);
    status.catch_up_cloud = CatchUp::state(reader, capability, Side::cloud);
    status.catch_up_legacy = CatchUp::state(reader, capability, Side::legacy);
    status.validity = validity_in(reader, *plan);
    if (capability == Capability::customers) {
      if (const auto turning = turning_in(reader, plans_.wave()))
        status.turning = in_words(*turning);
    }
    found = true;
  });
  if (!read) return read.error();
  if (!found) return failed;
  status.guards = read_guards_(status.plan);
  status.frozen = freezes_at(settings_, capability, now_());
  return status;
}

void CutoverDesk::tell_replicas(const JournalReader& reader, const cutover::Plan& plan,
                                CutoverStatus& status) const {
  if (!journal_.shared()) return;
  const Timestamp now = reader.clock();
  const std::string taken = taken_name(plan.wave, plan.capability);
  for (const journal::ReplicaRecord& replica : reader.replicas()) {
    if (replica.alive_until <= now) continue;  // It answers no reads, and its writes are fenced.
    const auto version = replica.taken.find(taken);
    const bool has = version != replica.taken.end() && version->second >= plan.version;
    (has ? status.taken_by : status.waiting_for).push_back(replica.name);
  }
}

Result<std::vector<journal::PlanRecord>> CutoverDesk::history(Capability capability) const {
  std::vector<journal::PlanRecord> records;
  const Status read = journal_.read([&](const JournalReader& reader) {
    records = reader.plan_history(plans_.wave(), capability);
  });
  if (!read) return read.error();
  return records;
}

std::string CutoverDesk::needs_two(Capability capability, bool force) const {
  const std::string how = "propose it (underpin cutover propose " + std::string(name(capability)) +
                          " STAGE, or POST /ops/v1/cutover/" + std::string(name(capability)) +
                          "/proposals)";
  if (force) return "force needs a second person: " + how;
  const auto& rule = settings_.approvals[static_cast<std::size_t>(capability)];
  if (!rule) return {};
  std::string roles;
  for (const std::string& role : rule->roles) roles += (roles.empty() ? "" : ", ") + role;
  return std::string(name(capability)) + " moves by two people: " + how + "; it is signed by " +
         roles;
}

std::optional<cutover::GateReading> CutoverDesk::gate_for(Capability capability,
                                                          cutover::Stage to) const {
  const cutover::Rollout now = plans_.plan(capability).rollout;
  if (cutover::index(to) < cutover::index(now.highest())) return std::nullopt;
  return read_gate_(capability, to);
}

// Where one is enforced, a step that was judged without it does not pass for want of it: the plan
// may have moved since.
std::optional<cutover::GateReading> CutoverDesk::gate_of(const Step& step) const {
  if (step.gate || !gate_enforced_) return step.gate;
  return cutover::GateReading{
      false,
      {"it was not judged for this step; name the stage that is entered, and ask again"},
      {}};
}

std::optional<Error> CutoverDesk::unreferenced(const Act& act) const {
  if (!settings_.require_change_reference || !act.change_reference.empty()) return std::nullopt;
  return Error{ErrorCode::invalid_request,
               "a change reference is required",
               {},
               {},
               0,
               {{"/changeReference", "is required at this site"}}};
}

Result<CutoverStatus> CutoverDesk::change(Capability capability,
                                          const cutover::ChangeRequest& request,
                                          std::int64_t expected, const Act& act, bool force) {
  Step step;
  step.judge = [&](const cutover::Plan& plan, const cutover::Facts& facts) {
    return cutover::check_change(plan, request, facts);
  };
  step.expected = expected;
  step.guards = read_guards_(plans_.plan(capability));
  step.gate = gate_for(capability, request.stage);
  step.act = act;
  step.force = force;
  step.refused_before = needs_two(capability, force);
  return publish_now(capability, step);
}

Result<CutoverStatus> CutoverDesk::roll_back(Capability capability, std::int64_t expected,
                                             const Act& act, std::optional<cutover::Stage> to) {
  Step step;
  step.judge = [&](const cutover::Plan& plan, const cutover::Facts& facts) {
    return cutover::check_rollback(plan, facts, to);
  };
  step.expected = expected;
  step.guards = read_guards_(plans_.plan(capability));
  step.act = act;
  step.detail.set("rollback", Value::boolean(true));
  return publish_now(capability, step);
}

Result<CutoverStatus> CutoverDesk::halt(Capability capability, std::int64_t expected,
                                        const cutover::GuardReading& reading) {
  return edit(
      capability, [&](const cutover::Plan& plan) { return cutover::halted(plan, reading, now_()); },
      expected, "guard_halt", {"underpin", "guard " + reading.guard + ": " + reading.detail});
}

Result<CutoverStatus> CutoverDesk::acknowledge(Capability capability, std::int64_t expected,
                                               bool births_by_plan, const std::string& actor,
                                               const std::string& reason) {
  return edit(
      capability,
      [&](const cutover::Plan& plan) { return cutover::acknowledged(plan, births_by_plan); },
      expected, "guard_acknowledged", {actor, reason});
}

// A change of the plan that moves no share.
Result<CutoverStatus> CutoverDesk::edit(Capability capability, const Edit& edit,
                                        std::int64_t expected, const char* kind, const Act& act) {
  Error refused{ErrorCode::internal, "the plan was not published"};
  const Status written = audit_.write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    (void)tx.lock_audit();
    const auto plan = plan_in(tx, plans_.wave(), capability);
    if (!plan) {
      refused = plan.error();
      return false;
    }
    if (plan->version != expected) {
      refused = moved_on(plan->version, expected);
      return false;
    }
    if (const std::string closed = tx.fact(journal::closed_fact); !closed.empty()) {
      refused = not_allowed(capability, {closed});
      return false;
    }
    auto next = edit(*plan);
    if (next && !tx.rules().births_return) next->births_to_legacy = false;
    if (!next) {
      refused = {ErrorCode::rejected,
                 "there is nothing to change in the plan of " + std::string(name(capability))};
      return false;
    }
    journal::PlanRecord record;
    record.wave = plans_.wave();
    record.capability = capability;
    record.plan = cutover::write_plan(*next);
    record.actor = act.actor;
    record.reason = act.reason;
    record.at = now_();
    if (!tx.publish_plan(record, expected)) return false;
    AuditNote note;
    note.kind = kind;
    note.actor = act.actor;
    note.about = name(capability);
    note.detail.set("wave", plans_.wave());
    note.detail.set("reason", act.reason);
    note.detail.set("version", Value::integer(expected + 1));
    const auto to = json::parse(record.plan);
    if (to) note.detail.set("to", *to);
    pen.add(note);
    return true;
  });
  if (!written) return refused;
  const Status refreshed = take();
  if (!refreshed) return refreshed.error();
  return status(capability);
}

Result<Outlook> CutoverDesk::outlook(Capability capability, const cutover::ChangeRequest& request,
                                     std::int64_t expected, bool force) const {
  Step step;
  step.judge = [&](const cutover::Plan& plan, const cutover::Facts& facts) {
    return cutover::check_change(plan, request, facts);
  };
  step.expected = expected;
  step.guards = read_guards_(plans_.plan(capability));
  step.gate = gate_for(capability, request.stage);
  step.force = force;
  step.refused_before = needs_two(capability, force);
  return judged(capability, step);
}

Result<Outlook> CutoverDesk::rollback_outlook(Capability capability, std::int64_t expected,
                                              std::optional<cutover::Stage> to) const {
  Step step;
  step.judge = [&](const cutover::Plan& plan, const cutover::Facts& facts) {
    return cutover::check_rollback(plan, facts, to);
  };
  step.expected = expected;
  step.guards = read_guards_(plans_.plan(capability));
  return judged(capability, step);
}

Result<Preview> CutoverDesk::preview(Capability capability, cutover::Stage stage) const {
  Result<Preview> preview = Error{ErrorCode::internal, "no plan"};
  const cutover::Rollout next{stage, stage, cutover::whole_share};
  cutover::Plan current;
  const Status read = journal_.read([&](const JournalReader& reader) {
    const auto plan = plan_in(reader, plans_.wave(), capability);
    if (!plan) {
      preview = plan.error();
      return;
    }
    current = *plan;
    preview = preview_in(reader, *plan, next, now_());
  });
  if (!read) return read.error();
  if (!preview) return preview;
  Preview seen = std::move(preview).value();
  const Status ahead = add_bringing(seen, current, next);
  if (!ahead) return ahead.error();
  return seen;
}

Status CutoverDesk::add_bringing(Preview& preview, const cutover::Plan& plan,
                                 const cutover::Rollout& next) const {
  const auto to = brings_to(plan, next);
  if (!to || !look_ahead_) return Done{};
  auto bringing = look_ahead_(plan.capability, *to);
  if (!bringing) return bringing.error();
  preview.bringing = std::move(bringing).value();
  return Done{};
}

Result<Outlook> CutoverDesk::judged(Capability capability, const Step& step) const {
  Result<Outlook> result = Error{ErrorCode::internal, "no plan"};
  const Status read = journal_.read([&](const JournalReader& reader) {
    const auto plan = plan_in(reader, plans_.wave(), capability);
    if (!plan) {
      result = plan.error();
      return;
    }
    if (plan->version != step.expected) {
      result = moved_on(plan->version, step.expected);
      return;
    }
    const auto known = facts_in(reader, *plan, settings_, now_());
    if (!known) {
      result = known.error();
      return;
    }
    cutover::Facts facts = *known;
    facts.force = step.force;
    facts.guards = step.guards;
    facts.gate = gate_of(step);
    Outlook outlook;
    outlook.verdict = step.judge(*plan, facts);
    outlook.preview = preview_in(reader, *plan, outlook.verdict.next, now_());
    outlook.current = outlook.next = *plan;
    if (outlook.verdict.allowed) {
      outlook.next = cutover::applied(*plan, outlook.verdict);
      outlook.next.version = plan->version + 1;
    }
    if (!step.refused_before.empty()) {
      outlook.verdict.allowed = false;
      outlook.verdict.reasons.insert(outlook.verdict.reasons.begin(), step.refused_before);
    }
    result = std::move(outlook);
  });
  if (!read) return read.error();
  if (!result) return result;
  Outlook outlook = std::move(result).value();
  const Status ahead = add_bringing(outlook.preview, outlook.current, outlook.verdict.next);
  if (!ahead) return ahead.error();
  return outlook;
}

std::optional<Error> CutoverDesk::publish_in(JournalTransaction& tx, AuditTrail::Pen& pen,
                                             Capability capability, const Step& step) {
  AuditNote note;
  note.actor = step.act.actor;
  note.about = name(capability);
  note.detail = step.detail;
  note.detail.set("wave", plans_.wave());
  note.detail.set("reason", step.act.reason);
  if (!step.act.change_reference.empty())
    note.detail.set("changeReference", step.act.change_reference);
  if (step.force) note.detail.set("force", Value::boolean(true));
  note.detail.set("expectedVersion", Value::integer(step.expected));
  const auto refuse = [&](Error why) {
    note.kind = "plan_refused";
    note.detail.set("why", why.message);
    pen.add(note);
    return why;
  };
  (void)tx.lock_audit();  // Changes of plan come one after the other, whoever asks.
  const auto plan = plan_in(tx, plans_.wave(), capability);
  if (!plan) return plan.error();
  if (plan->version != step.expected) return refuse(moved_on(plan->version, step.expected));
  if (!step.refused_before.empty()) return refuse(not_allowed(capability, {step.refused_before}));
  if (const std::string closed = tx.fact(journal::closed_fact); !closed.empty())
    return refuse(not_allowed(capability, {closed}));
  const auto known = facts_in(tx, *plan, settings_, now_());
  if (!known) return known.error();
  cutover::Facts facts = *known;
  facts.force = step.force;
  facts.guards = step.guards;
  facts.gate = gate_of(step);
  const cutover::Verdict verdict = step.judge(*plan, facts);
  const auto stored = [](const std::string& text) {
    const auto value = json::parse(text);
    return value ? *value : Value();
  };
  note.detail.set("from", stored(cutover::write_plan(*plan)));
  if (verdict.forward && step.gate) {
    Value gate = Value::object();
    gate.set("passed", Value::boolean(step.gate->passed));
    gate.set("criteria", texts(step.gate->figures));
    note.detail.set("gate", std::move(gate));
  }
  if (!verdict.allowed) return refuse(not_allowed(capability, verdict.reasons));
  // Replicas are at most one step apart.
  CutoverStatus replicas;
  tell_replicas(tx, *plan, replicas);
  if (verdict.forward && !replicas.waiting_for.empty()) {
    std::vector<std::string> reasons;
    for (const std::string& replica : replicas.waiting_for)
      reasons.push_back("replica " + replica + " has not taken plan version " +
                        std::to_string(plan->version) + " yet");
    return refuse(not_allowed(capability, reasons));
  }
  const cutover::Plan next = cutover::applied(*plan, verdict);
  journal::PlanRecord record;
  record.wave = plans_.wave();
  record.capability = capability;
  record.plan = cutover::write_plan(next);
  record.actor = step.act.actor;
  record.reason = step.act.reason;
  record.at = now_();
  // Where mirroring of every subject ends, and where it begins: nothing that was brought in between
  // counts, whoever brought it.
  const auto alone = [](const cutover::Plan& any, cutover::Stage stage) {
    return stage == cutover::Stage::legacy_only ? any.rollout.lowest() == stage
                                                : any.rollout.highest() == stage;
  };
  if (alone(next, cutover::Stage::legacy_only) != alone(*plan, cutover::Stage::legacy_only))
    CatchUp::reset(tx, capability, Side::cloud);
  if (alone(next, cutover::Stage::cloud_only) || alone(*plan, cutover::Stage::cloud_only))
    CatchUp::reset(tx, capability, Side::legacy);
  if (!tx.publish_plan(record, step.expected))
    return refuse(moved_on(plan->version, step.expected));
  begin_turning(tx, *plan, next, now_());
  note.kind = "plan_published";
  note.detail.set("version", Value::integer(step.expected + 1));
  note.detail.set("to", stored(record.plan));
  note.detail.set("forward", Value::boolean(verdict.forward));
  if (!verdict.overridden.empty()) note.detail.set("overridden", texts(verdict.overridden));
  pen.add(note);
  return std::nullopt;
}

Result<CutoverStatus> CutoverDesk::publish_now(Capability capability, const Step& step) {
  if (auto missing = unreferenced(step.act)) return *missing;
  std::optional<Error> refused;
  const Status written = audit_.write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    refused = publish_in(tx, pen, capability, step);
    return !refused || !pen.written().empty();
  });
  if (refused) return *refused;
  if (!written) return written.error();
  const Status refreshed = take();
  if (!refreshed) return refreshed.error();
  return status(capability);
}

}  // namespace underpin::facade
