#pragma once

#include "contracts/json/json_text.h"
#include "legacy-adapters/transport/edi/fixed_width.h"
#include "legacy-adapters/transport/profile/fault.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What the member "file" of an operation or a document says: how one kind of file is written. What
// a field is called in a canonical document, and its code tables, are the mapping's business.
namespace underpin::legacy::file_profile {

enum class Cell {
  fixed,    // As edi::FieldKind says.
  text,     // The other three are written as text, whatever the form.
  decimal,  // "-12,50", by the layout's decimal mark.
  day,      // By `day_form`.
  number    // Digits with implied places, between separators.
};

struct Field {
  std::string name;    // Of the record's member; "lines/sku" puts it into an item of that list.
  std::string column;  // Of the row of names.
  edi::Field place;    // Where it lies in a fixed record; its kind and places.
  Cell cell = Cell::text;
  std::string day_form;           // "YYYY-MM-DD", in any order and with any marks.
  std::optional<std::string> is;  // Always so.
  bool counts = false;            // Of the trailer: how many records there are.
  std::string sum_record;         // Of the trailer: the sum of that record's field.
  std::string sum_field;
};

struct Record {
  std::string name;
  std::string tag;
  std::string list;              // Its fields are an item of that list; empty: of the document.
  std::vector<std::string> key;  // Rows with the same values here are one document.
  std::vector<Field> fields;
  const Field* find(std::string_view field) const;
};

// Immutable once read; any thread.
struct Layout {
  static constexpr std::size_t fields_max = 500;

  // `own` is the member "file" of `file`. Everything that is wrong is added to `faults`.
  static Layout read(const json::Value& own, const std::string& file,
                     std::vector<profile::Fault>& faults);

  // The members that it holds: "reference", "lines/sku", "$run"; each once.
  std::vector<std::string> names() const;
  bool has(std::string_view member) const;
  // No record begins a document: each is one of its own.
  bool rows_alone() const;

  std::string name;    // How the files' names begin.
  std::string suffix;  // How they end.
  bool delimited = false;
  char separator = ';';
  char quote = '"';  // '\0': none.
  char decimal_mark = '.';
  bool column_row = false;  // The first row has the columns' names.
  bool complete = false;    // Of stock: what it does not name is not there any more.
  std::string line_end = "\n";
  std::optional<edi::CodePage> code_page;  // Nothing: UTF-8.
  std::optional<Record> header;
  std::optional<Record> trailer;
  std::vector<Record> records;
  bool count_with_envelope = false;
  edi::FixedFormat fixed;  // Of the same records, where they are not delimited.
};

}  // namespace underpin::legacy::file_profile
