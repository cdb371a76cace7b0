// What a person would ask NAV: the adapter's own requests, without what it signs in with.
#include "legacy-adapters/dynamics_nav/described.h"

#include "legacy-adapters/dynamics_nav/failure.h"
#include "legacy-adapters/dynamics_nav/inventory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace underpin {
namespace embedded {
std::string_view dynamics_nav(std::string_view name);
}

namespace legacy::dynamics_nav {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

struct NavDescribed : testing::Test {
  NavDescribed() {
    settings.soap.url = "https://nav.example:7047";
    settings.soap.company = "CRONUS";
    settings.soap.user = "secret-user";
    settings.soap.password = "secret-password";
  }
  Described described() const {
    return {settings, "nav", mappings,
            must(FaultTable::load(embedded::dynamics_nav("faults.json"))), SqlNames{}};
  }
  Settings settings;
  Mappings mappings = must(load_mappings());
};

TEST_F(NavDescribed, ACustomerIsReadFromItsPage) {
  const auto said = described().customer(CustomerNumber{"C10000"});
  EXPECT_THAT(said,
              ElementsAre(AllOf(
                  StartsWith("curl -sS -u \"$NAV_USER:$NAV_PASSWORD\" "),
                  HasSubstr("'https://nav.example:7047/DynamicsNAV90/WS/CRONUS/Page/Customer'"),
                  HasSubstr("SOAPAction: \"urn:microsoft-dynamics-schemas/page/customer:Read\""),
                  HasSubstr(">C10000<"), Not(HasSubstr("secret")))));
}

TEST_F(NavDescribed, AnOrderIsReadByItsNumberOrByItsReference) {
  const auto by_number = described().order({{}, DocumentNumber{"SO-100001"}});
  ASSERT_EQ(by_number.size(), 2u);
  EXPECT_THAT(by_number[0], AllOf(HasSubstr("/Page/SalesOrder'"), HasSubstr(":Read\""),
                                  HasSubstr(">SO-100001<"), Not(HasSubstr("secret"))));
  EXPECT_THAT(by_number[1], StartsWith("# "));
  const auto by_reference =
      described().order({{ChannelId{"web"}, OrderNumber{"100042"}}, DocumentNumber{}});
  ASSERT_FALSE(by_reference.empty());
  EXPECT_THAT(by_reference[0], AllOf(HasSubstr(":ReadMultiple\""),
                                     HasSubstr("External_Document_No"), HasSubstr("100042")));
}

TEST_F(NavDescribed, StockIsTheStatementWithItsValuesInTheirPlaces) {
  const auto said = described().stock({{Sku{"1000"}}, LocationCode{"EAST'S"}});
  ASSERT_EQ(said.size(), 1u);
  EXPECT_THAT(said[0], AllOf(StartsWith("printf '%s\\n' 'SELECT "),
                             HasSubstr(" | isql -b \"$NAV_DSN\" \"$NAV_SQL_USER\" "
                                       "\"$NAV_SQL_PASSWORD\"")));
  SqlNames names;
  names.company = "A?B";  // A name is no place for a value.
  const std::string question = stock_question(names, {{Sku{"1000"}}, LocationCode{"EAST'S"}});
  EXPECT_THAT(question,
              AllOf(HasSubstr("[No_] IN ('1000')"), HasSubstr("= 'EAST''S'"), HasSubstr("[A?B$")));
  // MariaDB alone reads a backslash in a text as more than itself.
  const StockQuery odd{{Sku{"A\\B"}}, LocationCode{"EAST"}};
  EXPECT_THAT(stock_question(SqlNames{}, odd), HasSubstr("IN ('A\\B')"));
  SqlNames mariadb;
  mariadb.quote = "``";
  EXPECT_THAT(stock_question(mariadb, odd), HasSubstr("IN ('A\\\\B')"));
  const std::string whole = stock_question(SqlNames{}, {{}, std::nullopt});
  EXPECT_THAT(whole, AllOf(Not(HasSubstr("?")), Not(HasSubstr("IN ("))));
}

TEST_F(NavDescribed, ASearchIsTheFirstPageOfItsList) {
  CustomerQuery query;
  query.email = "anna@example.com";
  const auto said = described().search(query);
  ASSERT_EQ(said.size(), 2u);
  EXPECT_THAT(said[0], AllOf(StartsWith("curl "), HasSubstr(":ReadMultiple\""), HasSubstr("E_Mail"),
                             HasSubstr(">@anna?example.com<"), Not(HasSubstr("secret"))));
  EXPECT_THAT(said[1], StartsWith("# "));
}

TEST_F(NavDescribed, NothingIsToldOfWhatIsNotAsked) {
  EXPECT_THAT(described().customer(CustomerNumber{std::string(21, '9')}), IsEmpty());
}

}  // namespace
}  // namespace legacy::dynamics_nav
}  // namespace underpin
