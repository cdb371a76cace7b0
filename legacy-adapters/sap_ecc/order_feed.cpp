#include "legacy-adapters/sap_ecc/order_feed.h"

#include "contracts/external_reference.h"
#include "contracts/order_status.h"

#include <algorithm>
#include <set>

namespace underpin::legacy::sap_ecc {

namespace {

constexpr std::size_t stamp_width = 14;
constexpr std::size_t key_max = 90;       // CDHDR-OBJECTID
constexpr std::int64_t fresh_ms = 2'000;  // Most units of work are committed within it.

std::string digits(std::size_t value, std::size_t width) {
  const std::string text = std::to_string(value);
  return std::string(width - std::min(width, text.size()), '0') + text;
}

LocalTime stamp_of(std::string_view text) {
  return {std::string(text.substr(0, 8)), std::string(text.substr(8, 6))};
}

bool is_stamp(std::string_view text) {
  return text.size() >= stamp_width && is_digits(text.substr(0, stamp_width));
}

}  // namespace

// "L", `low`, `seen`, the zone's offset of four digits from -1000 on, the length of seen's key,
// that key, and `behind`, if there is one.
Cursor written(const FeedPosition& position) {
  const auto& [low, seen, offset, behind] = position;
  return Cursor("L" + low.text() + seen.stamp.text() +
                digits(static_cast<std::size_t>(offset + 1'000), 4) + digits(seen.key.size(), 2) +
                seen.key + (behind ? behind->stamp.text() + behind->key : ""));
}

FeedPosition feed_position(const Cursor& cursor) {
  if (cursor.empty()) return {};
  const Failure none{{ErrorCode::invalid_request, "the cursor is not one of this system"}};
  std::string_view text = cursor.text();
  if (is_stamp(text) && (text.size() == stamp_width || text[stamp_width] == '/')) {
    // As earlier versions wrote it: a run begins with this second.
    FeedPosition old;
    old.low = stamp_of(text);
    old.seen.stamp = old.low;
    return old;
  }
  constexpr std::size_t head = 1 + 2 * stamp_width + 4 + 2;
  if (text.size() < head || text[0] != 'L' || !is_digits(text.substr(1, head - 1))) throw none;
  FeedPosition read;
  read.low = stamp_of(text.substr(1));
  read.seen.stamp = stamp_of(text.substr(1 + stamp_width));
  read.offset = std::stoi(std::string(text.substr(1 + 2 * stamp_width, 4))) - 1'000;
  const auto width = static_cast<std::size_t>(std::stoi(std::string(text.substr(head - 2, 2))));
  text.remove_prefix(head);
  if (text.size() < width) throw none;
  read.seen.key = text.substr(0, width);
  text.remove_prefix(width);
  if (text.empty()) return read;
  if (!is_stamp(text) || text.size() > stamp_width + key_max) throw none;
  read.behind = FeedPosition::Place{stamp_of(text), std::string(text.substr(stamp_width))};
  return read;
}

namespace {

Timestamp overlap_before(Timestamp now, const Settings& settings) {
  return now.plus_ms(-std::int64_t{settings.feed_overlap_s} * 1'000);
}

}  // namespace

FeedSweep::FeedSweep(const FeedPosition& from, const Settings& settings, Timestamp now)
    : Sweep(from,
            {local_time(settings.zone, overlap_before(now, settings)),
             local_time(settings.zone, now.plus_ms(-fresh_ms)),
             offset_minutes(settings.zone, overlap_before(now, settings))},
            static_cast<std::size_t>(settings.page_size), earlier),
      as_of_(overlap_before(now, settings)) {}

std::string not_before(std::string_view day, std::string_view time) {
  return "(" + std::string(day) + " > ? OR (" + std::string(day) + " = ? AND " + std::string(time) +
         " >= ?))";
}

void add_not_before(odbc::Parameters& parameters, const LocalTime& from) {
  parameters.emplace_back(from.day);
  parameters.emplace_back(from.day);
  parameters.emplace_back(from.time);
}

ChangePage<OrderChange> OrderFeed::changes(const Cursor& cursor, const CallContext& context) const {
  FeedSweep sweep(feed_position(cursor), settings_,
                  Timestamp::from(std::chrono::system_clock::now()));
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
    add_not_before(parameters, sweep.begin());
  }
  tables_.each(sql, parameters, context.deadline, [&](const odbc::Row& row) {
    return sweep.take({{column(row, 0), column(row, 1)}, column(row, 2)}) != FeedSweep::Take::full;
  });
  ChangePage<OrderChange> page;
  page.as_of = sweep.as_of();
  page.next = written(sweep.next());
  page.more = sweep.more();
  std::set<std::string> missing(sweep.keys().begin(), sweep.keys().end());
  for (const Document& document : documents_.read_all(sweep.keys(), context)) {
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
  // What the tables still show is not deleted, whatever keeps the BAPI from telling it.
  if (!missing.empty()) {
    odbc::Parameters keys{tables_.client()};
    keys.insert(keys.end(), missing.begin(), missing.end());
    for (const odbc::Row& row :
         tables_.rows("SELECT k.VBELN, k.VBTYP, k.VKORG FROM " + tables_.name("VBAK") +
                          " k WHERE k.MANDT = ? AND k.VBELN IN (" + marks(missing.size()) + ")",
                      keys, context.deadline)) {
      if (column(row, 1) == "C" && column(row, 2) == settings_.organization)
        throw Failure{{ErrorCode::unavailable,
                       "SAP does not tell what is in order " + stripped(column(row, 0))}};
      missing.erase(column(row, 0));
    }
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
