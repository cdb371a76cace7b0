#include "legacy-adapters/iseries_batch/customers.h"

#include "contracts/json/codec.h"
#include "legacy-adapters/iseries_batch/failure.h"

#include <algorithm>

namespace underpin::legacy::iseries_batch {
namespace {

const char* letter_of(CustomerBlock block) {
  switch (block) {
    case CustomerBlock::ship:
      return "S";
    case CustomerBlock::invoice:
      return "I";
    case CustomerBlock::all:
      return "A";
    case CustomerBlock::none:
      break;
  }
  return "N";
}

std::vector<Record> record_of(const char* action, const Customer& customer) {
  Record record{"customer", {}, {}};
  record.put("ACT", std::string(action))
      .put("NUM", customer.number.text(), "/number")
      .put("NAME", customer.name, "/name")
      .put("KIND", std::string(customer.kind == "company" ? "C" : "P"))
      .put("EMAIL", customer.email, "/email")
      .put("PHONE", customer.phone, "/phone")
      .put("CUR", customer.currency, "/currency")
      .put("GROUP", customer.price_group, "/priceGroup")
      .put("BLOCK", std::string(letter_of(customer.blocked)))
      .put("HASADR", std::string(customer.address ? "Y" : "N"));
  if (customer.address)
    record.put("ADNAME", customer.address->name, "/address/name")
        .put("ADR1", customer.address->line1, "/address/line1")
        .put("ADR2", customer.address->line2, "/address/line2")
        .put("CITY", customer.address->city, "/address/city")
        .put("ZIP", customer.address->post_code, "/address/postCode")
        .put("REGION", customer.address->region, "/address/region")
        .put("CTRY", customer.address->country, "/address/country");
  return {record};
}

// As the file carries it: what has no field is not compared.
bool same(const Customer& a, const Customer& b, bool with_block) {
  Customer left = a;
  if (!with_block) left.blocked = b.blocked;
  return record_of("P", left)[0].values == record_of("P", b)[0].values;
}

std::int64_t position_of(const std::string& cursor) {
  if (cursor.empty()) return 0;
  const auto number = Decimal::parse(cursor);
  if (!number || number->scale() != 0 || number->is_negative())
    fail(ErrorCode::invalid_request, "the cursor is none of this system");
  return static_cast<std::int64_t>(number->coefficient());
}

}  // namespace

std::optional<Customer> Customers::known(const CustomerNumber& number) {
  exchange_.must_hold();
  return customer_known(state_, number);
}

CustomerReceipt Customers::send(const char* action, const Customer& customer,
                                const WriteContext& context) {
  Request request;
  request.file = FileKind::customers;
  request.subject = customer.number.text();
  request.action = action;
  request.content = json::write(json::to_json(customer));
  request = exchange_.submit(std::move(request), record_of(action, customer), context);
  if (request.state == RequestState::refused) throw Failure{refusal_of(request)};
  const auto now = known(customer.number);
  CustomerReceipt receipt{customer.number, DocumentNumber{customer.number.text()}, {}};
  if (now) receipt.revision = now->revision;
  return receipt;
}

Result<CustomerReceipt> Customers::create_customer(const Customer& customer,
                                                   const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    Customer wanted = customer;
    if (context.role != Role::mirror) wanted.blocked = CustomerBlock::none;
    if (const auto there = known(customer.number)) {
      if (!same(wanted, *there, false))
        fail(ErrorCode::conflict, "customer " + customer.number.text() + " is there already");
      return CustomerReceipt{customer.number, DocumentNumber{customer.number.text()},
                             there->revision};
    }
    return send("A", wanted, context);
  });
}

Result<Customer> Customers::get_customer(const CustomerNumber& number, const CallContext&) {
  return guarded(system_, ErrorCode::unavailable, [&] {
    auto found = known(number);
    if (!found) exchange_.must_know_all();
    if (!found) fail(ErrorCode::not_found, "there is no customer " + number.text());
    return *found;
  });
}

Result<CustomerReceipt> Customers::amend_customer(const CustomerNumber& number,
                                                  const CustomerAmendment& amendment,
                                                  const Revision& expected,
                                                  const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    const auto there = known(number);
    if (!there) exchange_.must_know_all();
    if (!there) fail(ErrorCode::not_found, "there is no customer " + number.text());
    if (!expected.empty() && expected != there->revision)
      fail(ErrorCode::conflict, "the customer has been changed since it was read");
    Customer wanted = *there;
    if (amendment.name) wanted.name = *amendment.name;
    if (amendment.address) wanted.address = *amendment.address;
    if (amendment.email) wanted.email = *amendment.email;
    if (amendment.phone) wanted.phone = *amendment.phone;
    if (amendment.price_group) wanted.price_group = *amendment.price_group;
    if (same(wanted, *there, true))
      return CustomerReceipt{number, DocumentNumber{number.text()}, there->revision};
    return send("C", wanted, context);
  });
}

Result<CustomerReceipt> Customers::put_customer(const Customer& customer,
                                                const WriteContext& context) {
  return guarded(system_, ErrorCode::outcome_unknown, [&] {
    const auto there = known(customer.number);
    if (there && same(customer, *there, true))
      return CustomerReceipt{customer.number, DocumentNumber{customer.number.text()},
                             there->revision};
    return send("P", customer, context);
  });
}

Result<Page<Customer>> Customers::search_customers(const CustomerQuery& query, const CallContext&) {
  return guarded(system_, ErrorCode::unavailable, [&] {
    exchange_.must_hold();
    const int limit = std::clamp(query.limit, 1, settings_.page_size);
    Page<Customer> page;
    page.items = state_.read([&](state::StateDatabase& database) {
      return customers_after(database, query.cursor.text(), query.email, query.name, limit);
    });
    if (static_cast<int>(page.items.size()) == limit)
      page.next = Cursor{page.items.back().number.text()};
    return page;
  });
}

Result<ChangePage<CustomerChange>> Customers::customer_changes(const Cursor& cursor,
                                                               const CallContext&) {
  return guarded(system_, ErrorCode::unavailable, [&] {
    exchange_.must_hold();
    const std::int64_t position = position_of(cursor.text());
    ChangePage<CustomerChange> page;
    page.as_of = Timestamp::from(std::chrono::system_clock::now());
    state_.read([&](state::StateDatabase& database) {
      const auto changes = changes_after(database, "customers", position, settings_.page_size);
      for (const Change& change : changes) {
        const auto seen = customer_of(database, change.key);
        page.items.push_back({CustomerNumber{change.key}, !seen || seen->deleted, change.at});
      }
      page.next = Cursor{std::to_string(changes.empty() ? position : changes.back().position)};
      page.more = static_cast<int>(changes.size()) == settings_.page_size;
      return true;
    });
    return page;
  });
}

}  // namespace underpin::legacy::iseries_batch
