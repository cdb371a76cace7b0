#include "facade/cohorts.h"

#include "contracts/json/codec.h"
#include "facade/inventory.h"
#include "facade/order_content.h"

#include <algorithm>

namespace underpin::facade {

std::string cohort_fact(const CustomerNumber& number) {
  return "cohort/customers/" + number.text();
}

namespace {

std::string region_of(const Address& address) {
  if (address.region.empty() || address.country.empty()) return address.country;
  return address.country + "-" + address.region;
}

void add_recorded(cutover::Subject& subject, const std::string& fact) {
  if (fact.empty()) return;
  const auto value = json::parse(fact);
  if (!value) return;
  subject.segment = value->get("segment").text();
  if (subject.region.empty()) subject.region = value->get("region").text();
}

void add_once(std::vector<std::string>& list, const std::string& text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
}

}  // namespace

cutover::Subject cohort_of(const StockKey& key) {
  cutover::Subject subject(stock_subject(key));
  subject.skus = {key.sku.text()};
  subject.locations = {key.location.text()};
  return subject;
}

cutover::Subject cohort_of(const Order& order, const journal::JournalReader& reader) {
  cutover::Subject subject(order_subject(order.id));
  subject.channel = order.id.channel.text();
  for (const OrderLine& line : order.lines) {
    add_once(subject.skus, line.sku.text());
    add_once(subject.locations, line.location.text());
  }
  if (order.ship_to) {
    subject.region = region_of(*order.ship_to);
  } else if (order.bill_to) {
    subject.region = region_of(*order.bill_to);
  }
  add_recorded(subject, reader.fact(cohort_fact(order.customer)));
  return subject;
}

cutover::Subject cohort_of(const CustomerNumber& number, const journal::JournalReader& reader) {
  return cohort_of(number, reader.fact(cohort_fact(number)));
}

cutover::Subject cohort_of(const CustomerNumber& number, const std::string& fact) {
  cutover::Subject subject(number.text());
  add_recorded(subject, fact);
  return subject;
}

cutover::Subject cohort_of(const cutover::Plan& plan, const journal::NewIntent& intent,
                           const journal::JournalReader& reader) {
  cutover::Subject subject(intent.subject);
  if (plan.rollout.rules.empty()) return subject;
  switch (intent.capability) {
    case Capability::orders: {
      auto order = read_content(intent.request);
      if (!intent.birth || !order) break;
      if (const auto id = order_id_of(intent.subject)) order->id = *id;
      return cohort_of(*order, reader);
    }
    case Capability::inventory:
      if (const auto key = stock_key_of(intent.subject)) return cohort_of(*key);
      break;
    case Capability::customers: {
      subject = cohort_of(CustomerNumber{intent.subject}, reader);
      if (intent.operation != "create_customer" || !subject.segment.empty()) break;
      const auto value = json::parse(intent.request);
      const auto customer = value ? json::from_json<Customer>(*value) : value.error();
      if (!customer) break;
      subject.segment = customer->price_group;
      if (customer->address) subject.region = region_of(*customer->address);
      break;
    }
    case Capability::pricing:
      break;
  }
  return subject;
}

void record_cohort(journal::JournalTransaction& tx, const Customer& customer) {
  if (!tx.fact(cohort_fact(customer.number)).empty()) return;
  json::Value value = json::Value::object();
  value.set("segment", customer.price_group);
  value.set("region", customer.address ? region_of(*customer.address) : std::string{});
  tx.set_fact(cohort_fact(customer.number), json::write(value));
}

}  // namespace underpin::facade
