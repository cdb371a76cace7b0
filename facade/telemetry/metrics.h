#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace underpin::facade::telemetry {

// A time series, found once and then used without a lock. Handles are copied freely and live as
// long as the Metrics they came from. Threads: any.
class Counter {
 public:
  void add(double amount = 1.0);  // Amounts below zero are ignored.
  // For a total that is counted elsewhere: rises to it, never falls. One caller at a time.
  void raise_to(double total);

 private:
  friend class Metrics;
  explicit Counter(void* series) : series_(series) {}
  void* series_;
};
class Gauge {
 public:
  void set(double value);
  void add(double amount);

 private:
  friend class Metrics;
  explicit Gauge(void* series) : series_(series) {}
  void* series_;
};
class Histogram {
 public:
  void observe(double value);

 private:
  friend class Metrics;
  explicit Histogram(void* series) : series_(series) {}
  void* series_;
};

using Labels = std::vector<std::pair<std::string, std::string>>;

// Prometheus metrics of one process. Names: prefix underpin_, base units, counters end in _total;
// no identity of a business subject in a label. Doubles are right here: these are measurements,
// never money. Threads: any.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // Same name and labels: same series. The first help text of a name is kept. A name that
  // Prometheus would not accept, or one known with another type, throws std::invalid_argument.
  Counter counter(const std::string& name, const std::string& help, const Labels& labels);
  Gauge gauge(const std::string& name, const std::string& help, const Labels& labels);
  Histogram histogram(const std::string& name, const std::string& help, const Labels& labels,
                      const std::vector<double>& upper_bounds);

  // ---- the facade's own families, each with the label `wave`; a call looks its series up in a
  // table of this object

  // The totals of this wave are there from now on, at zero: an alert on a rate must not miss the
  // first one.
  void begin_wave(std::string_view wave);
  // underpin_requests_total{wave,capability,operation,code},
  // underpin_request_seconds{wave,capability,operation}; wave is empty for what is about none, or
  // about several.
  void request(std::string_view wave, std::string_view capability, std::string_view operation,
               int code, double seconds);
  // underpin_erp_seconds{wave,system,capability,outcome}; outcome "ok" or an error code's name.
  void erp_call(std::string_view wave, std::string_view system, std::string_view capability,
                std::string_view outcome, double seconds);
  // underpin_comparisons_total{wave,capability,verdict}
  void comparison(std::string_view wave, std::string_view capability, std::string_view verdict);
  Counter shadow_queued(std::string_view wave);     // underpin_shadow_queued_total
  Counter shadow_dropped(std::string_view wave);    // underpin_shadow_dropped_total
  Counter outbox_delivered(std::string_view wave);  // underpin_outbox_delivered_total
  Gauge dead_letters(std::string_view wave);        // underpin_dead_letters
  Gauge open_exceptions(std::string_view wave);     // underpin_open_exceptions
  Gauge open_intents(std::string_view wave);        // underpin_open_intents
  Gauge writes_closed(std::string_view wave);       // underpin_writes_closed: 1 after a restore.
  Counter wave_full(std::string_view wave);         // underpin_wave_full_total
  // underpin_outbox_pending{wave,system}
  Counter rehearsals_dropped();  // underpin_rehearsals_dropped_total
  // underpin_rehearsals_dropped_total
  Counter rehearsals_dropped(std::string_view wave);
  Gauge outbox_pending(std::string_view wave, std::string_view system);
  // underpin_plan_version{wave,capability}
  Gauge plan_version(std::string_view wave, std::string_view capability);
  // underpin_stage{wave,capability,stage}: 1 for `stage`, 0 for each other one of `all_stages`.
  void set_stage(std::string_view wave, std::string_view capability, std::string_view stage,
                 const std::vector<std::string_view>& all_stages);
  // underpin_adapter_alarms{wave,system,alarm}
  Gauge adapter_alarm(std::string_view wave, std::string_view system, std::string_view alarm);

  // Called before each exposition, for values that are asked for, not told. Must not call expose().
  void before_exposition(std::function<void()> collect);

  // Prometheus text format 0.0.4, for /metrics with `content_type`.
  std::string expose() const;
  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct Registry;
  std::unique_ptr<Registry> registry_;
};

}  // namespace underpin::facade::telemetry
