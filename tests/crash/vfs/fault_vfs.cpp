#include "tests/crash/vfs/fault_vfs.h"

#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <set>
#include <string>
#include <vector>

namespace underpin::crash {
namespace {

constexpr sqlite3_int64 block_size = 4096;

// One file as this process sees it, shared by all its connections. It outlives them, as the
// system's page cache does.
struct Image {
  std::vector<char> bytes;
  std::set<sqlite3_int64> dirty;  // Blocks that differ from the real file.
  sqlite3_int64 smallest = 0;     // Since the last sync: what lies beyond was cut off.
  bool loaded = false;

  sqlite3_int64 size() const { return static_cast<sqlite3_int64>(bytes.size()); }
};

struct Order {
  int after = -1;  // Negative: none.
  int times = 0;
  int code = SQLITE_IOERR;
  bool kill = false;
  bool works = false;  // The fault is reported, but what it was about is done.

  // SQLITE_OK, or the code of a fault that is due.
  int next() {
    if (after < 0 || kill_is_due()) return SQLITE_OK;
    if (after > 0) {
      --after;
      return SQLITE_OK;
    }
    if (times > 0) {
      --times;
      return code;
    }
    after = -1;
    return SQLITE_OK;
  }

  bool kill_is_due() const { return kill && after == 0; }
};

[[noreturn]] void die() {
  ::kill(::getpid(), SIGKILL);
  while (true) ::pause();
}

// Everything of the machine that can lose power. Never destroyed: connections of static objects may
// close late.
struct Machine {
  std::mutex mutex;
  sqlite3_vfs* parent = nullptr;
  std::map<std::string, std::shared_ptr<Image>> images;
  bool off = false;
  int open_files = 0;
  Order writes;
  Order syncs;
  FaultVfsCounts counts;
};

Machine& machine() {
  static auto* const the = new Machine;
  return *the;
}

// SQLite allocates this; `real` lies right behind it.
struct File {
  sqlite3_file base;
  sqlite3_file* real;
  std::shared_ptr<Image>* image;  // nullptr: a temporary file, passed through.
};

File* file_of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }

int load(File* file) {
  Image& image = **file->image;
  if (image.loaded) return SQLITE_OK;
  sqlite3_int64 size = 0;
  int code = file->real->pMethods->xFileSize(file->real, &size);
  if (code != SQLITE_OK) return code;
  image.bytes.assign(static_cast<std::size_t>(size), 0);
  for (sqlite3_int64 at = 0; at < size && code == SQLITE_OK; at += 1 << 20) {
    const int amount = static_cast<int>(std::min<sqlite3_int64>(size - at, 1 << 20));
    code = file->real->pMethods->xRead(file->real, image.bytes.data() + at, amount, at);
  }
  image.smallest = size;
  image.loaded = code == SQLITE_OK;
  return code;
}

int close_file(sqlite3_file* base) {
  File* file = file_of(base);
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  const int code = file->real->pMethods->xClose(file->real);
  --m.open_files;
  delete file->image;
  file->image = nullptr;
  return code;
}

int read_file(sqlite3_file* base, void* to, int amount, sqlite3_int64 at) {
  File* file = file_of(base);
  if (file->image == nullptr) return file->real->pMethods->xRead(file->real, to, amount, at);
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  if (m.off) return SQLITE_IOERR_READ;
  const Image& image = **file->image;
  const sqlite3_int64 there = std::clamp<sqlite3_int64>(image.size() - at, 0, amount);
  if (there > 0) std::memcpy(to, image.bytes.data() + at, static_cast<std::size_t>(there));
  if (there == amount) return SQLITE_OK;
  std::memset(static_cast<char*>(to) + there, 0, static_cast<std::size_t>(amount - there));
  return SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* base, const void* from, int amount, sqlite3_int64 at) {
  File* file = file_of(base);
  if (file->image == nullptr) return file->real->pMethods->xWrite(file->real, from, amount, at);
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  if (m.off) return SQLITE_IOERR_WRITE;
  ++m.counts.writes;
  if (const int fault = m.writes.next(); fault != SQLITE_OK) {
    ++m.counts.failed_writes;
    return fault;
  }
  if (m.writes.kill_is_due()) die();
  Image& image = **file->image;
  if (image.size() < at + amount) {
    // A gap is zeros that have to be written, too.
    for (sqlite3_int64 block = image.size() / block_size; block * block_size < at; ++block)
      image.dirty.insert(block);
    image.bytes.resize(static_cast<std::size_t>(at + amount), 0);
  }
  std::memcpy(image.bytes.data() + at, from, static_cast<std::size_t>(amount));
  for (sqlite3_int64 block = at / block_size; block * block_size < at + amount; ++block)
    image.dirty.insert(block);
  return SQLITE_OK;
}

int truncate_file(sqlite3_file* base, sqlite3_int64 size) {
  File* file = file_of(base);
  if (file->image == nullptr) return file->real->pMethods->xTruncate(file->real, size);
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  if (m.off) return SQLITE_IOERR_TRUNCATE;
  Image& image = **file->image;
  image.smallest = std::min(image.smallest, size);
  image.bytes.resize(static_cast<std::size_t>(size), 0);
  const sqlite3_int64 blocks = (size + block_size - 1) / block_size;
  image.dirty.erase(image.dirty.lower_bound(blocks), image.dirty.end());
  return SQLITE_OK;
}

int sync_file(sqlite3_file* base, int flags) {
  File* file = file_of(base);
  if (file->image == nullptr) return file->real->pMethods->xSync(file->real, flags);
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  if (m.off) return SQLITE_IOERR_FSYNC;
  ++m.counts.syncs;
  const int fault = m.syncs.next();
  if (fault != SQLITE_OK) {
    ++m.counts.failed_syncs;
    if (!m.syncs.works) return fault;
  }
  Image& image = **file->image;
  const sqlite3_io_methods& real = *file->real->pMethods;
  sqlite3_int64 size = 0;
  int code = real.xFileSize(file->real, &size);
  if (code == SQLITE_OK && image.smallest < size) code = real.xTruncate(file->real, image.smallest);
  // The power may fail when a part has reached the disk.
  std::size_t until_death = m.syncs.kill_is_due() ? image.dirty.size() / 2 + 1 : 0;
  for (const sqlite3_int64 block : image.dirty) {
    if (code != SQLITE_OK) return code;
    if (until_death > 0 && --until_death == 0) die();
    const sqlite3_int64 at = block * block_size;
    const int amount = static_cast<int>(std::min(block_size, image.size() - at));
    if (amount > 0) code = real.xWrite(file->real, image.bytes.data() + at, amount, at);
  }
  if (m.syncs.kill_is_due()) die();
  // The real file now is what a disk would hold. Surviving a real power cut is not this VFS's
  // business, so the slow part of a sync is left out.
  if (code != SQLITE_OK) return code;
  image.dirty.clear();
  image.smallest = image.size();
  return fault;
}

int file_size(sqlite3_file* base, sqlite3_int64* size) {
  File* file = file_of(base);
  if (file->image == nullptr) return file->real->pMethods->xFileSize(file->real, size);
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  if (m.off) return SQLITE_IOERR_FSTAT;
  *size = (*file->image)->size();
  return SQLITE_OK;
}

int lock_file(sqlite3_file* base, int level) {
  sqlite3_file* real = file_of(base)->real;
  return real->pMethods->xLock(real, level);
}

int unlock_file(sqlite3_file* base, int level) {
  sqlite3_file* real = file_of(base)->real;
  return real->pMethods->xUnlock(real, level);
}

int check_reserved(sqlite3_file* base, int* held) {
  sqlite3_file* real = file_of(base)->real;
  return real->pMethods->xCheckReservedLock(real, held);
}

int file_control(sqlite3_file* base, int operation, void* argument) {
  File* file = file_of(base);
  // The real file's size is not the one that counts.
  if (file->image != nullptr &&
      (operation == SQLITE_FCNTL_SIZE_HINT || operation == SQLITE_FCNTL_CHUNK_SIZE))
    return SQLITE_OK;
  return file->real->pMethods->xFileControl(file->real, operation, argument);
}

int sector_size(sqlite3_file* base) {
  sqlite3_file* real = file_of(base)->real;
  return real->pMethods->xSectorSize(real);
}

int characteristics(sqlite3_file* base) {
  sqlite3_file* real = file_of(base)->real;
  return real->pMethods->xDeviceCharacteristics(real);
}

int map_shared(sqlite3_file* base, int region, int size, int extend, void volatile** address) {
  sqlite3_file* real = file_of(base)->real;
  return real->pMethods->xShmMap(real, region, size, extend, address);
}

int lock_shared(sqlite3_file* base, int offset, int count, int flags) {
  sqlite3_file* real = file_of(base)->real;
  return real->pMethods->xShmLock(real, offset, count, flags);
}

void barrier(sqlite3_file* base) {
  sqlite3_file* real = file_of(base)->real;
  real->pMethods->xShmBarrier(real);
}

int unmap_shared(sqlite3_file* base, int remove) {
  sqlite3_file* real = file_of(base)->real;
  return real->pMethods->xShmUnmap(real, remove);
}

// Version 2: shared memory, but no memory-mapped reads, which would pass the images by.
constexpr sqlite3_io_methods methods{2,
                                     close_file,
                                     read_file,
                                     write_file,
                                     truncate_file,
                                     sync_file,
                                     file_size,
                                     lock_file,
                                     unlock_file,
                                     check_reserved,
                                     file_control,
                                     sector_size,
                                     characteristics,
                                     map_shared,
                                     lock_shared,
                                     barrier,
                                     unmap_shared,
                                     nullptr,
                                     nullptr};

int open_file(sqlite3_vfs*, const char* path, sqlite3_file* base, int flags, int* out_flags) {
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  base->pMethods = nullptr;
  if (m.off) return SQLITE_CANTOPEN;
  File* file = file_of(base);
  file->real = reinterpret_cast<sqlite3_file*>(file + 1);
  file->image = nullptr;
  int code = m.parent->xOpen(m.parent, path, file->real, flags, out_flags);
  if (code != SQLITE_OK) {
    if (file->real->pMethods != nullptr) file->real->pMethods->xClose(file->real);
    return code;
  }
  constexpr int kept = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL;
  if (path != nullptr && (flags & kept) != 0) {
    auto& image = m.images[path];
    if (!image) image = std::make_shared<Image>();
    file->image = new std::shared_ptr<Image>(image);
    code = load(file);
    if (code != SQLITE_OK) {
      delete file->image;
      file->real->pMethods->xClose(file->real);
      return code;
    }
  }
  ++m.open_files;
  base->pMethods = &methods;
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs*, const char* path, int sync_directory) {
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  if (m.off) return SQLITE_IOERR_DELETE;
  m.images.erase(path);
  return m.parent->xDelete(m.parent, path, sync_directory);
}

int access_file(sqlite3_vfs*, const char* path, int flags, int* answer) {
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  if (m.off) return SQLITE_IOERR_ACCESS;
  const auto image = m.images.find(path);
  // The default VFS takes an empty file for none, and ours may be empty only on the disk.
  if (flags == SQLITE_ACCESS_EXISTS && image != m.images.end() && image->second->size() > 0) {
    *answer = 1;
    return SQLITE_OK;
  }
  return m.parent->xAccess(m.parent, path, flags, answer);
}

int full_path(sqlite3_vfs*, const char* path, int size, char* out) {
  sqlite3_vfs* parent = machine().parent;
  return parent->xFullPathname(parent, path, size, out);
}

int randomness(sqlite3_vfs*, int size, char* out) {
  sqlite3_vfs* parent = machine().parent;
  return parent->xRandomness(parent, size, out);
}

int sleep_micros(sqlite3_vfs*, int micros) {
  sqlite3_vfs* parent = machine().parent;
  return parent->xSleep(parent, micros);
}

int current_time(sqlite3_vfs*, double* now) {
  sqlite3_vfs* parent = machine().parent;
  return parent->xCurrentTime(parent, now);
}

int last_error(sqlite3_vfs*, int size, char* out) {
  sqlite3_vfs* parent = machine().parent;
  return parent->xGetLastError(parent, size, out);
}

int current_time_ms(sqlite3_vfs*, sqlite3_int64* now) {
  sqlite3_vfs* parent = machine().parent;
  return parent->xCurrentTimeInt64(parent, now);
}

}  // namespace

bool register_fault_vfs() {
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  if (m.parent != nullptr) return true;
  sqlite3_vfs* parent = sqlite3_vfs_find(nullptr);
  if (parent == nullptr) return false;
  static sqlite3_vfs vfs{};
  vfs.iVersion = 2;
  vfs.szOsFile = static_cast<int>(sizeof(File)) + parent->szOsFile;
  vfs.mxPathname = parent->mxPathname;
  vfs.zName = fault_vfs_name;
  vfs.xOpen = open_file;
  vfs.xDelete = delete_file;
  vfs.xAccess = access_file;
  vfs.xFullPathname = full_path;
  vfs.xRandomness = randomness;
  vfs.xSleep = sleep_micros;
  vfs.xCurrentTime = current_time;
  vfs.xGetLastError = last_error;
  vfs.xCurrentTimeInt64 = current_time_ms;
  m.parent = parent;
  if (sqlite3_vfs_register(&vfs, 0) == SQLITE_OK) return true;
  m.parent = nullptr;
  return false;
}

void fault_vfs_crash() {
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  m.off = true;
  m.images.clear();
}

bool fault_vfs_restart() {
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  if (m.open_files > 0) return false;
  m.off = false;
  m.images.clear();
  return true;
}

namespace {

void order(Order Machine::*kind, Order what) {
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  m.*kind = what;
}

}  // namespace

void fail_writes(int after, int times, int code) {
  order(&Machine::writes, {after, times, code, false, false});
}
void fail_syncs(int after, int times, int code) {
  order(&Machine::syncs, {after, times, code, false, false});
}
void fail_syncs_that_worked(int after, int times, int code) {
  order(&Machine::syncs, {after, times, code, false, true});
}
void kill_at_write(int after) { order(&Machine::writes, {after, 0, SQLITE_IOERR, true, false}); }
void kill_at_sync(int after) { order(&Machine::syncs, {after, 0, SQLITE_IOERR, true, false}); }

void clear_faults() {
  order(&Machine::writes, {});
  order(&Machine::syncs, {});
}

FaultVfsCounts fault_vfs_counts() {
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  FaultVfsCounts counts = m.counts;
  for (const auto& [path, image] : m.images)
    counts.unsynced_bytes += static_cast<std::int64_t>(image->dirty.size()) * block_size;
  return counts;
}

}  // namespace underpin::crash
