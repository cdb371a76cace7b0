#pragma once

#include "parity/compare.h"

#include <cstddef>
#include <string>
#include <vector>

// Searches that find customers: each customer that is found is a question of its own. Pure; any
// thread.
namespace underpin::parity {

inline constexpr const char* customer_search = "search_customers";

// As compare(); of a search, customer by customer: rules and known differences with a cohort hold
// for the customers of that cohort, known differences of outcomes for customers that only one side
// finds, as if it had been asked for them by number.
Comparison compare_whole(const Side& primary, const Side& secondary, const Rules& rules,
                         const References& references, const Question& question);

// The cohort of one that is found, within the cohort of the search.
void add_cohort_of(Cohort& search, const std::string& customer, const Cohort& facts);
Cohort cohort_of(const Cohort& search, const std::string& customer);

// Takes the customers with these numbers out of what both sides found.
void leave_out(const std::vector<std::string>& numbers, Side& primary, Side& secondary);

}  // namespace underpin::parity
