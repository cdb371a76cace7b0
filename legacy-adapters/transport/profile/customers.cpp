#include "contracts/json/codec.h"
#include "legacy-adapters/transport/profile/failure.h"
#include "legacy-adapters/transport/profile/states.h"

#include <algorithm>
#include <cctype>

namespace underpin::legacy::profile {
namespace {

using json::Value;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string trimmed(const std::string& text) {
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

// Of two records of the vendor's: whether it would keep the same for both.
bool same(const Value& a, const Value& b) {
  for (const auto& [one, other] : {std::pair(&a, &b), std::pair(&b, &a)}) {
    for (const json::Member& member : one->members()) {
      if (trimmed(member.value.text()) != trimmed(other->get(member.key).text())) return false;
    }
  }
  return true;
}

}  // namespace

Customers::Held Customers::held_of(Value record) {
  Held held;
  held.document = DocumentNumber(record.get("document").text());
  record.erase("document");
  held.customer = must(json::from_json<Customer>(record));
  if (held.customer.address && *held.customer.address == Address{}) held.customer.address.reset();
  return held;
}

std::optional<Customers::Held> Customers::find(const CustomerNumber& number,
                                               const CallContext& context) const {
  Value request = Value::object();
  request.set("number", number.text());
  const std::vector<Value> records = engine_.ask("get_customer", request, context);
  if (records.empty()) return std::nullopt;
  if (records.size() > 1)
    throw Failure{{ErrorCode::conflict, "the ERP has customer " + number.text() + " twice"}};
  return held_of(records.front());
}

CustomerReceipt Customers::receipt_of(const Held& held) const {
  const DocumentNumber document =
      held.document.empty() ? DocumentNumber(held.customer.number.text()) : held.document;
  return {held.customer.number, document, held.customer.revision};
}

Value Customers::request_of(const Customer& customer, const WriteContext& context) const {
  Value request = json::to_json(customer);
  request.erase("updatedAt");
  request.erase("revision");
  request.set("role", context.role == Role::mirror ? "mirror" : "primary");
  return request;
}

// By what the ERP would be sent for each: what it does not keep is no difference, and what it has
// no place for is refused first.
bool Customers::differs(const Held& held, const Customer& wanted,
                        const WriteContext& context) const {
  const Operation* operation = engine_.profile().operation("change_customer");
  if (operation == nullptr) operation = engine_.profile().operation("create_customer");
  if (operation == nullptr || !operation->request) return true;
  const Value request = request_of(wanted, context);
  Engine::must_have_place(*operation, request);
  return !same(must(operation->request->to_vendor(request_of(held.customer, context))),
               must(operation->request->to_vendor(request)));
}

CustomerReceipt Customers::create(const Customer& customer, const WriteContext& context) const {
  engine_.ask("create_customer", request_of(customer, context), context);
  try {
    if (const auto made = find(customer.number, context)) return receipt_of(*made);
  } catch (const Failure& failure) {
    Error error = failure.error;
    error.code = ErrorCode::outcome_unknown;
    throw Failure{std::move(error)};
  }
  throw Failure{{ErrorCode::outcome_unknown, "the customer is not there yet"}};
}

Result<CustomerReceipt> Customers::create_customer(const Customer& customer,
                                                   const WriteContext& context) {
  return guarded(engine_.system(), ErrorCode::outcome_unknown, [&] {
    engine_.must_offer("create_customer");
    Customer wanted = customer;
    if (context.role == Role::primary) wanted.blocked = CustomerBlock::none;
    auto there = find(wanted.number, context);
    if (!there) {
      try {
        return create(wanted, context);
      } catch (const Failure& failure) {
        // It exists: perhaps by our own request, repeated on its way.
        if (failure.error.code != ErrorCode::conflict) throw;
        there = find(wanted.number, context);
        if (!there) throw;
      }
    }
    if (context.role == Role::primary) wanted.blocked = there->customer.blocked;
    if (differs(*there, wanted, context))
      throw Failure{
          {ErrorCode::conflict, "customer " + wanted.number.text() + " exists with other content"}};
    return receipt_of(*there);
  });
}

Result<Customer> Customers::get_customer(const CustomerNumber& number, const CallContext& context) {
  return guarded(engine_.system(), ErrorCode::internal, [&] {
    const auto held = find(number, context);
    if (!held) throw Failure{{ErrorCode::not_found, "the ERP has no customer " + number.text()}};
    return held->customer;
  });
}

CustomerReceipt Customers::write(const Held& held, Customer wanted,
                                 const WriteContext& context) const {
  if (context.role == Role::primary) wanted.blocked = held.customer.blocked;
  if (!differs(held, wanted, context)) return receipt_of(held);
  Value request = request_of(wanted, context);
  request.set("revision", held.customer.revision.text());
  engine_.ask("change_customer", request, context);
  try {
    if (const auto now = find(wanted.number, context)) return receipt_of(*now);
  } catch (const Failure& failure) {
    Error error = failure.error;
    error.code = ErrorCode::outcome_unknown;
    throw Failure{std::move(error)};
  }
  throw Failure{{ErrorCode::outcome_unknown, "the customer cannot be read again"}};
}

Result<CustomerReceipt> Customers::amend_customer(const CustomerNumber& number,
                                                  const CustomerAmendment& amendment,
                                                  const Revision& expected,
                                                  const WriteContext& context) {
  return guarded(engine_.system(), ErrorCode::outcome_unknown, [&] {
    for (int attempt = 1;; ++attempt) {
      const auto held = find(number, context);
      if (!held) throw Failure{{ErrorCode::not_found, "the ERP has no customer " + number.text()}};
      if (!expected.empty() && held->customer.revision != expected)
        throw Failure{
            {ErrorCode::conflict, "customer " + number.text() + " has changed since it was read"}};
      Customer wanted = held->customer;
      if (amendment.name) wanted.name = *amendment.name;
      if (amendment.address) wanted.address = amendment.address;
      if (amendment.email) wanted.email = *amendment.email;
      if (amendment.phone) wanted.phone = *amendment.phone;
      if (amendment.price_group) wanted.price_group = *amendment.price_group;
      try {
        return write(*held, std::move(wanted), context);
      } catch (const Failure& failure) {
        const bool again =
            failure.error.code == ErrorCode::conflict && expected.empty() && attempt == 1;
        if (!again) throw;
      }
    }
  });
}

Result<CustomerReceipt> Customers::put_customer(const Customer& customer,
                                                const WriteContext& context) {
  return guarded(engine_.system(), ErrorCode::outcome_unknown, [&] {
    for (int attempt = 1;; ++attempt) {
      const auto held = find(customer.number, context);
      try {
        if (held) return write(*held, customer, context);
        Customer wanted = customer;
        if (context.role == Role::primary) wanted.blocked = CustomerBlock::none;
        return create(wanted, context);
      } catch (const Failure& failure) {
        if (failure.error.code != ErrorCode::conflict || attempt == 2) throw;
      }
    }
  });
}

Result<Page<Customer>> Customers::search_customers(const CustomerQuery& query,
                                                   const CallContext& context) {
  return guarded(engine_.system(), ErrorCode::internal, [&] {
    Value request = Value::object();
    if (query.email) request.set("email", *query.email);
    if (query.name) request.set("name", *query.name);
    Engine::Part part =
        engine_.page("search_customers", request, query.cursor, query.limit, context);
    Page<Customer> page;
    if (part.full) page.next = part.next;
    for (Value& record : part.records) {
      Customer one = held_of(std::move(record)).customer;
      if (query.email && lower(one.email) != lower(*query.email)) continue;
      if (query.name && lower(one.name).find(lower(*query.name)) == std::string::npos) continue;
      page.items.push_back(std::move(one));
    }
    return page;
  });
}

Result<ChangePage<CustomerChange>> Customers::customer_changes(const Cursor& cursor,
                                                               const CallContext& context) {
  return guarded(engine_.system(), ErrorCode::internal, [&] {
    ChangePage<CustomerChange> page;
    page.as_of = Timestamp::from(std::chrono::system_clock::now());
    const Engine::Part part = engine_.page("customer_changes", Value::object(), cursor,
                                           engine_.profile().descriptor().page_max, context);
    page.next = part.next;
    page.more = part.full;
    for (const Value& record : part.records) {
      CustomerChange change;
      change.number = CustomerNumber(record.get("number").text());
      const auto deleted = record.get("deleted").as_bool();
      change.deleted = deleted && *deleted;
      const auto changed = Timestamp::parse(record.get("changedAt").text());
      change.changed_at = changed ? *changed : page.as_of;
      page.items.push_back(std::move(change));
    }
    return page;
  });
}

}  // namespace underpin::legacy::profile
