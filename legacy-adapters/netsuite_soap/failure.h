#pragma once

#include "transport/failure.h"

namespace underpin::legacy::netsuite_soap {

using transport::Failure;
using transport::guarded;
using transport::must;

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
