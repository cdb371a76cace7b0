#include "legacy-adapters/jd_edwards/order_feed.h"

#include "contracts/external_reference.h"
#include "contracts/order_status.h"

#include <algorithm>
#include <charconv>

namespace underpin::legacy::jd_edwards {
namespace {

struct Source {
  std::string_view table;
  std::string_view prefix;
};
constexpr Source sources[] = {{"F4201", "SH"}, {"F42019", "SH"}, {"F4211", "SD"}, {"F42119", "SD"}};

}  // namespace

// "126333-101500-126333-101502-200017-60", and three more within a sweep.
std::string FeedCursor::text() const {
  std::string result;
  const auto add = [&](std::int64_t value) {
    result += (result.empty() ? "" : "/") + std::to_string(value);
  };
  for (const std::int64_t value :
       {low.day, low.time, seen.stamp.day, seen.stamp.time, seen.key, std::int64_t{offset}})
    add(value);
  if (behind)
    for (const std::int64_t value : {behind->stamp.day, behind->stamp.time, behind->key})
      add(value);
  return result;
}

std::optional<FeedCursor> feed_cursor(const Cursor& cursor) {
  if (cursor.empty()) {
    FeedCursor all;
    all.low = {0, -1};  // Before rows that have no stamp.
    return all;
  }
  std::vector<std::int64_t> parts;
  const char* at = cursor.text().data();
  const char* const end = at + cursor.text().size();
  while (parts.size() < 9) {
    std::int64_t value = 0;
    const auto [next, code] = std::from_chars(at, end, value);
    if (code != std::errc()) return std::nullopt;
    parts.push_back(value);
    at = next;
    if (at == end) break;
    if (*at++ != '/') return std::nullopt;
  }
  if (at != end || (parts.size() != 6 && parts.size() != 9)) return std::nullopt;
  const auto possible = [](const Stamp& stamp) {
    return stamp.day >= 0 && stamp.day < 1'000'000 && stamp.time >= 0 && stamp.time < 240'000;
  };
  FeedCursor read{{{parts[0], parts[1]}, {{parts[2], parts[3]}, parts[4]}, 0, std::nullopt}};
  if (parts.size() == 9) read.behind = FeedCursor::Place{{parts[6], parts[7]}, parts[8]};
  if (!possible(read.low) || !possible(read.seen.stamp) || parts[5] < -1'000 || parts[5] > 1'000 ||
      (read.behind && !possible(read.behind->stamp)))
    return std::nullopt;
  read.offset = static_cast<int>(parts[5]);
  return read;
}

namespace {

Timestamp overlap_before(Timestamp now, const Settings& settings) {
  return now.plus_ms(-std::int64_t{settings.feed_overlap_s} * 1'000);
}

}  // namespace

FeedSweep::FeedSweep(const FeedCursor& from, const Settings& settings, Timestamp now)
    : Sweep(from,
            {stamp_in(settings.zone, overlap_before(now, settings)),
             stamp_in(settings.zone, now.plus_ms(-1'000)),
             offset_minutes(settings.zone, overlap_before(now, settings))},
            static_cast<std::size_t>(settings.page_size), earlier),
      as_of_(overlap_before(now, settings)) {}

// Rows that were converted from another system have no stamp: the first sweep tells them.
std::string FeedSweep::column(const std::string& name) const {
  return begin().day == 0 ? "COALESCE(" + name + ", 0)" : name;
}

std::string FeedSweep::condition(const std::string& day, const std::string& time,
                                 const std::string& number, odbc::Parameters& values) const {
  for (const std::int64_t value : {begin().day, begin().day, begin().time})
    values.emplace_back(value);
  if (!behind()) return "(" + day + " > ? OR (" + day + " = ? AND " + time + " > ?))";
  values.emplace_back(begin().time);
  values.emplace_back(behind()->key);
  return "(" + day + " > ? OR (" + day + " = ? AND (" + time + " > ? OR (" + time + " = ? AND " +
         number + " > ?))))";
}

ChangePage<OrderChange> OrderFeed::changes(const Cursor& cursor, const CallContext& context) const {
  const auto given = feed_cursor(cursor);
  if (!given) throw Failure{{ErrorCode::invalid_request, "the cursor is not one of this system"}};
  FeedSweep sweep(*given, settings_, Timestamp::from(std::chrono::system_clock::now()));
  std::string statement;
  odbc::Parameters values;
  for (const Source& source : sources) {
    const std::string p = "r." + std::string(source.prefix);
    statement += statement.empty() ? "" : " UNION ALL ";
    const std::string day = sweep.column(p + "UPMJ");
    const std::string time = sweep.column(p + "TDAY");
    statement += "SELECT " + day + ", " + time + ", " + p + "DOCO FROM " +
                 table(settings_, source.table) + " r WHERE " +
                 sweep.condition(day, time, p + "DOCO", values) + " AND " + p + "DCTO = ? AND " +
                 p + "KCOO = ?";
    values.emplace_back(padded(settings_.document_type, 2));
    values.emplace_back(padded(settings_.company, 5));
  }
  must(database_->query(
      statement + " ORDER BY 1, 2, 3", values, context.deadline, [&](const odbc::Row& row) {
        return sweep.take(
                   {{whole_of(odbc::text(row, 0), "UPMJ"), whole_of(odbc::text(row, 1), "TDAY")},
                    whole_of(odbc::text(row, 2), "DOCO")}) != FeedSweep::Take::full;
      }));
  ChangePage<OrderChange> page;
  page.as_of = sweep.as_of();
  page.more = sweep.more();
  page.next = sweep.next();
  for (const Document& document : documents_.of_numbers({sweep.keys().begin(), sweep.keys().end()},
                                                        settings_.document_type, context)) {
    if (document.rows.empty()) continue;  // A header alone is no order yet.
    Order quantities;
    for (const LineRow& row : document.rows) {
      if (charge_of(row, settings_.charges) != nullptr) continue;  // As get_order tells them.
      OrderLine line;
      line.quantity = row.ordered;
      line.cancelled_quantity = row.cancelled;
      line.shipped_quantity = row.shipped;
      quantities.lines.push_back(std::move(line));
    }
    OrderChange change;
    change.ref.document = number_of(document.key);
    change.ref.id = decode_external_reference(document.reference).value_or(OrderId{});
    change.customer = CustomerNumber(document.customer_number);
    change.status = status_of(document, quantities);
    change.closed = is_closed(change.status);
    change.changed_at = page.as_of;
    page.items.push_back(std::move(change));
  }
  return page;
}

}  // namespace underpin::legacy::jd_edwards
