// The adapter of a simulated ERP: conversations as adapters have them (look up, create, add lines;
// read, then change with the revision that was read). Returns: erp_returns.cpp.
#include "contracts/order_status.h"
#include "tests/simulation/erp_line.h"

#include <algorithm>
#include <stdexcept>

namespace underpin::simulation {
namespace {

class ErpPort final : public ErpLine,
                      public ErpAdapter,
                      public OrderService,
                      public InventoryService,
                      public PricingService,
                      public CustomerService {
 public:
  explicit ErpPort(Erp& erp) : ErpLine(erp), returns_(make_returns_port(erp)) {
    descriptor_.idempotency = erp.settings.mode;
    descriptor_.optimistic_locking = true;
    descriptor_.stock_by_location = true;
    descriptor_.inert_by = "unreleased";
    descriptor_.returns = ReturnsMode::return_order;
    descriptor_.settle_ms = erp.settings.rules.settle_is_true ? erp.settings.settle_ms : 0;
  }

  const CapabilityDescriptor& descriptor() const override { return descriptor_; }
  Status ping(const CallContext& context) override {
    return exchange<Done>(context, false, [] { return Status{Done{}}; });
  }
  std::vector<Finding> examine(const CallContext&) override { return {}; }
  OrderService* orders() override { return this; }
  InventoryService* inventory() override { return this; }
  PricingService* pricing() override { return this; }
  CustomerService* customers() override { return this; }
  ReturnService* returns() override { return returns_.get(); }

  // ---- OrderService
  Result<OrderReceipt> place_order(const Order& order, const WriteContext& context) override {
    if (erp_.settings.rules.looks_up) {
      const auto known = look_up(order.id, context);
      if (known && known->erp_totals) return known;
      if (!known && known.error().code != ErrorCode::not_found) return known;
      if (known) return add_lines(known->document, order, context);
    }
    const bool vendor_recognises = erp_.settings.mode != IdempotencyMode::lookup;
    const auto created = exchange<OrderReceipt>(
        context, true,
        [&erp = erp_, order, key = context.idempotency_key.text(), role = context.role,
         vendor_recognises]() -> Result<OrderReceipt> {
          if (erp.settings.mode == IdempotencyMode::key_header && erp.keys.count(key) != 0)
            return erp.receipt(*erp.find(OrderRef{{}, erp.keys[key]}));
          if (erp.settings.mode == IdempotencyMode::natural_key) {
            const auto known = erp.with_reference(order.id);
            if (!known.empty()) return erp.receipt(erp.documents[known.front()]);
          }
          if (erp.customers.count(order.customer) == 0)
            return Error{ErrorCode::rejected, "unknown customer " + order.customer.text()};
          Erp::Document document;
          document.number = erp.mint();
          document.order = order;
          document.key = key;
          document.inert = role == Role::mirror;
          document.released = document.inert && !erp.settings.rules.mirrors_inert;
          document.complete = vendor_recognises;
          document.tax_off = !document.inert && erp.world.dice().chance(15);
          if (!document.complete) document.order.lines.clear();
          erp.documents.push_back(std::move(document));
          erp.world.applied(erp.settings.side,
                            "header " + erp.documents.back().number.text() + " " + key);
          if (!vendor_recognises) erp.changed(erp.documents.size() - 1);
          if (vendor_recognises) {
            erp.keys[key] = erp.documents.back().number;
            erp.changed(erp.documents.size() - 1);
            erp.note(subject_of(order.id), key, "place_order", role);
          }
          return erp.receipt(erp.documents.back());
        });
    if (!created || vendor_recognises) return created;
    return add_lines(created->document, order, context);
  }

  Result<Order> get_order(const OrderRef& ref, const CallContext& context) override {
    return exchange<Order>(context, false, [&erp = erp_, ref]() -> Result<Order> {
      if (ref.document.empty() && erp.with_reference(ref.id).size() > 1 &&
          erp.settings.rules.says_duplicates)
        return Error{ErrorCode::conflict, "two documents for " + subject_of(ref.id)};
      const Erp::Document* document = erp.find(ref);
      if (document == nullptr) return Error{ErrorCode::not_found, "no such order"};
      Order order = document->order;
      order.status = document->status();
      order.updated_at = erp.world.wall();
      return order;
    });
  }

  Result<OrderReceipt> amend_order(const OrderRef& ref, const OrderAmendment& amendment,
                                   const WriteContext& context) override {
    const auto read = revision_of(ref, context);
    if (!read) return read.error();
    return exchange<OrderReceipt>(
        context, true,
        [&erp = erp_, number = read->document, revision = read->revision, amendment,
         key = context.idempotency_key.text(), role = context.role]() -> Result<OrderReceipt> {
          Erp::Document& document = *erp.find(OrderRef{{}, number});
          if (std::to_string(document.revision) != revision.text())
            return Error{ErrorCode::conflict, "changed by another user"};
          if (!document.open()) return Error{ErrorCode::rejected, "the document is closed"};
          for (const LineAmendment& change : amendment.lines) {
            const OrderLine* line = line_of(document.order, change.number);
            if (line == nullptr && !change.added &&
                !(change.quantity && change.quantity->is_zero()))
              return Error{ErrorCode::rejected, "no such line"};
            if (line != nullptr && change.quantity && *change.quantity < line->shipped_quantity)
              return Error{ErrorCode::rejected, "less than has shipped"};
          }
          const bool all_gone = document.status() == OrderStatus::shipped;
          bool other = false;
          for (const LineAmendment& change : amendment.lines) {
            OrderLine* line = line_of(document.order, change.number);
            if (line == nullptr && change.added) {
              OrderLine added = *change.added;
              added.number = change.number;
              if (change.quantity) added.quantity = *change.quantity;
              document.order.lines.push_back(added);
              other = true;
            } else if (line != nullptr && change.quantity && line->quantity != *change.quantity) {
              line->quantity = *change.quantity;
              other = true;
              if (line->quantity.is_zero())
                std::erase_if(document.order.lines,
                              [&](const OrderLine& l) { return l.number == change.number; });
            }
          }
          if (other) {
            if (all_gone && document.status() != OrderStatus::shipped)
              erp.world.grew_again(document.order.id);
            document.released = false;
            erp.changed(index_of(erp, document));
          }
          erp.note(subject_of(document.order.id), key, "amend_order", role);
          return erp.receipt(document);
        });
  }

  Result<OrderReceipt> cancel_order(const OrderRef& ref, const OrderCancellation&,
                                    const WriteContext& context) override {
    const auto read = revision_of(ref, context);
    if (!read) return read.error();
    return exchange<OrderReceipt>(
        context, true,
        [&erp = erp_, number = read->document, key = context.idempotency_key.text(),
         role = context.role]() -> Result<OrderReceipt> {
          Erp::Document& document = *erp.find(OrderRef{{}, number});
          if (document.cancelled) return erp.receipt(document);
          if (erp.settings.rules.refuses_shipped) {
            if (document.posted) return Error{ErrorCode::rejected, "the document is posted"};
            for (const OrderLine& line : document.order.lines)
              if (!line.shipped_quantity.is_zero())
                return Error{ErrorCode::rejected, "a part has shipped"};
          }
          document.cancelled = true;
          document.released = false;
          erp.changed(index_of(erp, document));
          erp.note(subject_of(document.order.id), key, "cancel_order", role);
          return erp.receipt(document);
        });
  }

  Result<OrderReceipt> release_order(const OrderRef& ref, const WriteContext& context) override {
    return exchange<OrderReceipt>(context, true, [&erp = erp_, ref]() -> Result<OrderReceipt> {
      Erp::Document* document = erp.find(ref);
      if (document == nullptr) return Error{ErrorCode::not_found, "no such order"};
      if (document->open() && !document->released) {
        document->released = true;
        document->inert = document->says_open = false;
        erp.changed(index_of(erp, *document));
        erp.world.applied(erp.settings.side, "release " + document->number.text());
      }
      return erp.receipt(*document);
    });
  }

  Result<OrderReceipt> block_order(const OrderRef& ref, const WriteContext& context) override {
    return exchange<OrderReceipt>(context, true, [&erp = erp_, ref]() -> Result<OrderReceipt> {
      Erp::Document* document = erp.find(ref);
      if (document == nullptr) return Error{ErrorCode::not_found, "no such order"};
      if (!document->open()) return Error{ErrorCode::rejected, "the document is closed"};
      document->inert = true;
      document->says_open = !erp.settings.rules.blocks;
      if (document->released && erp.settings.rules.blocks) {
        document->released = false;
        erp.changed(index_of(erp, *document));
      }
      erp.world.applied(erp.settings.side, "block " + document->number.text());
      return erp.receipt(*document);
    });
  }

  Result<OrderReceipt> follow_order(const Order& order, const WriteContext& context) override {
    // Reads the copy and writes with what it has read, as both vendors' adapters do: a write that
    // arrives when the copy has followed further is refused.
    const auto read = exchange<Read>(context, false, [&erp = erp_, order]() -> Result<Read> {
      const auto known = erp.with_reference(order.id);
      if (known.size() > 1 && erp.settings.rules.says_duplicates)
        return Error{ErrorCode::conflict, "two documents for " + subject_of(order.id)};
      const Erp::Document* document = erp.find(OrderRef{order.id, {}});
      if (document == nullptr) return Error{ErrorCode::not_found, "no such order"};
      return Read{document->number, Revision{std::to_string(document->revision)}};
    });
    if (!read) return read.error();
    return exchange<OrderReceipt>(
        context, true,
        [&erp = erp_, order, number = read->document,
         revision = read->revision]() -> Result<OrderReceipt> {
          Erp::Document* document = erp.find(OrderRef{{}, number});
          if (document == nullptr) return Error{ErrorCode::not_found, "no such order"};
          if (!document->open()) return erp.receipt(*document);
          if (std::to_string(document->revision) != revision.text())
            return Error{ErrorCode::conflict, "changed by another user"};
          std::vector<OrderLine> lines;
          for (const OrderLine& at_home : order.lines) {
            const Decimal outstanding = at_home.outstanding();
            if (outstanding.is_zero() || outstanding.is_negative()) continue;
            OrderLine line = at_home;
            line.quantity = outstanding;
            line.cancelled_quantity = line.shipped_quantity = line.invoiced_quantity = Decimal{};
            const OrderLine* mine = line_of(document->order, line.number);
            if (mine != nullptr) line.shipped_quantity = mine->shipped_quantity;
            lines.push_back(std::move(line));
          }
          if (is_closed(order.status)) {
            document->cancelled = true;
          } else {
            document->order.lines = std::move(lines);
          }
          erp.changed(index_of(erp, *document));
          erp.world.applied(erp.settings.side, "follow " + document->number.text());
          return erp.receipt(*document);
        });
  }

  // A header without lines is no order to anybody, as with the vendors whose orders are made so.
  Result<OrderReceipt> find_receipt(const OrderId& id, const CallContext& context) override {
    return exchange<OrderReceipt>(context, false, [&erp = erp_, id]() -> Result<OrderReceipt> {
      auto known = erp.with_reference(id);
      std::erase_if(known, [&](std::size_t one) { return !erp.documents[one].complete; });
      if (known.empty()) return Error{ErrorCode::not_found, "no such order"};
      if (known.size() > 1 && erp.settings.rules.says_duplicates)
        return Error{ErrorCode::conflict, "two documents for " + subject_of(id)};
      return erp.receipt(erp.documents[known.front()]);
    });
  }

  Result<Page<Order>> list_open_orders(const OrderQuery&, const CallContext& context) override {
    return exchange<Page<Order>>(context, false, [&erp = erp_] {
      Page<Order> page;
      for (const Erp::Document& document : erp.documents)
        if (document.open()) page.items.push_back(document.order);
      return Result<Page<Order>>(page);
    });
  }

  Result<ChangePage<OrderChange>> order_changes(const Cursor& cursor,
                                                const CallContext& context) override {
    return exchange<ChangePage<OrderChange>>(context, false, [&erp = erp_, cursor] {
      constexpr std::size_t page_max = 8;
      ChangePage<OrderChange> page;
      std::size_t at = cursor.empty() ? 0 : std::stoul(cursor.text());
      for (; at < erp.order_log.size() && page.items.size() < page_max; ++at) {
        const Erp::Document& document = erp.documents[erp.order_log[at]];
        if (!erp.settings.rules.says_duplicates && !document.order.id.empty() &&
            erp.with_reference(document.order.id).front() != erp.order_log[at])
          continue;
        OrderChange change;
        change.ref = {document.order.id, document.number};
        change.customer = document.order.customer;
        change.status = document.status();
        change.closed = !document.open();
        change.changed_at = erp.world.wall();
        page.items.push_back(change);
      }
      page.next = Cursor{std::to_string(at)};
      page.more = at < erp.order_log.size();
      page.as_of = erp.world.wall();
      return Result<ChangePage<OrderChange>>(page);
    });
  }

  // ---- InventoryService
  Result<std::vector<StockLevel>> get_stock(const StockQuery& query,
                                            const CallContext& context) override {
    return exchange<std::vector<StockLevel>>(context, false, [&erp = erp_, query] {
      std::vector<StockLevel> levels;
      for (const auto& [key, quantity] : erp.stock) {
        if (query.location && key.location != *query.location) continue;
        if (!query.skus.empty() &&
            std::find(query.skus.begin(), query.skus.end(), key.sku) == query.skus.end())
          continue;
        StockLevel level;
        level.key = key;
        level.uom = "PCS";
        level.on_hand = quantity;
        level.reserved = erp.reserved(key);
        level.available = level.on_hand - level.reserved;
        level.as_of = erp.world.wall();
        levels.push_back(level);
      }
      return Result<std::vector<StockLevel>>(levels);
    });
  }

  Result<Page<StockLevel>> list_stock(const Cursor&, int, const CallContext& context) override {
    auto all = get_stock({}, context);
    if (!all) return all.error();
    return Page<StockLevel>{std::move(all).value(), {}};
  }

  Result<AdjustmentReceipt> adjust_stock(const StockAdjustment& adjustment,
                                         const WriteContext& context) override {
    if (erp_.settings.rules.looks_up) {
      const auto known = find_adjustment(adjustment.movement, context);
      if (known || known.error().code != ErrorCode::not_found) return known;
    }
    const bool vendor_recognises = erp_.settings.mode != IdempotencyMode::lookup;
    return exchange<AdjustmentReceipt>(
        context, true,
        [&erp = erp_, adjustment, vendor_recognises, key = context.idempotency_key.text(),
         role = context.role]() -> Result<AdjustmentReceipt> {
          if (vendor_recognises)
            for (const StockMovement& known : erp.movements)
              if (known.movement == adjustment.movement) return posted(known);
          erp.stock[adjustment.key] += adjustment.quantity;
          erp.movements.push_back({adjustment.key, adjustment.movement, erp.mint(),
                                   adjustment.quantity, erp.world.wall()});
          erp.note(adjustment.key.sku.text() + "@" + adjustment.key.location.text(), key,
                   "adjust_stock", role);
          return posted(erp.movements.back());
        });
  }

  Result<AdjustmentReceipt> find_adjustment(const MovementId& movement,
                                            const CallContext& context) override {
    return exchange<AdjustmentReceipt>(
        context, false, [&erp = erp_, movement]() -> Result<AdjustmentReceipt> {
          std::vector<StockMovement> found;
          for (const StockMovement& known : erp.movements)
            if (known.movement == movement) found.push_back(known);
          if (found.empty()) return Error{ErrorCode::not_found, "no such movement"};
          if (found.size() > 1 && erp.settings.rules.says_duplicates)
            return Error{ErrorCode::conflict, "two postings under " + movement.text()};
          return posted(found.front());
        });
  }

  Result<ChangePage<StockMovement>> stock_movements(const Cursor& cursor,
                                                    const CallContext& context) override {
    return exchange<ChangePage<StockMovement>>(context, false, [&erp = erp_, cursor] {
      ChangePage<StockMovement> page;
      for (std::size_t i = cursor.empty() ? 0 : std::stoul(cursor.text()); i < erp.movements.size();
           ++i)
        page.items.push_back(erp.movements[i]);
      page.next = Cursor{std::to_string(erp.movements.size())};
      page.as_of = erp.world.wall();
      return Result<ChangePage<StockMovement>>(page);
    });
  }

  // ---- PricingService
  Result<Quote> quote(const QuoteRequest& request, const CallContext& context) override {
    return exchange<Quote>(context, false, [&erp = erp_, request]() -> Result<Quote> {
      Quote quote;
      quote.customer = request.customer;
      quote.currency = request.currency;
      quote.at = request.at.value_or(erp.world.wall());
      for (const QuoteLine& line : request.lines) {
        const auto price = erp.prices.find(line.sku);
        if (price == erp.prices.end()) return Error{ErrorCode::rejected, "no price"};
        QuotedLine quoted;
        quoted.number = line.number;
        quoted.sku = line.sku;
        quoted.quantity = line.quantity;
        quoted.uom = "PCS";
        quoted.list_price = quoted.unit_price = price->second;
        quoted.net_amount = (line.quantity * price->second).rounded(2, Rounding::half_up);
        quote.total_net += quoted.net_amount;
        quote.lines.push_back(std::move(quoted));
      }
      return quote;
    });
  }
  Result<Page<PriceEntry>> list_prices(const PriceQuery&, const CallContext& context) override {
    return exchange<Page<PriceEntry>>(context, false,
                                      [] { return Result<Page<PriceEntry>>(Page<PriceEntry>{}); });
  }
  Result<PriceListReceipt> publish_prices(const PriceList& list,
                                          const WriteContext& context) override {
    return exchange<PriceListReceipt>(
        context, true, [&erp = erp_, list]() -> Result<PriceListReceipt> {
          const bool known =
              std::any_of(erp.price_lists.begin(), erp.price_lists.end(),
                          [&](const PriceList& one) { return one.batch == list.batch; });
          if (!known) {
            if (list.full) erp.prices.clear();
            erp.accept_prices(list);
            erp.world.applied(erp.settings.side, "prices " + list.batch);
          }
          return PriceListReceipt{list.batch, static_cast<std::int64_t>(list.entries.size()),
                                  list.hash_total()};
        });
  }
  Result<std::optional<PriceList>> prices_after(const std::string& batch,
                                                const CallContext& context) override {
    return exchange<std::optional<PriceList>>(
        context, false, [&erp = erp_, batch]() -> Result<std::optional<PriceList>> {
          if (batch.empty()) {
            if (erp.price_lists.empty()) return std::optional<PriceList>{};
            PriceList list = erp.price_lists.back();
            list.full = true;
            list.entries.clear();
            for (const auto& [sku, price] : erp.prices) {
              PriceEntry entry;
              entry.sku = sku;
              entry.from = Date{2026, 1, 1};
              entry.zone = "Europe/Berlin";
              entry.uom = "PCS";
              entry.currency = "EUR";
              entry.unit_price = price;
              list.entries.push_back(entry);
            }
            return std::optional<PriceList>{list};
          }
          for (std::size_t i = 0; i + 1 < erp.price_lists.size(); ++i)
            if (erp.price_lists[i].batch == batch)
              return std::optional<PriceList>{erp.price_lists[i + 1]};
          return std::optional<PriceList>{};
        });
  }

  // ---- CustomerService
  Result<CustomerReceipt> create_customer(const Customer& customer,
                                          const WriteContext& context) override {
    return exchange<CustomerReceipt>(
        context, true,
        [&erp = erp_, customer, key = context.idempotency_key.text(),
         role = context.role]() -> Result<CustomerReceipt> {
          const auto known = erp.customers.find(customer.number);
          if (known != erp.customers.end()) {
            if (known->second.name != customer.name || known->second.email != customer.email)
              return Error{ErrorCode::conflict, "the number is taken"};
            return CustomerReceipt{customer.number, {}, Revision{"1"}};
          }
          erp.customers[customer.number] = customer;
          erp.customer_log.push_back(customer.number);
          erp.note(customer.number.text(), key, "create_customer", role);
          return CustomerReceipt{customer.number, {}, Revision{"1"}};
        });
  }
  Result<Customer> get_customer(const CustomerNumber& number, const CallContext& context) override {
    return exchange<Customer>(context, false, [&erp = erp_, number]() -> Result<Customer> {
      const auto known = erp.customers.find(number);
      if (known == erp.customers.end()) return Error{ErrorCode::not_found, "no such customer"};
      return known->second;
    });
  }
  Result<CustomerReceipt> amend_customer(const CustomerNumber& number,
                                         const CustomerAmendment& amendment, const Revision&,
                                         const WriteContext& context) override {
    return exchange<CustomerReceipt>(
        context, true,
        [&erp = erp_, number, amendment, key = context.idempotency_key.text(),
         role = context.role]() -> Result<CustomerReceipt> {
          const auto known = erp.customers.find(number);
          if (known == erp.customers.end()) return Error{ErrorCode::not_found, "no such customer"};
          if (amendment.name) known->second.name = *amendment.name;
          if (amendment.email) known->second.email = *amendment.email;
          if (amendment.phone) known->second.phone = *amendment.phone;
          known->second.updated_at = erp.world.wall();
          erp.customer_log.push_back(number);
          erp.note(number.text(), key, "amend_customer", role);
          return CustomerReceipt{number, {}, Revision{"2"}};
        });
  }
  Result<CustomerReceipt> put_customer(const Customer& customer,
                                       const WriteContext& context) override {
    return exchange<CustomerReceipt>(
        context, true, [&erp = erp_, customer]() -> Result<CustomerReceipt> {
          erp.customers[customer.number] = customer;
          erp.customer_log.push_back(customer.number);
          erp.world.applied(erp.settings.side, "put " + customer.number.text());
          return CustomerReceipt{customer.number, {}, Revision{"3"}};
        });
  }
  Result<Page<Customer>> search_customers(const CustomerQuery& query,
                                          const CallContext& context) override {
    return exchange<Page<Customer>>(context, false, [&erp = erp_, query] {
      constexpr std::size_t page_max = 3;
      Page<Customer> page;
      for (const auto& [number, customer] : erp.customers) {
        if (!query.cursor.empty() && number.text() <= query.cursor.text()) continue;
        if (page.items.size() == page_max) {
          page.next = Cursor{page.items.back().number.text()};
          break;
        }
        page.items.push_back(customer);
      }
      return Result<Page<Customer>>(page);
    });
  }
  Result<ChangePage<CustomerChange>> customer_changes(const Cursor& cursor,
                                                      const CallContext& context) override {
    return exchange<ChangePage<CustomerChange>>(context, false, [&erp = erp_, cursor] {
      ChangePage<CustomerChange> page;
      for (std::size_t i = cursor.empty() ? 0 : std::stoul(cursor.text());
           i < erp.customer_log.size(); ++i)
        page.items.push_back({erp.customer_log[i], false, erp.world.wall()});
      page.next = Cursor{std::to_string(erp.customer_log.size())};
      page.as_of = erp.world.wall();
      return Result<ChangePage<CustomerChange>>(page);
    });
  }

 private:
  struct Read {
    DocumentNumber document;
    Revision revision;
  };

  static std::size_t index_of(const Erp& erp, const Erp::Document& document) {
    for (std::size_t i = 0; i < erp.documents.size(); ++i)
      if (&erp.documents[i] == &document) return i;
    throw std::logic_error("no document of this ERP");
  }
  static OrderLine* line_of(Order& order, int number) {
    for (OrderLine& line : order.lines)
      if (line.number == number) return &line;
    return nullptr;
  }
  static AdjustmentReceipt posted(const StockMovement& movement) {
    return {movement.movement, movement.entry, movement.key, movement.quantity};
  }

  Result<OrderReceipt> look_up(const OrderId& id, const CallContext& context) {
    return exchange<OrderReceipt>(context, false, [&erp = erp_, id]() -> Result<OrderReceipt> {
      const auto known = erp.with_reference(id);
      if (known.empty()) return Error{ErrorCode::not_found, "no such order"};
      if (known.size() > 1 && erp.settings.rules.says_duplicates)
        return Error{ErrorCode::conflict, "two documents for " + subject_of(id)};
      return erp.receipt(erp.documents[known.front()]);
    });
  }

  // The second half of a create, for a vendor whose documents are made line by line. A repeat
  // changes nothing.
  Result<OrderReceipt> add_lines(const DocumentNumber& number, const Order& order,
                                 const WriteContext& context) {
    auto added =
        exchange<OrderReceipt>(context, true,
                               [&erp = erp_, number, order, key = context.idempotency_key.text(),
                                role = context.role]() -> Result<OrderReceipt> {
                                 Erp::Document& document = *erp.find(OrderRef{{}, number});
                                 if (!document.complete) {
                                   document.order.lines = order.lines;
                                   document.complete = true;
                                   erp.changed(index_of(erp, document));
                                   erp.note(subject_of(order.id), key, "place_order", role);
                                 }
                                 return erp.receipt(document);
                               });
    // The header is there: whatever went wrong now, a part of the write has been applied.
    if (!added) return Error{ErrorCode::outcome_unknown, "lines: " + added.error().message};
    return added;
  }

  Result<Read> revision_of(const OrderRef& ref, const CallContext& context) {
    return exchange<Read>(context, false, [&erp = erp_, ref]() -> Result<Read> {
      if (ref.document.empty() && erp.with_reference(ref.id).size() > 1 &&
          erp.settings.rules.says_duplicates)
        return Error{ErrorCode::conflict, "two documents for " + subject_of(ref.id)};
      const Erp::Document* document = erp.find(ref);
      if (document == nullptr || !document->complete)
        return Error{ErrorCode::not_found, "no such order"};
      return Read{document->number, Revision{std::to_string(document->revision)}};
    });
  }

  CapabilityDescriptor descriptor_;
  const std::unique_ptr<ReturnService> returns_;
};

}  // namespace

std::unique_ptr<ErpAdapter> make_port(Erp& erp) { return std::make_unique<ErpPort>(erp); }

}  // namespace underpin::simulation
