#pragma once

#include "cloud-adapters/business_central/change_cursor.h"
#include "cloud-adapters/business_central/site.h"

#include <functional>
#include <string>

namespace underpin::cloud::business_central {

// One list that is polled for changes.
struct ChangeSource {
  std::string url;  // Without query.
  std::string id_property;
  std::string time_property;
  std::string expand = {};
};

// Reads one page of what changed in `source`, calls `take` for each record not given before, and
// moves the cursor on. True when the sweep is complete.
bool read_changes(Site& site, const ChangeSource& source, SourceCursor& cursor,
                  const CallContext& context,
                  const std::function<void(const json::Value&, Timestamp)>& take);

// The rest of a list after `cursor`: a link of the service, kept without its origin.
odata::ListPage read_page(Site& site, const std::string& first_url, const Cursor& cursor,
                          int page_size, const CallContext& context);
Cursor cursor_of(const odata::ListPage& page);

}  // namespace underpin::cloud::business_central
