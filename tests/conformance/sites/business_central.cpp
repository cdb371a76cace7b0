#include "tests/conformance/site.h"

#include <set>

namespace underpin {

Result<std::unique_ptr<ErpAdapter>> make_business_central_adapter(const AdapterSettings&);

namespace conformance {
namespace {

class BusinessCentral : public SimulatedSite {
 public:
  BusinessCentral()
      : SimulatedSite("business_central",
                      std::make_unique<test::Simulator>(test::Vendor::business_central)) {
    use(made(make_business_central_adapter(
        {"erp", simulator().settings(settle_ms), state_folder().string()})));
  }
  std::unique_ptr<ErpAdapter> adapter_of_no_erp() override {
    const std::string settings = test::settings_for(
        test::Vendor::business_central, "http://127.0.0.1:9", simulator().folder(), settle_ms);
    return made(
        make_business_central_adapter({"erp", settings, state_folder("state-elsewhere").string()}));
  }

  void ship(const DocumentNumber& document, bool partial) override {
    const json::Value done =
        people("pick_and_ship", R"({"number": )" + quoted(document.text()) + R"(, "partial": )" +
                                    (partial ? "true" : "false") + "}");
    if (done.get("shipped").size() != 1)
      throw std::runtime_error("nothing was shipped: " + json::write(done));
  }
  void invoice(const DocumentNumber& document) override { act("invoice", document); }
  void delete_order(const DocumentNumber& document) override { act("delete_order", document); }
  void change_quantity(const DocumentNumber& document, int line,
                       const std::string& quantity) override {
    people("edit_order", R"({"number": )" + quoted(document.text()) + R"(, "line": {"sequence": )" +
                             std::to_string(line * 10'000) + R"(, "quantity": )" +
                             quoted(quantity) + "}}");
  }
  void goods_issue(const Sku& sku, const LocationCode& location, const std::string& quantity,
                   const std::string& document) override {
    people("goods_issue", R"({"item": )" + quoted(sku.text()) + R"(, "location": )" +
                              quoted(location.text()) + R"(, "quantity": )" + quoted(quantity) +
                              R"(, "document": )" + quoted(document) + "}");
  }
  void block_customer(const CustomerNumber& number, bool blocked) override {
    people("block_customer", R"({"number": )" + quoted(number.text()) + R"(, "blocked": )" +
                                 quoted(blocked ? "All" : " ") + "}");
  }
  void credit(const DocumentNumber& document) override { act("post_credit_memos", document); }

  int documents(const std::string& reference) override {
    const json::Value books = state();
    std::set<std::string> numbers;
    const auto add = [&](std::string_view table, std::string_view number) {
      for (const json::Value& row : books.get(table).items())
        if (row.get("externalDocumentNumber").text() == reference)
          numbers.insert(row.get(number).text());
    };
    add("salesOrders", "number");
    add("orderArchive", "orderNumber");
    add("salesShipments", "orderNumber");
    add("salesInvoices", "orderNumber");
    return static_cast<int>(numbers.size());
  }
  bool is_open(const DocumentNumber& document) override {
    return count_if(state("orders").get("salesOrders"), "number", document.text()) > 0;
  }
  bool is_released(const DocumentNumber& document) override {
    const json::Value books = state("orders");
    for (const json::Value& row : books.get("salesOrders").items())
      if (row.get("number").text() == document.text()) return row.get("status").text() == "Open";
    return false;
  }
  int postings(const MovementId& movement) override {
    return count_if(state("ledger").get("itemLedgerEntries"), "documentNumber", movement.text());
  }
  int customers(const CustomerNumber& number) override {
    return count_if(state("customers").get("customers"), "number", number.text());
  }
  int returns(const std::string& reference) override {
    return count_if(state("creditMemos").get("salesCreditMemos"), "externalDocumentNumber",
                    reference);
  }
  std::string applied_to(const DocumentNumber& document) override {
    const json::Value books = state("creditMemos");
    for (const json::Value& row : books.get("salesCreditMemos").items())
      if (row.get("number").text() == document.text()) return row.get("invoiceNumber").text();
    return {};
  }

  std::vector<std::string> operations_of(Write write) override {
    switch (write) {
      case Write::create_order:
        return {"salesOrders.POST"};
      case Write::change_order:
        return {"salesOrderLines.PATCH"};
      case Write::delete_order:
        return {"salesOrders.DELETE"};
      case Write::release_order:
        return {"salesOrderReleases.POST"};
      case Write::post_journal:
        return {"itemJournalPostings.POST"};
      case Write::create_customer:
        return {"customers.POST"};
      case Write::create_return:
        return {"salesCreditMemos.POST"};
    }
    return {};
  }

 private:
  void act(const std::string& action, const DocumentNumber& document) {
    people(action, R"({"number": )" + quoted(document.text()) + "}");
  }
};

}  // namespace

std::unique_ptr<Site> site_of_business_central() { return std::make_unique<BusinessCentral>(); }

}  // namespace conformance
}  // namespace underpin
