#include "facade/posting_rows.h"

namespace underpin::facade::posting_rows {

using json::Value;

std::string rows_file(Side side) { return std::string(name(side)) + ".rows"; }

bool is_own(const std::string& owner) { return !owner.empty() && owner[0] == '/'; }

bool is_foreign(const std::string& owner) { return owner.rfind(foreign_prefix, 0) == 0; }

Value texts_value(const std::set<std::string>& texts) {
  Value list = Value::array();
  for (const std::string& text : texts) list.push(text);
  return list;
}

std::set<std::string> texts_in(const Value& list) {
  std::set<std::string> texts;
  for (const Value& text : list.items()) texts.insert(text.text());
  return texts;
}

std::string write_expected(const ExpectedPosting& expected) {
  Value value = Value::object();
  value.set("home", name(expected.home));
  value.set("acknowledged", Value::boolean(expected.acknowledged));
  value.set("currency", expected.currency);
  Value net = Value::object();
  for (const auto& [date, amount] : expected.net) net.set(date.text(), amount.text());
  value.set("net", std::move(net));
  Value tax = Value::object();
  for (const auto& [code, amount] : expected.tax) tax.set(code, amount.text());
  value.set("tax", std::move(tax));
  value.set("documents", texts_value(expected.documents));
  value.set("elsewhere", texts_value(expected.elsewhere));
  return json::write(value);
}

std::optional<ExpectedPosting> read_expected(const std::string& text) {
  const auto value = json::parse(text);
  if (!value) return std::nullopt;
  const auto home = parse_side(value->get("home").text());
  if (!home) return std::nullopt;
  ExpectedPosting expected;
  expected.home = *home;
  const auto acknowledged = value->get("acknowledged").as_bool();
  expected.acknowledged = acknowledged && *acknowledged;
  expected.currency = value->get("currency").text();
  for (const json::Member& one : value->get("net").members()) {
    const auto date = Date::parse(one.key);
    const auto amount = Decimal::parse(one.value.text());
    if (!date || !amount) return std::nullopt;
    expected.net[*date] = *amount;
  }
  for (const json::Member& one : value->get("tax").members()) {
    const auto amount = Decimal::parse(one.value.text());
    if (!amount) return std::nullopt;
    expected.tax[one.key] = *amount;
  }
  expected.documents = texts_in(value->get("documents"));
  expected.elsewhere = texts_in(value->get("elsewhere"));
  return expected;
}

namespace {

Value amounts(const std::pair<Decimal, Decimal>& net_and_tax) {
  Value value = Value::object();
  value.set("net", net_and_tax.first.text());
  value.set("tax", net_and_tax.second.text());
  return value;
}

}  // namespace

Value finding_value(const PostingFinding& finding) {
  Value value = Value::object();
  value.set("kind", finding.kind);
  value.set("group", finding.date.text());
  Value key = Value::object();
  key.set("order", finding.order);
  value.set("key", std::move(key));
  if (finding.home) value.set("home", name(*finding.home));
  if (finding.home && finding.acknowledged) {
    value.set("expected", amounts({finding.expected_net, finding.expected_tax}));
  }
  for (const auto& [side, posted] : finding.posted)
    value.set(std::string(name(side)), amounts(posted));
  value.set("documents", texts_value(finding.documents));
  if (!finding.users.empty()) value.set("users", texts_value(finding.users));
  return value;
}

Error torn() { return {ErrorCode::conflict, "a file of postings is torn"}; }

Status each_record(const std::filesystem::path& path, std::int64_t bytes,
                   const std::function<Status(const Record&)>& each) {
  if (bytes == 0) return Done{};
  auto reader = RowReader::open(path.string(), 0, bytes);
  if (!reader) return reader.error();
  Record record;
  while (true) {
    const auto more = (*reader)->next(record);
    if (!more) return more.error();
    if (!*more) return Done{};
    if (const Status done = each(record); !done) return done;
  }
}

Status each_entry(const std::filesystem::path& folder, Side side, std::int64_t bytes,
                  const std::function<Status(const std::string&, const PostedLine&)>& each) {
  return each_record(folder / rows_file(side), bytes, [&](const Record& record) -> Status {
    if (record.size() < 2) return torn();
    const auto line = read_posted_line({record.begin() + 2, record.end()});
    if (!line) return torn();
    return each(record[1], *line);
  });
}

}  // namespace underpin::facade::posting_rows
