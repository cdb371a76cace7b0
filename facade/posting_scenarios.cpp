#include "facade/posting_scenarios.h"

#include "contracts/json/codec.h"
#include "contracts/json/object_reader.h"
#include "contracts/ports/posting_service.h"
#include "facade/facade.h"
#include "facade/gate_desk.h"
#include "facade/observe.h"
#include "facade/order_content.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <sstream>

namespace underpin::facade {

using journal::JournalReader;
using journal::JournalTransaction;
using json::Need;
using json::ObjectReader;
using json::Value;

namespace {

constexpr const char* run_fact = "posting_scenarios/run";
constexpr const char* result_fact = "posting_scenarios/result";
constexpr std::int64_t call_ms = 30'000;
constexpr std::uintmax_t file_max = 1'000'000;
constexpr std::size_t number_max = 12;  // Leaves room for the run in a channel's number.

const ChannelId scenario_channel{"scenario"};

WriteContext calling(const std::string& key) {
  WriteContext context;
  context.channel = scenario_channel;
  context.correlation_id = CorrelationId{"posting scenarios"};
  context.deadline = deadline_in(std::chrono::milliseconds(call_ms));
  context.idempotency_key = IdempotencyKey{key};
  return context;
}

OrderId id_of(const PostingScenario& scenario, std::int64_t run) {
  return {scenario_channel,
          OrderNumber{scenario.order.id.number.text() + "-" + std::to_string(run)}};
}

void read_class(ObjectReader& reader, std::string_view key, AccountClass& account_class) {
  std::string word;
  reader.read(key, word);
  const auto known = parse_account_class(word);
  if (known) account_class = *known;
  if (!known && !word.empty()) reader.refuse(key, "names no class of accounts");
}

PostingPolicy read_policy(ObjectReader& reader) {
  PostingPolicy policy;
  reader.read("name", policy.name);
  reader.read("tolerance", policy.tolerance);
  if (policy.tolerance.is_negative()) reader.refuse("tolerance", "must not be negative");
  reader.read_each(
      "fold",
      [&](ObjectReader& one) {
        AccountClass from = AccountClass::other;
        AccountClass into = AccountClass::other;
        read_class(one, "from", from);
        read_class(one, "into", into);
        policy.folds[from] = into;
      },
      Need::optional);
  return policy;
}

struct Catalogue {
  std::vector<PostingPolicy> policies;
  std::vector<PostingScenario> scenarios;
};

void read_scenario(ObjectReader& reader, const Value& order, Catalogue& catalogue) {
  PostingScenario scenario;
  std::string policy;
  reader.read("name", scenario.name);
  reader.read("what", scenario.what, Need::optional);
  reader.read("policy", policy);
  const auto named = std::find_if(catalogue.policies.begin(), catalogue.policies.end(),
                                  [&](const PostingPolicy& one) { return one.name == policy; });
  if (named == catalogue.policies.end()) {
    reader.refuse("policy", "names no policy of this file");
  } else {
    scenario.policy = *named;
  }
  reader.read_each(
      "cancel",
      [&](ObjectReader& one) {
        LineCancellation cancelled;
        one.read("line", cancelled.number);
        one.read("quantity", cancelled.quantity);
        scenario.cancelled.push_back(cancelled);
      },
      Need::optional);
  auto read = json::order_request_from_json(order, scenario_channel);
  if (!read) {
    reader.refuse("order", read.error().fields.empty() ? read.error().message
                                                       : read.error().fields.front().pointer + " " +
                                                             read.error().fields.front().detail);
  } else {
    scenario.order = std::move(read).value();
    if (scenario.order.id.number.text().size() > number_max)
      reader.refuse("order", "its number must leave room for the run: at most 12 characters");
  }
  const bool twice = std::any_of(
      catalogue.scenarios.begin(), catalogue.scenarios.end(), [&](const PostingScenario& one) {
        return one.name == scenario.name || one.order.id == scenario.order.id;
      });
  if (twice) reader.refuse("name", "or the number is another scenario's");
  catalogue.scenarios.push_back(std::move(scenario));
}

}  // namespace

Result<std::vector<PostingScenario>> read_posting_scenarios(std::string_view text,
                                                            const std::string& file) {
  const auto document = json::parse_with_comments(text);
  if (!document) return document.error();
  // The orders have a codec of their own.
  Value scenarios = Value::array();
  std::vector<Value> orders;
  for (const Value& given : document->get("scenarios").items()) {
    Value scenario = given;
    orders.push_back(given.get("order"));
    if (scenario.is_object()) scenario.erase("order");
    scenarios.push(std::move(scenario));
  }
  Value rest = *document;
  if (rest.get("scenarios").is_array()) rest.set("scenarios", std::move(scenarios));
  const auto read =
      json::read_document<Catalogue>(rest, file, [&](ObjectReader& reader, Catalogue& catalogue) {
        reader.read_each(
            "policies", [&](ObjectReader& one) { catalogue.policies.push_back(read_policy(one)); });
        std::size_t at = 0;
        reader.read_each("scenarios",
                         [&](ObjectReader& one) { read_scenario(one, orders[at++], catalogue); });
      });
  if (!read) return read.error();
  return read->scenarios;
}

json::Value posting_document(const std::vector<PostedEntry>& entries, const PostingPolicy& policy,
                             bool with_taxes) {
  std::map<std::string, Decimal> classes;
  std::map<std::string, std::pair<Decimal, Decimal>> taxes;
  for (const PostedEntry& entry : entries) {
    if (entry.ledger == Ledger::tax) {
      if (!with_taxes) continue;
      taxes[entry.tax_code].first += entry.base;
      taxes[entry.tax_code].second += entry.amount;
      continue;
    }
    const auto folded = policy.folds.find(entry.account_class);
    const AccountClass account_class =
        folded == policy.folds.end() ? entry.account_class : folded->second;
    classes[std::string(name(account_class))] += entry.amount;
  }
  Value document = Value::object();
  Value by_class = Value::object();
  // What adds up to nothing was not posted, as far as a class of accounts goes.
  for (const auto& [account_class, amount] : classes)
    if (!amount.is_zero()) by_class.set(account_class, amount.normalized().text());
  document.set("classes", std::move(by_class));
  Value by_code = Value::object();
  for (const auto& [code, sums] : taxes) {
    if (sums.first.is_zero() && sums.second.is_zero()) continue;
    Value tax = Value::object();
    tax.set("base", sums.first.normalized().text());
    tax.set("amount", sums.second.normalized().text());
    by_code.set(code, std::move(tax));
  }
  document.set("taxes", std::move(by_code));
  return document;
}

parity::Comparison compare_postings(const PostingScenario& scenario, const parity::Side& legacy,
                                    const parity::Side& cloud, const parity::Rules& rules,
                                    const parity::Question& question) {
  parity::Rules with_policy = rules;
  for (const char* path : {"/classes/*", "/taxes/*/base", "/taxes/*/amount"}) {
    if (scenario.policy.tolerance.is_zero()) break;
    parity::Rule rule;
    rule.name = "posting policy " + scenario.policy.name + " " + path;
    rule.capability = question.capability;
    rule.operation = question.operation;
    rule.path = path;
    rule.absolute = scenario.policy.tolerance;
    with_policy.rules.push_back(std::move(rule));
  }
  return parity::compare(legacy, cloud, with_policy, {}, question);
}

Result<std::vector<PostingScenario>> PostingScenarios::catalogue() const {
  const std::string& file = facade_.settings().reconcile.scenarios_file;
  if (file.empty())
    return Error{ErrorCode::unsupported, "the configuration names no catalogue of scenarios"};
  std::error_code failed;
  const auto size = std::filesystem::file_size(file, failed);
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (failed || size > file_max || !stream)
    return Error{ErrorCode::unsupported, file + " cannot be read"};
  for (const Side side : {Side::legacy, Side::cloud})
    if (facade_.systems().on(side).adapter->postings() == nullptr)
      return Error{ErrorCode::unsupported, facade_.systems().on(side).name +
                                               " tells nothing of its books: its settings name no "
                                               "chart of accounts"};
  return read_posting_scenarios(text.str(), file);
}

Status PostingScenarios::place_in(Side side, const PostingScenario& scenario,
                                  const OrderId& id) const {
  Order order = scenario.order;
  order.id = id;
  const Systems& systems = facade_.systems();
  const auto write = [&](const char* what, auto&& call) -> Status {
    const WriteContext context = calling(id.number.text() + "/" + what);
    const auto written = observe<OrderReceipt>(side, cutover::Operation::write, [&] {
      return call_port<OrderReceipt>(systems, side, context.deadline, &ErpAdapter::orders,
                                     [&](OrderService& port) { return call(port, context); });
    });
    if (!written.result) return written.result.error();
    return Done{};
  };
  const OrderRef ref{id, {}};
  Status done = write("place", [&](OrderService& port, const WriteContext& context) {
    return port.place_order(order, context);
  });
  if (done && !scenario.cancelled.empty()) {
    const auto amendment = as_amendment(order, {"scenario", scenario.cancelled});
    if (!amendment) return amendment.error();
    done = write("cancel", [&](OrderService& port, const WriteContext& context) {
      return port.amend_order(ref, *amendment, context);
    });
  }
  if (done)
    done = write("release", [&](OrderService& port, const WriteContext& context) {
      return port.release_order(ref, context);
    });
  return done;
}

Result<std::int64_t> PostingScenarios::place(const Act& act) {
  if (!facade_.settings().reconcile.test_company)
    return Error{ErrorCode::unsupported,
                 "the configuration does not say that both systems are test companies"};
  const auto scenarios = catalogue();
  if (!scenarios) return scenarios.error();
  std::int64_t run = 0;
  const Status noted = facade_.audit().write([&](JournalTransaction& tx, AuditTrail::Pen& pen) {
    const std::string last = tx.fact(run_fact);
    run = last.empty() ? 1 : std::stoll(last) + 1;
    tx.set_fact(run_fact, std::to_string(run));
    AuditNote note;
    note.kind = "posting_scenarios_placed";
    note.actor = act.actor;
    note.about = "posting scenarios, run " + std::to_string(run);
    note.detail.set("reason", act.reason);
    pen.add(note);
    return true;
  });
  if (!noted) return noted.error();
  for (const PostingScenario& scenario : *scenarios) {
    for (const Side side : {Side::legacy, Side::cloud}) {
      const Status placed = place_in(side, scenario, id_of(scenario, run));
      if (placed) continue;
      Error error = placed.error();
      error.message = "scenario " + scenario.name + " in " + facade_.systems().on(side).name +
                      ": " + error.message;
      return error;
    }
  }
  return run;
}

// `waits`: why there is nothing to compare yet.
PostingScenarios::Posted PostingScenarios::posted_in(Side side, const OrderId& id,
                                                     std::string& waits) const {
  const Systems& systems = facade_.systems();
  const WriteContext context = calling("");
  const OrderRef ref{id, {}};
  const std::string& system = systems.on(side).name;
  const auto entries = observe<std::vector<PostedEntry>>(
      side, cutover::Operation::read, [&]() -> Result<std::vector<PostedEntry>> {
        using Entries = std::vector<PostedEntry>;
        if (systems.on(side).adapter->postings()->declares().preview) {
          return call_port<Entries>(
              systems, side, context.deadline, &ErpAdapter::postings,
              [&](PostingService& port) { return port.preview(ref, context); });
        }
        const auto order =
            call_port<Order>(systems, side, context.deadline, &ErpAdapter::orders,
                             [&](OrderService& port) { return port.get_order(ref, context); });
        if (!order) return order.error();
        PostingQuery query;
        for (const InvoiceReference& invoice : order->invoices)
          query.documents.push_back(invoice.document);
        if (order->status != OrderStatus::invoiced || query.documents.empty()) {
          waits = system + " has not invoiced it yet";
          return Entries{};
        }
        const auto page = call_port<Page<PostedEntry>>(
            systems, side, context.deadline, &ErpAdapter::postings,
            [&](PostingService& port) { return port.posted_entries(query, context); });
        if (!page) return page.error();
        Entries own;
        for (const PostedEntry& entry : page->items)
          if (entry.order == id) own.push_back(entry);
        return own;
      });
  return {entries.result, entries.micros};
}

Result<std::vector<ScenarioResult>> PostingScenarios::compare() {
  const auto scenarios = catalogue();
  if (!scenarios) return scenarios.error();
  std::string last;
  const Status read =
      facade_.journal().read([&](const JournalReader& reader) { last = reader.fact(run_fact); });
  if (!read) return read.error();
  if (last.empty())
    return Error{ErrorCode::not_found, "no scenarios were placed yet: `--place` does that"};
  const Systems& systems = facade_.systems();
  const Timestamp now = facade_.settings().now();
  std::vector<ScenarioResult> results;
  for (const PostingScenario& scenario : *scenarios) {
    const OrderId id = id_of(scenario, std::stoll(last));
    parity::LedgerEntry entry;
    entry.at = now;
    entry.question = {"orders", "post_" + scenario.name, order_subject(id), now.date_utc()};
    entry.question.primary_system = systems.legacy.name;
    entry.question.secondary_system = systems.cloud.name;
    entry.correlation_id = "posting scenarios";
    entry.primary_system = systems.legacy.name;
    entry.secondary_system = systems.cloud.name;
    entry.primary_side = std::string(name(Side::legacy));
    std::string waits;
    const std::array<Posted, 2> posted{posted_in(Side::legacy, id, waits),
                                       posted_in(Side::cloud, id, waits)};
    bool with_taxes = true;
    for (const Side side : {Side::legacy, Side::cloud}) {
      const auto& entries = posted[static_cast<std::size_t>(side)].entries;
      if (!entries || entries->empty()) continue;
      with_taxes = with_taxes && (entries->front().currency == scenario.order.currency ||
                                  systems.on(side).adapter->postings()->declares().foreign_tax);
    }
    const auto shown = [&](Side side) {
      const Posted& one = posted[static_cast<std::size_t>(side)];
      parity::Side as;
      as.micros = one.micros;
      if (one.entries) {
        as.document = posting_document(*one.entries, scenario.policy, with_taxes);
      } else {
        as.error = one.entries.error();
      }
      return as;
    };
    const parity::Side legacy = shown(Side::legacy);
    const parity::Side cloud = shown(Side::cloud);
    entry.primary_micros = legacy.micros;
    entry.secondary_micros = cloud.micros;
    if (legacy.document) entry.primary_document = json::write(*legacy.document);
    if (cloud.document) entry.secondary_document = json::write(*cloud.document);
    entry.primary_error = legacy.error;
    entry.secondary_error = cloud.error;
    if (!waits.empty()) {
      entry.comparison.verdict = parity::Verdict::not_compared;
      entry.comparison.reason = waits;
    } else {
      entry.comparison =
          compare_postings(scenario, legacy, cloud, facade_.comparisons().rules(), entry.question);
    }
    results.push_back({scenario.name, entry.question.subject, entry.comparison});
    facade_.ledger().record(std::move(entry));
  }
  Value items = Value::array();
  for (const ScenarioResult& one : results) items.push(to_json(one));
  Value kept = Value::object();
  kept.set("run", Value::integer(std::stoll(last)));
  kept.set("at", now.text());
  kept.set("madeWith", facade_.gate().binding().hash);
  kept.set("items", std::move(items));
  const Status noted = facade_.journal().write([&](JournalTransaction& tx) {
    tx.set_fact(result_fact, json::write(kept));
    return true;
  });
  if (!noted) return noted.error();
  return results;
}

Value to_json(const ScenarioResult& result) {
  Value item = Value::object();
  item.set("scenario", result.name);
  item.set("subject", result.subject);
  item.set("verdict", parity::name(result.comparison.verdict));
  if (!result.comparison.reason.empty()) item.set("reason", result.comparison.reason);
  Value differences = Value::array();
  for (const parity::Difference& difference : result.comparison.differences) {
    Value shown = Value::object();
    shown.set("path", difference.path);
    shown.set("kind", parity::name(difference.kind));
    shown.set("verdict", parity::name(difference.verdict));
    shown.set("legacy", difference.primary);
    shown.set("cloud", difference.secondary);
    differences.push(std::move(shown));
  }
  item.set("differences", std::move(differences));
  return item;
}

Value newest_scenarios_in(const JournalReader& reader) {
  const auto kept = json::parse(reader.fact(result_fact));
  return kept ? *kept : Value::null();
}

}  // namespace underpin::facade
