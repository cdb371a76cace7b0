#pragma once

#include "contracts/call_context.h"
#include "contracts/ports/erp_adapter.h"
#include "contracts/result.h"
#include "legacy-adapters/transport/file_drop/register.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// A folder into which another system drops files. Polled: change notification is blind on network
// shares. Below the folder lie claimed/<instance>/, archive/ and quarantine/ (with a .reason file).
namespace underpin::legacy::file_drop {

class Outbox;

// A complete file that this instance alone holds.
struct ClaimedFile {
  std::filesystem::path path;
  std::string name;      // As dropped.
  std::string checksum;  // SHA-256 of the content, hexadecimal.
  std::int64_t size = 0;
};

struct Settings {
  std::string system;        // The configured system's name; goes into Error::system.
  std::string folder;        // Where the producer drops.
  std::string state_folder;  // Private and durable; the register of what was applied lies here.
  std::string suffix;        // Only names with this end, ".csv"; empty: every name.
  // When a file is complete. By its name: names that end in .tmp or .part, or begin with a point,
  // are still being written, always. By a marker, with `needs_done`: <name><done_suffix> lies
  // beside it and is not older than the file (an older one was left by an earlier file of that
  // name). By its size: size and time have not changed between polls for `stable_ms`; 0: not waited
  // for.
  bool needs_done = false;
  std::string done_suffix = ".done";
  int stable_ms = 2'000;
  std::int64_t size_max = 1'000'000'000;  // Bytes; larger goes to quarantine unread.
  // What was applied is not applied again: the same content never, under no name, unless the reader
  // knows for itself what it has applied, because it has to answer it again.
  bool contents_once = true;
  // And, as asked:
  bool names_once = false;  // No name twice either, whatever its content.
  // The batch id that the content gives itself, where it can be read before it is applied; a batch
  // is applied once. Nothing: the file names none.
  std::function<std::optional<std::string>(const ClaimedFile&)> batch_of;
  // Instances that share one register of what was applied name one file here, on the share, and
  // work in turn. Empty: an own one in the state folder.
  std::string register_file;
  std::size_t register_kept = 0;  // Of how many files at least it is remembered; 0: of all.
  // Each file's verdict goes there as <claim>.ack. Empty: nowhere.
  std::shared_ptr<Outbox> acknowledgements;
  std::function<std::chrono::steady_clock::time_point()> clock = std::chrono::steady_clock::now;
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

struct Report {
  int applied = 0;
  int quarantined = 0;
  int waiting = 0;  // Not complete yet, put off by the reader, or not begun before the deadline.
  std::vector<std::string> quarantined_reasons;  // "name: reason".
};

// One thread polls; several processes may poll one folder, each file goes to one of them. Of two
// that share a state folder or a register, one works at a time; the other's files wait.
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
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified_ns = 0;
    std::chrono::steady_clock::time_point since;
  };
  Status prepare();
  Result<std::vector<std::string>> claims() const;
  Status claim_complete(Report& report);
  bool complete(const std::filesystem::path& file, std::map<std::string, Seen>& seen);
  Status settle(const std::string& claim, const Apply& apply, Report& report);
  std::string why_not(const ClaimedFile& file, const std::string& claim) const;
  Status acknowledge(const std::string& claim, const ClaimedFile& file, const Verdict& verdict);
  Status quarantine(const std::string& claim, const ClaimedFile& file, const std::string& reason,
                    Report& report);

  Settings settings_;
  std::filesystem::path folder_;
  std::filesystem::path claimed_;
  std::filesystem::path register_file_;
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
