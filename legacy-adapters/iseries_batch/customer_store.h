#pragma once

#include "contracts/customer.h"
#include "legacy-adapters/iseries_batch/state.h"
#include "legacy-adapters/iseries_batch/status_file.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace underpin::legacy::iseries_batch {

struct CustomerSeen {
  Customer customer;
  bool deleted = false;
};

// Reads one customer file into state.db, in the caller's transaction. Errors as
// read_status_file()'s; conflict: this very file was taken in before.
Status take_customer_file(state::StateDatabase& database, edi::ReadBytes read,
                          const std::string& checksum, const Reading& reading, Timestamp now,
                          const std::function<void(Refusal)>& refused);

std::optional<CustomerSeen> customer_of(state::StateDatabase& database, const std::string& number);
// As it was sent last, until that is refused, or accepted and told of by a customer file; then as
// the last customer file said it. Nothing: it is not there, or deleted.
std::optional<Customer> customer_known(State& state, const CustomerNumber& number);
// After a number, in order; `email` exact, `name` contained, both without regard to case.
std::vector<Customer> customers_after(state::StateDatabase& database, const std::string& number,
                                      const std::optional<std::string>& email,
                                      const std::optional<std::string>& name, int limit);

}  // namespace underpin::legacy::iseries_batch
