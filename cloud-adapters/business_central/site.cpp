#include "cloud-adapters/business_central/site.h"

#include <memory>
#include <utility>

namespace underpin::cloud::business_central {
namespace {

constexpr std::string_view zero_guid = "00000000-0000-0000-0000-000000000000";

Failure bad_member(std::string_view name, std::string_view rule) {
  Error error{ErrorCode::internal,
              "Business Central's " + std::string(name) + " " + std::string(rule)};
  error.fields.push_back({"/" + std::string(name), std::string(rule)});
  return {std::move(error)};
}

transport::ClientSettings http_settings(const Settings& settings, const std::string& system) {
  transport::ClientSettings http;
  http.system = system;
  http.ca_file = settings.ca_file;
  http.verify = settings.verify_tls;
  http.client_certificate_file = settings.client_certificate_file;
  http.client_key_file = settings.client_key_file;
  http.connect_timeout_ms = settings.connect_timeout_ms;
  http.pool_size = static_cast<std::size_t>(settings.pool_size);
  return http;
}

transport::Send over_http(const Settings& settings, const std::string& system) {
  const auto http = std::make_shared<transport::HttpClient>(http_settings(settings, system));
  return [http](const transport::HttpRequest& request, const CallContext& context) {
    return http->send(request, context);
  };
}

odata::ClientOptions client_options(const Settings& settings, const std::string& system) {
  odata::ClientOptions options;
  options.system = system;
  options.trust_503 = settings.trust_503;
  if (settings.auth == AuthKind::basic) {
    options.authorization = transport::basic_authorization(settings.user, settings.password);
  } else {
    options.oauth = OAuthSettings{settings.token_url, settings.client_id, settings.client_secret,
                                  settings.scope};
  }
  return options;
}

}  // namespace

std::string text_of(const json::Value& record, std::string_view name) {
  const json::Value* value = record.find(name);
  if (value == nullptr) throw bad_member(name, "is missing");
  if (!value->is_string()) throw bad_member(name, "is no text");
  return value->text();
}

Decimal decimal_of(const json::Value& record, std::string_view name) {
  const json::Value* value = record.find(name);
  if (value == nullptr) throw bad_member(name, "is missing");
  const Result<Decimal> decimal = value->as_decimal();
  if (!decimal) throw bad_member(name, "is no number that a decimal can hold");
  return *decimal;
}

std::int64_t integer_of(const json::Value& record, std::string_view name) {
  const json::Value* value = record.find(name);
  if (value == nullptr) throw bad_member(name, "is missing");
  const Result<std::int64_t> integer = value->as_int();
  if (!integer) throw bad_member(name, "is no whole number");
  return *integer;
}

bool bool_of(const json::Value& record, std::string_view name) {
  const json::Value* value = record.find(name);
  if (value == nullptr) throw bad_member(name, "is missing");
  const Result<bool> truth = value->as_bool();
  if (!truth) throw bad_member(name, "is neither true nor false");
  return *truth;
}

Timestamp time_of(const json::Value& record, std::string_view name) {
  const Result<Timestamp> time = Timestamp::parse(text_of(record, name));
  if (!time) throw bad_member(name, "is no date and time");
  return *time;
}

std::optional<Date> date_of(const json::Value& record, std::string_view name) {
  const std::string text = text_of(record, name);
  if (text.empty() || text == blank_date) return std::nullopt;
  const Result<Date> date = Date::parse(text);
  if (!date) throw bad_member(name, "is no date");
  return *date;
}

std::string etag_of(const json::Value& record) { return text_of(record, "@odata.etag"); }

Decimal with_cents(Decimal amount) {
  const Decimal plain = amount.normalized();
  return plain.scale() < 2 ? plain.rounded(2, Rounding::half_up) : plain;
}

Decimal cents(Decimal amount) { return amount.rounded(2, Rounding::half_up); }

std::string shortened(const std::string& text, std::size_t most) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0u) == 0x80u) continue;
    if (++characters > most) return text.substr(0, i);
  }
  return text;
}

Site::Site(Settings settings, std::string system)
    : Site(settings, system, over_http(settings, system)) {}

Site::Site(Settings settings, std::string system, transport::Send send)
    : settings_(std::move(settings)),
      system_(std::move(system)),
      client_(client_options(settings_, system_), std::move(send)),
      company_id_(settings_.company_id) {}

std::string Site::api_root() const { return settings_.base_url + "/api/v2.0"; }

std::string Site::site_api_root() const {
  return settings_.base_url + "/api/" + settings_.publisher + "/" + settings_.group + "/" +
         settings_.version;
}

std::string Site::v2(std::string_view entity, const CallContext& context) {
  return api_root() + "/companies(" + company_id(context) + ")/" + std::string(entity);
}

std::string Site::page(std::string_view entity, const CallContext& context) {
  return site_api_root() + "/companies(" + company_id(context) + ")/" + std::string(entity);
}

std::string Site::company_id(const CallContext& context) {
  {
    const std::lock_guard lock(mutex_);
    if (!company_id_.empty()) return company_id_;
  }
  odata::Query query;
  query.filter = odata::eq("name", settings_.company);
  const std::optional<json::Value> company =
      find_first(api_root() + "/companies" + query.text(), context);
  if (!company) {
    // Nothing was sent that changes anything, and nothing can be until somebody acts.
    throw Failure{failed(ErrorCode::unavailable,
                         "Business Central has no company \"" + settings_.company + "\"")};
  }
  const std::string id = text_of(*company, "id");
  const std::lock_guard lock(mutex_);
  company_id_ = id;
  return id;
}

std::vector<json::Value> Site::list(const std::string& url, const CallContext& context) {
  return must(client_.list(url, context, settings_.page_size));
}

json::Value Site::get(const std::string& url, const CallContext& context) {
  return must(client_.get(url, context)).body;
}

std::optional<json::Value> Site::find_first(const std::string& url, const CallContext& context) {
  odata::ListPage page = must(client_.page(url, context, 0));
  if (page.items.empty()) return std::nullopt;
  return std::move(page.items.front());
}

void Site::load_locations(const CallContext& context) {
  odata::Query query;
  query.select = "id,code";
  const std::vector<json::Value> rows = list(v2("locations", context) + query.text(), context);
  const std::lock_guard lock(mutex_);
  for (const json::Value& row : rows) {
    id_by_code_[text_of(row, "code")] = text_of(row, "id");
    code_by_id_[text_of(row, "id")] = text_of(row, "code");
  }
}

std::string Site::location_id(const std::string& canonical, const CallContext& context) {
  const std::string& code = to_vendor(settings_.locations, canonical);
  for (const bool reloaded : {false, true}) {
    if (reloaded) load_locations(context);
    const std::lock_guard lock(mutex_);
    const auto found = id_by_code_.find(code);
    if (found != id_by_code_.end()) return found->second;
  }
  throw Failure{rejected("Business Central has no location " + code)};
}

std::string Site::location_code(const std::string& guid, const CallContext& context) {
  if (guid.empty() || guid == zero_guid) return {};
  for (const bool reloaded : {false, true}) {
    if (reloaded) load_locations(context);
    const std::lock_guard lock(mutex_);
    const auto found = code_by_id_.find(guid);
    if (found != code_by_id_.end()) return from_vendor(settings_.locations, found->second);
  }
  throw Failure{
      failed(ErrorCode::internal, "Business Central names a location that it does not list")};
}

Error Site::rejected(std::string message, std::string pointer, std::string rule) const {
  Error error{ErrorCode::rejected, std::move(message), system_};
  if (!pointer.empty()) error.fields.push_back({std::move(pointer), std::move(rule)});
  return error;
}

Error Site::failed(ErrorCode code, std::string message) const {
  return {code, std::move(message), system_};
}

}  // namespace underpin::cloud::business_central
