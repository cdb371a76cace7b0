#include "facade/gate_money.h"

#include "contracts/json/codec.h"
#include "facade/gate_facts.h"
#include "facade/observe.h"
#include "facade/order_content.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <set>

namespace underpin::facade {
namespace {

using journal::JournalReader;

// What a comparison of the capability's documents is recorded as; a refused mirror has the name of
// its write.
bool shows_documents(const std::string& operation) {
  return operation.rfind("held_after_", 0) == 0 || shown_by(operation, false) == operation;
}

std::optional<Decimal> worth_of_order(const JournalReader& reader, const std::string& subject,
                                      const std::string& request) {
  const auto id = order_id_of(subject);
  const auto document = id ? reader.document(*id) : std::nullopt;
  if (document && !document->grand_total.is_zero()) return document->grand_total.magnitude();
  // A total of nothing is one that is not known, unless the lines say so.
  std::optional<Order> order;
  if (document) order = read_content(document->content);
  if (order && !order->lines.empty()) {
    Decimal net;
    for (const OrderLine& line : order->lines) net += line.net_amount;
    return net.magnitude();
  }
  const auto body = json::parse(request);
  const json::Value* total = body ? body->at_pointer("/totals/grandTotal") : nullptr;
  if (total == nullptr) return std::nullopt;
  const auto amount = total->as_any_decimal();
  if (!amount) return std::nullopt;
  return amount->magnitude();
}

class Writes {
 public:
  Writes(const JournalReader& reader, Capability capability, AtRisk& risk)
      : reader_(reader), capability_(capability), risk_(risk) {}

  void add(const std::string& subject, const std::string& request) {
    const bool first = subjects_.insert(subject).second;
    switch (capability_) {
      case Capability::orders: {
        // All writes of an order carry one order.
        if (!first) return;
        const auto worth = worth_of_order(reader_, subject, request);
        if (worth) risk_.money += *worth;
        risk_.unvalued_writes += worth ? 0 : 1;
        return;
      }
      case Capability::inventory: {
        const auto value = json::parse(request);
        const auto movement = value ? json::from_json<StockAdjustment>(*value) : value.error();
        if (movement && movement->kind == AdjustmentKind::delta) {
          risk_.stock.push_back(
              {movement->key.sku.text(), movement->uom, movement->quantity.magnitude()});
        } else {
          ++risk_.unvalued_writes;
        }
        return;
      }
      case Capability::pricing:
      case Capability::customers:
        // A list, or what is known of a customer, is no amount.
        ++risk_.unvalued_writes;
        return;
    }
  }
  bool has(const std::string& subject) const { return subjects_.count(subject) != 0; }

 private:
  const JournalReader& reader_;
  const Capability capability_;
  AtRisk& risk_;
  std::set<std::string> subjects_;
};

void add_differences(const parity::Evidence& evidence, const Writes& writes, AtRisk& risk) {
  struct OfDocument {
    Decimal money;
    bool unvalued = false;
  };
  std::map<std::string, OfDocument> documents;
  for (const parity::SubjectEvidence& one : evidence.subjects) {
    if (one.verdict != parity::Verdict::mismatch) continue;
    // Its write is among the undelivered ones.
    if (!shows_documents(one.operation) && writes.has(one.subject)) continue;
    OfDocument& document = documents[one.subject];
    document.money = std::max(document.money, one.money);
    document.unvalued = document.unvalued || one.unvalued > 0;
  }
  for (const auto& [subject, document] : documents) {
    risk.money += document.money;
    risk.unvalued_documents += document.unvalued ? 1 : 0;
  }
}

std::optional<Decimal> price_of(const Systems& systems, const StockAtRisk& stock, Timestamp now,
                                const CallContext& context) {
  for (const Side side : {Side::legacy, Side::cloud}) {
    PriceQuery query;
    query.sku = Sku{stock.sku};
    const auto page = observe<Page<PriceEntry>>(side, cutover::Operation::read, [&] {
      return call_port<Page<PriceEntry>>(
          systems, side, context.deadline, &ErpAdapter::pricing,
          [&](PricingService& port) { return port.list_prices(query, context); });
    });
    if (!page.result) continue;
    std::optional<Decimal> price;
    for (const PriceEntry& entry : page.result->items) {
      if (!stock.uom.empty() && entry.uom != stock.uom) continue;
      if (entry.to && *entry.to < now.date_utc()) continue;
      price = std::max(price.value_or(Decimal{}), entry.unit_price);
    }
    if (price && !price->is_zero()) return price;
  }
  return std::nullopt;
}

}  // namespace

AtRisk at_risk_in(const JournalReader& reader, const std::string& wave, Capability capability,
                  const parity::Evidence& evidence) {
  AtRisk risk;
  Writes writes(reader, capability, risk);
  std::int64_t pending = 0;
  std::int64_t dead = 0;
  std::int64_t after = 0;
  constexpr int page_rows = 500;
  while (true) {
    const auto rows = reader.outbox(after, page_rows);
    if (rows.empty()) break;
    after = rows.back().id;
    for (const journal::OutboxRow& row : rows) {
      // "verify_posting" only looks.
      if (row.capability != capability || row.wave != wave || row.operation == "verify_posting")
        continue;
      ++(row.state == journal::OutboxState::dead ? dead : pending);
      writes.add(row.subject, row.payload);
    }
  }
  std::int64_t unknown = 0;
  for (const journal::Intent& intent : reader.open_intents(std::numeric_limits<int>::max())) {
    if (intent.capability != capability || intent.wave != wave) continue;
    if (intent.state != journal::IntentState::unknown && !intent.orphaned) continue;
    ++unknown;
    writes.add(intent.subject, intent.request);
  }
  const auto say = [&](std::int64_t number, const char* what) {
    if (number > 0) risk.words.push_back(std::to_string(number) + " " + what);
  };
  say(pending, "deliveries on their way");
  say(dead, "dead letters");
  say(unknown, "unknown outcomes");
  add_differences(evidence, writes, risk);
  return risk;
}

void value_stock(const Systems& systems, AtRisk& risk, Timestamp now, const CallContext& context,
                 std::size_t articles) {
  std::map<std::pair<std::string, std::string>, std::optional<Decimal>> prices;
  for (const StockAtRisk& one : risk.stock) {
    const std::pair key{one.sku, one.uom};
    auto known = prices.find(key);
    if (known == prices.end()) {
      const bool ask = prices.size() < articles;
      known = prices.emplace(key, ask ? price_of(systems, one, now, context) : std::nullopt).first;
    }
    if (known->second) risk.money += one.quantity * *known->second;
    risk.unvalued_writes += known->second ? 0 : 1;
  }
  risk.stock.clear();
}

}  // namespace underpin::facade
