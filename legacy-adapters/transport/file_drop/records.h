#pragma once

#include "legacy-adapters/transport/file_drop/file_drop.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

// Applying a claimed file record by record, so that a restart goes on in its middle.
namespace underpin::legacy::file_drop {

// Before the record that begins there: bytes and records that are behind.
struct Position {
  std::int64_t offset = 0;
  std::int64_t records = 0;
};

struct Reached {
  Position position;
  // The record at `position` may have been applied already: nobody can say but its receiver.
  bool in_doubt = false;
};

// Who keeps a file's position, by its checksum. One of two contracts:
// - the receiver: it commits Record::after with the record's effect in one transaction, `reached`
//   reads that, `before` is empty. Nothing is ever in doubt.
// - keep_positions(): each record's position is durable before its effect begins. After a restart
//   one record is in doubt, and the receiver looks its effect up before it applies it.
struct Keeper {
  std::function<Result<Reached>(const std::string& checksum)> reached;
  std::function<Status(const std::string& checksum, const Position& position)> before;
};

// Below <state_folder>/positions/, the state folder of the Inbox, which removes a file's position
// after it was archived. Of a file that is refused in its middle it stays: the same content,
// dropped again, goes on there.
Keeper keep_positions(const std::string& state_folder);
void forget_position(const std::string& state_folder, const std::string& checksum);

struct Record {
  const ClaimedFile& file;
  std::int64_t number = 0;  // From 1; with lines, the line.
  std::string_view bytes;   // Without the line's end.
  Position after;           // To be committed with the effect.
  bool in_doubt = false;    // Look up before applying.
};

// A record that the receiver puts aside (into its exception queue) is `done`, too; `refused` holds
// the whole file, `later` ends this attempt before the record.
struct RecordVerdict {
  enum class Kind { done, refused, later };
  Kind kind = Kind::done;
  std::string reason;
};

struct RecordLayout {
  std::size_t fixed_length = 0;  // Bytes of every record, without line ends; 0: lines, LF or CR LF.
  std::size_t length_max = 1'000'000;     // Bytes of a line.
  std::int64_t records_max = 10'000'000;  // Of one file.
};

// Gives each record once to `apply`, in order, from where the file was left; empty lines too.
// applied: to the end (the batch is the caller's to set). refused: by `apply`, or by a limit; the
// reason names the line and the rule. later: put off by `apply`, or at `deadline`.
Verdict apply_records(const ClaimedFile& file, const RecordLayout& layout, const Keeper& keeper,
                      const std::function<RecordVerdict(const Record&)>& apply, Deadline deadline);

}  // namespace underpin::legacy::file_drop
