#include "facade/field_owners.h"

#include <algorithm>

namespace underpin::facade {
namespace {

// What a field is in the documents that are compared.
struct Compared {
  Capability capability;
  const char* field;
  std::vector<std::string> paths;  // Empty: it is not compared.
};

const std::vector<Compared>& compared() {
  static const std::vector<Compared> all{
      {Capability::orders, "shipTo", {"/shipTo"}},
      {Capability::orders, "requestedDate", {}},
      {Capability::orders, "customerReference", {}},
      {Capability::inventory, "onHand", {"/onHand", "/available"}},
      {Capability::pricing, "list", {""}},
      {Capability::customers, "name", {"/name"}},
      {Capability::customers, "kind", {"/kind"}},
      {Capability::customers, "address", {"/address"}},
      {Capability::customers, "email", {"/email"}},
      {Capability::customers, "phone", {"/phone"}},
      {Capability::customers, "currency", {"/currency"}},
      {Capability::customers, "priceGroup", {"/priceGroup"}},
      {Capability::customers, "blocked", {"/blocked"}},
  };
  return all;
}

}  // namespace

const std::vector<std::string>& FieldOwners::fields(Capability capability) {
  static const std::map<Capability, std::vector<std::string>> all = [] {
    std::map<Capability, std::vector<std::string>> named;
    for (const Compared& one : compared()) named[one.capability].emplace_back(one.field);
    return named;
  }();
  return all.at(capability);
}

std::string FieldOwners::written_by(Capability capability, const std::string& field) const {
  const auto owner = owners_.find({capability, field});
  return owner == owners_.end() ? std::string() : owner->second.written_by;
}

LearnedBy FieldOwners::learned_by(Capability capability, const std::string& field) const {
  const auto owner = owners_.find({capability, field});
  return owner == owners_.end() ? LearnedBy::feed : owner->second.learned_by;
}

bool FieldOwners::carried(Capability capability, const std::string& field) const {
  return learned_by(capability, field) == LearnedBy::feed;
}

bool FieldOwners::all_carried(Capability capability) const {
  const auto& named = fields(capability);
  return std::all_of(named.begin(), named.end(),
                     [&](const std::string& field) { return carried(capability, field); });
}

Customer FieldOwners::for_receiver(Customer customer, const std::optional<Customer>& there) const {
  const Customer kept = there.value_or(Customer{});
  const auto keep = [&](const char* field, auto member) {
    if (!carried(Capability::customers, field)) customer.*member = kept.*member;
  };
  keep("kind", &Customer::kind);
  keep("address", &Customer::address);
  keep("email", &Customer::email);
  keep("phone", &Customer::phone);
  keep("priceGroup", &Customer::price_group);
  keep("blocked", &Customer::blocked);
  // Without a name or a currency no ERP takes a new customer: those come with it once.
  if (there) {
    keep("name", &Customer::name);
    keep("currency", &Customer::currency);
  }
  return customer;
}

Order FieldOwners::for_copy(Order order) const {
  if (!carried(Capability::orders, "shipTo")) order.ship_to.reset();
  if (!carried(Capability::orders, "requestedDate")) order.requested_date.reset();
  if (!carried(Capability::orders, "customerReference")) order.customer_reference.clear();
  return order;
}

OrderAmendment FieldOwners::for_copy(OrderAmendment amendment) const {
  if (!carried(Capability::orders, "shipTo")) amendment.ship_to.reset();
  if (!carried(Capability::orders, "requestedDate")) amendment.requested_date.reset();
  if (!carried(Capability::orders, "customerReference")) amendment.customer_reference.reset();
  return amendment;
}

parity::Rules FieldOwners::with(parity::Rules rules) const {
  std::vector<parity::Rule> ours;
  for (const auto& [which, owner] : owners_) {
    if (owner.learned_by == LearnedBy::feed) continue;
    const auto one = std::find_if(compared().begin(), compared().end(), [&](const Compared& c) {
      return c.capability == which.first && c.field == which.second;
    });
    if (one == compared().end()) continue;
    for (const std::string& path : one->paths) {
      parity::Rule rule;
      rule.capability = std::string(name(which.first));
      rule.path = path;
      rule.name = which.second;
      if (!owner.written_by.empty()) rule.name += ", written by " + owner.written_by + ",";
      if (owner.learned_by == LearnedBy::not_kept) {
        rule.ignore = true;
        rule.name += " is not kept by the other ERP";
      } else {
        rule.late = true;
        rule.name += " comes by the ERPs' own interface";
      }
      ours.push_back(std::move(rule));
    }
  }
  rules.rules.insert(rules.rules.begin(), ours.begin(), ours.end());
  return rules;
}

}  // namespace underpin::facade
