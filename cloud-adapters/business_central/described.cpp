#include "cloud-adapters/business_central/described.h"

#include "transport/shell.h"

#include <chrono>
#include <utility>

namespace underpin::cloud::business_central {
namespace {

// Stands for the company's id in a URL; no id is like it.
constexpr std::string_view company_place = "{company}";

Settings without_secrets(Settings settings) {
  settings.auth = AuthKind::basic;
  settings.user.clear();
  settings.password.clear();
  settings.client_secret.clear();
  if (settings.company_id.empty()) settings.company_id = company_place;
  return settings;
}

std::string authorization_of(const Settings& settings, const std::string& system) {
  const std::string prefix = transport::variable_prefix(system);
  return settings.auth == AuthKind::basic ? "-u \"$" + prefix + "_USER:$" + prefix + "_PASSWORD\""
                                          : "-H \"Authorization: Bearer $" + prefix + "_TOKEN\"";
}

}  // namespace

Described::Described(Settings settings, std::string system, mapping::Mapping stock,
                     mapping::Mapping prices, mapping::Mapping customers)
    : authorization_(authorization_of(settings, system)),
      company_(settings.company_id.empty() ? transport::variable_prefix(system) + "_COMPANY_ID"
                                           : std::string()),
      site_(without_secrets(std::move(settings)), std::move(system),
            [this](const transport::HttpRequest& request,
                   const CallContext&) -> Result<transport::HttpResponse> {
              sent_.push_back(request);
              return Error{ErrorCode::rejected, "it is only written down"};
            }),
      orders_(site_),
      inventory_(site_, std::move(stock)),
      pricing_(site_, std::move(prices)),
      customers_(site_, std::move(customers)) {}

std::vector<std::string> Described::recorded(const std::function<void(const CallContext&)>& ask) {
  const std::lock_guard lock(mutex_);
  sent_.clear();
  CallContext context;
  context.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  ask(context);
  std::vector<std::string> commands;
  if (!company_.empty() && !sent_.empty()) {
    transport::HttpRequest companies;
    companies.url = site_.api_root() + "/companies?$select=id,name";
    commands.push_back("# $" + company_ + " is the id of " + site_.settings().company +
                       " in: " + transport::curl_command(companies, authorization_));
  }
  for (const transport::HttpRequest& request : sent_) {
    std::string command = transport::curl_command(request, authorization_);
    if (const std::size_t at = command.rfind(company_place); at != std::string::npos)
      command.replace(at, company_place.size(), "'\"$" + company_ + "\"'");
    commands.push_back(std::move(command));
  }
  return commands;
}

std::vector<std::string> Described::order(const OrderRef& ref) {
  return recorded(
      [&](const CallContext& context) { (void)orders_.get_order(ref, context).has_value(); });
}

std::vector<std::string> Described::stock(const StockQuery& query) {
  return recorded(
      [&](const CallContext& context) { (void)inventory_.get_stock(query, context).has_value(); });
}

std::vector<std::string> Described::customer(const CustomerNumber& number) {
  return recorded([&](const CallContext& context) {
    (void)customers_.get_customer(number, context).has_value();
  });
}

std::vector<std::string> Described::search(const CustomerQuery& query) {
  return recorded([&](const CallContext& context) {
    (void)customers_.search_customers(query, context).has_value();
  });
}

std::vector<std::string> Described::prices(const PriceQuery& query) {
  return recorded(
      [&](const CallContext& context) { (void)pricing_.list_prices(query, context).has_value(); });
}

std::vector<std::string> Described::quote(const QuoteRequest& request) {
  return recorded(
      [&](const CallContext& context) { (void)pricing_.quote(request, context).has_value(); });
}

}  // namespace underpin::cloud::business_central
