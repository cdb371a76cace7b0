#pragma once

#include "contracts/order_status.h"
#include "contracts/ports/dated_prices.h"
#include "contracts/ports/erp_adapter.h"
#include "tests/unit/facade/trap.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>

namespace underpin::facade::test {

// A small ERP in memory behind the ports, which misbehaves on demand. For tests of the facade; the
// real adapters are tested against simulators over sockets.
class SmallErp final : public ErpAdapter,
                       public OrderService,
                       public InventoryService,
                       public PricingService,
                       public DatedPrices,
                       public CustomerService,
                       public RehearsalService,
                       public Trapped {
 public:
  explicit SmallErp(std::string series) : series_(std::move(series)) {
    descriptor_.idempotency = IdempotencyMode::lookup;
    descriptor_.inert_by = "unreleased";
    descriptor_.stock_by_location = true;
    descriptor_.settle_ms = 0;
  }

  struct Held {
    Order order;
    DocumentNumber document;
    bool released = false;
    bool gone = false;  // Cancelled.
    int created = 0;
    bool posted = false;
  };

  using Trap = test::Trap;
  PostingService* books = nullptr;  // What it tells of its books; nothing: it does not.
  PostingService* postings() override { return books; }
  ReturnService* return_desk = nullptr;  // Nothing: it offers no returns.
  ReturnService* returns() override { return return_desk; }
  std::set<std::string> unreadable;  // By number: of these it tells nothing. Set between calls.
  CapabilityDescriptor& tune() { return descriptor_; }

  // ---- looking inside, past the ports
  std::vector<Held> orders_with(const OrderId& id) const {
    const std::lock_guard lock(mutex_);
    std::vector<Held> found;
    for (const Held& held : held_)
      if (held.order.id == id) found.push_back(held);
    return found;
  }
  std::size_t order_count() const {
    const std::lock_guard lock(mutex_);
    return held_.size();
  }
  std::map<CustomerNumber, Customer> customers_now() const {
    const std::lock_guard lock(mutex_);
    return customers_;
  }
  std::map<StockKey, Decimal> stock_now() const {
    const std::lock_guard lock(mutex_);
    return stock_;
  }
  int postings_of(const MovementId& movement) const {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(std::count_if(movements_.begin(), movements_.end(),
                                          [&](const auto& m) { return m.movement == movement; }));
  }
  // A request that commits once more, late.
  void post_again(const MovementId& movement) {
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
  void add_customer(const Customer& customer) {
    const std::lock_guard lock(mutex_);
    customers_[customer.number] = customer;
    customer_changes_.push_back(customer.number);
  }
  void delete_customer(const CustomerNumber& number) {
    const std::lock_guard lock(mutex_);
    customers_.erase(number);
    customer_changes_.push_back(number);
  }
  void set_stock(const StockKey& key, Decimal quantity) {
    const std::lock_guard lock(mutex_);
    stock_[key] = quantity;
  }
  // A movement of its own people's.
  void move_stock(const StockKey& key, Decimal quantity, const std::string& user) {
    const std::lock_guard lock(mutex_);
    stock_[key] += quantity;
    movements_.push_back({key, MovementId{"OWN"}, next_document(), quantity,
                          Timestamp{1'795'000'000'000'000}, user});
  }
  bool tells_users = false;  // Who moved stock.
  void set_price(const PriceEntry& entry) {
    const std::lock_guard lock(mutex_);
    prices_[entry.sku] = entry;
    if (price_clock) price_changed_[entry.sku] = price_clock();
  }
  void remove_price(const Sku& sku) {
    const std::lock_guard lock(mutex_);
    prices_.erase(sku);
  }
  void list_made_at(Timestamp at, const std::string& batch = "B1") {
    list_created_ = at;
    list_batch_ = batch;
  }
  std::function<Timestamp()> price_clock;  // Nothing: it does not say when a price was changed.
  void tax_off_by(Decimal amount) {
    const std::lock_guard lock(mutex_);
    tax_off_by_ = amount;
  }
  // The ERP's own users.
  void ship(const OrderId& id) {
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
  void change(const OrderId& id, const std::function<void(Held&)>& how) {
    const std::lock_guard lock(mutex_);
    for (Held& held : held_) {
      if (!(held.order.id == id)) continue;
      how(held);
      order_changes_.push_back(held.document);
    }
  }
  void post(const OrderId& id) {
    change(id, [](Held& held) { held.posted = true; });
  }
  void edit(const OrderId& id, Decimal quantity) {
    const std::lock_guard lock(mutex_);
    for (Held& held : held_) {
      if (!(held.order.id == id)) continue;
      held.order.lines.at(0).quantity = quantity;
      order_changes_.push_back(held.document);
    }
  }
  void touch(const DocumentNumber& document) {
    const std::lock_guard lock(mutex_);
    order_changes_.push_back(document);
  }
  // A second document under one reference: a request that was repeated on its way.
  DocumentNumber second_document(const OrderId& id) {
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
  void end_document(const DocumentNumber& document) {
    const std::lock_guard lock(mutex_);
    std::erase_if(held_, [&](const Held& held) { return held.document == document; });
  }
  void delete_by_hand(const OrderId& id) {
    const std::lock_guard lock(mutex_);
    for (Held& held : held_) {
      if (!(held.order.id == id)) continue;
      held.gone = true;
      order_changes_.push_back(held.document);
    }
  }
  void ship_part(const OrderId& id, int number, Decimal quantity) {
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
  void invoice_part(const OrderId& id, const std::string& document) {
    const std::lock_guard lock(mutex_);
    for (Held& held : held_) {
      if (!(held.order.id == id)) continue;
      for (OrderLine& line : held.order.lines) line.invoiced_quantity = line.shipped_quantity;
      held.order.invoices.push_back({DocumentNumber{document}, Date{2026, 11, 26}, Decimal::of(1)});
      order_changes_.push_back(held.document);
    }
  }
  void release_by_hand(const OrderId& id) {
    const std::lock_guard lock(mutex_);
    for (Held& held : held_) {
      if (!(held.order.id == id) || held.gone) continue;
      held.released = true;
      order_changes_.push_back(held.document);
    }
  }
  void total_becomes(const OrderId& id, Decimal total) {
    const std::lock_guard lock(mutex_);
    for (Held& held : held_)
      if (held.order.id == id) held.order.totals.grand_total = total;
  }
  Held document(const DocumentNumber& number) const {
    const std::lock_guard lock(mutex_);
    for (const Held& held : held_)
      if (held.document == number) return held;
    return {};
  }
  DocumentNumber own_order(Order order, bool released) {
    const std::lock_guard lock(mutex_);
    order.id = {};
    Held held{order, next_document(), released, false, 1};
    held_.push_back(held);
    order_changes_.push_back(held.document);
    return held.document;
  }

  const CapabilityDescriptor& descriptor() const override { return descriptor_; }
  Status ping(const CallContext&) override {
    return trapped<Done>("ping", [] { return Result<Done>(Done{}); });
  }
  std::vector<Finding> examine(const CallContext&) override { return {}; }
  OrderService* orders() override { return this; }
  InventoryService* inventory() override { return this; }
  PricingService* pricing() override { return this; }
  CustomerService* customers() override { return this; }
  RehearsalService* rehearsals() override { return this; }

  // ---- RehearsalService: its form is the document's own; at grade 2 it judges as a write would.
  // Its description says that a description has at most 20 characters.
  Result<Rehearsed> place_order(const Order& order, RehearsalGrade grade,
                                const CallContext&) override {
    return trapped<Rehearsed>("rehearse_place_order", [&]() -> Result<Rehearsed> {
      if (grade > descriptor_.rehearsal) return Error{ErrorCode::unsupported, "no such grade"};
      Rehearsed rehearsed{order.id.number.text(), {}};
      for (std::size_t i = 0; i < order.lines.size(); ++i)
        if (order.lines[i].description.size() > 20)
          rehearsed.faults.push_back(
              {"/lines/" + std::to_string(i) + "/description", "must have at most 20 characters"});
      if (grade == RehearsalGrade::simulated && customers_.count(order.customer) == 0)
        rehearsed.faults.push_back({"/customer", "is not known"});
      return rehearsed;
    });
  }
  Result<Rehearsed> create_customer(const Customer& customer, RehearsalGrade,
                                    const CallContext&) override {
    return trapped<Rehearsed>("rehearse_create_customer", [&]() -> Result<Rehearsed> {
      if (customer.email.empty())
        return Error{ErrorCode::rejected, "no address", {}, {}, 0, {{"/email", "is missing"}}};
      return Rehearsed{customer.number.text(), {}};
    });
  }
  Result<Rehearsed> adjust_stock(const StockAdjustment& adjustment, RehearsalGrade,
                                 const CallContext&) override {
    return trapped<Rehearsed>("rehearse_adjust_stock", [&]() -> Result<Rehearsed> {
      return Rehearsed{adjustment.movement.text(), {}};
    });
  }

  // ---- OrderService
  Result<OrderReceipt> place_order(const Order& order, const WriteContext& context) override {
    return trapped<OrderReceipt>(
        "place_order", [=, this, role = context.role] { return apply_place(order, role); });
  }
  Result<Order> get_order(const OrderRef& ref, const CallContext&) override {
    return trapped<Order>("get_order", [&]() -> Result<Order> {
      const Held* held = find(ref);
      if (held == nullptr) return Error{ErrorCode::not_found, "no such order"};
      Order order = held->order;
      order.status =
          held->gone ? OrderStatus::cancelled : status_of(order, held->released, held->posted);
      return order;
    });
  }
  Result<OrderReceipt> amend_order(const OrderRef& ref, const OrderAmendment& amendment,
                                   const WriteContext&) override {
    return trapped<OrderReceipt>("amend_order", [=, this]() -> Result<OrderReceipt> {
      Held* held = find(ref);
      if (held == nullptr) return Error{ErrorCode::not_found, "no such order"};
      for (const LineAmendment& change : amendment.lines) {
        bool there = false;
        for (OrderLine& line : held->order.lines)
          if (line.number == change.number && change.quantity) {
            if (*change.quantity < line.shipped_quantity)
              return Error{ErrorCode::rejected, "below what has shipped"};
            line.quantity = *change.quantity;
            there = true;
          }
        if (there || !change.quantity || change.quantity->is_zero()) continue;
        if (!change.added) return Error{ErrorCode::rejected, "no such line"};
        held->order.lines.push_back(*change.added);
        held->order.lines.back().quantity = *change.quantity;
        held->order.lines.back().shipped_quantity = Decimal{};
      }
      held->released = false;
      order_changes_.push_back(held->document);
      return receipt(*held);
    });
  }
  Result<OrderReceipt> cancel_order(const OrderRef& ref, const OrderCancellation&,
                                    const WriteContext&) override {
    return trapped<OrderReceipt>("cancel_order", [=, this]() -> Result<OrderReceipt> {
      Held* held = find(ref);
      if (held == nullptr) return Error{ErrorCode::not_found, "no such order"};
      for (const OrderLine& line : held->order.lines)
        if (!line.shipped_quantity.is_zero())
          return Error{ErrorCode::rejected, "a part has shipped"};
      held->gone = true;
      order_changes_.push_back(held->document);
      OrderReceipt answer = receipt(*held);
      answer.status = OrderStatus::cancelled;
      return answer;
    });
  }
  Result<OrderReceipt> release_order(const OrderRef& ref, const WriteContext&) override {
    return trapped<OrderReceipt>("release_order", [=, this]() -> Result<OrderReceipt> {
      Held* held = find(ref);
      if (held == nullptr) return Error{ErrorCode::not_found, "no such order"};
      held->released = !held->gone;
      order_changes_.push_back(held->document);
      return receipt(*held);
    });
  }
  Result<OrderReceipt> block_order(const OrderRef& ref, const WriteContext&) override {
    return trapped<OrderReceipt>("block_order", [=, this]() -> Result<OrderReceipt> {
      Held* held = find(ref);
      if (held == nullptr) return Error{ErrorCode::not_found, "no such order"};
      if (held->gone) return Error{ErrorCode::rejected, "the order is closed"};
      held->released = false;
      order_changes_.push_back(held->document);
      return receipt(*held);
    });
  }
  Result<OrderReceipt> follow_order(const Order& order, const WriteContext&) override {
    return trapped<OrderReceipt>("follow_order", [=, this]() -> Result<OrderReceipt> {
      Held* held = find(OrderRef{order.id, {}});
      if (held == nullptr) return Error{ErrorCode::not_found, "no such order"};
      held->order.lines.clear();
      for (const OrderLine& at_home : order.lines) {
        if (at_home.outstanding().is_zero()) continue;
        OrderLine line = at_home;
        line.quantity = at_home.outstanding();
        line.shipped_quantity = line.cancelled_quantity = Decimal{};
        held->order.lines.push_back(std::move(line));
      }
      if (is_closed(order.status)) held->gone = true;
      return receipt(*held);
    });
  }
  Result<OrderReceipt> find_receipt(const OrderId& id, const CallContext&) override {
    return trapped<OrderReceipt>("find_receipt", [=, this]() -> Result<OrderReceipt> {
      if (unreadable.count(id.number.text()) != 0) return a_page();
      const auto count = std::count_if(held_.begin(), held_.end(),
                                       [&](const Held& h) { return h.order.id == id; });
      if (count > 1) return Error{ErrorCode::conflict, "two documents"};
      const Held* held = find(OrderRef{id, {}});
      if (held == nullptr) return Error{ErrorCode::not_found, "no such order"};
      return receipt(*held);
    });
  }
  Result<Page<Order>> list_open_orders(const OrderQuery&, const CallContext&) override {
    const std::lock_guard lock(mutex_);
    Page<Order> page;
    for (const Held& held : held_)
      if (!held.gone) page.items.push_back(held.order);
    return page;
  }
  Result<ChangePage<OrderChange>> order_changes(const Cursor& cursor, const CallContext&) override {
    const std::lock_guard lock(mutex_);
    ChangePage<OrderChange> page;
    const std::size_t from = cursor.empty() ? 0 : std::stoul(cursor.text());
    std::set<std::string> seen;
    for (std::size_t i = order_changes_.size(); i > from; --i) {
      if (!seen.insert(order_changes_[i - 1].text()).second) continue;
      for (const Held& held : held_) {
        if (held.document != order_changes_[i - 1]) continue;
        OrderChange change;
        change.ref = {held.order.id, held.document};
        change.customer = held.order.customer;
        change.status =
            held.gone ? OrderStatus::cancelled : status_of(held.order, held.released, held.posted);
        change.closed = held.gone;
        page.items.insert(page.items.begin(), change);
      }
    }
    page.next = Cursor{std::to_string(order_changes_.size())};
    page.as_of = Timestamp{1'795'500'000'000'000};
    return page;
  }

  // ---- InventoryService
  Result<std::vector<StockLevel>> get_stock(const StockQuery& query, const CallContext&) override {
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
  // In pages of `limit`; the cursor counts the levels before it.
  Result<Page<StockLevel>> list_stock(const Cursor& cursor, int limit,
                                      const CallContext& context) override {
    const auto all = get_stock({}, context);
    if (!all) return all.error();
    const auto from = cursor.empty() ? 0 : std::stol(cursor.text());
    const auto end = std::min(std::ssize(*all), from + limit);
    Page<StockLevel> page{{all->begin() + from, all->begin() + end}, {}};
    if (end < std::ssize(*all)) page.next = Cursor{std::to_string(end)};
    return page;
  }
  Result<AdjustmentReceipt> adjust_stock(const StockAdjustment& adjustment,
                                         const WriteContext&) override {
    return trapped<AdjustmentReceipt>("adjust_stock", [=, this]() -> Result<AdjustmentReceipt> {
      for (const StockMovement& known : movements_)
        if (known.movement == adjustment.movement) return posted(known);
      stock_[adjustment.key] += adjustment.quantity;
      movements_.push_back({adjustment.key, adjustment.movement, next_document(),
                            adjustment.quantity, Timestamp{1}});
      return posted(movements_.back());
    });
  }
  Result<AdjustmentReceipt> find_adjustment(const MovementId& movement,
                                            const CallContext&) override {
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
  Result<ChangePage<StockMovement>> stock_movements(const Cursor& cursor,
                                                    const CallContext&) override {
    const std::lock_guard lock(mutex_);
    ChangePage<StockMovement> page;
    const std::size_t from = cursor.empty() ? 0 : std::stoul(cursor.text());
    for (std::size_t i = from; i < movements_.size(); ++i) page.items.push_back(movements_[i]);
    page.next = Cursor{std::to_string(movements_.size())};
    return page;
  }

  bool names_stock_writers() const override { return tells_users; }
  Result<std::vector<StockMovement>> movements_of(const StockKey& key, Timestamp since,
                                                  const CallContext&) override {
    return trapped<std::vector<StockMovement>>("movements_of", [&] {
      std::vector<StockMovement> found;
      for (const StockMovement& one : movements_)
        if (one.key == key && since <= one.changed_at) found.push_back(one);
      return Result<std::vector<StockMovement>>(found);
    });
  }

  // ---- PricingService
  Result<Quote> quote(const QuoteRequest& request, const CallContext&) override {
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
  Result<Page<PriceEntry>> list_prices(const PriceQuery& query, const CallContext&) override {
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
  bool dates_prices() const override { return static_cast<bool>(price_clock); }
  Result<std::vector<PriceEntry>> prices_changed(const Sku& sku, Timestamp since,
                                                 const CallContext&) override {
    return trapped<std::vector<PriceEntry>>("prices_changed", [&] {
      std::vector<PriceEntry> changed;
      const auto known = prices_.find(sku);
      if (known != prices_.end() && since < price_changed_[sku]) changed.push_back(known->second);
      return Result<std::vector<PriceEntry>>(changed);
    });
  }
  Result<PriceListReceipt> publish_prices(const PriceList& list, const WriteContext&) override {
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
  Result<std::optional<PriceList>> prices_after(const std::string& batch,
                                                const CallContext&) override {
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
  Result<std::optional<Head>> list_in_force(const CallContext&) override {
    const std::lock_guard lock(mutex_);
    return std::optional<Head>{Head{list_batch_, list_created_}};
  }
  std::atomic<int> whole_lists{0};  // That were handed out.

  // ---- CustomerService
  Result<CustomerReceipt> create_customer(const Customer& customer, const WriteContext&) override {
    return trapped<CustomerReceipt>("create_customer", [=, this]() -> Result<CustomerReceipt> {
      const auto known = customers_.find(customer.number);
      if (known != customers_.end() && known->second.name != customer.name)
        return Error{ErrorCode::conflict, "the number is taken"};
      customers_[customer.number] = customer;
      customer_changes_.push_back(customer.number);
      return CustomerReceipt{customer.number, {}, Revision{"1"}};
    });
  }
  Result<Customer> get_customer(const CustomerNumber& number, const CallContext&) override {
    return trapped<Customer>("get_customer", [&]() -> Result<Customer> {
      if (unreadable.count(number.text()) != 0) return a_page();
      const auto known = customers_.find(number);
      if (known == customers_.end()) return Error{ErrorCode::not_found, "no such customer"};
      return known->second;
    });
  }
  Result<CustomerReceipt> amend_customer(const CustomerNumber& number,
                                         const CustomerAmendment& amendment, const Revision&,
                                         const WriteContext&) override {
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
  Result<CustomerReceipt> put_customer(const Customer& customer, const WriteContext&) override {
    return trapped<CustomerReceipt>("put_customer", [=, this]() -> Result<CustomerReceipt> {
      // As adapters do: what it holds already is not written again.
      const auto held = customers_.find(customer.number);
      if (held == customers_.end() || held->second != customer)
        customer_changes_.push_back(customer.number);
      customers_[customer.number] = customer;
      return CustomerReceipt{customer.number, {}, Revision{"3"}};
    });
  }
  // Of a search at most so many at once; 0: all of them.
  void set_customers_page(std::size_t customers) { customers_page_ = customers; }
  Result<Page<Customer>> search_customers(const CustomerQuery& query, const CallContext&) override {
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
  Result<ChangePage<CustomerChange>> customer_changes(const Cursor& cursor,
                                                      const CallContext&) override {
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

 private:
  Result<OrderReceipt> apply_place(Order order, Role) {
    for (Held& held : held_)
      if (held.order.id == order.id) return receipt(held);
    if (customers_.find(order.customer) == customers_.end())
      return Error{ErrorCode::rejected, "unknown customer"};
    held_.push_back({order, next_document(), false, false, 1});
    order_changes_.push_back(held_.back().document);
    return receipt(held_.back());
  }

  OrderReceipt receipt(const Held& held) const {
    OrderReceipt receipt;
    receipt.id = held.order.id;
    receipt.document = held.document;
    receipt.released = held.released;
    receipt.status =
        held.gone ? OrderStatus::cancelled : status_of(held.order, held.released, false);
    receipt.erp_totals = held.order.totals;
    receipt.erp_totals->grand_total += tax_off_by_;
    return receipt;
  }
  AdjustmentReceipt posted(const StockMovement& movement) const {
    return {movement.movement, movement.entry, movement.key, movement.quantity};
  }
  Held* find(const OrderRef& ref) {
    for (Held& held : held_)
      if (!ref.document.empty() && held.document == ref.document) return &held;
    for (Held& held : held_)
      if (!ref.id.empty() && held.order.id == ref.id) return &held;
    return nullptr;
  }
  DocumentNumber next_document() { return DocumentNumber{series_ + std::to_string(++minted_)}; }

  const std::string series_;
  CapabilityDescriptor descriptor_;
  int minted_ = 1000;
  Decimal tax_off_by_;
  Timestamp list_created_;
  std::string list_batch_ = "B1";
  std::deque<Held> held_;
  std::vector<DocumentNumber> order_changes_;
  std::map<CustomerNumber, Customer> customers_;
  std::size_t customers_page_ = 0;
  std::vector<CustomerNumber> customer_changes_;
  std::map<StockKey, Decimal> stock_;
  std::vector<StockMovement> movements_;
  std::map<Sku, PriceEntry> prices_;
  std::map<Sku, Timestamp> price_changed_;
};

}  // namespace underpin::facade::test
