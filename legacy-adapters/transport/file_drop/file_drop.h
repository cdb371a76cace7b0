#pragma once

#include "contracts/call_context.h"
#include "contracts/ports/erp_adapter.h"
#include "contracts/result.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

// A folder into which another system drops files. Polled: change notification is blind on network
// shares. Below the folder lie claimed/<instance>/, archive/ and quarantine/ (with a .reason file).
namespace underpin::legacy::file_drop {

struct Settings {
  std::string system;        // The configured system's name; goes into Error::system.
  std::string folder;        // Where the producer drops.
  std::string state_folder;  // Private and durable; the register of what was applied lies here.
  std::string suffix;        // Only names with this end, ".csv"; empty: every name.
  // A file is complete when its name is no longer *.tmp or *.part, <name>.done exists (if so
  // configured), and size and time have not changed for `stable_ms` between two polls.
  bool needs_done = false;
  int stable_ms = 2'000;
  std::int64_t size_max = 1'000'000'000;  // Bytes; larger goes to quarantine unread.
  std::function<std::chrono::steady_clock::time_point()> clock = std::chrono::steady_clock::now;
};

// A complete file that this instance alone holds.
struct ClaimedFile {
  std::filesystem::path path;
  std::string name;      // As dropped.
  std::string checksum;  // SHA-256 of the content, hexadecimal.
  std::int64_t size = 0;
};

// What became of a file. `batch` is the id the content gives itself.
struct Verdict {
  enum class Kind { applied, refused, later };
  Kind kind = Kind::later;
  std::string batch;
  std::string reason;
  static Verdict applied(std::string batch) { return {Kind::applied, std::move(batch), {}}; }
  static Verdict refused(std::string reason) { return {Kind::refused, {}, std::move(reason)}; }
  static Verdict later(std::string reason) { return {Kind::later, {}, std::move(reason)}; }
};

// May be called again with a file it has applied, when the process ended before the register was
// written: it recognises the batch and answers `applied` again without applying twice.
using Apply = std::function<Verdict(const ClaimedFile& file)>;

struct Applied {
  std::string claim;  // The unique name it was claimed under.
  std::string name;
  std::string checksum;
  std::string batch;
};

// The durable memory of applied files: one fsynced line each, in the state folder.
class Register {
 public:
  explicit Register(std::filesystem::path file);
  Status load();  // A line torn by a crash is dropped.
  Status add(const Applied& applied);
  const Applied* by_checksum(const std::string& checksum) const;
  const Applied* by_batch(const std::string& batch) const;

 private:
  std::filesystem::path file_;
  std::map<std::string, Applied> by_checksum_;
  std::map<std::string, std::string> checksum_of_batch_;
};

struct Report {
  int applied = 0;
  int quarantined = 0;
  int waiting = 0;                               // Not complete yet, or put off by the reader.
  std::vector<std::string> quarantined_reasons;  // "name: reason".
};

// One thread polls; several processes may poll one folder, each file goes to one of them.
class Inbox {
 public:
  explicit Inbox(Settings settings);

  // Takes what is complete, in the order of names; finishes first what an earlier run left claimed.
  // unavailable: the folder cannot be read or renamed in. Starts no further file after `deadline`.
  Result<Report> poll(const Apply& apply, Deadline deadline);

  const std::filesystem::path& claim_folder() const { return claimed_; }
  std::filesystem::path archive_folder() const { return folder_ / "archive"; }
  std::filesystem::path quarantine_folder() const { return folder_ / "quarantine"; }

 private:
  struct Seen {
    std::int64_t size = 0;
    std::int64_t modified_ns = 0;
    std::chrono::steady_clock::time_point since;
  };
  Status prepare();
  Status claim_complete(Report& report);
  bool complete(const std::filesystem::path& file, std::map<std::string, Seen>& seen);
  Status settle(const std::string& claim, const Apply& apply, Report& report);
  Status quarantine(const std::string& claim, const std::string& name, const std::string& reason,
                    Report& report);

  Settings settings_;
  std::filesystem::path folder_;
  std::filesystem::path claimed_;
  Register register_;
  std::map<std::string, Seen> seen_;
  bool prepared_ = false;
};

// SHA-256 of a file's content, hexadecimal; reads it in parts.
Result<std::string> checksum_of(const std::filesystem::path& file);

// What the folder's rights allow: exists, can be listed, files can be created and renamed into the
// folders below. For the doctor; leaves nothing behind but the folders below.
std::vector<Finding> examine_folder(const std::string& folder);

}  // namespace underpin::legacy::file_drop
