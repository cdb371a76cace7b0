#include "legacy-adapters/transport/file_drop/file_drop.h"

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
         ends_with(name, ".done") || ends_with(name, ".TMP") || ends_with(name, ".PART");
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
      register_(fs::path(settings_.state_folder) / "file_drop.register") {}

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
  if (const Status loaded = register_.load(); !loaded) return loaded;
  prepared_ = true;
  return Done{};
}

Result<Report> Inbox::poll(const Apply& apply, Deadline deadline) {
  if (const Status ready = prepare(); !ready) return ready.error();
  Report report;
  if (const Status claimed = claim_complete(report); !claimed) return claimed.error();
  std::vector<std::string> claims;
  std::error_code code;
  for (fs::directory_iterator entry(claimed_, code), end; !code && entry != end;
       entry.increment(code)) {
    claims.push_back(entry->path().filename().string());
  }
  if (code) {
    return unavailable(settings_, claimed_.string() + " cannot be listed: " + code.message());
  }
  std::sort(claims.begin(), claims.end());
  for (const std::string& claim : claims) {
    if (settings_.clock() >= deadline) break;
    const int waiting = report.waiting;
    if (const Status settled = settle(claim, apply, report); !settled) return settled.error();
    if (report.waiting != waiting) break;  // Put off: what was dropped after it waits with it.
  }
  return report;
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
    seen.erase(name);
    fs::remove(folder_ / (name + ".done"), code);
  }
  seen_ = std::move(seen);
  return Done{};
}

bool Inbox::complete(const fs::path& file, std::map<std::string, Seen>& seen) {
  struct stat status {};
  if (::lstat(file.c_str(), &status) != 0) return false;
  const std::string name = file.filename().string();
  const auto now = settings_.clock();
  Seen current{status.st_size, status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec, now};
  if (const auto before = seen_.find(name); before != seen_.end() &&
                                            before->second.size == current.size &&
                                            before->second.modified_ns == current.modified_ns) {
    current.since = before->second.since;
  }
  seen[name] = current;
  std::error_code ignored;
  if (settings_.needs_done && !fs::exists(file.string() + ".done", ignored)) return false;
  return now - current.since >= std::chrono::milliseconds(settings_.stable_ms);
}

Status Inbox::settle(const std::string& claim, const Apply& apply, Report& report) {
  const fs::path path = claimed_ / claim;
  const std::string name = dropped_name(claim);
  std::error_code code;
  const auto size = static_cast<std::int64_t>(fs::file_size(path, code));
  if (code) return unavailable(settings_, path.string() + " cannot be read: " + code.message());
  if (size > settings_.size_max) {
    return quarantine(claim, name,
                      "the file has " + std::to_string(size) + " bytes; the limit is " +
                          std::to_string(settings_.size_max),
                      report);
  }
  const auto checksum = checksum_of(path);
  if (!checksum) return unavailable(settings_, checksum.error().message);
  const Applied* known = register_.by_checksum(*checksum);
  if (known != nullptr && known->claim != claim) {
    return quarantine(claim, name,
                      "duplicate: the same content was applied as " + known->name + " (batch " +
                          known->batch + ")",
                      report);
  }
  if (known == nullptr) {
    const Verdict verdict = apply(ClaimedFile{path, name, *checksum, size});
    if (verdict.kind == Verdict::Kind::later) {
      ++report.waiting;
      return Done{};
    }
    if (verdict.kind == Verdict::Kind::refused) {
      return quarantine(claim, name, verdict.reason, report);
    }
    const Status added = register_.add(Applied{claim, name, *checksum, verdict.batch});
    if (!added) return added;
  }
  ++report.applied;
  fs::rename(path, archive_folder() / claim, code);
  if (code) return unavailable(settings_, path.string() + " cannot be archived: " + code.message());
  return Done{};
}

Status Inbox::quarantine(const std::string& claim, const std::string& name,
                         const std::string& reason, Report& report) {
  const fs::path to = quarantine_folder() / claim;
  {
    std::ofstream file(to.string() + ".reason");  // First: no file lies there without its reason.
    file << name << "\n" << reason << "\n";
    file.flush();
    if (!file) return unavailable(settings_, to.string() + ".reason cannot be written");
  }
  std::error_code code;
  fs::rename(claimed_ / claim, to, code);
  if (code) {
    return unavailable(settings_, to.string() + " cannot be quarantined: " + code.message());
  }
  ++report.quarantined;
  report.quarantined_reasons.push_back(name + ": " + reason);
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
