#pragma once

#include "contracts/capability.h"
#include "contracts/customer.h"
#include "contracts/order.h"
#include "parity/compare.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// Who writes a field, and how the other ERP learns of it: what mirrors, feeds and catching up
// carry, and how a difference counts. Without a word about a field it is carried. Pure.
namespace underpin::facade {

enum class LearnedBy {
  feed,           // Mirrors, feeds and catching up carry it.
  own_interface,  // The ERPs have one of their own for it: not carried; late until both have it.
  not_kept,       // The other ERP does not keep it: neither carried nor compared.
};

struct FieldOwner {
  std::string written_by;  // "channel", "user", "warehouse", "finance"; empty: nobody has said.
  LearnedBy learned_by = LearnedBy::feed;
};

class FieldOwners {
 public:
  // The fields that may be named, by capability.
  static const std::vector<std::string>& fields(Capability capability);

  void set(Capability capability, const std::string& field, FieldOwner owner) {
    owners_[{capability, field}] = std::move(owner);
  }
  std::string written_by(Capability capability, const std::string& field) const;  // "": nobody.
  LearnedBy learned_by(Capability capability, const std::string& field) const;
  bool carried(Capability capability, const std::string& field) const;
  // Every field of the capability is carried.
  bool all_carried(Capability capability) const;

  // The customer as the receiver shall hold it: what is not carried stays as it is there.
  Customer for_receiver(Customer customer, const std::optional<Customer>& there) const;
  // The copy, or the change of one, without what is not carried.
  Order for_copy(Order order) const;
  OrderAmendment for_copy(OrderAmendment amendment) const;

  // How comparisons see it: before the site's own rules.
  parity::Rules with(parity::Rules rules) const;

 private:
  std::map<std::pair<Capability, std::string>, FieldOwner> owners_;
};

}  // namespace underpin::facade
