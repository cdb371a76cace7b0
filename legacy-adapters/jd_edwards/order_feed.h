#pragma once

#include "contracts/order.h"
#include "contracts/page.h"
#include "legacy-adapters/jd_edwards/documents.h"
#include "legacy-adapters/transport/odbc/feed_sweep.h"

#include <memory>
#include <optional>
#include <string>

namespace underpin::legacy::jd_edwards {

// What changed, by UPMJ and TDAY: seconds of JDE's local time.
struct FeedCursor : odbc::SweepCursor<Stamp, std::int64_t> {
  std::string text() const;
};
// Nothing when the cursor is none of ours.
std::optional<FeedCursor> feed_cursor(const Cursor& cursor);

// One page of a sweep over all that has changed.
class FeedSweep : public odbc::Sweep<Stamp, std::int64_t> {
 public:
  FeedSweep(const FeedCursor& from, const Settings& settings, Timestamp now);
  // A stamp's column as it is to be asked for: one without a stamp counts as the earliest.
  std::string column(const std::string& name) const;
  // "(r.UPMJ > ? OR …)", with its values appended. Rows are to come by day, time, number.
  std::string condition(const std::string& day, const std::string& time, const std::string& number,
                        odbc::Parameters& values) const;
  underpin::Cursor next() const { return underpin::Cursor(FeedCursor{Sweep::next()}.text()); }
  Timestamp as_of() const { return as_of_; }

 private:
  Timestamp as_of_;
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
