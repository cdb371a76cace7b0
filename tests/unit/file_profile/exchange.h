#pragma once

#include "legacy-adapters/file_profile/runner.h"
#include "legacy-adapters/transport/profile/adapter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace underpin::legacy::file_profile {

namespace fs = std::filesystem;
inline const std::string example = UNDERPIN_SOURCE_DIR "/docs/adapters/examples/stonebridge";

inline Decimal decimal(const char* text) { return Decimal::parse(text).value(); }

template <class T>
std::string said(const Result<T>& result) {
  return result ? "a value"
                : std::string(name(result.error().code)) + ": " + result.error().message;
}

inline std::string content_of(const fs::path& file) {
  std::ifstream input(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(input), {}};
}

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "file_profile.XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder");
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// The example profile; the test is the ERP, and writes its files.
class Exchange {
 public:
  Exchange() {
    for (const char* one : {"out", "in"}) fs::create_directories(path(one));
    restart();
  }
  fs::path path(const std::string& name) const { return folder_.path() / name; }

  void stop() {
    adapter_.reset();
    runner_.reset();
  }
  void restart(const std::string& more = {}) {
    stop();
    const auto settings =
        read_settings(R"({"profile": ")" + example + R"(", "outbound": {"folder": ")" +
                      path("out").string() + R"("}, "inbound": {"folder": ")" +
                      path("in").string() + R"(", "stable_ms": 0})" + more + "}");
    ASSERT_TRUE(settings.has_value()) << said(settings);
    auto loaded = load(example);
    runner_ = std::make_shared<Runner>(
        loaded.profile, *settings, "erp", path("state").string(),
        [this] { return Timestamp::from(std::chrono::system_clock::now()).plus_ms(later_ms); });
    adapter_ = std::make_unique<profile::Adapter>(loaded.profile, runner_, "erp");
  }
  ErpAdapter& adapter() { return *adapter_; }
  OrderService& orders() { return *adapter_->orders(); }
  InventoryService& inventory() { return *adapter_->inventory(); }
  PricingService& pricing() { return *adapter_->pricing(); }
  CustomerService& customers() { return *adapter_->customers(); }

  static CallContext call() {
    CallContext context;
    context.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    return context;
  }
  static WriteContext write() {
    WriteContext context;
    static_cast<CallContext&>(context) = call();
    return context;
  }
  void run_tasks() {
    for (const AdapterTask& task : adapter_->tasks()) {
      const Status done = task.run(call());
      EXPECT_TRUE(done.has_value()) << task.name << " " << said(done);
    }
  }
  void drop(const std::string& name, const std::string& text) {
    std::ofstream(path("in") / name, std::ios::binary) << text;
    run_tasks();
  }
  std::vector<std::string> names(const std::string& folder, const std::string& begins = {}) const {
    std::vector<std::string> names;
    if (!fs::exists(path(folder))) return names;
    for (const auto& one : fs::directory_iterator(path(folder))) {
      const std::string name = one.path().filename().string();
      if (one.is_regular_file() && name[0] != '.' && name.rfind(begins, 0) == 0)
        names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  std::string refusals() const {
    std::string all;
    for (const std::string& name : names("in/quarantine"))
      if (name.ends_with(".refused") || name.ends_with(".reason"))
        all += content_of(path("in/quarantine") / name);
    return all;
  }
  std::string alarm(const std::string& name) {
    for (const Alarm& one : adapter_->alarms())
      if (one.name == name) return one.detail;
    return {};
  }

  Order new_order() {
    Order order;
    order.id = {ChannelId{"web"}, OrderNumber{std::to_string(++number_)}};
    order.customer = CustomerNumber{"C10000"};
    order.order_date = Date{2026, 11, 24};
    order.currency = "EUR";
    OrderLine line;
    line.number = 1;
    line.sku = Sku{"1000"};
    line.uom = "PCS";
    line.location = LocationCode{"EAST"};
    line.quantity = decimal("3");
    line.unit_price = decimal("20");
    order.lines.push_back(line);
    return order;
  }
  static std::string reference(const Order& order) { return "WEB/" + order.id.number.text(); }

  // A status file with one answer: verdict OK or NO.
  static std::string status(int run, const Order& order, const std::string& number,
                            const std::string& verdict = "OK", int write = 0,
                            const std::string& quantity = "0000000300{") {
    const auto padded = [](std::string text, std::size_t width) {
      text.resize(width, ' ');
      return text;
    };
    const auto digits = [](int value) {
      const std::string text = std::to_string(value);
      return std::string(9 - text.size(), '0') + text;
    };
    std::string text = "HDR" + digits(run) + "\n";
    text += "STA" + (write == 0 ? std::string(9, ' ') : digits(write)) +
            padded(reference(order), 22) + padded(number, 12) + verdict +
            (verdict == "NO" ? padded("CRED", 6) + padded("no credit", 80)
                             : padded("", 86) + padded("H", 1) + padded("C10000", 17)) +
            "\n";
    int count = 1;
    std::string sum = "00000000000000{";
    if (verdict == "OK") {
      text += "LIN00001" + padded("1000", 48) + padded("", 80) + "EA " + padded("EAST", 10) +
              "        " + quantity + "0000000200000" + "0000000000{" + padded("", 26) + "\n";
      sum = "0000" + quantity;
      count = 2;
    }
    return text + "TRL" + digits(count) + sum + "\n";
  }

  std::int64_t later_ms = 0;

 private:
  Folder folder_;
  int number_ = 1'000;
  std::shared_ptr<Runner> runner_;
  std::unique_ptr<ErpAdapter> adapter_;
};

}  // namespace underpin::legacy::file_profile
