#pragma once

#include "legacy-adapters/transport/state/sqlite_state.h"

namespace underpin::legacy::dynamics_nav {

using state::StateDatabase;
using state::StateFailure;
using state::StateStatement;
using state::StateTransaction;

}  // namespace underpin::legacy::dynamics_nav
