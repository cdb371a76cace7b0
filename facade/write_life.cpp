#include "facade/write_life.h"

#include "contracts/json/codec.h"
#include "facade/cohorts.h"
#include "facade/journal/backup.h"
#include "facade/observe.h"
#include "facade/returns.h"
#include "facade/turning.h"

#include <algorithm>
#include <array>
#include <limits>
#include <thread>

namespace underpin::facade {

using journal::Intent;
using journal::JournalTransaction;
using journal::NewIntent;

std::string_view name(Step step) {
  constexpr std::array<std::string_view, step_count> names{
      "opened",    "sent",      "closed",  "relaying", "relayed",
      "delivered", "resolving", "blocked", "levelled", "moved"};
  return names[static_cast<std::size_t>(step)];
}

namespace {

constexpr int replica_poll_ms = 15;  // How often the end of another replica's write is looked for.

Answer being_looked_up(std::string location) {
  json::Value body = json::Value::object();
  body.set("state", "outcome_unknown");
  body.set("detail",
           "The ERP may or may not have accepted the write. It is being looked up; "
           "repeat the request with the same Idempotency-Key for the answer.");
  Answer answer = Answer::json(202, body);
  answer.location = std::move(location);
  answer.retry_after_s = 1;
  return answer;
}

Answer busy(std::string_view what) {
  return problem(409, "subject-busy", "Another write is in progress", what, {}, 1);
}

Answer number_taken() {
  return problem(409, "already-exists", "The number is already used",
                 "The same number was accepted, or is being written, with different content.",
                 {{"/number", "is already used with different content"}});
}

// Routing that has to be repeated, or the answer.
struct Opening {
  std::optional<std::int64_t> intent;
  std::optional<Answer> answer;
  std::optional<Side> pinned;
  bool stale = false;
  bool known = false;
  bool overtaken = false;
};

Opening read_outcome(const journal::OpenOutcome& outcome) {
  Opening opening;
  if (const auto* opened = std::get_if<journal::Opened>(&outcome)) {
    opening.intent = opened->id;
  } else if (const auto* answered = std::get_if<journal::AlreadyAnswered>(&outcome)) {
    opening.answer = from_stored(answered->answer);
  } else if (std::holds_alternative<journal::InFlight>(outcome)) {
    opening.answer =
        problem(409, "idempotency-in-flight", "A request is outstanding for this Idempotency-Key",
                "Repeat the same request later.", {}, 1);
  } else if (std::holds_alternative<journal::KeyReused>(outcome)) {
    opening.answer = problem(422, "idempotency-key-reused", "Idempotency-Key is already used",
                             "The key was first used with a different request.");
  } else if (std::holds_alternative<journal::NameTaken>(outcome)) {
    opening.answer = number_taken();
  } else if (std::holds_alternative<journal::SubjectBusy>(outcome)) {
    opening.answer = busy("An earlier write to the same subject is not settled yet.");
  } else if (const auto* closed = std::get_if<journal::Closed>(&outcome)) {
    opening.answer = closed_answer(closed->reason);
  } else if (const auto* wrong = std::get_if<journal::WrongSide>(&outcome)) {
    opening.pinned = wrong->side;
  } else if (std::holds_alternative<journal::KnownDocument>(outcome)) {
    opening.known = true;
  } else if (std::holds_alternative<journal::Overtaken>(outcome)) {
    opening.overtaken = true;
  } else {
    opening.stale = true;
  }
  return opening;
}

// Nobody has sent the write again since `intent` was read: what its sender says about its own
// attempt still counts. A sender that was stopped and woken may find another in its place.
bool still_ours(const JournalTransaction& tx, const Intent& intent) {
  const auto current = tx.intent(intent.id);
  return current && current->attempts == intent.attempts;
}

bool in_doubt(const Intent& intent) {
  return intent.state == journal::IntentState::unknown || intent.orphaned || intent.attempts > 1;
}

const char* duplicate_of(const Intent& intent) {
  if (intent.operation == "return_order") return duplicate_return_kind;
  return intent.capability == Capability::inventory ? "duplicate_posting" : "duplicate_document";
}

Side primary_of(const NewIntent& draft, const cutover::Plan& plan,
                const cutover::Subject& subject) {
  return draft.birth ? cutover::birth_side(plan, subject)
                     : route(plan, subject, cutover::Operation::write).primary;
}

}  // namespace

Answer closed_answer(const std::string& reason) {
  return problem(503, "closed", "Writes are closed", reason, {}, 5);
}

Result<WriteOperation::Known> WriteOperation::known(const NewIntent&, const CallContext&) {
  return Error{ErrorCode::conflict, "it is there already"};
}

WriteLife::WriteLife(const Systems& systems, journal::Journal& journal, PlanBook& plans, Now now,
                     OnStep on_step, WriteLimits limits)
    : systems_(systems),
      journal_(journal),
      plans_(plans),
      now_(std::move(now)),
      on_step_(on_step ? std::move(on_step) : [](Step, const std::string&) {}),
      limits_(limits),
      started_(now_()) {}

void WriteLife::add(std::string operation, std::unique_ptr<WriteOperation> behaviour) {
  operations_[std::move(operation)] = std::move(behaviour);
}

std::optional<Answer> WriteLife::judge(NewIntent& draft, const Prepare& prepare, Deadline wait) {
  draft.judged_after.reset();
  while (true) {
    journal::BeforeWrite before;
    const Status read = journal_.look([&](const journal::JournalReader& reader) {
      before = reader.before_write(draft.capability, draft.subject, draft.channel, draft.key);
    });
    if (!read) return problem_for(read.error());
    if (before.repeat) return std::nullopt;
    if (!before.closed.empty()) return closed_answer(before.closed);
    if (!before.open || !journal_.shared()) {
      auto answer = prepare(draft);
      if (!answer) draft.judged_after = journal_.shared() ? before.last : 0;
      return answer;
    }
    if (ms_left(wait) <= 0) return busy("An earlier write to the same subject is not settled yet.");
    std::this_thread::sleep_for(std::chrono::milliseconds(replica_poll_ms));
  }
}

Answer WriteLife::run(NewIntent draft, const WriteContext& context, std::optional<Side> home,
                      const Prepare& prepare) {
  WriteOperation& operation = *operations_.at(draft.operation);
  const auto wait =
      std::min(context.deadline, deadline_in(std::chrono::milliseconds(limits_.subject_wait_ms)));
  const std::string lock_name = std::string(name(draft.capability)) + "/" + draft.subject;
  const SubjectLocks::Held held = locks_.acquire(lock_name, wait);
  if (!held) return busy("Another write to the same subject is being sent.");

  draft.channel = context.channel;
  draft.key = context.idempotency_key;
  draft.correlation_id = context.correlation_id.text();
  draft.give_up_at = now_().plus_ms(std::max<std::int64_t>(ms_left(context.deadline), 0));
  std::optional<Side> pinned;
  std::optional<std::int64_t> intent_id;
  bool to_judge = static_cast<bool>(prepare);
  for (int attempt = 0; attempt < limits_.routing_attempts && !intent_id; ++attempt) {
    if (to_judge) {
      if (const auto answer = judge(draft, prepare, wait)) return *answer;
      to_judge = false;
    }
    const cutover::Plan plan = plans_.plan(draft.capability);
    draft.wave = plan.wave;
    draft.plan_version = plan.version;
    if (home || pinned) {
      draft.side = pinned ? *pinned : *home;  // It may have moved since the caller looked.
    } else if (plan.rollout.rules.empty() && draft.capability != Capability::customers) {
      draft.side = primary_of(draft, plan, draft.subject);
    } else {
      const auto route_by = [&](const cutover::Plan& routed, const journal::JournalReader& reader) {
        draft.side = primary_of(draft, routed, cohort_of(routed, draft, reader));
      };
      // Without rules nothing is asked of the journal but whether customers are turning.
      std::optional<Turning> turning;
      Status read = Done{};
      if (draft.capability == Capability::customers) {
        read = journal_.look(
            [&](const journal::JournalReader& reader) { turning = turning_in(reader, plan.wave); });
      }
      if (read && !turning && plan.rollout.rules.empty()) {
        draft.side = primary_of(draft, plan, draft.subject);
      } else if (read) {
        read = journal_.read([&](const journal::JournalReader& reader) {
          route_by(as_routed(reader, plan), reader);
        });
      }
      if (!read) return problem_for(read.error());
    }
    journal::OpenOutcome outcome;
    const Status written = journal_.write([&](JournalTransaction& tx) {
      outcome = tx.open_intent(draft, now_());
      return std::holds_alternative<journal::Opened>(outcome) && (!prepare || draft.judged_after);
    });
    // What a group that was rolled back had read is no fact.
    const bool opened = std::holds_alternative<journal::Opened>(outcome);
    const bool believed = written || written.error().code == ErrorCode::conflict;
    if (believed && std::holds_alternative<journal::SubjectBusy>(outcome) && journal_.shared() &&
        ms_left(wait) > 0) {
      // Another replica's write: its end is waited for like that of one's own.
      std::this_thread::sleep_for(std::chrono::milliseconds(replica_poll_ms));
      to_judge = static_cast<bool>(prepare);
      --attempt;
      continue;
    }
    if (believed && opened && prepare && !draft.judged_after) {
      // A repeat, and its first run was given up meanwhile: now it is the first.
      to_judge = true;
      continue;
    }
    if (!written && (opened || written.error().code == ErrorCode::unavailable))
      return problem_for(written.error());
    const Opening opening = read_outcome(outcome);
    if (opening.answer) return *opening.answer;
    if (opening.known) return answer_known(std::move(draft), context, operation);
    intent_id = opening.intent;
    // A document that has moved: what was judged was its old home.
    to_judge = prepare && (opening.pinned || opening.overtaken);
    pinned = opening.pinned ? opening.pinned : pinned;
    if (opening.stale) {
      const Status refreshed = plans_.refresh();
      if (!refreshed) return problem_for(refreshed.error());
    }
  }
  if (!intent_id) {
    return problem(503, "plan-changing", "The cutover plan is changing",
                   "The write could not be routed; nothing was sent.", {}, 1);
  }

  Intent intent;
  static_cast<NewIntent&>(intent) = draft;
  intent.id = *intent_id;
  intent.attempts = 1;
  on_step_(Step::opened, intent.subject);
  WriteContext sending = context;
  sending.role = Role::primary;
  const auto observed =
      observe<Receipt>(intent.side, cutover::Operation::write, [&]() -> Result<Receipt> {
        // Who was held up here past its deadline may have been taken for dead.
        if (ms_left(sending.deadline) <= 0)
          return Error{ErrorCode::unavailable, "the deadline had passed before the write was sent"};
        return operation.send(intent, sending);
      });
  on_step_(Step::sent, intent.subject);
  return settle(intent, observed.result, operation);
}

// Answers a repeat that nobody remembers the first run of, and remembers it from here on. The
// subject is locked.
Answer WriteLife::answer_known(NewIntent draft, const CallContext& context,
                               WriteOperation& operation) {
  const auto found = observe<WriteOperation::Known>(
      draft.side, cutover::Operation::read, [&] { return operation.known(draft, context); });
  if (!found.result)
    return found.result.error().code == ErrorCode::conflict ? number_taken()
                                                            : problem_for(found.result.error());
  draft.side = found.result->home;
  draft.birth = false;
  draft.plan_version = 0;  // Nothing will be sent.
  journal::OpenOutcome outcome;
  const Status written = journal_.write([&](JournalTransaction& tx) {
    outcome = tx.open_intent(draft, now_());
    const auto* opened = std::get_if<journal::Opened>(&outcome);
    return opened != nullptr && tx.close_intent(opened->id, found.result->answer.stored(), now_());
  });
  if (written) return found.result->answer;
  if (written.error().code != ErrorCode::conflict) return problem_for(written.error());
  return read_outcome(outcome).answer.value_or(busy("The order is being changed."));
}

Answer WriteLife::settle(const Intent& intent, const Result<Receipt>& result,
                         WriteOperation& operation, const Fence& fence) {
  Answer answer;
  Status written = Done{};
  if (result) {
    written = journal_.write([&](JournalTransaction& tx) {
      const auto plan = plan_in(tx, intent.wave, intent.capability);
      if (!plan || (fence && !fence(tx))) return false;
      answer = operation.commit(tx, intent, *result, *plan, now_());
      if (in_doubt(intent)) operation.closed_after_doubt(tx, intent, false, now_());
      return tx.close_intent(intent.id, answer.stored(), now_());
    });
    if (written) {
      on_step_(Step::closed, intent.subject);
      acknowledged_(intent);
      wake_();
      return answer;
    }
    if (const auto given = answer_of_another(intent)) return *given;
    // The ERP has it, the journal could not say so: the intent stays open, the resolver finds it.
    answer = problem(202, "outcome-unknown", "Accepted, not yet recorded", written.error().message,
                     {}, 1);
    answer.location = operation.location(intent);
    return answer;
  }

  const Error& error = result.error();
  switch (disposition(error.code)) {
    case Disposition::answer_caller:
      answer = problem_for(error);
      written = journal_.write([&](JournalTransaction& tx) {
        if (!still_ours(tx, intent)) return false;
        if (in_doubt(intent)) operation.closed_after_doubt(tx, intent, true, now_());
        return tx.close_intent(intent.id, answer.stored(), now_());
      });
      break;
    case Disposition::retry:
      answer = problem_for(error);
      written = journal_.write([&](JournalTransaction& tx) {
        return still_ours(tx, intent) && tx.release_intent(intent.id);
      });
      break;
    case Disposition::resolve_outcome:
      answer = being_looked_up(operation.location(intent));
      written = journal_.write([&](JournalTransaction& tx) {
        if (!still_ours(tx, intent)) return false;
        tx.mark_unknown(intent.id, now_(), error.system + ": " + error.message);
        return true;
      });
      break;
    case Disposition::dead_letter:
      answer = problem_for(error);
      written = journal_.write([&](JournalTransaction& tx) {
        if (!still_ours(tx, intent)) return false;
        journal::ExceptionRecord exception;
        exception.kind = "internal_fault";
        exception.capability = intent.capability;
        exception.wave = intent.wave;
        exception.subject = intent.subject;
        exception.side = intent.side;
        exception.detail = intent.operation + " was not sent: " + error.message;
        exception.payload = intent.request;
        exception.correlation_id = intent.correlation_id;
        tx.add_exception(exception, now_());
        return tx.release_intent(intent.id);
      });
      break;
  }
  if (written) return answer;
  if (written.error().code != ErrorCode::conflict) return problem_for(written.error());
  // Taken over meanwhile: whoever has it now says what became of it.
  if (const auto given = answer_of_another(intent)) return *given;
  return being_looked_up(operation.location(intent));
}

std::optional<Answer> WriteLife::answer_of_another(const Intent& intent) const {
  std::optional<journal::StoredAnswer> stored;
  const Status read = journal_.read([&](const journal::JournalReader& reader) {
    stored = reader.answer_for(intent.channel, intent.key);
  });
  if (!read || !stored) return std::nullopt;
  return from_stored(*stored);
}

namespace {

constexpr std::size_t round_max = 500;

// The oldest, or where there are more, those behind `last` and then the oldest again: an ERP that
// answers by night leaves thousands open, and one of another ERP must not wait for them.
std::vector<Intent> round_of(const journal::JournalReader& reader, std::int64_t last) {
  auto intents = reader.open_intents(static_cast<int>(round_max));
  if (intents.size() < round_max) return intents;
  intents = reader.open_intents(std::numeric_limits<int>::max());
  const auto next = std::find_if(intents.begin(), intents.end(),
                                 [&](const Intent& intent) { return intent.id > last; });
  std::rotate(intents.begin(), next, intents.end());
  intents.resize(std::min(intents.size(), round_max));
  return intents;
}

}  // namespace

int WriteLife::resolve_outcomes(const CallContext& context) {
  if (!resolver_on_) return 0;
  std::vector<Intent> intents;
  const Status read = journal_.read([&](const journal::JournalReader& reader) {
    // After a restore nobody knows what became of them since: that is recovery's to find out.
    if (!reader.fact(journal::closed_fact).empty()) return;
    intents = round_of(reader, looked_up_to_);
    // What a recovery could not look up: its subject is judged as a whole, when a person says so.
    std::erase_if(intents, [&](const Intent& intent) {
      return !reader.fact(journal::closed_subject_fact(intent.capability, intent.subject)).empty();
    });
  });
  if (!read) return 0;
  int settled = 0;
  for (const Intent& intent : intents) {
    // A live sender still owns it; well after its deadline nobody does.
    const bool abandoned = now_() > intent.give_up_at.plus_ms(1'000);
    const bool orphaned = intent.orphaned && !journal_.shared();
    if (intent.state == journal::IntentState::open && !orphaned && !abandoned) continue;
    if (monotonic().now() > context.deadline) break;
    looked_up_to_ = intent.id;
    if (!take(intent, context)) continue;
    if (resolve(intent, context)) ++settled;
    const Status given_back = journal_.write([&](JournalTransaction& tx) {
      tx.give_back(journal::intent_claim(intent.id));
      return true;
    });
    (void)given_back;  // It ends by itself.
  }
  return settled;
}

// One replica at a time looks an intent up, until its own deadline.
bool WriteLife::take(const Intent& intent, const CallContext& context) {
  if (!journal_.shared()) return true;
  bool taken = false;
  const Status written = journal_.write([&](JournalTransaction& tx) {
    const Timestamp now = now_();
    const auto current = tx.intent(intent.id);
    taken = current && current->attempts == intent.attempts &&
            tx.claim(journal::intent_claim(intent.id), now,
                     now.plus_ms(std::max<std::int64_t>(ms_left(context.deadline), 0)));
    return taken;
  });
  return written.has_value() && taken;
}

bool WriteLife::resolve(const Intent& intent, const CallContext& context) {
  const auto found_operation = operations_.find(intent.operation);
  if (found_operation == operations_.end()) return false;
  WriteOperation& operation = *found_operation->second;
  // What the relay does to the same subject must not come in between.
  const SubjectLocks::Held held = locks_.acquire(
      std::string(name(intent.capability)) + "/" + intent.subject,
      std::min(context.deadline, deadline_in(std::chrono::milliseconds(limits_.subject_wait_ms))));
  if (!held) return false;
  on_step_(Step::resolving, intent.subject);
  CallContext looking = context;
  looking.correlation_id = CorrelationId{intent.correlation_id};
  looking.channel = intent.channel;
  const auto found = observe<Receipt>(intent.side, cutover::Operation::read,
                                      [&] { return operation.find(intent, looking); });
  if (found.result) {
    settle(intent, found.result, operation);
    return true;
  }
  const Error& error = found.result.error();
  if (error.code == ErrorCode::conflict) {
    raise_once(intent, duplicate_of(intent), error);
    return false;
  }
  if (error.code != ErrorCode::not_found) return false;
  // Older than a restore, and left open because nobody could look it up then: its sender was
  // answered long ago, and newer writes may have been made since.
  bool restored = false;
  const Status looked = journal_.read([&](const journal::JournalReader& reader) {
    const std::int64_t epoch = journal::epoch_in(reader);
    restored = epoch > 1 && intent.id <= journal::first_number(epoch);
  });
  if (!looked) return false;
  if (restored) return give_up(intent, operation, {}).has_value();

  // An empty look-up proves absence only settle_ms after the last sender surely gave up: its own
  // word (unknown), its process' death (orphaned), or its deadline.
  Timestamp gave_up = intent.give_up_at;
  if (intent.state == journal::IntentState::unknown) gave_up = intent.settle_from;
  if (intent.orphaned && !journal_.shared() && started_ < gave_up) gave_up = started_;
  const std::int64_t settle_ms = systems_.on(intent.side).adapter->descriptor().settle_ms;
  if (now_() < gave_up.plus_ms(settle_ms)) return false;

  const Timestamp give_up_at = now_().plus_ms(std::max<std::int64_t>(ms_left(context.deadline), 0));
  const Status counted = journal_.write([&](JournalTransaction& tx) {
    // Whoever was held up since its look-up finds here that another has gone on.
    if (!still_ours(tx, intent)) return false;
    if (journal_.shared()) {
      const auto claimed = tx.claim_on(journal::intent_claim(intent.id));
      if (!claimed || claimed->replica != tx.self() || claimed->until <= now_()) return false;
    }
    tx.count_attempt(intent.id, give_up_at);
    return true;
  });
  if (!counted) return false;
  WriteContext sending;
  static_cast<CallContext&>(sending) = looking;
  sending.idempotency_key = intent.key;
  Intent again = intent;
  ++again.attempts;
  const auto sent =
      observe<Receipt>(intent.side, cutover::Operation::write, [&]() -> Result<Receipt> {
        if (ms_left(sending.deadline) <= 0)
          return Error{ErrorCode::unavailable, "the deadline had passed before the write was sent"};
        return operation.send(again, sending);
      });
  if (!sent.result && disposition(sent.result.error().code) == Disposition::retry) {
    // Known not to have arrived; the channel was promised an answer, so it is tried again later.
    const Status marked = journal_.write([&](JournalTransaction& tx) {
      if (!still_ours(tx, again)) return false;
      tx.mark_unknown(intent.id, now_(), sent.result.error().message);
      return true;
    });
    (void)marked;  // Still open either way: the next round looks it up again.
    return false;
  }
  on_step_(Step::sent, intent.subject);
  settle(again, sent.result, operation);
  return sent.result.has_value() ||
         disposition(sent.result.error().code) == Disposition::answer_caller;
}

WriteLife::LookedUp WriteLife::settle_by_looking_up(const LookUp& how, const CallContext& context) {
  LookedUp done;
  std::vector<Intent> intents;
  const Status read = journal_.read([&](const journal::JournalReader& reader) {
    intents = reader.open_intents(std::numeric_limits<int>::max());
  });
  if (!read) done.waits = read.error().message;
  for (const Intent& intent : intents) {
    if (how.but.count(intent.id) != 0) continue;
    if (how.only && (intent.capability != how.only->first || intent.subject != how.only->second))
      continue;
    const auto operation = operations_.find(intent.operation);
    if (operation == operations_.end()) {
      done.waits = "nobody knows how to look up " + intent.operation;
      continue;
    }
    if (ms_left(context.deadline) <= 0) {
      done.waits = "there are more";
      break;
    }
    CallContext looking = context;
    looking.deadline =
        std::min(context.deadline, deadline_in(std::chrono::milliseconds(how.give_up_ms)));
    const SubjectLocks::Held held = locks_.acquire(
        std::string(name(intent.capability)) + "/" + intent.subject, looking.deadline);
    if (!held) {
      done.waits = intent.subject + " is busy";
      continue;
    }
    looking.correlation_id = CorrelationId{intent.correlation_id};
    looking.channel = intent.channel;
    const auto found = observe<Receipt>(intent.side, cutover::Operation::read,
                                        [&] { return operation->second->find(intent, looking); });
    if (found.result) {
      settle(intent, found.result, *operation->second, how.still_ours);
      bool open = true;
      const Status looked = journal_.read([&](const journal::JournalReader& reader) {
        open = reader.open_intent_of(intent.capability, intent.subject).has_value();
      });
      if (!looked || open) {
        done.waits = "the journal does not take what was found of " + intent.subject;
        continue;
      }
      ++done.settled;
      continue;
    }
    const Error& error = found.result.error();
    if (error.code == ErrorCode::conflict && intent.capability != Capability::orders) {
      // It stays open, and its subject with it.
      raise_once(intent, duplicate_of(intent), error);
    } else if (error.code == ErrorCode::conflict) {
      done.failed.emplace_back(intent, error);
    } else if (error.code == ErrorCode::not_found) {
      const Status given_up = give_up(intent, *operation->second, how.still_ours);
      if (given_up) ++done.given_up;
      if (!given_up) done.waits = given_up.error().message;
    } else {
      done.waits = error.system + ": " + error.message;
      done.failed.emplace_back(intent, error);
    }
  }
  return done;
}

void WriteLife::abandon(JournalTransaction& tx, Capability capability,
                        const journal::Subject& subject) {
  const auto intent = tx.open_intent_of(capability, subject);
  const auto operation = intent ? operations_.find(intent->operation) : operations_.end();
  if (operation == operations_.end() || !tx.release_intent(intent->id)) return;
  operation->second->given_up(tx, *intent);
}

Status WriteLife::give_up(const Intent& intent, WriteOperation& operation, const Fence& fence) {
  return journal_.write([&](JournalTransaction& tx) {
    if ((fence && !fence(tx)) || !still_ours(tx, intent) || !tx.release_intent(intent.id))
      return false;
    operation.given_up(tx, intent);
    return true;
  });
}

void WriteLife::raise_once(const Intent& intent, const std::string& kind, const Error& error) {
  const std::string fact = "raised/" + kind + "/" + std::to_string(intent.id);
  const Status raised = journal_.write([&](JournalTransaction& tx) {
    if (!still_ours(tx, intent) || !tx.fact(fact).empty()) return false;
    journal::ExceptionRecord exception;
    exception.kind = kind;
    exception.capability = intent.capability;
    exception.wave = intent.wave;
    exception.subject = intent.subject;
    exception.side = intent.side;
    exception.detail = error.message;
    exception.payload = intent.request;
    exception.correlation_id = intent.correlation_id;
    tx.add_exception(exception, now_());
    tx.set_fact(fact, "1");
    return true;
  });
  (void)raised;  // Raised before, or raised again at the next look-up.
}

}  // namespace underpin::facade
