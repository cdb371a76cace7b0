#include "facade/api/channel_api.h"
#include "tests/unit/facade/facade_fixture.h"
#include "tests/unit/facade/returns/small_returns.h"

#include <gmock/gmock.h>

namespace underpin::facade::test {
namespace {

using testing::HasSubstr;

struct ReturnsApi : FacadeFixture {
  ReturnsApi() {
    legacy().return_desk = &in_legacy;
    legacy().add_customer(customer("C1"));
  }
  SmallReturns in_legacy{"SR-"};
};

TEST_F(ReturnsApi, RefusesWhatBreaksARuleBeforeAnybodyIsAsked) {
  ASSERT_EQ(facade->orders().place(order("1"), write("k0")).status, 201);
  settle();
  legacy().ship(order("1").id);
  const auto call = [&](const std::string& body, std::optional<std::string> key) {
    for (const api::ApiRoute& route : api::channel_routes(*facade)) {
      if (route.operation != "return_order") continue;
      api::ApiCall asked;
      asked.params["number"] = "1";
      asked.channel = ChannelId{"web"};
      asked.body = body;
      asked.idempotency_key = std::move(key);
      return route.handler(asked);
    }
    return Answer{};
  };
  const std::string good =
      R"({"number": "R-1", "returnDate": "2026-11-28",
          "lines": [{"number": 1, "quantity": "1", "reason": "DAMAGED"}]})";
  EXPECT_EQ(call(good, std::nullopt).status, 400);
  const Answer no_reason = call(R"({"number": "R-1", "returnDate": "2026-11-28",
               "lines": [{"number": 1, "quantity": "1"}]})",
                                "k1");
  EXPECT_EQ(no_reason.status, 422);
  EXPECT_THAT(no_reason.body, HasSubstr("reason"));
  EXPECT_EQ(in_legacy.calls("place_return"), 0);
  EXPECT_EQ(call(good, "k1").status, 201);
}

}  // namespace
}  // namespace underpin::facade::test
