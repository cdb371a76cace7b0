#pragma once

#include "contracts/order.h"
#include "contracts/page.h"
#include "legacy-adapters/jd_edwards/documents.h"

#include <memory>
#include <optional>
#include <set>
#include <string>

namespace underpin::legacy::jd_edwards {

// What changed, by UPMJ and TDAY: seconds of JDE's local time, set before the transaction is
// committed, which may be up to `feed_overlap_s` later. So a change is told when it is first seen,
// again while its second is not over, and once more when nothing can come behind it any more; one
// that was committed late is told then at the latest. Nothing is missed, and nothing is told for
// ever.
struct FeedCursor {
  struct Place {
    Stamp stamp;
    std::int64_t number = 0;
    auto operator<=>(const Place&) const = default;
  };
  Stamp low;                    // Nothing comes at or before it any more.
  Place seen;                   // The furthest that was told.
  int offset = 0;               // Of the zone from UTC, minutes, at `low`.
  std::optional<Place> behind;  // Within a sweep of more than one page: the last one taken.
  std::string text() const;
};
// Nothing when the cursor is none of ours.
std::optional<FeedCursor> feed_cursor(const Cursor& cursor);

// One page of a sweep over all that has changed.
class FeedSweep {
 public:
  FeedSweep(const FeedCursor& from, const Settings& settings, Timestamp now);
  // "(r.UPMJ > ? OR …)", with its values appended. Rows are to come by day, time, number.
  std::string condition(const std::string& day, const std::string& time, const std::string& number,
                        odbc::Parameters& values) const;
  enum class Take { tell, skip, full };
  Take take(const Stamp& stamp, std::int64_t number);
  bool more() const { return more_; }
  Cursor next() const;
  Timestamp as_of() const { return as_of_; }
  const std::set<std::int64_t>& told() const { return told_; }

 private:
  FeedCursor from_;
  Stamp closing_;
  Stamp fresh_;
  Timestamp as_of_;
  int offset_ = 0;
  std::size_t page_size_ = 0;
  FeedCursor::Place last_;
  std::set<std::int64_t> told_;
  bool more_ = false;
};

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
