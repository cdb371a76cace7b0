#pragma once

#include "contracts/result.h"

#include <exception>
#include <string>
#include <utility>

namespace underpin::legacy::profile {

// Inside the ports an Error is thrown, so that conversations read straight; guarded() is the wall.
struct Failure {
  Error error;
};

template <class T>
T must(Result<T> result) {
  if (!result) throw Failure{result.error()};
  return std::move(result).value();
}

// `otherwise` is the code for what nobody expected: outcome_unknown for a write.
template <class F>
auto guarded(const std::string& system, ErrorCode otherwise, F&& body) -> Result<decltype(body())> {
  try {
    return body();
  } catch (const Failure& failure) {
    Error error = failure.error;
    if (error.system.empty()) error.system = system;
    return error;
  } catch (const std::exception& failure) {
    return Error{otherwise, std::string("unexpected: ") + failure.what(), system};
  }
}

}  // namespace underpin::legacy::profile
