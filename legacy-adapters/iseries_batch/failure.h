#pragma once

#include "contracts/result.h"

#include <exception>
#include <string>
#include <utility>

namespace underpin::legacy::iseries_batch {

// Inside the adapter an Error is thrown, so that the steps of a write read straight; guarded() is
// the wall.
struct Failure {
  Error error;
};

[[noreturn]] inline void fail(ErrorCode code, std::string message, std::string pointer = {},
                              std::string rule = {}) {
  Error error{code, std::move(message)};
  if (!rule.empty()) error.fields.push_back({std::move(pointer), std::move(rule)});
  throw Failure{std::move(error)};
}

template <class T>
T must(Result<T> result) {
  if (!result) throw Failure{result.error()};
  return std::move(result).value();
}

// `otherwise` is the code for what nobody expected.
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

}  // namespace underpin::legacy::iseries_batch
