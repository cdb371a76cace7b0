#include "tests/conformance/site.h"

#include <chrono>
#include <thread>

namespace underpin {

Result<std::unique_ptr<ErpAdapter>> make_iseries_batch_adapter(const AdapterSettings&);

namespace conformance {
namespace {

// The batch job runs at every file, and a write waits for its answer.
class IseriesBatch : public SimulatedSite {
 public:
  IseriesBatch()
      : SimulatedSite("iseries_batch",
                      std::make_unique<test::Simulator>(
                          "iseries",
                          std::vector<std::string>{"--outbound", "{folder}/out", "--inbound",
                                                   "{folder}/in", "--prices", "{folder}/prices"})) {
    use(made(make_iseries_batch_adapter(
        {"erp", settings(simulator().folder()), state_folder().string()})));
    run_tasks();
  }
  std::unique_ptr<ErpAdapter> adapter_of_no_erp() override {
    return made(make_iseries_batch_adapter({"erp", settings(simulator().folder() / "nowhere"),
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
                              quoted(blocked ? "A" : "N") + "}");
  }
  void credit(const DocumentNumber& document) override {
    act("credit", R"({"return": )" + quoted(document.text()) + "}");
  }

  int documents(const std::string& reference) override {
    return count_if(state("orders").get("orders"), "REF", reference);
  }
  bool is_open(const DocumentNumber& document) override { return has(document, "STATUS", "O"); }
  bool is_released(const DocumentNumber& document) override {
    return is_open(document) && has(document, "HOLD", "N");
  }
  int postings(const MovementId& movement) override {
    return count_if(state("movements").get("movements"), "DOC", movement.text());
  }
  int customers(const CustomerNumber& number) override {
    return count_if(state("customers").get("customers"), "NUM", number.text());
  }
  int returns(const std::string& reference) override {
    return count_if(state("returns").get("returns"), "RREF", reference);
  }
  std::string applied_to(const DocumentNumber& document) override {
    const json::Value books = state("returns");
    for (const json::Value& row : books.get("returns").items())
      if (row.get("RETNO").text() == document.text()) return row.get("INVNO").text();
    return {};
  }

  std::vector<std::string> operations_of(Write write) override {
    switch (write) {
      case Write::create_order:
        return {"ORD.A"};
      case Write::change_order:
        return {"ORD.C"};
      case Write::delete_order:
        return {"ORD.X"};
      case Write::release_order:
        return {"ORD.R"};
      case Write::post_journal:
        return {"ADJ.A"};
      case Write::create_customer:
        return {"CUO.A"};
      case Write::create_return:
        return {"RET.A"};
    }
    return {};
  }
  void await_late_commits() override {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (;;) {
      const json::Value job = state("job");
      if (job.get("job").get("busy").text() == "0" && job.get("job").get("waiting").size() == 0)
        break;
      if (std::chrono::steady_clock::now() > until)
        throw std::runtime_error("the batch job does not end");
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    simulator().control("POST", "job", "{}");  // Ends when what it tells is written.
    run_tasks();
  }

 private:
  static std::string settings(const std::filesystem::path& folder) {
    return R"({"outbound": {"folder": ")" + (folder / "out").string() +
           R"(", "answer_wait_ms": 3000}, "inbound": {"folder": ")" + (folder / "in").string() +
           R"(", "stable_ms": 0}, "prices": {"folder": ")" + (folder / "prices").string() +
           R"(", "stable_ms": 0}, "return_reasons": [{"reason": "DAMAGED", "code": "DEF"},)"
           R"( {"reason": "WRONG_ITEM", "code": "WRNG"}, {"reason": "UNWANTED", "code": "UNW"}],)"
           R"( "settle_ms": )" +
           std::to_string(settle_ms) + "}";
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
  bool has(const DocumentNumber& document, std::string_view member, std::string_view value) {
    const json::Value books = state("orders");
    for (const json::Value& row : books.get("orders").items())
      if (row.get("ORDNO").text() == document.text()) return row.get(member).text() == value;
    return false;
  }
};

}  // namespace

std::unique_ptr<Site> site_of_iseries_batch() { return std::make_unique<IseriesBatch>(); }

}  // namespace conformance
}  // namespace underpin
