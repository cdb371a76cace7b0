#include "facade/requests.h"

#include "contracts/json/codec.h"
#include "contracts/ports/described_reads.h"
#include "contracts/ports/described_searches.h"
#include "facade/order_ref.h"
#include "facade/replay.h"
#include "parity/searches.h"

namespace underpin::facade {

namespace {

bool is_about_a_write(const std::string& operation) {
  return operation.rfind("get_", 0) != 0 && operation.rfind("held_after_", 0) != 0 &&
         operation != "list_prices" && operation != "quote" && operation != parity::customer_search;
}

std::vector<std::string> requests_of_search(ErpAdapter* adapter, const parity::LedgerEntry& pair) {
  auto* described = dynamic_cast<DescribedSearches*>(adapter);
  const auto asked = json::parse(pair.asked);
  if (described == nullptr || !asked) return {};
  CustomerQuery query;
  query.limit = 200;
  // Whom it asks for is no part of what everybody sees.
  if (asked->find("email") != nullptr) query.email = "whom";
  if (asked->find("name") != nullptr) query.name = "whom";
  std::vector<std::string> commands = described->describe_search(query);
  if (query.email || query.name)
    commands.insert(commands.begin(), "# \"whom\" stands for what was searched for");
  return commands;
}

}  // namespace

std::vector<std::string> requests_of(Facade& facade, const parity::LedgerEntry& pair, Side side) {
  const std::string& operation = pair.question.operation;
  if (is_about_a_write(operation))
    return {operation.rfind("rehearse_", 0) == 0
                ? "# A rehearsal: no ERP was sent a write; what was asked for is its first document"
                : "# A write: sent once more it might take effect; what was asked for is its first "
                  "document"};
  ErpAdapter* adapter = facade.systems().on(side).adapter.get();
  if (operation == parity::customer_search) return requests_of_search(adapter, pair);
  auto* described = dynamic_cast<DescribedReads*>(adapter);
  if (described == nullptr) return {};
  const std::string& subject = pair.question.subject;
  if (operation == "get_customer") return described->describe_customer(CustomerNumber{subject});
  if (operation == "get_stock") {
    const auto key = stock_key_of(subject);
    return key ? described->describe_stock({{key->sku}, key->location})
               : std::vector<std::string>{};
  }
  if (operation == "get_order" || operation.rfind("held_after_", 0) == 0) {
    const auto id = order_id_of(subject);
    std::optional<journal::DocumentRecord> document;
    const Status read = facade.journal().read([&](const journal::JournalReader& reader) {
      if (id) document = reader.document(*id);
    });
    if (!read || !document) return {};
    return described->describe_order(ref_at(side, *document, facade.systems()));
  }
  if (operation == "list_prices") {
    const auto query = prices_asked(pair);
    return query ? described->describe_prices(*query) : std::vector<std::string>{};
  }
  if (operation == "quote") {
    const auto asked = json::parse(pair.asked);
    const auto request =
        asked ? json::from_json<QuoteRequest>(*asked) : Result<QuoteRequest>(asked.error());
    return request ? described->describe_quote(*request) : std::vector<std::string>{};
  }
  return {};
}

}  // namespace underpin::facade
