#pragma once

#include "legacy-adapters/iseries_batch/layouts.h"
#include "legacy-adapters/iseries_batch/state.h"

#include <map>
#include <string>
#include <vector>

namespace underpin::legacy::iseries_batch {

// One record of an outbound file, before it has its number.
struct Record {
  std::string layout;  // "order line"
  edi::FieldValues values;
  // Where a field comes from in the canonical document; for refusals.
  std::map<std::string, std::string> pointers;

  Record& put(const char* field, edi::FieldValue value, std::string pointer = {});
};

// As a request keeps them; SEQ is put in when they are written.
std::string records_as_json(const std::vector<Record>& records);

// Throws Failure, `rejected` with the member, when a value does not fit its field or the site's
// character set lacks a character. Nothing is cut, rounded or replaced.
void check_fit(FileKind kind, const Wire& wire, const std::vector<Record>& records);

// The whole file of these requests: header, records, trailer. Throws Failure.
std::string file_text(const OutFile& file, const std::vector<Request>& requests, const Wire& wire,
                      const std::string& zone);

}  // namespace underpin::legacy::iseries_batch
