#include "transport/secret.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace underpin::transport {
namespace {

TEST(Secret, IsTakenFromWhereItsNamePoints) {
  ::setenv("UNDERPIN_TEST_SECRET", "from the environment", 1);
  EXPECT_EQ(resolve_secret("env:UNDERPIN_TEST_SECRET").value(), "from the environment");
  const std::string path = ::testing::TempDir() + "underpin_secret.txt";
  std::ofstream(path) << "from a file\r\nsecond line\n";
  EXPECT_EQ(resolve_secret("file:" + path).value(), "from a file");
  std::filesystem::remove(path);
  EXPECT_EQ(resolve_secret("itself").value(), "itself");
}

TEST(Secret, ThatCannotBeFoundIsRefusedByName) {
  ::unsetenv("UNDERPIN_TEST_NONE");
  const auto missing = resolve_secret("env:UNDERPIN_TEST_NONE");
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ErrorCode::invalid_request);
  EXPECT_NE(missing.error().message.find("UNDERPIN_TEST_NONE"), std::string::npos);
  EXPECT_FALSE(resolve_secret("file:/no/such/file").has_value());
}

}  // namespace
}  // namespace underpin::transport
