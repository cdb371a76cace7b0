#pragma once

#include "contracts/json/json_text.h"
#include "legacy-adapters/transport/odbc/odbc.h"

#include <string>
#include <string_view>
#include <vector>

namespace underpin::legacy::sql_profile {

// One SQL statement with its values named: ":no", or ":lines.sku" for the values of a whole list,
// which becomes "?, ?, ?". A name is bound, never pasted. "::" stays what it is.
class NamedSql {
 public:
  struct Name {
    std::string list;  // "lines"; empty for a single value.
    std::string name;
  };

  // `rule`: the first rule that the text breaks; empty when it breaks none.
  static NamedSql parse(std::string_view text, std::string& rule);

  const std::vector<Name>& names() const { return names_; }
  std::string text() const;  // As it was written.
  bool reads() const;        // Begins with SELECT or WITH.
  // In capitals, those outside quotations; no names, and nothing behind a point ("t.delete").
  const std::vector<std::string>& words() const { return words_; }
  bool has_word(std::string_view word) const;

  struct Bound {
    std::string sql;  // With "?".
    odbc::Parameters values;
    json::Value told;  // The values by name, for people.
  };
  // A name that `values` lacks is bound as an empty text; a list that is empty as one empty text,
  // which no key is equal to.
  Bound bind(const json::Value& values) const;

 private:
  std::vector<std::string> pieces_;  // One more than names.
  std::vector<Name> names_;
  std::vector<std::string> words_;
};

}  // namespace underpin::legacy::sql_profile
