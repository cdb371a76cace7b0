#include "legacy-adapters/jd_edwards/interface.h"

#include <algorithm>
#include <charconv>
#include <thread>

namespace underpin::legacy::jd_edwards {
namespace {

using Clock = std::chrono::steady_clock;

// A job is given this many looks before JDE's own tables are asked, too.
constexpr int looks_before_asking = 3;
constexpr std::size_t messages_max = 50;  // Of one record; there is one for each line.

std::string key_condition(const RecordKind& kind, std::string_view prefix) {
  std::string condition;
  for (const std::string_view column : kind.key)
    condition +=
        (condition.empty() ? "" : " AND ") + std::string(prefix) + std::string(column) + " = ?";
  return condition;
}

// Of the first table, with its values.
std::string own_condition(const Record& record, odbc::Parameters& values) {
  const std::string prefix(record.kind->parts.front().prefix);
  values = record.key;
  if (!record.kind->has_batch) return key_condition(*record.kind, prefix);
  values.emplace_back(padded(record.batch, 15));
  return key_condition(*record.kind, prefix) + " AND " + prefix + "EDBT = ?";
}

bool is_busy_error(const Error& error, odbc::Driver driver) {
  const std::size_t slash = error.vendor_code.find('/');
  if (slash == std::string::npos) return false;
  int native = 0;
  const char* end = error.vendor_code.data() + error.vendor_code.size();
  std::from_chars(error.vendor_code.data() + slash + 1, end, native);
  return odbc::is_busy(error.vendor_code.substr(0, slash), native, driver);
}

}  // namespace

const RecordKind& order_record() {
  static const RecordKind kind{
      {{"F47011", "SY"}, {"F47012", "SZ"}, {"F4706", "ZA"}}, {"EKCO", "EDOC", "EDCT"}, true};
  return kind;
}

const RecordKind& stock_record() {
  static const RecordKind kind{{{"F4111Z1", "SZ"}}, {"EDUS", "EDBT", "EDTN"}};
  return kind;
}

const RecordKind& customer_record() {
  static const RecordKind kind{{{"F0101Z2", "SZ"}, {"F03012Z1", "VO"}}, {"EDUS", "EDBT", "EDTN"}};
  return kind;
}

std::string batch_of(std::int64_t micros, int attempt) {
  const std::string digits = std::to_string(micros / 100 + attempt);
  return digits.substr(digits.size() > 15 ? digits.size() - 15 : 0);
}

std::string Record::text() const {
  std::string result;
  for (const odbc::Parameter& part : key) {
    if (!result.empty()) result += '|';
    result += part.is_whole() ? std::to_string(part.whole()) : std::string(trimmed(part.text()));
  }
  return result;
}

Failure rejected(const Record& record, const std::vector<Message>& messages) {
  Error error{ErrorCode::rejected, "JD Edwards refused record " + record.text() + " of " +
                                       std::string(record.kind->parts.front().table)};
  for (const Message& message : messages) {
    error.message += (&message == &messages.front() ? ": " : "; ") + message.text;
    if (error.vendor_code.empty()) error.vendor_code = message.code;
    if (message.line > 0)
      error.fields.push_back({"/lines/" + std::to_string(message.line / line_step), message.text});
  }
  return {std::move(error)};
}

Interface::Interface(const Settings& settings, std::string system,
                     std::shared_ptr<odbc::Database> database, std::shared_ptr<odbc::Writer> writer)
    : settings_(settings),
      system_(std::move(system)),
      database_(std::move(database)),
      writer_(std::move(writer)) {}

// What a locked database refuses was not written: it is tried again until the deadline, as reads
// are.
Status Interface::transact(const CallContext& context,
                           const std::function<Status(odbc::Transaction&)>& body) const {
  const odbc::Driver driver = odbc::driver_of(settings_.connection_string);
  while (true) {
    const Status done = writer_->transact(context.deadline, body);
    if (done || done.error().code != ErrorCode::unavailable || !is_busy_error(done.error(), driver))
      return done;
    const Deadline next = Clock::now() + std::chrono::milliseconds(10);
    if (next >= context.deadline) return done;
    std::this_thread::sleep_until(next);
  }
}

// The newest message there is: those of a record come after it, however often its key is used.
Result<std::int64_t> Interface::newest_message(const CallContext& context) const {
  const auto rows = database_->rows(
      "SELECT MAX(w.WVSEQ) FROM " + table(settings_, settings_.work_centre_view) + " w", {},
      context.deadline);
  if (!rows) return rows.error();
  return rows->empty() ? 0 : whole_of(odbc::text(rows->front(), 0), "WVSEQ");
}

Status Interface::put(const RecordKind& kind, const std::vector<InterfaceRow>& rows,
                      const CallContext& context) const {
  const Result<std::int64_t> newest = newest_message(context);
  if (!newest) return newest.error();
  const RecordKind::Part& first = kind.parts.front();
  return transact(context, [&](odbc::Transaction& transaction) -> Status {
    for (const InterfaceRow& row : rows) {
      std::string names;
      std::string marks;
      odbc::Parameters values;
      for (const auto& [column, value] : row.columns) {
        names += (names.empty() ? "" : ", ") + column;
        marks += marks.empty() ? "?" : ", ?";
        values.push_back(value);
      }
      if (row.table == first.table) {
        names += ", " + std::string(first.prefix) + "EDFT";
        marks += ", ?";
        values.emplace_back(padded(std::to_string(*newest), 10));
      }
      const Result<odbc::Executed> done = transaction.execute(
          "INSERT INTO " + table(settings_, row.table) + " (" + names + ") VALUES (" + marks + ")",
          values);
      if (!done) return done.error();
    }
    return Done{};
  });
}

Result<Look> Interface::look(const Record& record, const CallContext& context) const {
  const RecordKind::Part& first = record.kind->parts.front();
  const std::string prefix(first.prefix);
  odbc::Parameters values;
  const std::string own = own_condition(record, values);
  values.emplace_back(padded(first.table, 10));
  values.emplace_back(padded(record.text(), 60));
  const auto rows =
      database_->rows("SELECT 0, 0, r." + prefix + "EDSP, r." + prefix + "EDFT FROM " +
                          table(settings_, first.table) + " r WHERE " + own +
                          " UNION ALL SELECT w.WVSEQ, w.WVLINE, w.WVDTAI, w.WVTEXT FROM " +
                          table(settings_, settings_.work_centre_view) +
                          " w WHERE w.WVTABL = ? AND w.WVKEY = ? ORDER BY 1",
                      values, context.deadline);
  if (!rows) return rows.error();
  Look seen;
  bool done = false;
  std::int64_t since = 0;
  for (const odbc::Row& row : *rows) {
    const std::int64_t serial = whole_of(odbc::text(row, 0), "WVSEQ");
    if (serial == 0) {  // The record, first of all.
      seen.state = RecordState::waiting;
      done = trimmed(odbc::text(row, 2)) == "Y";
      since = whole_of(odbc::text(row, 3), "EDFT");
    } else if (serial > since && seen.messages.size() < messages_max) {
      seen.messages.push_back({whole_of(odbc::text(row, 1), "WVLINE"),
                               std::string(trimmed(odbc::text(row, 2))),
                               std::string(trimmed(odbc::text(row, 3)))});
    }
  }
  if (seen.state == RecordState::waiting && done)
    seen.state = RecordState::done;
  else if (seen.state == RecordState::waiting && !seen.messages.empty())
    seen.state = RecordState::refused;
  return seen;
}

void Interface::await(const Record& record, const std::function<bool()>& in_effect,
                      const CallContext& context) const {
  const Deadline end =
      std::min(context.deadline, Clock::now() + std::chrono::milliseconds(settings_.ube_wait_ms));
  for (int looks = 1;; ++looks) {
    const Look seen = must_after_write(look(record, context));
    if (seen.state == RecordState::done) return;
    // It was carried out and purged, or a later write has taken it away.
    if (seen.state == RecordState::absent) {
      if (in_effect()) return;
      throw Failure{{ErrorCode::outcome_unknown,
                     "record " + record.text() + " is gone, and what it was for is not seen"}};
    }
    if (seen.state == RecordState::refused) {
      // A message is no refusal where the job has done its work all the same.
      if (in_effect()) {
        mark(record, context);
        return;
      }
      if (withdraw(record, context)) {
        if (in_effect()) return;
        throw rejected(record, seen.messages);
      }  // Carried out or gone meanwhile: the next look says which.
    }
    if (looks > looks_before_asking && in_effect()) {
      mark(record, context);
      return;
    }
    const Deadline next = Clock::now() + std::chrono::milliseconds(settings_.poll_ms);
    if (next >= end)
      throw Failure{{ErrorCode::outcome_unknown, "record " + record.text() + " of " +
                                                     std::string(record.kind->parts.front().table) +
                                                     " waits for its batch job"}};
    std::this_thread::sleep_until(next);
  }
}

void Interface::mark(const Record& record, const CallContext& context) const {
  must_after_write(of_each_part(
      record,
      [&](const RecordKind::Part& part) {
        return "UPDATE " + table(settings_, part.table) + " SET " + std::string(part.prefix) +
               "EDSP = 'Y' WHERE ";
      },
      "", context));
}

bool Interface::withdraw(const Record& record, const CallContext& context) const {
  return must_after_write(of_each_part(
      record,
      [&](const RecordKind::Part& part) {
        return "DELETE FROM " + table(settings_, part.table) + " WHERE ";
      },
      "EDSP <> 'Y'", context));
}

// The first table decides whether it is this record, and whether it is still to be touched: what
// was carried out stays with all its parts.
Result<bool> Interface::of_each_part(
    const Record& record, const std::function<std::string(const RecordKind::Part&)>& statement,
    const std::string& only, const CallContext& context) const {
  bool touched = false;
  const Status done = transact(context, [&](odbc::Transaction& transaction) -> Status {
    touched = false;
    for (const RecordKind::Part& part : record.kind->parts) {
      const bool first = &part == &record.kind->parts.front();
      odbc::Parameters values = record.key;
      std::string sql = statement(part);
      sql += first ? own_condition(record, values) : key_condition(*record.kind, part.prefix);
      if (first && !only.empty()) sql += " AND " + std::string(part.prefix) + only;
      const Result<odbc::Executed> executed = transaction.execute(sql, values);
      if (!executed) return executed.error();
      if (first && executed->affected < 0)
        return Error{ErrorCode::internal, "the driver does not say how many rows it changed"};
      if (first && executed->affected == 0) return Done{};
    }
    touched = true;
    return Done{};
  });
  if (!done) return done.error();
  return touched;
}

}  // namespace underpin::legacy::jd_edwards
