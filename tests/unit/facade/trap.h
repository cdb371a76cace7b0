#pragma once

#include "contracts/error.h"

namespace underpin::facade::test {

// What shall go wrong with the next calls of an operation, in order.
enum class Trap {
  unavailable,    // Not applied, known not to have arrived.
  lost_answer,    // Applied, and then no answer: outcome_unknown.
  lost_request,   // Not applied, and no answer: outcome_unknown.
  late_commit,    // outcome_unknown now; applied when commit_late() is called.
  refused,        // rejected.
  stale,          // Not applied: somebody else has changed the record.
  throws_after,   // Applied, then an exception.
  throws_before,  // An exception, nothing applied.
};

// What an ERP tells of a record that it cannot read.
inline Error a_page() { return {ErrorCode::internal, "no answer, but a page"}; }

}  // namespace underpin::facade::test
