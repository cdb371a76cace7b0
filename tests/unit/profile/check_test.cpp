#include "legacy-adapters/sql_profile/statements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

namespace underpin {
void PrintTo(const ProfileFault& fault, std::ostream* out) {
  *out << fault.file << " " << fault.pointer << ": " << fault.rule;
}
}  // namespace underpin

// What `underpin profile check` says: the file, the place in it, the rule.
namespace underpin::legacy::sql_profile {
namespace {

using profile::Fault;
using profile::Files;
using profile::Profile;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

const std::string example = UNDERPIN_SOURCE_DIR "/docs/adapters/examples/northgate";

Files northgate() { return profile::read_files(example).files; }

std::vector<Fault> faults_of(const Files& files) { return Profile::read(files, SqlKind{}).faults; }

void replace(std::string& text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  ASSERT_NE(at, std::string::npos) << what;
  text.replace(at, what.size(), with);
}

// The example with one change, which makes these faults.
std::vector<Fault> after(const std::string& file, const std::string& what,
                         const std::string& with) {
  Files files = northgate();
  replace(files.at(file), what, with);
  return faults_of(files);
}

TEST(Check, TheExampleIsValidAndOffersEverything) {
  const auto loaded = Profile::load(example, SqlKind{});
  EXPECT_THAT(loaded.faults, IsEmpty());
  ASSERT_NE(loaded.profile, nullptr);
  EXPECT_EQ(loaded.profile->descriptor().idempotency, IdempotencyMode::lookup);
  EXPECT_EQ(loaded.profile->descriptor().delta, DeltaMode::timestamp);
  for (const Capability capability : all_capabilities)
    EXPECT_TRUE(loaded.profile->offers(capability));
}

TEST(Check, AFolderThatIsNotThereIsSaid) {
  const auto loaded = Profile::load("/nowhere/at/all", SqlKind{});
  EXPECT_EQ(loaded.profile, nullptr);
  EXPECT_THAT(loaded.faults, ElementsAre(Fault{"", "", "/nowhere/at/all is no folder"}));
}

TEST(Check, TextThatIsNoJsonIsNamedByItsFile) {
  Files files = northgate();
  files["tables.json"] = "{";
  const auto faults = faults_of(files);
  ASSERT_FALSE(faults.empty());
  EXPECT_EQ(faults[0].file, "tables.json");
}

TEST(Check, ANameThatNothingGivesIsNamedAtItsStatement) {
  EXPECT_THAT(after("operations/find_receipt.json", ":reference", ":refrence"),
              ElementsAre(Fault{"operations/find_receipt.json", "/sql/statements/0/text",
                                ":refrence is given by neither the request's mapping nor an "
                                "earlier statement"}));
}

TEST(Check, AnAnswerThatNoColumnGivesIsNamed) {
  EXPECT_THAT(after("operations/find_adjustment.json", "\"columns\": [\"entry\"",
                    "\"columns\": [\"entri\""),
              ElementsAre(Fault{"operations/find_adjustment.json", "/answer",
                                "reads entry, which no statement gives as a column"}));
}

TEST(Check, AMemberThatIsNeitherMappedNorRefusedNorIgnoredIsNamed) {
  EXPECT_THAT(after("operations/place_order.json", "\"ignore\": [\"/payments\"]", "\"ignore\": []"),
              Contains(Fault{"operations/place_order.json", "/request",
                             "must map /payments/*/id, or \"ignore\" or \"refuse\" must name it"}));
  EXPECT_THAT(after("operations/place_order.json", "/lines", "/linez"),
              Contains(Fault{"operations/place_order.json", "/request/14/fields/0/canonical",
                             "/linez/*/number is no member of this operation's request"}));
}

TEST(Check, AnAnswerThatLacksWhatIsNeededIsNamed) {
  EXPECT_THAT(after("operations/get_stock.json", "\"/onHand\"", "\"/available\""),
              ElementsAre(Fault{"operations/get_stock.json", "/answer", "must map /onHand"}));
}

TEST(Check, AMappingsOwnRulesKeepTheirPlaces) {
  EXPECT_THAT(after("operations/get_customer.json", "\"customer_kind\"", "\"no_table\""),
              Contains(Fault{"operations/get_customer.json", "/answer/12/table",
                             "is not a table of this file"}));
  EXPECT_THAT(after("operations/get_customer.json", "{\"as\": \"text\"", "{\"as\": \"texd\""),
              Contains(testing::Field(&Fault::pointer, "/request/0/as")));
}

TEST(Check, AReadThatWritesIsRefused) {
  EXPECT_THAT(after("operations/find_receipt.json", "\"SELECT ", "\"DELETE "),
              Contains(Fault{"operations/find_receipt.json", "/sql/statements/0/text",
                             "must begin with SELECT or WITH: nothing is written here"}));
}

TEST(Check, AReadThatWritesBehindItsBeginningIsRefused) {
  EXPECT_THAT(after("operations/price_list_state.json", "\"SELECT ",
                    "\"WITH gone AS (DELETE FROM t RETURNING a) SELECT "),
              ElementsAre(Fault{"operations/price_list_state.json", "/sql/statements/0/text",
                                "must not hold DELETE: nothing is written here, and a read may be "
                                "repeated"}));
}

TEST(Check, AChangeMustSayHowManyRowsItMeets) {
  for (const char* name : {"cancel_order", "release_order", "block_order", "change_customer"}) {
    const std::string file = "operations/" + std::string(name) + ".json";
    const char* const expect = "\"expect\": {\"rows\": 1, ";
    EXPECT_THAT(after(file, expect, "\"expect\": {"),
                Contains(Fault{file, "/sql/statements/0/expect/rows",
                               "must be there, or at_least, and not both"}));
    EXPECT_THAT(after(file, expect, "\"expect\": {\"at_least\": 0, "), IsEmpty());
    EXPECT_THAT(after(file, "\"expect\"", "\"note\""),
                Contains(Fault{file, "/sql/statements/0/expect",
                               "must be there: what meets no row would be taken for done"}));
  }
}

TEST(Check, AWriteDoesNotEndItsTransaction) {
  for (const char* word : {"COMMIT", "commit", "BEGIN", "ROLLBACK", "CREATE TABLE x AS"})
    EXPECT_THAT(after("operations/adjust_stock.json", "INSERT INTO", word),
                Contains(testing::AllOf(
                    testing::Field(&Fault::pointer, "/sql/statements/0/text"),
                    testing::Field(&Fault::rule, testing::StartsWith("must begin with INSERT")))));
}

TEST(Check, WhatIsMappedAndThenNotSaidIsNamed) {
  EXPECT_THAT(after("operations/place_order.json", "CAST(:discount AS numeric)", "0"),
              ElementsAre(Fault{"operations/place_order.json", "/request",
                                "maps to lines/discount, which no statement names: \"ignore\" says "
                                "that the ERP does not keep a member"}));
  EXPECT_THAT(after("operations/list_stock.json", ":limit", "100"),
              ElementsAre(testing::Field(&Fault::rule, testing::HasSubstr("limit"))));
}

TEST(Check, AListKeepsItsLimit) {
  EXPECT_THAT(
      after("operations/list_stock.json", "\"request\"", "\"ignore\": [\"/limit\"], \"request\""),
      ElementsAre(Fault{"operations/list_stock.json", "/ignore",
                        "must not name /limit: a page that is not full ends the list"}));
}

TEST(Check, ANameOfAnItemIsNobodyElses) {
  Files files = northgate();
  std::string& text = files.at("operations/place_order.json");
  replace(text, "\"vendor\": \"line_wanted\"", "\"vendor\": \"wanted\"");
  replace(text, ":line_wanted", ":wanted");
  EXPECT_THAT(faults_of(files),
              ElementsAre(Fault{"operations/place_order.json", "/sql/statements/1/text",
                                ":wanted is a name of the items of lines and another's"}));
}

TEST(Check, WhatOneOfManyItemsGaveIsNoName) {
  EXPECT_THAT(
      after("operations/place_order.json", "\"expect\": {\"rows\": 1}", "\"each\": \"charges\""),
      Contains(Fault{"operations/place_order.json", "/sql/statements/1/text",
                     ":order_type is given by neither the request's mapping nor an earlier "
                     "statement"}));
}

TEST(Check, WhatIsNotOfferedNeedsAReason) {
  Files files = northgate();
  files.erase("operations/quote.json");
  EXPECT_THAT(faults_of(files),
              ElementsAre(Fault{"profile.json", "/not_offered",
                                "must say why there is no operations/quote.json"}));
  replace(files["profile.json"], "\"name\"",
          "\"not_offered\": {\"quote\": \"prices are read from the list\"}, \"name\"");
  const auto loaded = Profile::read(files, SqlKind{});
  EXPECT_THAT(loaded.faults, IsEmpty());
  ASSERT_NE(loaded.profile, nullptr);
  EXPECT_EQ(loaded.profile->operation("quote"), nullptr);
  EXPECT_EQ(loaded.profile->why_not("quote"), "prices are read from the list");
}

TEST(Check, AWriteThatCouldNotBeRecognisedAgainIsNotOffered) {
  Files files = northgate();
  files.erase("operations/find_receipt.json");
  replace(files["profile.json"], "\"name\"",
          "\"not_offered\": {\"find_receipt\": \"there is no such field\"}, \"name\"");
  EXPECT_THAT(faults_of(files),
              ElementsAre(Fault{"operations/place_order.json", "",
                                "needs operations/find_receipt.json: without it a write could "
                                "not be recognised again"}));
}

TEST(Check, AReadOnlyProfileIsAProfile) {
  Files files = northgate();
  std::string none;
  for (const profile::OperationShape& shape : profile::operation_shapes()) {
    if (!shape.writes) continue;
    files.erase("operations/" + std::string(shape.name) + ".json");
    none += (none.empty() ? "\"" : ", \"") + std::string(shape.name) + "\": \"read only\"";
  }
  replace(files["profile.json"], "\"name\"", "\"not_offered\": {" + none + "}, \"name\"");
  const auto loaded = Profile::read(files, SqlKind{});
  EXPECT_THAT(loaded.faults, IsEmpty());
  ASSERT_NE(loaded.profile, nullptr);
  EXPECT_TRUE(loaded.profile->offers(Capability::orders));
  EXPECT_EQ(loaded.profile->why_not("place_order"), "read only");
}

TEST(Check, WhatBelongsElsewhereIsNamed) {
  Files files = northgate();
  files["operations/get_orders.json"] = R"({"operation": "get_orders", "sql": {}})";
  files["extra.json"] = "{}";
  const auto faults = faults_of(files);
  EXPECT_THAT(faults, Contains(Fault{"operations/get_orders.json", "/operation",
                                     "is no operation of a profile"}));
  EXPECT_THAT(faults, Contains(testing::Field(&Fault::file, "extra.json")));
  EXPECT_THAT(after("operations/quote.json", "\"quote\"", "\"get_stock\""),
              Contains(Fault{"operations/quote.json", "/operation",
                             "must be the file's name, without .json"}));
  EXPECT_THAT(after("profile.json", "\"sql\"", "\"soap\""),
              Contains(testing::AllOf(testing::Field(&Fault::file, "profile.json"),
                                      testing::Field(&Fault::pointer, "/kind"))));
}

TEST(Check, StatementsThatDoNotFitTogetherAreNamed) {
  const std::string order = "operations/get_order.json";
  EXPECT_THAT(after(order, "\"rows_if\": \"line\"", "\"rows_if\": \"lin\""),
              Contains(Fault{order, "/sql/statements/0/rows_if", "lin is none of the columns"}));
  EXPECT_THAT(after(order, "\"for_each\": true", "\"for_each\": false"),
              Contains(Fault{order, "/sql/statements/1/match",
                             "must be there, or for_each, and not both"}));
  EXPECT_THAT(after("operations/place_order.json", "\"each\": \"lines\"", "\"each\": \"line\""),
              Contains(Fault{"operations/place_order.json", "/sql/statements/1/each",
                             "line is no list of the request's mapping"}));
  EXPECT_THAT(after("operations/adjust_stock.json", "\"failed\": [\"E\"]", "\"failed\": [\"D\"]"),
              ElementsAre(Fault{"operations/adjust_stock.json", "/sql/poll/failed",
                                "D is a state of what has been done, too"}));
}

}  // namespace
}  // namespace underpin::legacy::sql_profile
