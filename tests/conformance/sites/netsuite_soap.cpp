#include "tests/conformance/site.h"

namespace underpin {

Result<std::unique_ptr<ErpAdapter>> make_netsuite_soap_adapter(const AdapterSettings&);

namespace conformance {
namespace {

// The simulated account's internal ids are fixed (tests/simulators/netsuite/company.py).
std::string settings_for(const std::string& url) {
  return R"({"url": ")" + url +
         R"(", "auth": {"account": "TSTDRV1", "consumer_key": "consumer-key",)"
         R"( "consumer_secret": "consumer-secret", "token": "token-id",)"
         R"( "token_secret": "token-secret"}, "subsidiary": "2", "adjustment_account": "151",)"
         R"( "discount_item": "901", "charges": [{"canonical": "shipping", "vendor": "910"},)"
         R"( {"canonical": "gift_wrap", "vendor": "911"}, {"canonical": "fee", "vendor": "912"}],)"
         R"( "return_reasons": [{"canonical": "DAMAGED", "vendor": "Damaged"},)"
         R"( {"canonical": "WRONG_ITEM", "vendor": "Wrong item"},)"
         R"( {"canonical": "UNWANTED", "vendor": "Not wanted"}],)"
         R"( "change_overlap_ms": 1000, "settle_ms": )" +
         std::to_string(settle_ms) + "}";
}

class NetSuite : public SimulatedSite {
 public:
  NetSuite()
      : SimulatedSite("netsuite_soap",
                      std::make_unique<test::Simulator>("netsuite", std::vector<std::string>{})) {
    use(made(make_netsuite_soap_adapter(
        {"erp", settings_for(simulator().base_url()), state_folder().string()})));
  }
  std::unique_ptr<ErpAdapter> adapter_of_no_erp() override {
    return made(make_netsuite_soap_adapter(
        {"erp", settings_for("http://127.0.0.1:9"), state_folder("state-elsewhere").string()}));
  }

  void ship(const DocumentNumber& document, bool partial) override {
    const json::Value done =
        people("pick_and_ship", R"({"order": )" + quoted(document.text()) + R"(, "partial": )" +
                                    (partial ? "true" : "false") + "}");
    if (done.get("shipped").size() != 1)
      throw std::runtime_error("nothing was shipped: " + json::write(done));
  }
  void invoice(const DocumentNumber& document) override {
    people("invoice", R"({"order": )" + quoted(document.text()) + "}");
  }
  // People cancel orders; NetSuite keeps them.
  void delete_order(const DocumentNumber& document) override {
    people("cancel_order", R"({"order": )" + quoted(document.text()) + "}");
  }
  void change_quantity(const DocumentNumber& document, int line,
                       const std::string& quantity) override {
    people("edit_order", R"({"order": )" + quoted(document.text()) + R"(, "lines": [{"line": ")" +
                             std::to_string(line) + R"(", "quantity": )" + quoted(quantity) +
                             "}]}");
  }
  void goods_issue(const Sku& sku, const LocationCode& location, const std::string& quantity,
                   const std::string& document) override {
    people("goods_issue", R"({"item": )" + quoted(sku.text()) + R"(, "location": )" +
                              quoted(location.text()) + R"(, "quantity": )" + quoted(quantity) +
                              R"(, "document": )" + quoted(document) + "}");
  }
  void block_customer(const CustomerNumber& number, bool blocked) override {
    people("block_customer", R"({"number": )" + quoted(number.text()) + R"(, "blocked": )" +
                                 (blocked ? "true" : "false") + "}");
  }
  void credit(const DocumentNumber& document) override {
    people("post_returns", R"({"return": )" + quoted(document.text()) + "}");
  }

  int documents(const std::string& reference) override {
    return count_if(state("orders").get("orders"), "externalId", reference);
  }
  bool is_open(const DocumentNumber& document) override { return says(document, "open"); }
  bool is_released(const DocumentNumber& document) override { return says(document, "released"); }
  int postings(const MovementId& movement) override {
    return count_if(state("ledger").get("ledger"), "document", movement.text());
  }
  int customers(const CustomerNumber& number) override {
    return count_if(state("customers").get("customers"), "entityId", number.text());
  }
  int returns(const std::string& reference) override {
    return count_if(state("returns").get("returns"), "externalId", reference);
  }
  std::string applied_to(const DocumentNumber& document) override {
    const json::Value books = state("returns");
    for (const json::Value& row : books.get("returns").items())
      if (row.get("tranId").text() == document.text())
        return row.get("createdFrom").get("name").text();
    return {};
  }

  std::vector<std::string> operations_of(Write write) override {
    switch (write) {
      case Write::create_order:
        return {"salesOrder.add"};
      case Write::change_order:
      case Write::delete_order:
      case Write::release_order:
        return {"salesOrder.update"};
      case Write::post_journal:
        return {"inventoryAdjustment.add"};
      case Write::create_customer:
        return {"customer.add"};
      case Write::create_return:
        return {"returnAuthorization.add"};
    }
    return {};
  }

 private:
  bool says(const DocumentNumber& document, std::string_view member) {
    const json::Value books = state("orders");
    for (const json::Value& row : books.get("orders").items())
      if (row.get("tranId").text() == document.text())
        return row.get(member).as_bool().has_value() && *row.get(member).as_bool();
    return false;
  }
};

}  // namespace

std::unique_ptr<Site> site_of_netsuite_soap() { return std::make_unique<NetSuite>(); }

}  // namespace conformance
}  // namespace underpin
