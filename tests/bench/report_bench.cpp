// How long the report of a ledger of many mismatches takes, and how large it is.
// report_bench [mismatches]: plants them in a ledger of its own, with real documents of 20 lines.
#include "parity/report.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace {

using namespace underpin;
using namespace underpin::parity;

std::string order(const std::string& number, const std::string& price) {
  std::string lines;
  for (int i = 1; i <= 20; ++i)
    lines += (i > 1 ? "," : "") + std::string(R"({"number":)") + std::to_string(i * 10) +
             R"(,"sku":"10)" + std::to_string(i) + R"(","quantity":"2","unitPrice":")" + price +
             R"(","uom":"PCS","location":"EAST"})";
  return R"({"document":")" + number + R"(","currency":"EUR","customer":"C100","lines":[)" + lines +
         "]}";
}

LedgerEntry mismatch(int i) {
  const std::string number = std::to_string(i);
  LedgerEntry entry;
  entry.at = Timestamp::parse("2026-11-24T00:00:00Z")->plus_ms(i * std::int64_t{1'000});
  entry.question = {"orders", "get_order", (i % 4 == 0 ? "pos/" : "web/") + number,
                    Date{2026, 11, 24}};
  entry.primary_system = "nav";
  entry.secondary_system = "bc";
  entry.primary_side = "legacy";
  entry.primary_micros = 1'000 + i % 977;
  entry.secondary_micros = 3'000 + i % 1'999;
  entry.comparison.verdict = Verdict::mismatch;
  const std::string field = i % 3 == 0 ? "unitPrice" : i % 3 == 1 ? "quantity" : "uom";
  entry.comparison.differences.push_back(
      {"/lines/10/" + field, Kind::value, Verdict::mismatch, "\"10.00\"", "\"10.01\"", ""});
  entry.primary_document = order(number, "10.00");
  entry.secondary_document = order(number, "10.01");
  return entry;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main(int argc, char** argv) {
  const int mismatches = argc > 1 ? std::atoi(argv[1]) : 100'000;
  const auto folder =
      std::filesystem::temp_directory_path() / ("report-bench-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const std::string file = (folder / "parity.db").string();
  {
    auto ledger = open_ledger({file});
    if (!ledger) return 1;
    for (int i = 0; i < mismatches; ++i)
      while (!ledger.value()->record(mismatch(i))) ledger.value()->flush();
  }
  int result = 0;
  {
    const auto ledger = open_ledger_read_only(file);
    if (!ledger) return 1;
    const auto start = std::chrono::steady_clock::now();
    const auto report = ledger.value()->report({});
    const double read = seconds_since(start);
    const std::string html = report ? report_html(*report) : std::string{};
    const double written = seconds_since(start) - read;
    rusage after{};
    getrusage(RUSAGE_SELF, &after);
    std::printf(
        "%d mismatches, ledger %.0f MB: read in %.2f s, page of %.2f MB in %.2f s, peak "
        "memory %ld MB\n",
        mismatches, static_cast<double>(std::filesystem::file_size(file)) / 1e6, read,
        static_cast<double>(html.size()) / 1e6, written, after.ru_maxrss / 1024);
    result = html.empty() ? 1 : 0;
  }
  std::filesystem::remove_all(folder);
  return result;
}
