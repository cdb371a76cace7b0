#include "facade/sweep_rows.h"

#include "contracts/json/codec.h"
#include "contracts/order_status.h"
#include "contracts/ports/dated_prices.h"
#include "facade/observe.h"
#include "facade/order_content.h"
#include "facade/pricing.h"
#include "parity/masking.h"

#include <array>

namespace underpin::facade {
namespace {

using parity::reconcile::Column;

struct SweepColumn {
  Column column;
  const char* field;  // Of the table of feeds; empty: not named there.
};

const std::vector<SweepColumn>& columns_of(Capability capability) {
  static const std::array<std::vector<SweepColumn>, 4> all{{
      {{{"customer"}, ""},
       {{"sku"}, ""},
       {{"uom"}, ""},
       {{"location"}, ""},
       {{"outstanding", true, true}, ""},
       {{"unitPrice", true}, ""},
       {{"discount", true}, ""},
       {{"net", true, true, false, true}, ""},
       {{"tax", true, true, false, true}, ""}},
      {{{"onHand", true, true}, "onHand"}, {{"uom"}, ""}, {{"reserved", true, true, false}, ""}},
      {{{"unitPrice", true, true}, ""}, {{"to"}, ""}, {{"taxIncluded"}, ""}, {{"zone"}, ""}},
      {{{"name"}, "name"},
       {{"kind"}, "kind"},
       {{"address"}, "address"},
       {{"email"}, "email"},
       {{"phone"}, "phone"},
       {{"currency"}, "currency"},
       {{"priceGroup"}, "priceGroup"},
       {{"blocked"}, "blocked"}},
  }};
  return all[static_cast<std::size_t>(capability)];
}

const std::vector<std::string>& key_of(Capability capability) {
  static const std::array<std::vector<std::string>, 4> all{
      {{"order", "line"},
       {"sku", "location"},
       {"sku", "scope", "scopeCode", "from", "minimumQuantity", "uom", "currency"},
       {"number"}}};
  return all[static_cast<std::size_t>(capability)];
}

// Behind the list of open orders comes the journal's index.
const std::string index_cursor = "index:";

SweepRow row_of(const StockLevel& level) {
  return {level.key.location.text(),
          {level.key.sku.text(), level.key.location.text()},
          {level.on_hand.text(), level.uom, level.reserved.text()}};
}

bool is_nothing(const StockLevel& level) {
  return level.on_hand.is_zero() && level.reserved.is_zero();
}

SweepRow row_of(const PriceEntry& entry) {
  const char* scope = entry.scope == PriceScope::everyone ? "everyone"
                      : entry.scope == PriceScope::group  ? "group"
                                                          : "customer";
  return {entry.currency,
          {entry.sku.text(), scope, entry.scope_code, entry.from.text(),
           entry.minimum_quantity.normalized().text(), entry.uom, entry.currency},
          {entry.unit_price.text(), entry.to ? entry.to->text() : "",
           entry.tax_included ? "true" : "false", entry.zone}};
}

SweepRow row_of(const Customer& customer) {
  // Canonical texts, but for what an ERP numbers its addresses by.
  Customer plain = customer;
  if (plain.address) plain.address->id.clear();
  const json::Value value = json::to_json(plain);
  return {customer.currency,
          {customer.number.text()},
          {customer.name, customer.kind,
           plain.address ? json::write(value.get("address")) : std::string(), customer.email,
           customer.phone, customer.currency, customer.price_group, value.get("blocked").text()}};
}

}  // namespace

parity::reconcile::Shape SweepRows::shape(Capability capability) const {
  parity::reconcile::Shape shape;
  shape.key = key_of(capability);
  for (const SweepColumn& one : columns_of(capability)) {
    if (*one.field != '\0' && fields_.learned_by(capability, one.field) == LearnedBy::not_kept)
      continue;
    shape.columns.push_back(one.column);
  }
  return shape;
}

std::vector<std::string> SweepRows::compared(Capability capability) const {
  std::vector<std::string> names;
  for (const Column& column : shape(capability).columns)
    if (column.compared) names.push_back(column.name);
  return names;
}

std::vector<std::string> SweepRows::masked(Capability capability,
                                           std::vector<std::string> values) const {
  if (!is_personal(capability)) return values;
  const auto columns = compared(capability);
  for (std::size_t i = 0; i < values.size() && i < columns.size(); ++i) {
    const std::string path = "/" + columns[i];
    // An address is one value, of JSON.
    values[i] = columns[i] == "address" ? parity::masked(path, values[i])
                                        : parity::masked_text(path, values[i]);
  }
  return values;
}

std::vector<std::string> SweepRows::undeclared(
    Capability capability, const parity::reconcile::Difference& difference) const {
  const auto declared = [&](const std::string& field) {
    return !field.empty() && !fields_.written_by(capability, field).empty();
  };
  if (capability == Capability::pricing && declared("list")) return {};
  if (difference.kind != parity::reconcile::DifferenceKind::value) {
    // Stock that only one side has is a difference of what is on hand.
    const bool known = capability == Capability::inventory && declared("onHand");
    return known ? std::vector<std::string>{} : std::vector<std::string>{"(row)"};
  }
  std::vector<std::string> found;
  std::size_t at = 0;
  for (const SweepColumn& one : columns_of(capability)) {
    if (*one.field != '\0' && fields_.learned_by(capability, one.field) == LearnedBy::not_kept)
      continue;
    if (!one.column.compared) continue;
    if (at < difference.legacy.size() && at < difference.cloud.size() &&
        difference.legacy[at] != difference.cloud[at] && !declared(one.field))
      found.push_back(one.column.name);
    ++at;
  }
  return found;
}

Result<std::optional<DatedSource>> SweepRows::as_of(Side side, Capability capability,
                                                    const CallContext& context) const {
  if (!has_cut_off(capability) || side != Side::legacy) return std::optional<DatedSource>();
  using Head = std::optional<DatedPrices::Head>;
  const auto list = observe<Head>(side, cutover::Operation::read, [&] {
    return call_port<Head>(systems_, side, context.deadline, &ErpAdapter::pricing,
                           [&](PricingService& port) -> Result<Head> {
                             auto* dated = dynamic_cast<DatedPrices*>(&port);
                             return dated == nullptr ? Head{} : dated->list_in_force(context);
                           });
  });
  if (!list.result) return list.result.error();
  const Head& head = *list.result;
  if (!head || head->created.empty()) return std::optional<DatedSource>();
  return std::optional<DatedSource>(DatedSource{head->created, head->batch});
}

bool SweepRows::dates_changes(Side side, Capability capability) const {
  const PricingService* prices = systems_.on(side).adapter->pricing();
  return capability == Capability::pricing && prices != nullptr && prices->dates_prices();
}

Result<std::set<std::string>> SweepRows::changed_since(Side side, Capability capability,
                                                       const std::vector<std::string>& key,
                                                       Timestamp since,
                                                       const CallContext& context) const {
  if (!dates_changes(side, capability))
    return Error{ErrorCode::unsupported, systems_.on(side).name + " does not say when " +
                                             std::string(name(capability)) + " were changed"};
  const Sku sku{key.at(0)};
  const auto entries = observe<std::vector<PriceEntry>>(side, cutover::Operation::read, [&] {
    return call_port<std::vector<PriceEntry>>(
        systems_, side, context.deadline, &ErpAdapter::pricing,
        [&](PricingService& port) { return port.prices_changed(sku, since, context); });
  });
  if (!entries.result) return entries.result.error();
  std::set<std::string> keys;
  for (const PriceEntry& entry : *entries.result) keys.insert(normal_key(row_of(entry).key));
  return keys;
}

bool SweepRows::names_writers(Side side, Capability capability) const {
  const InventoryService* stock = systems_.on(side).adapter->inventory();
  return capability == Capability::inventory && stock != nullptr && stock->names_stock_writers();
}

Result<std::vector<StockMovement>> SweepRows::movements_of(Side side,
                                                           const std::vector<std::string>& key,
                                                           Timestamp since,
                                                           const CallContext& context) const {
  const StockKey place{Sku{key.at(0)}, LocationCode{key.at(1)}};
  const auto movements = observe<std::vector<StockMovement>>(side, cutover::Operation::read, [&] {
    return call_port<std::vector<StockMovement>>(
        systems_, side, context.deadline, &ErpAdapter::inventory,
        [&](InventoryService& port) { return port.movements_of(place, since, context); });
  });
  return movements.result;
}

std::string SweepRows::normal_key(const std::vector<std::string>& key) {
  static const parity::reconcile::TextRule rule;
  std::string text;
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (i > 0) parity::reconcile::begin_part(text);
    const std::size_t from = text.size();
    parity::reconcile::normalise(key[i], rule, text);
    parity::reconcile::end_part(text, from);
  }
  return text;
}

void SweepRows::keep(Capability capability, SweepRow& row) const {
  const auto& columns = columns_of(capability);
  std::vector<std::string> kept;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const char* field = columns[i].field;
    if (*field != '\0' && fields_.learned_by(capability, field) == LearnedBy::not_kept) continue;
    kept.push_back(std::move(row.values[i]));
  }
  row.values = std::move(kept);
}

void SweepRows::add_order(const Order& order, std::vector<SweepRow>& rows) const {
  if (is_closed(order.status)) return;
  const Order rest = outstanding_part(order);
  for (const OrderLine& line : rest.lines) {
    Decimal discount;
    for (const Adjustment& adjustment : line.adjustments) discount += adjustment.amount;
    Decimal tax;
    for (const OrderLine& whole : order.lines) {
      if (whole.number != line.number) continue;
      const Decimal kept = whole.quantity - whole.cancelled_quantity;
      for (const Tax& one : whole.taxes) tax += shrunk(one.amount, line.quantity, kept);
    }
    rows.push_back({order.currency,
                    {order_subject(order.id), std::to_string(line.number)},
                    {order.customer.text(), line.sku.text(), line.uom, line.location.text(),
                     line.quantity.text(), line.unit_price.text(), discount.text(),
                     line.net_amount.text(), tax.text()}});
  }
}

Result<SweepPage> SweepRows::orders_page(Side side, const Cursor& cursor, int limit,
                                         const CallContext& context) const {
  if (cursor.text().rfind(index_cursor, 0) == 0) {
    return older_orders(side, std::stoll(cursor.text().substr(index_cursor.size())), limit,
                        context);
  }
  OrderQuery query;
  query.cursor = cursor;
  query.limit = limit;
  const auto page = observe<Page<Order>>(side, cutover::Operation::read, [&] {
    return call_port<Page<Order>>(
        systems_, side, context.deadline, &ErpAdapter::orders,
        [&](OrderService& port) { return port.list_open_orders(query, context); });
  });
  if (!page.result) return page.result.error();
  SweepPage swept;
  swept.next = page.result->next.empty() ? Cursor{index_cursor + "0"} : page.result->next;
  for (Order order : page.result->items) {
    order.id = identity_in_journal(order.id, systems_);
    if (order.id.empty()) {
      ++swept.left_out;
    } else {
      add_order(order, swept.rows);
    }
  }
  return swept;
}

// Orders that are older than the facade carry no reference in their home; the journal's index knows
// them by the ERP's number. They are read one by one, after the list.
Result<SweepPage> SweepRows::older_orders(Side side, std::int64_t after, int limit,
                                          const CallContext& context) const {
  journal::DocumentQuery query;
  query.closed = false;
  query.home = side;
  query.after_change = after;
  query.limit = std::min(limit, 50);
  std::vector<journal::DocumentRecord> documents;
  const Status read = journal_.read(
      [&](const journal::JournalReader& reader) { documents = reader.documents(query); });
  if (!read) return read.error();
  SweepPage swept;
  for (const journal::DocumentRecord& document : documents) {
    if (!document.id.channel.empty()) continue;
    const auto rows = of_subject(side, Capability::orders, {order_subject(document.id)}, context);
    if (!rows) return rows.error();
    --swept.left_out;  // The list had counted it.
    for (const SweepRow& row : *rows) swept.rows.push_back(row);
  }
  if (documents.size() == static_cast<std::size_t>(query.limit))
    swept.next = Cursor{index_cursor + std::to_string(documents.back().change)};
  return swept;
}

Result<SweepPage> SweepRows::page(Side side, Capability capability, const Cursor& cursor, int limit,
                                  const CallContext& context) const {
  if (capability == Capability::orders) return orders_page(side, cursor, limit, context);
  SweepPage swept;
  const auto take = [&](const auto& page) {
    for (const auto& item : page.items) {
      swept.rows.push_back(row_of(item));
      keep(capability, swept.rows.back());
    }
    swept.next = page.next;
  };
  if (capability == Capability::customers) {
    CustomerQuery query;
    query.cursor = cursor;
    query.limit = limit;
    const auto page = observe<Page<Customer>>(side, cutover::Operation::read, [&] {
      return call_port<Page<Customer>>(
          systems_, side, context.deadline, &ErpAdapter::customers,
          [&](CustomerService& port) { return port.search_customers(query, context); });
    });
    if (!page.result) return page.result.error();
    take(*page.result);
  } else if (capability == Capability::pricing) {
    PriceQuery query;
    query.cursor = cursor;
    query.limit = limit;
    const auto page = observe<Page<PriceEntry>>(side, cutover::Operation::read, [&] {
      return call_port<Page<PriceEntry>>(
          systems_, side, context.deadline, &ErpAdapter::pricing,
          [&](PricingService& port) { return port.list_prices(query, context); });
    });
    if (!page.result) return page.result.error();
    take(*page.result);
  } else {
    auto page = observe<Page<StockLevel>>(side, cutover::Operation::read, [&] {
      return call_port<Page<StockLevel>>(
          systems_, side, context.deadline, &ErpAdapter::inventory,
          [&](InventoryService& port) { return port.list_stock(cursor, limit, context); });
    });
    if (!page.result) return page.result.error();
    Page<StockLevel> levels = *page.result;
    std::erase_if(levels.items, is_nothing);
    take(levels);
  }
  return swept;
}

std::size_t SweepRows::own_parts(Capability capability) {
  return capability == Capability::inventory ? 2 : 1;
}

journal::Subject SweepRows::subject(Capability capability, const std::vector<std::string>& key) {
  if (capability == Capability::pricing) return price_list_subject;
  if (capability == Capability::inventory) return key.at(0) + "@" + key.at(1);
  return key.at(0);
}

Result<std::vector<SweepRow>> SweepRows::of_subject(Side side, Capability capability,
                                                    const std::vector<std::string>& key,
                                                    const CallContext& context) const {
  std::vector<SweepRow> rows;
  // Nothing there is an answer.
  const auto unless_missing = [&](const Error& error) -> Result<std::vector<SweepRow>> {
    if (error.code == ErrorCode::not_found) return std::vector<SweepRow>{};
    return error;
  };
  switch (capability) {
    case Capability::customers: {
      const CustomerNumber number{key.at(0)};
      const auto customer = observe<Customer>(side, cutover::Operation::read, [&] {
        return call_port<Customer>(
            systems_, side, context.deadline, &ErpAdapter::customers,
            [&](CustomerService& port) { return port.get_customer(number, context); });
      });
      if (!customer.result) return unless_missing(customer.result.error());
      rows.push_back(row_of(*customer.result));
      break;
    }
    case Capability::inventory: {
      const StockQuery query{{Sku{key.at(0)}}, LocationCode{key.at(1)}};
      const auto levels = observe<std::vector<StockLevel>>(side, cutover::Operation::read, [&] {
        return call_port<std::vector<StockLevel>>(
            systems_, side, context.deadline, &ErpAdapter::inventory,
            [&](InventoryService& port) { return port.get_stock(query, context); });
      });
      if (!levels.result) return unless_missing(levels.result.error());
      for (const StockLevel& level : *levels.result)
        if (!is_nothing(level)) rows.push_back(row_of(level));
      break;
    }
    case Capability::pricing: {
      Cursor cursor;
      do {
        PriceQuery query;
        query.sku = Sku{key.at(0)};
        query.cursor = cursor;
        query.limit = 500;
        const auto page = observe<Page<PriceEntry>>(side, cutover::Operation::read, [&] {
          return call_port<Page<PriceEntry>>(
              systems_, side, context.deadline, &ErpAdapter::pricing,
              [&](PricingService& port) { return port.list_prices(query, context); });
        });
        if (!page.result) return unless_missing(page.result.error());
        for (const PriceEntry& entry : page.result->items) rows.push_back(row_of(entry));
        cursor = page.result->next;
      } while (!cursor.empty());
      break;
    }
    case Capability::orders: {
      const auto id = order_id_of(key.at(0));
      if (!id) return rows;
      journal::DocumentRecord document;
      document.id = *id;
      document.home = side;
      const Status read = journal_.read([&](const journal::JournalReader& reader) {
        if (const auto known = reader.document(*id)) document = *known;
      });
      if (!read) return read.error();
      const auto order = observe<Order>(side, cutover::Operation::read,
                                        [&] { return orders_.read_from(side, document, context); });
      if (!order.result) return unless_missing(order.result.error());
      Order found = *order.result;
      found.id = *id;
      add_order(found, rows);
      return rows;
    }
  }
  for (SweepRow& row : rows) keep(capability, row);
  return rows;
}

}  // namespace underpin::facade
