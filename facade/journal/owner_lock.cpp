#include "facade/journal/owner_lock.h"

#include "facade/journal/sqlite.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace underpin::facade::journal {

OwnerLock::OwnerLock(const std::string& file) {
  descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor_ < 0)
    throw SqliteError("journal: " + file + ": " + std::strerror(errno), SQLITE_CANTOPEN);
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  const int why = errno;
  ::close(descriptor_);
  if (why == EWOULDBLOCK)
    throw SqliteError("journal: " + file + " is held: another process has the journal open",
                      SQLITE_BUSY);
  throw SqliteError("journal: " + file + ": " + std::strerror(why), SQLITE_CANTOPEN);
}

OwnerLock::~OwnerLock() { ::close(descriptor_); }

std::string process_name() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return std::string(host.data()) + "/" + std::to_string(::getpid());
}

}  // namespace underpin::facade::journal
