#include "legacy-adapters/iseries_batch/receiver.h"

#include "legacy-adapters/iseries_batch/customer_store.h"
#include "legacy-adapters/iseries_batch/order_store.h"
#include "legacy-adapters/transport/file_drop/quarantine.h"

#include <fstream>

namespace underpin::legacy::iseries_batch {
namespace {

constexpr std::size_t said_max = 500;  // Characters of an alarm.

// Rolls the transaction back that a file was taken into.
struct NotTaken {
  Error error;
};

file_drop::Settings drop_of(const Settings& settings, const std::string& system,
                            const std::string& state_folder) {
  file_drop::Settings drop;
  drop.system = system;
  drop.folder = settings.inbound.folder;
  drop.state_folder = state_folder;
  drop.suffix = ".DAT";
  drop.register_kept = register_kept;
  drop.needs_done = settings.inbound.needs_done;
  drop.stable_ms = settings.inbound.stable_ms;
  return drop;
}

}  // namespace

void Refusals::add(Refusal refusal) {
  if (++count_ <= kept_max) kept_.push_back(std::move(refusal));
}

std::string Refusals::text(const std::string& before) const {
  std::string all;
  for (const Refusal& refusal : kept_) all += before + iseries_batch::text(refusal) + "\n";
  if (count_ > kept_.size()) all += "and " + std::to_string(count_ - kept_.size()) + " more\n";
  return all;
}

void Refusals::write(const file_drop::Inbox& inbox, const file_drop::ClaimedFile& file) const {
  const auto to =
      inbox.quarantine_folder() / (file.name + "." + file.checksum.substr(0, 8) + ".refused");
  std::ofstream output(to);
  output << text(file.name + " ");
  output.flush();
  if (!output) throw state::StateFailure(to.string() + " cannot be written");
}

std::vector<Alarm> quarantine_alarms(const std::filesystem::path& quarantine,
                                     const std::string& what) {
  std::size_t files = 0;
  std::size_t records = 0;
  std::string file;
  std::string record;
  for (const std::string& name : file_drop::notes_in(quarantine)) {
    const bool whole = file_drop::is_of_file(name);
    ++(whole ? files : records);
    (whole ? file : record) = name;
  }
  const auto said = [&](std::size_t count, const std::string& name) {
    std::ifstream input(quarantine / name);
    std::string line;
    // A reason has the file's name in its first line.
    if (std::getline(input, line) && name.ends_with(".reason"))
      if (std::string rule; std::getline(input, rule)) line += " " + rule;
    return std::to_string(count) + " in " + quarantine.string() + ", the last is " + name + ": " +
           line.substr(0, said_max);
  };
  std::vector<Alarm> alarms;
  if (files > 0) alarms.push_back({what + " file refused", said(files, file)});
  if (records > 0) alarms.push_back({what + " records refused", said(records, record)});
  return alarms;
}

file_drop::Verdict verdict_of(const Status& taken, const std::string& batch) {
  if (taken || taken.error().code == ErrorCode::conflict) return file_drop::Verdict::applied(batch);
  if (taken.error().code == ErrorCode::invalid_request)
    return file_drop::Verdict::refused(taken.error().message);
  return file_drop::Verdict::later(taken.error().message);
}

Receiver::Receiver(const Settings& settings, const std::string& system,
                   const std::string& state_folder, ExchangeGuard& guard, State& state,
                   StockStore& stock, std::function<Timestamp()> now)
    : settings_(settings),
      reading_{settings.wire, settings.zone, settings.units, settings.return_reasons},
      guard_(guard),
      state_(state),
      stock_(stock),
      now_(std::move(now)),
      inbox_(drop_of(settings, system, state_folder)) {}

Status Receiver::poll(Deadline deadline) {
  const std::lock_guard lock(mutex_);
  return poll_locked(deadline);
}

bool Receiver::try_poll(Deadline deadline) {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  // What a poll of the folder says is the next one's to say again.
  return lock.owns_lock() && poll_locked(deadline).has_value();
}

Status Receiver::poll_locked(Deadline deadline) {
  if (const Status held = guard_.hold(); !held) return held;
  const auto report = inbox_.poll(
      [this](const file_drop::ClaimedFile& file) {
        try {
          return apply(file);
        } catch (const state::StateFailure& failure) {
          return file_drop::Verdict::later(failure.what());
        }
      },
      deadline);
  if (!report) return report.error();
  if (report->waiting == 0) guard_.took_all();
  return Done{};
}

file_drop::Verdict Receiver::apply(const file_drop::ClaimedFile& file) {
  for (const FileKind kind :
       {FileKind::status, FileKind::stock, FileKind::delta, FileKind::customer}) {
    if (!file.name.starts_with(prefix(kind))) continue;
    Refusals refusals;
    const Status taken = take(kind, file, refusals);
    if (!taken && taken.error().message.starts_with("held") && !refusals.empty())
      return file_drop::Verdict::refused(refusals.text());
    return verdict_of(taken, file.checksum);
  }
  return file_drop::Verdict::refused(
      "its name begins like none of STS, STK, DLT and CUS: nothing says what it is");
}

Status Receiver::take(FileKind kind, const file_drop::ClaimedFile& file, Refusals& refusals) {
  std::ifstream input(file.path, std::ios::binary);
  if (!input) return Error{ErrorCode::unavailable, file.name + " cannot be opened"};
  if (kind == FileKind::status) return take_status(edi::reading(input), file, refusals);
  const std::function<void(Refusal)> refused = [&](Refusal one) { refusals.add(std::move(one)); };
  // Before the file counts as taken in: after a crash it is not read again.
  const auto report = [&] {
    if (!refusals.empty()) refusals.write(inbox_, file);
  };
  if (kind != FileKind::customer)
    return stock_.take(kind, edi::reading(input), file.checksum, reading_, settings_.hold_bad_files,
                       refused, report);
  try {
    return state_.write([&](state::StateDatabase& database) -> Status {
      const Status taken = take_customer_file(database, edi::reading(input), file.checksum,
                                              reading_, now_(), refused);
      if (!taken) throw NotTaken{taken.error()};
      if (settings_.hold_bad_files && !refusals.empty())
        throw NotTaken{{ErrorCode::invalid_request, "held: a record cannot be used"}};
      report();
      return taken;
    });
  } catch (const NotTaken& not_taken) {
    return not_taken.error;
  }
}

Status Receiver::take_status(edi::ReadBytes read, const file_drop::ClaimedFile& file,
                             Refusals& refusals) {
  // Writes that the iSeries refused. No fault of the file: they hold nothing.
  std::vector<std::pair<std::int64_t, Refusal>> refused;
  // Of those somebody waits for: is told, or has stopped waiting by the time it is committed.
  const auto put_aside = [&] {
    std::erase_if(refused, [&](const auto& one) {
      const bool waited_for = state_.is_waited_for(one.first);
      if (!waited_for) refusals.add(one.second);
      return !waited_for;
    });
  };
  try {
    const Status done = state_.write([&](state::StateDatabase& database) -> Status {
      const Timestamp now = now_();
      std::int64_t run = 0;
      Timestamp made;
      StatusConsumer consumer;
      consumer.header = [&](const FileHeader& header) -> Status {
        run = header.run;
        made = header.made;
        const RunKnown known = run_known(database, FileKind::status, run, file.checksum);
        if (known == RunKnown::same) return Error{ErrorCode::conflict, "taken in before"};
        if (known == RunKnown::refused)
          return Error{ErrorCode::invalid_request,
                       "run " + std::to_string(run) + " was taken in before, with other content"};
        return Done{};
      };
      consumer.answer = [&](const Answer& answer) {
        const auto taken = take_answer(database, answer, run, made, now);
        if (taken.wrong) refusals.add({answer.at, "answer", "SEQ", *taken.wrong});
        // A new order that was refused is in the feed as such.
        const bool in_feed = taken.refused && taken.refused->file == FileKind::orders &&
                             taken.refused->action == "A";
        // One that is to be sent again is sent by nobody: what it said is not known here.
        const bool later = answer.result == Answer::Result::later;
        const bool lost = taken.lost && answer.result != Answer::Result::accepted;
        if ((taken.refused && !in_feed) || lost)
          refused.emplace_back(
              answer.seq, Refusal{answer.at, "answer", "RESULT",
                                  answer.kind + " " + answer.reference +
                                      (later ? " was put off, and is lost: " : " was refused: ") +
                                      answer.reason + " " + answer.text});
      };
      consumer.order = [&](const OrderSeen& seen) { return take_order(database, seen, run, now); };
      consumer.made_return = [&](const ReturnSeen& seen) { take_return(database, seen, run); };
      consumer.refused = [&](Refusal one) { refusals.add(std::move(one)); };
      const Status taken = read_status_file(std::move(read), reading_, consumer);
      if (!taken) throw NotTaken{taken.error()};
      if (settings_.hold_bad_files && !refusals.empty())
        throw NotTaken{{ErrorCode::invalid_request, "held: a record cannot be used"}};
      run_taken(database, FileKind::status, run, file.checksum);
      // Before the file counts as taken in: after a crash it is not read again.
      put_aside();
      if (!refusals.empty()) refusals.write(inbox_, file);
      return Done{};
    });
    const std::size_t waited_for = refused.size();
    put_aside();
    if (refused.size() < waited_for) refusals.write(inbox_, file);
    return done;
  } catch (const NotTaken& not_taken) {
    return not_taken.error;
  }
}

std::vector<Alarm> Receiver::alarms() const {
  return quarantine_alarms(inbox_.quarantine_folder(), "inbound");
}

}  // namespace underpin::legacy::iseries_batch
