// What a person would ask Business Central: the adapter's own requests, without what it signs in
// with.
#include "cloud-adapters/business_central/described.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace underpin {
namespace embedded {
std::string_view business_central(std::string_view name);
}

namespace cloud::business_central {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

mapping::Mapping mapping_of(std::string_view file) {
  Result<mapping::Mapping> loaded = mapping::Mapping::load(embedded::business_central(file), file);
  if (!loaded) throw std::logic_error(loaded.error().message);
  return std::move(loaded).value();
}

Settings site() {
  Settings settings;
  settings.base_url = "https://bc.example";
  settings.company = "Contoso";
  settings.user = "secret-user";
  settings.password = "secret-password";
  settings.client_secret = "secret-client";
  return settings;
}

struct BcDescribed : testing::Test {
  explicit BcDescribed(const Settings& settings = site())
      : described(settings, "bc-de", mapping_of("stock_level.json"), mapping_of("price_entry.json"),
                  mapping_of("customer.json")) {}
  static void expect_no_secret(const std::vector<std::string>& said) {
    for (const std::string& one : said) EXPECT_THAT(one, Not(HasSubstr("secret")));
  }
  Described described;
};

TEST_F(BcDescribed, EveryReadIsACommandAfterTheCompanysId) {
  const auto customer = described.customer(CustomerNumber{"C10000"});
  ASSERT_EQ(customer.size(), 2u);
  EXPECT_THAT(customer[0], AllOf(StartsWith("# $BC_DE_COMPANY_ID is the id of Contoso in: curl"),
                                 HasSubstr("https://bc.example/api/v2.0/companies?")));
  EXPECT_THAT(customer[1], AllOf(StartsWith("curl -sS -u \"$BC_DE_USER:$BC_DE_PASSWORD\" "),
                                 HasSubstr("companies('\"$BC_DE_COMPANY_ID\"')/customers?"),
                                 HasSubstr("C10000")));
  expect_no_secret(customer);

  const auto order = described.order({{ChannelId{"web"}, OrderNumber{"1"}}, DocumentNumber{"S-1"}});
  ASSERT_EQ(order.size(), 2u);
  EXPECT_THAT(order[1], AllOf(HasSubstr("/salesOrders?"), HasSubstr("S-1")));
  const auto stock = described.stock({{Sku{"1000"}}, LocationCode{"EAST"}});
  ASSERT_EQ(stock.size(), 2u);
  EXPECT_THAT(stock[1], AllOf(HasSubstr("1000"), HasSubstr("EAST")));
  PriceQuery prices;
  prices.sku = Sku{"1000"};
  EXPECT_THAT(described.prices(prices).at(1), HasSubstr("1000"));
  QuoteRequest request;
  request.customer = CustomerNumber{"C10000"};
  QuoteLine line;
  line.sku = Sku{"1000"};
  line.quantity = Decimal::of(2);
  request.lines.push_back(line);
  const auto quote = described.quote(request);
  ASSERT_EQ(quote.size(), 2u);
  EXPECT_THAT(quote[1], AllOf(HasSubstr("--data-binary '{"), HasSubstr("\"itemNumber\":\"1000\""),
                              HasSubstr("Content-Type: application/json")));
  for (const auto& said : {order, stock, quote}) expect_no_secret(said);
}

struct BcDescribedWithOauth : BcDescribed {
  static Settings with_token() {
    Settings settings = site();
    settings.auth = AuthKind::oauth2;
    settings.token_url = "https://login.example/token";
    settings.company_id = "0b1c";
    return settings;
  }
  BcDescribedWithOauth() : BcDescribed(with_token()) {}
};

TEST_F(BcDescribed, ASearchIsTheFirstPageOfItsList) {
  CustomerQuery query;
  query.email = "Anna@example.com";
  const auto said = described.search(query);
  ASSERT_EQ(said.size(), 2u);
  EXPECT_THAT(said[1], AllOf(HasSubstr("/customers?"), HasSubstr("tolower%28email%29"),
                             HasSubstr("anna%40example.com"), HasSubstr("$orderby=number")));
  expect_no_secret(said);
}

TEST_F(BcDescribedWithOauth, ATokenIsAVariableAndNoneIsAskedFor) {
  const auto said = described.customer(CustomerNumber{"C10000"});
  ASSERT_EQ(said.size(), 1u);
  EXPECT_THAT(said[0], AllOf(HasSubstr("-H \"Authorization: Bearer $BC_DE_TOKEN\""),
                             HasSubstr("companies(0b1c)/customers?")));
  expect_no_secret(said);
}

}  // namespace
}  // namespace cloud::business_central
}  // namespace underpin
