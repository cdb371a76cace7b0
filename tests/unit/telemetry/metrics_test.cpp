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
  metrics.request("orders", "create_order", 201, 0.02);
  metrics.request("orders", "create_order", 201, 0.3);
  metrics.request("orders", "create_order", 422, 0.001);
  const std::string text = metrics.expose();
  EXPECT_THAT(text, HasSubstr("# TYPE underpin_requests_total counter"));
  EXPECT_THAT(text, HasSubstr("underpin_requests_total{capability=\"orders\",code=\"201\","
                              "operation=\"create_order\"} 2"));
  EXPECT_THAT(text, HasSubstr("code=\"422\",operation=\"create_order\"} 1"));
  EXPECT_THAT(text, HasSubstr("# TYPE underpin_request_seconds histogram"));
  EXPECT_THAT(text, HasSubstr("underpin_request_seconds_count{capability=\"orders\","
                              "operation=\"create_order\"} 3"));
  EXPECT_THAT(text, HasSubstr("operation=\"create_order\",le=\"0.025\"} 2"));
  EXPECT_THAT(text, HasSubstr("operation=\"create_order\",le=\"+Inf\"} 3"));
}

TEST(Metrics, MeasureErpCallsByOutcome) {
  Metrics metrics;
  metrics.erp_call("nav", "orders", "create_order", "ok", 0.1);
  metrics.erp_call("nav", "orders", "create_order", "outcome_unknown", 9.0);
  const std::string text = metrics.expose();
  EXPECT_THAT(text, HasSubstr("underpin_erp_seconds_count{capability=\"orders\","
                              "operation=\"create_order\",outcome=\"outcome_unknown\","
                              "system=\"nav\"} 1"));
}

TEST(Metrics, BeginWithTheTotalsAtZero) {
  const std::string text = Metrics().expose();
  for (const char* name :
       {"underpin_shadow_queued_total 0", "underpin_shadow_dropped_total 0",
        "underpin_outbox_delivered_total 0", "underpin_dead_letters 0", "underpin_open_intents 0"})
    EXPECT_THAT(text, HasSubstr(name));
}

TEST(Metrics, ShowExactlyOneStageOfACapability) {
  Metrics metrics;
  const std::vector<std::string_view> stages{"legacy_only", "dual_write"};
  metrics.set_stage("orders", "legacy_only", stages);
  metrics.set_stage("orders", "dual_write", stages);
  const std::string text = metrics.expose();
  EXPECT_THAT(text, HasSubstr("underpin_stage{capability=\"orders\",stage=\"legacy_only\"} 0"));
  EXPECT_THAT(text, HasSubstr("underpin_stage{capability=\"orders\",stage=\"dual_write\"} 1"));
}

TEST(Metrics, TakeTotalsAndLevelsFromElsewhere) {
  Metrics metrics;
  int asked = 0;
  metrics.before_exposition([&] {
    ++asked;
    metrics.shadow_dropped().raise_to(7);
    metrics.shadow_dropped().raise_to(5);
    metrics.outbox_pending("bc").set(3);
    metrics.plan_version("pricing").set(12);
    metrics.adapter_alarm("nav", "price_file_late").set(1);
  });
  const std::string text = metrics.expose();
  EXPECT_EQ(asked, 1);
  EXPECT_THAT(text, HasSubstr("underpin_shadow_dropped_total 7"));
  EXPECT_THAT(text, HasSubstr("underpin_outbox_pending{system=\"bc\"} 3"));
  EXPECT_THAT(text, HasSubstr("underpin_plan_version{capability=\"pricing\"} 12"));
  EXPECT_THAT(text,
              HasSubstr("underpin_adapter_alarms{alarm=\"price_file_late\",system=\"nav\"} 1"));
}

TEST(Metrics, EscapeLabelValues) {
  Metrics metrics;
  metrics.comparison("orders", "a\"b\\c\nd");
  EXPECT_THAT(metrics.expose(), HasSubstr("verdict=\"a\\\"b\\\\c\\nd\"} 1"));
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
  std::vector<std::thread> threads;
  std::atomic<bool> done{false};
  std::thread scraper([&] {
    while (!done) EXPECT_THAT(metrics.expose(), Not(testing::IsEmpty()));
  });
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&metrics] {
      for (int i = 0; i < 2'000; ++i) {
        metrics.request("orders", "op" + std::to_string(i % 10), 200, 0.01);
        metrics.comparison("orders", "match");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  done = true;
  scraper.join();
  const std::string text = metrics.expose();
  EXPECT_THAT(text, HasSubstr("underpin_comparisons_total{capability=\"orders\","
                              "verdict=\"match\"} 8000"));
  EXPECT_THAT(text, HasSubstr("code=\"200\",operation=\"op3\"} 800"));
}

}  // namespace
}  // namespace underpin::facade::telemetry
