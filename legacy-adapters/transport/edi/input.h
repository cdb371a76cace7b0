#pragma once

#include "contracts/result.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <istream>
#include <optional>
#include <vector>

namespace underpin::legacy::edi {

// Puts up to `most` bytes to `to`; 0 is the end. An Error ends the reading.
using ReadBytes = std::function<Result<std::size_t>(char* to, std::size_t most)>;
ReadBytes reading(std::istream& input);  // The stream outlives the function.
ReadBytes reading(int descriptor);       // Stays the caller's to close.

// The part of a file that is in memory: a buffer of fixed size which moves along. A byte order mark
// at the beginning of the file is passed over. One thread.
class Window {
 public:
  // What may be read behind end() without harm; its content means nothing.
  static constexpr std::size_t slack = 64;

  Window(ReadBytes read, std::size_t capacity);

  const char* at() const { return at_; }
  const char* end() const { return end_; }
  std::size_t unread() const { return static_cast<std::size_t>(end_ - at_); }

  // Passes over what lies before `to`.
  void advance(const char* to) { at_ = to; }

  // Reads more behind end(); at() and end() move, what lies between them stays. False: the file is
  // read to its end, could not be read, or the buffer is full of what has not been passed over.
  bool more();

  // Passes over what lies before the next header; `find(from)` answers where in the window one
  // begins, or nullptr. A header has four bytes, of which the last three may not have been read.
  // Without one, to the end of the file.
  template <class Find>
  void skip_to_header(const char* from, Find find) {
    for (;;) {
      if (const char* const header = find(from)) return advance(header);
      const auto left = static_cast<std::size_t>(end_ - (from - 1));
      advance(end_ - std::min<std::size_t>(4, left));
      if (!more()) return advance(end_);
      from = at_ + 1;
    }
  }

  bool full() const { return unread() == capacity_; }
  const std::optional<Error>& failure() const { return failure_; }

  // Of a place at or after the last more().
  std::uint64_t offset_of(const char* place) const;
  std::uint64_t line_of(const char* place) const;

 private:
  ReadBytes read_;
  std::size_t capacity_;
  std::vector<char> buffer_;
  const char* at_;
  const char* end_;
  std::uint64_t offset_ = 0;  // Of the buffer's first byte.
  std::uint64_t lines_ = 0;   // Line feeds before it.
  mutable const char* counted_to_;
  mutable std::uint64_t counted_ = 0;  // Line feeds between the first byte and counted_to_.
  bool begun_ = false;
  bool ended_ = false;
  std::optional<Error> failure_;
};

}  // namespace underpin::legacy::edi
