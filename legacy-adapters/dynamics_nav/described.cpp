#include "legacy-adapters/dynamics_nav/described.h"

#include "legacy-adapters/dynamics_nav/customers.h"
#include "legacy-adapters/dynamics_nav/failure.h"
#include "legacy-adapters/dynamics_nav/inventory.h"
#include "transport/shell.h"

#include <chrono>
#include <memory>
#include <utility>

namespace underpin::legacy::dynamics_nav {
namespace {

class WrittenDown final : public Wire {
 public:
  Result<Reply> exchange(const Exchange& exchange, const CallContext&) override {
    sent.push_back(exchange);
    return Error{ErrorCode::rejected, "it is only written down"};
  }
  Result<std::string> get(const std::string&, const CallContext&) override {
    return Error{ErrorCode::rejected, "it is only written down"};
  }
  std::vector<Exchange> sent;
};

// As soap::Client sends it.
transport::HttpRequest request_of(const Exchange& exchange) {
  transport::HttpRequest request;
  request.method = "POST";
  request.url = exchange.url;
  request.headers = {{"Content-Type", "text/xml; charset=utf-8"},
                     {"SOAPAction", "\"" + exchange.action + "\""}};
  request.body = exchange.envelope;
  return request;
}

CallContext calling() {
  CallContext context;
  context.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  return context;
}

}  // namespace

Described::Described(const Settings& settings, std::string system, const Mappings& mappings,
                     FaultTable faults, SqlNames names)
    : settings_(settings),
      system_(std::move(system)),
      mappings_(mappings),
      faults_(std::move(faults)),
      names_(std::move(names)),
      prefix_(transport::variable_prefix(system_)) {}

namespace {

std::vector<std::string> commands_of(const WrittenDown& wire, const std::string& prefix) {
  std::vector<std::string> commands;
  for (const Exchange& exchange : wire.sent)
    commands.push_back(transport::curl_command(
        request_of(exchange), "-u \"$" + prefix + "_USER:$" + prefix + "_PASSWORD\""));
  return commands;
}

}  // namespace

std::vector<std::string> Described::order(const OrderRef& ref) const {
  const auto wire = std::make_shared<WrittenDown>();
  const Services services(settings_.soap, system_, wire, faults_);
  const Documents documents(services, settings_, mappings_);
  (void)guarded(system_, ErrorCode::internal, [&] {
    return documents.find(ref, calling());
  }).has_value();
  std::vector<std::string> commands = commands_of(*wire, prefix_);
  if (!commands.empty())
    commands.emplace_back("# Where there is no such open order, its archived and posted documents");
  return commands;
}

std::vector<std::string> Described::customer(const CustomerNumber& number) const {
  const auto wire = std::make_shared<WrittenDown>();
  const Services services(settings_.soap, system_, wire, faults_);
  Customers customers(services, settings_, mappings_, {}, nullptr);
  (void)customers.get_customer(number, calling()).has_value();
  return commands_of(*wire, prefix_);
}

std::vector<std::string> Described::search(const CustomerQuery& query) const {
  const auto wire = std::make_shared<WrittenDown>();
  const Services services(settings_.soap, system_, wire, faults_);
  Customers customers(services, settings_, mappings_, {}, nullptr);
  (void)customers.search_customers(query, calling()).has_value();
  std::vector<std::string> commands = commands_of(*wire, prefix_);
  if (!commands.empty())
    commands.emplace_back("# Further pages: the Key of the last customer as bookmarkKey");
  return commands;
}

std::vector<std::string> Described::stock(const StockQuery& query) const {
  return {"printf '%s\\n' " + transport::shell_quoted(stock_question(names_, query)) +
          " | isql -b \"$" + prefix_ + "_DSN\" \"$" + prefix_ + "_SQL_USER\" \"$" + prefix_ +
          "_SQL_PASSWORD\""};
}

}  // namespace underpin::legacy::dynamics_nav
