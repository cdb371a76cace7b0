#include "facade/reconciliation.h"

#include <algorithm>

namespace underpin::facade {

using journal::JournalReader;
using journal::JournalTransaction;
using json::Value;
using parity::reconcile::Difference;
using parity::reconcile::DifferenceKind;

namespace {

constexpr const char* last_fact = "reconcile/last";
constexpr const char* running_fact = "reconcile/running";

std::string fact_of(std::int64_t id) { return "reconcile/" + std::to_string(id); }
std::string newest_fact(std::string_view what) { return "reconcile/newest/" + std::string(what); }

Date date_in(const Value& value, const char* key) {
  const auto date = Date::parse(value.get(key).text());
  return date ? *date : Date{};
}

std::int64_t number_in(const Value& value, const char* key) {
  const auto number = value.get(key).as_int();
  return number ? *number : 0;
}

Timestamp time_in(const Value& value, const char* key) {
  const auto time = Timestamp::parse(value.get(key).text());
  return time ? *time : Timestamp{};
}

void set_time(Value& value, const char* key, Timestamp at) {
  if (!at.empty()) value.set(key, at.text());
}

Value to_json(const SweepState& side) {
  Value value = Value::object();
  value.set("cursor", side.cursor);
  value.set("complete", Value::boolean(side.complete));
  value.set("rows", Value::integer(side.rows));
  value.set("leftOut", Value::integer(side.left_out));
  value.set("bytes", Value::integer(side.bytes));
  set_time(value, "sourceAsOf", side.source_as_of);
  set_time(value, "begunAt", side.begun_at);
  set_time(value, "endedAt", side.ended_at);
  return value;
}

SweepState read_side(const Value& value) {
  SweepState side;
  side.cursor = value.get("cursor").text();
  const auto complete = value.get("complete").as_bool();
  side.complete = complete && *complete;
  side.rows = number_in(value, "rows");
  side.left_out = number_in(value, "leftOut");
  side.bytes = number_in(value, "bytes");
  side.source_as_of = time_in(value, "sourceAsOf");
  side.begun_at = time_in(value, "begunAt");
  side.ended_at = time_in(value, "endedAt");
  return side;
}

struct Number {
  const char* name;
  std::int64_t Reconciliation::*member;
};
constexpr Number numbers[] = {
    {"id", &Reconciliation::id},
    {"offset", &Reconciliation::offset},
    {"openBytes", &Reconciliation::open_bytes},
    {"laterBytes", &Reconciliation::later_bytes},
    {"confirmedBytes", &Reconciliation::confirmed_bytes},
    {"equal", &Reconciliation::equal},
    {"differed", &Reconciliation::differed},
    {"converged", &Reconciliation::converged},
    {"onItsWay", &Reconciliation::on_its_way},
    {"notMirrored", &Reconciliation::not_mirrored},
    {"unsettled", &Reconciliation::unsettled},
    {"snapshot", &Reconciliation::snapshot},
    {"writerBytes", &Reconciliation::writer_bytes},
};

std::map<std::string, std::int64_t> counts_in(const Value& value) {
  std::map<std::string, std::int64_t> counts;
  for (const json::Member& one : value.members())
    counts[one.key] = number_in(value, one.key.c_str());
  return counts;
}

std::int64_t id_in(const std::string& fact) { return fact.empty() ? 0 : std::stoll(fact); }

}  // namespace

json::Value counts_value(const std::map<std::string, std::int64_t>& counts) {
  Value value = Value::object();
  for (const auto& [name, count] : counts) value.set(name, Value::integer(count));
  return value;
}

std::int64_t Reconciliation::different() const {
  std::int64_t sum = 0;
  for (const auto& [kind, count] : differences) sum += count;
  return sum;
}

std::int64_t Reconciliation::left_out() const {
  std::int64_t sum = legacy.left_out + cloud.left_out + on_its_way + not_mirrored;
  for (const auto& [why, count] : not_compared) sum += count;
  return sum;
}

json::Value rogue_value(const Reconciliation& reconciliation) {
  Value list = Value::array();
  for (const auto& [who, changes] : reconciliation.rogue) {
    Value one = Value::object();
    one.set("system", who.first);
    one.set("user", who.second);
    one.set("changes", Value::integer(changes));
    list.push(std::move(one));
  }
  return list;
}

json::Value to_json(const Reconciliation& reconciliation) {
  Value value = Value::object();
  for (const Number& one : numbers) value.set(one.name, Value::integer(reconciliation.*one.member));
  value.set("capability", reconciliation.what());
  if (reconciliation.posting) {
    value.set("from", reconciliation.from.text());
    value.set("to", reconciliation.to.text());
    value.set("counts", counts_value(reconciliation.counts));
  }
  value.set("state", reconciliation.state);
  value.set("actor", reconciliation.actor);
  value.set("reason", reconciliation.reason);
  value.set("keptBy", reconciliation.kept_by);
  set_time(value, "startedAt", reconciliation.started_at);
  set_time(value, "endedAt", reconciliation.ended_at);
  value.set("legacy", to_json(reconciliation.legacy));
  value.set("cloud", to_json(reconciliation.cloud));
  if (!reconciliation.waits.empty()) value.set("waitsFor", reconciliation.waits);
  if (!reconciliation.basis.empty()) value.set("basis", reconciliation.basis);
  value.set("atCutOff", Value::boolean(reconciliation.at_cut_off));
  set_time(value, "cutOff", reconciliation.cut_off);
  set_time(value, "arrivedAt", reconciliation.arrived);
  value.set("notCompared", counts_value(reconciliation.not_compared));
  Value apart = Value::object();
  for (const auto& [column, amount] : reconciliation.apart) apart.set(column, amount.text());
  value.set("apart", std::move(apart));
  value.set("pass", Value::integer(reconciliation.pass));
  set_time(value, "notBefore", reconciliation.not_before);
  value.set("differences", counts_value(reconciliation.differences));
  value.set("undeclared", counts_value(reconciliation.undeclared));
  value.set("rogue", rogue_value(reconciliation));
  Value not_told = Value::array();
  for (const std::string& system : reconciliation.writers_not_told) not_told.push(system);
  value.set("writersNotTold", std::move(not_told));
  return value;
}

Reconciliation read_reconciliation(const std::string& text) {
  Reconciliation reconciliation;
  const auto value = json::parse(text);
  if (!value || !value->is_object()) return reconciliation;
  for (const Number& one : numbers) reconciliation.*one.member = number_in(*value, one.name);
  const auto capability = parse_capability(value->get("capability").text());
  if (capability) reconciliation.capability = *capability;
  reconciliation.posting = value->get("capability").text() == "posting";
  reconciliation.from = date_in(*value, "from");
  reconciliation.to = date_in(*value, "to");
  reconciliation.counts = counts_in(value->get("counts"));
  reconciliation.state = value->get("state").text();
  reconciliation.actor = value->get("actor").text();
  reconciliation.reason = value->get("reason").text();
  reconciliation.kept_by = value->get("keptBy").text();
  reconciliation.started_at = time_in(*value, "startedAt");
  reconciliation.ended_at = time_in(*value, "endedAt");
  reconciliation.legacy = read_side(value->get("legacy"));
  reconciliation.cloud = read_side(value->get("cloud"));
  reconciliation.waits = value->get("waitsFor").text();
  reconciliation.basis = value->get("basis").text();
  const auto at_cut_off = value->get("atCutOff").as_bool();
  reconciliation.at_cut_off = at_cut_off && *at_cut_off;
  reconciliation.cut_off = time_in(*value, "cutOff");
  reconciliation.arrived = time_in(*value, "arrivedAt");
  reconciliation.not_compared = counts_in(value->get("notCompared"));
  for (const json::Member& one : value->get("apart").members())
    if (const auto amount = Decimal::parse(one.value.text()))
      reconciliation.apart[one.key] = *amount;
  reconciliation.pass = static_cast<int>(number_in(*value, "pass"));
  reconciliation.not_before = time_in(*value, "notBefore");
  reconciliation.differences = counts_in(value->get("differences"));
  reconciliation.undeclared = counts_in(value->get("undeclared"));
  for (const Value& one : value->get("rogue").items())
    reconciliation.rogue[{one.get("system").text(), one.get("user").text()}] =
        number_in(one, "changes");
  for (const Value& system : value->get("writersNotTold").items())
    reconciliation.writers_not_told.insert(system.text());
  return reconciliation;
}

std::vector<std::string> to_record(const Difference& difference) {
  std::vector<std::string> record{std::string(name(difference.kind)), difference.key,
                                  difference.group, std::to_string(difference.legacy.size())};
  record.insert(record.end(), difference.legacy.begin(), difference.legacy.end());
  record.insert(record.end(), difference.cloud.begin(), difference.cloud.end());
  return record;
}

std::optional<Difference> read_difference(const std::vector<std::string>& record) {
  if (record.size() < 4) return std::nullopt;
  Difference difference;
  bool known = false;
  for (const DifferenceKind kind :
       {DifferenceKind::value, DifferenceKind::missing_in_cloud, DifferenceKind::missing_in_legacy,
        DifferenceKind::duplicate_in_legacy, DifferenceKind::duplicate_in_cloud}) {
    if (record[0] != name(kind)) continue;
    difference.kind = kind;
    known = true;
  }
  const auto legacy = static_cast<std::size_t>(id_in(record[3]));
  if (!known || legacy > record.size() - 4) return std::nullopt;
  difference.key = record[1];
  difference.group = record[2];
  const auto values = record.begin() + 4;
  difference.legacy.assign(values, values + static_cast<std::ptrdiff_t>(legacy));
  difference.cloud.assign(values + static_cast<std::ptrdiff_t>(legacy), record.end());
  return difference;
}

Result<bool> DifferencesBySubject::next(std::vector<Difference>& of_subject) {
  of_subject.clear();
  if (following_) of_subject.push_back(std::move(*following_));
  following_.reset();
  const auto subject_key = [&](const Difference& difference) {
    auto parts = parity::reconcile::key_parts(difference.key);
    parts.resize(std::min(parts.size(), own_parts_));
    return parts;
  };
  Record record;
  while (true) {
    const std::int64_t at = reader_->position();
    const auto more = reader_->next(record);
    if (!more) return more.error();
    position_ = at;
    if (!*more) return !of_subject.empty();
    auto difference = read_difference(record);
    if (!difference) return Error{ErrorCode::conflict, "a file of differences is torn"};
    if (!of_subject.empty() && subject_key(*difference) != subject_key(of_subject.front())) {
      following_ = std::move(difference);
      return true;
    }
    of_subject.push_back(std::move(*difference));
  }
}

std::optional<Reconciliation> reconciliation_in(const JournalReader& reader, std::int64_t id) {
  const std::string text = reader.fact(fact_of(id));
  if (id <= 0 || text.empty()) return std::nullopt;
  return read_reconciliation(text);
}

std::optional<Reconciliation> running_in(const JournalReader& reader) {
  return reconciliation_in(reader, id_in(reader.fact(running_fact)));
}

std::optional<Reconciliation> newest_in(const JournalReader& reader, Capability capability) {
  return reconciliation_in(reader, id_in(reader.fact(newest_fact(name(capability)))));
}

std::optional<Reconciliation> newest_posting_in(const JournalReader& reader) {
  return reconciliation_in(reader, id_in(reader.fact(newest_fact("posting"))));
}

std::int64_t last_id_in(const JournalReader& reader) { return id_in(reader.fact(last_fact)); }

void keep(JournalTransaction& tx, const Reconciliation& reconciliation) {
  const std::string id = std::to_string(reconciliation.id);
  tx.set_fact(fact_of(reconciliation.id), json::write(to_json(reconciliation)));
  if (reconciliation.id > last_id_in(tx)) tx.set_fact(last_fact, id);
  if (reconciliation.running()) {
    tx.set_fact(running_fact, id);
  } else if (tx.fact(running_fact) == id) {
    tx.set_fact(running_fact, "");
  }
  if (reconciliation.state == "done") tx.set_fact(newest_fact(reconciliation.what()), id);
}

void forget(JournalTransaction& tx, std::int64_t id) { tx.set_fact(fact_of(id), ""); }

}  // namespace underpin::facade
