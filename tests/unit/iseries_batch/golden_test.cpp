// Recorded exchanges: a canonical document and the exact file it becomes, a status file and the
// canonical order it becomes.
//
// legacy-adapters/iseries_batch/golden/<case>/case.json says what is done, given/ holds files that
// the iSeries has written before; sent.txt is the file that was sent, result.json what came of it.
// UPDATE_GOLDEN=1 records them anew.
#include "contracts/json/codec.h"
#include "contracts/json/return_codec.h"
#include "contracts/ports/return_service.h"
#include "tests/unit/iseries_batch/batch_site.h"

#include <cstdlib>

namespace underpin::legacy::iseries_batch {
namespace {

namespace fs = std::filesystem;

const fs::path cases_folder = UNDERPIN_SOURCE_DIR "/legacy-adapters/iseries_batch/golden";

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto& one : fs::directory_iterator(cases_folder))
    if (one.is_directory()) names.push_back(one.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

template <class T>
T document_of(const json::Value& value) {
  const auto document = json::from_json<T>(value);
  if (!document) throw std::runtime_error(document.error().message);
  return *document;
}

template <class T>
json::Value said(const Result<T>& result) {
  return result ? json::to_json(*result) : json::to_json(result.error());
}

json::Value done(ErpAdapter& adapter, const json::Value& asked) {
  const std::string operation = asked.get("operation").text();
  const json::Value& document = asked.get("document");
  OrderRef ref;
  ref.document = DocumentNumber{asked.get("number").text()};
  const WriteContext context = write_within();
  if (operation == "place_order")
    return said(adapter.orders()->place_order(document_of<Order>(document), context));
  if (operation == "get_order") return said(adapter.orders()->get_order(ref, context));
  if (operation == "amend_order")
    return said(adapter.orders()->amend_order(ref, document_of<OrderAmendment>(document), context));
  if (operation == "cancel_order")
    return said(
        adapter.orders()->cancel_order(ref, document_of<OrderCancellation>(document), context));
  if (operation == "create_customer")
    return said(adapter.customers()->create_customer(document_of<Customer>(document), context));
  if (operation == "adjust_stock")
    return said(adapter.inventory()->adjust_stock(document_of<StockAdjustment>(document), context));
  if (operation == "place_return")
    return said(adapter.returns()->place_return(document_of<OrderReturn>(document), context));
  throw std::runtime_error("no operation " + operation);
}

// The one file that was sent; its day and time are those of the run.
std::string sent_from(const fs::path& folder) {
  std::string text;
  for (const std::string& name : files_in(folder, ".DAT")) {
    std::string content = content_of(folder / name);
    content.replace(15, 13, "CYYMMDDHHMMSS");
    std::erase(content, '\r');
    text += name + "\n" + content;
  }
  return text;
}

void compare(const fs::path& file, const std::string& text) {
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    if (!text.empty()) std::ofstream(file, std::ios::binary) << text;
    return;
  }
  EXPECT_EQ(text, fs::exists(file) ? content_of(file) : "") << file;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, BecomesThisAndNothingElse) {
  const fs::path folder = cases_folder / GetParam();
  const test::TemporaryFolder here("iseries-golden");
  for (const char* name : {"out", "in", "prices", "state"})
    fs::create_directories(here.path() / name);
  if (fs::exists(folder / "given"))
    for (const auto& one : fs::directory_iterator(folder / "given"))
      fs::copy(one.path(), here.path() / "in" / one.path().filename());
  const auto in = [&](const char* name) { return (here.path() / name).string(); };
  auto made = make_iseries_batch_adapter(
      {"erp",
       R"({"outbound": {"folder": ")" + in("out") + R"("}, "inbound": {"folder": ")" + in("in") +
           R"(", "stable_ms": 0}, "prices": {"folder": ")" + in("prices") +
           R"("}, "units": [{"unit": "PCS", "code": "ST"}],)" +
           R"( "return_reasons": [{"reason": "DAMAGED", "code": "DEF"}]})",
       in("state")});
  ASSERT_TRUE(made.has_value()) << made.error().message;
  const std::unique_ptr<ErpAdapter> adapter = std::move(made).value();
  for (const AdapterTask& task : adapter->tasks()) ASSERT_TRUE(task.run(call_within()).has_value());
  const auto asked = json::parse(content_of(folder / "case.json"));
  ASSERT_TRUE(asked.has_value()) << asked.error().message;
  const json::Value result = done(*adapter, *asked);
  compare(folder / "result.json", json::write_pretty(result) + "\n");
  compare(folder / "sent.txt", sent_from(here.path() / "out"));
}

INSTANTIATE_TEST_SUITE_P(Every, Golden, testing::ValuesIn(cases()),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace underpin::legacy::iseries_batch
