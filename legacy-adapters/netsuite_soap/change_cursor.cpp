#include "legacy-adapters/netsuite_soap/change_cursor.h"

#include "contracts/json/json_text.h"

#include <algorithm>

namespace underpin::legacy::netsuite_soap {
namespace {

constexpr std::size_t given_max = 5'000;
// No description says how exactly a deletion is dated: to the minute is allowed for.
constexpr std::int64_t deleted_overlap_ms = 120'000;

std::uint64_t mark_of(const std::string& id, Timestamp at) {
  std::uint64_t hash = 14695981039346656037ULL;  // FNV-1a.
  const auto add = [&](std::string_view text) {
    for (const char c : text) {
      hash ^= static_cast<unsigned char>(c);
      hash *= 1099511628211ULL;
    }
  };
  add(id);
  add("@");
  add(std::to_string(at.micros));
  return hash >> 1;  // Fits a signed number of the cursor's text.
}

std::int64_t whole(const json::Value& value) { return must(value.as_int()); }

std::vector<ChangeCursor::Given> read_marks(const json::Value& value) {
  std::vector<ChangeCursor::Given> marks;
  const std::vector<json::Value>& items = value.items();
  for (std::size_t i = 0; i + 1 < items.size(); i += 2)
    marks.push_back({Timestamp{whole(items[i])}, static_cast<std::uint64_t>(whole(items[i + 1]))});
  return marks;
}

json::Value marks_of(const std::vector<ChangeCursor::Given>& marks) {
  json::Value value = json::Value::array();
  for (const ChangeCursor::Given& one : marks) {
    value.push(json::Value::integer(one.at.micros));
    value.push(json::Value::integer(static_cast<std::int64_t>(one.mark)));
  }
  return value;
}

void keep_newest(std::vector<ChangeCursor::Given>& marks) {
  if (marks.size() > given_max)
    marks.erase(marks.begin(), marks.end() - static_cast<std::ptrdiff_t>(given_max));
}

}  // namespace

ChangeCursor ChangeCursor::read(const Cursor& cursor) {
  ChangeCursor result;
  if (cursor.empty()) return result;
  const Failure foreign{{ErrorCode::invalid_request, "the cursor is not one of this system"}};
  const Result<json::Value> value = json::parse(cursor.text());
  if (!value || !value->is_object() || value->find("seen") == nullptr) throw foreign;
  try {
    result.seen_to.micros = whole(value->get("seen"));
    result.search = value->get("search").text();
    if (!result.search.empty()) {
      result.page = static_cast<int>(whole(value->get("page")));
      result.size = static_cast<int>(whole(value->get("size")));
      result.newest.micros = whole(value->get("newest"));
      result.begun.micros = whole(value->get("begun"));
    }
    result.given = read_marks(value->get("given"));
    result.gone = read_marks(value->get("gone"));
  } catch (const Failure&) {
    throw foreign;
  }
  return result;
}

Cursor ChangeCursor::write() const {
  json::Value value = json::Value::object();
  value.set("seen", json::Value::integer(seen_to.micros));
  if (!search.empty()) {
    value.set("search", search);
    value.set("page", json::Value::integer(page));
    value.set("size", json::Value::integer(size));
    value.set("newest", json::Value::integer(newest.micros));
    value.set("begun", json::Value::integer(begun.micros));
  }
  value.set("given", marks_of(given));
  if (!gone.empty()) value.set("gone", marks_of(gone));
  return Cursor(json::write(value));
}

namespace {

void read_deletions(Suite& suite, const ChangeSource& source, ChangeCursor& cursor,
                    const CallContext& context) {
  const Timestamp since = cursor.seen_to.empty() ? cursor.begun : cursor.seen_to;
  suite.deleted(
      source.type, since.plus_ms(-deleted_overlap_ms), context,
      [&](const Node& reference, Timestamp at) {
        const ChangeCursor::Given mark{at, mark_of(reference.attribute("internalId"), at)};
        if (std::find(cursor.gone.begin(), cursor.gone.end(), mark) != cursor.gone.end()) return;
        cursor.gone.push_back(mark);
        source.gone(reference, at);
      });
}

// What the next sweep cannot meet again is forgotten: what is older than its window, and in the
// midst of a sweep what that has passed and left behind.
void forget_given(ChangeCursor& cursor, std::int64_t overlap_ms) {
  const Timestamp window = cursor.seen_to.plus_ms(-overlap_ms);
  const Timestamp next = cursor.covered().plus_ms(-overlap_ms);
  std::erase_if(cursor.given, [&](const ChangeCursor::Given& one) {
    return one.at < window || (one.at > cursor.seen_to && one.at < next);
  });
  keep_newest(cursor.given);
  const Timestamp of_deletions = cursor.seen_to.plus_ms(-deleted_overlap_ms);
  std::erase_if(cursor.gone, [&](const ChangeCursor::Given& one) { return one.at < of_deletions; });
  keep_newest(cursor.gone);
}

}  // namespace

bool read_changes(Suite& suite, const ChangeSource& source, ChangeCursor& cursor, Timestamp now,
                  const CallContext& context,
                  const std::function<void(const Node&, Timestamp)>& take) {
  const std::int64_t overlap_ms = suite.settings().change_overlap_ms;
  SearchPage page;
  if (!cursor.search.empty()) {
    try {
      page = suite.search_more(cursor.search, cursor.page, cursor.size, context);
    } catch (const Failure& failure) {
      if (failure.error.code != ErrorCode::invalid_request) throw;
      cursor.search.clear();
    }
  }
  if (cursor.search.empty()) {
    const std::string since =
        cursor.seen_to.empty()
            ? std::string()
            : search_since("platformCommon:lastModifiedDate", cursor.seen_to.plus_ms(-overlap_ms));
    cursor.newest = cursor.seen_to;
    // One that is begun again still owes what was deleted since the first attempt at it.
    if (cursor.begun.empty()) cursor.begun = now;
    page = suite.search(source.search(since), suite.settings().page_size, context);
  }
  for (const Node& record : page.records) {
    const Timestamp at = record.time_of("lastModifiedDate");
    const ChangeCursor::Given mark{at, mark_of(record.attribute("internalId"), at)};
    cursor.newest = std::max(cursor.newest, at);
    if (std::find(cursor.given.begin(), cursor.given.end(), mark) != cursor.given.end()) continue;
    take(record, at);
    if (source.entries || at.plus_ms(overlap_ms) < now) cursor.given.push_back(mark);
  }
  const bool complete = page.index >= page.pages;
  if (complete) {
    if (source.gone) read_deletions(suite, source, cursor, context);
    // What one page holds is of one moment.
    cursor.seen_to = cursor.newest = page.index == 1 ? cursor.newest : cursor.covered();
    cursor.begun = {};
    cursor.search.clear();
    cursor.page = 1;
  } else {
    cursor.search = page.search;
    cursor.page = page.index + 1;
    cursor.size = page.size;
  }
  forget_given(cursor, overlap_ms);
  return complete;
}

}  // namespace underpin::legacy::netsuite_soap
