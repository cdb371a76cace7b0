#include "tests/unit/facade/small_erp.h"

#include "contracts/order_status.h"

#include <algorithm>

namespace underpin::facade::test {

SmallErp::SmallErp(std::string series) : series_(std::move(series)) {
  descriptor_.idempotency = IdempotencyMode::lookup;
  descriptor_.inert_by = "unreleased";
  descriptor_.stock_by_location = true;
  descriptor_.settle_ms = 0;
}

PostingService* SmallErp::postings() { return books; }

ReturnService* SmallErp::returns() { return return_desk; }

CapabilityDescriptor& SmallErp::tune() { return descriptor_; }

std::vector<SmallErp::Held> SmallErp::orders_with(const OrderId& id) const {
  const std::lock_guard lock(mutex_);
  std::vector<Held> found;
  for (const Held& held : held_)
    if (held.order.id == id) found.push_back(held);
  return found;
}

std::size_t SmallErp::order_count() const {
  const std::lock_guard lock(mutex_);
  return held_.size();
}

std::map<CustomerNumber, Customer> SmallErp::customers_now() const {
  const std::lock_guard lock(mutex_);
  return customers_;
}

std::map<StockKey, Decimal> SmallErp::stock_now() const {
  const std::lock_guard lock(mutex_);
  return stock_;
}

int SmallErp::postings_of(const MovementId& movement) const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::count_if(movements_.begin(), movements_.end(),
                                        [&](const auto& m) { return m.movement == movement; }));
}

void SmallErp::post_again(const MovementId& movement) {
  const std::lock_guard lock(mutex_);
  for (const StockMovement& known : movements_) {
    if (known.movement != movement) continue;
    StockMovement again = known;
    again.entry = next_document();
    movements_.push_back(again);
    stock_[again.key] += again.quantity;
    return;
  }
}

void SmallErp::add_customer(const Customer& customer) {
  const std::lock_guard lock(mutex_);
  customers_[customer.number] = customer;
  customer_changes_.push_back(customer.number);
}

void SmallErp::delete_customer(const CustomerNumber& number) {
  const std::lock_guard lock(mutex_);
  customers_.erase(number);
  customer_changes_.push_back(number);
}

void SmallErp::set_stock(const StockKey& key, Decimal quantity) {
  const std::lock_guard lock(mutex_);
  stock_[key] = quantity;
}

void SmallErp::move_stock(const StockKey& key, Decimal quantity, const std::string& user) {
  const std::lock_guard lock(mutex_);
  stock_[key] += quantity;
  movements_.push_back(
      {key, MovementId{"OWN"}, next_document(), quantity, Timestamp{1'795'000'000'000'000}, user});
}

void SmallErp::set_price(const PriceEntry& entry) {
  const std::lock_guard lock(mutex_);
  prices_[entry.sku] = entry;
  if (price_clock) price_changed_[entry.sku] = price_clock();
}

void SmallErp::remove_price(const Sku& sku) {
  const std::lock_guard lock(mutex_);
  prices_.erase(sku);
}

void SmallErp::list_made_at(Timestamp at, const std::string& batch) {
  list_created_ = at;
  list_batch_ = batch;
}

void SmallErp::tax_off_by(Decimal amount) {
  const std::lock_guard lock(mutex_);
  tax_off_by_ = amount;
}

void SmallErp::ship(const OrderId& id) {
  const std::lock_guard lock(mutex_);
  for (Held& held : held_) {
    if (!(held.order.id == id) || !held.released || held.gone) continue;
    for (OrderLine& line : held.order.lines) {
      stock_[{line.sku, line.location}] -= line.quantity - line.shipped_quantity;
      line.shipped_quantity = line.quantity;
    }
    order_changes_.push_back(held.document);
  }
}

void SmallErp::change(const OrderId& id, const std::function<void(Held&)>& how) {
  const std::lock_guard lock(mutex_);
  for (Held& held : held_) {
    if (!(held.order.id == id)) continue;
    how(held);
    order_changes_.push_back(held.document);
  }
}

void SmallErp::post(const OrderId& id) {
  change(id, [](Held& held) { held.posted = true; });
}

void SmallErp::edit(const OrderId& id, Decimal quantity) {
  const std::lock_guard lock(mutex_);
  for (Held& held : held_) {
    if (!(held.order.id == id)) continue;
    held.order.lines.at(0).quantity = quantity;
    order_changes_.push_back(held.document);
  }
}

void SmallErp::touch(const DocumentNumber& document) {
  const std::lock_guard lock(mutex_);
  order_changes_.push_back(document);
}

DocumentNumber SmallErp::second_document(const OrderId& id) {
  const std::lock_guard lock(mutex_);
  for (const Held& held : held_) {
    if (!(held.order.id == id)) continue;
    Held again = held;
    again.document = next_document();
    held_.push_back(again);
    order_changes_.push_back(again.document);
    return again.document;
  }
  return {};
}

void SmallErp::end_document(const DocumentNumber& document) {
  const std::lock_guard lock(mutex_);
  std::erase_if(held_, [&](const Held& held) { return held.document == document; });
}

void SmallErp::delete_by_hand(const OrderId& id) {
  const std::lock_guard lock(mutex_);
  for (Held& held : held_) {
    if (!(held.order.id == id)) continue;
    held.gone = true;
    order_changes_.push_back(held.document);
  }
}

void SmallErp::ship_part(const OrderId& id, int number, Decimal quantity) {
  const std::lock_guard lock(mutex_);
  for (Held& held : held_) {
    if (!(held.order.id == id) || !held.released || held.gone) continue;
    for (OrderLine& line : held.order.lines) {
      if (line.number != number) continue;
      stock_[{line.sku, line.location}] -= quantity;
      line.shipped_quantity += quantity;
      held.order.shipments.push_back({DocumentNumber{"SH-" + held.document.text()},
                                      Date{2026, 11, 25},
                                      {{number, line.sku, quantity}}});
    }
    order_changes_.push_back(held.document);
  }
}

void SmallErp::invoice_part(const OrderId& id, const std::string& document) {
  const std::lock_guard lock(mutex_);
  for (Held& held : held_) {
    if (!(held.order.id == id)) continue;
    for (OrderLine& line : held.order.lines) line.invoiced_quantity = line.shipped_quantity;
    held.order.invoices.push_back({DocumentNumber{document}, Date{2026, 11, 26}, Decimal::of(1)});
    order_changes_.push_back(held.document);
  }
}

void SmallErp::release_by_hand(const OrderId& id) {
  const std::lock_guard lock(mutex_);
  for (Held& held : held_) {
    if (!(held.order.id == id) || held.gone) continue;
    held.released = true;
    order_changes_.push_back(held.document);
  }
}

void SmallErp::total_becomes(const OrderId& id, Decimal total) {
  const std::lock_guard lock(mutex_);
  for (Held& held : held_)
    if (held.order.id == id) held.order.totals.grand_total = total;
}

SmallErp::Held SmallErp::document(const DocumentNumber& number) const {
  const std::lock_guard lock(mutex_);
  for (const Held& held : held_)
    if (held.document == number) return held;
  return {};
}

DocumentNumber SmallErp::own_order(Order order, bool released) {
  const std::lock_guard lock(mutex_);
  order.id = {};
  Held held{order, next_document(), released, false, 1};
  held_.push_back(held);
  order_changes_.push_back(held.document);
  return held.document;
}

const CapabilityDescriptor& SmallErp::descriptor() const { return descriptor_; }

Status SmallErp::ping(const CallContext&) {
  return trapped<Done>("ping", [] { return Result<Done>(Done{}); });
}

std::vector<Finding> SmallErp::examine(const CallContext&) { return {}; }

OrderService* SmallErp::orders() { return this; }

InventoryService* SmallErp::inventory() { return this; }

PricingService* SmallErp::pricing() { return this; }

CustomerService* SmallErp::customers() { return this; }

RehearsalService* SmallErp::rehearsals() { return this; }

Result<std::vector<StockLevel>> SmallErp::get_stock(const StockQuery& query, const CallContext&) {
  return trapped<std::vector<StockLevel>>("get_stock", [&] {
    std::vector<StockLevel> levels;
    for (const auto& [key, quantity] : stock_) {
      if (query.location && key.location != *query.location) continue;
      if (!query.skus.empty() &&
          std::find(query.skus.begin(), query.skus.end(), key.sku) == query.skus.end())
        continue;
      StockLevel level;
      level.key = key;
      level.uom = "PCS";
      level.on_hand = quantity;
      for (const Held& held : held_) {
        if (held.gone) continue;
        for (const OrderLine& line : held.order.lines)
          if (line.sku == key.sku && line.location == key.location)
            level.reserved += line.outstanding();
      }
      level.available = level.on_hand - level.reserved;
      levels.push_back(level);
    }
    return Result<std::vector<StockLevel>>(levels);
  });
}

Result<Page<StockLevel>> SmallErp::list_stock(const Cursor& cursor, int limit,
                                              const CallContext& context) {
  const auto all = get_stock({}, context);
  if (!all) return all.error();
  const auto from = cursor.empty() ? 0 : std::stol(cursor.text());
  const auto end = std::min(std::ssize(*all), from + limit);
  Page<StockLevel> page{{all->begin() + from, all->begin() + end}, {}};
  if (end < std::ssize(*all)) page.next = Cursor{std::to_string(end)};
  return page;
}

Result<AdjustmentReceipt> SmallErp::adjust_stock(const StockAdjustment& adjustment,
                                                 const WriteContext&) {
  return trapped<AdjustmentReceipt>("adjust_stock", [=, this]() -> Result<AdjustmentReceipt> {
    for (const StockMovement& known : movements_)
      if (known.movement == adjustment.movement) return posted(known);
    stock_[adjustment.key] += adjustment.quantity;
    movements_.push_back(
        {adjustment.key, adjustment.movement, next_document(), adjustment.quantity, Timestamp{1}});
    return posted(movements_.back());
  });
}

Result<AdjustmentReceipt> SmallErp::find_adjustment(const MovementId& movement,
                                                    const CallContext&) {
  return trapped<AdjustmentReceipt>("find_adjustment", [=, this]() -> Result<AdjustmentReceipt> {
    if (unreadable.count(movement.text()) != 0) return a_page();
    std::vector<AdjustmentReceipt> found;
    for (const StockMovement& known : movements_)
      if (known.movement == movement) found.push_back(posted(known));
    if (found.empty()) return Error{ErrorCode::not_found, "no such movement"};
    if (found.size() > 1) return Error{ErrorCode::conflict, "posted more than once"};
    return found.front();
  });
}

Result<ChangePage<StockMovement>> SmallErp::stock_movements(const Cursor& cursor,
                                                            const CallContext&) {
  const std::lock_guard lock(mutex_);
  ChangePage<StockMovement> page;
  const std::size_t from = cursor.empty() ? 0 : std::stoul(cursor.text());
  for (std::size_t i = from; i < movements_.size(); ++i) page.items.push_back(movements_[i]);
  page.next = Cursor{std::to_string(movements_.size())};
  return page;
}

bool SmallErp::names_stock_writers() const { return tells_users; }

Result<std::vector<StockMovement>> SmallErp::movements_of(const StockKey& key, Timestamp since,
                                                          const CallContext&) {
  return trapped<std::vector<StockMovement>>("movements_of", [&] {
    std::vector<StockMovement> found;
    for (const StockMovement& one : movements_)
      if (one.key == key && since <= one.changed_at) found.push_back(one);
    return Result<std::vector<StockMovement>>(found);
  });
}

Result<Quote> SmallErp::quote(const QuoteRequest& request, const CallContext&) {
  return trapped<Quote>("quote", [&]() -> Result<Quote> {
    Quote quote;
    quote.customer = request.customer;
    quote.currency = request.currency;
    quote.at = request.at.value_or(Timestamp{1});
    for (const QuoteLine& line : request.lines) {
      const auto price = prices_.find(line.sku);
      if (price == prices_.end()) return Error{ErrorCode::rejected, "no price"};
      QuotedLine quoted{line.number,
                        line.sku,
                        line.quantity,
                        "PCS",
                        price->second.unit_price,
                        {},
                        price->second.unit_price,
                        (line.quantity * price->second.unit_price).rounded(2, Rounding::half_up)};
      quote.total_net += quoted.net_amount;
      quote.lines.push_back(std::move(quoted));
    }
    return quote;
  });
}

Result<Page<PriceEntry>> SmallErp::list_prices(const PriceQuery& query, const CallContext&) {
  const std::lock_guard lock(mutex_);
  if (down_) return Error{ErrorCode::unavailable, "down"};
  Page<PriceEntry> page;
  for (const auto& [sku, entry] : prices_) {
    if ((query.sku && *query.sku != sku) ||
        (!query.cursor.empty() && sku.text() <= query.cursor.text()))
      continue;
    if (std::ssize(page.items) == query.limit) {
      page.next = Cursor{page.items.back().sku.text()};
      break;
    }
    page.items.push_back(entry);
  }
  return page;
}

bool SmallErp::dates_prices() const { return static_cast<bool>(price_clock); }

Result<std::vector<PriceEntry>> SmallErp::prices_changed(const Sku& sku, Timestamp since,
                                                         const CallContext&) {
  return trapped<std::vector<PriceEntry>>("prices_changed", [&] {
    std::vector<PriceEntry> changed;
    const auto known = prices_.find(sku);
    if (known != prices_.end() && since < price_changed_[sku]) changed.push_back(known->second);
    return Result<std::vector<PriceEntry>>(changed);
  });
}

Result<PriceListReceipt> SmallErp::publish_prices(const PriceList& list, const WriteContext&) {
  return trapped<PriceListReceipt>("publish_prices", [=, this]() -> Result<PriceListReceipt> {
    if (list.full) prices_.clear();
    for (const PriceEntry& entry : list.entries) {
      prices_[entry.sku] = entry;
      if (price_clock) price_changed_[entry.sku] = price_clock();
    }
    return PriceListReceipt{list.batch, static_cast<std::int64_t>(list.entries.size()),
                            list.hash_total()};
  });
}

Result<std::optional<PriceList>> SmallErp::prices_after(const std::string& batch,
                                                        const CallContext&) {
  const std::lock_guard lock(mutex_);
  ++whole_lists;
  if (!batch.empty() && (batch == list_batch_ || list_batch_ == "B1"))
    return std::optional<PriceList>{};
  PriceList list;
  list.batch = list_batch_;
  list.created = list_created_;
  for (const auto& [sku, entry] : prices_) list.entries.push_back(entry);
  return std::optional<PriceList>{list};
}

Result<std::optional<DatedPrices::Head>> SmallErp::list_in_force(const CallContext&) {
  const std::lock_guard lock(mutex_);
  return std::optional<Head>{Head{list_batch_, list_created_}};
}

Result<CustomerReceipt> SmallErp::create_customer(const Customer& customer, const WriteContext&) {
  return trapped<CustomerReceipt>("create_customer", [=, this]() -> Result<CustomerReceipt> {
    const auto known = customers_.find(customer.number);
    if (known != customers_.end() && known->second.name != customer.name)
      return Error{ErrorCode::conflict, "the number is taken"};
    customers_[customer.number] = customer;
    customer_changes_.push_back(customer.number);
    return CustomerReceipt{customer.number, {}, Revision{"1"}};
  });
}

Result<Customer> SmallErp::get_customer(const CustomerNumber& number, const CallContext&) {
  return trapped<Customer>("get_customer", [&]() -> Result<Customer> {
    if (unreadable.count(number.text()) != 0) return a_page();
    const auto known = customers_.find(number);
    if (known == customers_.end()) return Error{ErrorCode::not_found, "no such customer"};
    return known->second;
  });
}

Result<CustomerReceipt> SmallErp::amend_customer(const CustomerNumber& number,
                                                 const CustomerAmendment& amendment,
                                                 const Revision&, const WriteContext&) {
  return trapped<CustomerReceipt>("amend_customer", [=, this]() -> Result<CustomerReceipt> {
    const auto known = customers_.find(number);
    if (known == customers_.end()) return Error{ErrorCode::not_found, "no such customer"};
    if (amendment.name) known->second.name = *amendment.name;
    if (amendment.email) known->second.email = *amendment.email;
    if (amendment.phone) known->second.phone = *amendment.phone;
    customer_changes_.push_back(number);
    return CustomerReceipt{number, {}, Revision{"2"}};
  });
}

Result<CustomerReceipt> SmallErp::put_customer(const Customer& customer, const WriteContext&) {
  return trapped<CustomerReceipt>("put_customer", [=, this]() -> Result<CustomerReceipt> {
    // As adapters do: what it holds already is not written again.
    const auto held = customers_.find(customer.number);
    if (held == customers_.end() || held->second != customer)
      customer_changes_.push_back(customer.number);
    customers_[customer.number] = customer;
    return CustomerReceipt{customer.number, {}, Revision{"3"}};
  });
}

void SmallErp::set_customers_page(std::size_t customers) { customers_page_ = customers; }

Result<Page<Customer>> SmallErp::search_customers(const CustomerQuery& query, const CallContext&) {
  return trapped<Page<Customer>>("search_customers", [&] {
    Page<Customer> page;
    for (const auto& [number, customer] : customers_) {
      if (number.text() <= query.cursor.text()) continue;
      if (query.email && customer.email != *query.email) continue;
      const std::size_t found = page.items.size();
      if (static_cast<int>(found) == query.limit ||
          (customers_page_ > 0 && found == customers_page_)) {
        page.next = Cursor{page.items.back().number.text()};
        break;
      }
      page.items.push_back(customer);
    }
    return Result<Page<Customer>>(page);
  });
}

Result<ChangePage<CustomerChange>> SmallErp::customer_changes(const Cursor& cursor,
                                                              const CallContext&) {
  return trapped<ChangePage<CustomerChange>>("customer_changes", [&] {
    ChangePage<CustomerChange> page;
    const std::size_t from = cursor.empty() ? 0 : std::stoul(cursor.text());
    for (std::size_t i = from; i < customer_changes_.size(); ++i)
      page.items.push_back(
          {customer_changes_[i], customers_.count(customer_changes_[i]) == 0, Timestamp{1}});
    page.next = Cursor{std::to_string(customer_changes_.size())};
    return Result<ChangePage<CustomerChange>>(page);
  });
}

Result<OrderReceipt> SmallErp::apply_place(Order order, Role) {
  for (Held& held : held_)
    if (held.order.id == order.id) return receipt(held);
  if (customers_.find(order.customer) == customers_.end())
    return Error{ErrorCode::rejected, "unknown customer"};
  held_.push_back({order, next_document(), false, false, 1});
  order_changes_.push_back(held_.back().document);
  return receipt(held_.back());
}

OrderReceipt SmallErp::receipt(const Held& held) const {
  OrderReceipt receipt;
  receipt.id = held.order.id;
  receipt.document = held.document;
  receipt.released = held.released;
  receipt.status = held.gone ? OrderStatus::cancelled : status_of(held.order, held.released, false);
  receipt.erp_totals = held.order.totals;
  receipt.erp_totals->grand_total += tax_off_by_;
  return receipt;
}

AdjustmentReceipt SmallErp::posted(const StockMovement& movement) const {
  return {movement.movement, movement.entry, movement.key, movement.quantity};
}

SmallErp::Held* SmallErp::find(const OrderRef& ref) {
  for (Held& held : held_)
    if (!ref.document.empty() && held.document == ref.document) return &held;
  for (Held& held : held_)
    if (!ref.id.empty() && held.order.id == ref.id) return &held;
  return nullptr;
}

DocumentNumber SmallErp::next_document() {
  return DocumentNumber{series_ + std::to_string(++minted_)};
}

}  // namespace underpin::facade::test
