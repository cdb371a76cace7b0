// What a recovery keeps in the journal: its state, and the positions that it begins at.
#include "facade/recovery.h"

namespace underpin::facade {

using journal::JournalReader;
using journal::JournalTransaction;
using json::Value;

namespace {

constexpr const char* state_fact = "recovery";

// ---- state

Timestamp time_in(const Value& value, const char* key) {
  const auto time = Timestamp::parse(value.get(key).text());
  return time ? *time : Timestamp{};
}

std::int64_t number_in(const Value& value, const char* key, std::int64_t fallback = 0) {
  const auto number = value.get(key).as_int();
  return number ? *number : fallback;
}

RecoveryState read_state(const std::string& text) {
  RecoveryState state;
  const auto value = json::parse(text);
  if (!value || !value->is_object()) return state;
  state.state = value->get("state").text();
  const auto dry = value->get("dryRun").as_bool();
  state.dry_run = dry && *dry;
  state.epoch = number_in(*value, "epoch", 1);
  state.taken_at = time_in(*value, "backupTakenAt");
  state.restored_at = time_in(*value, "restoredAt");
  state.started_at = time_in(*value, "startedAt");
  state.ended_at = time_in(*value, "endedAt");
  state.actor = value->get("actor").text();
  state.reason = value->get("reason").text();
  state.overlap_ms = number_in(*value, "overlapMs");
  state.phase = value->get("phase").text();
  state.cursor = value->get("cursor").text();
  for (const Value& one : value->get("doneOfPage").items())
    state.done_of_page.push_back(one.text());
  for (const json::Member& one : value->get("failing").members()) {
    RecoveryState::Failing& failing = state.failing[one.key];
    failing.looks = number_in(one.value, "looks");
    failing.since = time_in(one.value, "since");
    const auto left = one.value.get("left").as_bool();
    failing.left = left && *left;
  }
  state.step = number_in(*value, "step");
  state.round = static_cast<int>(number_in(*value, "round"));
  for (const json::Member& count : value->get("counts").members())
    state.counts[count.key] = number_in(value->get("counts"), count.key.c_str());
  for (const Value& difference : value->get("differences").items())
    state.differences.push_back(difference.text());
  state.waits = value->get("waitsFor").text();
  return state;
}

std::string closed_because(Timestamp taken_at) {
  return "The journal was restored from a backup of " + taken_at.text() +
         ": writes are closed until `underpin recover` has read what the ERPs hold since.";
}
// ---- positions of feeds

constexpr std::int64_t slots = 60;
constexpr std::int64_t slot_ms = 60'000;

std::string position_fact(const std::string& system, const std::string& feed, std::int64_t slot) {
  return "position/" + system + "/" + feed + "/" + std::to_string(slot);
}

struct Position {
  Timestamp at;
  std::string cursor;
};

std::optional<Position> position_in(const std::string& fact) {
  const std::size_t blank = fact.find(' ');
  const auto at = Timestamp::parse(fact.substr(0, blank));
  if (blank == std::string::npos || !at) return std::nullopt;
  return Position{*at, fact.substr(blank + 1)};
}

}  // namespace

json::Value to_json(const RecoveryState& state) {
  Value value = Value::object();
  value.set("state", state.state);
  value.set("dryRun", Value::boolean(state.dry_run));
  value.set("epoch", Value::integer(state.epoch));
  const auto time = [&](const char* key, Timestamp at) {
    if (!at.empty()) value.set(key, at.text());
  };
  time("backupTakenAt", state.taken_at);
  time("restoredAt", state.restored_at);
  time("startedAt", state.started_at);
  time("endedAt", state.ended_at);
  value.set("actor", state.actor);
  value.set("reason", state.reason);
  value.set("overlapMs", Value::integer(state.overlap_ms));
  value.set("phase", state.phase);
  value.set("cursor", state.cursor);
  Value done = Value::array();
  for (const std::string& one : state.done_of_page) done.push(one);
  if (!done.empty()) value.set("doneOfPage", std::move(done));
  if (!state.failing.empty()) {
    Value failing = Value::object();
    for (const auto& [name, one] : state.failing) {
      Value as_kept = Value::object();
      as_kept.set("looks", Value::integer(one.looks));
      as_kept.set("since", one.since.text());
      if (one.left) as_kept.set("left", Value::boolean(true));
      failing.set(name, std::move(as_kept));
    }
    value.set("failing", std::move(failing));
  }
  value.set("step", Value::integer(state.step));
  value.set("round", Value::integer(state.round));
  Value counts = Value::object();
  for (const auto& [name, count] : state.counts) counts.set(name, Value::integer(count));
  value.set("counts", std::move(counts));
  Value differences = Value::array();
  for (const std::string& difference : state.differences) differences.push(difference);
  value.set("differences", std::move(differences));
  if (!state.waits.empty()) value.set("waitsFor", state.waits);
  return value;
}

void keep_recovery(JournalTransaction& tx, const RecoveryState& state) {
  tx.set_fact(state_fact, json::write(to_json(state)));
}

RecoveryState recovery_in(const JournalReader& reader) {
  const std::string text = reader.fact(state_fact);
  RecoveryState state;
  if (!text.empty()) state = read_state(text);
  state.epoch = journal::epoch_in(reader);
  return state;
}

Result<journal::Restored> restore_closed(const journal::StoreSettings& store,
                                         const std::string& file, const std::string& actor,
                                         Timestamp now) {
  return journal::restore(store, file, now,
                          [&](JournalTransaction& tx, const journal::Restored& restored) {
                            RecoveryState state;
                            state.state = "closed";
                            state.taken_at = restored.backup.taken_at;
                            state.restored_at = now;
                            state.actor = actor;
                            tx.set_fact(journal::closed_fact, closed_because(state.taken_at));
                            keep_recovery(tx, state);
                            AuditNote note;
                            note.kind = "restored";
                            note.actor = actor;
                            note.about = "all";
                            note.detail.set("backupTakenAt", state.taken_at.text());
                            note.detail.set("backupChecksum", restored.backup.checksum);
                            note.detail.set("backupEpoch", Value::integer(restored.backup.epoch));
                            note.detail.set("epoch", Value::integer(restored.epoch));
                            if (!restored.kept.empty())
                              note.detail.set("formerContent", restored.kept);
                            AuditTrail::Pen(tx, now).add(note);
                          });
}

void note_position(JournalTransaction& tx, const std::string& system, const std::string& feed,
                   const std::string& cursor, Timestamp now) {
  const std::int64_t minute = now.micros / 1000 / slot_ms;
  const std::string name = position_fact(system, feed, minute % slots);
  const auto noted = position_in(tx.fact(name));
  if (noted && noted->at.micros / 1000 / slot_ms == minute) return;
  tx.set_fact(name, now.text() + " " + cursor);
}

std::optional<std::string> position_at(const JournalReader& reader, const std::string& system,
                                       const std::string& feed, Timestamp at, bool or_oldest) {
  std::optional<Position> newest;
  std::optional<Position> oldest;
  for (std::int64_t slot = 0; slot < slots; ++slot) {
    const auto noted = position_in(reader.fact(position_fact(system, feed, slot)));
    if (!noted) continue;
    if (!oldest || noted->at < oldest->at) oldest = noted;
    if (noted->at <= at && (!newest || newest->at < noted->at)) newest = noted;
  }
  if (!newest && or_oldest) newest = oldest;
  if (!newest) return std::nullopt;
  return newest->cursor;
}

Result<std::set<std::string>> names_in(const std::string& fact) {
  std::set<std::string> names;
  if (fact.empty()) return names;
  const auto value = json::parse(fact, {64 * 1024 * 1024, 4, 5'000'000});
  if (!value || !value->is_array())
    return Error{ErrorCode::internal, "a list of names in the journal cannot be read" +
                                          (value ? std::string{} : ": " + value.error().message)};
  for (const Value& one : value->items()) names.insert(one.text());
  return names;
}

std::string text_of(const std::set<std::string>& names) {
  Value list = Value::array();
  for (const std::string& one : names) list.push(one);
  return json::write(list);
}

}  // namespace underpin::facade
