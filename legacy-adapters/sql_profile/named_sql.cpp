#include "legacy-adapters/sql_profile/named_sql.h"

#include <algorithm>
#include <cctype>

namespace underpin::legacy::sql_profile {
namespace {

bool begins_word(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_word(char c) { return begins_word(c) || std::isdigit(static_cast<unsigned char>(c)) != 0; }

// Behind the quotation that begins at `at`; npos: it does not end.
std::size_t end_of_quotation(std::string_view sql, std::size_t at) {
  const char end = sql[at] == '[' ? ']' : sql[at];
  for (std::size_t i = at + 1; i < sql.size(); ++i) {
    if (sql[i] != end) continue;
    if (i + 1 >= sql.size() || sql[i + 1] != end) return i + 1;
    ++i;
  }
  return std::string_view::npos;
}

std::string word_at(std::string_view sql, std::size_t at) {
  std::size_t end = at;
  while (end < sql.size() && is_word(sql[end])) ++end;
  return std::string(sql.substr(at, end - at));
}

std::string capitals(std::string word) {
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return word;
}

odbc::Parameter parameter_of(const json::Value& value) {
  if (value.is_number()) {
    if (const auto whole = value.as_int()) return odbc::Parameter(*whole);
  }
  if (value.is_boolean()) return odbc::Parameter(*value.as_bool() ? "true" : "false");
  return odbc::Parameter(value.text());
}

}  // namespace

NamedSql NamedSql::parse(std::string_view sql, std::string& rule) {
  NamedSql result;
  std::string piece;
  std::size_t at = 0;
  rule.clear();
  const auto refuse = [&](std::string why) {
    if (rule.empty()) rule = std::move(why);
  };
  while (at < sql.size()) {
    const char c = sql[at];
    const char next = at + 1 < sql.size() ? sql[at + 1] : '\0';
    if (c == '\'' || c == '"' || c == '`' || c == '[') {
      const std::size_t end = end_of_quotation(sql, at);
      if (end == std::string_view::npos) {
        refuse("has a quotation that does not end: " + std::string(sql.substr(at, 30)));
        break;
      }
      piece += sql.substr(at, end - at);
      at = end;
    } else if (c == ':' && next == ':') {
      piece += "::";
      at += 2;
    } else if (c == ':' && begins_word(next)) {
      Name name;
      name.name = word_at(sql, at + 1);
      at += 1 + name.name.size();
      if (at + 1 < sql.size() && sql[at] == '.' && begins_word(sql[at + 1])) {
        name.list = std::move(name.name);
        name.name = word_at(sql, at + 1);
        at += 1 + name.name.size();
      }
      result.pieces_.push_back(std::move(piece));
      result.names_.push_back(std::move(name));
      piece.clear();
    } else if (begins_word(c)) {
      const std::string word = word_at(sql, at);
      if (piece.empty() || (piece.back() != '.' && !is_word(piece.back())))
        result.words_.push_back(capitals(word));
      piece += word;
      at += word.size();
    } else {
      if (c == '?') refuse("must not hold a ?: values are bound by :name");
      if (c == ';') refuse("must be one statement, without ;");
      if (c == '\0') refuse("must not hold a zero byte");
      if ((c == '-' && next == '-') || (c == '/' && next == '*'))
        refuse("must not hold comments: they belong to \"note\"");
      piece += c;
      ++at;
    }
  }
  result.pieces_.push_back(std::move(piece));
  if (result.text().find_first_not_of(" \t\r\n") == std::string::npos) refuse("must not be empty");
  return result;
}

std::string NamedSql::text() const {
  std::string whole = pieces_.front();
  for (std::size_t i = 0; i < names_.size(); ++i) {
    whole += ":" + (names_[i].list.empty() ? "" : names_[i].list + ".") + names_[i].name;
    whole += pieces_[i + 1];
  }
  return whole;
}

bool NamedSql::reads() const {
  const std::string whole = text();
  const std::size_t start = whole.find_first_not_of(" \t\r\n(");
  if (start == std::string::npos) return false;
  const std::string word = capitals(word_at(whole, start));
  return word == "SELECT" || word == "WITH";
}

bool NamedSql::has_word(std::string_view word) const {
  return std::find(words_.begin(), words_.end(), word) != words_.end();
}

NamedSql::Bound NamedSql::bind(const json::Value& values) const {
  Bound bound;
  bound.told = json::Value::object();
  bound.sql = pieces_.front();
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const Name& name = names_[i];
    if (name.list.empty()) {
      const json::Value& value = values.get(name.name);
      bound.sql += "?";
      bound.values.push_back(parameter_of(value));
      bound.told.set(name.name, value.is_null() ? json::Value("") : value);
    } else {
      json::Value told = json::Value::array();
      std::vector<json::Value> items = values.get(name.list).items();
      if (items.empty()) items.emplace_back(json::Value::object());
      for (std::size_t k = 0; k < items.size(); ++k) {
        bound.sql += k == 0 ? "?" : ", ?";
        bound.values.push_back(parameter_of(items[k].get(name.name)));
        told.push(items[k].get(name.name));
      }
      bound.told.set(name.list + "." + name.name, std::move(told));
    }
    bound.sql += pieces_[i + 1];
  }
  return bound;
}

}  // namespace underpin::legacy::sql_profile
