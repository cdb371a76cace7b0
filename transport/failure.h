#pragma once

#include "contracts/result.h"

#include <exception>
#include <string>
#include <utility>

// For the inside of an adapter, where a conversation of many steps reads straight when each throws
// what went wrong. guarded() is the wall: nothing is thrown through a port.
namespace underpin::transport {

struct Failure {
  Error error;
};

template <class T>
T must(Result<T> result) {
  if (!result) throw Failure{result.error()};
  return std::move(result).value();
}

// What the channel must change, with the field that broke the rule.
inline Failure refused(ErrorCode code, std::string message, std::string pointer, std::string rule) {
  Error error{code, std::move(message)};
  error.fields.push_back({std::move(pointer), std::move(rule)});
  return {std::move(error)};
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

}  // namespace underpin::transport
