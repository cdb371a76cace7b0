#pragma once

#include "contracts/customer.h"
#include "contracts/inventory.h"
#include "contracts/order.h"
#include "cutover/plan.h"
#include "facade/journal/journal.h"

#include <string>

// What cohort rules may look at, gathered for each kind of subject. A customer's segment and region
// are recorded in the journal when it is first known and stay: a later change of either moves
// nothing.
namespace underpin::facade {

cutover::Subject cohort_of(const StockKey& key);
cutover::Subject cohort_of(const Order& order, const journal::JournalReader& reader);
cutover::Subject cohort_of(const CustomerNumber& number, const journal::JournalReader& reader);
// The fact that a customer's cohort is kept in, and its reading, for who asks for several at once.
std::string cohort_fact(const CustomerNumber& number);
cutover::Subject cohort_of(const CustomerNumber& number, const std::string& fact);

// The subject of a write, as far as the plan's rules need to know it.
cutover::Subject cohort_of(const cutover::Plan& plan, const journal::NewIntent& intent,
                           const journal::JournalReader& reader);

// Keeps what was recorded first.
void record_cohort(journal::JournalTransaction& tx, const Customer& customer);

}  // namespace underpin::facade
