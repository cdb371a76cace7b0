#include "legacy-adapters/sql_profile/statements.h"

#include "contracts/json/object_reader.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <set>

namespace underpin::legacy::sql_profile {
namespace {

using json::Need;
using json::ObjectReader;
using json::Value;

using Names = std::set<std::string>;  // "no", "lines/sku".

bool has(const std::vector<Column>& columns, const std::string& name) {
  return std::any_of(columns.begin(), columns.end(),
                     [&](const Column& one) { return one.name == name; });
}

// A text, or a list of texts, one a line.
std::string read_text(ObjectReader& reader) {
  const Value* found = reader.member("text", Need::required);
  if (found == nullptr) return {};
  std::string text;
  const bool list = found->is_array();
  for (const Value& line : list ? found->items() : std::vector<Value>{*found}) {
    if (!line.is_string()) {
      reader.refuse("text", "must be a text or a list of texts");
      return {};
    }
    text += (text.empty() ? "" : "\n") + line.text();
  }
  return text;
}

NamedSql read_sql(ObjectReader& reader, bool must_read) {
  std::string rule;
  NamedSql sql = NamedSql::parse(read_text(reader), rule);
  if (!rule.empty())
    reader.refuse("text", rule);
  else if (must_read && !sql.reads())
    reader.refuse("text", "must begin with SELECT or WITH: nothing is written here");
  for (const char* word : {"INSERT", "UPDATE", "DELETE", "MERGE", "INTO"})
    if (must_read && rule.empty() && sql.reads() && sql.has_word(word))
      reader.refuse("text", "must not hold " + std::string(word) +
                                ": nothing is written here, and a read may be repeated");
  return sql;
}

void read_column(const Value& given, std::vector<Column>& columns, ObjectReader& reader) {
  Column column;
  if (given.is_string()) {
    column.name = given.text();
  } else {
    column.name = given.get("name").text();
    for (const json::Member& member : given.members()) {
      if (member.key == "name") continue;
      if (member.key == "floating" && member.value.as_int() && *member.value.as_int() >= 0 &&
          *member.value.as_int() <= 9) {
        column.floating = static_cast<int>(*member.value.as_int());
      } else if (member.key == "keep_blanks" && member.value.as_bool()) {
        column.keep_blanks = *member.value.as_bool();
      } else {
        reader.refuse("columns", "must have entries of name, floating (0 to 9) and keep_blanks");
      }
    }
  }
  if (column.name.empty()) reader.refuse("columns", "must be names, or objects with a name");
  if (has(columns, column.name)) reader.refuse("columns", column.name + " is there twice");
  columns.push_back(std::move(column));
}

void read_columns(ObjectReader& reader, std::vector<Column>& columns) {
  const Value* given = reader.member("columns", Need::optional);
  if (given == nullptr) return;
  if (!given->is_array() || given->empty())
    return reader.refuse("columns", "must be a list of the columns, in their order");
  for (const Value& one : given->items()) read_column(one, columns, reader);
}

void must_be_columns(ObjectReader& reader, std::string_view key,
                     const std::vector<std::string>& names, const std::vector<Column>& columns) {
  for (const std::string& name : names)
    if (!has(columns, name)) reader.refuse(key, name + " is none of the columns");
}

void read_expected(ObjectReader& reader, Statement& statement) {
  reader.read_object(
      "expect",
      [&](ObjectReader& expect) {
        expect.read("rows", statement.rows_expected);
        expect.read("at_least", statement.rows_at_least);
        if (expect.has("rows") == expect.has("at_least"))
          expect.refuse("rows", "must be there, or at_least, and not both");
        std::string code = "conflict";
        expect.read("otherwise", code, Need::optional);
        if (!parse(code, statement.otherwise) || statement.otherwise == ErrorCode::outcome_unknown)
          expect.refuse("otherwise", "must be an error code, and not outcome_unknown");
        expect.read("message", statement.message, Need::optional);
      },
      Need::optional);
}

// What may change no row at all and say nothing of it.
bool may_miss(const NamedSql& sql) {
  const std::string& first = sql.words().empty() ? std::string() : sql.words().front();
  const auto any = [&](std::initializer_list<const char*> words) {
    return std::any_of(words.begin(), words.end(),
                       [&](const char* one) { return sql.has_word(one); });
  };
  if (first == "INSERT") return any({"SELECT", "IGNORE", "NOTHING", "UPDATE"});
  if (first == "WITH") return any({"INSERT", "UPDATE", "DELETE", "MERGE"});
  return first == "UPDATE" || first == "DELETE" || first == "MERGE";
}

// Everything else would end the transaction, or is nothing that an operation does.
bool is_within_transaction(const NamedSql& sql) {
  static constexpr std::array<std::string_view, 11> words{"INSERT",  "UPDATE", "DELETE", "MERGE",
                                                          "REPLACE", "SELECT", "WITH",   "VALUES",
                                                          "CALL",    "EXEC",   "EXECUTE"};
  return !sql.words().empty() &&
         std::find(words.begin(), words.end(), sql.words().front()) != words.end();
}

class Checker {
 public:
  explicit Checker(const profile::Operation& operation) : operation_(operation) {
    for (const std::string& name : operation.request_names) request_.insert(name);
  }

  Statements read(std::vector<profile::Fault>& faults) {
    std::vector<FieldError> broken;
    Statements result;
    const std::size_t faults_before = faults.size();
    ObjectReader reader(operation_.own, "/sql", broken);
    reader.read_each("statements", [&](ObjectReader& one) {
      const bool first = result.statements.empty();
      read_statement(one, result.statements.emplace_back(), first);
    });
    if (result.statements.empty() && broken.empty())
      reader.refuse("statements", "must have one statement or more");
    reader.read_object(
        "poll", [&](ObjectReader& one) { read_poll(one, result.poll.emplace()); }, Need::optional);
    if (result.poll && !operation_.shape->writes)
      reader.refuse("poll", "is for writes whose outcome is awaited");
    reader.finish();
    for (const FieldError& one : broken)
      faults.push_back({operation_.file, one.pointer, one.detail});
    if (faults.size() == faults_before) {
      check_answer(faults);
      check_request(faults);
    }
    for (Statement& one : result.statements) one.is_named = is_named(one);
    return result;
  }

 private:
  void read_statement(ObjectReader& reader, Statement& it, bool first) {
    reader.read("name", it.name);
    reader.member("note", Need::optional);
    it.sql = read_sql(reader, !operation_.shape->writes);
    read_columns(reader, it.columns);
    reader.read("key", it.key, Need::optional);
    reader.read("rows", it.rows, Need::optional);
    reader.read("rows_if", it.rows_if, Need::optional);
    reader.read("into", it.into, Need::optional);
    reader.read("match", it.match, Need::optional);
    reader.read("for_each", it.for_each, Need::optional);
    reader.read("each", it.each, Need::optional);
    read_expected(reader, it);
    must_be_columns(reader, "key", it.key, it.columns);
    must_be_columns(reader, "match", it.match, it.columns);
    if (!it.rows_if.empty()) must_be_columns(reader, "rows_if", {it.rows_if}, it.columns);
    if (!it.rows.empty() && it.key.empty()) reader.refuse("rows", "needs key");
    if (it.rows.empty() && !it.rows_if.empty()) reader.refuse("rows_if", "needs rows");
    if (operation_.shape->writes)
      check_write(reader, it);
    else
      check_read(reader, it, first);
    const bool given = operation_.shape->writes || it.for_each;
    check_names(reader, it.sql, it.each, given ? given_ : Names{});
    take_names(it, first);
  }

  void check_read(ObjectReader& reader, const Statement& it, bool first) {
    if (it.columns.empty()) reader.refuse("columns", "must name what the statement gives");
    if (!it.each.empty()) reader.refuse("each", "is for writes");
    if (first) {
      if (!it.into.empty()) reader.refuse("into", "is for the statements after the first");
      if (it.for_each) reader.refuse("for_each", "is for the statements after the first");
      return;
    }
    if (it.into.empty())
      reader.refuse("into", "must say which member of the record holds these rows");
    if (it.for_each == it.match.empty()) return;
    reader.refuse("match", "must be there, or for_each, and not both");
  }

  void check_write(ObjectReader& reader, const Statement& it) {
    for (const auto& [key, set] :
         {std::pair("into", !it.into.empty()), std::pair("for_each", it.for_each),
          std::pair("rows", !it.rows.empty())})
      if (set) reader.refuse(key, "is for reads");
    if (!is_within_transaction(it.sql))
      reader.refuse(
          "text",
          "must begin with INSERT, UPDATE, DELETE, MERGE, REPLACE, SELECT, WITH, VALUES, "
          "CALL, EXEC or EXECUTE: a write is one transaction, which is not its own to end");
    if (may_miss(it.sql) && !it.rows_expected && !it.rows_at_least)
      reader.refuse("expect", "must be there: what meets no row would be taken for done");
    if (it.each.empty()) return;
    const bool list = std::any_of(request_.begin(), request_.end(), [&](const std::string& one) {
      return one.rfind(it.each + "/", 0) == 0;
    });
    if (!list) reader.refuse("each", it.each + " is no list of the request's mapping");
  }

  // Every name is one that the request's mapping gives, or a column of an earlier statement.
  void check_names(ObjectReader& reader, const NamedSql& sql, const std::string& each,
                   const Names& given) {
    for (const NamedSql::Name& name : sql.names()) {
      const std::string full = name.list.empty() ? name.name : name.list + "/" + name.name;
      const std::string of_item = each + "/" + full;
      const bool item = name.list.empty() && !each.empty() && request_.count(of_item) != 0;
      const bool earlier = name.list.empty() && given.count(full) != 0;
      const bool request = request_.count(full) != 0;
      used_.insert(item ? of_item : full);
      // An item that lacks the member would be given the other one.
      if (item && (earlier || request))
        reader.refuse("text", ":" + full + " is a name of the items of " + each + " and another's");
      if (!item && !earlier && !request)
        reader.refuse("text", ":" + (name.list.empty() ? "" : name.list + ".") + name.name +
                                  " is given by neither the request's mapping nor an earlier "
                                  "statement");
    }
  }

  void take_names(const Statement& it, bool first) {
    for (const Column& column : it.columns) {
      if (operation_.shape->writes || first) {
        if (it.each.empty()) given_.insert(column.name);  // Of many items nobody knows whose.
        answered_.insert(column.name);
        if (!it.rows.empty()) answered_.insert(it.rows + "/" + column.name);
      } else {
        answered_.insert(it.into + "/" + column.name);
        if (!it.rows.empty()) answered_.insert(it.into + "/" + it.rows + "/" + column.name);
      }
    }
  }

  void read_poll(ObjectReader& reader, Poll& it) {
    it.sql = read_sql(reader, true);
    reader.member("note", Need::optional);
    std::vector<Column> columns;
    read_columns(reader, columns);
    if (columns.empty() || columns.size() > 2)
      reader.refuse("columns", "must be two: the state, and why; or the state alone");
    it.has_message = columns.size() > 1;
    reader.read("done", it.done);
    reader.read("failed", it.failed);
    reader.read("every_ms", it.every_ms, Need::optional);
    if (it.every_ms < 10 || it.every_ms > 60'000) reader.refuse("every_ms", "must be 10 to 60000");
    if (it.done.empty()) reader.refuse("done", "must name the states of what has been done");
    for (const std::string& one : it.done)
      if (std::find(it.failed.begin(), it.failed.end(), one) != it.failed.end())
        reader.refuse("failed", one + " is a state of what has been done, too");
    // A repeat that finds its row there has no answers of statements.
    check_names(reader, it.sql, {}, {});
  }

  void check_answer(std::vector<profile::Fault>& faults) {
    for (const std::string& name : operation_.answer_names)
      if (answered_.count(name) == 0)
        faults.push_back({operation_.file, "/answer",
                          "reads " + name + ", which no statement gives as a column"});
  }

  // What is mapped and then not said to the database would be lost unseen.
  void check_request(std::vector<profile::Fault>& faults) {
    for (const std::string& name : operation_.request_names)
      if (used_.count(name) == 0)
        faults.push_back({operation_.file, "/request",
                          "maps to " + name +
                              ", which no statement names: \"ignore\" says that the "
                              "ERP does not keep a member"});
  }

  bool is_named(const Statement& it) const {
    return operation_.shape->writes && it.each.empty() &&
           std::any_of(it.columns.begin(), it.columns.end(), [&](const Column& column) {
             return used_.count(column.name) != 0 && request_.count(column.name) == 0;
           });
  }

  const profile::Operation& operation_;
  Names request_;
  Names used_;
  Names given_;
  Names answered_;
};

}  // namespace

Statements read_statements(const profile::Operation& operation,
                           std::vector<profile::Fault>& faults) {
  if (!operation.own.is_object()) {
    faults.push_back({operation.file, "/sql", "must be an object"});
    return {};
  }
  return Checker(operation).read(faults);
}

}  // namespace underpin::legacy::sql_profile
