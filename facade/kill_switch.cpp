#include "facade/kill_switch.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

namespace underpin::facade {
namespace {

using json::Value;

Value to_json(const KillSwitch::State& state) {
  Value value = Value::object();
  value.set("killed", Value::boolean(state.killed));
  value.set("reason", state.reason);
  value.set("actor", state.actor);
  value.set("at", state.at.text());
  return value;
}

std::optional<KillSwitch::State> state_in(const Value& value) {
  KillSwitch::State state;
  const auto killed = value.get("killed").as_bool();
  const auto at = Timestamp::parse(value.get("at").text());
  if (!killed || !at) return std::nullopt;
  state.killed = *killed;
  state.at = *at;
  state.reason = value.get("reason").text();
  state.actor = value.get("actor").text();
  return state;
}

std::string fact_name(std::size_t target) {
  return "kill_switch/" + KillSwitch::target_name(target);
}

Error not_kept(const std::string& file, const char* doing) {
  return {ErrorCode::unavailable, file + " cannot be " + doing + ": " + std::strerror(errno) +
                                      "; the switch is in force, but a restart would forget it"};
}

// On disk before it takes the old file's place.
Status replace_file(const std::string& file, const std::string& text) {
  const std::string fresh = file + ".new";
  const int handle = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (handle < 0) return not_kept(fresh, "written");
  bool whole = ::write(handle, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  whole = ::fsync(handle) == 0 && whole;
  whole = ::close(handle) == 0 && whole;
  if (!whole) return not_kept(fresh, "written");
  if (std::rename(fresh.c_str(), file.c_str()) != 0) return not_kept(file, "replaced");
  return Done{};
}

}  // namespace

std::optional<std::size_t> KillSwitch::parse_target(std::string_view text) {
  if (text == "all") return all;
  const auto capability = parse_capability(text);
  if (!capability) return std::nullopt;
  return static_cast<std::size_t>(*capability);
}

std::string KillSwitch::target_name(std::size_t target) {
  return target == all ? std::string("all") : std::string(name(all_capabilities[target]));
}

Status KillSwitch::load() {
  std::ifstream stream(file_, std::ios::binary);
  if (!stream) return Done{};  // Never used.
  std::ostringstream bytes;
  bytes << stream.rdbuf();
  const auto value = json::parse(bytes.str());
  const Error unreadable{ErrorCode::internal,
                         file_ +
                             " cannot be read; mend or remove it: it says which capabilities "
                             "are switched off"};
  if (!value || !value->is_object()) return unreadable;
  const std::lock_guard lock(mutex_);
  for (const json::Member& member : value->get("targets").members()) {
    const auto target = parse_target(member.key);
    const auto state = state_in(member.value);
    if (!target || !state) return unreadable;
    apply(lock, *target, *state);
  }
  for (const Value& one : value->get("pending").items()) {
    const auto target = parse_target(one.get("target").text());
    const auto state = state_in(one);
    if (!target || !state) return unreadable;
    pending_.push_back({*target, *state});
  }
  return Done{};
}

void KillSwitch::apply(const std::lock_guard<std::mutex>&, std::size_t target, State state) {
  const unsigned bit = 1u << target;
  if (state.killed) {
    killed_ |= bit;
  } else {
    killed_ &= ~bit;
  }
  states_[target] = std::move(state);
}

Status KillSwitch::save(const std::lock_guard<std::mutex>&) {
  Value targets = Value::object();
  for (std::size_t target = 0; target <= all; ++target)
    if (!states_[target].at.empty()) targets.set(target_name(target), to_json(states_[target]));
  Value pending = Value::array();
  for (const Pending& one : pending_) {
    Value value = to_json(one.state);
    value.set("target", target_name(one.target));
    pending.push(std::move(value));
  }
  Value whole = Value::object();
  whole.set("targets", std::move(targets));
  whole.set("pending", std::move(pending));
  return replace_file(file_, json::write_pretty(whole) + "\n");
}

Status KillSwitch::set(std::size_t target, bool killed, const std::string& actor,
                       const std::string& reason) {
  const std::lock_guard lock(mutex_);
  State state{killed, reason, actor, now_()};
  // Later than the one before, so that every replica agrees which is the last.
  if (state.at <= states_[target].at) state.at = {states_[target].at.micros + 1};
  apply(lock, target, state);
  pending_.push_back({target, std::move(state)});
  return save(lock);
}

std::optional<KillSwitch::State> KillSwitch::refusal(Capability capability) const {
  const auto own = static_cast<std::size_t>(capability);
  if ((killed_.load() & ((1u << own) | (1u << all))) == 0) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (states_[own].killed) return states_[own];
  if (states_[all].killed) return states_[all];
  return std::nullopt;
}

KillSwitch::State KillSwitch::state(std::size_t target) const {
  const std::lock_guard lock(mutex_);
  return states_[target];
}

bool KillSwitch::audit_pending() const {
  const std::lock_guard lock(mutex_);
  return !pending_.empty();
}

bool KillSwitch::meet_journal(journal::Journal& journal, AuditTrail& audit) {
  std::vector<Pending> pending;
  {
    const std::lock_guard lock(mutex_);
    pending = pending_;
  }
  if (!pending.empty()) {
    const Status kept = audit.write([&](journal::JournalTransaction& tx, AuditTrail::Pen& pen) {
      (void)tx.lock_audit();
      for (const Pending& one : pending) {
        const auto known = json::parse(tx.fact(fact_name(one.target)));
        const auto before = known ? state_in(*known) : std::nullopt;
        if (before && one.state.at <= before->at) continue;  // It is there already.
        tx.set_fact(fact_name(one.target), json::write(to_json(one.state)));
        AuditNote note;
        note.kind = one.state.killed ? "kill" : "unkill";
        note.actor = one.state.actor;
        note.about = target_name(one.target);
        note.detail.set("reason", one.state.reason);
        note.detail.set("setAt", one.state.at.text());
        pen.add(note);
      }
      return true;
    });
    if (!kept) return false;
    const std::lock_guard lock(mutex_);
    pending_.erase(pending_.begin(),
                   pending_.begin() + static_cast<std::ptrdiff_t>(pending.size()));
    (void)save(lock).has_value();  // Left behind, an entry is recognised by its time.
  }
  std::array<std::optional<State>, all + 1> elsewhere;
  const Status read = journal.read([&](const journal::JournalReader& reader) {
    for (std::size_t target = 0; target <= all; ++target) {
      const auto value = json::parse(reader.fact(fact_name(target)));
      if (value) elsewhere[target] = state_in(*value);
    }
  });
  if (!read) return false;
  const std::lock_guard lock(mutex_);
  bool changed = false;
  for (std::size_t target = 0; target <= all; ++target) {
    if (!elsewhere[target] || elsewhere[target]->at <= states_[target].at) continue;
    apply(lock, target, *elsewhere[target]);
    changed = true;
  }
  if (changed) (void)save(lock).has_value();
  return true;
}

}  // namespace underpin::facade
