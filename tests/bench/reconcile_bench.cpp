// A million stock rows of a nightly file against a table read over ODBC: what tests/bench/reconcile
// runs and measures from outside. Prints the keys that differ, one a line.
//
//   reconcile_bench FILE CONNECTION FOLDER MEMORY_MB
#include "legacy-adapters/transport/odbc/odbc.h"
#include "parity/reconcile/reconcile.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>

namespace {

using namespace underpin;
using parity::reconcile::Rows;
namespace odbc = legacy::odbc;

// The file's fields: sku, filled with zeros; location, in small letters, filled with blanks;
// quantity.
Status read_file(const char* path, Rows& rows) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path, "rb"), &std::fclose);
  if (!file) return Error{ErrorCode::unavailable, "the file cannot be opened"};
  std::string buffer(1 << 18, '\0');
  std::size_t held = 0;
  while (true) {
    const std::size_t got = std::fread(buffer.data() + held, 1, buffer.size() - held, file.get());
    held += got;
    std::string_view rest(buffer.data(), held);
    for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
      const std::string_view line = rest.substr(0, end);
      rest.remove_prefix(end + 1);
      const std::size_t first = line.find(';');
      const std::size_t second = line.find(';', first + 1);
      if (second == std::string_view::npos)
        return Error{ErrorCode::invalid_request, "a line has not three fields"};
      const std::array<std::string_view, 2> key{line.substr(0, first),
                                                line.substr(first + 1, second - first - 1)};
      const std::array<std::string_view, 1> values{line.substr(second + 1)};
      if (const Status added = rows.add(key[1], key, values); !added) return added;
    }
    if (got == 0) return Done{};
    std::memmove(buffer.data(), rest.data(), rest.size());
    held = rest.size();
  }
}

Status read_table(const char* connection, Rows& rows) {
  odbc::Settings settings;
  settings.system = "erp";
  settings.connection_string = connection;
  settings.query_timeout_ms = 600'000;
  odbc::Database database(settings);
  Status added = Done{};
  const Status read = database.query_blocks(
      "SELECT item, location, quantity FROM stock", {}, {500, 60},
      std::chrono::steady_clock::now() + std::chrono::minutes(10), [&](const odbc::Block& block) {
        for (std::size_t row = 0; row < block.rows() && added; ++row) {
          const std::array<std::string_view, 2> key{block.text(row, 0), block.text(row, 1)};
          const std::array<std::string_view, 1> values{block.text(row, 2)};
          added = rows.add(key[1], key, values);
        }
        return added.has_value();
      });
  return read ? added : read;
}

int run(char** arguments) {
  const parity::reconcile::Shape shape{{"sku", "location"}, {{"onHand", true, true}}};
  parity::reconcile::SideFormat of_file;
  of_file.key = {{true, true, false}, {true, false, true}};
  of_file.group = of_file.key[1];
  // Half of the budget for each side.
  const parity::reconcile::SortLimits limits{arguments[3],
                                             (std::strtoull(arguments[4], nullptr, 10) << 20) / 2};
  Rows legacy(shape, of_file, limits);
  Rows cloud(shape, {}, limits);
  Status of_table = Done{};
  std::thread table([&] {
    of_table = read_table(arguments[2], cloud);
    if (of_table) of_table = cloud.sort();
  });
  Status of_lines = read_file(arguments[1], legacy);
  if (of_lines) of_lines = legacy.sort();
  table.join();
  for (const Status& status : {of_lines, of_table}) {
    if (status) continue;
    std::fprintf(stderr, "%s\n", status.error().message.c_str());
    return 1;
  }
  const auto summary = parity::reconcile::compare(
      legacy, cloud, [](const parity::reconcile::Difference& difference) -> Status {
        std::printf("%s %s\n", std::string(name(difference.kind)).c_str(),
                    parity::reconcile::shown_key(difference.key).c_str());
        return Done{};
      });
  if (!summary) {
    std::fprintf(stderr, "%s\n", summary.error().message.c_str());
    return 1;
  }
  std::fprintf(stderr, "%lld rows against %lld, %lld equal, %lld spills\n",
               static_cast<long long>(summary->legacy_rows),
               static_cast<long long>(summary->cloud_rows), static_cast<long long>(summary->equal),
               static_cast<long long>(legacy.statistics().spills + cloud.statistics().spills));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: reconcile_bench FILE CONNECTION FOLDER MEMORY_MB\n");
    return 2;
  }
  return run(argv);
}
