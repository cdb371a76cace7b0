#pragma once

#include "transport/failure.h"

namespace underpin::legacy::iseries_batch {

using transport::Failure;
using transport::guarded;
using transport::must;

[[noreturn]] inline void fail(ErrorCode code, std::string message, std::string pointer = {},
                              std::string rule = {}) {
  Error error{code, std::move(message)};
  if (!rule.empty()) error.fields.push_back({std::move(pointer), std::move(rule)});
  throw Failure{std::move(error)};
}

}  // namespace underpin::legacy::iseries_batch
