#include "facade/gate_desk.h"

#include "facade/gate_facts.h"
#include "facade/gate_money.h"
#include "facade/gate_posting.h"
#include "facade/price_basket.h"
#include "facade/reconciliation.h"
#include "parity/known_register.h"

#include <algorithm>

namespace underpin::fingerprint {
std::string_view comparing();  // Of the code that compares; made when this is built.
}

namespace underpin::facade {
namespace {

using journal::JournalReader;
using journal::JournalTransaction;
using json::Value;

constexpr std::size_t waivers_kept = 200;  // Of a capability, beside those in force.

// What every gate of the capability has to show, whatever was seen.
std::set<std::string> always(Capability capability) {
  switch (capability) {
    case Capability::orders:
      return {"get_order"};
    case Capability::inventory:
      return {"get_stock"};
    case Capability::pricing:
      return {"quote"};
    case Capability::customers:
      return {"get_customer"};
  }
  return {};
}

// Of a system as its adapter describes it.
std::string described(const ErpAdapter& adapter) {
  const CapabilityDescriptor& d = adapter.descriptor();
  std::string text;
  for (const std::int64_t number :
       {static_cast<std::int64_t>(d.idempotency), static_cast<std::int64_t>(d.optimistic_locking),
        static_cast<std::int64_t>(d.stock_by_location),
        static_cast<std::int64_t>(d.real_time_price), static_cast<std::int64_t>(d.returns),
        static_cast<std::int64_t>(d.delta), static_cast<std::int64_t>(d.page_max),
        static_cast<std::int64_t>(d.batch_max), static_cast<std::int64_t>(d.rehearsal),
        d.settle_ms})
    text += std::to_string(number) + " ";
  return text + d.inert_by;
}

Error invalid(const char* at, const std::string& why) {
  return {ErrorCode::invalid_request, "the waiver cannot be kept", {}, {}, 0, {{at, why}}};
}

Value cell_value(const parity::GateCell& cell) {
  Value value = Value::object();
  value.set("cell", parity::name_of(cell));
  value.set("operation", cell.operation);
  if (!cell.cohort.empty()) value.set("cohort", cell.cohort);
  if (!cell.field_class.empty()) value.set("fieldClass", cell.field_class);
  for (const auto& [key, count] :
       {std::pair{"compared", cell.compared}, std::pair{"mismatches", cell.mismatches},
        std::pair{"late", cell.late}, std::pair{"tolerated", cell.tolerated},
        std::pair{"known", cell.known}, std::pair{"replayed", cell.replayed},
        std::pair{"without", cell.without}, std::pair{"asked", cell.asked},
        std::pair{"notCompared", cell.not_compared}})
    value.set(key, Value::integer(count));
  if (!cell.waived_by.empty()) {
    value.set("waivedBy", cell.waived_by);
    value.set("waivedUntil", cell.waived_until.text());
  }
  return value;
}

EvidenceShareSettings share_settings(const GateSettings& gate, std::int64_t differences_ms) {
  EvidenceShareSettings settings;
  settings.fresh_ms = gate.replicas_fresh_ms;
  settings.wait_ms = gate.replicas_wait_ms;
  settings.history_days = gate.history_days;
  settings.differences_ms = differences_ms;
  for (const Capability capability : all_capabilities) {
    const auto at = static_cast<std::size_t>(capability);
    settings.evidence_ms[at] = gate.limits[at].evidence_age_max_ms;
  }
  return settings;
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : "; ") + word;
  return text;
}

}  // namespace

cutover::Stage next_gated(const cutover::Plan& plan) {
  const int at = plan.rollout.settled() ? cutover::index(plan.rollout.to) + 1
                                        : cutover::index(plan.rollout.highest());
  const int least = cutover::index(cutover::Stage::cloud_primary);
  const int most = cutover::index(cutover::Stage::cloud_only);
  return cutover::stage_rules[static_cast<std::size_t>(std::clamp(at, least, most))].stage;
}

std::string in_words(const parity::Criterion& criterion) {
  return criterion.name + ": " + criterion.figure + " (" + criterion.limit + ")" +
         (criterion.detail.empty() ? "" : "; " + criterion.detail);
}

cutover::GateReading reading_of(const GateReport& report) {
  cutover::GateReading reading;
  reading.passed = report.verdict.passed;
  for (const parity::Criterion& criterion : report.verdict.criteria) {
    if (!criterion.met) reading.unmet.push_back(in_words(criterion));
    reading.figures.push_back(std::string(criterion.met ? "met " : "NOT MET ") +
                              in_words(criterion));
  }
  return reading;
}

Value to_json(const GateReport& report) {
  Value value = Value::object();
  value.set("capability", name(report.capability));
  value.set("to", cutover::name(report.to));
  value.set("at", report.at.text());
  value.set("passed", Value::boolean(report.verdict.passed));
  value.set("enforced", Value::boolean(report.enforced));
  Value criteria = Value::array();
  for (const parity::Criterion& criterion : report.verdict.criteria) {
    Value one = Value::object();
    one.set("name", criterion.name);
    one.set("met", Value::boolean(criterion.met));
    one.set("figure", criterion.figure);
    one.set("limit", criterion.limit);
    if (!criterion.detail.empty()) one.set("detail", criterion.detail);
    if (!criterion.waived_by.empty()) one.set("waivedBy", criterion.waived_by);
    criteria.push(std::move(one));
  }
  value.set("criteria", std::move(criteria));
  Value cells = Value::array();
  for (const parity::GateCell& cell : report.facts.cells) cells.push(cell_value(cell));
  value.set("cells", std::move(cells));
  value.set("moneyAtRisk", report.facts.money_at_risk.text());
  value.set("unvaluedAtRisk",
            Value::integer(report.facts.unvalued_writes + report.facts.unvalued_documents));
  value.set("skipped", Value::integer(report.facts.skipped));
  value.set("posting", report.posting);
  value.set("evidenceSince", report.evidence_since.text());
  Value binding = Value::object();
  binding.set("hash", report.binding.hash);
  binding.set("since", report.binding.since.text());
  Value parts = Value::object();
  for (const auto& [part, hash] : report.binding.parts) parts.set(part, hash);
  binding.set("parts", std::move(parts));
  value.set("madeWith", std::move(binding));
  return value;
}

GateDesk::GateDesk(Parts parts, std::string ledger_file, const std::string& ledger_key,
                   std::string wave, GateSettings settings, std::int64_t differences_ms, Now now)
    : parts_(parts),
      book_(std::move(ledger_file), ledger_key),
      wave_(std::move(wave)),
      settings_(std::move(settings)),
      now_(std::move(now)),
      share_(parts_.journal, parts_.ledger, book_, share_settings(settings_, differences_ms),
             now_) {}

std::map<std::string, std::string> GateDesk::made_with() const {
  std::map<std::string, std::string> parts = settings_.made_with;
  const parity::Rules& rules = parts_.comparisons.rules();
  parts["rules"] = rules.version + "@" + rules.hash;
  parts["code that compares"] = std::string(fingerprint::comparing());
  const ComparisonSettings& settings = parts_.comparisons.settings();
  parts["compareWrites"] = settings.after_writes ? "true" : "false";
  for (const auto& [capability, age] : settings.max_age_ms)
    parts["maxAgeSeconds " + std::string(name(capability))] = std::to_string(age / 1000);
  // Rules that the configuration makes, of fields that are not carried, have no file.
  std::map<std::string, std::string> made;
  for (const parity::Rule& rule : rules.rules)
    made[std::to_string(made.size())] = rule.name + (rule.ignore ? " ignore" : "") +
                                        (rule.late ? " late" : "") + " " + rule.capability + " " +
                                        rule.operation + " " + rule.path;
  parts["rules in force"] = parity::hash_of(made);
  for (const Side side : {Side::legacy, Side::cloud})
    parts["descriptor " + parts_.systems.on(side).name] =
        described(*parts_.systems.on(side).adapter);
  return parts;
}

Status GateDesk::begin() {
  auto bound = book_.bind(made_with(), now_());
  if (!bound) return bound.error();
  binding_ = std::move(bound).value();
  return share_.begin(binding_);
}

Status GateDesk::tell(bool at_once) {
  keep_counts();
  return share_.tell(at_once);
}

Result<std::vector<parity::DifferenceClass>> GateDesk::open_differences(Capability capability,
                                                                        Timestamp since) {
  parts_.ledger.flush();
  auto open = parts_.ledger.open_differences(std::string(name(capability)), since);
  if (!open) return open.error();
  const auto others = share_.others(
      capability, deadline_in(std::chrono::milliseconds(settings_.replicas_wait_ms + 1'000)));
  if (!others) return others.error();
  if (!others->missing.empty())
    return Error{ErrorCode::unavailable,
                 "open differences of all replicas are not known: " + listed(others->missing)};
  std::vector<parity::DifferenceClass> all = std::move(open).value();
  for (const parity::EvidenceSummary& one : others->told) parity::merge(all, one.open);
  return all;
}

Status GateDesk::add_others(Capability capability, const CallContext& context,
                            parity::Evidence& evidence, std::map<std::string, std::int64_t>& asked,
                            std::map<std::string, parity::KnownUse>& known, GateReport& report,
                            std::vector<parity::Criterion>& criteria) {
  if (!share_.shared()) return Done{};
  const auto others = share_.others(capability, context.deadline);
  if (!others) return others.error();
  for (const parity::EvidenceSummary& one : others->told) {
    parity::merge(evidence, one, report.evidence_since);
    for (const auto& [operation, number] : one.asked) asked[operation] += number;
    parity::merge(known, one.known);
  }
  parity::Criterion all;
  all.name = "replicas";
  all.met = others->missing.empty();
  all.figure = std::to_string(others->live + 1) + " live, evidence of " +
               std::to_string(others->told.size() + 1) + " ledgers";
  all.limit = "every live replica has told what it has compared, with what is in force";
  all.detail = listed(others->missing);
  criteria.push_back(std::move(all));
  return Done{};
}

void GateDesk::asked(Capability capability, const std::string& operation) {
  const std::lock_guard lock(mutex_);
  ++asked_[{capability, operation}];
}

void GateDesk::keep_counts() {
  const std::lock_guard keeping(keeping_);
  std::vector<parity::EvidenceCounts> counts;
  std::map<std::pair<Capability, std::string>, std::int64_t> taken;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(asked_);
  }
  counts.reserve(taken.size() + all_capabilities.size());
  for (const auto& [what, number] : taken)
    counts.push_back({std::string(name(what.first)), what.second, number, 0, 0});
  std::array<Comparisons::LeftOut, 4> seen{};
  for (const Capability capability : all_capabilities) {
    const auto at = static_cast<std::size_t>(capability);
    seen[at] = parts_.comparisons.left_out(capability);
    const std::int64_t dropped = seen[at].dropped - kept_[at].dropped;
    const std::int64_t skipped = seen[at].skipped - kept_[at].skipped;
    if (dropped + skipped > 0)
      counts.push_back({std::string(name(capability)), "", 0, dropped, skipped});
  }
  if (counts.empty()) return;
  if (book_.add(counts, now_())) {
    kept_ = seen;
    return;
  }
  // Tried again with the next.
  const std::lock_guard lock(mutex_);
  for (const auto& [what, number] : taken) asked_[what] += number;
}

Status GateDesk::read_journal(Capability capability, parity::Evidence& evidence,
                              const std::map<std::string, std::int64_t>& asked, GateReport& report,
                              AtRisk& risk) const {
  return parts_.journal.read([&](const JournalReader& reader) {
    const std::vector<Waiver> waivers = waivers_for(reader, capability, report.to);
    const bool compares_writes = parts_.comparisons.compares_writes();
    parity::GateFacts& facts = report.facts;
    if (capability == Capability::orders || capability == Capability::pricing)
      leave_out_the_past(reader, evidence, report.evidence_since);
    facts.cells = cells_in(reader, capability, evidence, always(capability), settings_, waivers,
                           compares_writes, report.at);
    std::set<std::string> unseen;
    for (const auto& [operation, number] : asked) {
      const std::string shown = shown_by(operation, compares_writes);
      const bool seen =
          std::any_of(facts.cells.begin(), facts.cells.end(), [&](const parity::GateCell& cell) {
            return cell.operation == shown && cell.compared > 0;
          });
      if (!shown.empty() && !seen) unseen.insert("operation " + operation);
    }
    const Timestamp since = report.at.plus_ms(-settings_.history_days * 86'400'000);
    if (capability == Capability::orders)
      unseen.merge(unseen_classes(reader, wave_, evidence, since));
    if (capability == Capability::inventory)
      unseen.merge(unseen_locations(reader, evidence, since));
    for (const std::string& one : unseen) {
      const Waiver* waiver = waiver_for(waivers, "coverage " + one, report.at);
      if (waiver == nullptr) {
        facts.unseen.push_back(one);
      } else {
        facts.unseen_waived.push_back(one + " by " + waiver->by + " until " + waiver->until.text());
      }
    }
    risk = at_risk_in(reader, wave_, capability, evidence);
    const auto reconciled = newest_in(reader, capability);
    // What it read before was read by other adapters, and judged by other rules.
    if (reconciled && reconciled->started_at >= binding_.since) {
      facts.reconciled_at = reconciled->as_of();  // What it read is at most as old.
      facts.reconciliation_differences = reconciled->different();
      facts.reconciliation_not_compared = reconciled->left_out();
      facts.reconciliation_keys = reconciled->keys();
    }
    // Lines that are equal but for what is charged for them.
    if (reconciled) {
      for (const auto& [column, amount] : reconciled->apart) {
        risk.money += amount;
        risk.words.push_back(amount.text() + " of " + column + " in the newest reconciliation");
      }
    }
  });
}

namespace {

void explain_reconciliation(GateReport& report, const Reconciliation& newest) {
  for (parity::Criterion& criterion : report.verdict.criteria)
    if (criterion.name == "reconciliation")
      criterion.detail = "number " + std::to_string(newest.id) +
                         " was begun before what is in force: reconcile again";
}

}  // namespace

Result<GateReport> GateDesk::judge(Capability capability, cutover::Stage to,
                                   const CallContext& context) {
  GateReport report;
  report.capability = capability;
  report.to = to;
  report.at = now_();
  report.enforced = settings_.enforced;
  report.binding = binding_;
  report.limits = settings_.limits[static_cast<std::size_t>(capability)];
  // At ramp_down nothing is read from both sides any more: its evidence is that of the step before.
  report.limits.comparisons = to != cutover::Stage::cloud_only;
  keep_counts();
  parts_.ledger.flush();  // A mismatch that waits to be stored is one.
  const std::string of(name(capability));
  const Timestamp since =
      std::max(binding_.since, report.at.plus_ms(-report.limits.evidence_age_max_ms));
  report.evidence_since = since;
  auto read_back = book_.read(of, since, binding_.since);
  if (!read_back) return read_back.error();
  parity::Evidence evidence = std::move(read_back).value();
  auto own_asked = book_.asked(of, report.at.plus_ms(-settings_.history_days * 86'400'000));
  if (!own_asked) return own_asked.error();
  auto own_uses = parts_.ledger.known_uses();
  if (!own_uses) return own_uses.error();
  auto asked = std::move(own_asked).value();
  auto uses = std::move(own_uses).value();
  std::vector<parity::Criterion> of_replicas;
  const Status others = add_others(capability, context, evidence, asked, uses, report, of_replicas);
  if (!others) return others.error();
  parity::GateFacts& facts = report.facts;
  facts.compared = evidence.asked;
  facts.dropped = evidence.dropped;
  facts.newest_evidence = evidence.newest;
  facts.skipped = evidence.skipped;
  facts.evidence_for = binding_.hash.substr(0, 12);
  facts.in_force = parity::hash_of(made_with()).substr(0, 12);
  const parity::RegisterHealth health =
      parity::register_health(parts_.comparisons.rules(), uses, report.at.date_utc());
  for (const parity::KnownHealth& known : health.known)
    if (!known.in_order())
      facts.expired.push_back(known.name + (known.expired ? " (expired)" : " (over its budget)"));
  AtRisk risk;
  std::optional<Reconciliation> older;
  const Status looked_back = parts_.journal.read([&](const JournalReader& reader) {
    older = newest_in(reader, capability);
    if (older && older->started_at >= binding_.since) older.reset();
  });
  if (!looked_back) return looked_back.error();
  const Status read = read_journal(capability, evidence, asked, report, risk);
  if (!read) return read.error();
  value_stock(parts_.systems, risk, report.at, context);
  facts.money_at_risk = risk.money;
  facts.unvalued_writes = risk.unvalued_writes;
  facts.unvalued_documents = risk.unvalued_documents;
  facts.undelivered = risk.words;
  report.verdict = parity::judge_gate(facts, report.limits, report.at);
  if (older) explain_reconciliation(report, *older);
  const PostingGate& posting = settings_.posting;
  if (capability == Capability::orders && posting.required &&
      cutover::index(to) >= cutover::index(posting.from)) {
    PostingParity judged;
    const Status looked = parts_.journal.read([&](const JournalReader& reader) {
      judged = judge_posting(reader, posting, binding_.hash, waivers_for(reader, capability, to),
                             report.at);
    });
    if (!looked) return looked.error();
    report.posting = judged.state;
    report.verdict.add(std::move(judged.criteria));
  }
  if (capability == Capability::pricing && report.limits.comparisons)
    report.verdict.add(judge_basket(parts_.systems, parts_.comparisons.rules(), settings_.basket,
                                    report.at, context));
  report.verdict.add(std::move(of_replicas));
  return report;
}

std::optional<cutover::GateReading> GateDesk::reading(Capability capability, cutover::Stage to,
                                                      const CallContext& context) {
  if (!settings_.enforced || cutover::index(to) < cutover::index(cutover::Stage::cloud_primary))
    return std::nullopt;
  const auto report = judge(capability, to, context);
  if (report) return reading_of(*report);
  cutover::GateReading reading;
  reading.unmet.push_back("it cannot be judged: " + report.error().message);
  return reading;
}

Result<std::vector<Waiver>> GateDesk::waivers(Capability capability) const {
  std::vector<Waiver> found;
  const Status read = parts_.journal.read(
      [&](const JournalReader& reader) { found = waivers_in(reader, capability); });
  if (!read) return read.error();
  return found;
}

Result<Waiver> GateDesk::waive(Capability capability, Waiver waiver, const std::string& actor) {
  const Timestamp now = now_();
  if (!waiver.to || cutover::index(*waiver.to) < cutover::index(cutover::Stage::cloud_primary))
    return invalid("/to", "must be cloud_primary, ramp_down or cloud_only");
  if (waiver.until <= now) return invalid("/until", "must lie ahead");
  if (waiver.until > now.plus_ms(settings_.waiver_days_max * 86'400'000))
    return invalid("/until",
                   "must be at most " + std::to_string(settings_.waiver_days_max) + " days ahead");
  if (waiver.cell.find_first_not_of(' ') == std::string::npos)
    return invalid("/cell", "names no cell");
  waiver.actor = actor;
  waiver.at = now;
  const Status written = parts_.audit.write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    (void)tx.lock_audit();
    std::vector<Waiver> all = waivers_in(tx, capability);
    waiver.id = all.empty() ? 1 : all.back().id + 1;
    all.push_back(waiver);
    // Those that are over stay in the audit log.
    for (auto one = all.begin(); all.size() > waivers_kept && one != all.end();)
      one = one->in_force(now) ? std::next(one) : all.erase(one);
    keep(tx, capability, all);
    pen.add({"gate_waived", actor, std::string(name(capability)), to_json(waiver)});
    return true;
  });
  if (!written) return written.error();
  return waiver;
}

Result<Waiver> GateDesk::revoke(Capability capability, std::int64_t id, const std::string& actor,
                                const std::string& reason) {
  std::optional<Waiver> revoked;
  const Status written = parts_.audit.write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    (void)tx.lock_audit();
    std::vector<Waiver> all = waivers_in(tx, capability);
    for (Waiver& waiver : all) {
      if (waiver.id != id || !waiver.revoked_by.empty()) continue;
      waiver.revoked_by = actor;
      revoked = waiver;
    }
    if (!revoked) return false;
    keep(tx, capability, all);
    Value detail = to_json(*revoked);
    detail.set("reason", reason);
    pen.add({"gate_waiver_revoked", actor, std::string(name(capability)), detail});
    return true;
  });
  if (!revoked)
    return Error{ErrorCode::not_found, "there is no waiver " + std::to_string(id) +
                                           " in force for " + std::string(name(capability))};
  if (!written) return written.error();
  return *revoked;
}

}  // namespace underpin::facade
