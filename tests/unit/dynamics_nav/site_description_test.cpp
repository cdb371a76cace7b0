// What the adapter holds against a site's own description, and how it reads NAV's refusals.
#include "legacy-adapters/dynamics_nav/faults.h"
#include "legacy-adapters/dynamics_nav/settings.h"
#include "legacy-adapters/dynamics_nav/wsdl_check.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

namespace underpin::embedded {
std::string_view dynamics_nav(std::string_view name);
}

namespace underpin::legacy::dynamics_nav {
namespace {

using testing::Contains;
using testing::HasSubstr;

std::string wsdl(std::string_view service) {
  std::ifstream file(std::string(UNDERPIN_SOURCE_DIR) + "/legacy-adapters/dynamics_nav/wsdl/" +
                     std::string(service) + ".wsdl");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void replace(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

std::vector<std::string> wrong(const std::string& text, const Binding& binding) {
  std::vector<std::string> details;
  for (const Finding& finding : check_wsdl(text, binding))
    if (!finding.ok) details.push_back(finding.what + ": " + finding.detail);
  return details;
}

TEST(SiteWsdl, OfTheSampleSiteHasEverything) {
  for (const Binding* binding : all_bindings())
    EXPECT_THAT(wrong(wsdl(binding->service), *binding), testing::IsEmpty()) << binding->service;
}

TEST(SiteWsdl, WithoutAnOperationOrAnElementIsNamedForIt) {
  std::string text = wsdl("SalesOrder");
  replace(text, "name=\"Payment_Reference\" type", "name=\"Other\" type");
  replace(text, "<operation name=\"Delete\">", "<operation name=\"Remove\">");
  const auto details = wrong(text, sales_order_binding());
  EXPECT_THAT(details, Contains(HasSubstr("missing elements: Payment_Reference")));
  EXPECT_THAT(details, Contains(HasSubstr("SalesOrder.Delete: the operation is missing")));
  EXPECT_EQ(details.size(), 2U);
}

TEST(SiteWsdl, UnderAnotherNameOrUnreadableIsRefused) {
  EXPECT_THAT(wrong(wsdl("Customer"), sales_order_binding()), Contains(HasSubstr("namespace")));
  EXPECT_FALSE(wrong("<html>", sales_order_binding()).empty());
  EXPECT_FALSE(wrong("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", sales_order_binding()).empty());
}

TEST(Binding, RefusesAMemberThatTheServiceDoesNotDescribe) {
  Record order = Record::object();
  order.set("Key", "k");
  order.set("Sell_to_Custmer_No", "C1");
  Record request = Record::object();
  request.set("SalesOrder", order);
  for (const Operation& operation : sales_order_binding().operations)
    if (operation.name == "Update") {
      EXPECT_THROW(operation.encode(request), std::invalid_argument);
    }
}

TEST(Binding, KeepsEveryDigitOfAnAmountBothWays) {
  Record line = Record::object();
  line.set("Unit_Price", "12345678901234567.89000000000000000001");
  Record lines = Record::object();
  lines.set("Sales_Order_Line", Record::array({line}));
  Record order = Record::object();
  order.set("SalesLines", lines);
  Record request = Record::object();
  request.set("SalesOrder", order);
  for (const Operation& operation : sales_order_binding().operations) {
    if (operation.name != "Update") continue;
    std::string envelope = operation.encode(request);
    EXPECT_THAT(envelope, HasSubstr(">12345678901234567.89000000000000000001<"));
    replace(envelope, "navorder:Update", "navorder:Update_Result");
    const Record back = operation.decode(envelope);
    EXPECT_EQ(
        text_of(part(back.get("SalesOrder"), "SalesLines", "Sales_Order_Line").at(0), "Unit_Price"),
        "12345678901234567.89000000000000000001");
  }
}

class NavFault : public testing::Test {
 protected:
  ErrorCode code(const std::string& exception, const std::string& text) const {
    return faults_.error_of({"a:Microsoft.Dynamics.Nav." + exception, text}, "nav").code;
  }
  FaultTable faults_ = FaultTable::load(embedded::dynamics_nav("faults.json")).value();
};

TEST_F(NavFault, IsClassifiedInBothLanguagesAndIsNeverAnUnknownOutcome) {
  const std::string broker = "Service.WebServices.ServiceBrokerException";
  EXPECT_EQ(code(broker, "Ein anderer Benutzer hat den Datensatz geändert: „Verkaufskopf“"),
            ErrorCode::conflict);
  EXPECT_EQ(code(broker, "Other user has modified \"Sales Header\""), ErrorCode::conflict);
  EXPECT_EQ(code(broker, "The key \"x\" is not valid."), ErrorCode::internal);
  EXPECT_EQ(code("Types.Exceptions.NavCSideDuplicateKeyException", ""), ErrorCode::conflict);
  EXPECT_EQ(code("Types.Exceptions.NavCSideRecordNotFoundException", "weg"), ErrorCode::not_found);
  EXPECT_EQ(code("Types.Exceptions.NavNCLDialogException", "gesperrt"), ErrorCode::rejected);
  EXPECT_EQ(code("Types.Exceptions.NavTestFieldException", "Status muss gleich „Open“ sein"),
            ErrorCode::conflict);
  EXPECT_EQ(code("Something.New", "whatever"), ErrorCode::rejected);
  EXPECT_EQ(code("Something.New", "The Sales Line table is locked by another user."),
            ErrorCode::unavailable);
  EXPECT_FALSE(FaultTable::load(R"({"rules":[{"error":"outcome_unknown"}]})"));
  EXPECT_FALSE(FaultTable::load(R"({"rules":[{"error":"rejected","exceptoin":"x"}]})"));
}

TEST(NavFilter, TakesAValueLiterallyOrMatchesWhatIsNoOperator) {
  EXPECT_EQ(literal("WEB/1"), "'WEB/1'");
  EXPECT_EQ(literal("O'Hara"), "'O''Hara'");
  EXPECT_EQ(containing("a|b"), "@*a?b*");
  EXPECT_EQ(containing("*"), "@*?*");
  EXPECT_EQ(equal_but_case("a..b@c.de"), "@a.?b?c.de");
}

TEST(NavSettings, NameTheMemberThatIsWrong) {
  const auto settings = read_settings(
      R"({"soap":{"url":"http://x","company":"A","user":"u","password":"p","pool_size":0,"prot":1},
          "odbc":{"connection_string":"DSN=x"},"prices":{"folder":"d"},"page_size":1000})");
  ASSERT_FALSE(settings);
  std::vector<std::string> pointers;
  for (const FieldError& field : settings.error().fields) pointers.push_back(field.pointer);
  EXPECT_THAT(pointers,
              testing::UnorderedElementsAre("/soap/pool_size", "/soap/prot", "/page_size"));
}

TEST(NavSettings, PricesComeFromAFileOrFromTheTable) {
  const auto with = [](const std::string& prices) {
    return read_settings(
        R"({"soap":{"url":"http://x","company":"A","user":"u","password":"p"},
            "odbc":{"connection_string":"DSN=x"},"prices":)" +
        prices + "}");
  };
  const auto table = with(R"({"table":true})");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_TRUE(table->prices.table);
  for (const char* wrong : {R"({})", R"({"table":true,"folder":"d"})"}) {
    const auto refused = with(wrong);
    ASSERT_FALSE(refused) << wrong;
    ASSERT_EQ(refused.error().fields.size(), 1U) << wrong;
    EXPECT_EQ(refused.error().fields[0].pointer, "/prices/folder") << wrong;
  }
}

}  // namespace
}  // namespace underpin::legacy::dynamics_nav
