#include "parity/report.h"

#include "parity/masking.h"

namespace underpin::parity {
namespace {

using json::Value;

Value counts(const std::map<std::string, std::int64_t>& by_name) {
  Value value = Value::object();
  for (const auto& [key, count] : by_name) value.set(key, Value::integer(count));
  return value;
}

Value latency(const Latency& latency) {
  Value value = Value::object();
  value.set("count", Value::integer(latency.count));
  value.set("p50Micros", Value::integer(latency.p50_micros));
  value.set("p95Micros", Value::integer(latency.p95_micros));
  value.set("p99Micros", Value::integer(latency.p99_micros));
  return value;
}

Value texts(const std::vector<std::string>& all) {
  Value value = Value::array();
  for (const std::string& one : all) value.push(Value(one));
  return value;
}

Value difference_value(const Difference& difference) {
  Value one = Value::object();
  one.set("path", difference.path);
  one.set("kind", name(difference.kind));
  one.set("verdict", name(difference.verdict));
  one.set("primary", masked(difference.path, difference.primary));
  one.set("secondary", masked(difference.path, difference.secondary));
  if (!difference.rule.empty()) one.set("rule", difference.rule);
  return one;
}

Value pair_value(const LedgerEntry& entry) {
  Value value = Value::object();
  value.set("id", Value::integer(entry.id));
  value.set("at", entry.at.text());
  value.set("subject", entry.question.subject);
  value.set("correlationId", entry.correlation_id);
  value.set("verdict", name(entry.comparison.verdict));
  if (!entry.comparison.reason.empty()) value.set("reason", masked_reason(entry.comparison.reason));
  value.set("primarySystem", entry.primary_system);
  value.set("secondarySystem", entry.secondary_system);
  value.set("primarySide", entry.primary_side);
  Value differences = Value::array();
  for (const Difference& difference : entry.comparison.differences)
    differences.push(difference_value(difference));
  value.set("differences", std::move(differences));
  if (!entry.primary_document.empty())
    value.set("primaryDocument", masked("", entry.primary_document));
  if (!entry.secondary_document.empty())
    value.set("secondaryDocument", masked("", entry.secondary_document));
  return value;
}

// Of each capability, how many were compared and how many differed, interval by interval.
Value trend(const Report& report) {
  std::map<std::string, std::map<int, std::pair<std::int64_t, std::int64_t>>> by_capability;
  for (const ReportCount& one : report.compared) {
    auto& [all, wrong] =
        by_capability[report.operations[static_cast<std::size_t>(one.of)].capability][one.interval];
    all += one.count;
    if (one.verdict == "mismatch") wrong += one.count;
  }
  Value value = Value::object();
  value.set("intervalSeconds", Value::integer(report.interval_ms / 1000));
  Value list = Value::array();
  for (const auto& [capability, intervals] : by_capability) {
    Value one = Value::object();
    one.set("capability", capability);
    Value points = Value::array();
    for (const auto& [interval, sums] : intervals) {
      Value point = Value::object();
      point.set("at", report.first_interval.plus_ms(interval * report.interval_ms).text());
      point.set("comparisons", Value::integer(sums.first));
      point.set("mismatches", Value::integer(sums.second));
      points.push(std::move(point));
    }
    one.set("intervals", std::move(points));
    list.push(std::move(one));
  }
  value.set("capabilities", std::move(list));
  return value;
}

Value query_value(const ReportQuery& query) {
  Value value = Value::object();
  const auto add = [&](const char* key, const std::string& text) {
    if (!text.empty()) value.set(key, text);
  };
  add("capability", query.capability);
  add("operation", query.operation);
  add("verdict", query.verdict);
  add("kind", query.kind);
  add("path", query.path);
  add("cohort", query.cohort);
  add("group", query.group);
  if (!query.from.empty()) value.set("from", query.from.text());
  if (!query.to.empty()) value.set("to", query.to.text());
  return value;
}

Value fields_value(const Report& report) {
  std::vector<std::map<std::string, std::int64_t>> by_cohort(report.fields.size());
  for (const ReportCount& one : report.differing)
    if (one.verdict == "mismatch" && one.cohort > 0)
      by_cohort[static_cast<std::size_t>(one.of)]
               [report.cohorts[static_cast<std::size_t>(one.cohort)]] += one.count;
  Value fields = Value::array();
  for (std::size_t i = 0; i < report.fields.size(); ++i) {
    const ReportField& field = report.fields[i];
    const OperationSummary& operation =
        report.operations[static_cast<std::size_t>(field.operation)];
    Value one = Value::object();
    one.set("capability", operation.capability);
    one.set("operation", operation.operation);
    one.set("path", field.path);
    one.set("kind", field.kind);
    one.set("byVerdict", counts(field.by_verdict));
    one.set("byRule", counts(field.by_rule));
    one.set("mismatchesByCohort", counts(by_cohort[i]));
    one.set("subjects", Value::integer(field.subjects));
    one.set("open", Value::integer(field.open));
    one.set("money", field.amount ? Value(field.money.text()) : Value::null());
    one.set("first", field.first.text());
    one.set("last", field.last.text());
    Value pairs = Value::array();
    for (const LedgerEntry& entry : field.pairs) pairs.push(pair_value(entry));
    one.set("samples", std::move(pairs));
    fields.push(std::move(one));
  }
  return fields;
}

Value rules_value(const Report& report) {
  Value rules = Value::array();
  for (const auto& [rule, use] : report.uses) {
    if (use.hits == 0) continue;  // It is only known to be in force.
    Value one = Value::object();
    one.set("rule", rule);
    const auto reason = report.rules.reasons.find(rule);
    if (reason != report.rules.reasons.end()) one.set("reason", reason->second);
    one.set("hits", Value::integer(use.hits));
    one.set("last", use.last.text());
    Value samples = Value::array();
    for (const RuleUse::Sample& sample : use.samples) {
      Value shown = Value::object();
      shown.set("at", sample.at.text());
      shown.set("subject", sample.subject);
      shown.set("path", sample.what.path);
      shown.set("primary", masked(sample.what.path, sample.what.primary));
      shown.set("secondary", masked(sample.what.path, sample.what.secondary));
      samples.push(std::move(shown));
    }
    one.set("samples", std::move(samples));
    rules.push(std::move(one));
  }
  return rules;
}

Value known_value(const Report& report) {
  Value all = Value::array();
  for (const KnownHealth& known : report.rules.health.known) {
    Value one = Value::object();
    one.set("name", known.name);
    one.set("owner", known.owner);
    one.set("ticket", known.ticket);
    one.set("reason", known.reason);
    one.set("expires", known.expires.text());
    one.set("documents", Value::integer(known.hits));
    one.set("money", known.money.text());
    one.set("state", known.expired ? "expired" : known.in_order() ? "in_order" : "over_budget");
    all.push(std::move(one));
  }
  return all;
}

Value to_value(const Report& report) {
  Value value = Value::object();
  value.set("schemaVersion", Value::integer(2));
  if (!report.wave.empty()) value.set("wave", report.wave);
  value.set("madeAt", report.made_at.text());
  value.set("query", query_value(report.query));
  value.set("from", report.from.empty() ? Value::null() : Value(report.from.text()));
  value.set("to", report.to.empty() ? Value::null() : Value(report.to.text()));
  value.set("comparisons", Value::integer(report.comparisons));
  value.set("byVerdict", counts(report.by_verdict));
  value.set("dropped", Value::integer(report.dropped));
  value.set("notCompared", counts(report.not_compared));
  value.set("trend", trend(report));
  Value operations = Value::array();
  for (const OperationSummary& operation : report.operations) {
    Value one = Value::object();
    one.set("capability", operation.capability);
    one.set("operation", operation.operation);
    one.set("byVerdict", counts(operation.by_verdict));
    one.set("primaryLatency", latency(operation.primary));
    one.set("secondaryLatency", latency(operation.secondary));
    one.set("suppressedByRule", counts(operation.suppressed));
    operations.push(std::move(one));
  }
  value.set("operations", std::move(operations));
  value.set("fields", fields_value(report));
  value.set("fieldsLeftOut", Value::integer(report.fields_left_out));
  value.set("differencesLeftOut", Value::integer(report.differences_left_out));
  value.set("suppressed", rules_value(report));
  if (!report.rules.identity.empty()) {
    value.set("rules", report.rules.identity);
    value.set("knownDifferences", known_value(report));
    value.set("proposedForRemoval", texts(report.rules.unused));
    value.set("unusedDays", Value::integer(report.rules.unused_days));
  }
  return value;
}

}  // namespace

std::string report_json(const Report& report) { return json::write_pretty(to_value(report)); }

std::string shown_value(const std::string& json_text, const std::string& kind) {
  if (json_text.empty() || kind == "type") return json_text;
  const auto value = json::parse(json_text);
  return value && value->is_string() ? value->text() : json_text;
}

}  // namespace underpin::parity
