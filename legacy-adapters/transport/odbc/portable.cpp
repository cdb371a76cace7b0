#include "legacy-adapters/transport/odbc/portable.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace underpin::legacy::odbc {
namespace {

constexpr std::array<std::string_view, 33> words{
    "SELECT", "FROM",    "WHERE",  "AND",     "OR",      "NOT",  "IN",    "IS",   "NULL",
    "LIKE",   "BETWEEN", "UNION",  "ALL",     "LEFT",    "JOIN", "INNER", "ON",   "ORDER",
    "GROUP",  "BY",      "HAVING", "ASC",     "DESC",    "AS",   "CASE",  "WHEN", "THEN",
    "ELSE",   "END",     "BIGINT", "VARCHAR", "DECIMAL", "CAST"};
constexpr std::array<std::string_view, 5> functions{"COUNT", "SUM", "MIN", "MAX", "COALESCE"};
// Words of one database that would pass for an alias.
constexpr std::array<std::string_view, 24> foreign{
    "LIMIT", "TOP",       "OFFSET", "FETCH", "ROWNUM", "WITH",   "DISTINCT", "EXCEPT",
    "MINUS", "INTERSECT", "FULL",   "RIGHT", "OUTER",  "CROSS",  "USING",    "NATURAL",
    "ILIKE", "REGEXP",    "RLIKE",  "GLOB",  "OVER",   "WINDOW", "LATERAL",  "RETURNING"};
// As constants or types they differ, too.
constexpr std::array<std::string_view, 12> forbidden{"TRUE",     "FALSE",  "DATE",   "TIMESTAMP",
                                                     "INTERVAL", "NOLOCK", "INSERT", "UPDATE",
                                                     "DELETE",   "MERGE",  "INTO",   "FOR"};

template <class Table>
bool has(const Table& table, std::string_view word) {
  return std::find(table.begin(), table.end(), word) != table.end();
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string quoted(std::string_view part) { return "'" + std::string(part.substr(0, 40)) + "'"; }

// Where the quotation that begins at `at` ends, behind its last character; npos: nowhere.
std::size_t end_of_quotation(std::string_view sql, std::size_t at, char end) {
  for (std::size_t i = at + 1; i < sql.size(); ++i) {
    if (sql[i] != end) continue;
    if (i + 1 >= sql.size() || sql[i + 1] != end) return i + 1;
    ++i;
  }
  return std::string_view::npos;
}

// Of the date or moment that begins there, "{d '…'}"; 0: none does.
std::size_t size_of_moment(std::string_view sql) {
  for (const std::string_view form : {"{d '0000-00-00'}", "{ts '0000-00-00 00:00:00'}"}) {
    if (sql.size() < form.size()) continue;
    const auto fits = [](char given, char wanted) {
      return wanted == '0' ? std::isdigit(static_cast<unsigned char>(given)) != 0 : given == wanted;
    };
    if (std::equal(form.begin(), form.end(), sql.begin(),
                   [&](char wanted, char given) { return fits(given, wanted); })) {
      return form.size();
    }
  }
  return 0;
}

std::string rule_of_word(std::string_view given, bool called,
                         const std::vector<std::string>& extra) {
  std::string word(given);
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (has(functions, word) || has(extra, given)) {
    return called ? "" : quoted(given) + " is a function and must be called";
  }
  if (has(words, word)) return "";
  if (has(foreign, word) || has(forbidden, word)) return quoted(given) + " is not in the subset";
  if (called) return "the function " + quoted(given) + " is not in the subset";
  return "";  // An alias.
}

}  // namespace

std::string not_portable(std::string_view sql, const std::vector<std::string>& extra_functions) {
  std::size_t at = sql.find_first_not_of(' ');
  std::string_view first = at == std::string_view::npos ? "" : sql.substr(at, 7);
  if (first != "SELECT ") return "a statement must begin with SELECT";
  while (at < sql.size()) {
    const char c = sql[at];
    if (c == ' ' || c == '\n') {
      ++at;
    } else if (c == '[' || c == '"' || c == '`' || c == '\'') {
      const std::size_t end = end_of_quotation(sql, at, c == '[' ? ']' : c);
      if (end == std::string_view::npos)
        return "the quotation from " + quoted(sql.substr(at)) + " does not end";
      const std::string_view inside = sql.substr(at, end - at);
      const auto printable = [](char one) { return one >= ' ' && one <= '~'; };
      if (c == '\'' && !std::all_of(inside.begin(), inside.end(), printable)) {
        return "the constant " + quoted(inside) + " must be printable ASCII: bind it";
      }
      if (c == '\'' && inside.find('\\') != std::string_view::npos) {
        return "the constant " + quoted(inside) + " must not have a backslash: bind it";
      }
      at = end;
    } else if (is_word(c)) {
      std::size_t end = at;
      while (end < sql.size() && (is_word(sql[end]))) ++end;
      const std::string_view word = sql.substr(at, end - at);
      const std::size_t next = sql.find_first_not_of(' ', end);
      const bool called = next != std::string_view::npos && sql[next] == '(';
      if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
        const auto digit = [](unsigned char one) { return std::isdigit(one) != 0; };
        if (!std::all_of(word.begin(), word.end(), digit)) {
          return quoted(word) + " is neither a number nor a name";
        }
      } else {
        const std::string rule = rule_of_word(word, called, extra_functions);
        if (!rule.empty()) return rule;
      }
      at = end;
    } else if (sql.substr(at, 2) == "--" || sql.substr(at, 2) == "/*") {
      return "comments are not in the subset";
    } else if (sql.substr(at, 2) == "<>" || sql.substr(at, 2) == "<=" ||
               sql.substr(at, 2) == ">=") {
      at += 2;
    } else if (std::string_view("?=<>+-*,.()").find(c) != std::string_view::npos) {
      ++at;
    } else if (const std::size_t size = size_of_moment(sql.substr(at)); size > 0) {
      at += size;
    } else {
      return quoted(sql.substr(at, 1)) + " is not in the subset";
    }
  }
  return "";
}

}  // namespace underpin::legacy::odbc
