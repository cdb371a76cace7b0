#include "legacy-adapters/sap_ecc/order_feed.h"

#include "contracts/external_reference.h"
#include "contracts/order_status.h"

#include <algorithm>
#include <set>

namespace underpin::legacy::sap_ecc {

FeedCursor feed_cursor(const Cursor& cursor) {
  const std::string& text = cursor.text();
  if (text.empty()) return {};
  const std::string_view stamp = std::string_view(text).substr(0, 14);
  const bool known =
      stamp.size() == 14 && is_digits(stamp) &&
      (text.size() == 14 || (text[14] == '/' && text.size() > 15 && text.size() < 120));
  if (!known) throw Failure{{ErrorCode::invalid_request, "the cursor is not one of this system"}};
  FeedCursor result;
  result.from = {std::string(stamp.substr(0, 8)), std::string(stamp.substr(8))};
  if (text.size() > 15) result.key = text.substr(15);
  return result;
}

std::string not_before(std::string_view day, std::string_view time) {
  return "(" + std::string(day) + " > ? OR (" + std::string(day) + " = ? AND " + std::string(time) +
         " >= ?))";
}

void add_not_before(odbc::Parameters& parameters, const LocalTime& from) {
  parameters.emplace_back(from.day);
  parameters.emplace_back(from.day);
  parameters.emplace_back(from.time);
}

FeedPage read_feed(const Tables& tables, const std::string& sql, const odbc::Parameters& parameters,
                   const FeedCursor& cursor, const LocalTime& end, std::size_t page,
                   Deadline deadline) {
  FeedPage result;
  std::set<std::string> seen;
  FeedCursor last = cursor;
  tables.each(sql, parameters, deadline, [&](const odbc::Row& row) {
    const FeedCursor event{{column(row, 0), column(row, 1)}, column(row, 2)};
    if (!cursor.key.empty() && event.from == cursor.from && event.key <= cursor.key) return true;
    if (seen.count(event.key) == 0) {
      if (seen.size() >= page) {
        result.more = true;
        return false;
      }
      seen.insert(event.key);
      result.keys.push_back(event.key);
    }
    last = event;
    return true;
  });
  result.next = result.more ? last : FeedCursor{std::max(cursor.from, end), {}};
  return result;
}

ChangePage<OrderChange> OrderFeed::changes(const Cursor& cursor, const CallContext& context) const {
  const FeedCursor from = feed_cursor(cursor);
  ChangePage<OrderChange> page;
  page.as_of = Timestamp::from(std::chrono::system_clock::now())
                   .plus_ms(-std::int64_t{settings_.feed_overlap_s} * 1'000);
  const std::string sql =
      "SELECT k.ERDAT, k.ERZET, k.VBELN FROM " + tables_.name("VBAK") +
      " k WHERE k.MANDT = ? AND k.VBTYP = 'C' AND " + not_before("k.ERDAT", "k.ERZET") +
      " UNION ALL SELECT h.UDATE, h.UTIME, h.OBJECTID FROM " + tables_.name("CDHDR") +
      " h WHERE h.MANDANT = ? AND h.OBJECTCLAS = 'VERKBELEG' AND " +
      not_before("h.UDATE", "h.UTIME") + " UNION ALL SELECT f.ERDAT, f.ERZET, f.VBELV FROM " +
      tables_.name("VBFA") +
      " f WHERE f.MANDT = ? AND f.VBTYP_V = 'C' AND f.VBTYP_N IN ('J', 'R', 'h', 'M', 'N') AND " +
      not_before("f.ERDAT", "f.ERZET") + " ORDER BY 1, 2, 3";
  odbc::Parameters parameters;
  for (int part = 0; part < 3; ++part) {
    parameters.emplace_back(tables_.client());
    add_not_before(parameters, from.from);
  }
  const FeedPage read =
      read_feed(tables_, sql, parameters, from, local_time(settings_.zone, page.as_of),
                static_cast<std::size_t>(settings_.page_size), context.deadline);
  page.next = Cursor(read.next.text());
  page.more = read.more;
  std::set<std::string> missing(read.keys.begin(), read.keys.end());
  for (const Document& document : documents_.read_all(read.keys, context)) {
    missing.erase(document_key(document.number));
    if (document.category != "C") continue;
    OrderChange change;
    change.ref = {decode_external_reference(document.reference).value_or(OrderId{}),
                  DocumentNumber(document.number)};
    change.customer = CustomerNumber(document.customer);
    change.status = documents_.order_of(document).status;
    change.closed = is_closed(change.status);
    change.changed_at = page.as_of;
    page.items.push_back(std::move(change));
  }
  for (const std::string& key : missing) {  // Deleted: only its change document is left.
    OrderChange change;
    change.ref.document = DocumentNumber(stripped(key));
    change.status = OrderStatus::cancelled;
    change.closed = true;
    change.changed_at = page.as_of;
    page.items.push_back(std::move(change));
  }
  return page;
}

}  // namespace underpin::legacy::sap_ecc
