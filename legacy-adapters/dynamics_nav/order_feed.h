#pragma once

#include "contracts/order.h"
#include "contracts/page.h"
#include "legacy-adapters/dynamics_nav/nav_sql.h"
#include "legacy-adapters/transport/odbc/odbc.h"

#include <functional>
#include <memory>
#include <string>

namespace underpin::legacy::dynamics_nav {

// What changed, by SQL Server's row version ("timestamp"), which grows over the whole database. A
// cursor is the highest row version seen. Rows that an open transaction has written but not
// committed are not passed by: see rowversion_fence.
struct FeedSettings {
  std::string system;
  SqlNames sql;
  std::string rowversion_fence;  // As OdbcSettings::rowversion_fence.
  std::size_t page = 100;        // Documents.
  std::function<Timestamp()> now = [] { return Timestamp::from(std::chrono::system_clock::now()); };
};

// Open, posted and archived sales orders. Thread rule and errors: see order_service.h.
class OrderFeed {
 public:
  OrderFeed(FeedSettings settings, std::shared_ptr<odbc::Database> database)
      : settings_(std::move(settings)), database_(std::move(database)) {}

  Result<ChangePage<OrderChange>> changes(const Cursor& cursor, const CallContext& context) const;

 private:
  std::string q(std::string_view identifier) const { return quoted(settings_.sql, identifier); }
  std::string t(std::string_view name) const { return table(settings_.sql, name); }

  FeedSettings settings_;
  std::shared_ptr<odbc::Database> database_;
};

// The part of a statement that keeps rows below the fence; `column` is a BIGINT.
std::string below_fence(const std::string& column, const std::string& fence);
// Nothing when the cursor is none of ours; 0 for an empty one.
std::optional<std::int64_t> version_of(const Cursor& cursor);

// Tables and columns that the feeds read, for the doctor.
std::vector<Finding> examine_feeds(odbc::Database& database, const SqlNames& names,
                                   Deadline deadline);

}  // namespace underpin::legacy::dynamics_nav
