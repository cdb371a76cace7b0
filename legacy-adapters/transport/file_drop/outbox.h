#pragma once

#include "contracts/result.h"
#include "legacy-adapters/transport/file_drop/acknowledgement.h"
#include "legacy-adapters/transport/file_drop/register.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

// A folder from which another system takes files.
namespace underpin::legacy::file_drop {

struct OutboxSettings {
  std::string system;                     // Goes into Error::system.
  std::string folder;                     // Where the receiver picks up.
  std::string state_folder;               // Private and durable; what was sent is kept here.
  std::int64_t size_max = 1'000'000'000;  // Bytes of one file.
  std::string done_suffix;        // After each file an empty <name><done_suffix>; empty: none.
  std::size_t register_kept = 0;  // How many sent files at least are remembered; 0: all.
};

// Takes the next part of a file's content. Returns the error that ends the file.
using Append = std::function<Status(std::string_view)>;
using Write = std::function<Status(const Append&)>;

// One thread sends; of two processes with one state folder, one at a time. A file is written aside
// (".<name>.part"), made durable, entered in the register of sent files, and renamed; nothing that
// lies in the folder is overwritten. The entry is what decides: before it nothing was sent, after
// it the file is there or finish() renames it. Errors: unavailable (not sent; send it again),
// conflict (another file has the name), invalid_request (name, size).
class Outbox {
 public:
  explicit Outbox(OutboxSettings settings);

  // Sends a file under a name that is used once. The same name and content again is Done at once,
  // also when the receiver has taken the file away since.
  Status send(const std::string& name, std::string_view content);
  Status send(const std::string& name, const Write& write);

  // Renames what a process that ended had entered. send() does it, too.
  Status finish();

  // Takes what the receiver says of a file that was sent, once and durably. not_found: no such file
  // was sent; conflict: it had another checksum, or the receiver said otherwise before.
  Status take(const Acknowledgement& acknowledgement);

  // Names that were sent and not acknowledged yet, in their order.
  Result<std::vector<std::string>> unacknowledged();

 private:
  Status with_lock(const std::function<Status()>& work);
  Status finish_renames();
  Status publish(const std::string& name);
  Status write_aside(const std::filesystem::path& aside, const Write& write) const;
  Error error(ErrorCode code, std::string message) const;

  OutboxSettings settings_;
  std::filesystem::path folder_;
  Register sent_;
  Register acknowledged_;
};

}  // namespace underpin::legacy::file_drop
