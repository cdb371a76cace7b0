// Loads one nightly price file into a price list that is being read, and says how long it took;
// tests/bench/price_load measures it. From the moment the file has its name to the moment the list
// is in force, with the task that a facade runs.
#include "contracts/ports/dated_prices.h"
#include "contracts/ports/erp_adapter.h"
#include "legacy-adapters/iseries_batch/layouts.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace underpin {
Result<std::unique_ptr<ErpAdapter>> make_iseries_batch_adapter(const AdapterSettings&);
}

namespace {

using namespace underpin;
using namespace underpin::legacy;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int articles = 200'000;
const char* const old_price = "1.00";
const char* const new_price = "5.00";

CallContext call() {
  CallContext context;
  context.deadline = Clock::now() + std::chrono::minutes(5);
  return context;
}

void must(const Status& status) {
  if (!status) throw std::runtime_error(status.error().message);
}

std::string sku_of(int number) { return std::to_string(1'000'000 + number); }

// Rows of each article: for everyone, from quantities on, and for groups.
void drop(const fs::path& folder, std::int64_t run, int rows, const char* price) {
  std::string number = std::to_string(run);
  number.insert(0, 9 - number.size(), '0');
  const std::string name = "PRC" + number + ".DAT";
  const Decimal unit_price = Decimal::parse(price).value();
  {
    std::ofstream output(folder / ("." + name), std::ios::binary);
    edi::FixedWriter writer(output, iseries_batch::format_of(iseries_batch::FileKind::prices, {}),
                            "\r\n");
    must(writer.begin({{"FILE", std::string("PRC")},
                       {"RUN", Decimal::of(run)},
                       {"HDATE", Date{2026, 11, 28}},
                       {"HTIME", Decimal::of(23'000)}}));
    for (int i = 0; i < rows; ++i) {
      const int tier = i / articles;
      must(writer.record("price", {{"SKU", sku_of(i % articles)},
                                   {"TYPE", std::string(tier % 2 == 0 ? "A" : "G")},
                                   {"CODE", std::string(tier % 2 == 0 ? "" : "GOLD")},
                                   {"FROM", Date{2026, 1, 1}},
                                   {"UOM", std::string("PCS")},
                                   {"CUR", std::string("EUR")},
                                   {"MINQ", Decimal::of(tier * 10)},
                                   {"PRICE", unit_price},
                                   {"TAXINC", std::string("N")}}));
    }
    must(writer.end({}));
  }
  fs::rename(folder / ("." + name), folder / name);
  std::ofstream(folder / (name + ".done"));
}

std::int64_t memory_kb(const std::string& what) {
  std::ifstream input("/proc/self/status");
  for (std::string line; std::getline(input, line);)
    if (line.rfind(what + ":", 0) == 0) return std::stoll(line.substr(what.size() + 1));
  throw std::runtime_error("no " + what);
}

// Asks prices without a pause, and holds each answer against what one list can say.
class Reader {
 public:
  explicit Reader(PricingService& prices) : prices_(prices), thread_([this] { read(); }) {}
  ~Reader() {
    if (thread_.joinable()) thread_.join();
  }
  void end() {
    ended_ = true;
    thread_.join();
  }
  std::vector<double> took_ms;
  std::string wrong;

 private:
  void read() {
    bool switched = false;
    for (int i = 0; !ended_; i = (i + 7919) % 1000) {
      const auto begun = Clock::now();
      const auto page = prices_.list_prices({Sku{sku_of(i)}, {}, {}, 100}, call());
      QuoteRequest asked;
      QuoteLine line;
      line.number = 1;
      line.sku = Sku{sku_of(i)};
      line.quantity = Decimal::of(1);
      asked.lines.push_back(line);
      const auto quote = prices_.quote(asked, call());
      took_ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begun).count());
      if (!page || page->items.empty() || !quote) {
        wrong = "a read failed: " + (page && quote ? "no rows"
                                     : !page       ? page.error().message
                                                   : quote.error().message);
        return;
      }
      const Decimal first = page->items.front().unit_price;
      const bool is_new = first == Decimal::parse(new_price).value();
      for (const PriceEntry& entry : page->items)
        if (entry.unit_price != first) wrong = "one page of two lists";
      if (switched && !is_new) wrong = "the old list after the new one";
      switched = is_new;
    }
  }
  PricingService& prices_;
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

int run(const fs::path& root, int rows) {
  for (const char* name : {"out", "in", "prices", "state"}) fs::create_directories(root / name);
  const auto in = [&](const char* name) { return "\"" + (root / name).string() + "\""; };
  auto made = make_iseries_batch_adapter({"erp",
                                          R"({"outbound": {"folder": )" + in("out") +
                                              R"(}, "inbound": {"folder": )" + in("in") +
                                              R"(}, "prices": {"folder": )" + in("prices") +
                                              R"(, "needs_done": true, "stable_ms": 0}})",
                                          (root / "state").string()});
  if (!made) throw std::runtime_error(made.error().message);
  ErpAdapter& adapter = **made;
  const std::vector<AdapterTask> tasks = adapter.tasks();
  const auto task = std::find_if(tasks.begin(), tasks.end(),
                                 [](const AdapterTask& one) { return one.name == "prices"; });
  auto& dated = dynamic_cast<DatedPrices&>(*adapter.pricing());
  drop(root / "prices", 1, 5'000, old_price);
  must(task->run(call()));
  drop(root / "prices-2", 2, rows, new_price);
  std::int64_t bytes = 0;
  for (const auto& one : fs::directory_iterator(root / "prices-2"))
    bytes += static_cast<std::int64_t>(one.file_size());
  Reader reader(*adapter.pricing());
  std::ofstream("/proc/self/clear_refs") << 5;  // The peak is of what follows.
  const std::int64_t before_kb = memory_kb("VmRSS");
  const auto arrived = Clock::now();
  for (const char* end : {".DAT", ".DAT.done"})
    fs::rename(root / "prices-2" / ("PRC000000002" + std::string(end)),
               root / "prices" / ("PRC000000002" + std::string(end)));
  for (;;) {
    must(task->run(call()));
    const auto head = dated.list_in_force(call());
    if (head && *head && (*head)->batch == "PRC2") break;
    if (Clock::now() - arrived > std::chrono::minutes(5)) throw std::runtime_error("no new list");
  }
  const std::chrono::duration<double> took = Clock::now() - arrived;
  const std::int64_t peak_kb = memory_kb("VmHWM");
  reader.end();
  if (!reader.wrong.empty()) throw std::runtime_error(reader.wrong);
  auto& times = reader.took_ms;
  std::sort(times.begin(), times.end());
  std::int64_t counted = 0;
  for (Cursor cursor;;) {
    const auto page = adapter.pricing()->list_prices({{}, {}, cursor, 1'000}, call());
    if (!page) throw std::runtime_error(page.error().message);
    counted += static_cast<std::int64_t>(page->items.size());
    if (page->next.empty()) break;
    cursor = page->next;
  }
  std::printf(
      "{\"rows\": %lld, \"bytes\": %lld, \"seconds\": %.3f, \"grown_kb\": %lld, \"peak_kb\": %lld,"
      " \"reads\": %zu, \"read_median_ms\": %.3f, \"read_p99_ms\": %.3f, \"read_worst_ms\": "
      "%.3f}\n",
      static_cast<long long>(counted), static_cast<long long>(bytes), took.count(),
      static_cast<long long>(peak_kb - before_kb), static_cast<long long>(peak_kb), times.size(),
      times[times.size() / 2], times[times.size() * 99 / 100], times.back());
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  try {
    fs::create_directories(fs::path(arguments[1]) / "prices-2");
    return run(arguments[1], std::stoi(arguments[2]));
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
  }
}
