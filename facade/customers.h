#pragma once

#include "facade/comparisons.h"
#include "facade/orders.h"
#include "facade/write_life.h"

#include <string>
#include <vector>

namespace underpin::facade {

// Customers as channels see them: a state; its number is the same in both ERPs. Threads: any.
class CustomerFacade {
 public:
  CustomerFacade(const Systems& systems, journal::Journal& journal, PlanBook& plans,
                 WriteLife& writes, Comparisons& comparisons, Now now);

  Answer create(const Customer& customer, const WriteContext& context);
  Answer amend(const CustomerNumber& number, const CustomerAmendment& amendment,
               const std::vector<std::string>& if_match, const WriteContext& context);
  Result<Tagged<Customer>> get(const CustomerNumber& number, const CallContext& context);
  Result<Page<Customer>> search(const CustomerQuery& query, const CallContext& context);

  // Where the customer's reads and writes go now: by plan, or where its backlog pins it.
  struct Place {
    Side side = Side::legacy;
    cutover::Stage stage = cutover::Stage::legacy_only;
  };
  Result<Place> place(const CustomerNumber& number) const;
  Result<Side> side_of(const CustomerNumber& number) const;
  // How both sides are asked for one customer, to be compared.
  Result<ShadowCheck> check_of(const CustomerNumber& number, Side primary,
                               const CallContext& context);
  // The same for a search: everything that each side finds, however long its pages are.
  ShadowCheck check_of(const CustomerQuery& query, Side primary, const CallContext& context);

 private:
  // By an alias, too.
  Result<CustomerNumber> canonical(const CustomerNumber& given) const;
  struct Found {
    CustomerNumber number;  // Under which both ERPs know it.
    Place place;
  };
  Result<Found> find(const CustomerNumber& given) const;
  Result<Customer> read_from(Side side, const CustomerNumber& number, const CallContext& context);
  Result<Page<Customer>> search_on(Side side, const CustomerQuery& query,
                                   const CallContext& context);
  Result<Page<Customer>> all_found(Side side, const CustomerQuery& query,
                                   const CallContext& context);

  const Systems& systems_;
  journal::Journal& journal_;
  PlanBook& plans_;
  WriteLife& writes_;
  Comparisons& comparisons_;
  Now now_;
};

std::string entity_tag(const Customer& customer);
// What both ERPs must agree on.
json::Value comparable(const Customer& customer);
json::Value comparable(const Page<Customer>& page);  // In the order of their numbers.

// Of a search that finds more, the first so many of each side are compared; a page more is read at
// most, and a few of those that only one side has are asked of the other by number.
inline constexpr std::size_t search_compared_max = 1'000;

// "create_customer", "amend_customer".
void add_customer_writes(WriteLife& writes, const Systems& systems);

// Does the other side have to hear of a change of a customer that `stage` rules for?
bool customer_is_mirrored(const journal::JournalReader& reader, const std::string& wave,
                          cutover::Stage stage);

// The mirror of a state is its current value: the row names the customer, delivery reads it.
journal::NewOutboxRow customer_mirror(const CustomerNumber& number, Side to,
                                      const std::string& wave, const std::string& correlation_id);

}  // namespace underpin::facade
