#pragma once

#include "contracts/ports/profile_tools.h"

namespace underpin::legacy::profile {

using Fault = ProfileFault;  // What is wrong with a profile, and exactly where.

}  // namespace underpin::legacy::profile
