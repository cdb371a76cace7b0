#pragma once

#include "contracts/result.h"

#include <exception>
#include <string>
#include <utility>

namespace underpin::legacy::jd_edwards {

// Inside the adapter an Error is thrown, so that conversations read straight; guarded() is the
// wall.
struct Failure {
  Error error;
};

template <class T>
T must(Result<T> result) {
  if (!result) throw Failure{result.error()};
  return std::move(result).value();
}

// After something was written: what cannot be read any more has an unknown outcome.
template <class T>
T must_after_write(Result<T> result) {
  if (result) return std::move(result).value();
  Error error = result.error();
  error.code = ErrorCode::outcome_unknown;
  throw Failure{std::move(error)};
}

inline Failure refused(ErrorCode code, std::string message, std::string pointer, std::string rule) {
  Error error{code, std::move(message)};
  error.fields.push_back({std::move(pointer), std::move(rule)});
  return {std::move(error)};
}

template <class F>
auto guarded(const std::string& system, ErrorCode otherwise, F&& body) -> Result<decltype(body())>;

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

}  // namespace underpin::legacy::jd_edwards
