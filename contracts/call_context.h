#pragma once

#include "contracts/ids.h"

#include <chrono>
#include <string>

namespace underpin {

using Deadline = std::chrono::steady_clock::time_point;

// Who is calling, for whom, and by when. Travels with every call, unchanged, to the last adapter.
struct CallContext {
  CorrelationId correlation_id;  // One business transaction, across channels, ERPs and retries.
  std::string traceparent;       // W3C trace context of this hop.
  ChannelId channel;
  StoreCode store;
  Deadline deadline;  // A total for the call; an adapter gives up by then.
};

// What a written document is to the ERP that receives it. A mirror of a document must stay inert:
// no pick, mail, invoice, posting or legal number, but it counts as demand.
enum class Role { primary, mirror };

// A write carries a key, or it does not compile. Adapters hand on the subject's own reference
// (order reference, movement id, customer number) so that an outcome_unknown can be looked up.
struct WriteContext : CallContext {
  IdempotencyKey idempotency_key;
  Role role = Role::primary;
};

}  // namespace underpin
