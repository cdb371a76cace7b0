#pragma once

#include "facade/journal/journal.h"

#include <cstdint>
#include <optional>
#include <vector>

// What the files of the journal's SQL share: how rows are taken from a statement of either store.
namespace underpin::facade::journal {

inline std::int64_t number(Capability capability) { return static_cast<std::int64_t>(capability); }
inline std::int64_t number(Side side) { return static_cast<std::int64_t>(side); }
inline Side side_of(std::int64_t value) { return value == 0 ? Side::legacy : Side::cloud; }

// Rows that may be sent: what follows "FROM outbox" and perhaps an index.
inline constexpr const char* ready_sql =
    " WHERE side = ? AND next_at <= ? AND head = 1 AND parked = 0 AND state = 0 "
    // Closed for a person's decision, as closed_subject_fact has it.
    "AND NOT EXISTS (SELECT 1 FROM fact WHERE name = 'closed/' || CASE capability WHEN 0 THEN "
    "'orders' WHEN 1 THEN 'inventory' WHEN 2 THEN 'pricing' ELSE 'customers' END || '/' || "
    "subject) ";

// The side that has every acknowledged write of a state; -1: both have. Affinity leaves mirrors to
// one side only; the first one accepted decides.
inline constexpr const char* pinned_side_sql =
    "COALESCE((SELECT 1 - side FROM outbox WHERE side IN (0, 1) AND capability = ? AND "
    "subject = ? AND role = 1 ORDER BY id LIMIT 1), (SELECT side FROM intent WHERE "
    "capability = ? AND subject = ? AND state < 2), -1)";

// An open cursor keeps a commit from ending the snapshot it reads; whatever happens, it is closed.
template <class Statement>
struct Closing {
  Statement& statement;
  ~Closing() { statement.reset(); }
};

template <class T, class Statement, class Read>
std::vector<T> every(Statement& statement, Read&& read) {
  const Closing<Statement> closing{statement};
  std::vector<T> all;
  while (statement.step()) all.push_back(read(statement));
  return all;
}

template <class T, class Statement, class Read>
std::optional<T> first(Statement& statement, Read&& read) {
  const Closing<Statement> closing{statement};
  std::optional<T> found;
  if (statement.step()) found = read(statement);
  return found;
}

template <class Statement>
std::int64_t counted(Statement& statement) {
  return first<std::int64_t>(statement, [](const auto& row) { return row.number(0); }).value_or(0);
}

// Of an INSERT … RETURNING id.
template <class Statement>
std::int64_t new_id(Statement& insert) {
  const std::int64_t id = insert.step() ? insert.number(0) : 0;
  insert.reset();
  return id;
}

}  // namespace underpin::facade::journal
