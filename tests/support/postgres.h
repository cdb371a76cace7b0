#pragma once

#include "facade/journal/journal.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

// The PostgreSQL that ctest starts for the tests which need one (fixture `postgres`). Without it
// such a test fails: run it through ctest, or start one with tests/support/postgres.py.
namespace underpin::test_support {

inline std::string postgres_connection(const std::string& folder = UNDERPIN_BINARY_DIR
                                       "/postgres") {
  std::ifstream file(folder + "/connection");
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_FALSE(text.empty()) << "no PostgreSQL runs: tests/support/postgres.py start " << folder;
  return text;
}

inline int postgres_tool(const std::string& what, const std::string& folder) {
  return std::system(
      (std::string(UNDERPIN_PYTHON " " UNDERPIN_SOURCE_DIR "/tests/support/postgres.py ") + what +
       " '" + folder + "'")
          .c_str());
}

// A schema of a test's own in it.
inline facade::journal::PostgresSettings own_schema() {
  static std::atomic<int> count{0};
  facade::journal::PostgresSettings settings;
  settings.connection = postgres_connection();
  settings.schema = "t" + std::to_string(::getpid()) + "_" + std::to_string(++count) + "_" +
                    std::to_string(std::chrono::steady_clock::now().time_since_epoch().count());
  return settings;
}

}  // namespace underpin::test_support
