#include "facade/snapshots.h"

#include "facade/digest.h"
#include "facade/host_name.h"
#include "facade/observe.h"
#include "facade/pricing.h"
#include "parity/reconcile/sorter.h"
#include "parity/zones.h"

#include <algorithm>
#include <cstring>

namespace underpin::facade {

using journal::JournalReader;
using journal::JournalTransaction;
using json::Value;

namespace {

constexpr std::int64_t call_ms = 30'000;
constexpr std::int64_t trouble_ms = 2'000;  // Before a system that did not answer is asked again.
constexpr std::int64_t idle_ms = 2'000;
constexpr const char* list_fact = "snapshot/list";
constexpr const char* last_fact = "snapshot/last";

std::string fact_of(std::int64_t id) { return "snapshot/" + std::to_string(id); }
std::string seen_fact(Capability capability) {
  return "snapshot/seen/" + std::string(name(capability));
}
std::string day_fact(Capability capability) {
  return "snapshot/day/" + std::string(name(capability));
}

CallContext calling() {
  CallContext context;
  context.correlation_id = CorrelationId{"snapshot"};
  context.deadline = deadline_in(std::chrono::milliseconds(call_ms));
  return context;
}

std::int64_t number_in(const Value& value, const char* key) {
  const auto number = value.get(key).as_int();
  return number ? *number : 0;
}

Timestamp time_in(const Value& value, const char* key) {
  const auto time = Timestamp::parse(value.get(key).text());
  return time ? *time : Timestamp{};
}

std::optional<Snapshot> snapshot_in(const JournalReader& reader, std::int64_t id) {
  const auto value = json::parse(reader.fact(fact_of(id)));
  if (!value || !value->is_object()) return std::nullopt;
  Snapshot snapshot;
  snapshot.id = number_in(*value, "id");
  const auto capability = parse_capability(value->get("capability").text());
  if (!capability) return std::nullopt;
  snapshot.capability = *capability;
  snapshot.state = value->get("state").text();
  snapshot.actor = value->get("actor").text();
  snapshot.reason = value->get("reason").text();
  snapshot.kept_by = value->get("keptBy").text();
  snapshot.begun_at = time_in(*value, "asOfFrom");
  snapshot.ended_at = time_in(*value, "asOfTo");
  snapshot.cursor = value->get("cursor").text();
  snapshot.rows = number_in(*value, "rows");
  snapshot.bytes = number_in(*value, "bytes");
  snapshot.checksum = value->get("checksum").text();
  snapshot.waits = value->get("waitsFor").text();
  return snapshot;
}

std::vector<std::int64_t> ids_in(const JournalReader& reader) {
  std::vector<std::int64_t> ids;
  const auto value = json::parse(reader.fact(list_fact));
  if (!value || !value->is_array()) return ids;
  for (const Value& one : value->items())
    if (const auto id = one.as_int()) ids.push_back(*id);
  return ids;
}

// Newest first.
std::vector<Snapshot> all_in(const JournalReader& reader) {
  std::vector<Snapshot> all;
  for (const std::int64_t id : ids_in(reader))
    if (auto one = snapshot_in(reader, id)) all.push_back(std::move(*one));
  std::sort(all.begin(), all.end(),
            [](const Snapshot& a, const Snapshot& b) { return a.id > b.id; });
  return all;
}

std::optional<Snapshot> reading_in(const JournalReader& reader) {
  for (Snapshot& one : all_in(reader))
    if (one.state == "reading") return std::move(one);
  return std::nullopt;
}

void keep(JournalTransaction& tx, const Snapshot& snapshot) {
  tx.set_fact(fact_of(snapshot.id), json::write(to_json(snapshot)));
}

void keep_list(JournalTransaction& tx, const std::vector<std::int64_t>& ids) {
  Value list = Value::array();
  for (const std::int64_t id : ids) list.push(Value::integer(id));
  tx.set_fact(list_fact, json::write(list));
}

AuditNote note_of(const char* kind, const Snapshot& snapshot, const Act& act) {
  AuditNote note;
  note.kind = kind;
  note.actor = act.actor;
  note.about = "snapshot " + std::to_string(snapshot.id);
  note.detail.set("capability", name(snapshot.capability));
  note.detail.set("reason", act.reason);
  return note;
}

// A record as one text: each part behind its length.
std::string packed(const Record& record) {
  std::string text;
  for (const std::string& part : record) {
    const auto length = static_cast<std::uint32_t>(part.size());
    char bytes[4];
    std::memcpy(bytes, &length, 4);
    text.append(bytes, 4);
    text += part;
  }
  return text;
}

Record unpacked(std::string_view text) {
  Record record;
  while (text.size() >= 4) {
    std::uint32_t length = 0;
    std::memcpy(&length, text.data(), 4);
    record.emplace_back(text.substr(4, length));
    text.remove_prefix(4 + std::size_t{length});
  }
  return record;
}

}  // namespace

json::Value to_json(const Snapshot& snapshot) {
  Value value = Value::object();
  value.set("id", Value::integer(snapshot.id));
  value.set("capability", name(snapshot.capability));
  value.set("state", snapshot.state);
  value.set("actor", snapshot.actor);
  value.set("reason", snapshot.reason);
  value.set("keptBy", snapshot.kept_by);
  if (!snapshot.begun_at.empty()) value.set("asOfFrom", snapshot.begun_at.text());
  if (!snapshot.ended_at.empty()) value.set("asOfTo", snapshot.ended_at.text());
  if (!snapshot.cursor.empty()) value.set("cursor", snapshot.cursor);
  value.set("rows", Value::integer(snapshot.rows));
  value.set("bytes", Value::integer(snapshot.bytes));
  if (!snapshot.checksum.empty()) value.set("checksum", snapshot.checksum);
  if (!snapshot.waits.empty()) value.set("waitsFor", snapshot.waits);
  return value;
}

std::optional<Timestamp> list_arrived_in(const JournalReader& reader, const std::string& batch) {
  const auto value = json::parse(reader.fact("prices/delivered"));
  if (!value || batch.empty()) return std::nullopt;
  const std::string& brought = value->get("batch").text();
  // A repair brings the same list again, under the name of the batch and its own number.
  if (brought != batch && brought.rfind(batch + "-R", 0) != 0) return std::nullopt;
  const auto at = Timestamp::parse(value->get("at").text());
  if (!at) return std::nullopt;
  return *at;
}

SnapshotDesk::SnapshotDesk(const Systems& systems, journal::Journal& journal, PlanBook& plans,
                           AuditTrail& audit, OrderFacade& orders, const FieldOwners& fields,
                           std::string folder, SnapshotSettings settings, Now now)
    : systems_(systems),
      journal_(journal),
      plans_(plans),
      audit_(audit),
      fields_(fields),
      folder_(std::move(folder)),
      settings_(std::move(settings)),
      now_(std::move(now)),
      rows_(systems, fields, journal, orders),
      host_(host_name()) {}

std::string SnapshotDesk::path_of(const Snapshot& snapshot, const char* ending) const {
  return (folder_ /
          (std::string(name(snapshot.capability)) + "-" + std::to_string(snapshot.id) + ending))
      .string();
}

// ---- what people ask

Result<Snapshot> SnapshotDesk::start(Capability capability, const Act& act) {
  if (!SweepRows::has_cut_off(capability))
    return Error{ErrorCode::unsupported, "both systems tell what they hold of " +
                                             std::string(name(capability)) +
                                             " now: a snapshot has nothing to stand for"};
  if (!systems_.offers(Side::cloud, capability))
    return Error{ErrorCode::unsupported,
                 systems_.cloud.name + " does not offer " + std::string(name(capability))};
  Snapshot begun;
  begun.capability = capability;
  begun.actor = act.actor;
  begun.reason = act.reason;
  begun.kept_by = host_;
  std::optional<Snapshot> reading;
  const Status written = audit_.write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    reading = reading_in(tx);
    if (reading) return false;
    const std::string last = tx.fact(last_fact);
    begun.id = (last.empty() ? 0 : std::stoll(last)) + 1;
    tx.set_fact(last_fact, std::to_string(begun.id));
    std::vector<std::int64_t> ids = ids_in(tx);
    ids.push_back(begun.id);
    keep_list(tx, ids);
    keep(tx, begun);
    pen.add(note_of("snapshot_started", begun, act));
    return true;
  });
  if (reading)
    return Error{ErrorCode::conflict,
                 "snapshot " + std::to_string(reading->id) + " is being read: one at a time"};
  if (!written) return written.error();
  active_ = true;
  return begun;
}

Result<std::vector<Snapshot>> SnapshotDesk::list() const {
  std::vector<Snapshot> all;
  const Status read = journal_.read([&](const JournalReader& reader) { all = all_in(reader); });
  if (!read) return read.error();
  return all;
}

Result<Snapshot> SnapshotDesk::get(std::int64_t id) const {
  std::optional<Snapshot> found;
  const Status read =
      journal_.read([&](const JournalReader& reader) { found = snapshot_in(reader, id); });
  if (!read) return read.error();
  if (!found) return Error{ErrorCode::not_found, "there is no snapshot " + std::to_string(id)};
  return *found;
}

Result<std::vector<Snapshot>> SnapshotDesk::near(Capability capability, Timestamp moment,
                                                 std::optional<Timestamp> arrived) const {
  auto listed = list();
  if (!listed) return listed.error();
  std::vector<Snapshot> all = std::move(listed).value();
  // A list that came later than it was made is what the cloud holds from then on.
  const Timestamp from = arrived ? std::max(*arrived, moment) : moment;
  std::erase_if(all, [&](const Snapshot& one) {
    return one.capability != capability || one.state != "kept" || one.kept_by != host_ ||
           one.begun_at < from.plus_ms(arrived ? 0 : -settings_.tolerance_ms) ||
           from.plus_ms(settings_.tolerance_ms) < one.ended_at;
  });
  const auto distance = [&](const Snapshot& one) {
    return std::max(std::abs(one.begun_at.micros - from.micros),
                    std::abs(one.ended_at.micros - from.micros));
  };
  std::sort(all.begin(), all.end(),
            [&](const Snapshot& a, const Snapshot& b) { return distance(a) < distance(b); });
  return all;
}

Status SnapshotDesk::copy_rows(const Snapshot& snapshot, const std::string& to) {
  std::error_code failed;
  std::filesystem::copy_file(path_of(snapshot, ".rows"), to,
                             std::filesystem::copy_options::overwrite_existing, failed);
  // What is held against the checksum is what is used.
  const auto checksum = failed ? Result<std::string>(std::string()) : sha256_hex_of_file(to);
  if (!checksum) return checksum.error();
  if (*checksum == snapshot.checksum) return Done{};
  const std::string why = failed ? failed.message() : "its file is not what was kept";
  const Status told = finish(snapshot, "damaged", why);
  if (!told) return told;
  return Error{ErrorCode::conflict, "snapshot " + std::to_string(snapshot.id) + ": " + why};
}

// ---- the work

bool SnapshotDesk::run() {
  if (now_() < (active_ ? next_at_ : look_at_)) return false;
  std::optional<Snapshot> reading;
  const Status read =
      journal_.read([&](const JournalReader& reader) { reading = reading_in(reader); });
  active_ = read && reading;
  look_at_ = now_().plus_ms(idle_ms);
  if (!active_) {
    if (read) begin_due();
    return active_;
  }
  if (reading->kept_by != host_) {
    // Another replica had begun it, in a folder of its own: it begins anew.
    reading->kept_by = host_;
    reading->begun_at = {};
    reading->cursor.clear();
    reading->rows = reading->bytes = 0;
  }
  const Status done = read_on(*reading);
  if (done) return reading->state == "reading";
  const Error& error = done.error();
  next_at_ = now_().plus_ms(std::max(trouble_ms, std::int64_t{error.retry_after_s} * 1000));
  if (error.code == ErrorCode::unsupported || error.code == ErrorCode::invalid_request ||
      error.code == ErrorCode::conflict) {
    (void)finish(*reading, "failed", error.message).has_value();
  } else {
    (void)journal_
        .write([&](JournalTransaction& tx) {
          auto current = snapshot_in(tx, reading->id);
          if (!current || current->state != "reading") return false;
          current->waits = error.message;
          keep(tx, *current);
          return true;
        })
        .has_value();
  }
  return false;
}

Status SnapshotDesk::read_on(Snapshot& snapshot) {
  if (snapshot.begun_at.empty()) snapshot.begun_at = now_();
  if (snapshot.begun_at.plus_ms(2 * settings_.tolerance_ms) < now_()) {
    snapshot.state = "failed";
    return finish(snapshot, "failed",
                  "it took longer than a snapshot may" +
                      (snapshot.waits.empty() ? std::string() : ": " + snapshot.waits));
  }
  std::error_code failed;
  std::filesystem::create_directories(folder_, failed);
  if (failed) return Error{ErrorCode::unavailable, folder_.string() + ": " + failed.message()};
  const auto page = rows_.page(Side::cloud, snapshot.capability, Cursor{snapshot.cursor},
                               settings_.page, calling());
  if (!page) return page.error();
  auto file = RowFile::append_at(path_of(snapshot, ".part"), snapshot.bytes);
  if (!file) return file.error();
  for (const SweepRow& row : page->rows) {
    Record record{row.group};
    record.insert(record.end(), row.key.begin(), row.key.end());
    record.insert(record.end(), row.values.begin(), row.values.end());
    if (const Status added = (*file)->add(record); !added) return added;
  }
  if (const Status synced = (*file)->sync(); !synced) return synced;
  snapshot.rows += static_cast<std::int64_t>(page->rows.size());
  snapshot.bytes = (*file)->size();
  snapshot.cursor = page->next.text();
  snapshot.waits.clear();
  next_at_ = now_().plus_ms(static_cast<std::int64_t>(page->rows.size()) * 1000 /
                            std::max<std::int64_t>(settings_.rows_per_s, 1));
  if (page->next.empty()) {
    snapshot.ended_at = now_();
    return sort(snapshot);
  }
  return journal_.write([&](JournalTransaction& tx) {
    keep(tx, snapshot);
    return true;
  });
}

Status SnapshotDesk::sort(Snapshot& snapshot) {
  const std::size_t parts = rows_.shape(snapshot.capability).key.size();
  parity::reconcile::Sorter sorter({folder_.string(), settings_.memory_max});
  auto reader = RowReader::open(path_of(snapshot, ".part"), 0, snapshot.bytes);
  if (!reader) return reader.error();
  Record record;
  while (true) {
    const auto more = (*reader)->next(record);
    if (!more) return more.error();
    if (!*more) break;
    const std::vector<std::string> key(record.begin() + 1,
                                       record.begin() + 1 + static_cast<std::ptrdiff_t>(parts));
    if (const Status added = sorter.add(SweepRows::normal_key(key), packed(record)); !added)
      return added;
  }
  if (const Status sorted = sorter.sort(); !sorted) return sorted;
  auto file = RowFile::append_at(path_of(snapshot, ".rows"), 0);
  if (!file) return file.error();
  parity::reconcile::Sorter::Record sorted;
  while (true) {
    const auto more = sorter.next(sorted);
    if (!more) return more.error();
    if (!*more) break;
    if (const Status added = (*file)->add(unpacked(sorted.payload)); !added) return added;
  }
  if (const Status synced = (*file)->sync(); !synced) return synced;
  snapshot.bytes = (*file)->size();
  const auto checksum = sha256_hex_of_file(path_of(snapshot, ".rows"));
  if (!checksum) return checksum.error();
  snapshot.checksum = *checksum;
  snapshot.cursor.clear();
  snapshot.state = "kept";
  return finish(snapshot, "kept", "");
}

Status SnapshotDesk::finish(Snapshot snapshot, const std::string& state, const std::string& why) {
  snapshot.state = state;
  snapshot.waits = why;
  std::vector<std::string> files{path_of(snapshot, ".part")};
  if (state != "kept") files.push_back(path_of(snapshot, ".rows"));
  const Status written = audit_.write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    if (!snapshot_in(tx, snapshot.id)) return false;
    keep(tx, snapshot);
    AuditNote note = note_of("snapshot_done", snapshot, {"underpin", snapshot.reason});
    note.detail.set("state", state);
    if (!why.empty()) note.detail.set("because", why);
    note.detail.set("rows", Value::integer(snapshot.rows));
    if (!snapshot.checksum.empty()) note.detail.set("checksum", snapshot.checksum);
    pen.add(note);
    forget(tx, files);
    return true;
  });
  if (!written) return written;
  std::error_code ignored;
  for (const std::string& file : files) std::filesystem::remove(file, ignored);
  return Done{};
}

// What is too old, or more than are kept of a capability.
void SnapshotDesk::forget(JournalTransaction& tx, std::vector<std::string>& files) const {
  std::map<std::pair<Capability, bool>, int> counted;  // A failed one takes no other's place.
  std::vector<std::int64_t> stay;
  for (const Snapshot& one : all_in(tx)) {
    const bool reading = one.state == "reading";
    const bool old = !reading && one.begun_at.plus_ms(settings_.age_max_ms) < now_();
    if (!reading && (old || ++counted[{one.capability, one.state == "kept"}] > settings_.kept)) {
      tx.set_fact(fact_of(one.id), "");
      files.push_back(path_of(one, ".rows"));
    } else {
      stay.push_back(one.id);
    }
  }
  keep_list(tx, stay);
}

// ---- by itself

bool SnapshotDesk::is_due(Capability capability, const SnapshotPlan& plan, std::string& day) const {
  if (!plan.at_minutes) return false;
  const Date today = parity::day_in(plan.zone, now_());
  const Timestamp due = parity::instant_of(plan.zone, today, *plan.at_minutes);
  // Later it would stand for another moment.
  if (now_() < due || due.plus_ms(settings_.tolerance_ms) < now_()) return false;
  day = today.text();
  bool served = true;
  const Status read = journal_.look(
      [&](const JournalReader& reader) { served = reader.fact(day_fact(capability)) == day; });
  return read && !served;
}

void SnapshotDesk::begin_due() {
  for (const auto& [capability, plan] : settings_.plans) {
    std::string day;
    if (is_due(capability, plan, day)) {
      const std::string of = day;
      const auto begun = start(capability, {"underpin", "the snapshot of every day"});
      if (!begun) return;  // The next round tries again.
      (void)journal_
          .write([&, where = day_fact(capability)](JournalTransaction& tx) {
            tx.set_fact(where, of);
            return true;
          })
          .has_value();
      return;
    }
    if (plan.on_new_list && look_for_list(capability) && active_) return;
  }
}

Status SnapshotDesk::look_for_list(Capability capability) {
  std::string seen;
  bool published = false;  // Catching up has brought a first list, and the feed goes on from there.
  Status read = journal_.look([&](const JournalReader& reader) {
    seen = reader.fact(seen_fact(capability));
    published = !reader.fact("prices/last").empty();
  });
  if (!read) return read;
  const auto source = rows_.as_of(Side::legacy, capability, calling());
  if (!source) return source.error();
  const std::optional<DatedSource>& newest = *source;
  if (!newest || newest->batch == seen) return Done{};
  const cutover::Rollout rollout = plans_.plan(capability).rollout;
  const bool brought = published && fields_.carried(capability, "list") &&
                       index(rollout.highest()) >= index(cutover::Stage::dual_write) &&
                       index(rollout.lowest()) <= index(cutover::Stage::ramp_down);
  std::optional<Timestamp> arrived;
  read = journal_.look(
      [&](const JournalReader& reader) { arrived = list_arrived_in(reader, newest->batch); });
  if (!read) return read;
  if (brought && !arrived) return Done{};  // On its way.
  const Timestamp stands_for = arrived ? std::max(*arrived, newest->made_at) : newest->made_at;
  if (now_() <= stands_for.plus_ms(settings_.tolerance_ms)) {
    const auto begun = start(capability, {"underpin", "legacy's list " + newest->batch});
    if (!begun) return begun.error();
  }
  return journal_.write([&](JournalTransaction& tx) {
    tx.set_fact(seen_fact(capability), newest->batch);
    return true;
  });
}

}  // namespace underpin::facade
