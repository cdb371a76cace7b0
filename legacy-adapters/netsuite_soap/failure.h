#pragma once

#include "contracts/result.h"

#include <exception>
#include <string>
#include <utility>

namespace underpin::legacy::netsuite_soap {

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

// After a record was saved, a script of the account may still end in an error, which is told as a
// refusal: only a look-up says whether it was one.
inline bool may_be_saved(const Failure& failure) {
  return failure.error.code == ErrorCode::conflict || failure.error.code == ErrorCode::rejected;
}

inline Failure unknown(Error error) {
  error.code = ErrorCode::outcome_unknown;
  return {std::move(error)};
}

inline Failure rejected(std::string message, std::string pointer = {}, std::string rule = {}) {
  Error error{ErrorCode::rejected, std::move(message)};
  if (!pointer.empty()) error.fields.push_back({std::move(pointer), std::move(rule)});
  return {std::move(error)};
}

}  // namespace underpin::legacy::netsuite_soap
