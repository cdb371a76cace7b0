#pragma once

#include "contracts/error.h"

#include <cassert>
#include <utility>
#include <variant>

namespace underpin {

// A value or an Error. Named after std::expected (C++23) so that a later switch is mechanical.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  const T& value() const& {
    assert(has_value());
    return *std::get_if<0>(&state_);
  }
  // Of what is about to go a value, no reference: `for (x : *f())` would walk what is gone.
  T value() && {
    assert(has_value());
    return std::move(*std::get_if<0>(&state_));
  }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const {
    assert(!has_value());
    return *std::get_if<1>(&state_);
  }

  template <class F>
  auto and_then(F&& next) const -> decltype(next(std::declval<const T&>())) {
    if (has_value()) return std::forward<F>(next)(value());
    return error();
  }

 private:
  std::variant<T, Error> state_;
};

struct Done {};
using Status = Result<Done>;

}  // namespace underpin
