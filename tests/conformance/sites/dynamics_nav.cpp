#include "tests/conformance/site.h"

#include <set>

namespace underpin {

Result<std::unique_ptr<ErpAdapter>> make_dynamics_nav_adapter(const AdapterSettings&);

namespace conformance {
namespace {

class DynamicsNav : public SimulatedSite {
 public:
  DynamicsNav()
      : SimulatedSite("dynamics_nav",
                      std::make_unique<test::Simulator>(test::Vendor::dynamics_nav)) {
    use(made(make_dynamics_nav_adapter(
        {"erp", simulator().settings(settle_ms), state_folder().string()})));
    // Its prices come with the nightly file.
    people("write_price_file", R"({"mode": "full"})");
  }
  std::unique_ptr<ErpAdapter> adapter_of_no_erp() override {
    const std::string settings = test::settings_for(
        test::Vendor::dynamics_nav, "http://127.0.0.1:9", simulator().folder(), settle_ms);
    return made(
        make_dynamics_nav_adapter({"erp", settings, state_folder("state-elsewhere").string()}));
  }

  void ship(const DocumentNumber& document, bool partial) override {
    const json::Value done =
        people("pick_and_ship", R"({"orders": [)" + quoted(document.text()) +
                                    R"(], "partial_percent": )" + (partial ? "100" : "0") + "}");
    if (done.get("shipments").size() != 1)
      throw std::runtime_error("nothing was shipped: " + json::write(done));
  }
  void invoice(const DocumentNumber& document) override {
    people("invoice", R"({"orders": [)" + quoted(document.text()) + "]}");
  }
  void delete_order(const DocumentNumber& document) override {
    people("delete_order", R"({"no": )" + quoted(document.text()) + "}");
  }
  void change_quantity(const DocumentNumber& document, int line,
                       const std::string& quantity) override {
    people("edit_order", R"({"no": )" + quoted(document.text()) + R"(, "lines": [{"line_no": )" +
                             std::to_string(line * 10'000) + R"(, "Quantity": )" +
                             quoted(quantity) + "}]}");
  }
  void goods_issue(const Sku& sku, const LocationCode& location, const std::string& quantity,
                   const std::string& document) override {
    people("goods_issue", R"({"item": )" + quoted(sku.text()) + R"(, "location": )" +
                              quoted(location.text()) + R"(, "quantity": )" + quoted(quantity) +
                              R"(, "document": )" + quoted(document) + "}");
  }
  void block_customer(const CustomerNumber& number, bool blocked) override {
    people("block_customer", R"({"number": )" + quoted(number.text()) + R"(, "blocked": )" +
                                 quoted(blocked ? "All" : "_blank_") + "}");
  }
  void credit(const DocumentNumber& document) override {
    people("post_returns", R"({"orders": [)" + quoted(document.text()) + "]}");
  }

  int documents(const std::string& reference) override {
    const json::Value books = state();
    std::set<std::string> numbers;
    const auto add = [&](std::string_view table, std::string_view number) {
      for (const json::Value& row : books.get(table).items())
        if (row.get("external_document_no").text() == reference)
          numbers.insert(row.get(number).text());
    };
    add("orders", "no");
    add("archived", "no");
    add("shipments", "order_no");
    add("invoices", "order_no");
    return static_cast<int>(numbers.size());
  }
  bool is_open(const DocumentNumber& document) override {
    return count_if(state("orders").get("orders"), "no", document.text()) > 0;
  }
  bool is_released(const DocumentNumber& document) override {
    const json::Value books = state("orders");
    for (const json::Value& row : books.get("orders").items())
      if (row.get("no").text() == document.text()) return row.get("status").text() == "Released";
    return false;
  }
  int postings(const MovementId& movement) override {
    return count_if(state("ledger_entries").get("ledger_entries"), "document", movement.text());
  }
  int customers(const CustomerNumber& number) override {
    return count_if(state("customers").get("customers"), "number", number.text());
  }
  int returns(const std::string& reference) override {
    const json::Value books = state();
    int found = 0;
    for (const char* table : {"returns", "credit_memos"})
      for (const json::Value& row : books.get(table).items()) {
        if (row.get("lines").size() == 0) continue;  // Begun, and nobody's return.
        found += row.get("external_document_no").text() == reference ? 1 : 0;
      }
    return found;
  }
  std::string applied_to(const DocumentNumber& document) override {
    const json::Value books = state("returns");
    for (const json::Value& row : books.get("returns").items())
      if (row.get("no").text() == document.text()) return row.get("applies_to").text();
    return {};
  }

  std::vector<std::string> operations_of(Write write) override {
    switch (write) {
      case Write::create_order:
        return {"SalesOrder.Create"};
      case Write::change_order:
        return {"SalesOrder.Update"};
      case Write::delete_order:
        return {"SalesOrder.Delete"};
      case Write::release_order:
        return {"SalesRelease.*"};
      case Write::post_journal:
        return {"ItemJournal.*"};
      case Write::create_customer:
        return {"Customer.Create"};
      case Write::create_return:
        return {"SalesReturnOrder.Create", "SalesReturnOrder.Update"};
    }
    return {};
  }
};

}  // namespace

std::unique_ptr<Site> site_of_dynamics_nav() { return std::make_unique<DynamicsNav>(); }

}  // namespace conformance
}  // namespace underpin
