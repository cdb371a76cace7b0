#include "tests/conformance/site.h"

#include <chrono>
#include <thread>

// The example profile of docs/adapters/examples/stonebridge with the simulated ERP, whose batch job
// takes every file at once; a write waits for its answer.
namespace underpin {

Result<std::unique_ptr<ErpAdapter>> make_file_profile_adapter(const AdapterSettings&);

namespace conformance {
namespace {

class Stonebridge : public SimulatedSite {
 public:
  Stonebridge()
      : SimulatedSite("file_profile",
                      std::make_unique<test::Simulator>(
                          "batch", std::vector<std::string>{"--outbound", "{folder}/out",
                                                            "--inbound", "{folder}/in"})) {
    use(made(make_file_profile_adapter(
        {"erp", settings(simulator().folder()), state_folder().string()})));
    run_tasks();
  }
  std::unique_ptr<ErpAdapter> adapter_of_no_erp() override {
    return made(make_file_profile_adapter({"erp", settings(simulator().folder() / "nowhere"),
                                           state_folder("state-elsewhere").string()}));
  }

  void ship(const DocumentNumber& document, bool partial) override {
    act("ship", R"({"order": )" + quoted(document.text()) + R"(, "partial": )" +
                    (partial ? "true" : "false") + "}");
  }
  void invoice(const DocumentNumber& document) override {
    act("invoice", R"({"order": )" + quoted(document.text()) + "}");
  }
  void delete_order(const DocumentNumber& document) override {
    act("delete_order", R"({"order": )" + quoted(document.text()) + "}");
  }
  void change_quantity(const DocumentNumber& document, int line,
                       const std::string& quantity) override {
    act("change_quantity", R"({"order": )" + quoted(document.text()) + R"(, "line": )" +
                               std::to_string(line) + R"(, "quantity": )" + quoted(quantity) + "}");
  }
  void goods_issue(const Sku& sku, const LocationCode& location, const std::string& quantity,
                   const std::string& document) override {
    act("goods_issue", R"({"item": )" + quoted(sku.text()) + R"(, "location": )" +
                           quoted(location.text()) + R"(, "quantity": )" + quoted(quantity) +
                           R"(, "document": )" + quoted(document) + "}");
  }
  void block_customer(const CustomerNumber& number, bool blocked) override {
    act("block_customer", R"({"number": )" + quoted(number.text()) + R"(, "block": )" +
                              quoted(blocked ? "A" : "") + "}");
  }
  void credit(const DocumentNumber&) override { throw std::runtime_error("no returns"); }

  int documents(const std::string& reference) override {
    return count_if(state("orders").get("orders"), "reference", reference);
  }
  bool is_open(const DocumentNumber& document) override {
    return order(document).get("status").text() == "open";
  }
  bool is_released(const DocumentNumber& document) override {
    const json::Value found = order(document);
    return found.get("status").text() == "open" && !*found.get("held").as_bool();
  }
  int postings(const MovementId& movement) override {
    return count_if(state("movements").get("movements"), "movement", movement.text());
  }
  int customers(const CustomerNumber& number) override {
    return count_if(state("customers").get("customers"), "number", number.text());
  }
  int returns(const std::string&) override { return 0; }
  std::string applied_to(const DocumentNumber&) override { return {}; }

  std::vector<std::string> operations_of(Write write) override {
    switch (write) {
      case Write::create_order:
        return {"ORD"};
      case Write::change_order:
        return {"CHA"};
      case Write::delete_order:
        return {"CAN"};
      case Write::release_order:
        return {"REL"};
      case Write::post_journal:
        return {"ADJ"};
      case Write::create_customer:
        return {"CUS"};
      case Write::create_return:
        return {};
    }
    return {};
  }
  void await_late_commits() override {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (;;) {
      const json::Value gateway = state("gateway").get("gateway");
      if (gateway.get("busy").text() == "0" && gateway.get("waiting").empty()) break;
      if (std::chrono::steady_clock::now() > until)
        throw std::runtime_error("the gateway does not end");
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    simulator().control("POST", "job", "{}");  // Ends when what it tells is written.
    run_tasks();
  }

 private:
  static std::string settings(const std::filesystem::path& folder) {
    return R"({"profile": ")" UNDERPIN_SOURCE_DIR R"(/docs/adapters/examples/stonebridge",)"
           R"( "outbound": {"folder": ")" +
           (folder / "out").string() + R"("}, "inbound": {"folder": ")" + (folder / "in").string() +
           R"(", "stable_ms": 0}, "answer_wait_ms": 3000})";
  }
  void run_tasks() {
    for (const AdapterTask& task : adapter().tasks())
      if (const Status done = task.run(call_within()); !done)
        throw std::runtime_error(task.name + ": " + done.error().message);
  }
  void act(const std::string& action, const std::string& body) {
    people(action, body);
    run_tasks();
  }
  json::Value order(const DocumentNumber& document) {
    const json::Value books = state("orders");
    for (const json::Value& row : books.get("orders").items())
      if (row.get("number").text() == document.text()) return row;
    return {};
  }
};

}  // namespace

std::unique_ptr<Site> site_of_file_profile() { return std::make_unique<Stonebridge>(); }

}  // namespace conformance
}  // namespace underpin
