#include "facade/reconcile_desk.h"

#include "facade/hidden.h"
#include "facade/host_name.h"
#include "facade/legacy_history.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

namespace underpin::facade {

using journal::JournalReader;
using journal::JournalTransaction;
using parity::reconcile::Difference;
using parity::reconcile::DifferenceKind;
using parity::reconcile::Rows;

namespace {

constexpr std::int64_t call_ms = 30'000;
constexpr std::int64_t round_ms = 2'000;    // Of reading again, between two states that are kept.
constexpr std::int64_t trouble_ms = 2'000;  // Before a system that did not answer is asked again.
constexpr std::int64_t idle_ms = 2'000;     // Between two looks for one that another has begun.
constexpr std::size_t small_memory = 256U << 10;

CallContext calling() {
  CallContext context;
  context.correlation_id = CorrelationId{"reconcile"};
  context.deadline = deadline_in(std::chrono::milliseconds(call_ms));
  return context;
}

std::string rows_file(Side side) { return std::string(name(side)) + ".rows"; }
std::string open_file(int pass) { return "open-" + std::to_string(pass) + ".rows"; }
constexpr const char* confirmed_file = "confirmed.rows";
constexpr const char* writers_file = "writers.rows";

// Both sides at once. What one of them throws is behind a wall already.
void for_both(const std::function<void(Side)>& work) {
  std::thread cloud([&] { work(Side::cloud); });
  work(Side::legacy);
  cloud.join();
}

AuditNote note_of(const char* kind, const Reconciliation& reconciliation, const Act& act) {
  AuditNote note;
  note.kind = kind;
  note.actor = act.actor;
  note.about = "reconciliation " + std::to_string(reconciliation.id);
  note.detail.set("capability", reconciliation.what());
  note.detail.set("reason", act.reason);
  return note;
}

Error none_such(std::int64_t id) {
  return {ErrorCode::not_found, "there is no reconciliation " + std::to_string(id)};
}

bool same(const Difference& a, const Difference& b) {
  return a.kind == b.kind && a.key == b.key && a.legacy == b.legacy && a.cloud == b.cloud;
}

}  // namespace

ReconcileDesk::ReconcileDesk(const Systems& systems, journal::Journal& journal, PlanBook& plans,
                             AuditTrail& audit, OrderFacade& orders, const FieldOwners& fields,
                             SnapshotDesk& snapshots, std::string folder,
                             ReconcileSettings settings, Now now)
    : systems_(systems),
      journal_(journal),
      plans_(plans),
      audit_(audit),
      folder_(std::move(folder)),
      settings_(settings),
      now_(std::move(now)),
      rows_(systems, fields, journal, orders),
      snapshots_(snapshots),
      postings_(systems, journal, orders,
                {settings_.page, settings_.memory_max, settings_.pause_ms,
                 settings_.document_tolerance, settings_.posted_by},
                now_),
      host_(host_name()) {}

std::filesystem::path ReconcileDesk::folder_of(std::int64_t id) const {
  return folder_ / std::to_string(id);
}

std::string ReconcileDesk::path_of(std::int64_t id, const std::string& file) const {
  return (folder_of(id) / file).string();
}

// ---- what people ask

Result<Reconciliation> ReconcileDesk::start(Capability capability, const Act& act,
                                            bool at_cut_off) {
  if (at_cut_off && !SweepRows::has_cut_off(capability))
    return Error{ErrorCode::unsupported, "both systems tell what they hold of " +
                                             std::string(name(capability)) +
                                             " now: there is no cut-off"};
  for (const Side side : {Side::legacy, Side::cloud}) {
    if (!systems_.offers(side, capability)) {
      return Error{ErrorCode::unsupported, systems_.on(side).name + " does not offer " +
                                               std::string(name(capability)) +
                                               ": there is nothing to compare with"};
    }
  }
  Reconciliation begun;
  begun.capability = capability;
  begun.at_cut_off = at_cut_off;
  return begin(std::move(begun), act);
}

Result<Reconciliation> ReconcileDesk::start_posting(Date from, Date to, const Act& act) {
  const Timestamp latest = Timestamp::start_of(from).plus_ms(std::int64_t{366} * 86'400'000);
  if (from.empty() || to < from || latest < Timestamp::start_of(to))
    return Error{ErrorCode::invalid_request, "the dates must be in order, at most a year apart"};
  if (const Status possible = postings_.possible(); !possible) return possible.error();
  Reconciliation begun;
  begun.posting = true;
  begun.from = from;
  begun.to = to;
  return begin(std::move(begun), act);
}

Result<Reconciliation> ReconcileDesk::begin(Reconciliation begun, const Act& act) {
  std::optional<Reconciliation> running;
  begun.actor = act.actor;
  begun.reason = act.reason;
  begun.kept_by = host_;
  begun.started_at = now_();
  const Status written = audit_.write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    running = running_in(tx);
    if (running) return false;
    begun.id = last_id_in(tx) + 1;
    keep(tx, begun);
    pen.add(note_of("reconciliation_started", begun, act));
    return true;
  });
  if (running) {
    return Error{ErrorCode::conflict, "reconciliation " + std::to_string(running->id) + " of " +
                                          std::string(running->what()) + " runs: one at a time"};
  }
  if (!written) return written.error();
  active_ = true;
  return begun;
}

Result<Reconciliation> ReconcileDesk::stop(std::int64_t id, const Act& act) {
  std::optional<Reconciliation> known;
  bool stopped = false;
  const Status written = audit_.write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    known = reconciliation_in(tx, id);
    stopped = known && known->running();
    if (!stopped) return false;
    known->state = "stopped";
    known->ended_at = now_();
    keep(tx, *known);
    pen.add(note_of("reconciliation_stopped", *known, act));
    return true;
  });
  if (!known) return none_such(id);
  if (!stopped)
    return Error{ErrorCode::conflict, "reconciliation " + std::to_string(id) + " is over"};
  if (!written) return written.error();
  return *known;
}

Result<std::vector<Reconciliation>> ReconcileDesk::list() const {
  std::vector<Reconciliation> all;
  const Status read = journal_.read([&](const JournalReader& reader) {
    const std::int64_t last = last_id_in(reader);
    for (std::int64_t id = last; id > 0 && id > last - settings_.kept; --id)
      if (auto one = reconciliation_in(reader, id)) all.push_back(std::move(*one));
  });
  if (!read) return read.error();
  return all;
}

Result<Reconciliation> ReconcileDesk::get(std::int64_t id) const {
  std::optional<Reconciliation> found;
  const Status read =
      journal_.read([&](const JournalReader& reader) { found = reconciliation_in(reader, id); });
  if (!read) return read.error();
  if (!found) return none_such(id);
  return *found;
}

Result<std::optional<Reconciliation>> ReconcileDesk::newest(Capability capability) const {
  std::optional<Reconciliation> found;
  const Status read =
      journal_.read([&](const JournalReader& reader) { found = newest_in(reader, capability); });
  if (!read) return read.error();
  return found;
}

Result<std::optional<Reconciliation>> ReconcileDesk::newest_posting() const {
  std::optional<Reconciliation> found;
  const Status read =
      journal_.read([&](const JournalReader& reader) { found = newest_posting_in(reader); });
  if (!read) return read.error();
  return found;
}

ReconcileProgress ReconcileDesk::progress(const Reconciliation& at) const {
  ReconcileProgress progress;
  Timestamp since = at.started_at;
  if (at.state == "verifying") {
    progress.done = at.offset;
    progress.total = at.open_bytes;
    since = at.not_before;
  } else {
    std::optional<Reconciliation> before;
    (void)journal_
        .read([&](const JournalReader& reader) {
          // Of another span of dates the books tell nothing of this one's size.
          if (!at.posting) before = newest_in(reader, at.capability);
        })
        .has_value();
    for (const Side side : {Side::legacy, Side::cloud}) {
      const SweepState& own = at.on(side);
      const SweepState& opposite = at.on(other(side));
      progress.done += own.rows;
      // As many as it had last time, or as many as the other has.
      const std::int64_t expected = own.complete        ? own.rows
                                    : before            ? before->on(side).rows
                                    : opposite.complete ? opposite.rows
                                                        : 0;
      if (expected == 0 && !own.complete) return progress;
      progress.total += std::max(expected, own.rows);
    }
  }
  const std::int64_t took_ms = (now_().micros - since.micros) / 1000;
  if (at.running() && progress.done > 0 && took_ms > 0)
    progress.seconds_left = (progress.total - progress.done) * took_ms / progress.done / 1000;
  return progress;
}

// ---- the work

Status ReconcileDesk::save(const Reconciliation& now_at) {
  return journal_.write([&](JournalTransaction& tx) {
    const auto current = reconciliation_in(tx, now_at.id);
    // Stopped by a person meanwhile.
    if (!current || !current->running()) return false;
    keep(tx, now_at);
    return true;
  });
}

bool ReconcileDesk::run() {
  // A start on this replica is seen at once; another replica's soon.
  if (now_() < (active_ ? next_at_ : look_at_)) return false;
  std::optional<Reconciliation> now_at;
  const Status read =
      journal_.read([&](const JournalReader& reader) { now_at = running_in(reader); });
  active_ = read && now_at;
  look_at_ = now_().plus_ms(idle_ms);
  if (!active_) return false;
  Status done = Done{};
  if (now_at->kept_by != host_ && now_at->state != "done") {
    // Another replica had begun it, in a folder of its own: it begins anew.
    Reconciliation anew;
    anew.id = now_at->id;
    anew.capability = now_at->capability;
    anew.posting = now_at->posting;
    anew.from = now_at->from;
    anew.to = now_at->to;
    anew.at_cut_off = now_at->at_cut_off;
    anew.actor = now_at->actor;
    anew.reason = now_at->reason;
    anew.started_at = now_at->started_at;
    anew.kept_by = host_;
    now_at = anew;
    done = save(*now_at);
  }
  if (done) done = step(*now_at);
  if (done) return now_at->running();
  const Error& error = done.error();
  next_at_ = now_().plus_ms(std::max(trouble_ms, std::int64_t{error.retry_after_s} * 1000));
  (void)journal_
      .write([&](JournalTransaction& tx) {
        auto current = reconciliation_in(tx, now_at->id);
        if (!current || !current->running()) return false;
        // Files that are not what the state says: what was read is lost.
        const bool lost = error.code == ErrorCode::conflict;
        const bool hopeless =
            error.code == ErrorCode::unsupported || error.code == ErrorCode::invalid_request;
        if (lost || hopeless) {
          current->state = "failed";
          current->ended_at = now_();
        }
        current->waits = error.message;
        keep(tx, *current);
        return true;
      })
      .has_value();
  return false;
}

Status ReconcileDesk::step(Reconciliation& now_at) {
  std::error_code failed;
  std::filesystem::create_directories(folder_of(now_at.id), failed);
  if (failed)
    return Error{ErrorCode::unavailable, folder_of(now_at.id).string() + ": " + failed.message()};
  now_at.waits.clear();
  if (now_at.state == "sweeping") return sweep(now_at);
  if (now_at.state == "comparing")
    return now_at.posting ? compare_postings(now_at) : compare(now_at);
  return now_at.posting ? verify_postings(now_at) : verify(now_at);
}

Status ReconcileDesk::compare_postings(Reconciliation& now_at) {
  std::int64_t reads = 0;
  const Status compared = postings_.compare(now_at, folder_of(now_at.id), reads);
  next_at_ = now_().plus_ms(reads * 1000 / std::max<std::int64_t>(settings_.rows_per_s, 1));
  return compared ? save(now_at) : compared;
}

Status ReconcileDesk::verify_postings(Reconciliation& now_at) {
  if (now_() < now_at.not_before) {
    next_at_ = now_at.not_before;
    return Done{};
  }
  std::int64_t reads = 0;
  const auto over = postings_.verify(now_at, folder_of(now_at.id), reads);
  if (!over) return over.error();
  next_at_ = now_().plus_ms(reads * 1000 / std::max<std::int64_t>(settings_.rows_per_s, 1));
  return *over ? finish(now_at) : save(now_at);
}

Status ReconcileDesk::sweep(Reconciliation& now_at) {
  if (now_at.basis.empty()) {
    const Status chosen = choose_basis(now_at);
    if (!chosen || !now_at.running()) return chosen;
  }
  std::array<Status, 2> results{Done{}, Done{}};
  std::array<std::int64_t, 2> rows{};
  for_both([&](Side side) {
    const auto at = static_cast<std::size_t>(side);
    if (!now_at.on(side).complete) results[at] = sweep_page(now_at, side, rows[at]);
  });
  const std::int64_t most = std::max(rows[0], rows[1]);
  next_at_ = now_().plus_ms(most * 1000 / std::max<std::int64_t>(settings_.rows_per_s, 1));
  if (now_at.legacy.complete && now_at.cloud.complete) now_at.state = "comparing";
  // The page of one side is kept when the other's is not to be had.
  const Status saved = save(now_at);
  for (const Status& result : results)
    if (!result) return result;
  return saved;
}

Status ReconcileDesk::sweep_page(Reconciliation& now_at, Side side, std::int64_t& rows) {
  SweepState& own = now_at.on(side);
  if (own.begun_at.empty()) own.begun_at = now_();
  const auto page = now_at.posting ? postings_.page(side, now_at, Cursor{own.cursor}, calling())
                                   : rows_.page(side, now_at.capability, Cursor{own.cursor},
                                                settings_.page, calling());
  if (!page) return page.error();
  auto file = rows_to(now_at, rows_file(side), own.bytes);
  if (!file) return file.error();
  for (const SweepRow& row : page->rows) {
    Record record{row.group};
    record.insert(record.end(), row.key.begin(), row.key.end());
    record.insert(record.end(), row.values.begin(), row.values.end());
    if (const Status added = (*file)->add(record); !added) return added;
  }
  if (const Status synced = (*file)->sync(); !synced) return synced;
  if (side == Side::legacy && !now_at.posting) {
    const Status noted = note_history(journal_, now_at.capability,
                                      classes_of(now_at.capability, page->rows), now_());
    if (!noted) return noted;
  }
  rows = static_cast<std::int64_t>(page->rows.size());
  own.rows += rows;
  own.left_out += page->left_out;
  own.bytes = (*file)->size();
  own.cursor = page->next.text();
  own.complete = page->next.empty();
  if (own.complete) own.ended_at = now_();
  if (own.complete) own.left_out = std::max<std::int64_t>(own.left_out, 0);
  return Done{};
}

Status ReconcileDesk::load(Rows& rows, const Reconciliation& now_at, Side side) const {
  auto reader = rows_from(now_at, rows_file(side), 0, now_at.on(side).bytes);
  if (!reader) return reader.error();
  Record record;
  std::vector<std::string_view> texts;
  const std::size_t parts = rows.shape().key.size();
  while (true) {
    const auto more = (*reader)->next(record);
    if (!more) return more.error();
    if (!*more) return rows.sort();
    if (record.size() < 1 + parts)
      return Error{ErrorCode::conflict, "a file of rows is of another shape"};
    texts.assign(record.begin(), record.end());
    const std::span<const std::string_view> all(texts);
    if (const Status added = rows.add(all[0], all.subspan(1, parts), all.subspan(1 + parts));
        !added)
      return added;
  }
}

Status ReconcileDesk::compare(Reconciliation& now_at) {
  const auto too_old = stale(now_at);
  if (!too_old) return too_old.error();
  if (!too_old->empty()) {
    now_at.waits = *too_old;
    return end(now_at, "not_compared");
  }
  const auto shape = rows_.shape(now_at.capability);
  const parity::reconcile::SortLimits limits{folder_of(now_at.id).string(),
                                             settings_.memory_max / 2};
  Rows legacy(shape, {}, limits);
  Rows cloud(shape, {}, limits);
  std::array<Status, 2> loaded{Done{}, Done{}};
  for_both([&](Side side) {
    loaded[static_cast<std::size_t>(side)] =
        load(side == Side::legacy ? legacy : cloud, now_at, side);
  });
  for (const Status& one : loaded)
    if (!one) return one;
  auto open = rows_to(now_at, open_file(0), 0);
  if (!open) return open.error();
  const auto summary = parity::reconcile::compare(legacy, cloud, [&](const Difference& difference) {
    return (*open)->add(to_record(difference));
  });
  if (!summary) return summary.error();
  if (const Status synced = (*open)->sync(); !synced) return synced;
  auto groups = RowFile::append_at(path_of(now_at.id, "groups.rows"), 0);
  if (!groups) return groups.error();
  for (const auto& group : summary->groups) {
    for (const auto* side : {&group.legacy, &group.cloud}) {
      Record record{group.group, std::to_string(side->rows), std::to_string(side->unreadable),
                    std::to_string(side->hash_total)};
      for (const Decimal& sum : side->sums) record.push_back(sum.normalized().text());
      if (const Status added = (*groups)->add(record); !added) return added;
    }
  }
  if (const Status synced = (*groups)->sync(); !synced) return synced;
  now_at.state = "verifying";
  now_at.equal = summary->equal;
  now_at.apart = summary->apart;
  now_at.differed = summary->different();
  now_at.open_bytes = (*open)->size();
  now_at.not_before = now_().plus_ms(settings_.pause_ms);
  return save(now_at);
}

Status ReconcileDesk::verify(Reconciliation& now_at) {
  if (now_at.offset >= now_at.open_bytes) return end_pass(now_at);
  if (now_() < now_at.not_before) {
    next_at_ = now_at.not_before;
    return Done{};
  }
  auto reader = rows_from(now_at, open_file(now_at.pass), now_at.offset, now_at.open_bytes);
  if (!reader) return reader.error();
  auto confirmed = rows_to(now_at, confirmed_file, now_at.confirmed_bytes);
  if (!confirmed) return confirmed.error();
  auto later = rows_to(now_at, open_file(now_at.pass + 1), now_at.later_bytes);
  if (!later) return later.error();

  auto writers = RowFile::append_at(path_of(now_at.id, writers_file), now_at.writer_bytes);
  if (!writers) return writers.error();

  const Deadline end = deadline_in(std::chrono::milliseconds(round_ms));
  DifferencesBySubject subjects(std::move(reader).value(), SweepRows::own_parts(now_at.capability));
  std::vector<Difference> of_subject;
  std::int64_t reads = 0;
  Status result = Done{};
  while (ms_left(end) > 0) {
    const auto more = subjects.next(of_subject);
    if (!more) return more.error();
    if (!*more) break;
    Verdicts verdicts;
    result = verify_subject(now_at, of_subject, verdicts);
    std::vector<Record> who;
    if (result) result = tell_writers(now_at, verdicts.confirmed, who);
    if (!result) break;
    ++reads;
    for (const Record& one : who)
      if (const Status added = (*writers)->add(one); !added) return added;
    for (const Difference& one : verdicts.confirmed) {
      if (const Status added = (*confirmed)->add(to_record(one)); !added) return added;
      ++now_at.differences[std::string(name(one.kind))];
    }
    for (const Difference& one : verdicts.later)
      if (const Status added = (*later)->add(to_record(one)); !added) return added;
    now_at.converged += verdicts.converged;
    now_at.on_its_way += verdicts.on_its_way;
    now_at.not_mirrored += verdicts.not_mirrored;
    now_at.unsettled += verdicts.unsettled;
    for (const auto& [why, count] : verdicts.not_compared) now_at.not_compared[why] += count;
    now_at.offset = subjects.position();
  }
  if (const Status synced = (*confirmed)->sync(); !synced) return synced;
  if (const Status synced = (*later)->sync(); !synced) return synced;
  if (const Status synced = (*writers)->sync(); !synced) return synced;
  now_at.writer_bytes = (*writers)->size();
  now_at.confirmed_bytes = (*confirmed)->size();
  now_at.later_bytes = (*later)->size();
  next_at_ = now_().plus_ms(reads * 1000 / std::max<std::int64_t>(settings_.rows_per_s, 1));
  const Status saved = save(now_at);
  return result ? saved : result;
}

Result<std::vector<Difference>> ReconcileDesk::look(Capability capability,
                                                    const std::vector<std::string>& key) const {
  std::array<Result<std::vector<SweepRow>>, 2> found{std::vector<SweepRow>{},
                                                     std::vector<SweepRow>{}};
  for_both([&](Side side) {
    found[static_cast<std::size_t>(side)] = rows_.of_subject(side, capability, key, calling());
  });
  const auto shape = rows_.shape(capability);
  const parity::reconcile::SortLimits limits{folder_.string(), small_memory};
  Rows legacy(shape, {}, limits);
  Rows cloud(shape, {}, limits);
  for (const Side side : {Side::legacy, Side::cloud}) {
    const auto& rows = found[static_cast<std::size_t>(side)];
    if (!rows) return rows.error();
    Rows& to = side == Side::legacy ? legacy : cloud;
    for (const SweepRow& row : *rows) {
      const std::vector<std::string_view> parts(row.key.begin(), row.key.end());
      const std::vector<std::string_view> values(row.values.begin(), row.values.end());
      if (const Status added = to.add(row.group, parts, values); !added) return added.error();
    }
    if (const Status sorted = to.sort(); !sorted) return sorted.error();
  }
  std::vector<Difference> differences;
  const auto summary =
      parity::reconcile::compare(legacy, cloud, [&](const Difference& difference) -> Status {
        differences.push_back(difference);
        return Done{};
      });
  if (!summary) return summary.error();
  return differences;
}

Status ReconcileDesk::verify_subject(const Reconciliation& now_at,
                                     const std::vector<Difference>& seen,
                                     Verdicts& verdicts) const {
  const Capability capability = now_at.capability;
  auto key = parity::reconcile::key_parts(seen.front().key);
  const journal::Subject subject = SweepRows::subject(capability, key);
  // Before the ERPs are read: what is delivered between the two is seen as on its way, and what
  // arrived before is read.
  bool moving = false;
  std::optional<Side> unmirrored_home;
  const Status looked = journal_.read([&](const JournalReader& reader) {
    moving = reader.open_intent_of(capability, subject).has_value();
    for (const Side side : {Side::legacy, Side::cloud})
      for (const journal::OutboxRow& row : reader.rows_of(side, capability, subject))
        moving = moving || row.state == journal::OutboxState::pending;
    if (capability != Capability::orders) return;
    const auto id = order_id_of(subject);
    const auto document = id ? reader.document(*id) : std::nullopt;
    if (document && !document->mirrored) unmirrored_home = document->home;
  });
  if (!looked) return looked;
  auto now_there = look(capability, key);
  if (!now_there && is_hidden(now_there.error())) {
    // As it does with two documents under one reference: what was swept stands.
    verdicts.confirmed = seen;
    return Done{};
  }
  if (!now_there) return now_there.error();
  std::vector<Difference> differences = std::move(now_there).value();
  if (unmirrored_home) {
    const DifferenceKind expected = *unmirrored_home == Side::legacy
                                        ? DifferenceKind::missing_in_cloud
                                        : DifferenceKind::missing_in_legacy;
    verdicts.not_mirrored += static_cast<std::int64_t>(
        std::erase_if(differences, [&](const Difference& one) { return one.kind == expected; }));
    if (differences.empty()) return Done{};
  }
  // Keys that are level by now, of those that were not.
  for (const Difference& before : seen) {
    const bool still = std::any_of(differences.begin(), differences.end(),
                                   [&](const Difference& one) { return one.key == before.key; });
    if (!still) ++verdicts.converged;
  }
  const bool last_pass = now_at.pass + 1 >= settings_.passes;
  if (now_at.basis == "snapshot") {
    // What it held at the cut-off does not move; what is level by now has been brought.
    std::vector<Difference> stands;
    for (const Difference& before : seen)
      if (std::any_of(differences.begin(), differences.end(),
                      [&](const Difference& one) { return one.key == before.key; }))
        stands.push_back(before);
    differences = std::move(stands);
  } else if (now_at.basis == "rolled_back") {
    if (const Status taken = take_out_changed(now_at, seen, differences, verdicts); !taken)
      return taken;
  }
  for (Difference& one : differences) {
    const bool known = std::any_of(seen.begin(), seen.end(),
                                   [&](const Difference& before) { return same(one, before); });
    // A price that was changed beside the one that is looked at is not this sweep's.
    const bool own = std::any_of(seen.begin(), seen.end(),
                                 [&](const Difference& before) { return one.key == before.key; });
    if (!own && capability == Capability::pricing) continue;
    if (moving && last_pass) {
      ++verdicts.on_its_way;
    } else if (known && !moving) {
      verdicts.confirmed.push_back(std::move(one));
    } else if (last_pass) {
      ++verdicts.unsettled;
      verdicts.confirmed.push_back(std::move(one));
    } else {
      verdicts.later.push_back(std::move(one));
    }
  }
  return Done{};
}

Status ReconcileDesk::end_pass(Reconciliation& now_at) {
  if (now_at.later_bytes == 0) return finish(now_at);
  std::error_code ignored;
  std::filesystem::remove(path_of(now_at.id, open_file(now_at.pass)), ignored);
  ++now_at.pass;
  now_at.open_bytes = now_at.later_bytes;
  now_at.later_bytes = 0;
  now_at.offset = 0;
  now_at.not_before = now_().plus_ms(settings_.pause_ms);
  return save(now_at);
}

Status ReconcileDesk::finish(Reconciliation& now_at) {
  const Status written =
      now_at.posting ? postings_.write_files(now_at, folder_of(now_at.id)) : write_files(now_at);
  if (!written) return written;
  return end(now_at, "done");
}

Status ReconcileDesk::end(Reconciliation& now_at, const std::string& state) {
  now_at.state = state;
  now_at.ended_at = now_();
  const Status written = audit_.write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    const auto current = reconciliation_in(tx, now_at.id);
    if (!current || !current->running()) return false;
    keep(tx, now_at);
    AuditNote note = note_of("reconciliation_done", now_at, {"underpin", now_at.reason});
    note.detail.set("state", state);
    if (!now_at.waits.empty()) note.detail.set("because", now_at.waits);
    note.detail.set("different", json::Value::integer(now_at.different()));
    note.detail.set("equal", json::Value::integer(now_at.equal + now_at.converged));
    note.detail.set("undeclared", counts_value(now_at.undeclared));
    if (!now_at.rogue.empty()) note.detail.set("rogueWriters", rogue_value(now_at));
    pen.add(note);
    return true;
  });
  if (!written) return written;
  std::error_code ignored;
  for (const Side side : {Side::legacy, Side::cloud})
    std::filesystem::remove(path_of(now_at.id, rows_file(side)), ignored);
  for (int pass = 0; pass <= now_at.pass + 1; ++pass)
    std::filesystem::remove(path_of(now_at.id, open_file(pass)), ignored);
  forget_old(now_at.id);
  return Done{};
}

void ReconcileDesk::forget_old(std::int64_t newest) {
  const std::int64_t id = newest - settings_.kept;
  if (id <= 0) return;
  (void)journal_
      .write([&](JournalTransaction& tx) {
        for (const Capability capability : all_capabilities) {
          const auto last = newest_in(tx, capability);
          if (last && last->id == id) return false;  // A gate may ask for it.
        }
        const auto posting = newest_posting_in(tx);
        if (posting && posting->id == id) return false;
        forget(tx, id);
        return true;
      })
      .and_then([&](const Done&) -> Status {
        std::error_code ignored;
        std::filesystem::remove_all(folder_of(id), ignored);
        return Done{};
      })
      .has_value();
}

}  // namespace underpin::facade
