#pragma once

#include "legacy-adapters/file_profile/layout.h"
#include "legacy-adapters/transport/edi/record_source.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace underpin::legacy::file_profile {

// What is wrong with one record, or with a field of it.
struct Bad {
  std::uint64_t line = 0;
  std::string record;  // Its name in the layout; empty: no record begins like this.
  std::string field;
  std::string rule;
};

// One document: a record that begins it and those that follow, or a row that is one by itself.
struct Document {
  json::Value record = json::Value::object();  // Members by the layout's names.
  std::uint64_t line = 0;
  std::vector<Bad> faults;                                  // There are any: nothing of it counts.
  std::map<std::string, std::uint64_t, std::less<>> lines;  // Of items, by their pointers.
  std::uint64_t line_of(std::string_view pointer) const;
};

// The file as a whole is not what it should be: a count, a total, a trailer that is missing.
struct BadFile {
  std::string reason;
};

// Reads a file in constant memory, document by document. What documents said counts when the last
// next() has come back: a trailer stands at the end. One thread.
class DocumentReader {
 public:
  // The layout outlives it.
  DocumentReader(edi::ReadBytes read, const Layout& layout);
  ~DocumentReader();

  // Nothing at the end. Throws BadFile, and std::runtime_error when the file cannot be read.
  std::optional<Document> next();
  // The header's fields; "$run" is the file's number.
  const json::Value& header() const { return header_; }

 private:
  struct Row;
  class Rows;
  class FixedRows;
  class DelimitedRows;

  std::optional<Document> take(const Row& row);
  std::optional<Document> take_keyed(const Row& row);
  Document opened(const Row& row) const;
  static void put(const Row& row, Document& document);

  const Layout& layout_;
  std::unique_ptr<Rows> rows_;
  json::Value header_ = json::Value::object();
  std::optional<Document> open_;
  std::vector<std::string> key_;  // Of `open_`, where rows have one.
  std::uint64_t lost_ = 0;        // The line of a row whose key could not be read.
  bool ended_ = false;
};

// The file that says `record`. rejected, with the field: a value does not fit, or the character set
// lacks it; nothing is cut.
Result<std::string> write_file(const Layout& layout, const json::Value& record);

}  // namespace underpin::legacy::file_profile
