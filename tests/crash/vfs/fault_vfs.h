#pragma once

#include <cstdint>

// A SQLite VFS, "unsynced", that behaves like a machine whose power can fail: what is written to a
// database, its journal or its write-ahead log stays in this process' memory, is seen by every
// connection of this process, and reaches the real file only when that file is synced. A process
// that is killed, or fault_vfs_crash(), thus loses exactly what was not synced.
//
// The rest of the file system is taken as it is: creating and deleting files is durable at once,
// and a sync is all or nothing unless the process dies in it. Locks and shared memory are the
// default VFS's, so one process at a time may use a file.
//
// Thread rule: everything here may be called from any thread.
namespace underpin::crash {

inline constexpr const char* fault_vfs_name = "unsynced";

// Registers the VFS beside the default one. May be called again. False: SQLite refused.
bool register_fault_vfs();

// Drops what was not synced. From now on every open file answers with an I/O error, until all of
// them are closed and fault_vfs_restart() is called: the machine is off.
void fault_vfs_crash();
// False: files are still open.
bool fault_vfs_restart();

// The next `after` writes (or syncs) succeed, then `times` fail with this SQLite code, e.g.
// SQLITE_FULL or SQLITE_IOERR_FSYNC. Replaces an earlier order of the same kind.
void fail_writes(int after, int times, int code);
void fail_syncs(int after, int times, int code);
// Failing syncs that nevertheless put everything on the disk: a failure proves nothing.
void fail_syncs_that_worked(int after, int times, int code);
// The next `after` writes (or syncs) succeed, then the process is killed: in the middle of a sync,
// with a part of it on the disk.
void kill_at_write(int after);
void kill_at_sync(int after);
void clear_faults();

struct FaultVfsCounts {
  std::int64_t writes = 0;
  std::int64_t syncs = 0;
  std::int64_t failed_writes = 0;
  std::int64_t failed_syncs = 0;
  std::int64_t unsynced_bytes = 0;  // Now.
};
FaultVfsCounts fault_vfs_counts();

}  // namespace underpin::crash
