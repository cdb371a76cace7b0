#include "facade/put_aside.h"

#include "tests/unit/facade/facade_fixture.h"

#include <gmock/gmock.h>

namespace underpin::facade::test {
namespace {

using testing::HasSubstr;

struct PutAsideTest : FacadeFixture {
  PutAsideTest() {
    legacy().aside["STK7.1.refused"] = {
        Capability::inventory, "STK7.TXT", false, {"line 3: level, QTY: is no number"}};
  }
  int raise() {
    return raise_put_aside(facade->journal(), facade->systems(), Side::legacy, "default",
                           Timestamp{clock});
  }
};

TEST_F(PutAsideTest, EachFileIsAnExceptionOnceAndSaysWhereWhatAndWhy) {
  EXPECT_EQ(raise(), 1);
  EXPECT_EQ(raise(), 0);
  ASSERT_EQ(exceptions().size(), 1u);
  const journal::ExceptionRecord one = exceptions()[0];
  EXPECT_EQ(one.kind, "put_aside");
  EXPECT_EQ(one.capability, Capability::inventory);
  EXPECT_EQ(one.subject, "STK7.TXT");
  EXPECT_EQ(one.side, Side::legacy);
  EXPECT_THAT(one.detail, HasSubstr("1 records of file STK7.TXT"));
  EXPECT_THAT(one.detail, HasSubstr("line 3: level, QTY: is no number"));
  EXPECT_EQ(json::parse(one.payload)->get("records").items().at(0).text(),
            "line 3: level, QTY: is no number");
}

TEST_F(PutAsideTest, WhatAPersonHasClosedStaysClosedWhileTheFileLiesThere) {
  EXPECT_EQ(raise(), 1);
  ASSERT_TRUE(facade->discard_exception(exceptions()[0].id, "ada", "counted by hand"));
  open();
  EXPECT_EQ(raise(), 0);
  EXPECT_TRUE(exceptions().empty());
  legacy().aside["STK8.2.reason"] = {
      Capability::inventory, "STK8.TXT", true, {"line 9: the trailer says 8 records"}};
  EXPECT_EQ(raise(), 1);
  EXPECT_THAT(exceptions()[0].detail, HasSubstr("file STK8.TXT of nav was not taken in"));
}

}  // namespace
}  // namespace underpin::facade::test
