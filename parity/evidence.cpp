#include "parity/evidence.h"

#include "parity/digest.h"
#include "parity/ledger_db.h"
#include "parity/worth.h"

#include <algorithm>
#include <sstream>

namespace underpin::parity {
namespace {

using json::Value;

constexpr std::int64_t hour_micros = 3'600'000'000;

constexpr const char* schema = R"sql(
CREATE TABLE IF NOT EXISTS evidence_binding (
  id INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT NOT NULL, since INTEGER NOT NULL,
  parts TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS evidence_count (
  hour INTEGER NOT NULL, capability TEXT NOT NULL, operation TEXT NOT NULL,
  asked INTEGER NOT NULL, dropped INTEGER NOT NULL, skipped INTEGER NOT NULL,
  PRIMARY KEY (hour, capability, operation));
CREATE TABLE IF NOT EXISTS evidence_ledger (id TEXT PRIMARY KEY);
CREATE INDEX IF NOT EXISTS evidence_window ON comparison(capability, at);
)sql";

Error failed(const std::exception& thrown) { return {ErrorCode::unavailable, thrown.what()}; }

// A transaction that is not committed is rolled back.
class Unit {
 public:
  explicit Unit(Database& database) : database_(database) { database_.run("BEGIN IMMEDIATE"); }
  ~Unit() {
    if (!done_) sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
  Unit(const Unit&) = delete;
  Unit& operator=(const Unit&) = delete;
  void commit() {
    database_.run("COMMIT");
    done_ = true;
  }

 private:
  Database& database_;
  bool done_ = false;
};

bool is_total(const std::string& field) {
  return field.ends_with("/grandTotal") || field.ends_with("/totalNet");
}

// As the cells of an operation call it.
std::string class_in(const std::vector<std::string>& classes, const std::string& name) {
  return std::find(classes.begin(), classes.end(), name) != classes.end() ? name : "other";
}

// Its mismatching differences: the classes they lie in, and the money between the documents. A
// total says it all; without one the rest is added up. What one side lacks altogether is at risk
// whatever the totals say.
void read_mismatch(Database& database, std::int64_t id, SubjectEvidence& found) {
  Statement select(database,
                   "SELECT path, field, kind, worth FROM difference WHERE comparison = ? AND "
                   "verdict = 'mismatch'");
  select.bind(id);
  WorthSum of_parts;
  Decimal lost;
  std::optional<Decimal> of_total;
  const std::vector<std::string> classes = field_classes_of(found.operation);
  while (select.step()) {
    const std::string field = select.text(1);
    const Kind kind = parse_kind(select.text(2)).value_or(Kind::value);
    const auto stored = Decimal::parse(select.text(3));
    const Decimal worth = stored ? *stored : Decimal{};
    if (!stored && (kind == Kind::outcome || field_class_of(field) != "other")) ++found.unvalued;
    if (kind == Kind::outcome) {
      found.wrong.insert(classes.begin(), classes.end());
      of_total = std::max(of_total.value_or(Decimal{}), worth);
      continue;
    }
    const std::string name = field_class_of(field);
    found.wrong.insert(class_in(classes, name));
    if (is_total(field)) {
      of_total = std::max(of_total.value_or(Decimal{}), worth);
    } else {
      of_parts.add(select.text(0), field, worth);
    }
    const bool lacks = kind == Kind::missing || kind == Kind::extra || kind == Kind::count;
    if (lacks && name != "amount") lost += worth;
  }
  found.money = std::max(of_total.value_or(of_parts.total()), lost);
}

Binding binding_of(const Statement& row) {
  Binding binding;
  binding.hash = row.text(0);
  binding.since = {row.number(1)};
  const auto parts = json::parse(row.text(2));
  if (parts)
    for (const json::Member& part : parts->members()) binding.parts[part.key] = part.value.text();
  return binding;
}

}  // namespace

std::vector<std::string> field_classes_of(const std::string& operation) {
  if (operation == "get_customer" || operation == "search_customers") return {"other"};
  if (operation == "get_stock") return {"quantity", "other"};
  return {"amount", "quantity", "other"};
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::string hash_of(const std::map<std::string, std::string>& parts) {
  std::string lines;
  for (const auto& [name, value] : parts)
    lines += std::to_string(name.size()) + ":" + name + "=" + std::to_string(value.size()) + ":" +
             value + "\n";
  return sha256_hex(lines);
}

EvidenceBook::EvidenceBook(std::string ledger_file, const std::string& /*key*/)
    : file_(std::move(ledger_file)) {}

Result<Binding> EvidenceBook::bind(const std::map<std::string, std::string>& parts, Timestamp now) {
  try {
    Database database(file_, true);
    database.run(schema);
    Unit unit(database);
    Binding binding{hash_of(parts), now, parts};
    Statement last(database,
                   "SELECT hash, since, parts FROM evidence_binding ORDER BY id DESC LIMIT 1");
    if (last.step() && last.text(0) == binding.hash) return binding_of(last);
    Value kept = Value::object();
    for (const auto& [name, value] : parts) kept.set(name, value);
    Statement insert(database, "INSERT INTO evidence_binding(hash, since, parts) VALUES (?,?,?)");
    insert.bind(binding.hash).bind(now.micros).bind(json::write(kept)).step();
    last.reset();
    insert.reset();
    unit.commit();
    return binding;
  } catch (const std::exception& thrown) {
    return failed(thrown);
  }
}

Result<std::string> EvidenceBook::ledger_id() const {
  try {
    Database database(file_, true);
    database.run(schema);
    Unit unit(database);
    std::string id;
    {
      Statement known(database, "SELECT id FROM evidence_ledger");
      if (known.step()) return known.text(0);
      Statement made(database,
                     "INSERT INTO evidence_ledger SELECT lower(hex(randomblob(16))) RETURNING id");
      if (made.step()) id = made.text(0);
      (void)made.step();  // To its end.
    }
    unit.commit();
    return id;
  } catch (const std::exception& thrown) {
    return failed(thrown);
  }
}

Result<std::vector<Binding>> EvidenceBook::bindings() const {
  try {
    Database database(file_, true);
    database.run(schema);
    Statement select(database,
                     "SELECT hash, since, parts FROM evidence_binding ORDER BY id DESC LIMIT 200");
    std::vector<Binding> found;
    while (select.step()) found.push_back(binding_of(select));
    return found;
  } catch (const std::exception& thrown) {
    return failed(thrown);
  }
}

Status EvidenceBook::add(const std::vector<EvidenceCounts>& counts, Timestamp now) {
  try {
    Database database(file_, true);
    database.run("PRAGMA synchronous=NORMAL");  // As the ledger: no answer rests on it.
    database.run(schema);
    Unit unit(database);
    {
      Statement insert(database,
                       "INSERT INTO evidence_count VALUES (?,?,?,?,?,?) ON CONFLICT(hour, "
                       "capability, operation) DO UPDATE SET asked = asked + excluded.asked, "
                       "dropped = dropped + excluded.dropped, skipped = skipped + "
                       "excluded.skipped");
      for (const EvidenceCounts& one : counts) {
        insert.bind(now.micros - now.micros % hour_micros)
            .bind(one.capability)
            .bind(one.operation)
            .bind(one.asked)
            .bind(one.dropped)
            .bind(one.skipped)
            .step();
        insert.reset();
      }
    }
    unit.commit();
    return Done{};
  } catch (const std::exception& thrown) {
    return failed(thrown);
  }
}

Result<std::map<std::string, std::int64_t>> EvidenceBook::asked(const std::string& capability,
                                                                Timestamp since) const {
  try {
    Database database(file_, true);
    database.run(schema);
    Statement select(database,
                     "SELECT operation, sum(asked) FROM evidence_count WHERE capability = ? AND "
                     "hour >= ? AND operation <> '' GROUP BY operation");
    select.bind(capability).bind(since.micros - since.micros % hour_micros);
    std::map<std::string, std::int64_t> found;
    while (select.step())
      if (select.number(1) > 0) found[select.text(0)] = select.number(1);
    return found;
  } catch (const std::exception& thrown) {
    return failed(thrown);
  }
}

Result<Evidence> EvidenceBook::read(const std::string& capability, Timestamp since,
                                    Timestamp bound) const {
  try {
    Database database(file_, true);
    database.run(schema);
    Evidence evidence;
    // Within the window: one row for each subject. Older, down to the binding: only what is still
    // wrong, because nobody has looked since.
    Statement select(
        database,
        "SELECT n.operation, n.subject, n.asked, n.left_out, c.id, c.at, c.verdict, c.correlation, "
        "c.classes FROM (SELECT operation, subject, count(*) AS asked, sum(verdict = "
        "'not_compared') AS "
        "left_out, max(CASE WHEN verdict <> 'not_compared' THEN id END) AS newest FROM comparison "
        "WHERE capability = ?1 AND at >= ?2 AND operation NOT LIKE 'rehearse%' GROUP BY 1, 2) n "
        "LEFT JOIN comparison c ON c.id = n.newest "
        "UNION ALL SELECT o.operation, o.subject, 0, 0, o.id, o.at, o.verdict, o.correlation, "
        "o.classes FROM comparison o WHERE o.capability = ?1 AND o.verdict = 'mismatch' AND o.at "
        ">= ?3 AND "
        "o.at < ?2 AND o.operation NOT LIKE 'rehearse%' AND NOT EXISTS (SELECT 1 FROM comparison l "
        "WHERE l.subject = o.subject AND l.id > o.id AND l.capability = o.capability AND "
        "l.operation = o.operation AND l.verdict <> 'not_compared')");
    select.bind(capability).bind(std::max(since, bound).micros).bind(bound.micros);
    while (select.step()) {
      SubjectEvidence one;
      one.operation = select.text(0);
      one.subject = select.text(1);
      one.asked = select.number(2);
      one.not_compared = select.number(3);
      const std::int64_t id = select.number(4);
      one.at = {select.number(5)};
      one.verdict = id == 0 ? Verdict::not_compared
                            : parse_verdict(select.text(6)).value_or(Verdict::mismatch);
      one.scenario = select.text(7).rfind(scenario_prefix, 0) == 0;
      const std::vector<std::string> classes = field_classes_of(one.operation);
      for (const std::string& word : words_of(select.text(8)))
        one.classes.insert(class_in(classes, word));
      if (one.verdict == Verdict::mismatch) read_mismatch(database, id, one);
      evidence.asked += one.asked;
      evidence.newest = std::max(evidence.newest, one.at);
      evidence.subjects.push_back(std::move(one));
    }
    Statement counts(database,
                     "SELECT sum(dropped), sum(skipped) FROM evidence_count WHERE capability = ? "
                     "AND hour >= ?");
    const Timestamp from = std::max(since, bound);
    counts.bind(capability).bind(from.micros - from.micros % hour_micros);
    if (counts.step()) {
      evidence.dropped = counts.number(0);
      evidence.skipped = counts.number(1);
    }
    return evidence;
  } catch (const std::exception& thrown) {
    return failed(thrown);
  }
}

}  // namespace underpin::parity
