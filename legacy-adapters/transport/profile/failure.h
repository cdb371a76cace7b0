#pragma once

#include "transport/failure.h"

namespace underpin::legacy::profile {

using transport::Failure;
using transport::guarded;
using transport::must;

}  // namespace underpin::legacy::profile
