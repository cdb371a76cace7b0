#include "legacy-adapters/jd_edwards/order_feed.h"

#include "contracts/external_reference.h"
#include "contracts/order_status.h"

#include <charconv>
#include <set>

namespace underpin::legacy::jd_edwards {
namespace {

constexpr std::int64_t hour_s = 3'600;

struct Source {
  std::string_view table;
  std::string_view prefix;
};
constexpr Source sources[] = {{"F4201", "SH"}, {"F42019", "SH"}, {"F4211", "SD"}, {"F42119", "SD"}};

}  // namespace

std::string FeedCursor::text() const {
  std::string result = std::to_string(stamp.day) + "-" + std::to_string(stamp.time);
  if (number != 0) result += "-" + std::to_string(number);
  return result;
}

std::optional<FeedCursor> feed_cursor(const Cursor& cursor) {
  FeedCursor read;
  if (cursor.empty()) return read;
  std::int64_t* parts[] = {&read.stamp.day, &read.stamp.time, &read.number};
  const char* at = cursor.text().data();
  const char* end = at + cursor.text().size();
  std::size_t count = 0;
  while (count < 3) {
    const auto [next, code] = std::from_chars(at, end, *parts[count]);
    if (code != std::errc() || *parts[count] < 0) return std::nullopt;
    ++count;
    if (next == end) {
      const bool possible = read.stamp.day < 1'000'000 && read.stamp.time < 240'000;
      return count >= 2 && possible ? std::optional<FeedCursor>(read) : std::nullopt;
    }
    if (*next != '-') return std::nullopt;
    at = next + 1;
  }
  return std::nullopt;
}

FeedCursor begin_of(const FeedCursor& cursor, const Settings& settings, Timestamp now) {
  if (cursor.number != 0 || cursor.stamp.day == 0) return cursor;
  const std::int64_t back =
      settings.feed_overlap_s + (set_back_before(settings.zone, now) ? hour_s : 0);
  return {earlier(cursor.stamp, back), 0};
}

std::string behind(const FeedCursor& cursor, const std::string& day, const std::string& time,
                   const std::string& number, odbc::Parameters& values) {
  for (const std::int64_t value : {cursor.stamp.day, cursor.stamp.day, cursor.stamp.time})
    values.emplace_back(value);
  if (cursor.number == 0) return "(" + day + " > ? OR (" + day + " = ? AND " + time + " >= ?))";
  values.emplace_back(cursor.stamp.time);
  values.emplace_back(cursor.number);
  return "(" + day + " > ? OR (" + day + " = ? AND (" + time + " > ? OR (" + time + " = ? AND " +
         number + " > ?))))";
}

ChangePage<OrderChange> OrderFeed::changes(const Cursor& cursor, const CallContext& context) const {
  const auto given = feed_cursor(cursor);
  if (!given) throw Failure{{ErrorCode::invalid_request, "the cursor is not one of this system"}};
  ChangePage<OrderChange> page;
  page.as_of = Timestamp::from(std::chrono::system_clock::now());
  const FeedCursor from = begin_of(*given, settings_, page.as_of);
  std::string statement;
  odbc::Parameters values;
  for (const Source& source : sources) {
    const std::string p = "r." + std::string(source.prefix);
    statement += statement.empty() ? "" : " UNION ALL ";
    statement += "SELECT " + p + "UPMJ, " + p + "TDAY, " + p + "DOCO FROM " +
                 table(settings_, source.table) + " r WHERE " +
                 behind(from, p + "UPMJ", p + "TDAY", p + "DOCO", values) + " AND " + p +
                 "DCTO = ? AND " + p + "KCOO = ?";
    values.emplace_back(padded(settings_.document_type, 2));
    values.emplace_back(padded(settings_.company, 5));
  }
  std::set<std::int64_t> numbers;
  FeedCursor last = *given;
  must(database_->query(
      statement + " ORDER BY 1, 2, 3", values, context.deadline, [&](const odbc::Row& row) {
        const FeedCursor at{
            {whole_of(odbc::text(row, 0), "UPMJ"), whole_of(odbc::text(row, 1), "TDAY")},
            whole_of(odbc::text(row, 2), "DOCO")};
        if (numbers.size() == static_cast<std::size_t>(settings_.page_size) &&
            numbers.count(at.number) == 0) {
          page.more = true;
          return false;
        }
        numbers.insert(at.number);
        last = at;
        return true;
      }));
  // A poll that saw nothing new stays where it was.
  if (!page.more) {
    last.number = 0;
    if (last.stamp < given->stamp) last.stamp = given->stamp;
  }
  page.next = Cursor(last.text());
  for (const Document& document :
       documents_.of_numbers({numbers.begin(), numbers.end()}, settings_.document_type, context)) {
    if (document.rows.empty()) continue;  // A header alone is no order yet.
    Order quantities;
    for (const LineRow& row : document.rows) {
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
