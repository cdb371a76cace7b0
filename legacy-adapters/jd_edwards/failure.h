#pragma once

#include "transport/failure.h"

namespace underpin::legacy::jd_edwards {

using transport::Failure;
using transport::guarded;
using transport::must;
using transport::refused;

// After something was written: what cannot be read any more has an unknown outcome.
template <class T>
T must_after_write(Result<T> result) {
  if (result) return std::move(result).value();
  Error error = result.error();
  error.code = ErrorCode::outcome_unknown;
  throw Failure{std::move(error)};
}

// Reading after something was written: whatever goes wrong, the outcome is unknown. Only that JDE
// holds two of it is known.
template <class F>
auto read_after_write(const std::string& system, F&& body) -> decltype(body()) {
  auto read = guarded(system, ErrorCode::outcome_unknown, body);
  if (read) return std::move(read).value();
  Error error = read.error();
  if (error.code != ErrorCode::conflict) error.code = ErrorCode::outcome_unknown;
  throw Failure{std::move(error)};
}

}  // namespace underpin::legacy::jd_edwards
