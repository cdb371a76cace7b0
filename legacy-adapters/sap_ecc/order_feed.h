#pragma once

#include "contracts/page.h"
#include "legacy-adapters/sap_ecc/documents.h"
#include "legacy-adapters/sap_ecc/forms.h"

#include <string>

namespace underpin::legacy::sap_ecc {

// A position in a feed that goes by server date and time, to the second. With a key: a run that is
// not at its end, everything up to this key of this second has been told. Without: a run ended
// here, and the next one begins with this second.
struct FeedCursor {
  LocalTime from{"00000000", "000000"};
  std::string key;
  std::string text() const { return from.text() + (key.empty() ? "" : "/" + key); }
};
// Failure, invalid_request: not one of ours.
FeedCursor feed_cursor(const Cursor& cursor);

// Reads the keys of a feed. `sql` gives date, time and key, in this order, from the cursor's second
// on; at most `page` different keys are taken.
struct FeedPage {
  std::vector<std::string> keys;
  FeedCursor next;
  bool more = false;
};
FeedPage read_feed(const Tables& tables, const std::string& sql, const odbc::Parameters& parameters,
                   const FeedCursor& cursor, const LocalTime& end, std::size_t page,
                   Deadline deadline);

// "(x.DAY > ? OR (x.DAY = ? AND x.TIME >= ?))" and its parameters.
std::string not_before(std::string_view day, std::string_view time);
void add_not_before(odbc::Parameters& parameters, const LocalTime& from);

// Sales orders that were created, changed, delivered or invoiced: by the times of VBAK, of change
// documents (CDHDR) and of the document flow (VBFA). A time is of the moment when a unit of work
// began to save, so each run begins `feed_overlap_s` before the end of the last one and tells once
// more what changed meanwhile. Methods throw Failure.
class OrderFeed {
 public:
  OrderFeed(const Settings& settings, const Tables& tables, const Documents& documents)
      : settings_(settings), tables_(tables), documents_(documents) {}

  ChangePage<OrderChange> changes(const Cursor& cursor, const CallContext& context) const;

 private:
  const Settings& settings_;
  const Tables& tables_;
  const Documents& documents_;
};

}  // namespace underpin::legacy::sap_ecc
