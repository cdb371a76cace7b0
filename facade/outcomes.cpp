#include "facade/outcomes.h"

#include "contracts/json/json_text.h"

#include <charconv>
#include <limits>
#include <map>

namespace underpin::facade {
namespace {

using journal::Intent;
using journal::IntentState;
using journal::JournalReader;
using journal::JournalTransaction;
using json::Value;

// All of a journal: {"17": {"by": "ada", "reason": "...", "at": "..."}}.
constexpr const char* dispositions_fact = "outcomes/dispositions";

// As long after its deadline the resolver takes a write over.
constexpr std::int64_t abandoned_after_ms = 1'000;

std::map<std::int64_t, OutcomeDisposition> dispositions_in(const JournalReader& reader) {
  std::map<std::int64_t, OutcomeDisposition> found;
  const std::string text = reader.fact(dispositions_fact);
  if (text.empty()) return found;
  const auto value = json::parse(text, {64 * 1024 * 1024, 4, 5'000'000});
  // One that cannot be read is none: cutover waits, and a person says it again.
  if (!value || !value->is_object()) return found;
  for (const json::Member& member : value->members()) {
    std::int64_t id = 0;
    const char* end = member.key.data() + member.key.size();
    const auto read = std::from_chars(member.key.data(), end, id);
    const auto at = Timestamp::parse(member.value.get("at").text());
    if (read.ec != std::errc{} || read.ptr != end || !at) continue;
    found[id] = {member.value.get("by").text(), member.value.get("reason").text(), *at};
  }
  return found;
}

void keep(JournalTransaction& tx, const std::map<std::int64_t, OutcomeDisposition>& dispositions) {
  Value value = Value::object();
  for (const auto& [id, disposition] : dispositions) {
    Value one = Value::object();
    one.set("by", disposition.by);
    one.set("reason", disposition.reason);
    one.set("at", disposition.at.text());
    value.set(std::to_string(id), std::move(one));
  }
  tx.set_fact(dispositions_fact, json::write(value));
}

}  // namespace

bool outcome_is_unknown(const Intent& intent, Timestamp now) {
  return intent.state == IntentState::unknown || intent.orphaned ||
         now > intent.give_up_at.plus_ms(abandoned_after_ms);
}

std::vector<UnknownOutcome> unknown_outcomes(const JournalReader& reader, Timestamp now) {
  const auto dispositions = dispositions_in(reader);
  std::vector<UnknownOutcome> found;
  for (Intent& intent : reader.open_intents(std::numeric_limits<int>::max())) {
    if (!outcome_is_unknown(intent, now)) continue;
    UnknownOutcome one;
    const auto known = dispositions.find(intent.id);
    if (known != dispositions.end()) one.disposition = known->second;
    one.intent = std::move(intent);
    found.push_back(std::move(one));
  }
  return found;
}

DisposedOutcomes disposed_outcomes(const JournalReader& reader, const std::string& wave,
                                   Capability capability, std::int64_t plan_version,
                                   Timestamp now) {
  DisposedOutcomes disposed;
  for (const auto& [id, disposition] : dispositions_in(reader)) {
    // Sent again, it is its sender's until the deadline, and counts like any other write.
    const auto intent = reader.intent(id);
    if (!intent || intent->wave != wave || intent->capability != capability ||
        !outcome_is_unknown(*intent, now))
      continue;
    if (intent->state == IntentState::unknown) ++disposed.unknown;
    if (intent->plan_version != 0 && intent->plan_version < plan_version) ++disposed.of_older_plans;
  }
  return disposed;
}

Status dispose_of_outcome(AuditTrail& audit, std::int64_t id, const std::string& actor,
                          const std::string& reason, Timestamp now) {
  std::optional<Intent> intent;
  bool unknown = false;
  const Status written = audit.write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    intent = tx.intent(id);
    unknown = intent && outcome_is_unknown(*intent, now);
    if (!unknown) return false;
    auto dispositions = dispositions_in(tx);
    // Those of writes that have ended since.
    std::erase_if(dispositions, [&](const auto& one) { return !tx.intent(one.first); });
    dispositions[id] = {actor, reason, now};
    keep(tx, dispositions);
    AuditNote note;
    note.kind = "outcome_disposed";
    note.actor = actor;
    note.about = "outcome " + std::to_string(id);
    note.detail = Value::object();
    note.detail.set("capability", name(intent->capability));
    note.detail.set("operation", intent->operation);
    note.detail.set("subject", intent->subject);
    note.detail.set("side", name(intent->side));
    note.detail.set("since", intent->opened_at.text());
    note.detail.set("attempts", Value::integer(intent->attempts));
    note.detail.set("lastError", intent->last_error);
    note.detail.set("reason", reason);
    pen.add(note);
    return true;
  });
  if (written || written.error().code != ErrorCode::conflict) return written;
  if (!intent) {
    return Error{ErrorCode::not_found,
                 "no write " + std::to_string(id) + " with an unknown outcome is open"};
  }
  if (!unknown) {
    return Error{ErrorCode::conflict, "the sender of write " + std::to_string(id) +
                                          " still waits for its answer, until " +
                                          intent->give_up_at.text()};
  }
  return written;
}

}  // namespace underpin::facade
