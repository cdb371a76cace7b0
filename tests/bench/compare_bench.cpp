// Order documents of 200 lines, compared under the site's rules, against parsing them alone: a
// comparison begins with two parsed documents, so parsing is the least that it can cost.
#include "parity/compare.h"

#include <benchmark/benchmark.h>

#include <fstream>
#include <sstream>
#include <string>

namespace underpin::parity {
namespace {

constexpr int lines = 200;

// As comparable() makes them: `off` lines are a cent apart, the lines in another order.
std::string order(int off, bool reversed) {
  std::string text = R"({"document":"SO-1","customer":"C10001","currency":"EUR","lines":[)";
  for (int i = 0; i < lines; ++i) {
    const int n = reversed ? lines - i : i + 1;
    text += std::string(i == 0 ? "" : ",") + R"({"number":)" + std::to_string(n) + R"(,"sku":")" +
            std::to_string(100'000 + n) + R"(","uom":"PCS","location":"EAST","outstanding":")" +
            std::to_string(n % 9 + 1) + R"(","unitPrice":")" + std::to_string(n) +
            (n <= off ? ".51" : ".50") + R"(","discount":"-0.)" + std::to_string(n % 10) + "0\"}";
  }
  return text +
         R"(],"shipTo":{"kind":"ship_to","name":"Anna","line1":"Hof 1","city":"Ulm","postCode":"89073","country":"DE"},)"
         R"("totals":{"itemsNet":"100.00","charges":"4.90","tax":"19.93","grandTotal":"124.83"}})";
}

Rules site_rules() {
  std::ostringstream text;
  text << std::ifstream(UNDERPIN_SOURCE_DIR "/config/parity-rules.json").rdbuf();
  return read_rules(text.str()).value();
}

Question question() {
  return {"orders", "get_order", "web/1", Date{2026, 11, 24}, {}, "nav", "bc"};
}

void parsing_alone(benchmark::State& state) {
  const std::string one = order(0, false);
  const std::string two = order(0, true);
  for (auto step : state) {
    benchmark::DoNotOptimize(json::parse(one));
    benchmark::DoNotOptimize(json::parse(two));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(parsing_alone);

void comparing(benchmark::State& state, bool with_parsing) {
  const std::string one = order(0, false);
  const std::string two = order(static_cast<int>(state.range(0)), true);
  const Rules rules = site_rules();
  const Judge judge(rules, "orders", "get_order");
  const Question asked = question();
  Side primary;
  Side secondary;
  primary.document = *json::parse(one);
  secondary.document = *json::parse(two);
  for (auto step : state) {
    if (with_parsing) {
      primary.document = *json::parse(one);
      secondary.document = *json::parse(two);
    }
    benchmark::DoNotOptimize(judge.compare(primary, secondary, {}, asked));
  }
  state.SetItemsProcessed(state.iterations());
}
void comparing_parsed(benchmark::State& state) { comparing(state, false); }
void parsing_and_comparing(benchmark::State& state) { comparing(state, true); }
BENCHMARK(comparing_parsed)->Arg(0)->Arg(10)->Arg(200);
BENCHMARK(parsing_and_comparing)->Arg(0)->Arg(10);

}  // namespace
}  // namespace underpin::parity

BENCHMARK_MAIN();
