#pragma once

#include <stdexcept>
#include <string>

namespace underpin::facade::journal {

// What a store could not do. Thrown below the journal's port only, which answers `unavailable`.
class StoreError : public std::runtime_error {
 public:
  explicit StoreError(const std::string& what) : std::runtime_error(what) {}
};

}  // namespace underpin::facade::journal
