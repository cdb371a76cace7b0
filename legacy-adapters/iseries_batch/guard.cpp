#include "legacy-adapters/iseries_batch/guard.h"

#include "legacy-adapters/transport/file_drop/register.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace underpin::legacy::iseries_batch {
namespace {

namespace fs = std::filesystem;

Error unavailable(std::string message) { return {ErrorCode::unavailable, std::move(message)}; }

// Into the fields SEQ and RUN.
bool fits(std::int64_t number) { return number >= 0 && number <= 999'999'999; }

// When a file was claimed: text that sorts.
std::string time_of(const std::string& claim) { return claim.substr(claim.rfind('~') + 1); }

std::string text_of(const LostWrites& lost) {
  return "writes " + std::to_string(lost.first) + " to " + std::to_string(lost.last) +
         " were sent by a state.db that is newer than this one, and are not all answered yet";
}

}  // namespace

ExchangeGuard::ExchangeGuard(const Settings& settings, fs::path inbound_state, State& state,
                             std::function<Timestamp()> now)
    : settings_(settings),
      inbound_state_(std::move(inbound_state)),
      state_(state),
      now_(std::move(now)),
      mark_(fs::path(settings.outbound_folder) / ".underpin.sent") {
  // Looked at without holding the exchange: a recovery asks before the first file is taken.
  const auto sent = marked();
  const Numbers known = state_.numbers();
  in_doubt_ = !sent || sent->seq > known.seq || sent->run > known.run || lost().has_value();
}

Result<Numbers> ExchangeGuard::marked() const {
  std::error_code code;
  if (!fs::exists(mark_, code) && !code) return Numbers{};
  std::ifstream input(mark_);
  Numbers sent;
  char end = 0;
  if (!(input >> sent.seq >> sent.run >> end) || end != '.' || !fits(sent.seq) || !fits(sent.run))
    return unavailable(mark_.string() + " does not say which numbers were sent");
  return sent;
}

Status ExchangeGuard::hold() {
  if (held_) return Done{};
  const std::lock_guard guard(mutex_);
  if (held_) return Done{};
  const Status held = take_hold();
  not_held_ = held ? "" : held.error().message;
  return held;
}

Status ExchangeGuard::take_hold() {
  try {
    auto lock = file_drop::try_lock(fs::path(settings_.outbound_folder) / ".underpin.lock");
    if (!lock) return unavailable(lock.error().message);
    if (!lock.value())
      return unavailable("another process works with the exchange in " + settings_.outbound_folder);
    const auto sent = marked();
    if (!sent) return sent.error();
    const Numbers known = state_.numbers();
    if (sent->seq > known.seq || sent->run > known.run) state_.lose_until(*sent, now_());
    in_doubt_ = lost().has_value();
    // A state that is older than they are does not know what they said.
    if (put_back() > 0) rereading_ = true;
    last_marked_ = *sent;
    lock_ = std::move(lock).value();
    held_ = true;
    return Done{};
  } catch (const std::exception& failure) {
    return unavailable(failure.what());
  }
}

// How many.
int ExchangeGuard::put_back() const {
  const fs::path folder = settings_.inbound.folder;
  file_drop::Register taken(inbound_state_ / "file_drop.register", register_kept);
  if (const Status loaded = taken.load(); !loaded)
    throw state::StateFailure(loaded.error().message);
  // Older than all that the register remembers are those that it has forgotten.
  std::string since;
  if (taken.forgets()) {
    since = "~";  // Behind every time.
    for (const auto& [name, applied] : taken.names())
      since = std::min(since, time_of(applied.claim));
  }
  std::vector<fs::path> unknown;
  const auto look_in = [&](const fs::path& below) {
    std::error_code code;
    for (fs::directory_iterator at(below, code), end; !code && at != end; at.increment(code)) {
      const std::string claim = at->path().filename().string();
      const std::size_t mark = claim.rfind('~');
      if (mark == std::string::npos || taken.by_name(claim.substr(0, mark)) != nullptr) continue;
      if (time_of(claim) >= since) unknown.push_back(at->path());
    }
    if (code && code != std::errc::no_such_file_or_directory)
      throw state::StateFailure(below.string() + " cannot be listed");
  };
  look_in(folder / "archive");
  // What a process had claimed that ended, and whose state is gone.
  std::string own;
  std::ifstream(inbound_state_ / "file_drop.instance") >> own;
  std::error_code code;
  for (fs::directory_iterator at(folder / "claimed", code), end; !code && at != end;
       at.increment(code))
    if (at->path().filename().string() != own) look_in(at->path());
  int count = 0;
  for (const fs::path& file : unknown) {
    const std::string claim = file.filename().string();
    const std::string name = claim.substr(0, claim.rfind('~'));
    // One that came twice lies there twice.
    if (!file_drop::rename_new(file, folder / name)) continue;
    if (settings_.inbound.needs_done) std::ofstream(folder / (name + ".done"));
    ++count;
  }
  return count;
}

std::optional<LostWrites> ExchangeGuard::lost() {
  return state_.lost(now_().plus_ms(-60'000LL * settings_.lost_after_minutes));
}

void ExchangeGuard::took_all() {
  rereading_ = false;
  if (held_ && in_doubt_ && !lost()) in_doubt_ = false;
}

Status ExchangeGuard::knows_all() {
  if (const Status held = hold(); !held) return held;
  if (rereading_) return unavailable("files of the archive are being taken in once more");
  if (!in_doubt_) return Done{};
  if (const auto open = lost()) return unavailable(text_of(*open));
  in_doubt_ = false;
  return Done{};
}

Status ExchangeGuard::mark(const Numbers& sent) {
  if (const Status held = hold(); !held) return held;
  const std::lock_guard guard(mutex_);
  const Numbers wanted{std::max(sent.seq, last_marked_.seq), std::max(sent.run, last_marked_.run)};
  if (wanted.seq == last_marked_.seq && wanted.run == last_marked_.run) return Done{};
  const fs::path part = mark_.string() + ".part";
  const std::string text = std::to_string(wanted.seq) + " " + std::to_string(wanted.run) + " .\n";
  {
    const file_drop::Descriptor file(
        ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!file ||
        ::write(file.number(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fsync(file.number()) != 0)
      return unavailable(part.string() + " cannot be written");
  }
  std::error_code code;
  fs::rename(part, mark_, code);
  if (code) return unavailable(mark_.string() + " cannot be written: " + code.message());
  if (const Status synced = file_drop::sync_folder(mark_.parent_path()); !synced) return synced;
  last_marked_ = wanted;
  return Done{};
}

std::vector<Alarm> ExchangeGuard::alarms() {
  std::vector<Alarm> alarms;
  {
    const std::lock_guard guard(mutex_);
    if (!not_held_.empty()) alarms.push_back({"exchange not held", not_held_});
  }
  if (rereading_)
    alarms.push_back({"archive not read", "nothing is sent until what lies in " +
                                              settings_.inbound.folder + " is taken in"});
  if (!in_doubt_) return alarms;
  if (const auto open = lost()) alarms.push_back({"writes lost", text_of(*open)});
  return alarms;
}

}  // namespace underpin::legacy::iseries_batch
