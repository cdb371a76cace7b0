#pragma once

#include "contracts/customer.h"
#include "contracts/inventory.h"
#include "contracts/order.h"
#include "legacy-adapters/dynamics_nav/documents.h"
#include "legacy-adapters/dynamics_nav/nav_sql.h"
#include "legacy-adapters/dynamics_nav/services.h"
#include "legacy-adapters/dynamics_nav/settings.h"

#include <string>
#include <vector>

namespace underpin::legacy::dynamics_nav {

// What is sent for a read, for people: see contracts/ports/described_reads.h. SOAP requests are
// written down by the services themselves, which are run with a wire that answers nothing; SQL is
// the statement that would be run, with its values in their places. Thread rule: any.
class Described {
 public:
  Described(const Settings& settings, std::string system, const Mappings& mappings,
            FaultTable faults, SqlNames names);
  std::vector<std::string> order(const OrderRef& ref) const;
  std::vector<std::string> customer(const CustomerNumber& number) const;
  std::vector<std::string> search(const CustomerQuery& query) const;
  std::vector<std::string> stock(const StockQuery& query) const;

 private:
  const Settings& settings_;
  const std::string system_;
  const Mappings& mappings_;
  const FaultTable faults_;
  const SqlNames names_;
  const std::string prefix_;  // Of variables.
};

}  // namespace underpin::legacy::dynamics_nav
