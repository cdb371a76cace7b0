#include "facade/telemetry/log.h"

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace underpin::facade::telemetry {
namespace {

class LogFile : public testing::Test {
 protected:
  LogFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "underpin-log-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~LogFile() override { std::filesystem::remove_all(folder_); }

  std::string file() const { return (folder_ / "underpin.log").string(); }
  std::vector<nlohmann::json> lines() const {
    std::vector<nlohmann::json> parsed;
    std::ifstream input(file());
    for (std::string line; std::getline(input, line);)
      parsed.push_back(nlohmann::json::parse(line));
    return parsed;
  }

  std::filesystem::path folder_;
};

TEST(LogLine, IsOneJsonObjectInAFixedOrder) {
  EXPECT_EQ(log_line(1'772'360'130'123'456, Level::warning, "stock \"drifts\"", "c-1",
                     {{"sku", "1000"}, {"attempt", 3}, {"mirror", true}}),
            "{\"ts\":\"2026-03-01T10:15:30.123456Z\",\"level\":\"warning\","
            "\"msg\":\"stock \\\"drifts\\\"\",\"correlation_id\":\"c-1\",\"sku\":\"1000\","
            "\"attempt\":3,\"mirror\":true}");
}

TEST(LogLine, LeavesOutACorrelationIdThatIsNotThere) {
  EXPECT_EQ(nlohmann::json::parse(log_line(0, Level::info, "m", "", {})).count("correlation_id"),
            0U);
}

TEST(LogLine, IsValidJsonForAnyBytes) {
  for (int first = 0; first < 256; ++first) {
    for (const char* rest : {"", "\x80", "\xBF\xBF", "\x80\x80\x80", "a", "\n"}) {
      const std::string text = std::string(1, static_cast<char>(first)) + rest;
      const auto parsed =
          nlohmann::json::parse(log_line(0, Level::info, text, text, {{text, text}}));
      EXPECT_FALSE(parsed.at("msg").get<std::string>().empty());
    }
  }
}

TEST(LogLine, WritesNoSecrets) {
  const std::string line = log_line(0, Level::info, "m", "c",
                                    {{"Authorization", "Bearer abc"},
                                     {"X-API-Key", "abc"},
                                     {"apiKey", std::string("abc")},
                                     {"client_secret", "abc"},
                                     {"db_password", "abc"},
                                     {"access_token", 4711},
                                     {"Set-Cookie", "abc"},
                                     {"idempotency_key", "kept"}});
  EXPECT_EQ(line.find("abc"), std::string::npos);
  EXPECT_EQ(line.find("4711"), std::string::npos);
  EXPECT_NE(line.find("kept"), std::string::npos);
}

TEST(LogLine, CutsTextThatHasNoEnd) {
  const std::string line = log_line(0, Level::info, std::string(1'000'000, 'x'), "c", {});
  EXPECT_LT(line.size(), 10'000U);
  EXPECT_NE(line.find("(cut)"), std::string::npos);
  EXPECT_TRUE(nlohmann::json::accept(line));
}

TEST(LogLevel, IsNamedAndParsed) {
  for (const Level level : {Level::debug, Level::info, Level::warning, Level::error})
    EXPECT_EQ(parse_level(name(level)), level);
  EXPECT_FALSE(parse_level("loud").has_value());
}

TEST_F(LogFile, HasEveryLineOfItsLevelAndAboveInOrderWhenTheLogIsGone) {
  LogSettings settings;
  settings.file = file();
  settings.level = Level::warning;
  {
    const auto log = Log::open(settings);
    ASSERT_TRUE(log.has_value());
    EXPECT_FALSE((*log)->enabled(Level::info));
    (*log)->info("not this");
    for (int i = 0; i < 1'000; ++i) (*log)->error("this", "c", {{"i", i}});
  }
  const auto written = lines();
  ASSERT_EQ(written.size(), 1'000U);
  for (std::size_t i = 0; i < written.size(); ++i) {
    EXPECT_EQ(written[i].at("i"), i);
    EXPECT_EQ(written[i].at("level"), "error");
  }
}

TEST_F(LogFile, IsAppendedToAndNeverMixesLinesOfThreads) {
  LogSettings settings;
  settings.file = file();
  for (int round = 0; round < 2; ++round) {
    const auto log = Log::open(settings);
    ASSERT_TRUE(log.has_value());
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&log, t] {
        for (int i = 0; i < 200; ++i) (*log)->info("line", "c", {{"thread", t}});
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(lines().size(), 1'600U);
}

TEST_F(LogFile, AccountsForEveryLineThatDidNotFit) {
  LogSettings settings;
  settings.file = file();
  settings.queue_limit = 4;
  std::uint64_t dropped = 0;
  {
    const auto log = Log::open(settings);
    ASSERT_TRUE(log.has_value());
    for (int i = 0; i < 20'000; ++i) (*log)->info("line");
    dropped = (*log)->dropped();
  }
  EXPECT_EQ(lines().size() + dropped, 20'000U);
}

TEST_F(LogFile, ThatCannotBeOpenedIsNamed) {
  LogSettings settings;
  settings.file = (folder_ / "underpin.log").string();
  std::filesystem::create_directory(settings.file);
  const auto log = Log::open(settings);
  ASSERT_FALSE(log.has_value());
  EXPECT_NE(log.error().message.find(settings.file), std::string::npos);
}

}  // namespace
}  // namespace underpin::facade::telemetry
