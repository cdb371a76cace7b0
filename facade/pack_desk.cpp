#include "facade/pack_desk.h"

#include "facade/digest.h"
#include "facade/gate_desk.h"
#include "facade/pack_posting.h"
#include "facade/reconciliation.h"
#include "parity/known_register.h"
#include "parity/masking.h"

#include <algorithm>
#include <limits>
#include <set>

namespace underpin::facade {
namespace {

using journal::JournalReader;
using journal::JournalTransaction;
using json::Value;

constexpr std::size_t samples_max = 100;

std::string fact_name(Capability capability) {
  return "gate/pack/" + std::string(name(capability));
}

Value parsed(const std::string& text) {
  const auto value = json::parse(text);
  return value ? *value : Value{};
}

std::string items(Value list) {
  Value value = Value::object();
  value.set("items", std::move(list));
  return json::write_pretty(value) + "\n";
}

Result<std::string> differences_file(Facade& facade, Capability capability, Timestamp since) {
  auto open = facade.gate().open_differences(capability, since);
  std::string incomplete;
  if (!open && open.error().code == ErrorCode::unavailable) {
    // A pack shows what there is; the gate in it does not pass.
    incomplete = open.error().message;
    open = facade.ledger().open_differences(std::string(name(capability)), since);
  }
  if (!open) return open.error();
  Value list = Value::array();
  for (const parity::DifferenceClass& one : *open) {
    Value value = Value::object();
    value.set("operation", one.operation);
    value.set("path", one.path);
    value.set("kind", one.kind);
    value.set("rule", one.rule);
    value.set("count", Value::integer(one.count));
    if (one.amount) value.set("money", one.money.text());
    list.push(std::move(value));
  }
  Value file = Value::object();
  if (!incomplete.empty()) file.set("incomplete", incomplete);
  file.set("items", std::move(list));
  return json::write_pretty(file) + "\n";
}

// The newest mismatches, difference by difference. What is about a person is masked unless somebody
// answers for it: a pack goes from hand to hand. `subjects`: of whom something is shown.
Result<std::string> samples_file(Facade& facade, Capability capability, bool unmasked,
                                 std::set<std::string>& subjects) {
  parity::LedgerFilter filter;
  filter.capability = name(capability);
  filter.verdict = "mismatch";
  filter.limit = 500;
  std::vector<Value> rows;
  while (true) {
    const auto page = facade.ledger().entries(filter);
    if (!page) return page.error();
    if (page->empty()) break;
    filter.after_id = page->back().id;
    for (const parity::LedgerEntry& entry : *page) {
      for (const parity::Difference& difference : entry.comparison.differences) {
        if (difference.verdict != parity::Verdict::mismatch) continue;
        Value row = Value::object();
        row.set("at", entry.at.text());
        row.set("operation", entry.question.operation);
        row.set("subject", entry.question.subject);
        row.set("path", difference.path);
        row.set("kind", parity::name(difference.kind));
        const auto shown = [&](const std::string& value) {
          return unmasked ? value : parity::masked(difference.path, value);
        };
        row.set("primary", shown(difference.primary));
        row.set("secondary", shown(difference.secondary));
        rows.push_back(std::move(row));
      }
    }
    if (rows.size() > samples_max)
      rows.erase(rows.begin(), rows.end() - static_cast<std::ptrdiff_t>(samples_max));
  }
  std::reverse(rows.begin(), rows.end());
  for (const Value& row : rows) subjects.insert(row.get("subject").text());
  Value value = Value::object();
  if (unmasked) value.set("unmasked", Value::boolean(true));
  value.set("items", Value::array(std::move(rows)));
  return json::write_pretty(value) + "\n";
}

Result<std::string> register_file(Facade& facade, Timestamp now) {
  const auto uses = facade.ledger().known_uses();
  if (!uses) return uses.error();
  Value list = Value::array();
  for (const parity::KnownHealth& known :
       parity::register_health(facade.comparisons().rules(), *uses, now.date_utc()).known) {
    Value one = Value::object();
    one.set("name", known.name);
    one.set("owner", known.owner);
    one.set("reason", known.reason);
    one.set("ticket", known.ticket);
    one.set("expires", known.expires.text());
    one.set("documents", Value::integer(known.hits));
    one.set("money", known.money.text());
    one.set("inOrder", Value::boolean(known.in_order()));
    list.push(std::move(one));
  }
  return items(std::move(list));
}

// What comparisons were made with, and what each change since the last pack was.
Result<std::string> rules_file(Facade& facade, Timestamp since) {
  const auto bindings = facade.gate().book().bindings();
  if (!bindings) return bindings.error();
  Value changes = Value::array();
  for (std::size_t i = 0; i < bindings->size(); ++i) {
    const parity::Binding& one = (*bindings)[i];
    if (i > 0 && one.since <= since) break;
    Value changed = Value::array();
    for (const auto& [part, hash] : one.parts) {
      if (i + 1 == bindings->size()) break;
      const auto& before = (*bindings)[i + 1].parts;
      const auto known = before.find(part);
      if (known == before.end() || known->second != hash) changed.push(Value(part));
    }
    Value value = Value::object();
    value.set("since", one.since.text());
    value.set("hash", one.hash);
    value.set("changed", std::move(changed));
    changes.push(std::move(value));
  }
  const auto uses = facade.ledger().rule_uses();
  if (!uses) return uses.error();
  Value suppressed = Value::array();
  for (const auto& [rule, use] : *uses) {
    Value one = Value::object();
    one.set("rule", rule);
    one.set("hits", Value::integer(use.hits));
    one.set("last", use.last.text());
    suppressed.push(std::move(one));
  }
  Value value = Value::object();
  value.set("rules", parity::identity(facade.comparisons().rules()));
  value.set("changes", std::move(changes));
  value.set("suppressed", std::move(suppressed));
  return json::write_pretty(value) + "\n";
}

Value limits_value(const parity::GateLimits& limits) {
  Value value = Value::object();
  const auto rate = [&](const char* key, double number) { value.set(key, std::to_string(number)); };
  rate("level", limits.level);
  rate("mismatchRateMax", limits.mismatch_rate_max);
  rate("notComparedMax", limits.not_compared_max);
  rate("droppedMax", limits.dropped_max);
  value.set("sampleMin", Value::integer(limits.sample_min));
  value.set("moneyAtRiskMax", limits.money_at_risk_max.text());
  value.set("evidenceMs", Value::integer(limits.evidence_age_max_ms));
  value.set("reconciliationMs", Value::integer(limits.reconciliation_age_max_ms));
  return value;
}

// What the journal knows.
struct Kept {
  Value last;  // Of the pack before.
  std::string waivers;
  std::string reconciliation;
  std::string proposals;
  std::string plan;
  std::int64_t plan_version = 0;
  std::string stage;
  std::int64_t audit_seq = 0;
  std::string audit_hash = std::string(64, '0');
};

Status read_kept(Facade& facade, Capability capability, Timestamp now, Kept& kept) {
  const auto proposals = facade.cutover().proposals(capability);
  if (!proposals) return proposals.error();
  Value list = Value::array();
  for (const Proposal& proposal : *proposals) list.push(to_json(proposal));
  kept.proposals = items(std::move(list));
  return facade.journal().read([&](const JournalReader& reader) {
    kept.last = parsed(reader.fact(fact_name(capability)));
    Value waivers = Value::array();
    for (const Waiver& waiver : waivers_in(reader, capability))
      if (waiver.to && waiver.in_force(now)) waivers.push(to_json(waiver));
    kept.waivers = items(std::move(waivers));
    Value newest = Value::object();
    const auto reconciled = newest_in(reader, capability);
    newest.set("newest", reconciled ? to_json(*reconciled) : Value::null());
    kept.reconciliation = json::write_pretty(newest) + "\n";
    if (const auto plan = reader.plan(facade.settings().wave, capability)) {
      kept.plan = plan->plan;
      kept.plan_version = plan->version;
      kept.stage = parsed(plan->plan).get("to").text();
    }
    for (const journal::AuditRecord& record : reader.audit(0, std::numeric_limits<int>::max())) {
      kept.audit_seq = record.seq;
      kept.audit_hash = record.hash;
    }
  });
}

// Who has done what for this capability's next step, from its newest proposal: a person has one of
// these parts.
std::map<std::string, std::string> people_of(const std::vector<Proposal>& proposals) {
  std::map<std::string, std::string> people;
  if (proposals.empty()) return people;
  const Proposal& newest = proposals.back();
  if (newest.over() && newest.state != "published") return people;
  people["requester"] = newest.requester;
  for (const Signature& signature : newest.signatures) people[signature.role] = signature.subject;
  return people;
}

Error refused(const std::string& why) { return {ErrorCode::rejected, why}; }

// Finance signs for what was evaluated and is alike, or for what somebody answers for; where the
// configuration asks for no posting parity, for what the pack shows of it.
std::optional<Error> posting_not_to_sign(const std::string& state) {
  if (state == "met" || state == "waived" || state == "not_required") return std::nullopt;
  if (state == "different")
    return refused(
        "finance signs for posting, and this pack shows that orders are posted otherwise");
  return refused(
      "finance signs for posting, which this pack has not evaluated: reconcile posting, compare "
      "the "
      "scenarios, and make it again");
}

std::optional<Error> not_to_sign(Facade& facade, Capability capability, const SignOff& given) {
  if (given.role != "qa" && given.role != "finance" && given.role != "approver")
    return refused(
        "a pack is signed by qa, by finance for the posting of orders, and by an "
        "approver; this is the role " +
        given.role);
  const cutover::Plan plan = facade.cutover().plan(capability);
  if (given.role == "qa" &&
      cutover::index(plan.rollout.highest()) < cutover::index(cutover::Stage::shadow_read))
    return refused("QA signs from shadow_read on; " + std::string(name(capability)) + " is at " +
                   std::string(cutover::name(plan.rollout.highest())));
  if (given.role == "finance" && capability != Capability::orders)
    return refused("finance signs for posting, which orders have and " +
                   std::string(name(capability)) + " has not");
  return std::nullopt;
}

}  // namespace

Result<MadePack> make_pack(Facade& facade, Capability capability, cutover::Stage to,
                           const CallContext& context, const std::string& actor,
                           const ShownInPack& shown) {
  const auto report = facade.gate().judge(capability, to, context);
  if (!report) return report.error();
  Kept kept;
  const Status read = read_kept(facade, capability, report->at, kept);
  if (!read) return read.error();
  const auto last = Timestamp::parse(kept.last.get("madeAt").text());
  const auto differences = differences_file(facade, capability, report->binding.since);
  if (!differences) return differences.error();
  std::set<std::string> subjects;
  const auto samples = samples_file(facade, capability, shown.unmasked, subjects);
  if (!samples) return samples.error();
  const auto known = register_file(facade, report->at);
  if (!known) return known.error();
  const auto rules = rules_file(facade, last ? *last : Timestamp{});
  if (!rules) return rules.error();
  Value configuration = Value::object();
  configuration.set("configurationHash", facade.settings().gate.configuration_hash);
  configuration.set("planVersion", Value::integer(kept.plan_version));
  configuration.set("plan", parsed(kept.plan));
  configuration.set("limits", limits_value(report->limits));
  MadePack made;
  made.files = {{"gate.json", json::write_pretty(to_json(*report)) + "\n"},
                {"differences.json", *differences},
                {"samples.json", *samples},
                {"register.json", *known},
                {"rules.json", *rules},
                {"waivers.json", kept.waivers},
                {"reconciliation.json", kept.reconciliation},
                {"proposals.json", kept.proposals},
                {"configuration.json", json::write_pretty(configuration) + "\n"}};
  Value fact = Value::object();
  if (capability == Capability::orders) {
    const auto posting = posting_file(facade, *report);
    if (!posting) return posting.error();
    fact.set("posting", report->posting);
    fact.set("postingSha256", sha256_hex(*posting));
    made.files[posting_name] = *posting;
  }
  Value about = Value::object();
  about.set("capability", name(capability));
  about.set("wave", facade.settings().wave);
  about.set("to", cutover::name(to));
  about.set("stage", kept.stage);
  about.set("passed", Value::boolean(report->verdict.passed));
  if (capability == Capability::orders) about.set("posting", report->posting);
  about.set("madeAt", report->at.text());
  about.set("madeBy", actor);
  if (shown.unmasked) about.set("personalData", "shown");
  about.set("planVersion", Value::integer(kept.plan_version));
  about.set("configurationHash", facade.settings().gate.configuration_hash);
  about.set("madeWith", report->binding.hash);
  about.set("auditSeq", Value::integer(kept.audit_seq));
  about.set("auditHash", kept.audit_hash);
  about.set("previousPack", kept.last.get("seal").text());
  made.pack = sealed_pack(std::move(about), made.files);
  fact.set("seal", made.pack.seal());
  fact.set("head", made.pack.head());
  fact.set("entries", Value::integer(static_cast<std::int64_t>(made.pack.entries.size())));
  fact.set("madeAt", report->at.text());
  fact.set("signatures", Value::array());
  Value detail = Value::object();
  detail.set("seal", made.pack.seal());
  detail.set("passed", Value::boolean(report->verdict.passed));
  Value whose = Value::object();
  whose.set("reason", shown.reason);
  whose.set("role", shown.role);
  Value list = Value::array();
  for (const std::string& subject : subjects) list.push(Value(subject));
  whose.set("subjects", std::move(list));
  // Nothing is shown that was not written down before.
  const Status written = facade.audit().write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    (void)tx.lock_audit();
    tx.set_fact(fact_name(capability), json::write(fact));
    pen.add({"pack_made", actor, std::string(name(capability)), detail});
    if (shown.unmasked) pen.add({"parity_unmasked", actor, "pack " + made.pack.seal(), whose});
    return true;
  });
  if (!written) return written.error();
  return made;
}

Result<journal::AuditRecord> sign_pack(Facade& facade, Capability capability,
                                       const SignOff& given) {
  if (auto why = not_to_sign(facade, capability, given)) return *why;
  const auto proposals = facade.cutover().proposals(capability);
  if (!proposals) return proposals.error();
  for (const auto& [part, subject] : people_of(*proposals))
    if (subject == given.subject && part != given.role)
      return refused(subject + " is the " + part +
                     " of the step: requester, approver, acceptor of differences and QA signer are "
                     "different people");
  Error why{ErrorCode::internal, "the sign-off was not kept"};
  bool kept = false;
  journal::AuditRecord entry;
  const Status written = facade.audit().write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    (void)tx.lock_audit();
    Value fact = parsed(tx.fact(fact_name(capability)));
    if (fact.get("seal").text().empty() || fact.get("seal").text() != given.seal) {
      why = {ErrorCode::conflict, "this is not the newest pack of " +
                                      std::string(name(capability)) + ": only that can be signed"};
      return false;
    }
    if (fact.get("head").text() != given.previous) {
      why = {ErrorCode::conflict, "the pack has other sign-offs than this folder"};
      return false;
    }
    if (given.role == "finance") {
      if (auto unposted = posting_not_to_sign(fact.get("posting").text())) {
        why = *unposted;
        return false;
      }
    }
    for (const Value& one : fact.get("signatures").items()) {
      if (one.get("subject").text() == given.subject || one.get("role").text() == given.role) {
        why = refused(one.get("subject").text() + " has signed as " + one.get("role").text() +
                      " already: one sign-off of each role, each by somebody else");
        return false;
      }
    }
    Value what = Value::object();
    what.set("name", given.name);
    what.set("role", given.role);
    what.set("subject", given.subject);
    what.set("comment", given.comment);
    what.set("for", given.role == "finance" ? "posting" : "the step");
    if (given.role == "finance") {
      what.set("posting", fact.get("posting").text());
      what.set("postingSha256", fact.get("postingSha256").text());
    }
    what.set("at", facade.settings().now().text());
    // As the entries before it end: their number and their last hash are all that it goes by.
    const auto before = fact.get("entries").as_int();
    std::vector<journal::AuditRecord> entries(static_cast<std::size_t>(before ? *before : 0));
    if (entries.empty()) return false;
    entries.back().hash = given.previous;
    Value signature = what;
    entry = next_entry(entries, "sign_off", std::move(what));
    fact.set("head", entry.hash);
    fact.set("entries", Value::integer(entry.seq));
    fact.find("signatures")->push(signature);
    tx.set_fact(fact_name(capability), json::write(fact));
    signature.set("seal", given.seal);
    signature.set("hash", entry.hash);
    pen.add({"pack_signed", given.subject, std::string(name(capability)), signature});
    kept = true;
    return true;
  });
  if (!kept) return why;
  if (!written) return written.error();
  return entry;
}

}  // namespace underpin::facade
