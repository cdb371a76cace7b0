// The part of ReconcileDesk that asks who has changed what differs.
#include "facade/reconcile_desk.h"

#include <algorithm>

namespace underpin::facade {

using json::Value;
using parity::reconcile::Difference;

namespace {

constexpr std::int64_t look_back_ms = std::int64_t{30} * 86'400'000;
constexpr std::size_t keys_max = 100'000;  // Whose writers are shown.
constexpr std::size_t users_max = 20;      // Of one key; all are counted.
constexpr const char* writers_file = "writers.rows";

CallContext calling() {
  CallContext context;
  context.correlation_id = CorrelationId{"reconcile"};
  context.deadline = deadline_in(std::chrono::milliseconds(30'000));
  return context;
}

struct Changes {
  std::int64_t count = 0;
  Timestamp last;
};

}  // namespace

bool ReconcileDesk::every_change_is_carried(Capability capability) const {
  const cutover::Rollout rollout = plans_.plan(capability).rollout;
  return cutover::rule(rollout.lowest()).mirror_writes &&
         cutover::rule(rollout.highest()).mirror_writes;
}

Status ReconcileDesk::tell_writers(Reconciliation& now_at, const std::vector<Difference>& confirmed,
                                   std::vector<Record>& records) const {
  if (confirmed.empty()) return Done{};
  auto rogue = now_at.rogue;
  const bool accuses = every_change_is_carried(now_at.capability);
  for (const Side side : {Side::legacy, Side::cloud}) {
    const std::string& system = systems_.on(side).name;
    if (!rows_.names_writers(side, now_at.capability)) {
      now_at.writers_not_told.insert(system);
      continue;
    }
    const auto declared = settings_.stock_posted_by.find(system);
    for (const Difference& one : confirmed) {
      const auto movements =
          rows_.movements_of(side, parity::reconcile::key_parts(one.key),
                             now_at.started_at.plus_ms(-look_back_ms), calling());
      if (!movements) return movements.error();
      std::map<std::string, Changes> users;
      for (const StockMovement& movement : *movements) {
        if (movement.changed_by.empty()) continue;
        Changes& of = users[movement.changed_by];
        ++of.count;
        of.last = std::max(of.last, movement.changed_at);
      }
      const auto is_known = [&](const std::string& user) {
        return declared == settings_.stock_posted_by.end() || declared->second.count(user) > 0;
      };
      // Those whom nobody declares first, then those with the most changes.
      std::vector<std::pair<std::string, Changes>> most(users.begin(), users.end());
      std::stable_sort(most.begin(), most.end(), [&](const auto& a, const auto& b) {
        return std::pair(is_known(a.first), -a.second.count) <
               std::pair(is_known(b.first), -b.second.count);
      });
      for (std::size_t i = 0; i < most.size(); ++i) {
        const auto& [user, changes] = most[i];
        if (!is_known(user) && accuses) rogue[{system, user}] += changes.count;
        if (i >= users_max) continue;
        records.push_back({one.key, system, user, std::to_string(changes.count),
                           changes.last.empty() ? std::string() : changes.last.text(),
                           is_known(user) ? "" : "undeclared"});
      }
    }
  }
  now_at.rogue = std::move(rogue);
  return Done{};
}

std::map<std::string, Value> ReconcileDesk::writers_of(const Reconciliation& reconciliation) const {
  std::map<std::string, Value> writers;
  if (reconciliation.writer_bytes == 0) return writers;
  auto reader =
      RowReader::open(path_of(reconciliation.id, writers_file), 0, reconciliation.writer_bytes);
  if (!reader) return writers;
  Record record;
  while (true) {
    const auto more = (*reader)->next(record);
    if (!more || !*more || record.size() != 6) return writers;
    auto at = writers.find(record[0]);
    if (at == writers.end()) {
      if (writers.size() >= keys_max) return writers;
      at = writers.emplace(record[0], Value::array()).first;
    }
    Value one = Value::object();
    one.set("system", record[1]);
    one.set("user", record[2]);
    one.set("changes", Value::integer(std::stoll(record[3])));
    if (!record[4].empty()) one.set("last", record[4]);
    one.set("declared", Value::boolean(record[5].empty()));
    at->second.push(std::move(one));
  }
}

}  // namespace underpin::facade
