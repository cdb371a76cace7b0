#include "tests/conformance/site.h"

namespace underpin {

Result<std::unique_ptr<ErpAdapter>> make_sap_ecc_adapter(const AdapterSettings&);

namespace conformance {
namespace {

constexpr const char* commit = "BAPI_TRANSACTION_COMMIT";

std::string settings_of(const std::string& url, const std::filesystem::path& folder) {
  return R"({"soap": {"url": ")" + url +
         R"(", "user": "UNDERPIN", "password": "sap-password"}, "odbc": {"connection_string": )" +
         quoted("Driver=SQLite3;Database=" + (folder / "data" / "sap.db").string()) +
         R"(}, "sales_area": {"organization": "1000", "channel": "10", "division": "00"},)" +
         R"( "locations": [{"location": "EAST", "plant": "1000", "storage": "0001"},)" +
         R"( {"location": "WEST", "plant": "1100", "storage": "0001"},)" +
         R"( {"location": "CENTRAL", "plant": "1200", "storage": "0001"}],)" +
         R"( "units": [{"unit": "PCS", "code": "ST"}],)" +
         R"( "price_groups": [{"group": "RETAIL", "code": "01"}, {"group": "VIP", "code": "02"},)" +
         R"( {"group": "B2B", "code": "03"}], "charges": [{"kind": "shipping", "code": "SHIPPING"}],)" +
         R"( "customers": {"folder": )" + quoted((folder / "idocs").string()) +
         R"(, "extension": "ZDEBMAS06", "email_segment": "Z2KNA1E", "poll_ms": 10},)" +
         R"( "return_reasons": [{"reason": "DAMAGED", "code": "101"},)" +
         R"( {"reason": "WRONG_ITEM", "code": "102"}, {"reason": "UNWANTED", "code": "103"}],)" +
         R"( "feed_overlap_s": 1, "movements_lag_s": 0, "settle_ms": )" +
         std::to_string(settle_ms) + "}";
}

class SapEcc : public SimulatedSite {
 public:
  SapEcc()
      : SimulatedSite("sap_ecc",
                      std::make_unique<test::Simulator>(
                          "sap", std::vector<std::string>{"--idoc-folder", "{folder}/idocs"})) {
    use(made(make_sap_ecc_adapter({"erp", settings_of(simulator().base_url(), simulator().folder()),
                                   state_folder().string()})));
  }
  std::unique_ptr<ErpAdapter> adapter_of_no_erp() override {
    return made(
        make_sap_ecc_adapter({"erp", settings_of("http://127.0.0.1:9", simulator().folder()),
                              state_folder("state-elsewhere").string()}));
  }

  void ship(const DocumentNumber& document, bool partial) override {
    const json::Value done =
        people("deliver", R"({"document": )" + quoted(document.text()) + R"(, "partial": )" +
                              (partial ? "true" : "false") + "}");
    if (done.get("deliveries").size() != 1)
      throw std::runtime_error("nothing was delivered: " + json::write(done));
  }
  void invoice(const DocumentNumber& document) override {
    people("invoice", R"({"document": )" + quoted(document.text()) + "}");
  }
  // What SAP's people do with an order that shall not be: they reject its items.
  void delete_order(const DocumentNumber& document) override {
    people("reject", R"({"document": )" + quoted(document.text()) + "}");
  }
  void change_quantity(const DocumentNumber& document, int line,
                       const std::string& quantity) override {
    people("change_quantity", R"({"document": )" + quoted(document.text()) + R"(, "line": )" +
                                  std::to_string(line) + R"(, "quantity": )" + quoted(quantity) +
                                  "}");
  }
  void goods_issue(const Sku& sku, const LocationCode& location, const std::string& quantity,
                   const std::string& document) override {
    people("goods_issue", R"({"item": )" + quoted(sku.text()) + R"(, "location": )" +
                              quoted(location.text()) + R"(, "quantity": )" + quoted(quantity) +
                              R"(, "document": )" + quoted(document) + "}");
  }
  void block_customer(const CustomerNumber& number, bool blocked) override {
    people("block_customer", R"({"number": )" + quoted(number.text()) + R"(, "block": )" +
                                 quoted(blocked ? "01" : "") + "}");
  }
  void credit(const DocumentNumber& document) override {
    people("credit_return", R"({"document": )" + quoted(document.text()) + "}");
  }

  int documents(const std::string& reference) override {
    return count_if(state("orders").get("orders"), "reference", reference);
  }
  // Not done: an order whose items were all rejected for the order's sake is, one whose lines were
  // only brought to nothing may be raised again.
  bool is_open(const DocumentNumber& document) override {
    const json::Value books = state("orders");
    for (const json::Value& row : books.get("orders").items()) {
      if (row.get("number").text() != document.text()) continue;
      bool emptied = true;
      for (const json::Value& item : row.get("items").items())
        emptied = emptied && item.get("rejection").text() == "Z0";
      return row.get("status").text() != "C" || emptied;
    }
    return false;
  }
  bool is_released(const DocumentNumber& document) override {
    const json::Value books = state("orders");
    for (const json::Value& row : books.get("orders").items())
      if (row.get("number").text() == document.text()) return row.get("block").text().empty();
    return false;
  }
  int postings(const MovementId& movement) override {
    return count_if(state("movements").get("movements"), "text", movement.text());
  }
  int customers(const CustomerNumber& number) override {
    return count_if(state("customers").get("customers"), "number", number.text());
  }
  int returns(const std::string& reference) override {
    return count_if(state("returns").get("returns"), "reference", reference);
  }
  std::string applied_to(const DocumentNumber& document) override {
    const json::Value books = state("returns");
    for (const json::Value& row : books.get("returns").items())
      if (row.get("number").text() == document.text())
        return row.get("items").items().front().get("reference").text();
    return {};
  }

  // A call writes nothing: the commit does.
  std::vector<std::string> operations_of(Write write) override {
    if (write == Write::create_customer) return {"DEBMAS"};
    return {commit};
  }
  void fault(const std::string& operation, const std::string& kind,
             const std::string& more) override {
    if (operation == "*" && kind == "slow")  // Of the database, too, which has no faults.
      simulator().control("POST", "shut", R"({"ms": 3000})");
    // Twice the same call in one unit of work; a second commit has nothing to do.
    if (operation == commit && kind == "duplicate") {
      for (const char* function : {"BAPI_SALESORDER_CREATEFROMDAT2", "BAPI_GOODSMVT_CREATE"})
        simulator().fault(function, kind, more);
      return;
    }
    simulator().fault(operation, kind, more);
  }
};

}  // namespace

std::unique_ptr<Site> site_of_sap_ecc() { return std::make_unique<SapEcc>(); }

}  // namespace conformance
}  // namespace underpin
