#pragma once

#include "contracts/error.h"

namespace underpin::facade {

// An ERP that answers, and will not show the one that is asked for, as with two documents under one
// reference: reading it again tells no more.
inline bool is_hidden(const Error& error) {
  return !error.system.empty() &&
         (error.code == ErrorCode::conflict || error.code == ErrorCode::rejected);
}

}  // namespace underpin::facade
