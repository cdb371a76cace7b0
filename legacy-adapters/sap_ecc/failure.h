#pragma once

#include "transport/failure.h"

namespace underpin::legacy::sap_ecc {

using transport::Failure;
using transport::guarded;
using transport::must;
using transport::refused;

}  // namespace underpin::legacy::sap_ecc
