// Any bytes in the place of a rule file: refused with the file's name and what is wrong, or read as
// rules that are read again alike, judge without a fault, and the same from both sides.
#include "parity/compare.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

underpin::parity::Side side_of(std::string_view text) {
  underpin::parity::Side side;
  side.document = *underpin::json::parse(text);
  return side;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace underpin;
  using namespace underpin::parity;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto rules = read_rules(text, "rules.json");
  if (!rules) {
    require(rules.error().code == ErrorCode::invalid_request);
    require(rules.error().message.find("rules.json") != std::string::npos);
    return 0;
  }
  require(!rules->version.empty() && !identity(*rules).empty());
  const auto again = read_rules(text, "rules.json");
  require(again.has_value() && again->rules.size() == rules->rules.size() &&
          again->hash == rules->hash);

  static const Side legacy = side_of(
      R"({"customer":"000100","orderDate":"2026-11-24T23:30:00","totals":{"tax":"1.005"},
          "lines":[{"number":10,"uom":"BOX","quantity":"2","unitPrice":"12.00"},{"number":20}]})");
  static const Side cloud = side_of(
      R"({"customer":" 100 ","orderDate":"2026-11-24","totals":{"tax":"1.01"},"extra":null,
          "lines":[{"number":20},{"number":10,"uom":"ea","quantity":24,"unitPrice":"1.00"}]})");
  Question question;
  question.capability = "orders";
  question.operation = "get_order";
  question.subject = "web/1";
  question.today = Date{2026, 11, 24};
  question.primary_system = "nav";
  question.secondary_system = "bc";
  const Comparison forward = compare(legacy, cloud, *rules, {}, question);
  std::swap(question.primary_system, question.secondary_system);
  const Comparison back = compare(cloud, legacy, *rules, {}, question);
  require(forward.verdict == back.verdict);
  require(forward.verdict == verdict_of(forward));
  return 0;
}
