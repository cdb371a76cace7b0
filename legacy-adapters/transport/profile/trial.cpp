#include "legacy-adapters/transport/profile/trial.h"

#include "contracts/json/codec.h"
#include "contracts/json/return_codec.h"
#include "contracts/order_status.h"
#include "contracts/ports/return_service.h"
#include "legacy-adapters/transport/profile/failure.h"

#include <algorithm>
#include <map>

namespace underpin::legacy::profile {
namespace {

using json::Value;

struct Call {
  ErpAdapter& adapter;
  const Value& request;
  WriteContext context;
};
struct Tried {
  bool writes = false;
  std::function<Value(const Call&)> run;  // Throws Failure.
};

template <class Port>
Port& offered(Port* port, const char* capability) {
  if (port == nullptr)
    throw Failure{{ErrorCode::unsupported, std::string("the profile offers no ") + capability}};
  return *port;
}
OrderService& orders(const Call& call) { return offered(call.adapter.orders(), "orders"); }
InventoryService& stock(const Call& call) { return offered(call.adapter.inventory(), "inventory"); }
PricingService& prices(const Call& call) { return offered(call.adapter.pricing(), "pricing"); }
CustomerService& customers(const Call& call) {
  return offered(call.adapter.customers(), "customers");
}

std::string text(const Call& call, std::string_view key) { return call.request.get(key).text(); }

int limit(const Call& call) {
  const auto given = call.request.get("limit").as_int();
  return given ? static_cast<int>(std::clamp<std::int64_t>(*given, 1, 1'000)) : 20;
}

OrderRef ref_of(const Value& request) { return must(json::from_json<OrderRef>(request)); }
CustomerNumber number_of(const Call& call) { return CustomerNumber(text(call, "number")); }

Value told(const OrderChange& change) {
  Value result = json::to_json(change.ref);
  result.set("customer", change.customer.text());
  result.set("status", std::string(name(change.status)));
  result.set("closed", Value::boolean(change.closed));
  result.set("changedAt", change.changed_at.text());
  return result;
}
Value told(const CustomerChange& change) {
  Value result = Value::object();
  result.set("number", change.number.text());
  result.set("deleted", Value::boolean(change.deleted));
  result.set("changedAt", change.changed_at.text());
  return result;
}
Value told(const StockMovement& movement) {
  Value result = Value::object();
  result.set("movement", movement.movement.text());
  result.set("entry", movement.entry.text());
  result.set("sku", movement.key.sku.text());
  result.set("location", movement.key.location.text());
  result.set("quantity", movement.quantity.text());
  result.set("changedAt", movement.changed_at.text());
  result.set("changedBy", movement.changed_by);
  return result;
}
template <class T>
Value told(const ChangePage<T>& page) {
  Value items = Value::array();
  for (const T& item : page.items) items.push(told(item));
  Value result = Value::object();
  result.set("items", std::move(items));
  result.set("next", page.next.text());
  result.set("more", Value::boolean(page.more));
  return result;
}

std::map<std::string, Tried> order_calls() {
  return {
      {"get_order",
       {false,
        [](const Call& call) {
          return json::to_json(must(orders(call).get_order(ref_of(call.request), call.context)));
        }}},
      {"find_receipt",
       {false,
        [](const Call& call) {
          return json::to_json(
              must(orders(call).find_receipt(ref_of(call.request).id, call.context)));
        }}},
      {"list_open_orders",
       {false,
        [](const Call& call) {
          OrderQuery query;
          if (!text(call, "customer").empty())
            query.customer = CustomerNumber(text(call, "customer"));
          query.cursor = Cursor(text(call, "cursor"));
          query.limit = limit(call);
          return json::page_to_json(must(orders(call).list_open_orders(query, call.context)));
        }}},
      {"order_changes",
       {false,
        [](const Call& call) {
          return told(must(orders(call).order_changes(Cursor(text(call, "cursor")), call.context)));
        }}},
      {"place_order",
       {true,
        [](const Call& call) {
          const Order order = must(json::from_json<Order>(call.request));
          return json::to_json(must(orders(call).place_order(order, call.context)));
        }}},
      {"amend_order",
       {true,
        [](const Call& call) {
          const auto amendment =
              must(json::from_json<OrderAmendment>(call.request.get("amendment")));
          return json::to_json(must(orders(call).amend_order(ref_of(call.request.get("order")),
                                                             amendment, call.context)));
        }}},
      {"cancel_order",
       {true,
        [](const Call& call) {
          const auto cancellation =
              must(json::from_json<OrderCancellation>(call.request.get("cancellation")));
          return json::to_json(must(orders(call).cancel_order(ref_of(call.request.get("order")),
                                                              cancellation, call.context)));
        }}},
      {"release_order",
       {true,
        [](const Call& call) {
          return json::to_json(
              must(orders(call).release_order(ref_of(call.request), call.context)));
        }}},
      {"block_order",
       {true,
        [](const Call& call) {
          return json::to_json(must(orders(call).block_order(ref_of(call.request), call.context)));
        }}},
      {"follow_order",
       {true,
        [](const Call& call) {
          const Order order = must(json::from_json<Order>(call.request));
          WriteContext context = call.context;
          context.role = Role::mirror;
          return json::to_json(must(orders(call).follow_order(order, context)));
        }}},
  };
}

ReturnService& returns(const Call& call) {
  if (ReturnService* port = call.adapter.returns()) return *port;
  throw Failure{{ErrorCode::unsupported, "the profile offers no returns"}};
}

OrderId order_of(const Call& call) {
  Value request = Value::object();
  for (const char* key : {"channel", "number"})
    if (const Value* given = call.request.find(key)) request.set(key, *given);
  return ref_of(request).id;
}

std::map<std::string, Tried> return_calls() {
  return {
      {"place_return",
       {true,
        [](const Call& call) {
          const auto asked = must(json::from_json<OrderReturn>(call.request));
          return json::to_json(must(returns(call).place_return(asked, call.context)));
        }}},
      {"find_return",
       {false,
        [](const Call& call) {
          return json::to_json(must(returns(call).find_return(
              order_of(call), ReturnNumber(text(call, "return")), call.context)));
        }}},
      {"returns_of",
       {false,
        [](const Call& call) {
          ReturnsOf whose{order_of(call), {}};
          for (const Value& one : call.request.get("invoices").items())
            whose.invoices.emplace_back(one.text());
          Value found = Value::array();
          for (const ReturnReference& one : must(returns(call).returns_of(whose, call.context)))
            found.push(json::to_json(one));
          return found;
        }}},
  };
}

std::map<std::string, Tried> stock_calls() {
  return {
      {"get_stock",
       {false,
        [](const Call& call) {
          StockQuery query;
          for (const Value& sku : call.request.get("skus").items())
            query.skus.emplace_back(sku.text());
          if (!text(call, "location").empty())
            query.location = LocationCode(text(call, "location"));
          Value levels = Value::array();
          for (const StockLevel& level : must(stock(call).get_stock(query, call.context)))
            levels.push(json::to_json(level));
          return levels;
        }}},
      {"list_stock",
       {false,
        [](const Call& call) {
          return json::page_to_json(must(
              stock(call).list_stock(Cursor(text(call, "cursor")), limit(call), call.context)));
        }}},
      {"adjust_stock",
       {true,
        [](const Call& call) {
          const auto adjustment = must(json::from_json<StockAdjustment>(call.request));
          return json::to_json(must(stock(call).adjust_stock(adjustment, call.context)));
        }}},
      {"find_adjustment",
       {false,
        [](const Call& call) {
          return json::to_json(
              must(stock(call).find_adjustment(MovementId(text(call, "movement")), call.context)));
        }}},
      {"stock_movements",
       {false,
        [](const Call& call) {
          return told(
              must(stock(call).stock_movements(Cursor(text(call, "cursor")), call.context)));
        }}},
  };
}

std::map<std::string, Tried> price_calls() {
  return {
      {"quote",
       {false,
        [](const Call& call) {
          const auto request = must(json::from_json<QuoteRequest>(call.request));
          return json::to_json(must(prices(call).quote(request, call.context)));
        }}},
      {"list_prices",
       {false,
        [](const Call& call) {
          PriceQuery query;
          if (!text(call, "sku").empty()) query.sku = Sku(text(call, "sku"));
          if (!text(call, "customer").empty())
            query.customer = CustomerNumber(text(call, "customer"));
          query.cursor = Cursor(text(call, "cursor"));
          query.limit = limit(call);
          return json::page_to_json(must(prices(call).list_prices(query, call.context)));
        }}},
      {"prices_after",
       {false,
        [](const Call& call) {
          const auto list = must(prices(call).prices_after(text(call, "batch"), call.context));
          return list ? json::to_json(*list) : Value::null();
        }}},
  };
}

std::map<std::string, Tried> customer_calls() {
  return {
      {"get_customer",
       {false,
        [](const Call& call) {
          return json::to_json(must(customers(call).get_customer(number_of(call), call.context)));
        }}},
      {"create_customer",
       {true,
        [](const Call& call) {
          const auto customer = must(json::from_json<Customer>(call.request));
          return json::to_json(must(customers(call).create_customer(customer, call.context)));
        }}},
      {"put_customer",
       {true,
        [](const Call& call) {
          const auto customer = must(json::from_json<Customer>(call.request));
          return json::to_json(must(customers(call).put_customer(customer, call.context)));
        }}},
      {"amend_customer",
       {true,
        [](const Call& call) {
          const auto amendment =
              must(json::from_json<CustomerAmendment>(call.request.get("amendment")));
          return json::to_json(must(customers(call).amend_customer(
              number_of(call), amendment, Revision(text(call, "revision")), call.context)));
        }}},
      {"search_customers",
       {false,
        [](const Call& call) {
          CustomerQuery query;
          if (!text(call, "email").empty()) query.email = text(call, "email");
          if (!text(call, "name").empty()) query.name = text(call, "name");
          query.cursor = Cursor(text(call, "cursor"));
          query.limit = limit(call);
          return json::page_to_json(must(customers(call).search_customers(query, call.context)));
        }}},
      {"customer_changes",
       {false,
        [](const Call& call) {
          return told(
              must(customers(call).customer_changes(Cursor(text(call, "cursor")), call.context)));
        }}},
  };
}

const std::map<std::string, Tried>& calls() {
  static const std::map<std::string, Tried> all = [] {
    std::map<std::string, Tried> made = order_calls();
    for (auto more : {return_calls(), stock_calls(), price_calls(), customer_calls()})
      made.merge(more);
    return made;
  }();
  return all;
}

Value told(const Step& step) {
  Value one = Value::object();
  one.set("operation", step.operation);
  one.set("request", step.request);
  one.set("vendorRequest", step.exchange.sent);
  one.set("vendorAnswer", step.exchange.received);
  if (step.error)
    one.set("error", json::to_json(*step.error));
  else
    one.set("answers", step.answers);
  return one;
}

Error unknown_operation(const std::string& operation) {
  std::string names;
  for (const auto& [name, call] : calls()) names += (names.empty() ? "" : ", ") + name;
  return {ErrorCode::invalid_request, operation + " is no operation; there are " + names};
}

// The adapter's settings with the folder that is tried.
Result<std::string> settings_of(const ProfileTrial& trial) {
  auto settings = json::parse_with_comments(trial.settings_json);
  if (!settings) return settings.error();
  Value complete = std::move(settings).value();
  if (!complete.is_object())
    return Error{ErrorCode::invalid_request, "the settings must be an object"};
  complete.set("profile", trial.folder);
  return json::write(complete);
}

}  // namespace

Result<std::string> attempt(const ProfileTrial& trial, const MakeTold& make) {
  const auto found = calls().find(trial.operation);
  if (found == calls().end()) return unknown_operation(trial.operation);
  if (found->second.writes && !trial.may_write)
    return Error{ErrorCode::invalid_request,
                 trial.operation + " writes to the live system: ask for it in so many words"};
  const auto request = json::parse(trial.request_json);
  if (!request) return request.error();
  const auto settings = settings_of(trial);
  if (!settings) return settings.error();
  Value steps = Value::array();
  const auto adapter =
      make({"profile", *settings, {}}, [&](const Step& step) { steps.push(told(step)); });
  if (!adapter) return adapter.error();
  WriteContext context;
  context.correlation_id = CorrelationId("profile-try");
  context.idempotency_key = IdempotencyKey("profile-try");
  context.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(trial.timeout_ms);
  Value result = Value::object();
  result.set("operation", trial.operation);
  result.set("request", *request);
  const auto answer = guarded("profile", ErrorCode::internal, [&] {
    return found->second.run(Call{**adapter, *request, context});
  });
  result.set("steps", std::move(steps));
  if (answer)
    result.set("answer", *answer);
  else
    result.set("error", json::to_json(answer.error()));
  return json::write(result);
}

ProfileTools tools_of(std::shared_ptr<const Kind> kind, std::string adapter, MakeTold make) {
  ProfileTools tools;
  tools.kind = kind->name();
  tools.adapter = std::move(adapter);
  tools.check = [kind](const std::string& folder) { return Profile::load(folder, *kind).faults; };
  tools.attempt = [make = std::move(make)](const ProfileTrial& trial) {
    return attempt(trial, make);
  };
  tools.content = [](const std::string& settings_json) {
    const auto settings = json::parse_with_comments(settings_json);
    return settings ? content_of(settings->get("profile").text()) : std::string();
  };
  return tools;
}

Error bad_profile(const std::string& folder, const std::vector<Fault>& faults,
                  const std::string& system) {
  Error error{ErrorCode::invalid_request, "the profile " + folder + " is not valid", system};
  for (const Fault& fault : faults) {
    if (error.fields.size() == 20) break;
    error.fields.push_back({fault.file + "#" + fault.pointer, fault.rule});
  }
  if (!faults.empty())
    error.message += ": " + faults[0].file + " " + faults[0].pointer + " " + faults[0].rule;
  return error;
}

std::string content_of(const std::string& folder) {
  std::string content;
  for (const auto& [path, bytes] : read_files(folder).files)
    content += path + "\n" + std::to_string(bytes.size()) + "\n" + bytes;
  return content;
}

}  // namespace underpin::legacy::profile
