#pragma once

#include "contracts/result.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace underpin::legacy::file_drop {

struct Applied {
  std::string claim;  // The unique name it was claimed under.
  std::string name;
  std::string checksum;
  std::string batch;
};

// The durable memory of files: one fsynced line each. Where several processes write one, each holds
// its lock (durable.h) while it loads and adds.
class Register {
 public:
  // The last `kept` files are remembered, and at most as many more, in memory as on the disk; 0:
  // all of them.
  explicit Register(std::filesystem::path file, std::size_t kept = 0);
  // A line torn by a crash is dropped. Cheap when nobody else has added since.
  Status load();
  Status add(const Applied& applied);
  // Whether files were forgotten, or may have been.
  bool forgets() const { return kept_ > 0 && lines_ >= kept_; }
  const Applied* by_checksum(const std::string& checksum) const;
  const Applied* by_batch(const std::string& batch) const;
  const Applied* by_name(const std::string& name) const;  // The last of that name.
  const std::map<std::string, Applied>& names() const { return by_name_; }

 private:
  void remember(const Applied& applied);
  Status forget_oldest();
  std::filesystem::path file_;
  std::size_t kept_;
  std::size_t lines_ = 0;
  std::uintmax_t loaded_ = 0;  // Bytes of the file that are known.
  std::uint64_t inode_ = 0;    // Of the file that they were read from.
  std::map<std::string, Applied> by_checksum_;
  std::map<std::string, std::string> checksum_of_batch_;
  std::map<std::string, Applied> by_name_;
};

}  // namespace underpin::legacy::file_drop
