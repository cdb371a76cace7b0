#include "legacy-adapters/sql_profile/runner.h"

#include "legacy-adapters/sql_profile/rows.h"

#include <algorithm>
#include <thread>

namespace underpin::legacy::sql_profile {
namespace {

using json::Value;
using profile::Exchange;

// With the columns of a record as names; what is NULL there is absent, whatever `base` calls so.
Value named_by(const Statement& statement, const Value& record, Value base) {
  for (const Column& column : statement.columns) {
    const Value* found = record.find(column.name);
    if (found != nullptr)
      base.set(column.name, *found);
    else
      base.erase(column.name);
  }
  return base;
}

Value merged(const Value& base, const Value& more) {
  Value result = base;
  for (const json::Member& member : more.members()) result.set(member.key, member.value);
  return result;
}

void tell_sent(Exchange* told, const std::string& name, const NamedSql& sql, const Value& values) {
  if (told == nullptr) return;
  Value one = Value::object();
  one.set("statement", name);
  one.set("sql", sql.text());
  one.set("values", values);
  told->sent.push(std::move(one));
}

void tell_received(Exchange* told, const std::string& name, const std::vector<Value>& rows,
                   std::int64_t affected) {
  if (told == nullptr) return;
  Value one = Value::object();
  one.set("statement", name);
  if (affected >= 0)
    one.set("rowsChanged", Value::integer(affected));
  else
    one.set("rows", Value::array(rows));
  told->received.push(std::move(one));
}

Error named(Error error, const Statement& statement) {
  error.message = "statement " + statement.name + ": " + error.message;
  return error;
}

Status as_expected(const Statement& statement, std::int64_t rows) {
  const bool exactly = statement.rows_expected.has_value();
  if (!exactly && !statement.rows_at_least) return Done{};
  if (rows < 0)
    return Error{ErrorCode::internal,
                 "the database does not say how many rows statement " + statement.name + " met"};
  if (exactly ? rows == *statement.rows_expected : rows >= *statement.rows_at_least) return Done{};
  if (!statement.message.empty()) return Error{statement.otherwise, statement.message};
  return Error{statement.otherwise,
               "statement " + statement.name + " met " + std::to_string(rows) + " rows, not " +
                   (exactly ? std::to_string(*statement.rows_expected)
                            : std::to_string(*statement.rows_at_least) + " or more")};
}

// Of a write; negative: nobody says.
std::int64_t rows_met(const Statement& statement, const odbc::Executed& done) {
  const auto given = static_cast<std::int64_t>(done.rows.size());
  if (!statement.columns.empty() || given > 0) return given;
  if (done.affected < 0 && statement.sql.reads()) return 0;
  return done.affected;
}

bool is_one_of(const std::string& text, const std::vector<std::string>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

}  // namespace

Runner::Runner(std::shared_ptr<const profile::Profile> profile, odbc::Settings settings)
    : profile_(std::move(profile)),
      system_(settings.system),
      database_(settings),
      writer_(settings) {
  std::vector<profile::Fault> none;  // The profile has been checked.
  for (const auto& [name, operation] : profile_->operations())
    statements_.emplace(name, read_statements(operation, none));
}

Result<Runner::Rows> Runner::run(const profile::Operation& operation, const Value& parameters,
                                 const CallContext& context, Exchange* told) {
  const auto found = statements_.find(operation.shape->name);
  if (found == statements_.end())
    return Error{ErrorCode::internal, "the profile has no such operation", system_};
  const Asked asked{operation, found->second, context.deadline, told};
  auto rows = operation.shape->writes ? write(asked, parameters) : read(asked, parameters);
  if (rows) return rows;
  Error error = rows.error();
  error.system = system_;
  error.message = operation.file + ": " + error.message;
  return error;
}

// ---- reading

Result<Runner::Rows> Runner::query(const Asked& asked, const Statement& statement,
                                   const Value& values) {
  const NamedSql::Bound bound = statement.sql.bind(values);
  tell_sent(asked.told, statement.name, statement.sql, bound.told);
  Rows rows;
  std::optional<Error> broken;
  const Status read =
      database_.query(bound.sql, bound.values, asked.deadline, [&](const odbc::Row& row) {
        auto record = record_of(statement, row);
        if (!record) {
          broken = record.error();
          return false;
        }
        rows.push_back(std::move(record).value());
        return true;
      });
  if (broken) return *broken;
  if (!read) return named(read.error(), statement);
  tell_received(asked.told, statement.name, rows, -1);
  const auto count = static_cast<std::int64_t>(rows.size());
  if (const Status right = as_expected(statement, count); !right) return right.error();
  return grouped(statement, std::move(rows));
}

Result<Runner::Rows> Runner::read(const Asked& asked, const Value& parameters) {
  const std::vector<Statement>& all = asked.statements.statements;
  auto records = query(asked, all.front(), parameters);
  if (!records) return records;
  Rows result = std::move(records).value();
  for (std::size_t i = 1; i < all.size() && !result.empty(); ++i)
    if (const Status done = attach(asked, all[i], parameters, result); !done) return done.error();
  return result;
}

Status Runner::attach(const Asked& asked, const Statement& statement, const Value& parameters,
                      Rows& records) {
  if (!statement.for_each) {
    const auto details = query(asked, statement, parameters);
    if (!details) return details.error();
    put_to_their_records(statement, *details, records);
    return Done{};
  }
  const Statement& first = asked.statements.statements.front();
  for (Value& record : records) {
    auto details = query(asked, statement, named_by(first, record, parameters));
    if (!details) return details.error();
    record.set(statement.into, Value::array(std::move(details).value()));
  }
  return Done{};
}

// ---- writing

Status Runner::execute(const Asked& asked, const Statement& statement,
                       odbc::Transaction& transaction, const Value& values, Rows& rows) {
  const NamedSql::Bound bound = statement.sql.bind(values);
  tell_sent(asked.told, statement.name, statement.sql, bound.told);
  auto done = transaction.execute(bound.sql, bound.values);
  if (!done) return named(done.error(), statement);
  if (!statement.columns.empty()) {
    for (const odbc::Row& row : done->rows) {
      auto record = record_of(statement, row);
      if (!record) return record.error();
      rows.push_back(std::move(record).value());
    }
  }
  const std::int64_t count = rows_met(statement, *done);
  tell_received(asked.told, statement.name, rows, statement.columns.empty() ? count : -1);
  if (const Status right = as_expected(statement, count); !right) return right;
  // Names that nothing gives would be written as blanks.
  if (statement.is_named && rows.size() != 1)
    return Error{ErrorCode::internal, "statement " + statement.name + " gave " +
                                          std::to_string(rows.size()) +
                                          " rows; later ones name the columns of one"};
  return Done{};
}

Result<Runner::Rows> Runner::write(const Asked& asked, const Value& parameters) {
  Value values = parameters;
  Rows answered;
  const Status written =
      writer_.transact(asked.deadline, [&](odbc::Transaction& transaction) -> Status {
        for (const Statement& statement : asked.statements.statements) {
          const std::vector<Value> items = statement.each.empty()
                                               ? std::vector<Value>{Value::object()}
                                               : values.get(statement.each).items();
          for (const Value& item : items) {
            Rows rows;
            const Status done = execute(asked, statement, transaction, merged(values, item), rows);
            if (!done) return done;
            // What a statement gives, later ones may name.
            if (statement.each.empty() && rows.size() == 1)
              values = named_by(statement, rows[0], std::move(values));
            answered.insert(answered.end(), rows.begin(), rows.end());
          }
        }
        return Done{};
      });
  const auto& poll = asked.statements.poll;
  // A row that is there already is this write's own, of before: its outcome is awaited.
  const bool there = !written && poll && !written.error().vendor_code.empty() &&
                     profile_->errors().judged(written.error()).code == ErrorCode::conflict;
  if (!written && !there) return written.error();
  if (poll)
    if (const Status done = await(asked, *poll, parameters, written); !done) return done.error();
  return answered;
}

// `written`: what became of the rows themselves; an error when they seem to be there already.
Status Runner::await(const Asked& asked, const Poll& poll, const Value& values,
                     const Status& written) {
  const NamedSql::Bound bound = poll.sql.bind(values);
  tell_sent(asked.told, "poll", poll.sql, bound.told);
  Error last{ErrorCode::outcome_unknown, "the ERP has not worked the rows off in time"};
  for (;;) {
    const auto rows = database_.rows(bound.sql, bound.values, asked.deadline);
    // It was another key that was there twice, or another rule that was broken.
    if (rows && rows->empty() && !written) return written.error();
    if (rows && !rows->empty()) {
      std::size_t done = 0;
      std::size_t failed = 0;
      Error refused{ErrorCode::rejected, "the ERP refused it"};
      std::vector<Value> states;
      for (const odbc::Row& row : *rows) {
        const std::string state(odbc::unpadded(odbc::text(row, 0)));
        const std::string why(poll.has_message && row.size() > 1 ? odbc::text(row, 1) : "");
        states.emplace_back(Value::object()).set("state", state);
        if (is_one_of(state, poll.done)) ++done;
        if (!is_one_of(state, poll.failed) || ++failed > 1) continue;
        refused.vendor_code = profile::ErrorTable::vendor_code(state, {});
        if (!why.empty()) refused.message = why;
      }
      if (done + failed == rows->size()) {
        tell_received(asked.told, "poll", states, -1);
        if (failed == 0) return Done{};
        if (done == 0) return refused;
        return Error{ErrorCode::outcome_unknown,
                     "the ERP has done a part of the rows and refused another: " + refused.message};
      }
    }
    if (!rows) last.message = "what became of the rows is not known: " + rows.error().message;
    const Deadline next =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(poll.every_ms);
    if (next >= asked.deadline) return last;
    std::this_thread::sleep_until(next);
  }
}

// ---- the connection

Status Runner::ping(const CallContext& context) { return database_.ping(context.deadline); }

std::vector<Finding> Runner::examine(const CallContext& context) {
  const Status reached = ping(context);
  std::vector<Finding> findings{
      {true,
       "profile " + profile_->name() + ": " + std::to_string(statements_.size()) + " operations",
       ""}};
  findings.push_back({reached.has_value(), "SQL database", reached ? "" : reached.error().message});
  return findings;
}

}  // namespace underpin::legacy::sql_profile
