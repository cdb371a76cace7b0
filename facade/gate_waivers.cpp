#include "facade/gate_waivers.h"

namespace underpin::facade {
namespace {

using json::Value;

std::string fact_name(Capability capability) {
  return "gate/waivers/" + std::string(name(capability));
}

Timestamp time_of(const Value& value) {
  const auto read = Timestamp::parse(value.text());
  return read ? *read : Timestamp{};
}

}  // namespace

Value to_json(const Waiver& waiver) {
  Value value = Value::object();
  value.set("id", Value::integer(waiver.id));
  value.set("cell", waiver.cell);
  if (waiver.to) value.set("to", cutover::name(*waiver.to));
  value.set("reason", waiver.reason);
  value.set("by", waiver.by);
  value.set("until", waiver.until.text());
  value.set("actor", waiver.actor);
  value.set("at", waiver.at.text());
  if (!waiver.revoked_by.empty()) value.set("revokedBy", waiver.revoked_by);
  return value;
}

std::vector<Waiver> waivers_in(const journal::JournalReader& reader, Capability capability) {
  std::vector<Waiver> waivers;
  const auto kept = json::parse(reader.fact(fact_name(capability)));
  if (!kept) return waivers;
  for (const Value& item : kept->items()) {
    Waiver waiver;
    const auto id = item.get("id").as_int();
    waiver.id = id ? *id : 0;
    waiver.cell = item.get("cell").text();
    waiver.reason = item.get("reason").text();
    waiver.by = item.get("by").text();
    waiver.until = time_of(item.get("until"));
    waiver.actor = item.get("actor").text();
    waiver.at = time_of(item.get("at"));
    waiver.revoked_by = item.get("revokedBy").text();
    waiver.to = cutover::parse_stage(item.get("to").text());
    waivers.push_back(std::move(waiver));
  }
  return waivers;
}

std::vector<Waiver> waivers_for(const journal::JournalReader& reader, Capability capability,
                                cutover::Stage to) {
  std::vector<Waiver> waivers = waivers_in(reader, capability);
  std::erase_if(waivers, [&](const Waiver& waiver) { return waiver.to != to; });
  return waivers;
}

void keep(journal::JournalTransaction& tx, Capability capability,
          const std::vector<Waiver>& waivers) {
  Value list = Value::array();
  for (const Waiver& waiver : waivers) list.push(to_json(waiver));
  tx.set_fact(fact_name(capability), json::write(list));
}

const Waiver* waiver_for(const std::vector<Waiver>& waivers, const std::string& cell,
                         Timestamp now) {
  for (const Waiver& waiver : waivers)
    if (waiver.cell == cell && waiver.in_force(now)) return &waiver;
  return nullptr;
}

}  // namespace underpin::facade
