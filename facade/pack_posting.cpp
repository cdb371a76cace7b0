#include "facade/pack_posting.h"

#include "facade/facade.h"
#include "facade/gate_desk.h"
#include "facade/posting_scenarios.h"
#include "facade/reconcile_desk.h"

#include <optional>

namespace underpin::facade {
namespace {

using json::Value;

constexpr std::size_t differences_max = 200;
constexpr std::size_t scanned_max = 100'000;  // Foreign postings among them are left out.
constexpr std::size_t totals_max = 2'000;
constexpr int page_rows = 500;

// One row of a table: the amounts of both homes side by side.
Value total_row(const Value& group) {
  Value row = Value::object();
  row.set("group", group.get("group").text());
  for (const Side side : {Side::legacy, Side::cloud}) {
    const std::string own(name(side));
    row.set(own, group.get(own).get("amount"));
    row.set(own + "Rows", group.get(own).get("rows"));
    const Value& foreign = group.get(own).get("foreign");
    if (!foreign.is_null()) row.set(own + "Foreign", foreign);
  }
  for (const char* member : {"sum", "expected", "difference"})
    if (group.find(member) != nullptr) row.set(member, group.get(member));
  return row;
}

Value difference_row(const Value& found) {
  Value row = Value::object();
  row.set("kind", found.get("kind").text());
  row.set("order", found.get("key").get("order").text());
  row.set("date", found.get("group").text());
  row.set("home", found.get("home").text());
  for (const char* of : {"expected", "legacy", "cloud"}) {
    if (!found.get(of).is_object()) continue;
    row.set(std::string(of) + "Net", found.get(of).get("net"));
    row.set(std::string(of) + "Tax", found.get(of).get("tax"));
  }
  return row;
}

// Who posted is left out: a pack goes from hand to hand.
Status add_differences(const ReconcileDesk& desk, std::int64_t id, Value& value) {
  Value rows = Value::array();
  std::int64_t after = 0;
  std::size_t scanned = 0;
  do {
    const auto page = desk.differences(id, after, page_rows);
    if (!page) return page.error();
    for (const Value& item : page->items)
      if (item.get("kind").text() != "foreign" && rows.size() < differences_max)
        rows.push(difference_row(item));
    scanned += page->items.size();
    after = page->next;
  } while (after > 0 && scanned < scanned_max && rows.size() < differences_max);
  value.set("differences", std::move(rows));
  return Done{};
}

}  // namespace

Result<std::string> posting_file(Facade& facade, const GateReport& report) {
  const ReconcileDesk& desk = facade.reconciliations();
  const auto newest = desk.newest_posting();
  if (!newest) return newest.error();
  Value scenarios = Value::null();
  const Status read = facade.journal().read(
      [&](const journal::JournalReader& reader) { scenarios = newest_scenarios_in(reader); });
  if (!read) return read.error();
  Value value = Value::object();
  value.set("state", report.posting);
  value.set("at", report.at.text());
  Value criteria = Value::array();
  for (const parity::Criterion& criterion : report.verdict.criteria)
    if (criterion.name.rfind("posting_", 0) == 0) criteria.push(in_words(criterion));
  value.set("criteria", std::move(criteria));
  value.set("reconciliation",
            *newest ? shown(**newest, desk.progress(**newest), report.at) : Value::null());
  Value turnover = Value::array();
  Value totals = Value::array();
  if (*newest) {
    const std::int64_t id = (*newest)->id;
    const auto groups = desk.groups(id);
    if (groups) {
      for (const Value& group : groups->items()) {
        const bool against = group.find("expected") != nullptr;
        if (!against && totals.size() >= totals_max) continue;
        (against ? turnover : totals).push(total_row(group));
      }
      const Status added = add_differences(desk, id, value);
      if (!added) return added.error();
    } else {
      // With several replicas another may have swept them.
      value.set("totalsAt", (*newest)->kept_by);
    }
  }
  value.set("turnover", std::move(turnover));
  value.set("totals", std::move(totals));
  if (value.find("differences") == nullptr) value.set("differences", Value::array());
  value.set("scenarios", std::move(scenarios));
  return json::write_pretty(value) + "\n";
}

}  // namespace underpin::facade
