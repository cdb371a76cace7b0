#pragma once

#include "transport/failure.h"

namespace underpin::legacy::dynamics_nav {

using transport::Failure;
using transport::guarded;
using transport::must;

}  // namespace underpin::legacy::dynamics_nav
