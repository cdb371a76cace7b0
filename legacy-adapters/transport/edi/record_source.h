#pragma once

#include "legacy-adapters/transport/edi/input.h"

#include <cstdint>
#include <string_view>

namespace underpin::legacy::edi {

// Cuts a file into records, in constant memory: lines (LF or CR LF, the last one with or without an
// end), or pieces of a fixed number of bytes. One thread.
class RecordSource {
 public:
  enum class Kind {
    record,
    too_long,  // A line over the limit; it is passed over.
    cut,       // The last piece is shorter than its fixed length.
    end
  };

  // `fixed_bytes` 0: lines. `bytes_most` is of a line, its end not counted.
  RecordSource(ReadBytes read, std::size_t fixed_bytes, std::size_t bytes_most);

  // unavailable: the bytes cannot be read.
  Result<Kind> next();

  std::string_view bytes() const { return {begin_, size_}; }  // Until next(); of too_long: nothing.
  std::uint64_t offset() const { return offset_; }            // Where the record begins.
  std::uint64_t line() const { return line_; }                // From 1; of pieces: the record.

 private:
  Kind next_line();
  Kind next_piece();

  Window window_;
  std::size_t fixed_bytes_;
  std::size_t bytes_most_;
  const char* begin_ = nullptr;
  std::size_t size_ = 0;
  const char* after_ = nullptr;
  std::uint64_t offset_ = 0;
  std::uint64_t line_ = 0;
};

// `width` columns of a record from `offset`; a record that is shorter has blanks there, which are
// not in what is returned. Columns are bytes, or characters of UTF-8.
std::string_view columns(std::string_view record, std::size_t offset, std::size_t width,
                         bool characters);

// Characters of a UTF-8 text, or its bytes.
std::size_t column_count(std::string_view text, bool characters);

// Without blanks at the end.
std::string_view trimmed_right(std::string_view text);

}  // namespace underpin::legacy::edi
