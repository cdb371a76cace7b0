// The half of PostingSweep that shows what was found.
#include <fstream>

#include "facade/posting_rows.h"
#include "facade/posting_sweep.h"
#include "parity/csv.h"

namespace underpin::facade {

using json::Value;
using namespace posting_rows;

namespace {

using parity::csv_line;

constexpr std::size_t groups_max = 10'000;

std::string in_one(const Value& list) {
  std::string all;
  for (const Value& text : list.items()) all += (all.empty() ? "" : " ") + text.text();
  return all;
}

// ---- control totals

struct SideTotal {
  std::int64_t rows = 0;
  Decimal amount;
  Decimal base;
  Decimal foreign;  // Of `amount`: of orders that no channel placed.
};
struct Total {
  SideTotal legacy;
  SideTotal cloud;
  std::optional<Decimal> expected;
  SideTotal& on(Side side) { return side == Side::legacy ? legacy : cloud; }
};

class Totals {
 public:
  void add(const std::string& owner, const PostedLine& line) {
    const bool foreign = is_foreign(owner) || is_own(owner);
    const std::string day = line.date.text() + " ";
    if (line.ledger == Ledger::tax) {
      add(day + "tax ledger " + line.tax_code, line, line.amount, foreign);
      if (!foreign && line.kind == PostedKind::invoice)
        add("tax " + line.tax_code, line, -line.amount, false);
      return;
    }
    add(day + std::string(name(line.account_class)), line, line.amount, foreign);
    if (!foreign && is_turnover(line.account_class) && line.kind == PostedKind::invoice)
      add("turnover " + line.date.text(), line, -line.amount, false);
  }
  void add(const ExpectedPosting& expected) {
    for (const auto& [date, amount] : expected.net) expect("turnover " + date.text(), amount);
    for (const auto& [code, amount] : expected.tax) expect("tax " + code, amount);
  }
  const std::map<std::string, Total>& all() const { return totals_; }

 private:
  Total& total(const std::string& group) {
    const auto found = totals_.find(group);
    if (found != totals_.end()) return found->second;
    return totals_[totals_.size() < groups_max ? group : "(further groups)"];
  }
  void add(const std::string& group, const PostedLine& line, Decimal amount, bool foreign) {
    SideTotal& side = total(group).on(line.side);
    ++side.rows;
    side.amount += amount;
    side.base += line.base;
    if (foreign) side.foreign += amount;
  }
  void expect(const std::string& group, Decimal amount) {
    Total& one = total(group);
    one.expected = one.expected.value_or(Decimal{}) + amount;
  }
  std::map<std::string, Total> totals_;
};

Value total_value(const SideTotal& total) {
  Value value = Value::object();
  value.set("rows", Value::integer(total.rows));
  value.set("amount", total.amount.text());
  if (!total.base.is_zero()) value.set("base", total.base.text());
  if (!total.foreign.is_zero()) value.set("foreign", total.foreign.text());
  return value;
}

}  // namespace

Status PostingSweep::write_files(const Reconciliation& now_at,
                                 const std::filesystem::path& folder) const {
  std::ofstream csv(folder / "differences.csv", std::ios::binary | std::ios::trunc);
  std::ofstream text(folder / "differences.json", std::ios::binary | std::ios::trunc);
  csv << csv_line({"kind", "order", "date", "home", "expected.net", "expected.tax", "legacy.net",
                   "legacy.tax", "cloud.net", "cloud.tax", "documents", "users"});
  text << "[";
  const char* separator = "\n";
  const Status listed = each_record(
      folder / confirmed_file, now_at.confirmed_bytes, [&](const Record& record) -> Status {
        const auto value = shown(record);
        if (!value) return torn();
        const auto amount = [&](const char* of, const char* what) {
          return value->get(of).get(what).text();
        };
        csv << csv_line({value->get("kind").text(), value->get("key").get("order").text(),
                         value->get("group").text(), value->get("home").text(),
                         amount("expected", "net"), amount("expected", "tax"),
                         amount("legacy", "net"), amount("legacy", "tax"), amount("cloud", "net"),
                         amount("cloud", "tax"), in_one(value->get("documents")),
                         in_one(value->get("users"))});
        text << separator << record[0];
        separator = ",\n";
        return Done{};
      });
  if (!listed) return listed;
  text << "\n]\n";
  csv.flush();
  text.flush();
  if (!csv || !text)
    return Error{ErrorCode::unavailable, "the differences cannot be written to " + folder.string()};

  // Orders that were read again count as they were then.
  std::set<std::string> again;
  Totals totals;
  const Status known =
      each_record(folder / expected_file, now_at.later_bytes, [&](const Record& record) -> Status {
        if (record.size() < 3) return torn();
        if (record[0] == second_look) again.insert(record[1]);
        return Done{};
      });
  if (!known) return known;
  const Status summed =
      each_record(folder / expected_file, now_at.later_bytes, [&](const Record& record) -> Status {
        if (record[0] == entry_again) {
          const auto line = read_posted_line({record.begin() + 2, record.end()});
          if (!line) return torn();
          totals.add(record[1], *line);
          return Done{};
        }
        if (record[0] == first_look && again.count(record[1]) > 0) return Done{};
        const auto expected = read_expected(record[2]);
        if (!expected) return torn();
        totals.add(*expected);
        return Done{};
      });
  if (!summed) return summed;
  for (const Side side : {Side::legacy, Side::cloud}) {
    const Status added =
        each_entry(folder, side, now_at.on(side).bytes,
                   [&](const std::string& owner, const PostedLine& line) -> Status {
                     if (again.count(owner) == 0) totals.add(owner, line);
                     return Done{};
                   });
    if (!added) return added;
  }
  auto file = RowFile::append_at((folder / totals_file).string(), 0);
  if (!file) return file.error();
  for (const auto& [group, total] : totals.all()) {
    Value value = Value::object();
    value.set("group", group);
    value.set("legacy", total_value(total.legacy));
    value.set("cloud", total_value(total.cloud));
    const Decimal sum = total.legacy.amount + total.cloud.amount;
    value.set("sum", sum.text());
    if (total.expected || group.rfind("turnover ", 0) == 0 || group.rfind("tax ", 0) == 0) {
      const Decimal expected = total.expected.value_or(Decimal{});
      value.set("expected", expected.text());
      value.set("difference", (sum - expected).text());
    }
    if (const Status added = (*file)->add({json::write(value)}); !added) return added;
  }
  return (*file)->sync();
}

Result<json::Value> PostingSweep::groups(const std::filesystem::path& folder) {
  std::error_code failed;
  const auto size = std::filesystem::file_size(folder / totals_file, failed);
  if (failed) return Error{ErrorCode::not_found, "there are no totals yet, or not on this host"};
  Value groups = Value::array();
  const Status read = each_record(folder / totals_file, static_cast<std::int64_t>(size),
                                  [&](const Record& record) -> Status {
                                    const auto value = shown(record);
                                    if (!value) return torn();
                                    groups.push(*value);
                                    return Done{};
                                  });
  if (!read) return read.error();
  return groups;
}

std::optional<json::Value> PostingSweep::shown(const Record& record) {
  if (record.size() != 1) return std::nullopt;
  const auto value = json::parse(record[0]);
  if (!value) return std::nullopt;
  return *value;
}

}  // namespace underpin::facade
