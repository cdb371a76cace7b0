#include "facade/comparisons.h"

#include <algorithm>
#include <array>
#include <optional>

namespace underpin::facade {
namespace {

// Looks at a mismatch, after the first: long enough apart for a delivery to arrive.
constexpr std::array<std::chrono::milliseconds, 2> look_again{std::chrono::milliseconds(400),
                                                              std::chrono::milliseconds(2'000)};
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

// A NAV number equals its BC number: what the journal knows as one document is one.
parity::Rules with_references(parity::Rules rules) {
  parity::Rule documents;
  documents.name = "document numbers are cross-references";
  documents.capability = "orders";
  documents.path = "/document";
  documents.references = "order_document";
  rules.rules.push_back(std::move(documents));
  return rules;
}

}  // namespace

Comparisons::Comparisons(const Systems& systems, parity::Ledger& ledger, parity::Rules rules,
                         ShadowQueue& queue, Now now, std::uint32_t share_per_100k)
    : systems_(systems),
      ledger_(ledger),
      rules_(with_references(std::move(rules))),
      queue_(queue),
      now_(std::move(now)),
      share_per_100k_(share_per_100k) {}

bool Comparisons::compares(const std::string& subject) const {
  return cutover::bucket_per_100k("parity", subject) < share_per_100k_;
}

void Comparisons::begin(ShadowCheck check) {
  if (!compares(check.subject)) return;
  auto shared = std::make_shared<ShadowCheck>(std::move(check));
  queue_.offer([this, shared] { compare(shared, 0); });
}

void Comparisons::compare(const std::shared_ptr<ShadowCheck>& check, int look) {
  // The first look compares what the channel was told; later looks read both sides afresh.
  const parity::Side primary = look == 0 ? check->answered : check->ask(check->primary);
  const bool pending_before = check->on_its_way();
  const parity::Side secondary = check->ask(other(check->primary));
  parity::Comparison comparison;
  {
    const std::lock_guard lock(mutex_);
    const parity::Question question{std::string(name(check->capability)), check->operation,
                                    check->subject, now_().date_utc()};
    comparison = parity::compare(primary, secondary, rules_, references_, question);
  }
  if (comparison.verdict == parity::Verdict::mismatch) {
    const std::string seen = signature(comparison);
    const auto planned = static_cast<std::size_t>(look);
    const bool again =
        planned < look_again.size() || (look + 1 < looks_max && seen != check->last_seen);
    check->last_seen = seen;
    if (again && queue_.offer([this, check, look] { compare(check, look + 1); },
                              look_again[std::min(planned, look_again.size() - 1)])) {
      return;
    }
    if (pending_before || check->on_its_way()) {
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
  }
  record(*check, primary, secondary, std::move(comparison));
}

void Comparisons::record(const ShadowCheck& check, const parity::Side& primary,
                         const parity::Side& secondary, parity::Comparison comparison) {
  parity::LedgerEntry entry;
  entry.at = now_();
  entry.question = {std::string(name(check.capability)), check.operation, check.subject,
                    now_().date_utc()};
  entry.correlation_id = check.correlation_id;
  entry.primary_system = systems_.on(check.primary).name;
  entry.secondary_system = systems_.on(other(check.primary)).name;
  entry.primary_side = std::string(name(check.primary));
  entry.primary_micros = primary.micros;
  entry.secondary_micros = secondary.micros;
  entry.comparison = std::move(comparison);
  if (primary.document) entry.primary_document = json::write(*primary.document);
  if (secondary.document) entry.secondary_document = json::write(*secondary.document);
  const parity::Verdict verdict = entry.comparison.verdict;
  ledger_.record(std::move(entry));
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
