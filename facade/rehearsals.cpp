#include "facade/rehearsals.h"

#include "contracts/json/codec.h"
#include "facade/cohorts.h"
#include "facade/observe.h"

#include <algorithm>
#include <set>

namespace underpin::facade {
namespace {

using json::Value;

const std::set<std::string>& rehearsed() {
  static const std::set<std::string> operations{"place_order", "create_customer", "adjust_stock"};
  return operations;
}

std::size_t at(Capability capability) { return static_cast<std::size_t>(capability); }

template <class T>
Result<T> request_of(const journal::Intent& intent) {
  const auto value = json::parse(intent.request);
  if (!value) return value.error();
  return json::from_json<T>(*value);
}

// "/lines/0/unitPrice" -> "lines.*.unitPrice": faults of one kind are one class.
std::string field_name(const std::string& pointer) {
  std::string name;
  std::size_t from = pointer.empty() ? std::string::npos : 1;
  while (from != std::string::npos) {
    const std::size_t slash = pointer.find('/', from);
    const std::string part = pointer.substr(from, slash - from);
    const bool index = !part.empty() && std::all_of(part.begin(), part.end(),
                                                    [](char c) { return c >= '0' && c <= '9'; });
    name += (name.empty() ? "" : ".") + (index ? std::string("*") : part);
    from = slash == std::string::npos ? slash : slash + 1;
  }
  return name.empty() ? "message" : name;
}

Value outcome(const std::string& word, const std::vector<FieldError>& faults) {
  Value value = Value::object();
  value.set("outcome", word);
  Value fields = Value::object();
  for (const FieldError& fault : faults)
    if (fields.find(field_name(fault.pointer)) == nullptr)
      fields.set(field_name(fault.pointer), fault.detail);
  value.set("faults", std::move(fields));
  return value;
}

}  // namespace

Rehearsals::Rehearsals(const Systems& systems, const journal::Journal& journal, PlanBook& plans,
                       parity::Ledger& ledger, parity::Rules rules, RehearsalSettings settings,
                       Now now)
    : systems_(systems),
      journal_(journal),
      plans_(plans),
      ledger_(ledger),
      rules_(std::move(rules)),
      settings_(settings),
      now_(std::move(now)),
      queue_(settings_.threads, settings_.queue_limit) {}

Status Rehearsals::possible(const Systems& systems, const RehearsalSettings& settings) {
  const RehearsalGrade declared = systems.cloud.adapter->descriptor().rehearsal;
  for (const Capability capability : all_capabilities) {
    const RehearsalGrade wanted = settings.grades[at(capability)];
    if (wanted <= declared) continue;
    return Error{ErrorCode::invalid_request,
                 "rehearsal of " + std::string(name(capability)) + " is configured with grade " +
                     std::to_string(static_cast<int>(wanted)) + "; the adapter of " +
                     systems.cloud.name + " declares " +
                     std::to_string(static_cast<int>(declared))};
  }
  return Done{};
}

void Rehearsals::after(const journal::Intent& intent) {
  if (settings_.grades[at(intent.capability)] == RehearsalGrade::none ||
      rehearsed().count(intent.operation) == 0 || intent.side != Side::legacy)
    return;
  // Where every subject is mirrored there is nothing to rehearse.
  if (plans_.plan(intent.capability).rollout.lowest() != cutover::Stage::legacy_only) return;
  queue_.offer([this, intent] { rehearse(intent); });
}

Result<Rehearsed> Rehearsals::ask(const journal::Intent& intent, const CallContext& context) {
  const RehearsalGrade grade = settings_.grades[at(intent.capability)];
  const auto call = [&](auto document, auto method) -> Result<Rehearsed> {
    if (!document) return document.error();
    return call_port<Rehearsed>(
        systems_, Side::cloud, context.deadline, &ErpAdapter::rehearsals,
        [&](RehearsalService& port) { return (port.*method)(*document, grade, context); });
  };
  if (intent.operation == "place_order")
    return call(request_of<Order>(intent), &RehearsalService::place_order);
  if (intent.operation == "create_customer")
    return call(request_of<Customer>(intent), &RehearsalService::create_customer);
  return call(request_of<StockAdjustment>(intent), &RehearsalService::adjust_stock);
}

void Rehearsals::rehearse(const journal::Intent& intent) {
  const cutover::Plan plan = plans_.plan(intent.capability);
  bool alone = false;
  const Status read = journal_.read([&](const journal::JournalReader& reader) {
    alone =
        cutover::stage_for(plan, cohort_of(plan, intent, reader)) == cutover::Stage::legacy_only;
  });
  if (!read || !alone) return;
  CallContext context;
  context.channel = intent.channel;
  context.correlation_id = CorrelationId{intent.correlation_id};
  context.deadline = deadline_in(std::chrono::seconds(10));
  const auto seen = observe<Rehearsed>(Side::cloud, cutover::Operation::read,
                                       [&] { return ask(intent, context); });
  parity::LedgerEntry entry;
  entry.at = now_();
  entry.question = {std::string(name(intent.capability)), "rehearse_" + intent.operation,
                    intent.subject, now_().date_utc()};
  entry.correlation_id = intent.correlation_id;
  entry.primary_system = systems_.legacy.name;
  entry.secondary_system = systems_.cloud.name;
  entry.primary_side = std::string(name(Side::legacy));
  entry.secondary_micros = seen.micros;
  entry.primary_document = intent.request;
  if (seen.result) entry.secondary_document = seen.result->message;
  const Disposition what =
      seen.result ? Disposition::answer_caller : disposition(seen.result.error().code);
  if (what != Disposition::answer_caller) {
    // It could not be asked: that says nothing about the write.
    entry.comparison.verdict = parity::Verdict::not_compared;
    const Error& error = seen.result.error();
    entry.comparison.reason = std::string(underpin::name(error.code)) + ": " + error.message;
  } else {
    std::vector<FieldError> faults = seen.result ? seen.result->faults : seen.result.error().fields;
    if (!seen.result && faults.empty()) faults.push_back({"", seen.result.error().message});
    parity::Side primary;
    primary.document = outcome("accepted", {});
    parity::Side secondary;
    secondary.document = outcome(faults.empty() ? "accepted" : "refused", faults);
    entry.comparison = parity::compare(primary, secondary, rules_, {}, entry.question);
  }
  ledger_.record(std::move(entry));
}

}  // namespace underpin::facade
