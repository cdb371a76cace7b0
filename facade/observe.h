#pragma once

#include "contracts/capability.h"
#include "contracts/result.h"
#include "cutover/stage.h"

#include <chrono>
#include <exception>
#include <utility>

namespace underpin::facade {

// What one system did with one call. Immutable, like Scientist's Observation.
template <class T>
struct Observation {
  Side side;
  Result<T> result;
  std::int64_t micros;
};

// The wall between adapters and the facade: nothing is thrown past it. An exception in a read is
// our own fault; in a write it is an unknown outcome, because nobody can say how far the call got.
template <class T, class Call>
Observation<T> observe(Side side, cutover::Operation operation, Call&& call) {
  const auto started = std::chrono::steady_clock::now();
  const ErrorCode thrown_code =
      operation == cutover::Operation::write ? ErrorCode::outcome_unknown : ErrorCode::internal;
  Result<T> result = [&]() -> Result<T> {
    try {
      return call();
    } catch (const std::exception& thrown) {
      return Error{thrown_code, std::string("exception: ") + thrown.what()};
    } catch (...) {
      return Error{thrown_code, "exception of an unknown type"};
    }
  }();
  const auto took = std::chrono::steady_clock::now() - started;
  return {side, std::move(result),
          std::chrono::duration_cast<std::chrono::microseconds>(took).count()};
}

}  // namespace underpin::facade
