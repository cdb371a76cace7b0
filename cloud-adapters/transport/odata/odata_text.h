#pragma once

#include "contracts/time.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The texts of OData V4 (OASIS, part 2: URL conventions): literals, filters, query options.
namespace underpin::cloud::odata {

// Everything but letters, digits and -._~ as %XX. A blank is %20: a `+` means a plus to strict
// servers.
std::string percent_encoded(std::string_view text);

std::string quoted(std::string_view text);  // 'O''Neil'

// Filter expressions, not yet percent-encoded.
std::string eq(std::string_view property, std::string_view text);  // Compares with a text.
std::string eq_guid(std::string_view property, std::string_view guid);
std::string since(std::string_view property, Timestamp moment);  // property ge moment
std::string all_of(const std::vector<std::string>& conditions);  // Empty ones are left out.
std::string any_of(const std::vector<std::string>& conditions);  // In brackets.

struct Query {
  std::string filter = {};
  std::string expand = {};
  std::string select = {};
  std::string orderby = {};
  std::optional<int> top = {};
  bool count = false;
  std::string text() const;  // "?$filter=...&$top=1", encoded; empty without options.
};

// An HTTP Retry-After value: seconds, or an IMF-fixdate; at least 1. 0 when it is neither.
int retry_after_s(std::string_view value, Timestamp now);

}  // namespace underpin::cloud::odata
