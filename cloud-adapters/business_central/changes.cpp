#include "cloud-adapters/business_central/changes.h"

namespace underpin::cloud::business_central {
namespace {

std::string origin_of(const std::string& url) {
  return url.substr(0, url.find('/', url.find("://") + 3));
}

std::string path_of(const std::string& url) { return url.substr(origin_of(url).size()); }

}  // namespace

bool read_changes(Site& site, const ChangeSource& source, SourceCursor& cursor,
                  const CallContext& context,
                  const std::function<void(const json::Value&, Timestamp)>& take) {
  const std::int64_t overlap_ms = site.settings().change_overlap_ms;
  odata::Query query;
  const Timestamp from = cursor.from(overlap_ms);
  if (!from.empty()) query.filter = odata::since(source.time_property, from);
  query.orderby = source.time_property;
  query.expand = source.expand;
  const std::string first = source.url + query.text();
  Result<odata::ListPage> page =
      site.client().page(cursor.next.empty() ? first : origin_of(first) + cursor.next, context,
                         site.settings().page_size);
  // A link that the service no longer takes: the sweep begins again, what was given is known.
  if (!page && !cursor.next.empty() &&
      (page.error().code == ErrorCode::internal || page.error().code == ErrorCode::rejected)) {
    page = site.client().page(first, context, site.settings().page_size);
  }
  const odata::ListPage read = must(std::move(page));
  for (const json::Value& record : read.items) {
    const Timestamp at = time_of(record, source.time_property);
    if (cursor.take(text_of(record, source.id_property), at)) take(record, at);
  }
  if (!read.next.empty()) {
    cursor.next = path_of(read.next);
    cursor.trim(overlap_ms);
    return false;
  }
  cursor.complete(overlap_ms);
  return true;
}

odata::ListPage read_page(Site& site, const std::string& first_url, const Cursor& cursor,
                          int page_size, const CallContext& context) {
  if (cursor.empty()) return must(site.client().page(first_url, context, page_size));
  // A cursor comes back from outside: it may only go on with the list that it belongs to.
  const std::string own = path_of(first_url.substr(0, first_url.find('?')));
  if (cursor.text().substr(0, own.size() + 1) != own + "?")
    throw Failure{site.failed(ErrorCode::invalid_request, "the cursor belongs to another list")};
  return must(site.client().page(origin_of(first_url) + cursor.text(), context, page_size));
}

Cursor cursor_of(const odata::ListPage& page) {
  return page.next.empty() ? Cursor() : Cursor(path_of(page.next));
}

}  // namespace underpin::cloud::business_central
