#include "parity/evidence_summary.h"

#include <algorithm>
#include <tuple>

namespace underpin::parity {
namespace {

using json::Value;

constexpr std::size_t text_max = 64 * 1024 * 1024;

Error refused(const std::string& why) {
  return {ErrorCode::invalid_request, "a summary of evidence " + why};
}

std::string in_one_text(const std::set<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// A row for each subject: they are many.
Value row_of(const SubjectEvidence& one) {
  Value row = Value::array();
  row.push(one.operation);
  row.push(one.subject);
  row.push(Value::integer(one.at.micros));
  row.push(name(one.verdict));
  row.push(Value::boolean(one.scenario));
  row.push(in_one_text(one.wrong));
  row.push(one.money.text());
  row.push(Value::integer(one.asked));
  row.push(Value::integer(one.not_compared));
  row.push(in_one_text(one.classes));
  row.push(Value::integer(one.unvalued));
  return row;
}

bool read_row(const Value& row, SubjectEvidence& one) {
  if (!row.is_array() || row.size() != 11) return false;
  const std::vector<Value>& cells = row.items();
  const auto at = cells[2].as_int();
  const auto verdict = parse_verdict(cells[3].text());
  const auto money = Decimal::parse(cells[6].text());
  const auto asked = cells[7].as_int();
  const auto not_compared = cells[8].as_int();
  const auto unvalued = cells[10].as_int();
  if (cells[0].text().empty() || !at || !verdict || !money || !asked || !not_compared || !unvalued)
    return false;
  one.operation = cells[0].text();
  one.subject = cells[1].text();
  one.at = {*at};
  one.verdict = *verdict;
  one.scenario = cells[4] == Value::boolean(true);
  for (std::string& word : words_of(cells[5].text())) one.wrong.insert(std::move(word));
  one.money = *money;
  one.asked = *asked;
  one.not_compared = *not_compared;
  for (std::string& word : words_of(cells[9].text())) one.classes.insert(std::move(word));
  one.unvalued = *unvalued;
  return true;
}

std::int64_t number_in(const Value& value, const char* key) {
  const auto number = value.get(key).as_int();
  return number ? *number : 0;
}

Decimal money_in(const Value& value, const char* key) {
  const auto money = Decimal::parse(value.get(key).text());
  return money ? *money : Decimal{};
}

bool is_wrong(const SubjectEvidence& one) { return one.verdict == Verdict::mismatch; }

}  // namespace

void add(SubjectEvidence& into, const SubjectEvidence& more) {
  const std::int64_t asked = into.asked + more.asked;
  const std::int64_t not_compared = into.not_compared + more.not_compared;
  const bool newer = more.verdict != Verdict::not_compared &&
                     (into.verdict == Verdict::not_compared || more.at > into.at ||
                      (more.at == into.at && is_wrong(more)));
  if (newer) into = more;
  into.asked = asked;
  into.not_compared = not_compared;
}

std::string write_summary(const EvidenceSummary& summary) {
  Value value = Value::object();
  value.set("ledger", summary.ledger);
  value.set("toldAt", Value::integer(summary.told_at.micros));
  value.set("binding", summary.binding);
  value.set("newest", Value::integer(summary.evidence.newest.micros));
  value.set("asked", Value::integer(summary.evidence.asked));
  value.set("dropped", Value::integer(summary.evidence.dropped));
  value.set("skipped", Value::integer(summary.evidence.skipped));
  std::vector<const SubjectEvidence*> told;
  told.reserve(summary.evidence.subjects.size());
  for (const SubjectEvidence& one : summary.evidence.subjects) told.push_back(&one);
  if (told.size() > told_subjects_max) {
    std::stable_sort(told.begin(), told.end(),
                     [](const SubjectEvidence* a, const SubjectEvidence* b) {
                       if (is_wrong(*a) != is_wrong(*b)) return is_wrong(*a);
                       return a->at > b->at;
                     });
    told.resize(told_subjects_max);
  }
  Value subjects = Value::array();
  for (const SubjectEvidence* one : told) subjects.push(row_of(*one));
  value.set("subjects", std::move(subjects));
  Value operations = Value::object();
  for (const auto& [operation, number] : summary.asked)
    operations.set(operation, Value::integer(number));
  value.set("operations", std::move(operations));
  Value known = Value::object();
  for (const auto& [rule, use] : summary.known) {
    Value one = Value::object();
    one.set("documents", Value::integer(use.documents));
    one.set("money", use.money.text());
    one.set("unvalued", Value::integer(use.unvalued));
    known.set(rule, std::move(one));
  }
  value.set("known", std::move(known));
  Value open = Value::array();
  for (const DifferenceClass& one : summary.open) {
    Value item = Value::object();
    item.set("operation", one.operation);
    item.set("path", one.path);
    item.set("kind", one.kind);
    item.set("rule", one.rule);
    item.set("count", Value::integer(one.count));
    item.set("amount", Value::boolean(one.amount));
    item.set("money", one.money.text());
    open.push(std::move(item));
  }
  value.set("open", std::move(open));
  return json::write(value);
}

Result<EvidenceSummary> read_summary(std::string_view text) {
  const auto value = json::parse(text, {text_max, 8, 2'000'000});
  if (!value) return refused("is not JSON: " + value.error().message);
  EvidenceSummary summary;
  summary.ledger = value->get("ledger").text();
  summary.binding = value->get("binding").text();
  const auto told_at = value->get("toldAt").as_int();
  if (summary.ledger.empty() || summary.binding.empty() || !told_at ||
      !value->get("subjects").is_array() || !value->get("open").is_array())
    return refused("lacks whose it is, when it was told, or what it says");
  summary.told_at = {*told_at};
  summary.evidence.newest = {number_in(*value, "newest")};
  summary.evidence.asked = number_in(*value, "asked");
  summary.evidence.dropped = number_in(*value, "dropped");
  summary.evidence.skipped = number_in(*value, "skipped");
  for (const Value& row : value->get("subjects").items()) {
    SubjectEvidence one;
    if (!read_row(row, one)) return refused("has a subject that says nothing");
    summary.evidence.subjects.push_back(std::move(one));
  }
  for (const json::Member& operation : value->get("operations").members()) {
    const auto number = operation.value.as_int();
    summary.asked[operation.key] = number ? *number : 0;
  }
  for (const json::Member& rule : value->get("known").members())
    summary.known[rule.key] = {number_in(rule.value, "documents"), money_in(rule.value, "money"),
                               number_in(rule.value, "unvalued")};
  for (const Value& item : value->get("open").items()) {
    DifferenceClass one;
    one.operation = item.get("operation").text();
    one.path = item.get("path").text();
    one.kind = item.get("kind").text();
    one.rule = item.get("rule").text();
    one.count = number_in(item, "count");
    one.amount = item.get("amount") == Value::boolean(true);
    one.money = money_in(item, "money");
    summary.open.push_back(std::move(one));
  }
  return summary;
}

void merge(Evidence& into, const EvidenceSummary& more, Timestamp since) {
  // Told before the window began, by a replica that has gone: only what it saw to be wrong.
  const bool past = more.told_at < since;
  std::map<std::pair<std::string, std::string>, std::size_t> at;
  for (std::size_t i = 0; i < into.subjects.size(); ++i)
    at[{into.subjects[i].operation, into.subjects[i].subject}] = i;
  for (const SubjectEvidence& one : more.evidence.subjects) {
    const bool within = one.verdict == Verdict::not_compared ? !past : one.at >= since;
    if (!within && !is_wrong(one)) continue;
    const auto [known, fresh] = at.try_emplace({one.operation, one.subject}, into.subjects.size());
    if (fresh) {
      into.subjects.push_back(one);
    } else {
      add(into.subjects[known->second], one);
    }
    into.newest = std::max(into.newest, one.at);
  }
  if (past) return;
  into.asked += more.evidence.asked;
  into.dropped += more.evidence.dropped;
  into.skipped += more.evidence.skipped;
}

void merge(std::map<std::string, KnownUse>& into, const std::map<std::string, KnownUse>& more) {
  for (const auto& [rule, use] : more) {
    into[rule].documents += use.documents;
    into[rule].money += use.money;
    into[rule].unvalued += use.unvalued;
  }
}

void merge(std::vector<DifferenceClass>& into, const std::vector<DifferenceClass>& more) {
  for (const DifferenceClass& one : more) {
    const auto known = std::find_if(into.begin(), into.end(), [&](const DifferenceClass& other) {
      return std::tie(other.operation, other.path, other.kind, other.rule) ==
             std::tie(one.operation, one.path, one.kind, one.rule);
    });
    if (known == into.end()) {
      into.push_back(one);
      continue;
    }
    known->count += one.count;
    known->money += one.money;
  }
}

}  // namespace underpin::parity
