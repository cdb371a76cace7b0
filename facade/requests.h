#pragma once

#include "facade/facade.h"

#include <string>
#include <vector>

namespace underpin::facade {

// How a person asks one side for what the pair compared, without Underpin
// (contracts/ports/described_reads.h). Asks no ERP. Of a write, why there is
// no command. Empty: its subject is no longer known, or the adapter does not tell. Threads: any.
std::vector<std::string> requests_of(Facade& facade, const parity::LedgerEntry& pair, Side side);

}  // namespace underpin::facade
