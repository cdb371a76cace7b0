#include "facade/telemetry/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <mutex>
#include <shared_mutex>
#include <sstream>
#include <stdexcept>

namespace underpin::facade::telemetry {
namespace {

// OpenTelemetry's advice for request durations, in seconds.
const std::vector<double>& duration_bounds() {
  static const std::vector<double> bounds{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25,
                                          0.5,   0.75, 1.0,   2.5,  5.0,   7.5, 10.0};
  return bounds;
}

prometheus::Labels to_prometheus(const Labels& labels) {
  return prometheus::Labels(labels.begin(), labels.end());
}

bool valid_label_name(std::string_view name) {
  if (name.empty() || name.substr(0, 2) == "__") return false;
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  if (!letter(name.front())) return false;
  for (const char c : name)
    if (!letter(c) && !(c >= '0' && c <= '9')) return false;
  return true;
}

// An empty wave is no label at all: to Prometheus the two are one.
Labels labels_of(std::string_view wave,
                 std::initializer_list<std::pair<std::string_view, std::string_view>> others) {
  Labels labels;
  if (!wave.empty()) labels.emplace_back("wave", wave);
  for (const auto& [name, value] : others) labels.emplace_back(name, value);
  return labels;
}

// Values joined by a character that UTF-8 does not have.
std::string key_of(std::initializer_list<std::string_view> values) {
  std::string key;
  for (const std::string_view value : values) {
    key += value;
    key.push_back('\xFF');
  }
  return key;
}

}  // namespace

void Counter::add(double amount) { static_cast<prometheus::Counter*>(series_)->Increment(amount); }
void Counter::raise_to(double total) {
  auto* counter = static_cast<prometheus::Counter*>(series_);
  const double now = counter->Value();
  if (total > now) counter->Increment(total - now);
}
void Gauge::set(double value) { static_cast<prometheus::Gauge*>(series_)->Set(value); }
void Gauge::add(double amount) { static_cast<prometheus::Gauge*>(series_)->Increment(amount); }
void Histogram::observe(double value) {
  static_cast<prometheus::Histogram*>(series_)->Observe(value);
}

struct Metrics::Registry {
  enum class Type { counter, gauge, histogram };

  // The family of a name, made when it is new. `mutex` is held.
  template <class T>
  prometheus::Family<T>& family(const std::string& name, const std::string& help, Type type,
                                const Labels& labels) {
    for (const auto& [label, value] : labels) {
      if (!valid_label_name(label))
        throw std::invalid_argument("metric " + name + ": bad label name " + label);
    }
    const auto found = families.find(name);
    if (found != families.end()) {
      if (found->second.first != type)
        throw std::invalid_argument("metric " + name + " is known with another type");
      return *static_cast<prometheus::Family<T>*>(found->second.second);
    }
    prometheus::Family<T>* made = nullptr;
    if constexpr (std::is_same_v<T, prometheus::Counter>)
      made = &prometheus::BuildCounter().Name(name).Help(help).Register(registry);
    else if constexpr (std::is_same_v<T, prometheus::Gauge>)
      made = &prometheus::BuildGauge().Name(name).Help(help).Register(registry);
    else
      made = &prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
    families.emplace(name, std::pair<Type, void*>{type, made});
    return *made;
  }

  // The series of one family under one key, found without an exclusive lock when it is known.
  template <class Handle, class Make>
  Handle cached(std::map<std::string, Handle>& table, const std::string& key, Make&& make) {
    {
      const std::shared_lock lock(table_mutex);
      const auto found = table.find(key);
      if (found != table.end()) return found->second;
    }
    const Handle handle = make();
    const std::unique_lock lock(table_mutex);
    return table.emplace(key, handle).first->second;
  }

  std::mutex mutex;
  prometheus::Registry registry;
  std::map<std::string, std::pair<Type, void*>> families;

  std::shared_mutex table_mutex;
  std::map<std::string, Counter> requests;
  std::map<std::string, Histogram> request_seconds;
  std::map<std::string, Histogram> erp_seconds;
  std::map<std::string, Counter> comparisons;

  std::mutex collect_mutex;
  std::vector<std::function<void()>> collectors;
};

Metrics::Metrics() : registry_(std::make_unique<Registry>()) {}
Metrics::~Metrics() = default;

Counter Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
  const std::lock_guard lock(registry_->mutex);
  return Counter(
      &registry_->family<prometheus::Counter>(name, help, Registry::Type::counter, labels)
           .Add(to_prometheus(labels)));
}

Gauge Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  const std::lock_guard lock(registry_->mutex);
  return Gauge(&registry_->family<prometheus::Gauge>(name, help, Registry::Type::gauge, labels)
                    .Add(to_prometheus(labels)));
}

Histogram Metrics::histogram(const std::string& name, const std::string& help, const Labels& labels,
                             const std::vector<double>& upper_bounds) {
  const std::lock_guard lock(registry_->mutex);
  return Histogram(
      &registry_->family<prometheus::Histogram>(name, help, Registry::Type::histogram, labels)
           .Add(to_prometheus(labels), upper_bounds));
}

void Metrics::begin_wave(std::string_view wave) {
  shadow_queued(wave);
  shadow_dropped(wave);
  rehearsals_dropped(wave);
  outbox_delivered(wave);
  dead_letters(wave);
  open_exceptions(wave);
  open_intents(wave);
  writes_closed(wave);
  wave_full(wave);
}

void Metrics::request(std::string_view wave, std::string_view capability,
                      std::string_view operation, int code, double seconds) {
  const std::string code_text = std::to_string(code);
  registry_
      ->cached(registry_->requests, key_of({wave, capability, operation, code_text}),
               [&] {
                 return counter("underpin_requests_total",
                                "Requests answered to channels and staff.",
                                labels_of(wave, {{"capability", capability},
                                                 {"operation", operation},
                                                 {"code", code_text}}));
               })
      .add();
  registry_
      ->cached(registry_->request_seconds, key_of({wave, capability, operation}),
               [&] {
                 return histogram(
                     "underpin_request_seconds", "From the complete request to the answer.",
                     labels_of(wave, {{"capability", capability}, {"operation", operation}}),
                     duration_bounds());
               })
      .observe(seconds);
}

void Metrics::erp_call(std::string_view wave, std::string_view system, std::string_view capability,
                       std::string_view outcome, double seconds) {
  registry_
      ->cached(registry_->erp_seconds, key_of({wave, system, capability, outcome}),
               [&] {
                 return histogram("underpin_erp_seconds", "Calls into an ERP, by outcome.",
                                  labels_of(wave, {{"system", system},
                                                   {"capability", capability},
                                                   {"outcome", outcome}}),
                                  duration_bounds());
               })
      .observe(seconds);
}

void Metrics::comparison(std::string_view wave, std::string_view capability,
                         std::string_view verdict) {
  registry_
      ->cached(registry_->comparisons, key_of({wave, capability, verdict}),
               [&] {
                 return counter(
                     "underpin_comparisons_total", "Answers of both systems compared, by verdict.",
                     labels_of(wave, {{"capability", capability}, {"verdict", verdict}}));
               })
      .add();
}

Counter Metrics::shadow_queued(std::string_view wave) {
  return counter("underpin_shadow_queued_total", "Shadow reads taken into the queue.",
                 labels_of(wave, {}));
}
Counter Metrics::rehearsals_dropped(std::string_view wave) {
  return counter("underpin_rehearsals_dropped_total",
                 "Rehearsals of writes dropped: the queue was full.", labels_of(wave, {}));
}
Counter Metrics::shadow_dropped(std::string_view wave) {
  return counter("underpin_shadow_dropped_total", "Shadow reads dropped: the queue was full.",
                 labels_of(wave, {}));
}
Gauge Metrics::outbox_pending(std::string_view wave, std::string_view system) {
  return gauge("underpin_outbox_pending", "Mirror writes accepted and not yet delivered.",
               labels_of(wave, {{"system", system}}));
}
Counter Metrics::outbox_delivered(std::string_view wave) {
  return counter("underpin_outbox_delivered_total", "Mirror writes delivered.",
                 labels_of(wave, {}));
}
Gauge Metrics::dead_letters(std::string_view wave) {
  return gauge("underpin_dead_letters", "Deliveries that an ERP refused, without a disposition.",
               labels_of(wave, {}));
}
Gauge Metrics::open_exceptions(std::string_view wave) {
  return gauge("underpin_open_exceptions", "What waits for a person's decision.",
               labels_of(wave, {}));
}
Counter Metrics::wave_full(std::string_view wave) {
  return counter("underpin_wave_full_total",
                 "Channel calls refused: the wave had all the workers that it may have.",
                 labels_of(wave, {}));
}
Gauge Metrics::open_intents(std::string_view wave) {
  return gauge("underpin_open_intents", "Writes begun whose outcome is not settled.",
               labels_of(wave, {}));
}
Gauge Metrics::writes_closed(std::string_view wave) {
  return gauge("underpin_writes_closed", "1: writes wait for a recovery after a restore.",
               labels_of(wave, {}));
}
Gauge Metrics::plan_version(std::string_view wave, std::string_view capability) {
  return gauge("underpin_plan_version", "Version of the cutover plan in force.",
               labels_of(wave, {{"capability", capability}}));
}
void Metrics::set_stage(std::string_view wave, std::string_view capability, std::string_view stage,
                        const std::vector<std::string_view>& all_stages) {
  for (const std::string_view each : all_stages) {
    gauge("underpin_stage", "1 for the stage the plan leads to, else 0.",
          labels_of(wave, {{"capability", capability}, {"stage", each}}))
        .set(each == stage ? 1.0 : 0.0);
  }
}
Gauge Metrics::adapter_alarm(std::string_view wave, std::string_view system,
                             std::string_view alarm) {
  return gauge("underpin_adapter_alarms", "1 while the adapter raises this alarm.",
               labels_of(wave, {{"system", system}, {"alarm", alarm}}));
}

void Metrics::before_exposition(std::function<void()> collect) {
  const std::lock_guard lock(registry_->collect_mutex);
  registry_->collectors.push_back(std::move(collect));
}

std::string Metrics::expose() const {
  {
    const std::lock_guard lock(registry_->collect_mutex);
    for (const std::function<void()>& collect : registry_->collectors) collect();
  }
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, registry_->registry.Collect());
  return text.str();
}

}  // namespace underpin::facade::telemetry
