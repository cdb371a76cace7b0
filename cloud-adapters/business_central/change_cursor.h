#pragma once

#include "contracts/ids.h"
#include "contracts/time.h"

#include <cstdint>
#include <string>
#include <vector>

namespace underpin::cloud::business_central {

// How far one list of changed records has been read. Business Central sets a record's time when its
// transaction begins to write, and shows it when it commits: a poll looks back by an overlap and
// leaves out what it has given already.
struct SourceCursor {
  Timestamp seen_to;  // Of the last complete sweep.
  std::string next;   // The page to go on with; empty: begin a sweep.
  Timestamp newest;   // Of the sweep under way.
  struct Given {
    Timestamp at;
    std::uint64_t mark = 0;  // Of id and time.
  };
  std::vector<Given> given;

  // The time from which a new sweep reads; empty: from the beginning.
  Timestamp from(std::int64_t overlap_ms) const;
  // True when the record was not given before; remembers it.
  bool take(const std::string& id, Timestamp at);
  // Forgets what a later read of this list cannot come upon again: records come in order of time.
  void trim(std::int64_t overlap_ms);
  void complete(std::int64_t overlap_ms);  // The sweep has come to its end.
};

Cursor write_cursor(const std::vector<SourceCursor>& sources);
// An empty cursor is `count` fresh sources. Throws Failure (invalid_request) for one that is not
// ours.
std::vector<SourceCursor> read_cursor(const Cursor& cursor, std::size_t count);

}  // namespace underpin::cloud::business_central
