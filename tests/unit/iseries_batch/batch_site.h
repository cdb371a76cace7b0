#pragma once

#include "contracts/json/json_text.h"
#include "contracts/ports/erp_adapter.h"
#include "tests/support/simulator.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace underpin {

Result<std::unique_ptr<ErpAdapter>> make_iseries_batch_adapter(const AdapterSettings&);

namespace legacy::iseries_batch {

inline CallContext call_within(int ms = 10'000) {
  CallContext context;
  context.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
  return context;
}

inline WriteContext write_within(int ms = 10'000, Role role = Role::primary) {
  WriteContext context;
  static_cast<CallContext&>(context) = call_within(ms);
  context.role = role;
  return context;
}

inline Decimal decimal(const char* text) { return Decimal::parse(text).value(); }

inline std::vector<std::string> files_in(const std::filesystem::path& folder,
                                         const std::string& ending) {
  std::vector<std::string> names;
  if (!std::filesystem::exists(folder)) return names;
  for (const auto& one : std::filesystem::directory_iterator(folder))
    if (one.path().filename().string().ends_with(ending))
      names.push_back(one.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

inline std::string content_of(const std::filesystem::path& file) {
  std::ifstream input(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(input), {}};
}

// A simulated iSeries whose batch job runs when it is told to, and an adapter. One process for the
// cases of a suite; orders of their own.
class BatchSite {
 public:
  explicit BatchSite(std::vector<std::string> options = {}, const std::string& more_settings = {},
                     const std::string& outbound_settings = {})
      : more_(more_settings), outbound_(outbound_settings) {
    std::vector<std::string> all{"--outbound", "{folder}/out",    "--inbound", "{folder}/in",
                                 "--prices",   "{folder}/prices", "--job",     "on_demand"};
    all.insert(all.end(), options.begin(), options.end());
    simulator_ = std::make_unique<test::Simulator>("iseries", all);
    restart();
    receive();
  }

  // The adapter ends and begins again with what its state folder holds.
  void restart() {
    adapter_.reset();
    const std::filesystem::path state = folder() / "state";
    std::filesystem::create_directories(state);
    auto made = make_iseries_batch_adapter({"erp", settings(), state.string()});
    if (!made) throw std::runtime_error(made.error().message);
    adapter_ = std::move(made).value();
  }
  void restart_with(const std::string& more_settings) {
    more_ = more_settings;
    restart();
  }
  void stop() { adapter_.reset(); }
  // The state folder as it is now, and as it was then. In between the adapter does not run.
  void back_up() {
    adapter_.reset();
    std::filesystem::copy(folder() / "state", folder() / "backup",
                          std::filesystem::copy_options::recursive);
    restart();
  }
  void restore() {
    adapter_.reset();
    std::filesystem::remove_all(folder() / "state");
    std::filesystem::rename(folder() / "backup", folder() / "state");
    restart();
  }
  std::string settings() const {
    return R"({"outbound": {"folder": ")" + (folder() / "out").string() + "\"" + outbound_ +
           R"(}, "inbound": {"folder": ")" + (folder() / "in").string() +
           R"(", "stable_ms": 0}, "prices": {"folder": ")" + (folder() / "prices").string() +
           R"(", "stable_ms": 0})" + more_ + "}";
  }

  ErpAdapter& adapter() { return *adapter_; }
  OrderService& orders() { return *adapter_->orders(); }
  test::Simulator& simulator() { return *simulator_; }
  std::filesystem::path folder() const { return simulator_->folder(); }
  std::filesystem::path inbound() const { return folder() / "in"; }
  std::filesystem::path quarantine() const { return inbound() / "quarantine"; }

  // The night: the job takes what was sent, and the adapter what the job tells.
  void night() {
    simulator_->control("POST", "job", "{}");
    receive();
  }
  void receive() {
    for (const AdapterTask& task : adapter_->tasks()) {
      const Status done = task.run(call_within());
      if (!done) throw std::runtime_error(task.name + ": " + done.error().message);
    }
  }
  // What the alarm says; empty: there is none.
  std::string alarm(const std::string& name) {
    for (const Alarm& one : adapter_->alarms())
      if (one.name == name) return one.detail;
    return {};
  }
  bool has_alarm(const std::string& name) { return !alarm(name).empty(); }
  int documents(const std::string& reference) {
    const json::Value books = simulator_->control("GET", "state?part=orders");
    int found = 0;
    for (const json::Value& row : books.get("orders").items())
      found += row.get("REF").text() == reference ? 1 : 0;
    return found;
  }
  // The numbers (SEQ) of the records in the file that was sent last.
  std::int64_t last_seq(const std::string& tag) {
    const auto files = files_in(folder() / "out", ".DAT");
    const std::string text = content_of(folder() / "out" / files.back());
    const std::size_t at = text.rfind("\n" + tag);
    return std::stoll(text.substr(at + 1 + tag.size() + (tag == "OHA" ? 1 : 0), 9));
  }
  // A file that the iSeries has not written.
  void drop(const std::string& name, const std::string& content) {
    const auto aside = inbound() / ("." + name);
    std::ofstream(aside, std::ios::binary) << content;
    std::filesystem::rename(aside, inbound() / name);
  }

 private:
  std::string more_;
  std::string outbound_;
  std::unique_ptr<test::Simulator> simulator_;
  std::unique_ptr<ErpAdapter> adapter_;
};

inline Order new_order(const std::string& number) {
  Order order;
  order.id = {ChannelId{"web"}, OrderNumber{number}};
  order.customer = CustomerNumber{"C10001"};
  order.order_date = Date{2026, 11, 24};
  order.requested_date = Date{2026, 11, 27};
  order.currency = "EUR";
  OrderLine line;
  line.number = 1;
  line.sku = Sku{"1000"};
  line.description = "Espresso cup, white";
  line.uom = "PCS";
  line.location = LocationCode{"EAST"};
  line.quantity = decimal("3");
  line.unit_price = decimal("20.00");
  line.net_amount = decimal("55.00");
  line.adjustments.push_back({"promotion", "SUMMER", 3, decimal("-5.00"), "Summer sale"});
  order.lines.push_back(line);
  order.totals = {decimal("55.00"), Decimal{}, decimal("10.45"), decimal("65.45")};
  return order;
}

}  // namespace legacy::iseries_batch
}  // namespace underpin
