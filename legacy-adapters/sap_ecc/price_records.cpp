#include "legacy-adapters/sap_ecc/price_records.h"

#include "legacy-adapters/sap_ecc/failure.h"
#include "legacy-adapters/sap_ecc/forms.h"
#include "legacy-adapters/transport/file_drop/quarantine.h"
#include "legacy-adapters/transport/prices/price_ruling.h"

#include <algorithm>
#include <fstream>

namespace underpin::legacy::sap_ecc {
namespace {

constexpr const char* last_day = "9999-12-31";
constexpr const char* key_is = " WHERE sku = ? AND scope = ? AND code = ?";

file_drop::Settings drop_of(const std::string& system, const PriceFileSettings& prices,
                            const std::string& state_folder) {
  file_drop::Settings drop;
  drop.system = system;
  drop.folder = prices.folder;
  drop.state_folder = state_folder + "/cond_a";
  drop.needs_done = prices.needs_done;
  drop.stable_ms = prices.stable_ms;
  return drop;
}

std::string store_in(const std::string& state_folder) {
  std::filesystem::create_directories(state_folder + "/cond_a");
  return state_folder + "/cond_a/prices.db";
}

std::string written_steps(const ConditionRecord& record) {
  std::string text;
  for (const auto& [quantity, price] : record.steps)
    text += quantity.text() + ":" + price.text() + ";";
  return text;
}

struct Period {
  std::string from;
  std::string to;
  std::string currency;
  std::string unit;
  std::string steps;
};

Date day_of(const std::string& text) { return must(Date::parse(text)); }

void add_rows(std::vector<PriceEntry>& entries, const PriceEntry& row, const std::string& steps) {
  for (std::size_t at = 0; at < steps.size();) {
    const std::size_t colon = steps.find(':', at);
    const std::size_t end = steps.find(';', at);
    if (colon == std::string::npos || end == std::string::npos || colon > end)
      throw Failure{{ErrorCode::internal, "the store of prices is damaged"}};
    PriceEntry entry = row;
    entry.minimum_quantity = must(Decimal::parse(steps.substr(at, colon - at)));
    entry.unit_price = must(Decimal::parse(steps.substr(colon + 1, end - colon - 1)));
    entries.push_back(std::move(entry));
    at = end + 1;
  }
}

}  // namespace

PriceRecords::PriceRecords(std::string system, const Settings& settings, CondALayout layout,
                           const std::string& state_folder)
    : system_(std::move(system)),
      settings_(settings),
      layout_(std::move(layout)),
      filter_{settings.soap.client, settings.organization, settings.channel,
              settings.price_condition},
      inbox_(drop_of(system_, settings.price_file, state_folder)),
      written_(store_in(state_folder)),
      read_(store_in(state_folder)) {
  written_.run(
      "CREATE TABLE IF NOT EXISTS price (sku TEXT, scope INTEGER, code TEXT, starts TEXT, ends "
      "TEXT, currency TEXT, unit TEXT, steps TEXT, PRIMARY KEY (sku, scope, code, starts)) WITHOUT "
      "ROWID");
  written_.run(
      "CREATE TABLE IF NOT EXISTS told (sku TEXT, scope INTEGER, code TEXT, stamp TEXT, PRIMARY "
      "KEY (sku, scope, code)) WITHOUT ROWID");
  written_.run("CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value TEXT)");
}

Result<std::string> PriceRecords::unit_of_iso(const std::string& code) const {
  const std::vector<CodePair>& units = settings_.price_file.units;
  const auto found = std::find_if(units.begin(), units.end(),
                                  [&](const CodePair& pair) { return pair.second == code; });
  if (found != units.end()) return found->first;
  return Error{ErrorCode::invalid_request, "KMEIN " + code + " is not in prices.units"};
}

// What is asked and written for each record of a file.
struct PriceRecords::Writing {
  explicit Writing(state::StateDatabase& store)
      : told(store.prepare(std::string("SELECT stamp FROM told") + key_is)),
        tell(store.prepare(
            "INSERT OR REPLACE INTO told (sku, scope, code, stamp) VALUES (?, ?, ?, ?)")),
        overlapping(
            store.prepare(std::string("SELECT starts, ends, currency, unit, steps FROM price") +
                          key_is + " AND starts <= ? AND ends >= ?")),
        clear(store.prepare(std::string("DELETE FROM price") + key_is +
                            " AND starts <= ? AND ends >= ?")),
        insert(store.prepare("INSERT INTO price (sku, scope, code, starts, ends, currency, unit, "
                             "steps) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")) {}
  state::StateStatement told;
  state::StateStatement tell;
  state::StateStatement overlapping;
  state::StateStatement clear;
  state::StateStatement insert;
};

// As SAP does: what was known of the key for these days makes room.
Status PriceRecords::put(const ConditionRecord& record, Writing& writing) const {
  const Result<std::string> unit = unit_of_iso(record.unit);
  if (!unit) return unit.error();
  const auto of_key = [&](state::StateStatement& statement) -> state::StateStatement& {
    return statement.bind(1, record.sku.text())
        .bind(2, static_cast<std::int64_t>(record.scope))
        .bind(3, record.code);
  };
  const std::string known_stamp =
      of_key(writing.told).step() ? writing.told.text(0) : std::string();
  writing.told.reset();
  if (known_stamp > record.stamp)
    return Error{ErrorCode::invalid_request, "article " + record.sku.text() + ": a newer IDoc (" +
                                                 known_stamp + ") has been taken in already"};
  if (known_stamp != record.stamp) of_key(writing.tell).bind(4, record.stamp).once();
  const std::string from = record.from.text();
  const std::string to = record.to.text();
  std::vector<Period> known;
  state::StateStatement& rows = of_key(writing.overlapping).bind(4, to).bind(5, from);
  while (rows.step())
    known.push_back({rows.text(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4)});
  rows.reset();
  if (!known.empty()) of_key(writing.clear).bind(4, to).bind(5, from).once();
  const auto insert = [&](const Period& period) {
    of_key(writing.insert)
        .bind(4, period.from)
        .bind(5, period.to)
        .bind(6, period.currency)
        .bind(7, period.unit)
        .bind(8, period.steps)
        .once();
  };
  for (const Period& period : known) {
    Period before = period;
    Period after = period;
    if (period.from < from) {
      before.to = prices::previous_day(record.from).text();
      insert(before);
    }
    if (period.to > to) {
      after.from = prices::next_day(record.to).text();
      insert(after);
    }
  }
  if (!record.deleted) insert({from, to, record.currency, *unit, written_steps(record)});
  return Done{};
}

file_drop::Verdict PriceRecords::take_in(const file_drop::ClaimedFile& file) {
  std::ifstream input(file.path, std::ios::binary);
  if (!input) return file_drop::Verdict::later(file.path.string() + " cannot be opened");
  try {
    state::StateTransaction transaction(written_);
    Writing writing(written_);
    const Status read = layout_.read(
        input, filter_, [&](const ConditionRecord& record) { return put(record, writing); });
    if (!read && read.error().code == ErrorCode::invalid_request)
      return file_drop::Verdict::refused(read.error().message);
    if (!read) return file_drop::Verdict::later(read.error().message);
    const std::string now = Timestamp::from(std::chrono::system_clock::now()).text();
    for (const auto& [name, value] :
         {std::pair{"batch", "cond_a-" + now + "-" + file.checksum.substr(0, 8)},
          std::pair{"since", now}})
      written_.prepare("INSERT OR REPLACE INTO state (name, value) VALUES (?, ?)")
          .bind(1, name)
          .bind(2, value)
          .once();
    transaction.commit();
    return file_drop::Verdict::applied({});
  } catch (const state::StateFailure& failure) {
    return file_drop::Verdict::later(failure.what());
  }
}

Status PriceRecords::poll(const CallContext& context) {
  std::string put_off;
  const auto report = inbox_.poll(
      [&](const file_drop::ClaimedFile& file) {
        file_drop::Verdict verdict = take_in(file);
        if (verdict.kind == file_drop::Verdict::Kind::later) put_off = verdict.reason;
        return verdict;
      },
      context.deadline);
  if (!report) return report.error();
  if (!put_off.empty()) return Error{ErrorCode::unavailable, put_off, system_};
  return Done{};
}

namespace {

template <class F>
auto reading(F&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const state::StateFailure& failure) {
    throw Failure{
        {ErrorCode::unavailable, std::string("the prices cannot be read: ") + failure.what()}};
  }
}

}  // namespace

PriceRecords::State PriceRecords::state() const {
  return reading([&] {
    const std::lock_guard lock(reading_);
    State state;
    state::StateStatement rows = read_.prepare("SELECT name, value FROM state");
    while (rows.step()) {
      if (rows.text(0) == "batch") state.batch = rows.text(1);
      if (rows.text(0) == "since") state.since = must(Timestamp::parse(rows.text(1)));
    }
    return state;
  });
}

std::vector<PriceEntry> PriceRecords::of(const Sku& sku) const {
  return reading([&] {
    const std::lock_guard lock(reading_);
    std::vector<PriceEntry> entries;
    state::StateStatement rows = read_.prepare(
        "SELECT scope, code, starts, ends, currency, unit, steps FROM price WHERE sku = ? ORDER BY "
        "scope DESC, code, starts");
    rows.bind(1, sku.text());
    while (rows.step()) {
      PriceEntry row;
      row.sku = sku;
      row.scope = static_cast<PriceScope>(rows.whole(0));
      row.scope_code = rows.text(1);
      if (row.scope == PriceScope::group)
        for (const auto& [ours, theirs] : settings_.price_groups)
          if (theirs == rows.text(1)) row.scope_code = ours;
      row.from = day_of(rows.text(2));
      if (rows.text(3) != last_day) row.to = day_of(rows.text(3));
      row.zone = settings_.zone;
      row.currency = rows.text(4);
      row.uom = rows.text(5);
      add_rows(entries, row, rows.text(6));
    }
    return entries;
  });
}

std::vector<Sku> PriceRecords::articles_after(const std::string& last, std::size_t most) const {
  return reading([&] {
    const std::lock_guard lock(reading_);
    std::vector<Sku> skus;
    state::StateStatement rows =
        read_.prepare("SELECT DISTINCT sku FROM price WHERE sku > ? ORDER BY sku LIMIT ?");
    rows.bind(1, last).bind(2, static_cast<std::int64_t>(most));
    while (rows.step()) skus.emplace_back(rows.text(0));
    return skus;
  });
}

// What lies in quarantine is missing from the list until somebody has dropped it again, mended, or
// has taken it away.
std::vector<Alarm> PriceRecords::alarms() const {
  const std::vector<std::string> refused = file_drop::notes_in(inbox_.quarantine_folder());
  if (refused.empty()) return {};
  std::string reason;
  std::ifstream told(inbox_.quarantine_folder() / refused.front());
  std::getline(told, reason);  // Its name as dropped.
  std::getline(told, reason);
  return {{"price file refused", std::to_string(refused.size()) + " in quarantine, the first is " +
                                     std::filesystem::path(refused.front()).stem().string() +
                                     (reason.empty() ? "" : ": " + reason)}};
}

std::vector<Finding> PriceRecords::examine() const {
  return file_drop::examine_folder(settings_.price_file.folder);
}

}  // namespace underpin::legacy::sap_ecc
