#pragma once

#include "legacy-adapters/netsuite_soap/suite.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace underpin::legacy::netsuite_soap {

// How far a list of changed records has been read. NetSuite dates a change to the second, and shows
// it when it is saved: a poll looks back by an overlap, and leaves out what it has given already.
struct ChangeCursor {
  Timestamp seen_to;   // The newest change of the last complete sweep.
  std::string search;  // Of the sweep under way; empty: begin one.
  int page = 1;        // Its next page.
  int size = 0;        // Of its pages.
  Timestamp newest;    // Of the sweep under way.
  Timestamp begun;     // When that began: of the first, what is deleted from here on is told.
  struct Given {
    Timestamp at;
    std::uint64_t mark = 0;  // Of id and time.
    bool operator==(const Given&) const = default;
  };
  std::vector<Given> given;
  std::vector<Given> gone;  // Deletions that were told.

  // How far the sweep under way covers everything. Later pages show records as they are when they
  // are asked for, and what else was saved meanwhile is in none of them.
  Timestamp covered() const { return std::max(seen_to, std::min(newest, begun)); }

  static ChangeCursor read(const Cursor& cursor);  // Failure (invalid_request): not one of ours.
  Cursor write() const;
};

struct ChangeSource {
  // The search record; `since` is the filter on lastModifiedDate, empty for everything.
  std::function<std::string(const std::string& since)> search;
  // What is never changed is given once. Anything else may be changed again within the second of
  // its last change, and is given until that is long enough ago.
  bool entries = false;
  // Called for each record of `type` that was deleted, when a sweep ends; nothing: is not asked
  // for.
  std::string type = {};
  std::function<void(const Node& reference, Timestamp)> gone = {};
};

// Reads one page of what changed, calls `take` for each record that was not given before, and moves
// the cursor on. True when the sweep is complete. A search that NetSuite has forgotten is begun
// again, and what it had given is given again. Deletions are asked for as far back as a minute may
// hide them, and told once.
bool read_changes(Suite& suite, const ChangeSource& source, ChangeCursor& cursor, Timestamp now,
                  const CallContext& context,
                  const std::function<void(const Node&, Timestamp)>& take);

}  // namespace underpin::legacy::netsuite_soap
