#include "legacy-adapters/transport/odbc/odbc.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace underpin::legacy::odbc {
namespace {

struct StateRule {
  std::string_view prefix;  // Of the SQLSTATE; the first that fits rules.
  ErrorCode code;
};

// ODBC 3 states, and the SQL Server and PostgreSQL states that come through ODBC unchanged.
constexpr std::array<StateRule, 20> state_rules{{
    {"28", ErrorCode::unauthorized},     // Login failed.
    {"42501", ErrorCode::unauthorized},  // No right on the object.
    {"08", ErrorCode::unavailable},      // No connection, or it broke.
    {"HYT", ErrorCode::unavailable},     // Timeout.
    {"S1T", ErrorCode::unavailable},
    {"HY008", ErrorCode::unavailable},  // Cancelled: by our own watchdog.
    {"S1008", ErrorCode::unavailable},
    {"40", ErrorCode::unavailable},  // Deadlock victim, serialization failure.
    {"53", ErrorCode::unavailable},  // Out of connections, memory, disk.
    {"55", ErrorCode::unavailable},  // Object in use.
    {"57", ErrorCode::unavailable},  // Shutting down, starting up.
    {"23", ErrorCode::conflict},     // Unique key.
    {"42", ErrorCode::internal},     // Syntax, missing table or column.
    {"S0", ErrorCode::internal},     // The same in ODBC 2.
    {"22", ErrorCode::internal},     // Data that does not fit its type.
    {"07", ErrorCode::internal},     // Wrong number of parameters.
    {"HYC", ErrorCode::internal},    // The driver cannot.
    {"HY", ErrorCode::internal},
    {"S1", ErrorCode::internal},
    {"IM", ErrorCode::internal},  // Driver or data source not installed.
}};

struct NativeRule {
  Driver driver;
  int native;
  ErrorCode code;
  enum class Also { nothing, busy, lost } also = Also::nothing;
};
using Also = NativeRule::Also;

// Codes that drivers report as HY000 or S1000. SQLite: primary result codes (sqlite3.h). MariaDB
// and SQL Server: their error numbers, and 2xxx and 20xxx of the client libraries. Oracle: ORA-.
constexpr std::array<NativeRule, 51> native_rules{{
    {Driver::sqlite, 3, ErrorCode::unauthorized},                 // SQLITE_PERM
    {Driver::sqlite, 23, ErrorCode::unauthorized},                // SQLITE_AUTH
    {Driver::sqlite, 5, ErrorCode::unavailable, Also::busy},      // SQLITE_BUSY
    {Driver::sqlite, 6, ErrorCode::unavailable, Also::busy},      // SQLITE_LOCKED
    {Driver::sqlite, 9, ErrorCode::unavailable},                  // SQLITE_INTERRUPT
    {Driver::sqlite, 10, ErrorCode::unavailable},                 // SQLITE_IOERR
    {Driver::sqlite, 11, ErrorCode::unavailable},                 // SQLITE_CORRUPT
    {Driver::sqlite, 13, ErrorCode::unavailable},                 // SQLITE_FULL
    {Driver::sqlite, 14, ErrorCode::unavailable},                 // SQLITE_CANTOPEN
    {Driver::sqlite, 15, ErrorCode::unavailable},                 // SQLITE_PROTOCOL
    {Driver::sqlite, 26, ErrorCode::unavailable},                 // SQLITE_NOTADB
    {Driver::sqlite, 19, ErrorCode::conflict},                    // SQLITE_CONSTRAINT
    {Driver::mariadb, 1040, ErrorCode::unavailable},              // Too many connections.
    {Driver::mariadb, 1044, ErrorCode::unauthorized},             // No right on the database.
    {Driver::mariadb, 1045, ErrorCode::unauthorized},             // Login refused.
    {Driver::mariadb, 1053, ErrorCode::unavailable, Also::lost},  // Shutting down.
    {Driver::mariadb, 1062, ErrorCode::conflict},                 // Duplicate key.
    {Driver::mariadb, 1142, ErrorCode::unauthorized},             // No right on the table.
    {Driver::mariadb, 1205, ErrorCode::unavailable, Also::busy},  // Waited too long for a lock.
    {Driver::mariadb, 1213, ErrorCode::unavailable, Also::busy},  // Deadlock.
    {Driver::mariadb, 1317, ErrorCode::unavailable},              // Cancelled.
    {Driver::mariadb, 1927, ErrorCode::unavailable, Also::lost},  // Connection was killed.
    {Driver::mariadb, 1969, ErrorCode::unavailable},              // max_statement_time.
    {Driver::mariadb, 2002, ErrorCode::unavailable, Also::lost},  // No server at the socket.
    {Driver::mariadb, 2003, ErrorCode::unavailable, Also::lost},  // No server at the address.
    {Driver::mariadb, 2006, ErrorCode::unavailable, Also::lost},  // Gone away.
    {Driver::mariadb, 2013, ErrorCode::unavailable, Also::lost},  // Lost during the query.
    {Driver::mariadb, 2055, ErrorCode::unavailable, Also::lost},
    {Driver::sql_server, 229, ErrorCode::unauthorized},               // No right on the object.
    {Driver::sql_server, 1205, ErrorCode::unavailable, Also::busy},   // Deadlock victim.
    {Driver::sql_server, 1222, ErrorCode::unavailable, Also::busy},   // Waited too long for a lock.
    {Driver::sql_server, 2601, ErrorCode::conflict},                  // Duplicate key.
    {Driver::sql_server, 2627, ErrorCode::conflict},                  // The same of a constraint.
    {Driver::sql_server, 4060, ErrorCode::unauthorized},              // No right on the database.
    {Driver::sql_server, 18456, ErrorCode::unauthorized},             // Login refused.
    {Driver::sql_server, 20002, ErrorCode::unauthorized},             // FreeTDS: login refused.
    {Driver::sql_server, 20003, ErrorCode::unavailable},              // FreeTDS: timeout.
    {Driver::sql_server, 20004, ErrorCode::unavailable, Also::lost},  // FreeTDS: read failed.
    {Driver::sql_server, 20006, ErrorCode::unavailable, Also::lost},  // FreeTDS: write failed.
    {Driver::sql_server, 20009, ErrorCode::unavailable, Also::lost},  // FreeTDS: no server.
    {Driver::sql_server, 20047, ErrorCode::unavailable, Also::lost},  // FreeTDS: connection dead.
    {Driver::oracle, 1, ErrorCode::conflict},                         // Unique constraint.
    {Driver::oracle, 54, ErrorCode::unavailable, Also::busy},         // Locked.
    {Driver::oracle, 60, ErrorCode::unavailable, Also::busy},         // Deadlock.
    {Driver::oracle, 1013, ErrorCode::unavailable},                   // Cancelled.
    {Driver::oracle, 1017, ErrorCode::unauthorized},                  // Login refused.
    {Driver::oracle, 1031, ErrorCode::unauthorized},                  // No right.
    {Driver::oracle, 3113, ErrorCode::unavailable, Also::lost},
    {Driver::oracle, 3114, ErrorCode::unavailable, Also::lost},
    {Driver::oracle, 12541, ErrorCode::unavailable, Also::lost},  // No listener.
    {Driver::db2, -911, ErrorCode::unavailable, Also::busy},      // Deadlock or timeout.
}};

bool is_general(std::string_view state) { return state == "HY000" || state == "S1000"; }

const NativeRule* rule_of(std::string_view state, int native, Driver driver) {
  if (!is_general(state)) return nullptr;
  const int code = driver == Driver::sqlite ? native & 0xff : native;  // Without its extension.
  for (const NativeRule& rule : native_rules)
    if (rule.driver == driver && rule.native == code) return &rule;
  return nullptr;
}

struct DriverName {
  std::string_view part;  // Of its name or of its file, in lower case.
  Driver driver;
};
constexpr std::array<DriverName, 12> driver_names{{{"sqlite", Driver::sqlite},
                                                   {"psqlodbc", Driver::postgresql},
                                                   {"postgres", Driver::postgresql},
                                                   {"maodbc", Driver::mariadb},
                                                   {"mariadb", Driver::mariadb},
                                                   {"tdsodbc", Driver::sql_server},
                                                   {"freetds", Driver::sql_server},
                                                   {"msodbcsql", Driver::sql_server},
                                                   {"sql server", Driver::sql_server},
                                                   {"oracle", Driver::oracle},
                                                   {"sqora", Driver::oracle},
                                                   {"db2", Driver::db2}}};

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

}  // namespace

Driver driver_of_library(std::string_view library) {
  const std::string name = lower(library);
  for (const DriverName& known : driver_names)
    if (name.find(known.part) != std::string::npos) return known.driver;
  return Driver::other;
}

Driver driver_of(std::string_view connection_string) {
  const std::string text = lower(connection_string);
  const std::size_t at = text.rfind("driver=", 0) == 0 ? 0 : text.find(";driver=");
  if (at == std::string::npos) return Driver::other;
  const std::size_t end = text.find(';', at + 1);
  return driver_of_library(text.substr(at, end == std::string::npos ? end : end - at));
}

ErrorCode code_of(std::string_view sqlstate, int native, Driver driver) {
  if (const NativeRule* rule = rule_of(sqlstate, native, driver)) return rule->code;
  for (const StateRule& rule : state_rules)
    if (sqlstate.substr(0, rule.prefix.size()) == rule.prefix) return rule.code;
  return ErrorCode::internal;
}

bool is_busy(std::string_view sqlstate, int native, Driver driver) {
  if (sqlstate.substr(0, 3) == "400") return true;  // Deadlock: another attempt usually passes.
  const NativeRule* rule = rule_of(sqlstate, native, driver);
  return rule != nullptr && rule->also == Also::busy;
}

bool is_connection_lost(std::string_view sqlstate, int native, Driver driver) {
  if (sqlstate.substr(0, 2) == "08" || sqlstate.substr(0, 4) == "57P0") return true;
  const NativeRule* rule = rule_of(sqlstate, native, driver);
  return rule != nullptr && rule->also == Also::lost;
}

}  // namespace underpin::legacy::odbc
