#include "parity/ledger_reading.h"
#include "parity/report_data.h"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <optional>
#include <set>
#include <tuple>

// What reports show, read from the ledger's file. Everything is counted by the database; what is
// kept here is bounded by Report's limits.
namespace underpin::parity {
namespace {

constexpr std::int64_t minute_ms = 60'000;
constexpr std::array<std::int64_t, 9> interval_lengths{
    minute_ms / 6,         minute_ms,          5 * minute_ms,       15 * minute_ms,
    60 * minute_ms,        6 * 60 * minute_ms, 24 * 60 * minute_ms, 168 * 60 * minute_ms,
    8'736 * 60 * minute_ms};

// What a subject says about its cohort: the channel of an order, the place of a stock level.
constexpr const char* own_cohort_sql =
    "CASE WHEN c.capability = 'orders' AND instr(c.subject, '/') > 1 "
    "THEN 'channels=' || substr(c.subject, 1, instr(c.subject, '/') - 1) "
    "WHEN c.capability = 'inventory' AND instr(c.subject, '@') > 0 "
    "THEN 'locations=' || substr(c.subject, instr(c.subject, '@') + 1) ELSE '' END";

std::string cohort_sql(const std::string& group) {
  if (group == "regions") return "CASE WHEN c.region <> '' THEN 'regions=' || c.region ELSE '' END";
  if (group == "segments")
    return "CASE WHEN c.segment <> '' THEN 'segments=' || c.segment ELSE '' END";
  return own_cohort_sql;
}

// Reasons hold names and times behind their colon.
constexpr const char* reason_sql =
    "CASE WHEN instr(c.reason, ':') > 0 THEN substr(c.reason, 1, instr(c.reason, ':') - 1) "
    "ELSE c.reason END";

struct Where {
  std::string sql;
  std::vector<std::string> texts;
  std::vector<std::int64_t> numbers;  // Bound before the texts.

  void add(const std::string& condition, const std::string& text) {
    if (text.empty()) return;
    sql += " AND " + condition;
    texts.push_back(text);
  }
  void bind(Statement& statement) const {
    for (const std::int64_t number : numbers) statement.bind(number);
    for (const std::string& text : texts) statement.bind(text);
  }
};

Where comparisons_of(const ReportQuery& query) {
  Where where;
  where.sql = "c.at >= ? AND c.at < ?";
  where.numbers = {query.from.micros,
                   query.to.empty() ? std::numeric_limits<std::int64_t>::max() : query.to.micros};
  where.add("c.capability = ?", query.capability);
  where.add("c.operation = ?", query.operation);
  const std::string value = query.cohort.substr(query.cohort.find('=') + 1);
  if (query.cohort.rfind("regions=", 0) == 0) {
    where.add("instr(c.region || '-', ? || '-') = 1", value);
  } else if (query.cohort.rfind("segments=", 0) == 0) {
    where.add("c.segment = ?", value);
  } else {
    where.add(std::string("(") + own_cohort_sql + ") = ?", query.cohort);
  }
  return where;
}

void add_differences(const ReportQuery& query, Where& where) {
  where.add("d.verdict = ?", query.verdict);
  where.add("d.kind = ?", query.kind);
  where.add("d.field = ?", query.path);
}

// Of the comparisons that a Reader has gathered.
Where differences_of(const ReportQuery& query) {
  Where where;
  where.sql = "1";
  add_differences(query, where);
  return where;
}

constexpr const char* joined = " FROM difference d JOIN reported c ON c.id = d.comparison WHERE ";

// Percentiles from counts by value, of three significant digits: so many values there can be.
class Histogram {
 public:
  void add(std::int64_t micros) {
    if (micros <= 0) return;
    std::int64_t unit = 1;
    while (micros / unit >= 1'000) unit *= 10;
    ++counts_[micros / unit * unit];
    ++total_;
  }
  Latency latency() const {
    Latency latency;
    latency.count = total_;
    latency.p50_micros = at(50);
    latency.p95_micros = at(95);
    latency.p99_micros = at(99);
    return latency;
  }

 private:
  std::int64_t at(std::int64_t per_cent) const {
    std::int64_t before = 0;
    for (const auto& [micros, count] : counts_) {
      before += count;
      if (before > std::min(total_ - 1, total_ * per_cent / 100)) return micros;
    }
    return 0;
  }
  std::map<std::int64_t, std::int64_t> counts_;
  std::int64_t total_ = 0;
};

class Reader {
 public:
  Reader(const Reading& reading, const ReportQuery& query) : reading_(reading) {
    report_.query = query;
  }

  Report read() {
    gather_comparisons();
    read_period();
    read_operations();
    read_fields();
    read_counts();
    read_open();
    read_pairs();
    read_rest();
    return std::move(report_);
  }

 private:
  using OperationKey = std::pair<std::string, std::string>;
  using FieldKey = std::tuple<std::string, std::string, std::string, std::string>;

  Database& database() { return reading_.database; }

  // What is counted of each comparison, without its documents: they are many times larger. In a
  // table of this connection, which goes with the transaction.
  void gather_comparisons() {
    database().run(
        "CREATE TEMP TABLE reported(id INTEGER PRIMARY KEY, at INTEGER, capability TEXT, operation "
        "TEXT, verdict TEXT, subject TEXT, cohort TEXT, primary_micros INTEGER, secondary_micros "
        "INTEGER, suppressed TEXT, reason TEXT)");
    const Where where = comparisons_of(report_.query);
    Statement fill(database(),
                   std::string("INSERT INTO reported SELECT c.id, c.at, c.capability, c.operation, "
                               "c.verdict, c.subject, ") +
                       cohort_sql(report_.query.group) +
                       ", c.primary_micros, c.secondary_micros, c.suppressed, " + reason_sql +
                       " FROM comparison c WHERE " + where.sql);
    where.bind(fill);
    fill.step();
  }

  void read_period() {
    Statement period(database(), "SELECT min(c.at), max(c.at) FROM reported c");
    if (period.step()) {
      report_.from = {period.number(0)};
      report_.to = {period.number(1)};
    }
    const std::int64_t span_ms = (report_.to.micros - report_.from.micros) / 1000;
    report_.interval_ms = interval_lengths.back();
    for (const std::int64_t length : interval_lengths) {
      if (span_ms / length + 2 > Report::intervals_max) continue;
      report_.interval_ms = length;
      break;
    }
    begin_intervals();
    Statement began(database(), "SELECT at FROM comparison ORDER BY id LIMIT 1");
    if (began.step()) report_.began = {began.number(0)};
  }

  void begin_intervals() {
    const std::int64_t length = report_.interval_ms * 1000;
    report_.first_interval = {report_.from.micros / length * length};
    report_.intervals =
        report_.from.empty()
            ? 0
            : static_cast<int>((report_.to.micros - report_.first_interval.micros) / length) + 1;
  }

  void read_operations() {
    struct Times {
      Histogram primary;
      Histogram secondary;
    };
    std::map<OperationKey, Times> times;
    Statement all(database(),
                  "SELECT c.capability, c.operation, c.primary_micros, c.secondary_micros "
                  "FROM reported c");
    while (all.step()) {
      Times& one = times[{all.text(0), all.text(1)}];
      one.primary.add(all.number(2));
      one.secondary.add(all.number(3));
    }
    for (const auto& [key, one] : times) {
      operations_[key] = static_cast<int>(report_.operations.size());
      OperationSummary operation;
      operation.capability = key.first;
      operation.operation = key.second;
      operation.primary = one.primary.latency();
      operation.secondary = one.secondary.latency();
      report_.operations.push_back(std::move(operation));
    }
    Statement suppressed(database(),
                         "SELECT c.capability, c.operation, c.suppressed, count(*) FROM reported c "
                         "WHERE c.suppressed <> '{}' GROUP BY 1, 2, 3");
    while (suppressed.step()) {
      const auto rules = json::parse(suppressed.text(2));
      if (!rules) continue;
      auto& sums = operation(suppressed).suppressed;
      for (const json::Member& rule : rules->members())
        if (const auto fields = rule.value.as_int())
          sums[rule.key] += *fields * suppressed.number(3);
    }
  }

  OperationSummary& operation(const Statement& row) {
    return report_.operations[static_cast<std::size_t>(operations_.at({row.text(0), row.text(1)}))];
  }

  void read_fields() {
    const Where where = differences_of(report_.query);
    std::map<FieldKey, ReportField> found;
    Statement all(database(),
                  std::string("SELECT c.capability, c.operation, d.field, d.kind, "
                              "sum(d.verdict = 'mismatch'), count(*), count(DISTINCT c.subject), "
                              "min(c.at), max(c.at)") +
                      joined + where.sql +
                      " GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 6 DESC, 1, 2, 3, 4");
    where.bind(all);
    while (all.step()) {
      if (report_.fields.size() >= Report::fields_max) {
        ++report_.fields_left_out;
        report_.differences_left_out += all.number(5);
        continue;
      }
      fields_[{all.text(0), all.text(1), all.text(2), all.text(3)}] =
          static_cast<int>(report_.fields.size());
      ReportField field;
      field.operation = operations_.at({all.text(0), all.text(1)});
      field.path = all.text(2);
      field.kind = all.text(3);
      field.subjects = all.number(6);
      field.first = {all.number(7)};
      field.last = {all.number(8)};
      report_.fields.push_back(std::move(field));
    }
    Statement rules(database(), std::string("SELECT c.capability, c.operation, d.field, d.kind, "
                                            "d.rule, count(*)") +
                                    joined + "d.rule <> '' AND " + where.sql +
                                    " GROUP BY 1, 2, 3, 4, 5");
    where.bind(rules);
    while (rules.step())
      if (ReportField* field = field_of_row(rules)) field->by_rule[rules.text(4)] = rules.number(5);
  }

  ReportField* field_of_row(const Statement& row) {
    const auto at = fields_.find({row.text(0), row.text(1), row.text(2), row.text(3)});
    return at == fields_.end() ? nullptr : &report_.fields[static_cast<std::size_t>(at->second)];
  }

  // The finest counts that fit: fewer cohorts, then longer intervals.
  void read_counts() {
    constexpr std::array<std::pair<std::int64_t, std::size_t>, 5> levels{
        {{1, Report::cohorts_max}, {1, 8}, {4, 8}, {16, 2}, {0, 0}}};
    const std::int64_t finest = report_.interval_ms;
    for (const auto& [longer, cohorts] : levels) {
      // 0: all of the time is one interval.
      report_.interval_ms = longer == 0 ? interval_lengths.back() * 100 : finest * longer;
      begin_intervals();
      read_cohorts(cohorts);
      if (read_comparisons() && read_differences()) break;
    }
    for (const ReportCount& one : report_.compared) {
      report_.comparisons += one.count;
      report_.by_verdict[one.verdict] += one.count;
      report_.operations[static_cast<std::size_t>(one.of)].by_verdict[one.verdict] += one.count;
    }
    for (const ReportCount& one : report_.differing)
      report_.fields[static_cast<std::size_t>(one.of)].by_verdict[one.verdict] += one.count;
  }

  void read_cohorts(std::size_t limit) {
    report_.cohorts = {""};
    cohorts_.clear();
    Statement named(database(),
                    "SELECT c.cohort, count(*) FROM reported c WHERE c.cohort <> '' GROUP BY 1 "
                    "ORDER BY 2 DESC, 1 LIMIT ?");
    named.bind(static_cast<std::int64_t>(limit));
    while (named.step()) {
      cohorts_[named.text(0)] = static_cast<int>(report_.cohorts.size());
      report_.cohorts.push_back(named.text(0));
    }
  }

  // Columns: verdict, cohort, time since the first interval in intervals, count. False: too many.
  bool gather(Statement& rows, int first_column, const std::function<int(const Statement&)>& of,
              std::vector<ReportCount>& counts) {
    std::map<std::tuple<int, std::string, int, int>, std::int64_t> sums;
    while (rows.step()) {
      const int index = of(rows);
      if (index < 0) continue;
      const auto cohort = cohorts_.find(rows.text(first_column + 1));
      sums[{index, rows.text(first_column), cohort == cohorts_.end() ? 0 : cohort->second,
            static_cast<int>(rows.number(first_column + 2))}] += rows.number(first_column + 3);
      if (sums.size() > Report::counts_max && report_.cohorts.size() > 1) return false;
    }
    counts.clear();
    for (const auto& [key, count] : sums)
      counts.push_back(
          {std::get<0>(key), std::get<1>(key), std::get<2>(key), std::get<3>(key), count});
    return true;
  }

  std::string interval_sql() const {
    return "(c.at - " + std::to_string(report_.first_interval.micros) + ") / " +
           std::to_string(report_.interval_ms * 1000);
  }

  bool read_comparisons() {
    Statement rows(database(),
                   std::string("SELECT c.capability, c.operation, c.verdict, c.cohort, ") +
                       interval_sql() + ", count(*) FROM reported c GROUP BY 1, 2, 3, 4, 5");
    return gather(
        rows, 2,
        [&](const Statement& row) {
          const auto at = operations_.find({row.text(0), row.text(1)});
          return at == operations_.end() ? -1 : at->second;
        },
        report_.compared);
  }

  bool read_differences() {
    const Where where = differences_of(report_.query);
    Statement rows(database(),
                   std::string("SELECT c.capability, c.operation, d.field, d.kind, d.verdict, "
                               "c.cohort, ") +
                       interval_sql() + ", count(*)" + joined + where.sql +
                       " GROUP BY 1, 2, 3, 4, 5, 6, 7");
    where.bind(rows);
    return gather(
        rows, 4,
        [&](const Statement& row) {
          const auto at = fields_.find({row.text(0), row.text(1), row.text(2), row.text(3)});
          return at == fields_.end() ? -1 : at->second;
        },
        report_.differing);
  }

  void read_open() {
    std::set<std::string> capabilities;
    for (const OperationSummary& one : report_.operations) capabilities.insert(one.capability);
    for (const std::string& capability : capabilities) {
      const auto classes = classes_of(reading_, capability, report_.query.from);
      if (!classes) continue;
      for (const DifferenceClass& one : *classes) {
        const auto at = fields_.find({capability, one.operation, one.path, one.kind});
        if (at == fields_.end()) continue;
        ReportField& field = report_.fields[static_cast<std::size_t>(at->second)];
        field.amount = one.amount;
        if (!one.rule.empty()) continue;
        field.open += one.count;
        field.money += one.money;
      }
    }
  }

  // The newest of each field and verdict, mismatches first; other verdicts with fewer.
  void read_pairs() {
    const Where where = differences_of(report_.query);
    Statement newest(
        database(),
        std::string("SELECT capability, operation, field, kind, verdict, id FROM (SELECT "
                    "c.capability, c.operation, d.field, d.kind, d.verdict, c.id, row_number() "
                    "OVER (PARTITION BY c.capability, c.operation, d.field, d.kind, d.verdict "
                    "ORDER BY c.id DESC) AS place FROM (SELECT DISTINCT comparison, field, kind, "
                    "verdict FROM difference) d JOIN reported c ON c.id = d.comparison WHERE ") +
            where.sql +
            ") WHERE place <= CASE verdict WHEN 'mismatch' THEN ? ELSE ? END "
            "ORDER BY CASE verdict WHEN 'mismatch' THEN 0 WHEN 'late' THEN 1 WHEN "
            "'known_difference' THEN 2 ELSE 3 END, id DESC");
    where.bind(newest);
    const std::int64_t most = report_.query.pairs_of_field;
    newest.bind(most).bind((most + 2) / 3);
    std::vector<std::vector<std::int64_t>> ids(report_.fields.size());
    while (newest.step()) {
      const auto at =
          fields_.find({newest.text(0), newest.text(1), newest.text(2), newest.text(3)});
      if (at != fields_.end())
        ids[static_cast<std::size_t>(at->second)].push_back(newest.number(5));
    }
    // The worst fields come first, and what there is room for is theirs.
    std::size_t room = documents_max;
    for (std::size_t i = 0; i < ids.size(); ++i)
      for (const std::int64_t id : ids[i]) add_pair(report_.fields[i], id, room);
  }

  void add_pair(ReportField& field, std::int64_t id, std::size_t& room) {
    for (const LedgerEntry& known : field.pairs)
      if (known.id == id) return;
    auto found = entry_with(reading_, id);
    if (!found) return;
    LedgerEntry entry = std::move(found).value();
    std::vector<Difference> of_field;
    for (Difference& one : entry.comparison.differences)
      if (one.field == field.path && name(one.kind) == field.kind &&
          of_field.size() < differences_of_pair)
        of_field.push_back(std::move(one));
    entry.comparison.differences = std::move(of_field);
    const std::size_t bytes = entry.primary_document.size() + entry.secondary_document.size();
    if (bytes > room) {
      entry.primary_document.clear();
      entry.secondary_document.clear();
    } else {
      room -= bytes;
    }
    field.pairs.push_back(std::move(entry));
  }

  void read_rest() {
    Statement reasons(database(),
                      "SELECT c.reason, count(*) FROM reported c WHERE c.verdict = 'not_compared' "
                      "GROUP BY 1 ORDER BY 2 DESC LIMIT 30");
    while (reasons.step()) report_.not_compared[reasons.text(0)] += reasons.number(1);
    const auto uses = uses_of_rules(reading_);
    if (uses) report_.uses = *uses;
    Statement dropped(database(), "SELECT value FROM counter WHERE name = 'dropped'");
    if (dropped.step()) report_.dropped = dropped.number(0);
  }

  // Bytes of documents that a report holds in all; differences of one pair that it shows.
  static constexpr std::size_t documents_max = 3 * 1024 * 1024;
  static constexpr std::size_t differences_of_pair = 8;

  const Reading& reading_;
  Report report_;
  std::map<OperationKey, int> operations_;
  std::map<FieldKey, int> fields_;
  std::map<std::string, int> cohorts_;
};

}  // namespace

bool is_report_group(const std::string& text) {
  return text.empty() || text == "regions" || text == "segments";
}

std::string report_cohort_of(const LedgerEntry& entry, const std::string& group) {
  if (!group.empty()) {
    const auto fact = entry.question.cohort.find(group);
    return fact == entry.question.cohort.end() || fact->second.empty()
               ? std::string{}
               : group + "=" + fact->second.front();
  }
  const std::string& subject = entry.question.subject;
  if (entry.question.capability == "orders" && subject.find('/') != std::string::npos)
    return "channels=" + subject.substr(0, subject.find('/'));
  if (entry.question.capability == "inventory" && subject.find('@') != std::string::npos)
    return "locations=" + subject.substr(subject.find('@') + 1);
  return {};
}

bool is_report_cohort(const std::string& text) {
  for (const char* fact : {"channels=", "locations=", "regions=", "segments="})
    if (text.rfind(fact, 0) == 0 && text.size() > std::string(fact).size()) return true;
  return false;
}

Result<Report> report_of(const Reading& reading, const ReportQuery& query) {
  // One snapshot: the writer goes on meanwhile, and counts must add up.
  reading.database.run("BEGIN");
  try {
    Report report = Reader(reading, query).read();
    reading.database.run("ROLLBACK");  // Takes the reader's own table with it.
    return report;
  } catch (...) {
    reading.database.run("ROLLBACK");
    throw;
  }
}

Result<std::vector<LedgerEntry>> pairs_of(const Reading& reading, const ReportQuery& query,
                                          std::int64_t after_id, int limit) {
  Where where = comparisons_of(query);
  add_differences(query, where);
  Statement select(reading.database,
                   std::string("SELECT DISTINCT d.comparison FROM difference d "
                               "JOIN comparison c ON c.id = d.comparison WHERE ") +
                       where.sql + " AND d.comparison > ? ORDER BY d.comparison LIMIT ?");
  where.bind(select);
  select.bind(after_id).bind(std::int64_t{limit});
  std::vector<LedgerEntry> pairs;
  while (select.step()) {
    auto found = entry_with(reading, select.number(0));
    if (!found) return found.error();
    LedgerEntry entry = std::move(found).value();
    std::erase_if(entry.comparison.differences, [&](const Difference& one) {
      return (!query.verdict.empty() && name(one.verdict) != query.verdict) ||
             (!query.kind.empty() && name(one.kind) != query.kind) ||
             (!query.path.empty() && one.field != query.path);
    });
    entry.primary_document.clear();
    entry.secondary_document.clear();
    pairs.push_back(std::move(entry));
  }
  return pairs;
}

RulesShown rules_shown(const Rules& rules, const Report& report,
                       const std::map<std::string, KnownUse>& known, int unused_days) {
  RulesShown shown;
  shown.identity = identity(rules);
  for (const Rule& rule : rules.rules) shown.reasons[rule.name] = rule.reason;
  for (const KnownDifference& one : rules.known) shown.reasons[one.name] = one.reason;
  shown.health = register_health(rules, known, report.made_at.date_utc());
  shown.unused = unused_rules(rules, report.uses, report.made_at, unused_days);
  shown.unused_days = unused_days;
  return shown;
}

}  // namespace underpin::parity
