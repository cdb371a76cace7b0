#pragma once

#include "contracts/result.h"
#include "parity/sealing.h"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

// A file of records, each a list of texts, written front to back. Whoever keeps its size with the
// rest of their state after sync() goes on from there after a crash: what was written behind it is
// cut off. With a key every record is sealed; read with the same key it comes back, and what was
// not sealed comes back as it is. Used by one thread at a time. Errors: unavailable.
namespace underpin::facade {

using Record = std::vector<std::string>;

class RowFile {
 public:
  // Opens, or makes, and cuts it to `size` bytes. conflict: it is shorter, so it is another file.
  static Result<std::unique_ptr<RowFile>> append_at(const std::string& path, std::int64_t size,
                                                    parity::Seal seal = {});
  Status add(const Record& record);
  Status sync();  // On disk, as far as size() says.
  std::int64_t size() const { return size_; }

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Closer> file_;
  std::int64_t size_ = 0;
  std::string buffer_;
  parity::Seal seal_;
};

class RowReader {
 public:
  // From a position that position() gave, or 0, to `end`.
  static Result<std::unique_ptr<RowReader>> open(const std::string& path, std::int64_t from,
                                                 std::int64_t end, parity::Seal seal = {});
  // False: there is none left. conflict: torn, or sealed with another key.
  Result<bool> next(Record& record);
  std::int64_t position() const { return position_; }

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Closer> file_;
  std::int64_t position_ = 0;
  std::int64_t end_ = 0;
  std::string buffer_;
  parity::Seal seal_;
};

}  // namespace underpin::facade
