#pragma once

#include "contracts/order.h"
#include "contracts/page.h"
#include "legacy-adapters/jd_edwards/documents.h"

#include <functional>
#include <memory>
#include <string>

namespace underpin::legacy::jd_edwards {

// What changed, by UPMJ and TDAY: seconds of JDE's local time, set before the transaction is
// committed. So each poll begins `feed_overlap_s` before the newest stamp it has seen, and an hour
// earlier while the clocks have just been set back: a change may be told again, and none is missed.
//
// A cursor is "day-time", or "day-time-number" within a poll of more than one page.
struct FeedCursor {
  Stamp stamp;
  std::int64_t number = 0;  // Nonzero: continue behind this record of this stamp.
  std::string text() const;
};
// Nothing when the cursor is none of ours.
std::optional<FeedCursor> feed_cursor(const Cursor& cursor);
// From where a poll begins.
FeedCursor begin_of(const FeedCursor& cursor, const Settings& settings, Timestamp now);
// "(r.UPMJ > ? OR …)", with its values appended.
std::string behind(const FeedCursor& cursor, const std::string& day, const std::string& time,
                   const std::string& number, odbc::Parameters& values);

class OrderFeed {
 public:
  OrderFeed(const Settings& settings, std::shared_ptr<odbc::Database> database)
      : settings_(settings), database_(database), documents_(settings, database) {}
  // Throws Failure.
  ChangePage<OrderChange> changes(const Cursor& cursor, const CallContext& context) const;

 private:
  const Settings& settings_;
  const std::shared_ptr<odbc::Database> database_;
  const Documents documents_;
};

}  // namespace underpin::legacy::jd_edwards
