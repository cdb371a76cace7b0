#include "tests/conformance/site.h"

#include <set>

namespace underpin {

Result<std::unique_ptr<ErpAdapter>> make_jd_edwards_adapter(const AdapterSettings&);

namespace conformance {
namespace {

// A busy file is waited for by the driver, not by a sleep of the adapter's.
std::string settings_of(const std::filesystem::path& database) {
  return R"({"connection_string": "Driver=SQLite3;Database=)" + database.string() +
         R"(;Timeout=300;SyncPragma=OFF", "branch": "EAST", "poll_ms": 2, "ube_wait_ms": 900,)"
         R"( "decimals": {"quantity": 2}, "feed_overlap_s": 1,)"
         R"( "customer_blocks": [{"block": "all", "code": "Y"}, {"block": "ship", "code": "S"},)"
         R"( {"block": "invoice", "code": "I"}], "return_reasons": [)"
         R"({"reason": "DAMAGED", "code": "DAM"}, {"reason": "WRONG_ITEM", "code": "WRG"},)"
         R"( {"reason": "UNWANTED", "code": "UNW"}], "settle_ms": )" +
         std::to_string(settle_ms) + "}";
}

class JdEdwards : public SimulatedSite {
 public:
  JdEdwards()
      : SimulatedSite("jd_edwards",
                      std::make_unique<test::Simulator>("jde", std::vector<std::string>{})) {
    use(made(make_jd_edwards_adapter(
        {"erp", settings_of(simulator().folder() / "data" / "jde.db"), state_folder().string()})));
  }
  std::unique_ptr<ErpAdapter> adapter_of_no_erp() override {
    return made(
        make_jd_edwards_adapter({"erp", settings_of(simulator().folder() / "nowhere" / "jde.db"),
                                 state_folder("state-elsewhere").string()}));
  }

  void ship(const DocumentNumber& document, bool partial) override {
    people("ship", R"({"document": )" + number(document) + R"(, "partial": )" +
                       (partial ? "true" : "false") + "}");
  }
  void invoice(const DocumentNumber& document) override {
    people("invoice", R"({"document": )" + number(document) + "}");
  }
  void delete_order(const DocumentNumber& document) override {
    people("cancel", R"({"document": )" + number(document) + "}");
  }
  void change_quantity(const DocumentNumber& document, int line,
                       const std::string& quantity) override {
    people("change_quantity", R"({"document": )" + number(document) + R"(, "line": )" +
                                  std::to_string(line) + R"(, "quantity": )" + quoted(quantity) +
                                  "}");
  }
  void goods_issue(const Sku& sku, const LocationCode& location, const std::string& quantity,
                   const std::string& document) override {
    people("goods_issue", R"({"item": )" + quoted(sku.text()) + R"(, "location": )" +
                              quoted(location.text()) + R"(, "quantity": )" + quoted(quantity) +
                              R"(, "document": )" + quoted(document) + "}");
  }
  void block_customer(const CustomerNumber& customer, bool blocked) override {
    people("block_customer", R"({"number": )" + quoted(customer.text()) + R"(, "blocked": )" +
                                 (blocked ? R"("Y"})" : R"(""})"));
  }
  void credit(const DocumentNumber& document) override {
    people("credit_return", R"({"document": )" + number(document) + "}");
  }

  int documents(const std::string& reference) override {
    return count_if(state("orders").get("orders"), "reference", reference);
  }
  bool is_open(const DocumentNumber& document) override {
    const json::Value books = state("orders");
    return row_of(books, document).get("open").as_bool().value();
  }
  bool is_released(const DocumentNumber& document) override {
    const json::Value books = state("orders");
    const json::Value& row = row_of(books, document);
    return row.get("open").as_bool().value() && row.get("hold").text().empty();
  }
  int postings(const MovementId& movement) override {
    return count_if(state("movements").get("movements"), "document", movement.text());
  }
  int customers(const CustomerNumber& customer) override {
    return count_if(state("customers").get("customers"), "number", customer.text());
  }
  int returns(const std::string& reference) override {
    return count_if(state("returns").get("returns"), "reference", reference);
  }
  // A line of a credit order refers to that of its order, and so to the invoice of that.
  std::string applied_to(const DocumentNumber& document) override {
    const json::Value books = state("returns");
    for (const json::Value& row : books.get("returns").items())
      if (row.get("document").text() == document.text())
        return row.get("lines").items().front().get("invoice").text();
    return {};
  }

  std::vector<std::string> operations_of(Write write) override {
    switch (write) {
      case Write::create_order:
      case Write::create_return:
        return {"R40211.00"};
      case Write::change_order:
      case Write::release_order:
        return {"R40211.04"};
      case Write::delete_order:
        return {"R40211.01"};
      case Write::post_journal:
        return {"R4111Z1"};
      case Write::create_customer:
        return {"R03010Z"};
    }
    return {};
  }

 private:
  // Of "200017-SO-00001".
  static std::string number(const DocumentNumber& document) {
    return quoted(document.text().substr(0, document.text().find('-')));
  }
  static const json::Value& row_of(const json::Value& books, const DocumentNumber& document) {
    for (const json::Value& row : books.get("orders").items())
      if (quoted(row.get("document").text()) == number(document)) return row;
    throw std::runtime_error("no order " + document.text());
  }
};

}  // namespace

std::unique_ptr<Site> site_of_jd_edwards() { return std::make_unique<JdEdwards>(); }

}  // namespace conformance
}  // namespace underpin
