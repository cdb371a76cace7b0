// The half of ReconcileDesk that shows what was found.
#include "facade/reconcile_desk.h"
#include "parity/csv.h"

#include <fstream>
#include <ostream>
#include <sstream>

namespace underpin::facade {

using json::Value;
using parity::csv_line;
using parity::reconcile::Difference;

namespace {

constexpr const char* confirmed_file = "confirmed.rows";

Value named(const std::vector<std::string>& names, const std::vector<std::string>& texts) {
  Value value = Value::object();
  for (std::size_t i = 0; i < names.size() && i < texts.size(); ++i) value.set(names[i], texts[i]);
  return value;
}

// Names of the columns in which both sides have other values: masked, they may look alike.
std::vector<std::string> differing(const std::vector<std::string>& columns,
                                   const Difference& difference) {
  std::vector<std::string> names;
  if (difference.kind != parity::reconcile::DifferenceKind::value) return names;
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (i < difference.legacy.size() && i < difference.cloud.size() &&
        difference.legacy[i] != difference.cloud[i])
      names.push_back(columns[i]);
  return names;
}

std::string in_one_line(const std::vector<std::string>& names) {
  std::string line;
  for (const std::string& name : names) line += (line.empty() ? "" : " ") + name;
  return line;
}

std::vector<std::string> csv_fields(const Difference& difference, std::size_t parts,
                                    std::size_t columns) {
  std::vector<std::string> fields{std::string(name(difference.kind)), difference.group};
  auto key = parity::reconcile::key_parts(difference.key);
  key.resize(parts);
  fields.insert(fields.end(), key.begin(), key.end());
  for (std::vector<std::string> values : {difference.legacy, difference.cloud}) {
    values.resize(columns);
    fields.insert(fields.end(), values.begin(), values.end());
  }
  return fields;
}

// "nav CRONUS\\EVA 2; nav CRONUS\\WMS 1"
std::string in_one_line(const Value& writers) {
  std::string line;
  for (const Value& one : writers.items()) {
    if (!line.empty()) line += "; ";
    line +=
        one.get("system").text() + " " + one.get("user").text() + " " + one.get("changes").text();
  }
  return line;
}

}  // namespace

struct ReconcileDesk::Lists {
  std::ostream* csv = nullptr;
  std::ostream* json = nullptr;
  std::function<void(const Difference&)> each = {};
};

Result<parity::Seal> ReconcileDesk::seal_of(const Reconciliation& now_at) const {
  if (now_at.posting || !SweepRows::is_personal(now_at.capability)) return parity::Seal{};
  if (!settings_.seal_key.empty()) return parity::Seal(settings_.seal_key);
  auto key = parity::own_seal_key((folder_ / "key").string());
  if (!key) return key.error();
  return parity::Seal(std::move(key).value());
}

Result<std::unique_ptr<RowFile>> ReconcileDesk::rows_to(const Reconciliation& now_at,
                                                        const std::string& file,
                                                        std::int64_t size) const {
  auto seal = seal_of(now_at);
  if (!seal) return seal.error();
  return RowFile::append_at(path_of(now_at.id, file), size, std::move(seal).value());
}

Result<std::unique_ptr<RowReader>> ReconcileDesk::rows_from(const Reconciliation& now_at,
                                                            const std::string& file,
                                                            std::int64_t from,
                                                            std::int64_t end) const {
  auto seal = seal_of(now_at);
  if (!seal) return seal.error();
  return RowReader::open(path_of(now_at.id, file), from, end, std::move(seal).value());
}

json::Value ReconcileDesk::shown(const Reconciliation& reconciliation, const Difference& difference,
                                 const std::map<std::string, Value>& writers, bool unmasked) const {
  const auto seen = [&](const std::vector<std::string>& values) {
    return unmasked ? values : rows_.masked(reconciliation.capability, values);
  };
  const auto columns = rows_.compared(reconciliation.capability);
  Value value = Value::object();
  value.set("kind", name(difference.kind));
  value.set("group", difference.group);
  value.set("key", named(rows_.shape(reconciliation.capability).key,
                         parity::reconcile::key_parts(difference.key)));
  if (!difference.legacy.empty()) value.set("legacy", named(columns, seen(difference.legacy)));
  if (!difference.cloud.empty()) value.set("cloud", named(columns, seen(difference.cloud)));
  const auto names = differing(columns, difference);
  if (!names.empty()) {
    Value differs = Value::array();
    for (const std::string& one : names) differs.push(one);
    value.set("differs", std::move(differs));
  }
  const auto who = writers.find(difference.key);
  if (who != writers.end()) value.set("changedBy", who->second);
  return value;
}

Result<std::unique_ptr<RowReader>> ReconcileDesk::confirmed(const Reconciliation& reconciliation,
                                                            std::int64_t from) const {
  if (!std::filesystem::exists(path_of(reconciliation.id, "groups.rows")))
    return Error{ErrorCode::not_found,
                 "its files are in the state folder of " + reconciliation.kept_by};
  // The file is not there while nothing differs.
  const std::string path = path_of(reconciliation.id, confirmed_file);
  if (reconciliation.confirmed_bytes == 0) {
    auto made = RowFile::append_at(path, 0);
    if (!made) return made.error();
  }
  return rows_from(reconciliation, confirmed_file, from, reconciliation.confirmed_bytes);
}

Result<ReconcileDesk::Differences> ReconcileDesk::differences(std::int64_t id, std::int64_t after,
                                                              int limit, bool unmasked) const {
  const auto known = get(id);
  if (!known) return known.error();
  Differences page;
  if (known->confirmed_bytes == 0) return page;
  if (after < 0 || after > known->confirmed_bytes)
    return Error{ErrorCode::invalid_request, "`after` is not of an earlier page"};
  auto reader = rows_from(*known, confirmed_file, after, known->confirmed_bytes);
  if (!reader && reader.error().code != ErrorCode::unavailable) return reader.error();
  if (!reader)
    return Error{ErrorCode::not_found, "its files are in the state folder of " + known->kept_by};
  const auto writers = writers_of(*known);
  Record record;
  while (page.items.size() < static_cast<std::size_t>(limit)) {
    const auto more = (*reader)->next(record);
    // From the beginning it can only be the file.
    if (!more && after == 0) return more.error();
    if (!more) return Error{ErrorCode::invalid_request, "`after` is not of an earlier page"};
    if (!*more) return page;
    const auto difference = known->posting ? std::nullopt : read_difference(record);
    const auto item = known->posting ? PostingSweep::shown(record)
                      : difference   ? std::optional(shown(*known, *difference, writers, unmasked))
                                     : std::nullopt;
    if (!item) return Error{ErrorCode::invalid_request, "`after` is not of an earlier page"};
    page.items.push_back(*item);
  }
  if ((*reader)->position() < known->confirmed_bytes) page.next = (*reader)->position();
  return page;
}

Result<json::Value> ReconcileDesk::groups(std::int64_t id) const {
  const auto known = get(id);
  if (!known) return known.error();
  if (known->posting) return PostingSweep::groups(folder_of(id));
  std::error_code failed;
  const auto size = std::filesystem::file_size(path_of(id, "groups.rows"), failed);
  if (failed) return Error{ErrorCode::not_found, "there are no totals yet, or not on this host"};
  auto reader = RowReader::open(path_of(id, "groups.rows"), 0, static_cast<std::int64_t>(size));
  if (!reader) return reader.error();
  const auto shape = rows_.shape(known->capability);
  const auto totals = [&](const Record& record) {
    Value value = Value::object();
    value.set("rows", Value::integer(std::stoll(record.at(1))));
    if (record.at(2) != "0") value.set("unreadable", Value::integer(std::stoll(record.at(2))));
    for (std::size_t i = 0; i < shape.columns.size() && 4 + i < record.size(); ++i)
      if (shape.columns[i].total) value.set(shape.columns[i].name, record[4 + i]);
    value.set("hashTotal", record.at(3));
    return value;
  };
  Value groups = Value::array();
  Record legacy;
  Record cloud;
  while (true) {
    const auto first = (*reader)->next(legacy);
    if (!first) return first.error();
    if (!*first) return groups;
    const auto second = (*reader)->next(cloud);
    if (!second) return second.error();
    if (!*second || legacy.size() < 4 || cloud.size() < 4)
      return Error{ErrorCode::internal, "the file of totals is torn"};
    Value group = Value::object();
    group.set("group", legacy[0]);
    group.set("legacy", totals(legacy));
    group.set("cloud", totals(cloud));
    groups.push(std::move(group));
  }
}

Status ReconcileDesk::list_all(const Reconciliation& now_at, bool unmasked, const Lists& to) const {
  const auto writers = writers_of(now_at);
  const bool names = now_at.capability == Capability::inventory;
  const auto shape = rows_.shape(now_at.capability);
  const auto columns = rows_.compared(now_at.capability);
  std::vector<std::string> head{"kind", "group"};
  head.insert(head.end(), shape.key.begin(), shape.key.end());
  for (const char* side : {"legacy", "cloud"})
    for (const std::string& column : columns) head.push_back(std::string(side) + "." + column);
  head.push_back("differs");
  if (names) head.push_back("changedBy");
  if (to.csv != nullptr) *to.csv << csv_line(head);
  const char* separator = "[\n";
  // confirmed.rows is not there while nothing has been confirmed.
  if (now_at.confirmed_bytes > 0) {
    auto reader = rows_from(now_at, confirmed_file, 0, now_at.confirmed_bytes);
    if (!reader) return reader.error();
    Record record;
    while (true) {
      const auto more = (*reader)->next(record);
      if (!more) return more.error();
      if (!*more) break;
      const auto difference = read_difference(record);
      if (!difference) return Error{ErrorCode::conflict, "a file of differences is torn"};
      if (to.each) to.each(*difference);
      if (to.csv != nullptr) {
        Difference seen = *difference;
        if (!unmasked) {
          seen.legacy = rows_.masked(now_at.capability, std::move(seen.legacy));
          seen.cloud = rows_.masked(now_at.capability, std::move(seen.cloud));
        }
        auto fields = csv_fields(seen, shape.key.size(), columns.size());
        fields.push_back(in_one_line(differing(columns, *difference)));
        const auto who = writers.find(difference->key);
        if (names) fields.push_back(who == writers.end() ? "" : in_one_line(who->second));
        *to.csv << csv_line(fields);
      }
      if (to.json != nullptr)
        *to.json << separator << json::write(shown(now_at, *difference, writers, unmasked));
      separator = ",\n";
    }
  }
  if (to.json != nullptr) *to.json << (*separator == '[' ? "[\n]\n" : "\n]\n");
  return Done{};
}

Status ReconcileDesk::write_files(Reconciliation& now_at) const {
  // While not every change is carried, a difference accuses nobody.
  const bool carried = every_change_is_carried(now_at.capability);
  now_at.undeclared.clear();
  std::ofstream csv(path_of(now_at.id, "differences.csv"), std::ios::binary | std::ios::trunc);
  std::ofstream text(path_of(now_at.id, "differences.json"), std::ios::binary | std::ios::trunc);
  const Status listed =
      list_all(now_at, false,
               {&csv, &text, [&](const Difference& difference) {
                  if (!carried) return;
                  for (const std::string& column : rows_.undeclared(now_at.capability, difference))
                    ++now_at.undeclared[column];
                }});
  if (!listed) return listed;
  csv.flush();
  text.flush();
  if (!csv || !text)
    return Error{ErrorCode::unavailable,
                 "the differences cannot be written to " + folder_of(now_at.id).string()};
  return Done{};
}

Result<std::string> ReconcileDesk::file(std::int64_t id, const std::string& format,
                                        bool unmasked) const {
  const auto known = get(id);
  if (!known) return known.error();
  if (known->state != "done")
    return Error{ErrorCode::conflict, "reconciliation " + std::to_string(id) + " is not done"};
  std::ifstream file(path_of(id, "differences." + format), std::ios::binary);
  if (!file)
    return Error{ErrorCode::not_found, "its files are in the state folder of " + known->kept_by};
  std::ostringstream text;
  if (known->posting) {
    text << file.rdbuf();
    return text.str();
  }
  // Made anew: the file that is there may be one of a release that masked nothing.
  Lists to;
  (format == "csv" ? to.csv : to.json) = &text;
  if (const Status listed = list_all(*known, unmasked, to); !listed) return listed.error();
  return text.str();
}

json::Value shown(const Reconciliation& at, const ReconcileProgress& progress, Timestamp now) {
  Value value = Value::object();
  value.set("id", Value::integer(at.id));
  value.set("capability", at.what());
  if (at.posting) {
    value.set("from", at.from.text());
    value.set("to", at.to.text());
  }
  value.set("state", at.state);
  value.set("actor", at.actor);
  value.set("reason", at.reason);
  value.set("startedAt", at.started_at.text());
  if (!at.ended_at.empty()) {
    value.set("endedAt", at.ended_at.text());
    value.set("ageSeconds", Value::integer((now.micros - at.ended_at.micros) / 1'000'000));
  }
  if (!at.waits.empty()) value.set("waitsFor", at.waits);
  for (const Side side : {Side::legacy, Side::cloud}) {
    const SweepState& own = at.on(side);
    Value swept = Value::object();
    swept.set("rows", Value::integer(own.rows));
    swept.set("complete", Value::boolean(own.complete));
    if (own.left_out > 0) swept.set("leftOut", Value::integer(own.left_out));
    if (!own.source_as_of.empty()) swept.set("sourceAsOf", own.source_as_of.text());
    if (!own.begun_at.empty()) swept.set("asOfFrom", own.begun_at.text());
    if (!own.ended_at.empty()) swept.set("asOfTo", own.ended_at.text());
    value.set(std::string(name(side)), std::move(swept));
  }
  if (!at.cut_off.empty()) {
    if (!at.basis.empty()) value.set("basis", at.basis);
    value.set("cutOff", at.cut_off.text());
    if (!at.arrived.empty()) value.set("arrivedAt", at.arrived.text());
    if (at.snapshot > 0) value.set("snapshot", Value::integer(at.snapshot));
  }
  if (at.posting) value.set("counts", counts_value(at.counts));
  if (at.running()) {
    Value way = Value::object();
    way.set("done", Value::integer(progress.done));
    if (progress.total > 0) way.set("total", Value::integer(progress.total));
    if (progress.seconds_left) way.set("secondsLeft", Value::integer(*progress.seconds_left));
    value.set("progress", std::move(way));
  }
  if (at.state == "verifying" || at.state == "done") {
    value.set("equal", Value::integer(at.equal));
    value.set("differedWhenSwept", Value::integer(at.differed));
    value.set("converged", Value::integer(at.converged));
    value.set("onItsWay", Value::integer(at.on_its_way));
    value.set("notMirrored", Value::integer(at.not_mirrored));
    value.set("unsettled", Value::integer(at.unsettled));
    for (const auto& [column, amount] : at.apart) value.set(column + "Apart", amount.text());
    value.set("different", Value::integer(at.different()));
    value.set("differences", counts_value(at.differences));
    if (!at.not_compared.empty()) value.set("notCompared", counts_value(at.not_compared));
    if (!at.undeclared.empty()) value.set("undeclaredWriters", counts_value(at.undeclared));
    if (!at.rogue.empty()) value.set("rogueWriters", rogue_value(at));
    if (!at.posting && at.different() > 0 && !at.writers_not_told.empty()) {
      Value systems = Value::array();
      for (const std::string& system : at.writers_not_told) systems.push(system);
      value.set("writersNotTold", std::move(systems));
    }
  }
  return value;
}

}  // namespace underpin::facade
