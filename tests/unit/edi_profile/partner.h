#pragma once

#include "legacy-adapters/edi_profile/runner.h"
#include "legacy-adapters/transport/profile/adapter.h"
#include "tests/support/simulator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

// The example profile with a partner whose gateway takes files when it is told to.
namespace underpin::legacy::edi_profile {

using namespace told;

namespace fs = std::filesystem;
inline const std::string example = UNDERPIN_SOURCE_DIR "/docs/adapters/examples/lakeshore";

inline CallContext call() {
  CallContext context;
  context.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  return context;
}

inline WriteContext write(Role role = Role::primary) {
  WriteContext context;
  static_cast<CallContext&>(context) = call();
  context.role = role;
  return context;
}

inline Decimal decimal(const char* text) { return Decimal::parse(text).value(); }

inline std::string content_of(const fs::path& file) {
  std::ifstream input(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(input), {}};
}

inline std::vector<std::string> names_in(const fs::path& folder, const std::string& ending) {
  std::vector<std::string> names;
  if (!fs::exists(folder)) return names;
  for (const auto& one : fs::directory_iterator(folder)) {
    const std::string name = one.path().filename().string();
    if (name.ends_with(ending) && name[0] != '.') names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

template <class T>
std::string said(const Result<T>& result) {
  return result ? "a value"
                : std::string(name(result.error().code)) + ": " + result.error().message;
}

class Partner {
 public:
  explicit Partner(std::vector<std::string> options = {}, const std::string& folder = example)
      : profile_(folder) {
    std::vector<std::string> all{"--outbound",  "{folder}/out", "--inbound",
                                 "{folder}/in", "--job",        "on_demand"};
    all.insert(all.end(), options.begin(), options.end());
    simulator_ = std::make_unique<test::Simulator>("edi", all);
    restart();
    receive();
    round();  // It has the acknowledgements of what it told at the beginning.
  }

  void stop() {
    adapter_.reset();
    runner_.reset();
  }
  void restart(const std::string& more = {}) {
    stop();
    const auto settings = read_settings(
        R"({"profile": ")" + profile_ + R"(", "outbound": {"folder": ")" + out().string() +
        R"("}, "inbound": {"folder": ")" + in().string() +
        R"(", "stable_ms": 0}, "us": {"id": "RETAILER"}, "partner": {"id": "LAKESHORE"})" + more +
        "}");
    if (!settings) throw std::runtime_error(settings.error().message);
    auto loaded = profile::Profile::load(profile_, EdiKind{});
    if (!loaded.profile) throw std::runtime_error(loaded.faults.front().rule);
    runner_ = std::make_shared<Runner>(loaded.profile, *settings, "erp", state().string(), [this] {
      return Timestamp::from(std::chrono::system_clock::now()).plus_ms(later_ms);
    });
    adapter_ = std::make_unique<profile::Adapter>(loaded.profile, runner_, "erp");
  }
  fs::path folder() const { return simulator_->folder(); }
  fs::path out() const { return folder() / "out"; }
  fs::path in() const { return folder() / "in"; }
  fs::path state() const { return folder() / "state"; }
  OrderService& orders() { return *adapter_->orders(); }
  ErpAdapter& adapter() { return *adapter_; }
  test::Simulator& simulator() { return *simulator_; }

  void receive() {
    for (const AdapterTask& task : adapter_->tasks())
      if (const Status done = task.run(call()); !done)
        throw std::runtime_error(task.name + ": " + done.error().message);
  }
  // Files that the partner has not taken, without acknowledgements.
  std::vector<std::string> sent() const {
    std::vector<std::string> names = names_in(out(), ".x12");
    std::erase_if(names, [&](const std::string& name) {
      return content_of(out() / name).find("GS*FA") != std::string::npos;
    });
    return names;
  }
  // The partner takes what was sent, and we what it tells.
  void round() {
    simulator_->control("POST", "job", "{}");
    receive();
  }
  std::string drop(const std::string& groups, const std::string& trap = {}) {
    const auto answer = simulator_->control(
        "POST", "files", R"({"groups": )" + groups + R"(, "trap": ")" + trap + "\"}");
    receive();
    return answer.get("file").text();
  }
  std::string alarm(const std::string& name) {
    for (const Alarm& one : adapter_->alarms())
      if (one.name == name) return one.detail;
    return {};
  }
  int documents(const Order& order) {
    int found = 0;
    const json::Value books = simulator_->control("GET", "state?part=orders");
    for (const json::Value& row : books.get("orders").items())
      found += row.get("reference").text() == "WEB/" + order.id.number.text() ? 1 : 0;
    return found;
  }
  json::Value gateway() { return simulator_->control("GET", "state?part=gateway").get("gateway"); }
  // What was refused of the file that came last.
  std::string refused() {
    const fs::path folder = in() / "quarantine";
    const auto names = names_in(folder, ".refused");
    if (names.empty()) return {};
    return content_of(folder / *std::max_element(names.begin(), names.end(),
                                                 [&](const auto& one, const auto& other) {
                                                   return fs::last_write_time(folder / one) <
                                                          fs::last_write_time(folder / other);
                                                 }));
  }
  Order new_order(const char* quantity = "3") {
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
    line.quantity = decimal(quantity);
    line.unit_price = decimal("20.00");
    order.lines.push_back(line);
    return order;
  }
  // Sent, taken and answered.
  OrderReceipt placed(const Order& order) {
    (void)orders().place_order(order, write());
    round();
    const auto found = orders().find_receipt(order.id, call());
    EXPECT_TRUE(found.has_value()) << said(found);
    return found ? *found : OrderReceipt{};
  }
  std::map<std::string, OrderChange> changes() {
    std::map<std::string, OrderChange> seen;
    const auto page = orders().order_changes(Cursor{}, call());
    EXPECT_TRUE(page.has_value()) << said(page);
    if (page)
      for (const OrderChange& one : page->items) seen[one.ref.id.number.text()] = one;
    return seen;
  }

  std::int64_t later_ms = 0;

 private:
  const std::string profile_;
  int number_ = 1'000;
  std::unique_ptr<test::Simulator> simulator_;
  std::shared_ptr<Runner> runner_;
  std::unique_ptr<ErpAdapter> adapter_;
};

inline OrderAmendment quantity_of(const char* quantity) {
  OrderAmendment amendment;
  LineAmendment change;
  change.number = 1;
  change.quantity = decimal(quantity);
  amendment.lines.push_back(change);
  return amendment;
}

inline std::string reference_of(const Order& order) { return "WEB/" + order.id.number.text(); }

// The example of a partner who speaks EDIFACT; its files are written by hand.
class Rheinhafen {
 public:
  Rheinhafen() : folder_("rheinhafen") {
    fs::create_directories(out());
    fs::create_directories(in());
    const auto settings = read_settings(
        R"({"profile": ")" + example_ + R"(", "outbound": {"folder": ")" + out().string() +
        R"("}, "inbound": {"folder": ")" + in().string() +
        R"(", "stable_ms": 0}, "us": {"id": "4000001000005", "qualifier": "14"}, "partner":)" +
        R"( {"id": "4099999000003", "qualifier": "14"}, "edifact": {}})");
    if (!settings) throw std::runtime_error(settings.error().message);
    auto loaded = profile::Profile::load(example_, EdiKind{});
    if (!loaded.profile) throw std::runtime_error(loaded.faults.front().rule);
    runner_ = std::make_shared<Runner>(
        loaded.profile, *settings, "erp", (folder_.path() / "state").string(),
        [] { return Timestamp::from(std::chrono::system_clock::now()); });
    adapter_ = std::make_unique<profile::Adapter>(loaded.profile, runner_, "erp");
  }
  fs::path out() const { return folder_.path() / "out"; }
  fs::path in() const { return folder_.path() / "in"; }
  ErpAdapter& adapter() { return *adapter_; }
  OrderService& orders() { return *adapter_->orders(); }
  // The newest file, without its line ends.
  std::string sent(const std::string& message) const {
    std::string found;
    for (const std::string& name : names_in(out(), ".edi")) {
      std::string text = content_of(out() / name);
      std::erase(text, '\n');
      if (text.find("+" + message + ":") != std::string::npos) found = text;
    }
    return found;
  }
  void receive(const std::string& type, const std::string& segments, int wrong_by = 0,
               const std::string& reference = {}) {
    ++control_;
    const std::string control = reference.empty() ? std::to_string(control_) : reference;
    const auto count = std::count(segments.begin(), segments.end(), '\'') + 2 + wrong_by;
    std::ofstream(in() / ("R" + std::to_string(1000 + control_) + ".edi"), std::ios::binary)
        << "UNA:+,? 'UNB+UNOC:3+4099999000003:14+4000001000005:14+261124:1200+" << control
        << "'UNH+1+" << type << ":D:96A:UN'" << segments << "UNT+" << count << "+1'UNZ+1+"
        << control << "'";
    for (const AdapterTask& task : adapter_->tasks()) ASSERT_TRUE(task.run(call()));
  }
  std::string refused() const {
    const auto names = names_in(in() / "quarantine", ".refused");
    return names.empty() ? std::string() : content_of(in() / "quarantine" / names.back());
  }

 private:
  const std::string example_ = UNDERPIN_SOURCE_DIR "/docs/adapters/examples/rheinhafen";
  const test::TemporaryFolder folder_;
  std::shared_ptr<Runner> runner_;
  std::unique_ptr<ErpAdapter> adapter_;
  int control_ = 0;
};

inline Order order_for(const char* number) {
  Order order;
  order.id = {ChannelId{"web"}, OrderNumber{number}};
  order.customer = CustomerNumber{"C10000"};
  order.order_date = Date{2026, 11, 24};
  order.currency = "EUR";
  order.customer_reference = "J\xc3\xa4ger's";
  OrderLine line;
  line.number = 1;
  line.sku = Sku{"1000"};
  line.uom = "PCS";
  line.location = LocationCode{"EAST"};
  line.quantity = decimal("3");
  line.unit_price = decimal("20.50");
  order.lines.push_back(line);
  return order;
}

}  // namespace underpin::legacy::edi_profile
