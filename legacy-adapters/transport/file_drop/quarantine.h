#pragma once

#include "contracts/ports/put_aside.h"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace underpin::legacy::file_drop {

// The names of such notes in a quarantine folder, sorted; none where it cannot be read. Throws
// nothing of the file system: folders on a share go away while they are listed.
std::vector<std::string> notes_in(const std::filesystem::path& quarantine_folder);
// Of a whole file that was refused; otherwise of records.
bool is_of_file(std::string_view note);

// A drop folder's quarantine as PutAsideFiles tells it: <claim>.reason beside a file that was
// refused (its name, then why), and <name>.<part of its checksum>.refused, a line for each record
// that was, of a file of which the rest was taken in.
class Quarantine {
 public:
  using CapabilityOf = std::function<Capability(std::string_view)>;
  // `capability` of a file by its name as it was dropped.
  Quarantine(const std::filesystem::path& drop_folder, CapabilityOf capability);
  std::vector<std::string> names() const;
  bool has(const std::string& name) const;
  Result<PutAside> tell(const std::string& name) const;

 private:
  std::filesystem::path folder_;
  CapabilityOf capability_;
};

// Of several drop folders of one system: the claims of a file make names unique.
class Quarantines final {
 public:
  explicit Quarantines(std::vector<Quarantine> folders) : folders_(std::move(folders)) {}
  std::vector<std::string> names() const;
  Result<PutAside> tell(const std::string& name) const;

 private:
  std::vector<Quarantine> folders_;
};

}  // namespace underpin::legacy::file_drop
