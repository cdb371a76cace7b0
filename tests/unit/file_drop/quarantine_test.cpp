#include "legacy-adapters/transport/file_drop/quarantine.h"

#include "tests/unit/file_drop/drop_folders.h"

#include <gmock/gmock.h>

#include <fstream>

namespace underpin::legacy::file_drop {
namespace {

using testing::ElementsAre;

class QuarantineTest : public FileDrop {
 protected:
  void put(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(root_ / "drop" / "quarantine");
    std::ofstream(root_ / "drop" / "quarantine" / name) << text;
  }
  Quarantine quarantine() const {
    return {root_ / "drop", [](std::string_view name) {
              return name.starts_with("STK") ? Capability::inventory : Capability::orders;
            }};
  }
};

TEST_F(QuarantineTest, TellsFilesAndRecordsAndNothingElse) {
  put("STK7.TXT@1", "content");
  put("STK7.TXT@1.reason", "STK7.TXT\nline 9: the trailer says 8 records\n");
  put("STS1.TXT.0badc0de.refused", "STS1.TXT line 2: answer, SEQ: unknown\nand 3 more\n");
  EXPECT_THAT(quarantine().names(), ElementsAre("STK7.TXT@1.reason", "STS1.TXT.0badc0de.refused"));
  const auto file = quarantine().tell("STK7.TXT@1.reason");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_TRUE(file->whole);
  EXPECT_EQ(file->file, "STK7.TXT");
  EXPECT_EQ(file->capability, Capability::inventory);
  EXPECT_THAT(file->records, ElementsAre("line 9: the trailer says 8 records"));
  const auto records = quarantine().tell("STS1.TXT.0badc0de.refused");
  ASSERT_TRUE(records);
  EXPECT_FALSE(records->whole);
  EXPECT_EQ(records->file, "STS1.TXT");
  EXPECT_EQ(records->records.size(), 2U);
}

TEST_F(QuarantineTest, WhatSomebodyTookAwayIsNotFound) {
  EXPECT_EQ(quarantine().tell("STK7.TXT@1.reason").error().code, ErrorCode::not_found);
  EXPECT_EQ(quarantine().tell("../secret.reason").error().code, ErrorCode::not_found);
  EXPECT_TRUE(quarantine().names().empty());
}

}  // namespace
}  // namespace underpin::legacy::file_drop
