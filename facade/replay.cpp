#include "facade/replay.h"

#include "contracts/json/codec.h"

namespace underpin::facade {
namespace {

Error not_known(const parity::LedgerEntry& pair) {
  return {ErrorCode::not_found, pair.question.subject + " is no longer known"};
}

Error not_kept(const parity::LedgerEntry& pair) {
  return {ErrorCode::conflict, "entry " + std::to_string(pair.id) + ": what " +
                                   pair.question.operation + " was asked for is not kept"};
}

Result<ShadowCheck> check_of_prices(Facade& facade, const parity::LedgerEntry& pair, Side primary,
                                    const CallContext& context) {
  const auto asked = json::parse(pair.asked);
  if (!asked) return not_kept(pair);
  if (pair.question.operation == "quote") {
    const auto request = json::from_json<QuoteRequest>(*asked);
    if (!request || !request->at) return not_kept(pair);
    return facade.pricing().check_of(*request, primary, context);
  }
  return facade.pricing().check_of(*prices_asked(pair), primary, context);
}

}  // namespace

std::optional<PriceQuery> prices_asked(const parity::LedgerEntry& pair) {
  const auto asked = json::parse(pair.asked);
  if (!asked) return std::nullopt;
  PriceQuery query;
  const json::Value* sku = asked->find("sku");
  // Older pairs were named by it alone.
  query.sku = Sku{sku != nullptr ? sku->text() : pair.question.subject};
  if (const json::Value* customer = asked->find("customer"))
    query.customer = CustomerNumber{customer->text()};
  if (const auto limit = asked->get("limit").as_int()) query.limit = static_cast<int>(*limit);
  return query;
}

Result<parity::LedgerEntry> stored_pair(Facade& facade, std::int64_t id) {
  facade.ledger().flush();
  parity::LedgerFilter filter;
  filter.after_id = id - 1;
  filter.limit = 1;
  auto found = facade.ledger().entries(filter);
  if (!found) return found.error();
  if (found->empty() || found->front().id != id)
    return Error{ErrorCode::not_found, "no comparison has the id " + std::to_string(id)};
  return found->front();
}

Result<ShadowCheck> check_again(Facade& facade, const parity::LedgerEntry& pair,
                                const CallContext& context) {
  const std::string& operation = pair.question.operation;
  const std::string& subject = pair.question.subject;
  const Side primary = parse_side(pair.primary_side).value_or(Side::legacy);
  if (operation == "get_order" || operation.rfind("held_after_", 0) == 0) {
    auto check = facade.orders().check_again(subject, operation, context);
    if (!check) return not_known(pair);
    return std::move(*check);
  }
  if (operation == "get_stock") {
    const auto key = stock_key_of(subject);
    if (!key) return not_known(pair);
    return facade.inventory().check_of(*key, primary, context);
  }
  if (operation == "search_customers") {
    const auto asked = json::parse(pair.asked);
    if (!asked) return not_kept(pair);
    CustomerQuery query;
    if (const json::Value* email = asked->find("email")) query.email = email->text();
    if (const json::Value* name = asked->find("name")) query.name = name->text();
    return facade.customers().check_of(query, primary, context);
  }
  if (operation == "get_customer")
    return facade.customers().check_of(CustomerNumber{subject}, primary, context);
  if (operation == "quote" || operation == "list_prices")
    return check_of_prices(facade, pair, primary, context);
  return Error{ErrorCode::conflict,
               operation + " is about a write: there is nothing to read again"};
}

Result<Replay> replay(Facade& facade, std::int64_t id, const CallContext& context) {
  auto then = stored_pair(facade, id);
  if (!then) return then.error();
  const auto check = check_again(facade, *then, context);
  if (!check) return check.error();
  return Replay{std::move(then).value(), facade.comparisons().look_now(*check)};
}

}  // namespace underpin::facade
