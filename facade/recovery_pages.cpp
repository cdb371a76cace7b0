// How Recovery goes through a page of subjects, and what it does with those that it cannot look up.
#include "facade/guarded_port.h"
#include "facade/recovery.h"

#include <algorithm>
#include <limits>
#include <mutex>
#include <thread>

namespace underpin::facade {

using journal::JournalReader;
using journal::JournalTransaction;

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
  std::optional<bool> answering;
  for (const auto& [at, error] : failed) {
    const bool asked = error.vendor_code != "carried_on" && error.vendor_code != not_asked;
    if (asked && !answering) answering = erps_answer(context);
    if (asked && *answering && in_vain(state, kind + names[at]) && leave(state, at, error)) {
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

bool Recovery::erps_answer(const CallContext& context) const {
  for (const Side side : {Side::legacy, Side::cloud}) {
    const ErpSystem& system = systems_.on(side);
    const Deadline until =
        std::min(context.deadline, deadline_in(std::chrono::milliseconds(settings_.give_up_ms)));
    CallContext asking = context;
    asking.deadline = until;
    const Status answered =
        guarded<Done>(*system.guard, until, [&] { return system.adapter->ping(asking); });
    if (!answered) return false;
  }
  return true;
}

bool Recovery::in_vain(RecoveryState& state, const std::string& name) const {
  RecoveryState::Failing& failing = state.failing[name];
  if (failing.looks++ == 0) failing.since = now_();
  return failing.looks >= settings_.leave_after_looks &&
         now_() >= failing.since.plus_ms(settings_.leave_after_ms);
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

Status Recovery::leave_subject(RecoveryState& state, Capability capability,
                               const journal::Subject& subject, std::optional<Side> born,
                               const Error& error) {
  bool raised = false;
  const auto raise = [&](JournalTransaction& tx) {
    const std::string closed = journal::closed_subject_fact(capability, subject);
    raised = tx.fact(closed).empty();
    if (!raised) return true;  // A person is asked about it already.
    journal::ExceptionRecord exception;
    exception.kind = not_looked_up;
    exception.capability = capability;
    exception.wave = plans_.wave();
    exception.subject = subject;
    if (born) exception.payload = std::string(name(*born));
    exception.detail = std::string(name(capability)) + " " + subject +
                       " could not be looked up in an ERP that answers otherwise (" +
                       (error.system.empty() ? "" : error.system + ": ") + error.message +
                       "). Mend it there; replay looks again, discard keeps what the backup has.";
    const std::int64_t id = tx.add_exception(exception, now_());
    tx.set_fact(closed, subject + " waits for exception " + std::to_string(id) + " to be decided.");
    return true;
  };
  Status written = Done{};
  if (state.dry_run) {
    written = journal_.read([&](const JournalReader& reader) {
      raised = reader.fact(journal::closed_subject_fact(capability, subject)).empty();
    });
  } else {
    written = write(state, raise);
  }
  if (written && raised) ++state.counts["exceptions"];
  return written;
}

Status Recovery::leave_movement(RecoveryState& state, Side side, const StockMovement& movement,
                                const Error& error) {
  return raise_movement(state, side, movement,
                        "movement " + movement.movement.text() + " of " + movement.quantity.text() +
                            " is in " + systems_.on(side).name + "; whether " +
                            systems_.on(other(side)).name + " lacks it could not be found out (" +
                            error.message +
                            "). Replay posts it there unless it is there; discard leaves it.");
}

Status Recovery::settle_write(Capability capability, const journal::Subject& subject,
                              const CallContext& context) {
  WriteLife::LookUp how;
  how.give_up_ms = settings_.give_up_ms;
  how.only = {capability, subject};
  const WriteLife::LookedUp looked = writes_.settle_by_looking_up(how, context);
  std::string open = looked.waits;
  if (open.empty() && !looked.failed.empty()) open = looked.failed.front().second.message;
  if (!open.empty())
    return Error{ErrorCode::rejected, subject + " has a write of which nobody can tell: " + open};
  return Done{};
}

Status Recovery::look_again(const journal::ExceptionRecord& exception, const CallContext& context) {
  const auto known = state();
  if (!known) return known.error();
  const Status settled = settle_write(exception.capability, exception.subject, context);
  if (!settled) return settled;
  RecoveryState unkept;
  unkept.epoch = known->epoch;
  unkept.taken_at = known->taken_at;
  Status examined = Done{};
  if (exception.capability == Capability::customers) {
    // Which ERP has changed it while it was closed, nobody has told: either may have.
    examined = examine_customer(unkept, CustomerNumber{exception.subject},
                                {Side::legacy, Side::cloud}, context);
  } else if (const auto id = order_id_of(exception.subject);
             exception.capability == Capability::orders && id) {
    std::optional<Side> born;
    for (const Side side : {Side::legacy, Side::cloud})
      if (exception.payload == name(side)) born = side;
    examined = examine_order(unkept, *id, born, {}, context);
  }
  if (examined) return examined;
  return Error{ErrorCode::rejected,
               exception.subject + " still cannot be looked up: " + examined.error().message};
}

}  // namespace underpin::facade
