#include "facade/legacy_history.h"

#include <algorithm>
#include <map>

namespace underpin::facade {
namespace {

using json::Value;

// Columns of a line of an open order (sweep_rows.cpp).
constexpr std::size_t location_at = 3;
constexpr std::size_t discount_at = 6;
constexpr std::int64_t hour_ms = 3'600'000;

std::string fact_name(Capability capability) {
  return "gate/history/" + std::string(name(capability));
}

std::map<std::string, Timestamp> kept_in(const journal::JournalReader& reader,
                                         Capability capability) {
  std::map<std::string, Timestamp> kept;
  const auto value = json::parse(reader.fact(fact_name(capability)));
  if (!value) return kept;
  for (const json::Member& one : value->members()) {
    const auto at = Timestamp::parse(one.value.text());
    if (at) kept[one.key] = *at;
  }
  return kept;
}

std::set<std::string> classes_of_orders(const std::vector<SweepRow>& rows) {
  std::set<std::string> classes;
  std::map<std::string, std::set<std::string>> locations;
  std::map<std::string, int> lines;
  for (const SweepRow& row : rows) {
    if (row.key.empty() || row.values.size() <= discount_at) continue;
    if (!row.group.empty()) classes.insert("currency " + row.group);
    ++lines[row.key[0]];
    locations[row.key[0]].insert(row.values[location_at]);
    const auto discount = Decimal::parse(row.values[discount_at]);
    if (discount && !discount->is_zero()) classes.insert("adjusted lines");
  }
  for (const auto& [order, count] : lines) classes.insert(count > 1 ? "several lines" : "one line");
  for (const auto& [order, places] : locations)
    if (places.size() > 1) classes.insert("several locations");
  return classes;
}

}  // namespace

std::set<std::string> classes_of(Capability capability, const std::vector<SweepRow>& rows) {
  if (capability == Capability::orders) return classes_of_orders(rows);
  std::set<std::string> classes;
  if (capability == Capability::inventory)
    for (const SweepRow& row : rows) classes.insert("location " + row.group);
  return classes;
}

std::set<std::string> history_in(const journal::JournalReader& reader, Capability capability,
                                 Timestamp since) {
  std::set<std::string> classes;
  for (const auto& [one, at] : kept_in(reader, capability))
    if (at > since) classes.insert(one);
  return classes;
}

Status note_history(journal::Journal& journal, Capability capability,
                    const std::set<std::string>& classes, Timestamp at) {
  std::set<std::string> known;
  const Status read = journal.read([&](const journal::JournalReader& reader) {
    known = history_in(reader, capability, at.plus_ms(-hour_ms));
  });
  if (!read || std::includes(known.begin(), known.end(), classes.begin(), classes.end()))
    return read;
  return journal.write([&](journal::JournalTransaction& tx) {
    auto kept = kept_in(tx, capability);
    for (const std::string& one : classes) kept[one] = at;
    Value value = Value::object();
    for (const auto& [one, seen] : kept) value.set(one, seen.text());
    tx.set_fact(fact_name(capability), json::write(value));
    return true;
  });
}

}  // namespace underpin::facade
