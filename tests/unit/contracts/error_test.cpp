#include "contracts/error.h"

#include "contracts/capability.h"
#include "contracts/result.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace underpin {
namespace {

TEST(Error, TheTenCodesAreReadBackByName) {
  int count = 0;
  for (const char* text :
       {"invalid_request", "not_found", "conflict", "rejected", "unsupported", "unauthorized",
        "throttled", "unavailable", "outcome_unknown", "internal"}) {
    ErrorCode code = ErrorCode::internal;
    ASSERT_TRUE(parse(text, code)) << text;
    EXPECT_EQ(name(code), text);
    EXPECT_EQ(static_cast<int>(code), count++);
  }
  ErrorCode code = ErrorCode::conflict;
  EXPECT_FALSE(parse("Conflict", code));
  EXPECT_EQ(code, ErrorCode::conflict);
}

TEST(Error, EveryCodeHasOneDisposition) {
  const std::map<ErrorCode, Disposition> expected{
      {ErrorCode::invalid_request, Disposition::answer_caller},
      {ErrorCode::not_found, Disposition::answer_caller},
      {ErrorCode::conflict, Disposition::answer_caller},
      {ErrorCode::rejected, Disposition::answer_caller},
      {ErrorCode::unsupported, Disposition::answer_caller},
      {ErrorCode::unauthorized, Disposition::retry},
      {ErrorCode::throttled, Disposition::retry},
      {ErrorCode::unavailable, Disposition::retry},
      {ErrorCode::outcome_unknown, Disposition::resolve_outcome},
      {ErrorCode::internal, Disposition::dead_letter}};
  for (const auto& [code, disposed] : expected)
    EXPECT_EQ(disposition(code), disposed) << name(code);
}

TEST(Result, HoldsAValueOrAnErrorAndChainsOnlyValues) {
  const Result<int> value = 20;
  const Result<int> failure = Error{ErrorCode::not_found, "nothing"};
  const auto twice = [](int x) -> Result<std::string> { return std::to_string(2 * x); };
  EXPECT_EQ(value.and_then(twice).value(), "40");
  EXPECT_EQ(failure.and_then(twice).error().message, "nothing");
  EXPECT_TRUE(value.has_value());
  EXPECT_FALSE(failure);
}

TEST(Capability, NamesAreReadBack) {
  for (const Capability capability : all_capabilities)
    EXPECT_EQ(parse_capability(name(capability)), capability);
  EXPECT_EQ(parse_side("legacy"), Side::legacy);
  EXPECT_EQ(parse_side("cloud"), Side::cloud);
  EXPECT_FALSE(parse_capability("returns").has_value());
  EXPECT_FALSE(parse_side("primary").has_value());
  EXPECT_EQ(other(Side::legacy), Side::cloud);
}

}  // namespace
}  // namespace underpin
