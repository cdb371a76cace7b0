#include "cloud-adapters/business_central/change_cursor.h"

#include "cloud-adapters/business_central/site.h"
#include "contracts/json/json_text.h"

#include <algorithm>

namespace underpin::cloud::business_central {
namespace {

std::uint64_t mark_of(const std::string& text) {
  std::uint64_t hash = 14695981039346656037u;  // FNV-1a: the same in every build.
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211u;
  }
  return hash >> 1;  // Fits a JSON integer.
}

Failure unreadable() {
  return {Error{ErrorCode::invalid_request, "the cursor is not one of Business Central's changes"}};
}

}  // namespace

Timestamp SourceCursor::from(std::int64_t overlap_ms) const {
  return seen_to.empty() ? Timestamp{} : seen_to.plus_ms(-overlap_ms);
}

bool SourceCursor::take(const std::string& id, Timestamp at) {
  newest = std::max(newest, at);
  const std::uint64_t mark = mark_of(id + "@" + std::to_string(at.micros));
  if (std::any_of(given.begin(), given.end(), [&](const Given& one) { return one.mark == mark; }))
    return false;
  given.push_back({at, mark});
  return true;
}

void SourceCursor::trim(std::int64_t overlap_ms) {
  const Timestamp oldest = newest.plus_ms(-overlap_ms);
  std::erase_if(given, [&](const Given& one) { return one.at < oldest; });
}

void SourceCursor::complete(std::int64_t overlap_ms) {
  seen_to = std::max(seen_to, newest);
  next.clear();
  trim(overlap_ms);
}

Cursor write_cursor(const std::vector<SourceCursor>& sources) {
  json::Value list = json::Value::array();
  for (const SourceCursor& source : sources) {
    json::Value one = json::Value::object();
    one.set("to", json::Value::integer(source.seen_to.micros));
    one.set("newest", json::Value::integer(source.newest.micros));
    if (!source.next.empty()) one.set("next", source.next);
    json::Value given = json::Value::array();
    for (const SourceCursor::Given& entry : source.given) {
      given.push(json::Value::integer(entry.at.micros));
      given.push(json::Value::integer(static_cast<std::int64_t>(entry.mark)));
    }
    one.set("given", std::move(given));
    list.push(std::move(one));
  }
  return Cursor(json::write(list));
}

std::vector<SourceCursor> read_cursor(const Cursor& cursor, std::size_t count) {
  std::vector<SourceCursor> sources(count);
  if (cursor.empty()) return sources;
  const Result<json::Value> list = json::parse(cursor.text());
  if (!list || list->items().size() != count) throw unreadable();
  for (std::size_t i = 0; i < count; ++i) {
    const json::Value& one = list->items()[i];
    const Result<std::int64_t> to = one.get("to").as_int();
    const Result<std::int64_t> newest = one.get("newest").as_int();
    const std::vector<json::Value>& given = one.get("given").items();
    if (!to || !newest || given.size() % 2 != 0) throw unreadable();
    sources[i].seen_to.micros = *to;
    sources[i].newest.micros = *newest;
    sources[i].next = one.get("next").text();
    for (std::size_t at = 0; at < given.size(); at += 2) {
      const Result<std::int64_t> time = given[at].as_int();
      const Result<std::int64_t> mark = given[at + 1].as_int();
      if (!time || !mark) throw unreadable();
      sources[i].given.push_back({Timestamp{*time}, static_cast<std::uint64_t>(*mark)});
    }
  }
  return sources;
}

}  // namespace underpin::cloud::business_central
