#pragma once

#include "cloud-adapters/business_central/settings.h"
#include "cloud-adapters/transport/odata/odata_client.h"
#include "cloud-adapters/transport/odata/odata_text.h"
#include "contracts/call_context.h"
#include "contracts/decimal.h"
#include "contracts/json/json_text.h"
#include "contracts/time.h"
#include "transport/failure.h"
#include "transport/http_client.h"

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace underpin::cloud::business_central {

using transport::Failure;
using transport::guarded;
using transport::must;

// Members of a record. A missing or ill-typed one throws Failure: `internal` naming the member.
std::string text_of(const json::Value& record, std::string_view name);
Decimal decimal_of(const json::Value& record, std::string_view name);
std::int64_t integer_of(const json::Value& record, std::string_view name);
bool bool_of(const json::Value& record, std::string_view name);
Timestamp time_of(const json::Value& record, std::string_view name);
std::optional<Date> date_of(const json::Value& record, std::string_view name);  // 0001-01-01: none.
std::string etag_of(const json::Value& record);

// "19.9" as prices are written: at least two decimals.
Decimal with_cents(Decimal amount);
Decimal cents(Decimal amount);  // Rounded half up, as the ERP does.

// At most `most` characters of UTF-8: descriptions are for people, and a longer one is refused.
std::string shortened(const std::string& text, std::size_t most);

constexpr std::string_view blank_date = "0001-01-01";

// What the services of one Business Central company share: connections, the company's and the
// locations' GUIDs. Thread rule: any number of threads.
class Site {
 public:
  Site(Settings settings, std::string system);
  Site(Settings settings, std::string system, transport::Send send);

  const Settings& settings() const { return settings_; }
  const std::string& system() const { return system_; }
  odata::ODataClient& client() { return client_; }

  // URLs of entity sets: "salesOrders" under v2.0, a page of the site's own API.
  std::string v2(std::string_view entity, const CallContext& context);
  std::string page(std::string_view entity, const CallContext& context);
  std::string api_root() const;       // .../api/v2.0
  std::string site_api_root() const;  // .../api/{publisher}/{group}/{version}
  std::string company_id(const CallContext& context);

  std::vector<json::Value> list(const std::string& url, const CallContext& context);
  json::Value get(const std::string& url, const CallContext& context);
  std::optional<json::Value> find_first(const std::string& url, const CallContext& context);

  // The GUID of a location by the channels' code; rejected when there is none.
  std::string location_id(const std::string& canonical, const CallContext& context);
  // The channels' code of a location by GUID; empty for a blank one.
  std::string location_code(const std::string& guid, const CallContext& context);

  Error rejected(std::string message, std::string pointer = {}, std::string rule = {}) const;
  Error failed(ErrorCode code, std::string message) const;

 private:
  void load_locations(const CallContext& context);

  const Settings settings_;
  const std::string system_;
  odata::ODataClient client_;
  std::mutex mutex_;
  std::string company_id_;
  std::map<std::string, std::string> id_by_code_;
  std::map<std::string, std::string> code_by_id_;
};

}  // namespace underpin::cloud::business_central
