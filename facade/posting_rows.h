#pragma once

#include "contracts/json/json_text.h"
#include "facade/posting_judge.h"
#include "facade/row_file.h"

#include <filesystem>
#include <functional>
#include <set>
#include <string>

// The files of a reconciliation of postings: who writes them (posting_sweep) and who shows them
// (posting_report).
namespace underpin::facade::posting_rows {

// Of entries that belong to no known order: their document is the key.
inline const std::string foreign_prefix = "foreign:";

inline constexpr const char* expected_file = "expected.rows";
inline constexpr const char* open_file = "open-0.rows";
inline constexpr const char* confirmed_file = "confirmed.rows";
inline constexpr const char* totals_file = "groups.rows";

// Kinds of records in expected.rows.
inline const std::string first_look = "E";
inline const std::string second_look = "A";  // Expected, and its entries, as they were read again.
inline const std::string entry_again = "P";

std::string rows_file(Side side);
bool is_own(const std::string& owner);  // Of the ERP's own people, by its number: "/SO-100007".
bool is_foreign(const std::string& owner);

json::Value texts_value(const std::set<std::string>& texts);
std::set<std::string> texts_in(const json::Value& list);
std::string write_expected(const ExpectedPosting& expected);
std::optional<ExpectedPosting> read_expected(const std::string& text);
json::Value finding_value(const PostingFinding& finding);

Error torn();
// Every record of a file, up to `bytes`.
Status each_record(const std::filesystem::path& path, std::int64_t bytes,
                   const std::function<Status(const Record&)>& each);
// Every entry of a side's file, with whose it is.
Status each_entry(const std::filesystem::path& folder, Side side, std::int64_t bytes,
                  const std::function<Status(const std::string&, const PostedLine&)>& each);

}  // namespace underpin::facade::posting_rows
