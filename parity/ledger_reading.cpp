#include "parity/ledger_reading.h"

#include "parity/side_text.h"
#include "parity/worth.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace underpin::parity {
namespace {

using json::Value;

void add_counts(const std::string& text, std::map<std::string, std::int64_t>& sums) {
  const auto value = json::parse(text);
  if (!value) return;
  for (const json::Member& member : value->members()) {
    const auto count = member.value.as_int();
    if (count) sums[member.key] += *count;
  }
}

Latency latency_of(std::vector<std::int64_t> micros) {
  Latency latency;
  latency.count = static_cast<std::int64_t>(micros.size());
  if (micros.empty()) return latency;
  std::sort(micros.begin(), micros.end());
  const auto at = [&](std::size_t per_cent) {
    return micros[std::min(micros.size() - 1, micros.size() * per_cent / 100)];
  };
  latency.p50_micros = at(50);
  latency.p95_micros = at(95);
  latency.p99_micros = at(99);
  return latency;
}

// A text that cannot be opened is shown as what it is.
std::string opened(const Reading& reading, const std::string& stored) {
  const auto text = reading.seal.opened(stored);
  return text ? *text : std::string{};
}

// Of a reason only what an ERP wrote is sealed.
std::string opened_reason(const Reading& reading, const std::string& stored) {
  const std::size_t end = stored.find(": ");
  if (end == std::string::npos || !Seal::is_sealed(std::string_view(stored).substr(end + 2)))
    return stored;
  const auto text = reading.seal.opened(std::string_view(stored).substr(end + 2));
  return text ? stored.substr(0, end + 2) + *text : stored.substr(0, end);
}

// Empty: it cannot be valued.
std::optional<Decimal> worth_in(const std::string& stored) {
  const auto worth = Decimal::parse(stored);
  return worth ? std::optional(*worth) : std::nullopt;
}

std::vector<Difference> differences_of(const Reading& reading, std::int64_t id) {
  Statement select(reading.database,
                   "SELECT path, kind, verdict, one, two, rule, field, worth FROM difference "
                   "WHERE comparison = ?");
  select.bind(id);
  std::vector<Difference> differences;
  while (select.step()) {
    Difference difference;
    difference.path = select.text(0);
    difference.kind = parse_kind(select.text(1)).value_or(Kind::value);
    difference.verdict = parse_verdict(select.text(2)).value_or(Verdict::mismatch);
    difference.primary = opened(reading, select.text(3));
    difference.secondary = opened(reading, select.text(4));
    difference.rule = select.text(5);
    difference.field = select.text(6);
    difference.worth = worth_in(select.text(7));
    differences.push_back(std::move(difference));
  }
  return differences;
}

constexpr const char* entry_columns =
    "SELECT id, at, capability, operation, subject, correlation, verdict, reason, fields, "
    "primary_system, secondary_system, primary_side, primary_micros, secondary_micros, "
    "primary_document, secondary_document, rules, converged_ms, context, region, "
    "segment FROM comparison";

LedgerEntry entry_of(const Reading& reading, const Statement& row) {
  LedgerEntry entry;
  entry.id = row.number(0);
  entry.at = {row.number(1)};
  entry.question.capability = row.text(2);
  entry.question.operation = row.text(3);
  entry.question.subject = row.text(4);
  entry.question.today = entry.at.date_utc();
  entry.correlation_id = row.text(5);
  entry.comparison.verdict = parse_verdict(row.text(6)).value_or(Verdict::mismatch);
  entry.comparison.reason = opened_reason(reading, row.text(7));
  entry.comparison.fields = row.number(8);
  entry.primary_system = row.text(9);
  entry.secondary_system = row.text(10);
  entry.primary_side = row.text(11);
  entry.primary_micros = row.number(12);
  entry.secondary_micros = row.number(13);
  entry.primary_document = opened(reading, row.text(14));
  entry.secondary_document = opened(reading, row.text(15));
  entry.rules = row.text(16);
  entry.comparison.converged_ms = row.number(17);
  read_context(opened(reading, row.text(18)), entry);
  // Of every comparison, while the context is kept with some.
  if (!row.text(19).empty()) entry.question.cohort["regions"] = {row.text(19)};
  if (!row.text(20).empty()) entry.question.cohort["segments"] = {row.text(20)};
  return entry;
}

}  // namespace

// "/lines/10/unitPrice" -> "/lines/*/unitPrice": list elements have numeric or composed keys.
std::string field_of(const std::string& path) {
  std::string field;
  std::size_t at = 0;
  while (at < path.size()) {
    const std::size_t next = path.find('/', at + 1);
    const std::string part = path.substr(at + 1, next == std::string::npos ? next : next - at - 1);
    const bool element = part.empty() || part.find_first_of("0123456789|") != std::string::npos;
    field += "/" + (element ? std::string("*") : part);
    at = next == std::string::npos ? path.size() : next;
  }
  return field;
}

Result<Summary> summarize(const Reading& reading) {
  Database& database = reading.database;
  Summary summary;
  Statement all(database,
                "SELECT capability, operation, verdict, primary_micros, secondary_micros, "
                "suppressed, at FROM comparison ORDER BY id");
  struct Numbers {
    OperationSummary summary;
    std::vector<std::int64_t> primary;
    std::vector<std::int64_t> secondary;
  };
  std::map<std::pair<std::string, std::string>, Numbers> operations;
  while (all.step()) {
    Numbers& numbers = operations[{all.text(0), all.text(1)}];
    ++numbers.summary.by_verdict[all.text(2)];
    ++summary.by_verdict[all.text(2)];
    ++summary.comparisons;
    if (all.number(3) > 0) numbers.primary.push_back(all.number(3));
    if (all.number(4) > 0) numbers.secondary.push_back(all.number(4));
    add_counts(all.text(5), numbers.summary.suppressed);
    if (summary.from.empty()) summary.from = {all.number(6)};
    summary.to = {all.number(6)};
  }
  for (auto& [key, numbers] : operations) {
    numbers.summary.capability = key.first;
    numbers.summary.operation = key.second;
    numbers.summary.primary = latency_of(std::move(numbers.primary));
    numbers.summary.secondary = latency_of(std::move(numbers.secondary));
    summary.operations.push_back(std::move(numbers.summary));
  }
  Statement fields(database,
                   "SELECT c.capability, c.operation, d.field, d.kind, d.verdict, count(*) "
                   "FROM difference d JOIN comparison c ON c.id = d.comparison "
                   "GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4");
  while (fields.step()) {
    if (summary.fields.empty() || summary.fields.back().capability != fields.text(0) ||
        summary.fields.back().operation != fields.text(1) ||
        summary.fields.back().path != fields.text(2) ||
        summary.fields.back().kind != fields.text(3)) {
      FieldSummary field;
      field.capability = fields.text(0);
      field.operation = fields.text(1);
      field.path = fields.text(2);
      field.kind = fields.text(3);
      summary.fields.push_back(std::move(field));
    }
    summary.fields.back().by_verdict[fields.text(4)] = fields.number(5);
  }
  for (FieldSummary& field : summary.fields) {
    Statement samples(database,
                      std::string(entry_columns) +
                          " WHERE id IN (SELECT comparison FROM difference d JOIN comparison c ON "
                          "c.id = d.comparison WHERE c.capability = ? AND c.operation = ? AND "
                          "d.field = ? AND d.kind = ? ORDER BY comparison DESC LIMIT 5) "
                          "ORDER BY id DESC");
    samples.bind(field.capability).bind(field.operation).bind(field.path).bind(field.kind);
    while (samples.step()) {
      LedgerEntry entry = entry_of(reading, samples);
      for (Difference& difference : differences_of(reading, entry.id))
        if (difference.field == field.path && name(difference.kind) == field.kind)
          entry.comparison.differences.push_back(std::move(difference));
      field.samples.push_back(std::move(entry));
    }
  }
  Statement dropped(database, "SELECT value FROM counter WHERE name = 'dropped'");
  if (dropped.step()) summary.dropped = dropped.number(0);
  return summary;
}

Result<std::vector<LedgerEntry>> select_entries(const Reading& reading,
                                                const LedgerFilter& filter) {
  std::string sql = std::string(entry_columns) + " WHERE id > ?";
  if (!filter.capability.empty()) sql += " AND capability = ?";
  if (!filter.verdict.empty()) sql += " AND verdict = ?";
  if (!filter.subject.empty()) sql += " AND subject = ?";
  Statement select(reading.database, sql + " ORDER BY id LIMIT ?");
  select.bind(filter.after_id);
  if (!filter.capability.empty()) select.bind(filter.capability);
  if (!filter.verdict.empty()) select.bind(filter.verdict);
  if (!filter.subject.empty()) select.bind(filter.subject);
  select.bind(std::int64_t{filter.limit});
  std::vector<LedgerEntry> entries;
  while (select.step()) entries.push_back(entry_of(reading, select));
  for (LedgerEntry& entry : entries)
    entry.comparison.differences = differences_of(reading, entry.id);
  return entries;
}

Result<LedgerEntry> entry_with(const Reading& reading, std::int64_t id) {
  Statement select(reading.database, std::string(entry_columns) + " WHERE id = ?");
  select.bind(id);
  if (!select.step())
    return Error{ErrorCode::not_found, "no comparison has the id " + std::to_string(id)};
  LedgerEntry entry = entry_of(reading, select);
  entry.comparison.differences = differences_of(reading, id);
  return entry;
}

namespace {

// Open is what the newest comparison of a subject says.
constexpr const char* and_newest =
    " AND NOT EXISTS (SELECT 1 FROM comparison n WHERE n.subject = c.subject AND n.id > c.id AND "
    "n.capability = c.capability AND n.operation = c.operation AND n.verdict <> 'not_compared')";

}  // namespace

Result<std::vector<DifferenceClass>> classes_of(const Reading& reading,
                                                const std::string& capability, Timestamp since) {
  Statement select(
      reading.database,
      std::string("SELECT c.operation, d.field, d.kind, d.rule, d.worth FROM comparison c "
                  "JOIN difference d ON d.comparison = c.id WHERE c.capability = ? AND c.at >= ? "
                  "AND d.verdict IN ('mismatch', 'tolerated', 'known_difference')") +
          and_newest);
  select.bind(capability).bind(since.micros);
  std::map<std::tuple<std::string, std::string, std::string, std::string>, DifferenceClass> found;
  while (select.step()) {
    DifferenceClass& one = found[{select.text(0), select.text(1), select.text(2), select.text(3)}];
    one.operation = select.text(0);
    one.path = select.text(1);
    one.kind = select.text(2);
    one.rule = select.text(3);
    const auto worth = worth_in(select.text(4));
    one.amount = one.amount || worth || field_class_of(one.path) == "amount";
    ++one.count;
    one.money += worth.value_or(Decimal{});
  }
  std::vector<DifferenceClass> classes;
  classes.reserve(found.size());
  for (auto& [key, one] : found) classes.push_back(std::move(one));
  return classes;
}

namespace {

std::map<std::string, KnownUse> uses_where(const Reading& reading, const char* operations) {
  Statement select(reading.database,
                   std::string("SELECT d.rule, d.path, d.field, d.worth, c.id FROM comparison c "
                               "JOIN difference d ON d.comparison = c.id WHERE "
                               "d.verdict = 'known_difference' AND ") +
                       operations + and_newest + " ORDER BY c.id");
  std::map<std::string, KnownUse> uses;
  struct OfDocument {
    std::int64_t id = 0;
    WorthSum sum;
  };
  std::map<std::string, OfDocument> documents;  // The last of each.
  while (select.step()) {
    KnownUse& use = uses[select.text(0)];
    OfDocument& document = documents[select.text(0)];
    if (document.id != select.number(4)) {
      ++use.documents;
      use.money += document.sum.total();
      document = {select.number(4), {}};
    }
    const auto worth = worth_in(select.text(3));
    use.unvalued += worth ? 0 : 1;
    if (worth) document.sum.add(select.text(1), select.text(2), *worth);
  }
  for (auto& [name, document] : documents) uses[name].money += document.sum.total();
  return uses;
}

}  // namespace

Result<std::map<std::string, KnownUse>> uses_of_known(const Reading& reading) {
  auto uses = uses_where(reading, "c.operation <> 'search_customers'");
  // A search shows once more what its customers show: it counts where nothing else does.
  uses.merge(uses_where(reading, "c.operation = 'search_customers'"));
  return uses;
}

Result<std::map<std::string, RuleUse>> uses_of_rules(const Reading& reading) {
  std::map<std::string, RuleUse> uses;
  Statement select(reading.database, "SELECT name, hits, last FROM rule_use");
  while (select.step()) {
    RuleUse& use = uses[select.text(0)];
    use.hits = select.number(1);
    use.last = {select.number(2)};
  }
  Statement seen(reading.database, "SELECT name, content, first FROM rule_seen");
  while (seen.step()) uses[seen.text(0)].seen[seen.text(1)] = {seen.number(2)};
  Statement samples(reading.database,
                    "SELECT rule, at, subject, path, one, two FROM suppressed_sample ORDER BY at");
  while (samples.step())
    uses[samples.text(0)].samples.push_back(
        {{samples.number(1)},
         samples.text(2),
         {samples.text(0), samples.text(3), opened(reading, samples.text(4)),
          opened(reading, samples.text(5))}});
  return uses;
}

std::string write_context(const LedgerEntry& entry) {
  Value value = Value::object();
  value.set("isPair", Value::boolean(entry.is_pair));
  const auto add_error = [&](const char* key, const std::optional<Error>& error) {
    if (!error) return;
    Side side;
    side.error = error;
    value.set(key, write_side(side));
  };
  add_error("primaryError", entry.primary_error);
  add_error("secondaryError", entry.secondary_error);
  Value cohort = Value::object();
  for (const auto& [fact, texts] : entry.question.cohort) {
    Value list = Value::array();
    for (const std::string& text : texts) list.push(Value(text));
    cohort.set(fact, std::move(list));
  }
  value.set("cohort", std::move(cohort));
  Value related = Value::array();
  for (const Related& one : entry.comparison.related) {
    Value names = Value::array();
    names.push(Value(one.reference_class));
    names.push(Value(one.primary));
    names.push(Value(one.secondary));
    related.push(std::move(names));
  }
  value.set("related", std::move(related));
  if (!entry.asked.empty()) value.set("asked", entry.asked);
  return json::write(value);
}

void read_context(const std::string& text, LedgerEntry& entry) {
  const auto value = json::parse(text);
  if (!value) return;
  const auto is_pair = value->get("isPair").as_bool();
  entry.is_pair = is_pair && *is_pair;
  entry.asked = value->get("asked").text();
  const auto error = [&](const char* key) -> std::optional<Error> {
    if (value->find(key) == nullptr) return std::nullopt;
    const auto side = read_side(value->get(key).text());
    return side ? side->error : std::nullopt;
  };
  entry.primary_error = error("primaryError");
  entry.secondary_error = error("secondaryError");
  for (const json::Member& fact : value->get("cohort").members())
    for (const Value& one : fact.value.items())
      entry.question.cohort[fact.key].push_back(one.text());
  for (const Value& names : value->get("related").items())
    if (names.size() == 3)
      entry.comparison.related.push_back(
          {names.items()[0].text(), names.items()[1].text(), names.items()[2].text()});
}

}  // namespace underpin::parity
