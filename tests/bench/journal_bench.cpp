// Acknowledged writes of the journal against what SQLite itself can commit, in one run on one disk.
//
// A pair is the life of one order: its intent is opened, durably, and then closed with answer,
// document and mirror row. Raw SQLite writes the same number of rows (one, then three) in the same
// two synced commits, with no index but the primary key, on one thread: what the disk allows.
#include "tests/unit/journal/journal_fixture.h"

#include <benchmark/benchmark.h>
#include <sqlite3.h>

#include <atomic>
#include <stdexcept>

namespace underpin::facade::journal {
namespace {

void execute(sqlite3* handle, const char* sql) {
  if (sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    throw std::runtime_error(sqlite3_errmsg(handle));
}

void raw_pairs(benchmark::State& state) {
  const OwnFolder folder;
  sqlite3* handle = nullptr;
  if (sqlite3_open(folder.file("raw").c_str(), &handle) != SQLITE_OK)
    throw std::runtime_error("raw database");
  execute(handle, "PRAGMA journal_mode = WAL");
  execute(handle, "PRAGMA synchronous = FULL");
  execute(handle, "CREATE TABLE row(id INTEGER PRIMARY KEY, text TEXT)");
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(handle, "INSERT INTO row(text) VALUES (?)", -1, &insert, nullptr);
  const std::string text(200, 'x');
  const auto commit = [&](int rows) {
    execute(handle, "BEGIN IMMEDIATE");
    for (int i = 0; i < rows; ++i) {
      sqlite3_bind_text(insert, 1, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
      if (sqlite3_step(insert) != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(handle));
      sqlite3_reset(insert);
    }
    execute(handle, "COMMIT");
  };
  for (auto _ : state) {
    commit(1);
    commit(3);
  }
  state.SetItemsProcessed(state.iterations());
  sqlite3_finalize(insert);
  sqlite3_close(handle);
}
BENCHMARK(raw_pairs)->UseRealTime()->Unit(benchmark::kMicrosecond);

// Shared by the threads of one run: the first one in makes it, the last one out removes it.
struct Shared {
  OwnFolder folder;
  std::unique_ptr<Journal> journal;
  std::atomic<std::int64_t> next{0};
};
std::unique_ptr<Shared> shared;

void journal_pairs(benchmark::State& state) {
  if (state.thread_index() == 0) {
    shared = std::make_unique<Shared>();
    JournalSettings settings;
    settings.file = shared->folder.file("journal");
    shared->journal = std::move(open_sqlite_journal(settings)).value();
  }
  for (auto _ : state) {
    Journal& journal = *shared->journal;
    const std::string number = std::to_string(shared->next++);
    std::int64_t id = 0;
    const Status begun = journal.write([&](JournalTransaction& tx) {
      id = std::get<Opened>(tx.open_intent(order_intent(number, "k" + number), at(0))).id;
      return true;
    });
    const Status ended = journal.write([&](JournalTransaction& tx) {
      tx.put_document(order_document(number));
      tx.add_outbox_row(order_row(number, "C1"), at(0));
      return tx.close_intent(id, {201, number, "/v1/orders/" + number, ""}, at(1));
    });
    if (!begun || !ended) throw std::runtime_error("a write was not acknowledged");
  }
  state.SetItemsProcessed(state.iterations());
  if (state.thread_index() == 0) shared.reset();
}
BENCHMARK(journal_pairs)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond)
    ->Threads(1)
    ->Threads(8)
    ->Threads(32);

// The relay's question with many rows waiting: state.range(0) rows of as many subjects.
void due_rows(benchmark::State& state) {
  const OwnFolder folder;
  JournalSettings settings;
  settings.file = folder.file("journal");
  const auto journal = std::move(open_sqlite_journal(settings)).value();
  const Status filled = journal->write([&](JournalTransaction& tx) {
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      NewOutboxRow row = customer_row("C" + std::to_string(i));
      if (state.range(1) == 0) row.not_before = at(1'000);  // Nothing is due.
      tx.add_outbox_row(row, at(0));
    }
    return true;
  });
  if (!filled) throw std::runtime_error(filled.error().message);
  for (auto _ : state) {
    const Status read = journal->read([&](const JournalReader& reader) {
      benchmark::DoNotOptimize(reader.due_rows(Side::cloud, at(10), 64));
    });
    if (!read) throw std::runtime_error(read.error().message);
  }
}
BENCHMARK(due_rows)
    ->ArgNames({"waiting", "due"})
    ->Args({1'000, 1})
    ->Args({100'000, 1})
    ->Args({100'000, 0})
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace underpin::facade::journal

BENCHMARK_MAIN();
