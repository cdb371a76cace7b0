#include "facade/gate_config.h"

#include "parity/values.h"

#include <cstdlib>

namespace underpin::facade {
namespace {

using json::Value;

constexpr std::int64_t hour_ms = 3'600'000;

class Reader {
 public:
  Reader(const Value& value, std::string at, std::vector<FieldError>& errors)
      : value_(value), at_(std::move(at)), errors_(errors) {}

  void number(const char* key, std::int64_t& into) const {
    const auto read = value_.get(key).as_int();
    if (read) into = *read;
  }
  void hours(const char* key, std::int64_t& into_ms) const {
    const auto read = value_.get(key).as_int();
    if (read) into_ms = *read * hour_ms;
  }
  // A fraction: 0 to 1, without either end where `open`.
  void fraction(const char* key, double& into, bool open) {
    const Value* member = value_.find(key);
    if (member == nullptr) return;
    const auto read = member->as_any_decimal();
    const double rate = read ? std::strtod(read->text().c_str(), nullptr) : -1;
    if (rate < 0 || rate > 1 || (open && (rate == 0 || rate == 1)))
      return fail(key, open ? "must lie between 0 and 1" : "must be 0 to 1");
    into = rate;
  }
  void decimal(const char* key, Decimal& into, bool positive) {
    const Value* member = value_.find(key);
    if (member == nullptr) return;
    const auto read = member->as_any_decimal();
    if (!read || read->is_negative() || (positive && read->is_zero()))
      return fail(
          key, positive ? "must be a decimal greater than 0" : "must be a decimal of at least 0");
    into = *read;
  }
  std::string text(const char* key) const { return value_.get(key).text(); }
  void fail(const std::string& key, const std::string& why) {
    errors_.push_back({at_ + "/" + key, why});
  }

 private:
  const Value& value_;
  const std::string at_;
  std::vector<FieldError>& errors_;
};

void read_limits(const Value& value, const std::string& at, parity::GateLimits& limits,
                 std::vector<FieldError>& errors) {
  Reader reader(value, at, errors);
  reader.fraction("level", limits.level, true);
  reader.fraction("mismatchRateMax", limits.mismatch_rate_max, true);
  reader.number("sampleMin", limits.sample_min);
  reader.fraction("notComparedMax", limits.not_compared_max, false);
  reader.fraction("droppedMax", limits.dropped_max, false);
  reader.fraction("skippedMax", limits.skipped_max, false);
  reader.decimal("moneyAtRiskMax", limits.money_at_risk_max, false);
  reader.number("unvaluedAtRiskMax", limits.unvalued_at_risk_max);
  reader.hours("evidenceHours", limits.evidence_age_max_ms);
  reader.hours("reconciliationHours", limits.reconciliation_age_max_ms);
  reader.fraction("reconciliationNotComparedMax", limits.reconciliation_not_compared_max, false);
}

void read_cohorts(const Value& list, const std::string& at, GateSettings& gate,
                  std::vector<FieldError>& errors) {
  Value rules = Value::array();
  for (const Value& cohort : list.items()) {
    Value rule = cohort;
    rule.set("sharePer100k", Value::integer(0));
    rule.set("reason", "a cohort of the gate");
    rules.push(std::move(rule));
  }
  auto read = cutover::read_rules(rules, true);
  if (read) {
    gate.cohorts = std::move(read).value();
    return;
  }
  const std::string own = "/rules";  // As a rollout calls them.
  for (const FieldError& error : read.error().fields) {
    const bool named = error.pointer.rfind(own, 0) == 0;
    errors.push_back({at + error.pointer.substr(named ? own.size() : 0), error.detail});
  }
}

void read_basket(const Value& list, const std::string& at, GateSettings& gate,
                 std::vector<FieldError>& errors) {
  std::size_t number = 0;
  for (const Value& entry : list.items()) {
    Reader reader(entry, at + "/" + std::to_string(number++), errors);
    BasketItem item;
    item.sku = reader.text("sku");
    item.uom = reader.text("uom");
    item.customer = reader.text("customer");
    item.currency = reader.text("currency");
    item.zone = reader.text("zone");
    reader.decimal("quantity", item.quantity, true);
    if (!parity::is_zone(item.zone))
      reader.fail("zone", "must be the name of a zone, such as Europe/Berlin");
    gate.basket.push_back(std::move(item));
  }
}

}  // namespace

GateSettings read_gate(const Value& value, const std::string& at, std::vector<FieldError>& errors) {
  GateSettings gate;
  gate.enforced = !(value.get("enforced") == Value::boolean(false));
  parity::GateLimits common;
  common.money_at_risk_max = Decimal::of(1'000);
  common.reconciliation_age_max_ms = 24 * hour_ms;
  read_limits(value, at, common, errors);
  for (const Capability capability : all_capabilities) {
    parity::GateLimits& limits = gate.limits[static_cast<std::size_t>(capability)];
    limits = common;
    const std::string own(name(capability));
    read_limits(value.get(own), at + "/" + own, limits, errors);
  }
  const Value& posting = value.get("posting");
  gate.posting.required = !(posting.get("required") == Value::boolean(false));
  gate.posting.scenarios = !(posting.get("scenarios") == Value::boolean(false));
  // The schema has the stages' names.
  if (const auto from = cutover::parse_stage(posting.get("from").text())) gate.posting.from = *from;
  const Reader of_posting(posting, at + "/posting", errors);
  of_posting.hours("totalsHours", gate.posting.totals_age_max_ms);
  of_posting.hours("scenariosHours", gate.posting.scenarios_age_max_ms);
  const Reader reader(value, at, errors);
  reader.number("historyDays", gate.history_days);
  reader.number("waiverDaysMax", gate.waiver_days_max);
  if (value.find("cohorts") != nullptr)
    read_cohorts(value.get("cohorts"), at + "/cohorts", gate, errors);
  read_basket(value.get("basket"), at + "/basket", gate, errors);
  return gate;
}

}  // namespace underpin::facade
