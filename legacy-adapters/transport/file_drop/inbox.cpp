#include "legacy-adapters/transport/file_drop/acknowledgement.h"
#include "legacy-adapters/transport/file_drop/durable.h"
#include "legacy-adapters/transport/file_drop/file_drop.h"
#include "legacy-adapters/transport/file_drop/outbox.h"
#include "legacy-adapters/transport/file_drop/records.h"

#include <openssl/rand.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

namespace underpin::legacy::file_drop {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view claim_mark = "~";  // claimed name: <name>~<unique>

std::string unique_suffix() {
  std::array<unsigned char, 6> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    throw std::runtime_error("no random numbers");
  }
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = Timestamp::from(std::chrono::system_clock::now()).text() + "-";
  std::replace(text.begin(), text.end(), ':', '.');
  for (const unsigned char byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string dropped_name(const std::string& claim) {
  return claim.substr(0, claim.rfind(claim_mark));
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool is_being_written(std::string_view name) {
  return name.empty() || name[0] == '.' || ends_with(name, ".tmp") || ends_with(name, ".part") ||
         ends_with(name, ".TMP") || ends_with(name, ".PART");
}

std::int64_t modified_ns(const struct stat& status) {
  return status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec;
}

Error unavailable(const Settings& settings, std::string message) {
  return {ErrorCode::unavailable, std::move(message), settings.system};
}

// The instance's own name, kept in its private state folder, so that it finds its claims again.
Result<std::string> instance_name(const Settings& settings) {
  const fs::path file = fs::path(settings.state_folder) / "file_drop.instance";
  {
    std::ifstream input(file);
    std::string name;
    if (input >> name && !name.empty()) return name;
  }
  const std::string name = unique_suffix();
  std::ofstream output(file);
  output << name << '\n';
  output.flush();
  if (!output) return unavailable(settings, file.string() + " cannot be written");
  return name;
}

}  // namespace

Inbox::Inbox(Settings settings)
    : settings_(std::move(settings)),
      folder_(settings_.folder),
      register_file_(settings_.register_file.empty()
                         ? fs::path(settings_.state_folder) / "file_drop.register"
                         : fs::path(settings_.register_file)),
      register_(register_file_, settings_.register_kept) {}

Status Inbox::prepare() {
  if (prepared_) return Done{};
  std::error_code code;
  if (!fs::is_directory(folder_, code)) {
    return unavailable(settings_, "drop folder " + folder_.string() + " does not exist");
  }
  fs::create_directories(settings_.state_folder, code);
  const auto name = instance_name(settings_);
  if (!name) return name.error();
  claimed_ = folder_ / "claimed" / *name;
  for (const fs::path& below : {claimed_, archive_folder(), quarantine_folder()}) {
    fs::create_directories(below, code);
    if (code) {
      return unavailable(settings_,
                         "folder " + below.string() + " cannot be created: " + code.message());
    }
  }
  prepared_ = true;
  return Done{};
}

Result<Report> Inbox::poll(const Apply& apply, Deadline deadline) {
  if (const Status ready = prepare(); !ready) return ready.error();
  Report report;
  if (const Status claimed = claim_complete(report); !claimed) return claimed.error();
  // Who holds the register may apply: what another learns meanwhile would be too late.
  const auto lock = try_lock(register_file_.string() + ".lock");
  if (!lock) return unavailable(settings_, lock.error().message);
  const auto held = claims();
  if (!held) return held.error();
  if (!lock.value()) {
    report.waiting += static_cast<int>(held->size());
    return report;
  }
  if (const Status loaded = register_.load(); !loaded) return loaded.error();
  for (std::size_t i = 0; i < held->size(); ++i) {
    const std::string& claim = (*held)[i];
    if (settings_.clock() >= deadline) {
      report.waiting += static_cast<int>(held->size() - i);
      break;
    }
    const int waiting = report.waiting;
    if (const Status settled = settle(claim, apply, report); !settled) return settled.error();
    if (report.waiting != waiting) break;  // Put off: what was dropped after it waits with it.
  }
  return report;
}

Result<std::vector<std::string>> Inbox::claims() const {
  std::vector<std::string> names;
  std::error_code code;
  for (fs::directory_iterator entry(claimed_, code), end; !code && entry != end;
       entry.increment(code)) {
    names.push_back(entry->path().filename().string());
  }
  if (code) {
    return unavailable(settings_, claimed_.string() + " cannot be listed: " + code.message());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// The rename is the claim: of two instances that try, one finds the file gone.
Status Inbox::claim_complete(Report& report) {
  std::vector<std::string> names;
  std::error_code code;
  for (fs::directory_iterator entry(folder_, code), end; !code && entry != end;
       entry.increment(code)) {
    const std::string name = entry->path().filename().string();
    std::error_code ignored;
    // A link is not followed: it could point at what the producer may not read.
    if (!fs::is_regular_file(entry->symlink_status(ignored)) || is_being_written(name)) continue;
    if (!settings_.done_suffix.empty() && ends_with(name, settings_.done_suffix)) continue;
    if (ends_with(name, settings_.suffix)) names.push_back(name);
  }
  if (code) {
    return unavailable(settings_,
                       "drop folder " + folder_.string() + " cannot be listed: " + code.message());
  }
  std::sort(names.begin(), names.end());
  std::map<std::string, Seen> seen;
  for (const std::string& name : names) {
    if (!complete(folder_ / name, seen)) {
      ++report.waiting;
      continue;
    }
    const std::string claim = name + std::string(claim_mark) + unique_suffix();
    fs::rename(folder_ / name, claimed_ / claim, code);
    if (code == std::errc::no_such_file_or_directory) continue;  // Another instance was first.
    if (code) {
      return unavailable(settings_,
                         (folder_ / name).string() + " cannot be claimed: " + code.message());
    }
    // What was complete may have been taken by another instance, and a new one of that name begun.
    struct stat taken {};
    const Seen& judged = seen[name];
    if (::lstat((claimed_ / claim).c_str(), &taken) != 0 || taken.st_ino != judged.inode ||
        taken.st_size != judged.size || modified_ns(taken) != judged.modified_ns) {
      if (const Status back = rename_new(claimed_ / claim, folder_ / name); !back) {
        return unavailable(settings_, back.error().message);
      }
      seen.erase(name);
      ++report.waiting;
      continue;
    }
    seen.erase(name);
    if (settings_.needs_done) fs::remove(folder_ / (name + settings_.done_suffix), code);
  }
  seen_ = std::move(seen);
  return Done{};
}

bool Inbox::complete(const fs::path& file, std::map<std::string, Seen>& seen) {
  struct stat status {};
  if (::lstat(file.c_str(), &status) != 0) return false;
  const std::string name = file.filename().string();
  const auto now = settings_.clock();
  Seen current{status.st_ino, status.st_size, modified_ns(status), now};
  if (const auto before = seen_.find(name);
      before != seen_.end() && before->second.inode == current.inode &&
      before->second.size == current.size && before->second.modified_ns == current.modified_ns) {
    current.since = before->second.since;
  }
  seen[name] = current;
  if (settings_.needs_done) {
    struct stat marker {};
    if (::lstat((file.string() + settings_.done_suffix).c_str(), &marker) != 0) return false;
    if (modified_ns(marker) < current.modified_ns) return false;
  }
  return now - current.since >= std::chrono::milliseconds(settings_.stable_ms);
}

Status Inbox::settle(const std::string& claim, const Apply& apply, Report& report) {
  ClaimedFile file{claimed_ / claim, dropped_name(claim), {}, 0};
  std::error_code code;
  file.size = static_cast<std::int64_t>(fs::file_size(file.path, code));
  if (code) {
    return unavailable(settings_, file.path.string() + " cannot be read: " + code.message());
  }
  if (file.size > settings_.size_max) {
    return quarantine(claim, file,
                      "the file has " + std::to_string(file.size) + " bytes; the limit is " +
                          std::to_string(settings_.size_max),
                      report);
  }
  const auto checksum = checksum_of(file.path);
  if (!checksum) return unavailable(settings_, checksum.error().message);
  file.checksum = *checksum;
  const Applied* known = register_.by_checksum(file.checksum);
  std::string batch;
  if (known != nullptr && known->claim == claim) {
    batch = known->batch;  // Applied before a restart, not archived.
  } else {
    const std::string reason = why_not(file, claim);
    if (!reason.empty()) return quarantine(claim, file, reason, report);
    const Verdict verdict = apply(file);
    if (verdict.kind == Verdict::Kind::later) {
      ++report.waiting;
      return Done{};
    }
    if (verdict.kind == Verdict::Kind::refused) {
      return quarantine(claim, file, verdict.reason, report);
    }
    batch = verdict.batch;
    const Status added = register_.add(Applied{claim, file.name, file.checksum, batch});
    if (!added) return added;
  }
  if (const Status told = acknowledge(claim, file, Verdict::applied(batch)); !told) return told;
  ++report.applied;
  fs::rename(file.path, archive_folder() / claim, code);
  if (code) {
    return unavailable(settings_, file.path.string() + " cannot be archived: " + code.message());
  }
  forget_position(settings_.state_folder, file.checksum);
  return Done{};
}

// Why a file must not be applied, by what was; empty when it may.
std::string Inbox::why_not(const ClaimedFile& file, const std::string& claim) const {
  const Applied* known = register_.by_checksum(file.checksum);
  if (settings_.contents_once && known != nullptr && known->claim != claim) {
    return "duplicate: the same content was applied as " + known->name + " (batch " + known->batch +
           ")";
  }
  if (settings_.names_once) {
    if (const Applied* named = register_.by_name(file.name)) {
      return "the name was applied before, with other content (batch " + named->batch + ")";
    }
  }
  if (settings_.batch_of) {
    if (const auto batch = settings_.batch_of(file)) {
      if (const Applied* same = register_.by_batch(*batch)) {
        return "batch " + *batch + " was applied before, with other content, as " + same->name;
      }
    }
  }
  return {};
}

Status Inbox::acknowledge(const std::string& claim, const ClaimedFile& file,
                          const Verdict& verdict) {
  if (!settings_.acknowledgements) return Done{};
  const Acknowledgement text{file.name, file.checksum, verdict.kind == Verdict::Kind::applied,
                             verdict.batch, verdict.reason};
  const Status sent = settings_.acknowledgements->send(claim + ".ack", text_of(text));
  // Told before a restart already, perhaps in other words.
  if (!sent && sent.error().code == ErrorCode::conflict) return Done{};
  return sent;
}

Status Inbox::quarantine(const std::string& claim, const ClaimedFile& held,
                         const std::string& reason, Report& report) {
  if (const Status told = acknowledge(claim, held, Verdict::refused(reason)); !told) return told;
  const fs::path to = quarantine_folder() / claim;
  {
    std::ofstream file(to.string() + ".reason");  // First: no file lies there without its reason.
    file << held.name << "\n" << reason << "\n";
    file.flush();
    if (!file) return unavailable(settings_, to.string() + ".reason cannot be written");
  }
  std::error_code code;
  fs::rename(held.path, to, code);
  if (code) {
    return unavailable(settings_, to.string() + " cannot be quarantined: " + code.message());
  }
  ++report.quarantined;
  report.quarantined_reasons.push_back(held.name + ": " + reason);
  return Done{};
}

std::vector<Finding> examine_folder(const std::string& folder) {
  std::vector<Finding> findings;
  std::error_code code;
  const bool exists = fs::is_directory(folder, code);
  findings.push_back({exists, "folder " + folder, exists ? "" : "does not exist"});
  if (!exists) return findings;
  fs::directory_iterator listed(folder, code);
  findings.push_back({!code, "folder " + folder + ": list", code ? code.message() : ""});
  for (const char* below : {"claimed", "archive", "quarantine"}) {
    const fs::path target = fs::path(folder) / below;
    const fs::path probe =
        fs::path(folder) / (".probe" + std::string(claim_mark) + unique_suffix());
    std::string problem;
    fs::create_directories(target, code);
    if (code) problem = "cannot be created: " + code.message();
    if (problem.empty()) {
      std::ofstream file(probe);
      if (!file)
        problem = std::string("no file can be created in the folder: ") + std::strerror(errno);
    }
    if (problem.empty()) {
      fs::rename(probe, target / probe.filename(), code);
      if (code) problem = "no file can be renamed into it: " + code.message();
      fs::remove(code ? probe : target / probe.filename(), code);
    }
    findings.push_back({problem.empty(), "folder " + target.string() + ": rename into", problem});
  }
  return findings;
}

}  // namespace underpin::legacy::file_drop
