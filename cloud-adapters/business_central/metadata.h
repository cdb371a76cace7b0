#pragma once

#include "cloud-adapters/business_central/settings.h"
#include "contracts/json/json_text.h"
#include "contracts/ports/erp_adapter.h"

#include <string_view>
#include <vector>

namespace underpin::cloud::business_central {

// What the adapter needs of an entity set.
struct NeededSet {
  std::string_view set;
  std::string_view properties;  // Separated by blanks.
};

// Of v2.0, as Microsoft's API reference names them, and of the site's pages (SITE_API.md).
std::vector<NeededSet> needed_of_v2();
std::vector<NeededSet> needed_of_returns();  // Of v2.0, when the settings map return reasons.
NeededSet needed_of_postings();              // Of v2.0, when the settings have a chart of accounts.
std::vector<NeededSet> needed_of_site(const Pages& pages);

// One finding per set: whether `csdl`, a service's $metadata, has the set and all the properties.
std::vector<Finding> check_metadata(std::string_view csdl, std::string_view service,
                                    const std::vector<NeededSet>& needed);

// What the service would refuse of `message`, a record for the entity set: properties that it does
// not know, texts that are too long, values of another type; the records of a navigation, too.
std::vector<FieldError> check_message(std::string_view csdl, std::string_view set,
                                      const json::Value& message);

}  // namespace underpin::cloud::business_central
