#pragma once

#include <string>

namespace underpin::facade::journal {

// Held for as long as one process owns a journal; the system drops it when that process dies,
// however it dies. The file itself stays: it means nothing without the lock.
class OwnerLock {
 public:
  explicit OwnerLock(const std::string& file);  // Throws SqliteError when somebody holds it.
  ~OwnerLock();
  OwnerLock(const OwnerLock&) = delete;
  OwnerLock& operator=(const OwnerLock&) = delete;

 private:
  int descriptor_ = -1;
};

// Host and process, for people.
std::string process_name();

}  // namespace underpin::facade::journal
