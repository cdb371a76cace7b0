#include "facade/requests.h"

#include "contracts/json/codec.h"
#include "contracts/ports/described_reads.h"
#include "facade/order_ref.h"
#include "facade/replay.h"

namespace underpin::facade {

std::vector<std::string> requests_of(Facade& facade, const parity::LedgerEntry& pair, Side side) {
  auto* described = dynamic_cast<DescribedReads*>(facade.systems().on(side).adapter.get());
  if (described == nullptr) return {};
  const std::string& operation = pair.question.operation;
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
