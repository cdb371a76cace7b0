#pragma once

#include "facade/journal/journal.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <variant>

// Backups of a journal: one file, the same form for both stores, so that either can be restored
// into either. The tables are read in one snapshot through the store's own port, while the facade
// serves. Threads: any; each call has connections of its own.
//
// The file: a line of JSON that says what it is, then for every table a line that names it and its
// columns and one line for every row, and a last line with the number of rows. The first line has
// the SHA-256 of the whole file, in which its own 64 digits count as zeros. What belongs to
// processes (replicas, claims) is left out.
namespace underpin::facade::journal {

using StoreSettings = std::variant<JournalSettings, PostgresSettings>;

struct BackupInfo {
  int schema_version = 0;
  std::string wave;  // Whose journal it is; empty: of none in particular.
  std::int64_t epoch = 1;
  Timestamp taken_at;
  std::map<std::string, std::int64_t> plans;  // "default/orders" -> version.
  std::int64_t audit_seq = 0;                 // The audit log's head.
  std::string audit_head;
  std::int64_t rows = 0;
  std::string checksum;  // 64 hexadecimal digits.
};

// Writes `file` anew: it is complete and on disk under its name, or not there at all. Errors:
// unavailable (the store, the disk), rejected (a store that is none of ours, or newer).
Result<BackupInfo> back_up(const StoreSettings& store, const std::string& file, Timestamp now);

// What a backup says of itself, after all of it was checked. Errors: invalid_request (not a
// backup, or one of a newer release), rejected (cut short or changed: the checksum says so).
Result<BackupInfo> read_backup(const std::string& file);

// What a store numbers after a restore (writes, rows, exceptions) begins here in its new epoch.
inline constexpr std::int64_t first_number(std::int64_t epoch) { return epoch * 1'000'000'000; }

struct Restored {
  BackupInfo backup;
  std::int64_t epoch = 0;  // The new one: above that of the backup and of the store.
  std::string kept;        // Where the store's former content lies now; empty: there was none.
};

// Puts a backup in the place of what the store holds, which is kept under another name, and raises
// the plan epoch. Numbers that are given out from here on (of writes, rows, exceptions, changes)
// lie above everything that was given out after the backup. `finish` writes within the same
// transaction what a restore leaves behind; nothing of the restore is visible before it commits.
// Errors: conflict when a process holds the store, with its name; those of read_backup.
using FinishRestore = std::function<void(JournalTransaction&, const Restored&)>;
Result<Restored> restore(const StoreSettings& store, const std::string& file, Timestamp now,
                         const FinishRestore& finish);

}  // namespace underpin::facade::journal
