// What a canonical document becomes in JDE's interface tables, and what JDE then holds.
//
// legacy-adapters/jd_edwards/golden/<case>/case.json says what is done; records.json has the rows
// that are put into the interface tables, result.json what is read afterwards. UPDATE_GOLDEN=1
// writes them anew from a simulated JDE. Numbers and times that are new each time are "*".
#include "contracts/json/codec.h"
#include "contracts/json/return_codec.h"
#include "tests/unit/jd_edwards/jde_site.h"

#include <sqlite3.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

namespace underpin::legacy::jd_edwards {
namespace {

namespace fs = std::filesystem;

fs::path golden() { return fs::path(UNDERPIN_SOURCE_DIR) / "legacy-adapters/jd_edwards/golden"; }

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(golden()))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

json::Value read_file(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  const auto value = json::parse(text.str());
  EXPECT_TRUE(value) << path << ": " << value.error().message;
  return value ? *value : json::Value();
}

void write_file(const fs::path& path, const json::Value& value) {
  std::ofstream(path) << json::write_pretty(value) << "\n";
}

bool changes_each_time(std::string column) {
  static const std::set<std::string> names{"EDOC", "EDBT", "EDDT", "EDFT", "UPMJ",
                                           "TDAY", "DOCO", "AN8",  "SHAN", "OORN"};
  column.erase(0, 2);
  return names.count(column) != 0;
}

// The rows that wait, without blanks and zeros.
json::Value waiting_records(const std::string& database) {
  struct Part {
    const char* table;
    const char* prefix;
  };
  sqlite3* db = nullptr;
  EXPECT_EQ(sqlite3_open_v2(database.c_str(), &db, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
  sqlite3_busy_timeout(db, 10'000);
  json::Value tables = json::Value::object();
  for (const Part& part : {Part{"F47011", "SY"}, Part{"F47012", "SZ"}, Part{"F4706", "ZA"},
                           Part{"F4111Z1", "SZ"}, Part{"F0101Z2", "SZ"}, Part{"F03012Z1", "VO"}}) {
    const std::string sql = std::string("SELECT * FROM ") + part.table + " WHERE " + part.prefix +
                            "EDSP = 'N' ORDER BY " + part.prefix + "EDLN";
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr), SQLITE_OK);
    json::Value rows = json::Value::array();
    while (sqlite3_step(statement) == SQLITE_ROW) {
      json::Value row = json::Value::object();
      for (int i = 0; i < sqlite3_column_count(statement); ++i) {
        const std::string column = sqlite3_column_name(statement, i);
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
        const std::string value = text == nullptr ? "" : text;
        if (value.find_first_not_of(' ') == std::string::npos || value == "0") continue;
        const bool today = column == "SZTRDJ" && std::string(part.table) == "F4111Z1";
        row.set(column, changes_each_time(column) || today ? "*" : value);
      }
      rows.push(std::move(row));
    }
    sqlite3_finalize(statement);
    if (rows.size() > 0) tables.set(part.table, std::move(rows));
  }
  sqlite3_close(db);
  return tables;
}

class Case {
 public:
  explicit Case(json::Value input) : input_(std::move(input)) {
    adapter_ = site().adapter(
        R"(, "charges": [{"kind": "shipping", "item": "FREIGHT", "line_type": "F"}],)"
        R"( "return_reasons": [{"reason": "DAMAGED", "code": "DAM"},)"
        R"( {"reason": "UNWANTED", "code": "UNW"}])");
    if (const auto order = json::from_json<Order>(input_.get("order"))) order_ = *order;
  }
  // What must be there before.
  void prepare() {
    const std::string what = input_.get("do").text();
    if (what == "place_order" || order_.id.empty()) return;
    until_known([&] { return orders().place_order(order_, write_soon()); });
    if (what != "amend_order" && what != "place_return") return;
    until_known([&] { return orders().release_order({order_.id, {}}, write_soon()); });
    if (what == "amend_order") return;
    std::string document = orders().find_receipt(order_.id, write_soon())->document.text();
    document.resize(document.find('-'));
    site().people("ship", R"({"document": )" + document + "}");
    site().people("invoice", R"({"document": )" + document + "}");
  }
  bool known() {  // Whether the write came to an end.
    const std::string what = input_.get("do").text();
    const OrderRef ref{order_.id, {}};
    const Role role = input_.get("role").text() == "mirror" ? Role::mirror : Role::primary;
    if (what == "place_order") return ended(orders().place_order(order_, write_soon(role)));
    if (what == "release_order") return ended(orders().release_order(ref, write_soon()));
    if (what == "cancel_order") return ended(orders().cancel_order(ref, {"", {}}, write_soon()));
    if (what == "amend_order")
      return ended(orders().amend_order(
          ref, json::from_json<OrderAmendment>(input_.get("amendment")).value(), write_soon()));
    if (what == "place_return") {
      const auto asked = json::from_json<OrderReturn>(input_.get("return")).value();
      return ended(adapter_->returns()->place_return(asked, write_soon()));
    }
    if (what == "adjust_stock")
      return ended(adapter_->inventory()->adjust_stock(
          json::from_json<StockAdjustment>(input_.get("adjustment")).value(), write_soon()));
    return ended(adapter_->customers()->create_customer(
        json::from_json<Customer>(input_.get("customer")).value(), write_soon()));
  }
  json::Value held() {
    if (const json::Value* asked = input_.find("return")) {
      json::Value value = json::to_json(
          adapter_->returns()
              ->find_return(order_.id, ReturnNumber(asked->get("number").text()), write_soon())
              .value());
      value.erase("document");
      return value;
    }
    if (!order_.id.empty()) {
      json::Value value = json::to_json(orders().get_order({order_.id, {}}, write_soon()).value());
      for (const char* member : {"updatedAt", "revision"}) value.erase(member);
      return value;
    }
    if (input_.find("adjustment") != nullptr) {
      const auto movement = MovementId(input_.get("adjustment").get("movement").text());
      json::Value value =
          json::to_json(adapter_->inventory()->find_adjustment(movement, write_soon()).value());
      value.erase("document");
      return value;
    }
    json::Value value = json::to_json(
        adapter_->customers()
            ->get_customer(CustomerNumber(input_.get("customer").get("number").text()),
                           write_soon())
            .value());
    value.erase("updatedAt");
    return value;
  }
  static JdeSite& site() { return JdeSite::shared(); }

 private:
  OrderService& orders() { return *adapter_->orders(); }
  template <class T>
  static bool ended(const Result<T>& result) {
    if (result) return true;
    EXPECT_EQ(result.error().code, ErrorCode::outcome_unknown) << result.error().message;
    return false;
  }
  template <class F>
  static void until_known(const F& write) {
    for (int times = 0; times < 100; ++times)
      if (ended(write())) return;
    throw std::runtime_error("the batch job does not run");
  }

  const json::Value input_;
  std::unique_ptr<ErpAdapter> adapter_;
  Order order_;
};

void run_case(const std::string& name) {
  const fs::path folder = golden() / name;
  Case one(read_file(folder / "case.json"));
  one.prepare();
  Case::site().hold_queue(true);
  const bool early = one.known();
  const json::Value records = waiting_records(Case::site().database());
  Case::site().hold_queue(false);
  ASSERT_FALSE(early) << "no job ran";
  for (int times = 0; times < 100 && !one.known(); ++times) {
  }
  const json::Value result = one.held();
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    write_file(folder / "records.json", records);
    write_file(folder / "result.json", result);
  }
  EXPECT_EQ(json::write_pretty(records), json::write_pretty(read_file(folder / "records.json")));
  EXPECT_EQ(json::write_pretty(result), json::write_pretty(read_file(folder / "result.json")));
}

// One test for all, and so one simulated JDE.
TEST(GoldenJde, PutsTheRecordsThatWereAgreedAndReadsWhatJdeMakesOfThem) {
  ASSERT_GE(cases().size(), 8U);
  for (const std::string& name : cases()) {
    SCOPED_TRACE(name);
    run_case(name);
  }
}

}  // namespace
}  // namespace underpin::legacy::jd_edwards
