#include "contracts/json/codec.h"
#include "contracts/json/return_codec.h"
#include "contracts/json/schema.h"
#include "contracts/order_rules.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>

namespace underpin::json {
namespace {

struct Example {
  std::string schema;
  std::function<std::vector<FieldError>(const Value&)> judge;
};

template <class T>
std::vector<FieldError> judged(const Result<T>& read) {
  return read ? broken_rules(*read) : read.error().fields;
}
template <class T>
std::vector<FieldError> judge(const Value& value) {
  return judged(from_json<T>(value));
}
std::vector<FieldError> nothing_more(const Value&) { return {}; }

const std::map<std::string, Example>& examples() {
  static const std::map<std::string, Example> all{
      {"order.json",
       {"order-request",
        [](const Value& value) {
          return judged(order_request_from_json(value, ChannelId{"web"}));
        }}},
      {"amendment.json",
       {"order-amendment",
        [](const Value& value) { return judged(order_amendment_request_from_json(value)); }}},
      {"cancel.json", {"order-cancellation", judge<OrderCancellation>}},
      {"return.json",
       {"return-request",
        [](const Value& value) {
          const auto read = return_request_from_json(value);
          return read ? broken_rules(*read) : read.error().fields;
        }}},
      {"adjustment.json", {"stock-adjustment", judge<StockAdjustment>}},
      {"count.json", {"stock-adjustment", judge<StockAdjustment>}},
      {"availability.json", {"availability-request", judge<AvailabilityRequest>}},
      {"quote.json", {"quote-request", judge<QuoteRequest>}},
      {"customer.json",
       {"customer-request",
        [](const Value& value) { return judged(customer_request_from_json(value)); }}},
      {"customer-amendment.json", {"customer-amendment", judge<CustomerAmendment>}},
      {"cutover-acknowledge.json", {"cutover-acknowledge", nothing_more}},
      {"cutover-change.json", {"cutover-change", nothing_more}},
      {"cutover-rollback.json", {"cutover-rollback", nothing_more}},
      {"cutover-proposal.json", {"cutover-proposal", nothing_more}},
      {"cutover-approval.json", {"cutover-approval", nothing_more}},
      {"cutover-transfer.json", {"cutover-transfer", nothing_more}},
      {"xref-import.json", {"xref-import", nothing_more}},
      {"recovery-request.json", {"recovery-request", nothing_more}},
      {"reconciliation-request.json", {"reconciliation-request", nothing_more}},
      {"snapshot-request.json", {"snapshot-request", nothing_more}},
      {"repair-request.json", {"repair-request", nothing_more}},
      {"gate-waiver.json", {"gate-waiver", nothing_more}},
      {"pack-sign-off.json", {"pack-sign-off", nothing_more}},
      {"reason.json", {"reason", nothing_more}}};
  return all;
}

TEST(Examples, EachConformsToItsSchemaItsCodecAndItsRules) {
  int count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(UNDERPIN_SOURCE_DIR "/docs/examples")) {
    if (entry.path().extension() != ".json") continue;
    const std::string name = entry.path().filename().string();
    const auto known = examples().find(name);
    if (known == examples().end()) {
      ADD_FAILURE() << name << " is checked by no one";
      continue;
    }
    std::ifstream file(entry.path());
    std::ostringstream text;
    text << file.rdbuf();
    const auto value = parse(text.str());
    ASSERT_TRUE(value.has_value()) << name << ": " << value.error().message;
    for (const FieldError& fault : Schema::named(known->second.schema).check(*value))
      ADD_FAILURE() << name << " " << fault.pointer << " " << fault.detail;
    for (const FieldError& fault : known->second.judge(*value))
      ADD_FAILURE() << name << " " << fault.pointer << " " << fault.detail;
    ++count;
  }
  EXPECT_EQ(count, static_cast<int>(examples().size()));
}

}  // namespace
}  // namespace underpin::json
