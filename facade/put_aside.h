#pragma once

#include "facade/journal/journal.h"
#include "facade/systems.h"

#include <string>

namespace underpin::facade {

inline constexpr const char* put_aside_kind = "put_aside";

// Raises what the adapter of `side` has put aside of its ERP's files as exceptions, one for each
// file, each once, whatever becomes of the exception or the file. Returns how many. Thread rule:
// any; of two callers one raises.
int raise_put_aside(journal::Journal& journal, const Systems& systems, Side side,
                    const std::string& wave, Timestamp now);

}  // namespace underpin::facade
