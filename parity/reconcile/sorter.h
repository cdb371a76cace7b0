#pragma once

#include "contracts/result.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace underpin::parity::reconcile {

struct SortLimits {
  std::string folder;  // Exists; sorted parts that do not fit into memory lie there while in use.
  // Bytes for records, index and buffers together; at least 256 KiB.
  std::size_t memory_max = std::size_t{128} << 20;
};

// Sorts records by key, then by payload, as bytes, in a fixed amount of memory: what does not fit
// is written to files that have no name, so that a process that dies leaves nothing behind. One
// thread at a time. Errors: invalid_request (a record over memory_max / 16 or 1 MiB), unavailable
// (the folder cannot be written or read).
class Sorter {
 public:
  struct Record {
    std::string_view key;  // Both until the next call.
    std::string_view payload;
  };
  struct Statistics {
    std::int64_t records = 0;
    std::int64_t spills = 0;         // Sorted parts that were written, those of later passes too.
    std::size_t memory_highest = 0;  // Bytes that were held at once.
  };

  explicit Sorter(SortLimits limits);
  ~Sorter();
  Sorter(const Sorter&) = delete;
  Sorter& operator=(const Sorter&) = delete;

  Status add(std::string_view key, std::string_view payload);
  // Ends adding; next() gives the records in order from here on.
  Status sort();
  Result<bool> next(Record& record);  // False: there is none left.

  const Statistics& statistics() const;

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace underpin::parity::reconcile
