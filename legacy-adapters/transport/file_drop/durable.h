#pragma once

#include "contracts/result.h"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

// What has to be on the disk before the next step, and who alone may take it.
namespace underpin::legacy::file_drop {

// Makes names that were given in `folder` durable. unavailable: it cannot.
Status sync_folder(const std::filesystem::path& folder);

// An open file, closed at the end.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  int number() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

// Holds `file` (made when missing) for this process until the answer is destroyed; nothing when
// another process or another holder of this one has it. A process that dies lets go.
Result<std::optional<Descriptor>> try_lock(const std::filesystem::path& file);

// Gives `from` the name `to` if nothing has it yet: conflict otherwise. Both in one file system.
Status rename_new(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace underpin::legacy::file_drop
