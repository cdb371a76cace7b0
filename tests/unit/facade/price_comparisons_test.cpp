// What a comparison of prices is about: an answer to another question says nothing of it.
#include "tests/unit/facade/facade_fixture.h"

namespace underpin::facade::test {
namespace {

QuoteRequest request(const std::string& sku, const std::string& quantity = "1") {
  QuoteRequest request;
  request.customer = CustomerNumber{"C1"};
  request.currency = "EUR";
  QuoteLine line;
  line.number = 1;
  line.sku = Sku{sku};
  line.uom = "PCS";
  line.quantity = *Decimal::parse(quantity);
  request.lines.push_back(line);
  return request;
}

struct PriceComparisons : FacadeFixture {
  PriceComparisons() { open(); }
  std::string subject(const QuoteRequest& asked) {
    const auto check = facade->pricing().check_of(asked, Side::legacy, context());
    return check ? check->subject : check.error().message;
  }
  std::string subject(const PriceQuery& asked) {
    return facade->pricing().check_of(asked, Side::legacy, context()).subject;
  }
};

TEST_F(PriceComparisons, AQuoteIsAboutWhatWasAsked) {
  const std::string one = subject(request("1000"));
  EXPECT_EQ(one.find("C1"), 0U) << "whose it is can be read";
  EXPECT_NE(one, subject(request("2000")));
  EXPECT_NE(one, subject(request("1000", "10")));
  QuoteRequest two = request("1000");
  two.lines.push_back(request("2000").lines[0]);
  EXPECT_NE(one, subject(two));
  QuoteRequest dollars = request("1000");
  dollars.currency = "USD";
  EXPECT_NE(one, subject(dollars));
  // Asked again later it is the same question.
  QuoteRequest later = request("1000");
  later.at = Timestamp{clock};
  EXPECT_EQ(one, subject(later));
  QuoteRequest many = request("1000");
  for (int i = 0; i < 100; ++i) many.lines.push_back(request(std::to_string(i)).lines[0]);
  EXPECT_LT(subject(many).size(), 160U);
  QuoteRequest others = many;
  others.lines.back().sku = Sku{"other"};
  EXPECT_NE(subject(many), subject(others));
}

TEST_F(PriceComparisons, PricesOfAnArticleAreAboutWhomTheyAreFor) {
  PriceQuery all;
  all.sku = Sku{"1000"};
  PriceQuery own = all;
  own.customer = CustomerNumber{"C1"};
  PriceQuery few = all;
  few.limit = 3;
  EXPECT_EQ(subject(all), "1000");
  EXPECT_NE(subject(all), subject(own));
  EXPECT_NE(subject(all), subject(few));
}

}  // namespace
}  // namespace underpin::facade::test
