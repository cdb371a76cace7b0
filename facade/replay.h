#pragma once

#include "facade/facade.h"

#include <cstdint>

namespace underpin::facade {

// A stored pair and what both ERPs say of its subject now.
struct Replay {
  parity::LedgerEntry then;
  Comparisons::Look now;
};

// The pair `id` with all its differences. not_found.
Result<parity::LedgerEntry> stored_pair(Facade& facade, std::int64_t id);

// How both sides are asked again for what the pair compared: reads only. conflict: it compared
// writes, or what was asked is not kept. not_found: the subject is no longer known.
Result<ShadowCheck> check_again(Facade& facade, const parity::LedgerEntry& pair,
                                const CallContext& context);

// What a pair of `list_prices` was asked; nothing: it is not kept.
std::optional<PriceQuery> prices_asked(const parity::LedgerEntry& pair);

// Both sides are asked again and compared under the rules in force. Nothing is recorded: a look at
// what is known to differ is no sample. Threads: any.
Result<Replay> replay(Facade& facade, std::int64_t id, const CallContext& context);

}  // namespace underpin::facade
