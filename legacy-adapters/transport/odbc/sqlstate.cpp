#include "legacy-adapters/transport/odbc/odbc.h"

#include <array>

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
  int native;
  ErrorCode code;
};

// SQLite's primary result codes (sqlite3.h); its driver reports each as HY000 or S1000.
constexpr std::array<NativeRule, 12> sqlite_rules{{
    {3, ErrorCode::unauthorized},   // SQLITE_PERM
    {23, ErrorCode::unauthorized},  // SQLITE_AUTH
    {5, ErrorCode::unavailable},    // SQLITE_BUSY
    {6, ErrorCode::unavailable},    // SQLITE_LOCKED
    {9, ErrorCode::unavailable},    // SQLITE_INTERRUPT
    {10, ErrorCode::unavailable},   // SQLITE_IOERR
    {11, ErrorCode::unavailable},   // SQLITE_CORRUPT
    {13, ErrorCode::unavailable},   // SQLITE_FULL
    {14, ErrorCode::unavailable},   // SQLITE_CANTOPEN
    {15, ErrorCode::unavailable},   // SQLITE_PROTOCOL
    {26, ErrorCode::unavailable},   // SQLITE_NOTADB
    {19, ErrorCode::conflict},      // SQLITE_CONSTRAINT
}};

bool is_general(std::string_view state) { return state == "HY000" || state == "S1000"; }

}  // namespace

ErrorCode code_of(std::string_view sqlstate, int native, bool sqlite) {
  if (sqlite && is_general(sqlstate)) {
    for (const NativeRule& rule : sqlite_rules)
      if (rule.native == (native & 0xff)) return rule.code;
    return ErrorCode::internal;
  }
  for (const StateRule& rule : state_rules)
    if (sqlstate.substr(0, rule.prefix.size()) == rule.prefix) return rule.code;
  return ErrorCode::internal;
}

bool is_busy(std::string_view sqlstate, int native, bool sqlite) {
  if (sqlstate.substr(0, 3) == "400") return true;  // Deadlock: another attempt usually passes.
  return sqlite && is_general(sqlstate) && ((native & 0xff) == 5 || (native & 0xff) == 6);
}

bool is_connection_lost(std::string_view sqlstate) { return sqlstate.substr(0, 2) == "08"; }

}  // namespace underpin::legacy::odbc
