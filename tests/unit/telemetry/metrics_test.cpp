#include "facade/telemetry/metrics.h"

#include <gmock/gmock.h>

#include <atomic>
#include <stdexcept>
#include <thread>

namespace underpin::facade::telemetry {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Metrics, CountsRequestsByOutcomeAndMeasuresThem) {
  Metrics metrics;
  metrics.request("de", "orders", "create_order", 201, 0.02);
  metrics.request("de", "orders", "create_order", 201, 0.3);
  metrics.request("de", "orders", "create_order", 422, 0.001);
  const std::string text = metrics.expose();
  EXPECT_THAT(text, HasSubstr("# TYPE underpin_requests_total counter"));
  EXPECT_THAT(text, HasSubstr("underpin_requests_total{capability=\"orders\",code=\"201\","
                              "operation=\"create_order\",wave=\"de\"} 2"));
  EXPECT_THAT(text, HasSubstr("code=\"422\",operation=\"create_order\",wave=\"de\"} 1"));
  EXPECT_THAT(text, HasSubstr("# TYPE underpin_request_seconds histogram"));
  EXPECT_THAT(text, HasSubstr("underpin_request_seconds_count{capability=\"orders\","
                              "operation=\"create_order\",wave=\"de\"} 3"));
  EXPECT_THAT(text, HasSubstr("operation=\"create_order\",wave=\"de\",le=\"0.025\"} 2"));
  EXPECT_THAT(text, HasSubstr("operation=\"create_order\",wave=\"de\",le=\"+Inf\"} 3"));
}

TEST(Metrics, MeasureErpCallsByOutcome) {
  Metrics metrics;
  metrics.erp_call("de", "nav", "orders", "ok", 0.1);
  metrics.erp_call("de", "nav", "orders", "outcome_unknown", 9.0);
  const std::string text = metrics.expose();
  EXPECT_THAT(text, HasSubstr("underpin_erp_seconds_count{capability=\"orders\","
                              "outcome=\"outcome_unknown\","
                              "system=\"nav\",wave=\"de\"} 1"));
}

TEST(Metrics, BeginEachWaveWithItsTotalsAtZero) {
  Metrics metrics;
  metrics.begin_wave("de");
  metrics.begin_wave("fr");
  const std::string text = metrics.expose();
  for (const std::string name :
       {"underpin_shadow_queued_total", "underpin_shadow_dropped_total",
        "underpin_rehearsals_dropped_total", "underpin_outbox_delivered_total",
        "underpin_dead_letters", "underpin_open_exceptions", "underpin_open_intents"})
    for (const std::string wave : {"de", "fr"})
      EXPECT_THAT(text, HasSubstr(name + "{wave=\"" + wave + "\"} 0"));
}

TEST(Metrics, KeepTheSameCallInTwoWavesApart) {
  Metrics metrics;
  metrics.request("de", "orders", "place_order", 201, 0.02);
  metrics.request("de", "orders", "place_order", 201, 0.02);
  metrics.request("fr", "orders", "place_order", 201, 0.02);
  metrics.request("", "ops", "list_waves", 200, 0.02);
  const std::string text = metrics.expose();
  EXPECT_THAT(text, HasSubstr("operation=\"place_order\",wave=\"de\"} 2"));
  EXPECT_THAT(text, HasSubstr("operation=\"place_order\",wave=\"fr\"} 1"));
  EXPECT_THAT(text, HasSubstr("code=\"200\",operation=\"list_waves\"} 1"));
}

TEST(Metrics, ShowExactlyOneStageOfACapability) {
  Metrics metrics;
  const std::vector<std::string_view> stages{"legacy_only", "dual_write"};
  metrics.set_stage("de", "orders", "legacy_only", stages);
  metrics.set_stage("de", "orders", "dual_write", stages);
  const std::string text = metrics.expose();
  EXPECT_THAT(
      text, HasSubstr("underpin_stage{capability=\"orders\",stage=\"legacy_only\",wave=\"de\"} 0"));
  EXPECT_THAT(
      text, HasSubstr("underpin_stage{capability=\"orders\",stage=\"dual_write\",wave=\"de\"} 1"));
}

TEST(Metrics, TakeTotalsAndLevelsFromElsewhere) {
  Metrics metrics;
  int asked = 0;
  metrics.before_exposition([&] {
    ++asked;
    metrics.shadow_dropped("de").raise_to(7);
    metrics.shadow_dropped("de").raise_to(5);
    metrics.outbox_pending("de", "bc").set(3);
    metrics.plan_version("de", "pricing").set(12);
    metrics.adapter_alarm("de", "nav", "price_file_late").set(1);
  });
  const std::string text = metrics.expose();
  EXPECT_EQ(asked, 1);
  EXPECT_THAT(text, HasSubstr("underpin_shadow_dropped_total{wave=\"de\"} 7"));
  EXPECT_THAT(text, HasSubstr("underpin_outbox_pending{system=\"bc\",wave=\"de\"} 3"));
  EXPECT_THAT(text, HasSubstr("underpin_plan_version{capability=\"pricing\",wave=\"de\"} 12"));
  EXPECT_THAT(
      text,
      HasSubstr("underpin_adapter_alarms{alarm=\"price_file_late\",system=\"nav\",wave=\"de\"} 1"));
}

TEST(Metrics, EscapeLabelValues) {
  Metrics metrics;
  metrics.comparison("de", "orders", "a\"b\\c\nd");
  EXPECT_THAT(metrics.expose(), HasSubstr("verdict=\"a\\\"b\\\\c\\nd\",wave=\"de\"} 1"));
}

TEST(Metrics, RefuseNamesThatPrometheusWouldNotTake) {
  Metrics metrics;
  EXPECT_THROW(metrics.counter("underpin requests", "h", {}), std::invalid_argument);
  EXPECT_THROW(metrics.gauge("underpin_x", "h", {{"bad-label", "1"}}), std::invalid_argument);
  EXPECT_THROW(metrics.gauge("underpin_x", "h", {{"__name", "1"}}), std::invalid_argument);
  metrics.gauge("underpin_x", "h", {});
  EXPECT_THROW(metrics.counter("underpin_x", "h", {}), std::invalid_argument);
}

TEST(Metrics, NeverCountBackwards) {
  Metrics metrics;
  Counter counter = metrics.counter("underpin_things_total", "h", {{"kind", "a"}});
  counter.add(2);
  counter.add(-1);
  EXPECT_THAT(metrics.expose(), HasSubstr("underpin_things_total{kind=\"a\"} 2"));
}

TEST(Metrics, LoseNothingAmongThreads) {
  Metrics metrics;
  metrics.begin_wave("de");
  std::vector<std::thread> threads;
  std::atomic<bool> done{false};
  std::thread scraper([&] {
    while (!done) EXPECT_THAT(metrics.expose(), Not(testing::IsEmpty()));
  });
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&metrics] {
      for (int i = 0; i < 2'000; ++i) {
        metrics.request("de", "orders", "op" + std::to_string(i % 10), 200, 0.01);
        metrics.comparison("de", "orders", "match");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  done = true;
  scraper.join();
  const std::string text = metrics.expose();
  EXPECT_THAT(text, HasSubstr("underpin_comparisons_total{capability=\"orders\","
                              "verdict=\"match\",wave=\"de\"} 8000"));
  EXPECT_THAT(text, HasSubstr("code=\"200\",operation=\"op3\",wave=\"de\"} 800"));
}

}  // namespace
}  // namespace underpin::facade::telemetry
