#include "legacy-adapters/transport/file_drop/durable.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace underpin::legacy::file_drop {
namespace {

Error unavailable(const std::filesystem::path& file, const char* doing) {
  return {ErrorCode::unavailable,
          file.string() + " cannot be " + doing + ": " + std::strerror(errno)};
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

Status sync_folder(const std::filesystem::path& folder) {
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened) return unavailable(folder, "opened");
  // Some network shares cannot; what they promise of names, they promise without it.
  if (::fsync(opened.number()) != 0 && errno != EINVAL && errno != ENOTSUP) {
    return unavailable(folder, "made durable");
  }
  return Done{};
}

Result<std::optional<Descriptor>> try_lock(const std::filesystem::path& file) {
  Descriptor opened(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!opened) return unavailable(file, "opened");
  if (::flock(opened.number(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return std::optional<Descriptor>();
    return unavailable(file, "locked");
  }
  return std::optional<Descriptor>(std::move(opened));
}

Status rename_new(const std::filesystem::path& from, const std::filesystem::path& to) {
  const auto taken = [&] {
    return Error{ErrorCode::conflict, to.string() + " is there already and is not overwritten"};
  };
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) {
    return Done{};
  }
  if (errno == EEXIST) return taken();
  if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP) return unavailable(from, "renamed");
  // A file system without that call: a second name is given to nothing that exists either.
  if (::link(from.c_str(), to.c_str()) != 0) {
    return errno == EEXIST ? taken() : unavailable(from, "renamed");
  }
  if (::unlink(from.c_str()) != 0) return unavailable(from, "removed after it was linked");
  return Done{};
}

}  // namespace underpin::legacy::file_drop
