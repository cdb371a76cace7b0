#pragma once

#include "legacy-adapters/transport/odbc/odbc.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace underpin::legacy::odbc {

// A SQLite file of its own, filled by the test, read through unixODBC.
class SampleDatabase {
 public:
  SampleDatabase() {
    std::string pattern = (std::filesystem::temp_directory_path() / "odbc-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    sqlite3_open(path().c_str(), &writer_);
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=OFF");  // Speed: this file need not survive anything.
  }
  ~SampleDatabase() {
    sqlite3_close(writer_);
    std::filesystem::remove_all(folder_);
  }
  SampleDatabase(const SampleDatabase&) = delete;
  SampleDatabase& operator=(const SampleDatabase&) = delete;

  std::string path() const { return folder_ / "erp.db"; }

  void run(const std::string& sql) {
    char* message = nullptr;
    const int code = sqlite3_exec(writer_, sql.c_str(), nullptr, nullptr, &message);
    EXPECT_EQ(code, SQLITE_OK) << (message != nullptr ? message : "") << " in " << sql;
    sqlite3_free(message);
  }

  Settings settings() const {
    Settings settings;
    settings.system = "nav";
    settings.connection_string = "Driver=" + driver() + ";Database=" + path();
    return settings;
  }

  // By path: a test must not depend on the machine's odbcinst.ini.
  static std::string driver() {
    for (const char* place :
         {"/usr/lib/x86_64-linux-gnu/odbc/libsqlite3odbc.so",
          "/usr/lib/aarch64-linux-gnu/odbc/libsqlite3odbc.so", "/usr/lib/odbc/libsqlite3odbc.so"})
      if (std::filesystem::exists(place)) return place;
    return "SQLite3";
  }

 private:
  std::filesystem::path folder_;
  sqlite3* writer_ = nullptr;
};

inline Deadline in_ms(int ms) {
  return std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
}

}  // namespace underpin::legacy::odbc
