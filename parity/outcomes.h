#pragma once

#include "parity/compare.h"

#include <string>
#include <vector>

// Errors as answers: which of them mean the same, and which say nothing. Pure.
namespace underpin::parity {

// True for an error that is about the connection or the account, not about the question.
bool says_nothing(const Error& error);

// Do both sides' outcomes mean the same? `rule` names the class that says so, or stays empty.
// Precondition: at least one side is an error.
bool same_outcome(const Side& primary, const Side& secondary, const Question& question,
                  const std::vector<const OutcomeClass*>& classes, std::string& rule);

// Whether a known difference is for the question at all: capability, operation, subject, cohort,
// day.
bool is_for(const KnownDifference& known, const Question& question);
// Whether it is one of outcomes, and these two.
bool covers_outcome(const KnownDifference& known, const Side& primary, const Side& secondary,
                    const Question& question);
// The first that covers both; nullptr: none.
const KnownDifference* known_outcome(const Rules& rules, const Side& primary, const Side& secondary,
                                     const Question& question);

json::Value described(const Side& side);

}  // namespace underpin::parity
