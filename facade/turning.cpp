#include "facade/turning.h"

#include "contracts/json/json_text.h"
#include "cutover/transition.h"

namespace underpin::facade {

std::string turning_fact(const std::string& wave) { return "turning/" + wave + "/customers"; }

namespace {

using journal::JournalReader;
using journal::JournalTransaction;

std::string unread_name(const std::string& wave) { return "left_unread/" + wave + "/customers"; }

// The sides that some customer leaves on the way from one rollout to the other.
std::set<Side> sides_left(const cutover::Rollout& before, const cutover::Rollout& after) {
  std::set<Side> primaries;
  for (const cutover::Stage stage : {before.from, before.to, after.from, after.to})
    primaries.insert(cutover::rule(stage).primary);
  std::set<Side> left;
  if (primaries.size() < 2) return left;
  if (cutover::moves_forward(before, after)) left.insert(Side::legacy);
  if (cutover::moves_forward(after, before)) left.insert(Side::cloud);
  return left;
}

void keep(JournalTransaction& tx, const std::string& wave, const Turning& turning) {
  json::Value value = json::Value::object();
  value.set("before", cutover::write_plan(turning.before));
  value.set("beforeVersion", json::Value::integer(turning.before.version));
  value.set("version", json::Value::integer(turning.version));
  value.set("since", json::Value::integer(turning.since.micros));
  json::Value left = json::Value::array();
  for (const Side side : turning.left) left.push(name(side));
  value.set("left", std::move(left));
  tx.set_fact(turning_fact(wave), turning.left.empty() ? "" : json::write(value));
}

}  // namespace

std::optional<Turning> turning_in(const JournalReader& reader, const std::string& wave) {
  return read_turning(reader.fact(turning_fact(wave)), wave);
}

std::optional<Turning> read_turning(const std::string& fact, const std::string& wave) {
  if (fact.empty()) return std::nullopt;
  const auto value = json::parse(fact);
  if (!value) return std::nullopt;
  const auto number = [&](const char* member) {
    const auto read = value->get(member).as_int();
    return read ? *read : std::int64_t{0};
  };
  const auto before = cutover::read_plan(value->get("before").text(), wave, Capability::customers,
                                         number("beforeVersion"));
  if (!before) return std::nullopt;
  Turning turning;
  turning.before = *before;
  turning.version = number("version");
  turning.since = {number("since")};
  for (const json::Value& side : value->get("left").items())
    if (const auto known = parse_side(side.text())) turning.left.insert(*known);
  return turning;
}

cutover::Plan as_routed(const JournalReader& reader, const cutover::Plan& plan) {
  if (plan.capability != Capability::customers) return plan;
  return as_routed(turning_in(reader, plan.wave), plan);
}

cutover::Plan as_routed(const std::optional<Turning>& turning, const cutover::Plan& plan) {
  if (!turning) return plan;
  cutover::Plan routed = plan;
  routed.rollout = turning->before.rollout;
  return routed;
}

std::string in_words(const Turning& turning) {
  std::string sides;
  for (const Side side : turning.left)
    sides += (sides.empty() ? "" : " and ") + std::string(name(side));
  return "customers stay where they were until what users changed there last, in " + sides +
         ", has been taken over";
}

void begin_turning(JournalTransaction& tx, const cutover::Plan& current, const cutover::Plan& next,
                   Timestamp now) {
  if (current.capability != Capability::customers || !tx.rules().last_changes) return;
  const auto earlier = turning_in(tx, current.wave);
  Turning turning;
  turning.before = earlier ? earlier->before : current;
  turning.version = current.version + 1;
  turning.since = now;
  turning.left = sides_left(turning.before.rollout, next.rollout);
  if (earlier || !turning.left.empty()) keep(tx, current.wave, turning);
  // The step before had not turned everybody yet: users may have worked in the ERP that it named.
  if (earlier && !earlier->left.empty())
    tx.set_fact(unread_name(current.wave), std::string(name(other(*earlier->left.begin()))));
}

void last_changes_taken(JournalTransaction& tx, const std::string& wave, std::int64_t version,
                        Side side) {
  auto turning = turning_in(tx, wave);
  if (!turning || turning->version != version || turning->left.erase(side) == 0) return;
  keep(tx, wave, *turning);
}

bool turn_without(JournalTransaction& tx, const std::string& wave, std::int64_t limit_ms,
                  Timestamp now) {
  auto turning = turning_in(tx, wave);
  if (!turning || now < turning->since.plus_ms(limit_ms) || turning->left.erase(Side::cloud) == 0)
    return false;
  keep(tx, wave, *turning);
  tx.set_fact(unread_name(wave), std::string(name(Side::cloud)));
  journal::ExceptionRecord exception;
  exception.kind = "last_changes_missing";
  exception.capability = Capability::customers;
  exception.wave = wave;
  exception.side = Side::cloud;
  exception.detail =
      "customers went back to legacy without what the cloud's users changed last: "
      "the cloud could not be read for " +
      std::to_string(limit_ms / 1000) +
      " s. When it can be, each customer that differs is raised by itself";
  tx.add_exception(exception, now);
  return true;
}

std::optional<Side> left_unread(const JournalReader& reader, const std::string& wave) {
  return parse_side(reader.fact(unread_name(wave)));
}

void now_read(JournalTransaction& tx, const std::string& wave) {
  tx.set_fact(unread_name(wave), "");
}

}  // namespace underpin::facade
