#include "facade/comparisons.h"

#include "parity/digest.h"
#include "parity/outcomes.h"
#include "parity/searches.h"

#include <algorithm>
#include <array>
#include <optional>
#include <random>

namespace underpin::facade {
namespace {

// Looks at a mismatch, after the first: long enough apart for a delivery to arrive.
constexpr std::array<std::chrono::milliseconds, 2> look_again{std::chrono::milliseconds(400),
                                                              std::chrono::milliseconds(2'000)};
// What moves while one looks is given longer.
constexpr std::array<std::chrono::milliseconds, 4> look_again_at_volatile{
    std::chrono::milliseconds(400), std::chrono::milliseconds(2'000),
    std::chrono::milliseconds(5'000), std::chrono::milliseconds(15'000)};
// A mismatch is what stays: while the difference itself changes from look to look, somebody is at
// work there, and it is looked at again, up to so many times in all.
constexpr int looks_max = 7;

std::optional<Decimal> amount_in(const std::string& json_text) {
  const auto value = json::parse(json_text);
  if (!value || (!value->is_string() && !value->is_number())) return std::nullopt;
  const auto number = value->as_any_decimal();
  if (!number) return std::nullopt;
  return *number;
}

// Two looks with one signature saw one difference, even if both sides moved by the same amount.
std::string signature(const parity::Comparison& comparison) {
  std::string text;
  for (const parity::Difference& difference : comparison.differences) {
    if (difference.verdict != parity::Verdict::mismatch) continue;
    const auto one = amount_in(difference.primary);
    const auto two = amount_in(difference.secondary);
    text += difference.path + "=" +
            (one && two ? (*one - *two).normalized().text()
                        : difference.primary + "|" + difference.secondary) +
            "\n";
  }
  return text;
}

constexpr const char* of_search = parity::customer_search;
// Without a key so many searches have numbers of their own; all others share one.
constexpr std::size_t numbered_max = 100'000;

bool is_of_customers(const std::string& capability, const std::string& operation) {
  return (capability.empty() || capability == "customers") &&
         (operation.empty() || operation == "get_customer");
}

// A search shows customers, matched by their numbers; each as it is compared by itself.
void add_rules_of_searches(parity::Rules& rules) {
  std::vector<parity::Rule> ours;
  for (const parity::Rule& rule : rules.rules) {
    if (!is_of_customers(rule.capability, rule.operation)) continue;
    ours.push_back(rule);
    ours.back().capability = "customers";
    ours.back().operation = of_search;
    ours.back().path = "/customers/*" + rule.path;
  }
  parity::Rule list;
  list.name = "customers of a search by their numbers";
  list.capability = "customers";
  list.operation = of_search;
  list.path = "/customers";
  list.list_key = {"number"};
  ours.push_back(std::move(list));
  rules.rules.insert(rules.rules.end(), ours.begin(), ours.end());
  std::vector<parity::KnownDifference> known;
  for (const parity::KnownDifference& one : rules.known) {
    // Those of outcomes are looked at for each customer that one side does not find.
    if (!is_of_customers(one.capability, one.operation) || !one.answers.empty()) continue;
    known.push_back(one);
    known.back().capability = "customers";
    known.back().operation = of_search;
    known.back().path = (one.subject.empty() ? std::string("/customers/*")
                                             : json::pointer_to("/customers", one.subject)) +
                        one.path;
    known.back().subject.clear();
  }
  rules.known.insert(rules.known.end(), known.begin(), known.end());
}

bool only_volatile(const parity::Comparison& comparison) {
  return std::all_of(comparison.differences.begin(), comparison.differences.end(),
                     [](const parity::Difference& difference) {
                       return difference.verdict != parity::Verdict::mismatch ||
                              difference.volatile_field;
                     });
}

}  // namespace

// A NAV number equals its BC number: what the journal knows as one document is one.
parity::Rules with_references(parity::Rules rules) {
  parity::Rule documents;
  documents.name = "document numbers are cross-references";
  documents.capability = "orders";
  documents.path = "/document";
  documents.references = "order_document";
  rules.rules.push_back(std::move(documents));
  add_rules_of_searches(rules);
  return rules;
}

parity::Cohort facts_of(const cutover::Subject& subject) {
  parity::Cohort facts;
  const auto add = [&](const char* fact, const std::string& value) {
    if (!value.empty()) facts[fact] = {value};
  };
  add("keys", subject.key);
  add("channels", subject.channel);
  add("regions", subject.region);
  add("segments", subject.segment);
  if (!subject.locations.empty()) facts["locations"] = subject.locations;
  if (!subject.skus.empty()) facts["skus"] = subject.skus;
  return facts;
}

bool on_its_way(const journal::JournalReader& reader, Side side, Capability capability,
                const journal::Subject& subject) {
  const auto rows = reader.rows_of(side, capability, subject);
  return std::any_of(rows.begin(), rows.end(), [](const journal::OutboxRow& row) {
    return row.state == journal::OutboxState::pending;
  });
}

Comparisons::Comparisons(const Systems& systems, parity::Ledger& ledger, parity::Rules rules,
                         ShadowQueue& queue, Now now, std::uint32_t share_per_100k,
                         ComparisonSettings settings)
    : systems_(systems),
      ledger_(ledger),
      rules_(with_references(std::move(rules))),
      queue_(queue),
      now_(std::move(now)),
      share_per_100k_(share_per_100k),
      settings_(std::move(settings)),
      uses_cohorts_(
          settings_.cohorts ||
          std::any_of(rules_.rules.begin(), rules_.rules.end(),
                      [](const parity::Rule& rule) { return !rule.cohort.empty(); }) ||
          std::any_of(rules_.known.begin(), rules_.known.end(),
                      [](const parity::KnownDifference& known) { return !known.cohort.empty(); })) {
}

bool Comparisons::compares(const std::string& subject) const {
  return cutover::bucket_per_100k("parity", subject) < share_per_100k_;
}

bool Comparisons::compares_search(const std::string& asked) const {
  return cutover::bucket_per_100k("parity searches", asked) < settings_.searches_per_100k;
}

std::string Comparisons::without_persons(const std::string& personal) {
  if (!settings_.subject_key.empty())
    return parity::hmac_sha256_hex(settings_.subject_key, personal).substr(0, 16);
  // Other runs and other replicas number otherwise: what they found must not be taken for this.
  static const std::string run = [] {
    std::random_device source;
    return std::to_string(source());
  }();
  const std::lock_guard lock(mutex_);
  const std::string digest = parity::sha256_hex(personal);
  if (numbered_.size() >= numbered_max && numbered_.count(digest) == 0) return run + "-others";
  const auto [at, fresh] = numbered_.try_emplace(digest, numbered_.size() + 1);
  return run + "-" + std::to_string(at->second);
}

void Comparisons::begin(ShadowCheck check) {
  Counters& counted = counters(check.capability);
  const std::string& by = check.sampled_by.empty() ? check.subject : check.sampled_by;
  if (!(check.operation == of_search ? compares_search(by) : compares(by))) {
    ++counted.skipped;
    return;
  }
  auto shared = std::make_shared<Pending>(std::move(check), counters_);
  (void)queue_.offer([this, shared] { compare(shared, 0); });  // Counted by itself.
}

Comparisons::LeftOut Comparisons::left_out(Capability capability) const {
  const Counters& counted = (*counters_)[static_cast<std::size_t>(capability)];
  return {counted.dropped, counted.skipped};
}

void Comparisons::compare(const std::shared_ptr<Pending>& pending, int look) {
  ShadowCheck* check = &pending->check;
  // The first look compares what the channel was told; later looks read both sides afresh.
  const bool told = look == 0 && (check->answered.document || check->answered.error);
  if (look == 0) check->began = now_();
  parity::Side primary = told ? check->answered : check->ask(check->primary);
  const bool pending_before = check->on_its_way();
  parity::Side secondary = check->ask(other(check->primary));
  check->prepare(primary, secondary, check->cohort);
  parity::Comparison comparison = judged(*check, primary, secondary);
  if (comparison.verdict == parity::Verdict::mismatch) {
    const std::string seen = signature(comparison);
    const auto planned = static_cast<std::size_t>(look);
    const bool patient = only_volatile(comparison);
    const std::size_t looks = patient ? look_again_at_volatile.size() : look_again.size();
    const bool again = planned < looks || (look + 1 < looks_max && seen != check->last_seen);
    check->last_seen = seen;
    const auto wait = patient ? look_again_at_volatile[std::min(planned, looks - 1)]
                              : look_again[std::min(planned, looks - 1)];
    if (again && queue_.offer([this, pending, look] { compare(pending, look + 1); }, wait)) {
      return;
    }
    if (again) {
      // Seen once, while values move: neither right nor wrong.
      comparison = {};
      comparison.verdict = parity::Verdict::not_compared;
      comparison.reason = "there was no room to look again";
    } else if (pending_before || check->on_its_way()) {
      comparison.verdict = parity::Verdict::late;
      for (parity::Difference& difference : comparison.differences) {
        if (difference.verdict != parity::Verdict::mismatch) continue;
        difference.verdict = parity::Verdict::late;
        difference.rule = "a delivery was on its way";
      }
    }
  } else if (look > 0 && comparison.verdict == parity::Verdict::match) {
    comparison.verdict = parity::Verdict::late;
    comparison.reason = "equal when both were read again";
    comparison.converged_ms = (now_().micros - check->began.micros) / 1000;
  }
  pending->done = true;
  record(*check, primary, secondary, std::move(comparison));
}

parity::Comparison Comparisons::judged(const ShadowCheck& check, const parity::Side& primary,
                                       const parity::Side& secondary) const {
  auto old = stale(check.capability, check.primary, primary);
  if (!old) old = stale(check.capability, other(check.primary), secondary);
  if (old) {
    parity::Comparison comparison;
    comparison.verdict = parity::Verdict::not_compared;
    comparison.reason = "stale source: " + *old;
    return comparison;
  }
  const std::lock_guard lock(mutex_);
  const parity::Question question{std::string(name(check.capability)),
                                  check.operation,
                                  check.subject,
                                  now_().date_utc(),
                                  check.cohort,
                                  systems_.on(check.primary).name,
                                  systems_.on(other(check.primary)).name};
  return parity::compare_whole(primary, secondary, rules_, references_, question);
}

Comparisons::Look Comparisons::look_now(const ShadowCheck& asked) const {
  Look look;
  ShadowCheck check = asked;
  look.primary = check.primary;
  look.of_primary = check.ask(check.primary);
  const bool pending_before = check.on_its_way();
  look.of_secondary = check.ask(other(check.primary));
  check.prepare(look.of_primary, look.of_secondary, check.cohort);
  look.comparison = judged(check, look.of_primary, look.of_secondary);
  look.on_its_way = pending_before || check.on_its_way();
  return look;
}

std::optional<std::string> Comparisons::stale(Capability capability, Side side,
                                              const parity::Side& shown) const {
  const auto limit = settings_.max_age_ms.find(capability);
  if (limit == settings_.max_age_ms.end() || shown.as_of.empty()) return std::nullopt;
  if (shown.as_of.plus_ms(limit->second) >= now_()) return std::nullopt;
  return systems_.on(side).name + " is of " + shown.as_of.text();
}

void Comparisons::record(const ShadowCheck& check, const parity::Side& primary,
                         const parity::Side& secondary, parity::Comparison comparison) {
  parity::LedgerEntry entry;
  entry.at = now_();
  entry.question.capability = std::string(name(check.capability));
  entry.question.operation = check.operation;
  entry.question.subject = check.subject;
  entry.question.today = now_().date_utc();
  entry.question.cohort = check.cohort;
  entry.correlation_id = check.correlation_id;
  entry.primary_system = systems_.on(check.primary).name;
  entry.secondary_system = systems_.on(other(check.primary)).name;
  entry.primary_side = std::string(name(check.primary));
  entry.primary_micros = primary.micros;
  entry.secondary_micros = secondary.micros;
  entry.comparison = std::move(comparison);
  if (primary.document) entry.primary_document = json::write(*primary.document);
  if (secondary.document) entry.secondary_document = json::write(*secondary.document);
  entry.primary_error = primary.error;
  entry.secondary_error = secondary.error;
  entry.is_pair = true;
  entry.rules = parity::identity(rules_);
  entry.asked = check.asked;
  const parity::Verdict verdict = entry.comparison.verdict;
  if (!ledger_.record(std::move(entry))) ++counters(check.capability).dropped;
  compared_(check.capability, verdict, primary.micros, secondary.micros);
}

void Comparisons::record_refused_mirror(const journal::OutboxRow& row, const Error& error) {
  parity::LedgerEntry entry;
  entry.at = now_();
  entry.question = {std::string(name(row.capability)), row.operation, row.subject,
                    now_().date_utc()};
  entry.correlation_id = row.correlation_id;
  entry.primary_system = systems_.on(other(row.side)).name;
  entry.secondary_system = systems_.on(row.side).name;
  entry.primary_side = std::string(name(other(row.side)));
  entry.comparison.verdict = parity::Verdict::mismatch;
  entry.comparison.fields = 1;
  parity::Difference difference;
  difference.path = "";
  difference.kind = parity::Kind::outcome;
  difference.verdict = parity::Verdict::mismatch;
  difference.primary = "\"accepted\"";
  difference.secondary =
      json::write(json::Value(std::string(name(error.code)) + ": " + error.message));
  parity::Side accepted;
  accepted.document = json::Value::object();
  parity::Side refused;
  refused.error = error;
  entry.question.primary_system = entry.primary_system;
  entry.question.secondary_system = entry.secondary_system;
  if (const auto* known = parity::known_outcome(rules_, accepted, refused, entry.question)) {
    difference.verdict = parity::Verdict::known_difference;
    difference.rule = known->name;
    entry.comparison.verdict = difference.verdict;
    entry.comparison.suppressed[known->name] = 1;
    entry.rules = parity::identity(rules_);
  }
  entry.comparison.differences.push_back(std::move(difference));
  entry.primary_document = row.payload;
  ledger_.record(std::move(entry));
}

void Comparisons::add_reference(const std::string& reference_class, const std::string& one,
                                const std::string& other_name) {
  const std::lock_guard lock(mutex_);
  references_.add(reference_class, one, other_name);
}

}  // namespace underpin::facade
