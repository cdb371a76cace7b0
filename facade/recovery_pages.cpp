// How Recovery goes through a page of subjects, and what it does with those that it cannot look up.
#include "facade/recovery.h"

#include <algorithm>
#include <limits>
#include <mutex>
#include <thread>

namespace underpin::facade {

using journal::JournalReader;
using journal::JournalTransaction;
using journal::OutboxRow;

namespace {

std::string text_of(const std::set<Side>& sides) {
  std::string text;
  for (const Side side : sides) text += std::string(name(side)) + " ";
  return text;
}

std::set<Side> sides_in(const std::string& text) {
  std::set<Side> sides;
  for (const Side side : {Side::legacy, Side::cloud})
    if (text.find(name(side)) != std::string::npos) sides.insert(side);
  return sides;
}

}  // namespace

Status Recovery::each(RecoveryState& state, const std::vector<std::string>& names,
                      const Examine& examine, const Leave& leave, const CallContext& context,
                      bool& all) {
  const std::set<std::string> done_before(state.done_of_page.begin(), state.done_of_page.end());
  const std::string kind = state.phase.substr(0, state.phase.find(' ')) + " ";
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (done_before.count(names[i]) == 0) open.push_back(i);
  // One that cannot be looked up does not keep the others waiting.
  std::stable_partition(open.begin(), open.end(),
                        [&](std::size_t at) { return state.failing.count(kind + names[at]) == 0; });
  const Deadline until =
      std::min(context.deadline, deadline_in(std::chrono::milliseconds(settings_.page_ms)));
  std::mutex mutex;  // Guards what follows, and the state.
  std::size_t next = 0;
  std::size_t answered = 0;
  std::vector<std::pair<std::size_t, Error>> failed;
  bool over = false;
  const auto work = [&] {
    while (true) {
      std::size_t at = 0;
      {
        const std::lock_guard lock(mutex);
        if (next == open.size() || over || ms_left(until) <= 0) return;
        at = open[next++];
      }
      RecoveryState own;
      own.state = state.state;
      own.step = state.step;
      own.started_at = state.started_at;
      own.dry_run = state.dry_run;
      own.epoch = state.epoch;
      own.taken_at = state.taken_at;
      CallContext looking = context;
      looking.deadline =
          std::min(context.deadline, deadline_in(std::chrono::milliseconds(settings_.give_up_ms)));
      // A thread has its own wall.
      Status examined = Error{ErrorCode::internal, "an exception of an unknown type"};
      try {
        examined = examine(own, at, looking);
      } catch (const std::exception& thrown) {
        examined = Error{ErrorCode::internal, thrown.what()};
      } catch (...) {
      }
      const std::lock_guard lock(mutex);
      if (!examined) {
        failed.emplace_back(at, examined.error());
        // An ERP that is down is not asked for each subject of the page.
        constexpr std::size_t in_a_row = 16;
        over = over || examined.error().vendor_code == "carried_on" ||
               (answered == 0 && failed.size() >= in_a_row);
        continue;
      }
      ++answered;
      state.failing.erase(kind + names[at]);
      state.done_of_page.push_back(names[at]);
      for (const auto& [name, count] : own.counts) state.counts[name] += count;
    }
  };
  std::vector<std::thread> threads;
  const std::size_t wanted =
      std::min(open.size(), static_cast<std::size_t>(std::max(settings_.parallel, 1)));
  for (std::size_t i = 1; i < wanted; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  std::optional<Error> waits;
  for (const auto& [at, error] : failed) {
    if (error.vendor_code != "carried_on" && in_vain(state, kind + names[at], context) &&
        leave(state, at, error)) {
      state.failing[kind + names[at]].left = true;
      state.done_of_page.push_back(names[at]);
      continue;
    }
    waits = error;
  }
  all = !waits && next == open.size();
  if (all) state.done_of_page.clear();
  if (waits) state.waits = (waits->system.empty() ? "" : waits->system + ": ") + waits->message;
  return Done{};
}

bool Recovery::in_vain(RecoveryState& state, const std::string& name,
                       const CallContext& context) const {
  RecoveryState::Failing& failing = state.failing[name];
  if (failing.looks++ == 0) failing.since = now_();
  if (failing.looks < settings_.leave_after_looks ||
      now_() < failing.since.plus_ms(settings_.leave_after_ms))
    return false;
  CallContext asking = context;
  asking.deadline =
      std::min(context.deadline, deadline_in(std::chrono::milliseconds(settings_.give_up_ms)));
  return systems_.legacy.adapter->ping(asking).has_value() &&
         systems_.cloud.adapter->ping(asking).has_value();
}

std::vector<journal::ExceptionRecord> open_exceptions(const JournalReader& reader,
                                                      const std::string& kind,
                                                      const journal::Subject& subject) {
  auto open = reader.exceptions("open", std::numeric_limits<int>::max());
  std::erase_if(open, [&](const journal::ExceptionRecord& one) {
    return one.kind != kind || one.subject != subject;
  });
  return open;
}

void settle_not_looked_up(JournalTransaction& tx, Capability capability,
                          const journal::Subject& subject, Timestamp now) {
  const std::string closed = journal::closed_subject_fact(capability, subject);
  if (tx.fact(closed).empty()) return;
  for (const journal::ExceptionRecord& one : open_exceptions(tx, not_looked_up, subject)) {
    if (one.capability != capability) continue;
    tx.settle_exception(one.id, "underpin", "it was looked up", now);
    tx.set_fact(closed, "");
  }
}

void Recovery::raise_not_looked_up(JournalTransaction& tx, Capability capability,
                                   const journal::Subject& subject, const std::string& wave,
                                   const std::string& payload, const Error& error, Timestamp now) {
  // Stock is not closed: no movement depends on another, and an open one keeps its key to itself.
  const std::string closed = capability == Capability::inventory
                                 ? std::string{}
                                 : journal::closed_subject_fact(capability, subject);
  if (!closed.empty() && !tx.fact(closed).empty()) return;  // A person is asked about it already.
  journal::ExceptionRecord exception;
  exception.kind = not_looked_up;
  exception.capability = capability;
  exception.wave = wave;
  exception.subject = subject;
  exception.payload = payload;
  exception.detail = std::string(name(capability)) + " " + subject +
                     " could not be looked up in an ERP that answers otherwise (" +
                     (error.system.empty() ? "" : error.system + ": ") + error.message +
                     "). Mend it there; replay looks again, discard keeps what the backup has.";
  const std::int64_t id = tx.add_exception(exception, now);
  if (!closed.empty())
    tx.set_fact(closed, subject + " waits for exception " + std::to_string(id) + " to be decided.");
}

Status Recovery::leave_order(RecoveryState& state, const OrderId& id, std::optional<Side> born,
                             const Error& error) {
  ++state.counts["exceptions"];
  if (state.dry_run) return Done{};
  const journal::Subject subject = order_subject(id);
  return write(state, [&](JournalTransaction& tx) {
    // Nobody knows where it lives now: what waited is made anew when it has been looked up.
    for (const Side side : {Side::legacy, Side::cloud})
      (void)take_rows(tx, tx.rows_of(side, Capability::orders, subject), now_());
    raise_not_looked_up(tx, Capability::orders, subject, plans_.wave(),
                        born ? std::string(name(*born)) : std::string{}, error, now_());
    return true;
  });
}

Status Recovery::leave_customer(RecoveryState& state, const CustomerNumber& number,
                                const std::set<Side>& changed, const Error& error) {
  ++state.counts["exceptions"];
  if (state.dry_run) return Done{};
  return write(state, [&](JournalTransaction& tx) {
    std::set<Side> waited;
    for (const Side side : {Side::legacy, Side::cloud}) {
      const std::vector<OutboxRow> rows = tx.rows_of(side, Capability::customers, number.text());
      // What waits was written in the other ERP.
      if (!rows.empty()) waited.insert(other(side));
      (void)take_rows(tx, rows, now_());
    }
    json::Value known = json::Value::object();
    known.set("changed", text_of(changed));
    known.set("waited", text_of(waited));
    raise_not_looked_up(tx, Capability::customers, number.text(), plans_.wave(), json::write(known),
                        error, now_());
    return true;
  });
}

Status Recovery::leave_movement(RecoveryState& state, Side side, const StockMovement& movement,
                                const Error& error) {
  return raise_movement(state, side, movement,
                        "movement " + movement.movement.text() + " of " + movement.quantity.text() +
                            " is in " + systems_.on(side).name + "; whether " +
                            systems_.on(other(side)).name + " has it could not be looked up (" +
                            error.message +
                            "). Replay posts it there unless it is there; discard leaves it.");
}

Status Recovery::look_again(const journal::ExceptionRecord& exception, const CallContext& context) {
  const auto known = state();
  if (!known) return known.error();
  RecoveryState unkept;
  unkept.epoch = known->epoch;
  unkept.taken_at = known->taken_at;
  const auto still_not = [&](const std::string& why) {
    return Error{ErrorCode::rejected, exception.subject + " still cannot be looked up: " + why};
  };
  if (exception.capability == Capability::customers) {
    const auto known_then = json::parse(exception.payload);
    const auto sides = [&](const char* key) {
      return known_then ? sides_in(known_then->get(key).text()) : std::set<Side>{};
    };
    const Status examined = examine_customer(unkept, CustomerNumber{exception.subject},
                                             sides("changed"), sides("waited"), context);
    return examined ? examined : still_not(examined.error().message);
  }
  const auto id = order_id_of(exception.subject);
  if (exception.capability != Capability::orders || !id) return Done{};
  WriteLife::LookUp how;
  how.only_order = exception.subject;
  const WriteLife::LookedUp looked = writes_.settle_by_looking_up(how, context);
  if (!looked.waits.empty()) return still_not(looked.waits);
  std::optional<Side> born;
  for (const Side side : {Side::legacy, Side::cloud})
    if (exception.payload == name(side)) born = side;
  const Status examined = examine_order(unkept, *id, born, {}, context);
  return examined ? examined : still_not(examined.error().message);
}

}  // namespace underpin::facade
