#pragma once

#include "legacy-adapters/transport/odbc/odbc.h"
#include "tests/unit/odbc/sample_database.h"

#include <gmock/gmock.h>
#include <sql.h>
#include <sqlext.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>

// The databases that ctest starts (fixtures `postgres` and `mariadb`), and a SQLite file. Without
// them such a test fails: run it through ctest.
namespace underpin::legacy::odbc {

inline std::string content_of(const std::string& file) {
  std::ifstream input(file);
  std::string text((std::istreambuf_iterator<char>(input)), std::istreambuf_iterator<char>());
  EXPECT_FALSE(text.empty()) << "no server runs: there is no " << file;
  return text;
}

inline std::string driver_file(const std::string& name) {
  for (const char* folder : {"/usr/lib/x86_64-linux-gnu/odbc/", "/usr/lib/aarch64-linux-gnu/odbc/"})
    if (std::filesystem::exists(folder + name)) return folder + name;
  ADD_FAILURE() << "the ODBC driver " << name << " is not installed";
  return name;
}

inline std::string postgresql_string() {
  const std::string text = content_of(UNDERPIN_BINARY_DIR "/postgres/connection");
  const std::string host = text.substr(5, text.find(' ') - 5);  // "host=… port=…"
  return "Driver=" + driver_file("psqlodbcw.so") + ";Server=" + host +
         ";Port=5432;Database=postgres;Uid=underpin";
}

inline std::string mariadb_string() {
  return "Driver=" + driver_file("libmaodbc.so") +
         ";SOCKET=" + content_of(UNDERPIN_BINARY_DIR "/mariadb/socket") +
         ";UID=root;DATABASE=mysql";
}

// Whom the tests write with; the library only reads.
class TestWriter {
 public:
  explicit TestWriter(std::string connection_string) {
    SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment_);
    SQLSetEnvAttr(environment_, SQL_ATTR_ODBC_VERSION, reinterpret_cast<SQLPOINTER>(SQLULEN{3}), 0);
    SQLAllocHandle(SQL_HANDLE_DBC, environment_, &connection_);
    const SQLRETURN opened =
        SQLDriverConnect(connection_, nullptr, reinterpret_cast<SQLCHAR*>(connection_string.data()),
                         SQL_NTS, nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT);
    EXPECT_TRUE(SQL_SUCCEEDED(opened)) << connection_string;
  }
  ~TestWriter() {
    SQLDisconnect(connection_);
    SQLFreeHandle(SQL_HANDLE_DBC, connection_);
    SQLFreeHandle(SQL_HANDLE_ENV, environment_);
  }
  TestWriter(const TestWriter&) = delete;
  TestWriter& operator=(const TestWriter&) = delete;

  void run(std::string sql) {
    SQLHSTMT statement = SQL_NULL_HSTMT;
    SQLAllocHandle(SQL_HANDLE_STMT, connection_, &statement);
    const SQLRETURN done =
        SQLExecDirect(statement, reinterpret_cast<SQLCHAR*>(sql.data()), SQL_NTS);
    EXPECT_TRUE(SQL_SUCCEEDED(done) || done == SQL_NO_DATA) << sql;
    SQLFreeHandle(SQL_HANDLE_STMT, statement);
  }

 private:
  SQLHENV environment_ = SQL_NULL_HENV;
  SQLHDBC connection_ = SQL_NULL_HDBC;
};

inline Settings settings_for(const std::string& connection_string) {
  Settings settings;
  settings.system = "erp";
  settings.connection_string = connection_string;
  settings.query_timeout_ms = 100'000;
  return settings;
}

}  // namespace underpin::legacy::odbc
