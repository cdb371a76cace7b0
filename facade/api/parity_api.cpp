#include "facade/api/ops_parts.h"

#include "parity/known_register.h"
#include "parity/masking.h"
#include "parity/proposals.h"
#include "parity/report_data.h"

#include <algorithm>

namespace underpin::facade::api {

using json::Value;

namespace {

constexpr std::size_t mismatches_max = 20'000;  // That proposals look at: the newest.

Answer parity_entries(Facade& facade, const ApiCall& call) {
  std::vector<FieldError> errors;
  only_known(call, {"capability", "verdict", "subject", "cursor", "limit", "unmask", "reason"},
             errors);
  parity::LedgerFilter filter;
  filter.limit = limit_of(call, errors);
  filter.capability = query_of(call, "capability").value_or("");
  filter.verdict = query_of(call, "verdict").value_or("");
  filter.subject = query_of(call, "subject").value_or("");
  if (const auto cursor = query_of(call, "cursor")) {
    if (cursor->size() > 17 ||
        !std::all_of(cursor->begin(), cursor->end(), [](char c) { return c >= '0' && c <= '9'; })) {
      errors.push_back({"cursor", "must be the `next` of an earlier page"});
    } else {
      filter.after_id = std::stoll(*cursor);
    }
  }
  if (!filter.verdict.empty() && !parity::parse_verdict(filter.verdict))
    errors.push_back({"verdict", "must name a verdict"});
  const Unmasking unmasking = unmasking_of(call, errors);
  if (!errors.empty()) return validation(errors);
  if (unmasking.refused) return *unmasking.refused;
  facade.ledger().flush();
  const auto found = facade.ledger().entries(filter);
  if (!found) return problem_for(found.error());
  if (unmasking.asked) {
    // Nothing is shown that was not written down before.
    const Status noted = note_unmasking(facade, call, "parity entries", *found);
    if (!noted) return problem_for(noted.error());
  }
  Value items = Value::array();
  for (const parity::LedgerEntry& entry : *found) {
    Value item = Value::object();
    item.set("id", Value::integer(entry.id));
    item.set("at", entry.at.text());
    item.set("capability", entry.question.capability);
    item.set("operation", entry.question.operation);
    item.set("subject", entry.question.subject);
    item.set("verdict", parity::name(entry.comparison.verdict));
    if (!entry.comparison.reason.empty())
      item.set("reason", unmasking.asked ? entry.comparison.reason
                                         : parity::masked_reason(entry.comparison.reason));
    if (entry.comparison.converged_ms >= 0)
      item.set("convergedMs", Value::integer(entry.comparison.converged_ms));
    if (!entry.rules.empty()) item.set("rules", entry.rules);
    item.set("differences", differences_value(entry.comparison, unmasking.asked));
    items.push(std::move(item));
  }
  Value body = Value::object();
  body.set("items", std::move(items));
  if (found->size() == static_cast<std::size_t>(filter.limit))
    body.set("next", std::to_string(found->back().id));
  return Answer::json(200, body);
}

Value number_or_null(const std::optional<std::int64_t>& number) {
  return number ? Value::integer(*number) : Value::null();
}

// The register of known differences with its figures, and what each rule has suppressed.
Answer parity_register(Facade& facade, const ApiCall& call) {
  std::vector<FieldError> errors;
  only_known(call, {"unusedDays"}, errors);
  const int unused_days = unused_days_of(call, errors);
  if (!errors.empty()) return validation(errors);
  facade.ledger().flush();
  const auto known = facade.ledger().known_uses();
  if (!known) return problem_for(known.error());
  const auto uses = facade.ledger().rule_uses();
  if (!uses) return problem_for(uses.error());
  const parity::Rules& rules = facade.comparisons().rules();
  const Timestamp now = facade.settings().now();
  const parity::RegisterHealth health = parity::register_health(rules, *known, now.date_utc());
  Value body = Value::object();
  body.set("rules", parity::identity(rules));
  body.set("inOrder", Value::boolean(health.in_order()));
  body.set("expired", Value::integer(health.expired));
  body.set("overBudget", Value::integer(health.over_budget));
  Value differences = Value::array();
  for (const parity::KnownHealth& one : health.known) {
    Value item = Value::object();
    item.set("name", one.name);
    item.set("owner", one.owner);
    item.set("ticket", one.ticket);
    item.set("reason", one.reason);
    item.set("expires", one.expires.text());
    item.set("documents", Value::integer(one.hits));
    item.set("money", one.money.text());
    item.set("budgetHits", number_or_null(one.budget_hits));
    item.set("budgetMoney", one.budget_money ? Value(one.budget_money->text()) : Value::null());
    item.set("state", one.expired ? "expired" : one.over_budget() ? "over_budget" : "in_order");
    differences.push(std::move(item));
  }
  body.set("knownDifferences", std::move(differences));
  Value suppressed = Value::array();
  for (const auto& [rule, use] : *uses) {
    if (use.hits == 0) continue;
    Value item = Value::object();
    item.set("rule", rule);
    item.set("hits", Value::integer(use.hits));
    item.set("last", use.last.text());
    Value samples = Value::array();
    for (const parity::RuleUse::Sample& sample : use.samples) {
      Value one = Value::object();
      one.set("at", sample.at.text());
      one.set("subject", sample.subject);
      one.set("path", sample.what.path);
      one.set("primary", parity::masked(sample.what.path, sample.what.primary));
      one.set("secondary", parity::masked(sample.what.path, sample.what.secondary));
      samples.push(std::move(one));
    }
    item.set("samples", std::move(samples));
    suppressed.push(std::move(item));
  }
  body.set("suppressed", std::move(suppressed));
  Value unused = Value::array();
  for (const std::string& rule : parity::unused_rules(rules, *uses, now, unused_days))
    unused.push(Value(rule));
  body.set("proposedForRemoval", std::move(unused));
  return Answer::json(200, body);
}

std::string decision_fact(const std::string& id) { return "parity_proposal/" + id; }

Result<std::vector<parity::Proposal>> proposals_of(Facade& facade) {
  facade.ledger().flush();
  parity::LedgerFilter filter;
  filter.verdict = "mismatch";
  filter.limit = 500;
  std::vector<parity::Mismatch> all;
  while (true) {
    const auto page = facade.ledger().entries(filter);
    if (!page) return page.error();
    if (page->empty()) break;
    filter.after_id = page->back().id;
    for (parity::Mismatch& one : parity::mismatches_of(*page)) all.push_back(std::move(one));
    if (all.size() > mismatches_max)
      all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(mismatches_max));
  }
  return parity::propose(all);
}

Value proposal_value(const parity::Proposal& proposal, const std::string& decision) {
  Value value = Value::object();
  value.set("id", proposal.id);
  value.set("capability", proposal.capability);
  value.set("operation", proposal.operation);
  value.set("path", proposal.path);
  value.set("transformation", proposal.transformation);
  value.set("support", Value::integer(proposal.support));
  value.set("of", Value::integer(proposal.of));
  value.set("subjects", Value::integer(proposal.subjects));
  value.set("rule", proposal.rule);
  if (!proposal.code_map.is_null()) value.set("codeMap", proposal.code_map);
  if (!decision.empty()) {
    const auto kept = json::parse(decision);
    if (kept) value.set("decision", *kept);
  }
  Value samples = Value::array();
  for (const parity::Mismatch& sample : proposal.samples) {
    const parity::Difference& difference = sample.difference;
    Value one = Value::object();
    one.set("subject", sample.subject);
    one.set("path", difference.path);
    one.set("primary", parity::masked(difference.path, difference.primary));
    one.set("secondary", parity::masked(difference.path, difference.secondary));
    samples.push(std::move(one));
  }
  value.set("samples", std::move(samples));
  return value;
}

// Rules of the file that have suppressed nothing for so many days.
Result<Value> rules_to_remove(Facade& facade, int days) {
  const auto uses = facade.ledger().rule_uses();
  if (!uses) return uses.error();
  const parity::Rules& rules = facade.comparisons().rules();
  Value list = Value::array();
  for (const std::string& rule :
       parity::unused_rules(rules, *uses, facade.settings().now(), days)) {
    const auto use = uses->find(rule);
    Value one = Value::object();
    one.set("rule", rule);
    const bool ever = use != uses->end() && !use->second.last.empty();
    one.set("last", ever ? Value(use->second.last.text()) : Value::null());
    list.push(std::move(one));
  }
  return list;
}

Answer parity_proposals(Facade& facade, const ApiCall& call) {
  std::vector<FieldError> errors;
  only_known(call, {"unusedDays"}, errors);
  const int unused_days = unused_days_of(call, errors);
  if (!errors.empty()) return validation(errors);
  const auto proposals = proposals_of(facade);
  if (!proposals) return problem_for(proposals.error());
  Value items = Value::array();
  for (const parity::Proposal& proposal : *proposals) {
    std::string decision;
    const Status read = facade.journal().read([&](const journal::JournalReader& reader) {
      decision = reader.fact(decision_fact(proposal.id));
    });
    if (!read) return problem_for(read.error());
    items.push(proposal_value(proposal, decision));
  }
  const auto unused = rules_to_remove(facade, unused_days);
  if (!unused) return problem_for(unused.error());
  Value body = Value::object();
  body.set("items", std::move(items));
  body.set("removals", *unused);
  body.set("unusedDays", Value::integer(unused_days));
  return Answer::json(200, body);
}

// A person's word on a proposal. It changes no rule by itself: the rule file does.
Answer decide_proposal(Facade& facade, const ApiCall& call, const std::string& decision) {
  if (const auto refused = needs_role(call, {"qa", "architect"})) return *refused;
  const Parsed body = parse_body(call, "exception-settlement");
  if (!body.value) return body.refused;
  const auto proposals = proposals_of(facade);
  if (!proposals) return problem_for(proposals.error());
  const std::string& id = call.params.at("id");
  const auto found = std::find_if(proposals->begin(), proposals->end(),
                                  [&](const parity::Proposal& one) { return one.id == id; });
  if (found == proposals->end())
    return problem(404, "not-found", "Not found", "No proposal has the id " + id + ".");
  Value kept = Value::object();
  kept.set("decision", decision);
  kept.set("by", call.subject);
  kept.set("at", facade.settings().now().text());
  kept.set("reason", body.value->get("reason").text());
  Value detail = kept;
  detail.set("rule", found->rule);
  detail.set("support", Value::integer(found->support));
  detail.set("of", Value::integer(found->of));
  const std::string text = json::write(kept);
  const Status noted =
      facade.audit().write([&](journal::JournalTransaction& tx, AuditTrail::Pen& pen) {
        tx.set_fact(decision_fact(id), text);
        pen.add({"parity_proposal_" + decision, call.subject, found->path, detail});
        return true;
      });
  if (!noted) return problem_for(noted.error());
  return Answer::json(200, proposal_value(*found, text));
}

}  // namespace

Unmasking unmasking_of(const ApiCall& call, std::vector<FieldError>& errors) {
  Unmasking unmasking;
  unmasking.asked = query_of(call, "unmask").value_or("") == "true";
  unmasking.reason = query_of(call, "reason").value_or("");
  if (!unmasking.asked) return unmasking;
  if (unmasking.reason.empty()) errors.push_back({"reason", "must say why personal data is shown"});
  unmasking.refused = needs_role(call, {"qa", "architect"});
  return unmasking;
}

Status note_unmasking(Facade& facade, const ApiCall& call, const std::string& what,
                      const std::vector<parity::LedgerEntry>& entries) {
  Value subjects = Value::array();
  for (const parity::LedgerEntry& entry : entries) subjects.push(Value(entry.question.subject));
  Value detail = Value::object();
  detail.set("reason", query_of(call, "reason").value_or(""));
  detail.set("role", call.role);
  detail.set("subjects", std::move(subjects));
  return facade.audit().write([&](journal::JournalTransaction&, AuditTrail::Pen& pen) {
    pen.add({"parity_unmasked", call.subject, what, detail});
    return true;
  });
}

ApiRoutes parity_routes(Facade& facade) {
  ApiRoutes routes = parity_report_routes(facade);
  const auto add = [&](std::string method, std::string pattern, std::string operation,
                       ApiHandler handler) {
    ApiRoute route;
    route.method = std::move(method);
    route.pattern = std::move(pattern);
    route.operation = std::move(operation);
    route.handler = std::move(handler);
    routes.push_back(std::move(route));
  };
  add("GET", "/ops/v1/parity/entries", "parity_entries",
      [&](const ApiCall& call) { return parity_entries(facade, call); });
  add("GET", "/ops/v1/parity/register", "parity_register",
      [&](const ApiCall& call) { return parity_register(facade, call); });
  add("GET", "/ops/v1/parity/proposals", "parity_proposals",
      [&](const ApiCall& call) { return parity_proposals(facade, call); });
  add("POST", "/ops/v1/parity/proposals/{id}/accept", "accept_parity_proposal",
      [&](const ApiCall& call) { return decide_proposal(facade, call, "accepted"); });
  add("POST", "/ops/v1/parity/proposals/{id}/reject", "reject_parity_proposal",
      [&](const ApiCall& call) { return decide_proposal(facade, call, "rejected"); });
  return routes;
}

}  // namespace underpin::facade::api
