#pragma once

#include "contracts/ports/dated_prices.h"
#include "contracts/ports/erp_adapter.h"
#include "contracts/ports/put_aside.h"
#include "tests/unit/facade/trap.h"

#include <atomic>
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
  explicit SmallErp(std::string series);

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
  PostingService* postings() override;
  ReturnService* return_desk = nullptr;  // Nothing: it offers no returns.
  ReturnService* returns() override;
  std::set<std::string> unreadable;  // By number: of these it tells nothing. Set between calls.
  std::map<std::string, PutAside> aside;  // What it could not take in. Set between calls.
  CapabilityDescriptor& tune();

  // ---- looking inside, past the ports
  std::vector<Held> orders_with(const OrderId& id) const;
  std::size_t order_count() const;
  std::map<CustomerNumber, Customer> customers_now() const;
  std::map<StockKey, Decimal> stock_now() const;
  int postings_of(const MovementId& movement) const;
  // A request that commits once more, late.
  void post_again(const MovementId& movement);
  void add_customer(const Customer& customer);
  void delete_customer(const CustomerNumber& number);
  void set_stock(const StockKey& key, Decimal quantity);
  // A movement of its own people's.
  void move_stock(const StockKey& key, Decimal quantity, const std::string& user);
  bool tells_users = false;  // Who moved stock.
  void set_price(const PriceEntry& entry);
  void remove_price(const Sku& sku);
  void list_made_at(Timestamp at, const std::string& batch = "B1");
  std::function<Timestamp()> price_clock;  // Nothing: it does not say when a price was changed.
  void tax_off_by(Decimal amount);
  // The ERP's own users.
  void ship(const OrderId& id);
  void change(const OrderId& id, const std::function<void(Held&)>& how);
  void post(const OrderId& id);
  void edit(const OrderId& id, Decimal quantity);
  void touch(const DocumentNumber& document);
  // A second document under one reference: a request that was repeated on its way.
  DocumentNumber second_document(const OrderId& id);
  void end_document(const DocumentNumber& document);
  void delete_by_hand(const OrderId& id);
  void ship_part(const OrderId& id, int number, Decimal quantity);
  void invoice_part(const OrderId& id, const std::string& document);
  void release_by_hand(const OrderId& id);
  void total_becomes(const OrderId& id, Decimal total);
  Held document(const DocumentNumber& number) const;
  DocumentNumber own_order(Order order, bool released);

  const CapabilityDescriptor& descriptor() const override;
  Status ping(const CallContext&) override;
  std::vector<Finding> examine(const CallContext&) override;
  OrderService* orders() override;
  InventoryService* inventory() override;
  PricingService* pricing() override;
  CustomerService* customers() override;
  RehearsalService* rehearsals() override;

  // ---- RehearsalService: its form is the document's own; at grade 2 it judges as a write would.
  // Its description says that a description has at most 20 characters.
  Result<Rehearsed> place_order(const Order& order, RehearsalGrade grade,
                                const CallContext&) override;
  Result<Rehearsed> create_customer(const Customer& customer, RehearsalGrade,
                                    const CallContext&) override;
  Result<Rehearsed> adjust_stock(const StockAdjustment& adjustment, RehearsalGrade,
                                 const CallContext&) override;

  // ---- OrderService
  Result<OrderReceipt> place_order(const Order& order, const WriteContext& context) override;
  Result<Order> get_order(const OrderRef& ref, const CallContext&) override;
  Result<OrderReceipt> amend_order(const OrderRef& ref, const OrderAmendment& amendment,
                                   const WriteContext&) override;
  Result<OrderReceipt> cancel_order(const OrderRef& ref, const OrderCancellation&,
                                    const WriteContext&) override;
  Result<OrderReceipt> release_order(const OrderRef& ref, const WriteContext&) override;
  Result<OrderReceipt> block_order(const OrderRef& ref, const WriteContext&) override;
  Result<OrderReceipt> follow_order(const Order& order, const WriteContext&) override;
  Result<OrderReceipt> find_receipt(const OrderId& id, const CallContext&) override;
  Result<Page<Order>> list_open_orders(const OrderQuery&, const CallContext&) override;
  Result<ChangePage<OrderChange>> order_changes(const Cursor& cursor, const CallContext&) override;

  // ---- InventoryService
  Result<std::vector<StockLevel>> get_stock(const StockQuery& query, const CallContext&) override;
  // In pages of `limit`; the cursor counts the levels before it.
  Result<Page<StockLevel>> list_stock(const Cursor& cursor, int limit,
                                      const CallContext& context) override;
  Result<AdjustmentReceipt> adjust_stock(const StockAdjustment& adjustment,
                                         const WriteContext&) override;
  Result<AdjustmentReceipt> find_adjustment(const MovementId& movement,
                                            const CallContext&) override;
  Result<ChangePage<StockMovement>> stock_movements(const Cursor& cursor,
                                                    const CallContext&) override;

  bool names_stock_writers() const override;
  Result<std::vector<StockMovement>> movements_of(const StockKey& key, Timestamp since,
                                                  const CallContext&) override;

  // ---- PricingService
  Result<Quote> quote(const QuoteRequest& request, const CallContext&) override;
  Result<Page<PriceEntry>> list_prices(const PriceQuery& query, const CallContext&) override;
  bool dates_prices() const override;
  Result<std::vector<PriceEntry>> prices_changed(const Sku& sku, Timestamp since,
                                                 const CallContext&) override;
  Result<PriceListReceipt> publish_prices(const PriceList& list, const WriteContext&) override;
  Result<std::optional<PriceList>> prices_after(const std::string& batch,
                                                const CallContext&) override;
  Result<std::optional<Head>> list_in_force(const CallContext&) override;
  std::atomic<int> whole_lists{0};  // That were handed out.

  // ---- CustomerService
  Result<CustomerReceipt> create_customer(const Customer& customer, const WriteContext&) override;
  Result<Customer> get_customer(const CustomerNumber& number, const CallContext&) override;
  Result<CustomerReceipt> amend_customer(const CustomerNumber& number,
                                         const CustomerAmendment& amendment, const Revision&,
                                         const WriteContext&) override;
  Result<CustomerReceipt> put_customer(const Customer& customer, const WriteContext&) override;
  // Of a search at most so many at once; 0: all of them.
  void set_customers_page(std::size_t customers);
  Result<Page<Customer>> search_customers(const CustomerQuery& query, const CallContext&) override;
  Result<ChangePage<CustomerChange>> customer_changes(const Cursor& cursor,
                                                      const CallContext&) override;

 private:
  Result<OrderReceipt> apply_place(Order order, Role);

  OrderReceipt receipt(const Held& held) const;
  AdjustmentReceipt posted(const StockMovement& movement) const;
  Held* find(const OrderRef& ref);
  DocumentNumber next_document();

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
