#pragma once

#include "contracts/capability.h"
#include "contracts/ports/erp_adapter.h"
#include "contracts/ports/return_service.h"
#include "tests/simulation/scheduler.h"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace underpin::simulation {

// What may become of one call of an ERP.
enum class Fault {
  none,
  unavailable,       // Known not to have arrived.
  throttled,         // The same, with a time to wait.
  refused,           // Understood and rejected.
  stale,             // Somebody else changed the record between reading and writing.
  lost_request,      // No answer, nothing applied.
  lost_answer,       // Applied, then 504.
  late_commit,       // No answer; applied later, within settle_ms.
  very_late_commit,  // No answer; applied after settle_ms: the window that remains.
  stall,             // The sender stops between its look at the deadline and sending.
  hang,              // Applied; the answer never comes.
  throws_before,
  throws_after,
};
inline constexpr std::size_t fault_count = 13;
std::string_view name(Fault fault);

// What an ERP may do wrong that no ERP should: the rules on its side, each switched off by one
// mutant.
struct ErpRules {
  bool mirrors_inert = true;    // A document placed as a mirror stays unreleased.
  bool looks_up = true;         // The adapter looks up before it creates.
  bool settle_is_true = true;   // settle_ms is as long as the vendor needs.
  bool refuses_shipped = true;  // A cancel after the goods have left is rejected.
  bool says_duplicates = true;  // Look-ups and lists of changes show a second document.
  bool blocks = true;           // What has been blocked is not picked.
};

struct ErpSettings {
  Side side = Side::legacy;
  std::string name;    // "nav"
  std::string series;  // Of its document numbers.
  IdempotencyMode mode = IdempotencyMode::lookup;
  std::int64_t settle_ms = 1'000;
  Micros latency = 5'000;  // Of one way, at most ten times that.
  ErpRules rules;
};

// What the world does for an ERP, and hears from it.
class Surroundings {
 public:
  virtual ~Surroundings() = default;
  virtual Scheduler& scheduler() = 0;
  virtual Dice& dice() = 0;
  virtual Fault draw_fault(Side side, bool write) = 0;
  // Something became true in an ERP.
  virtual void applied(Side side, const std::string& what) = 0;
  // Goods moved in the warehouse; its own interface tells both ERPs.
  virtual void goods_moved(const StockKey& key, Decimal quantity) = 0;
  // An order of which nothing was outstanding has been raised.
  virtual void grew_again(const OrderId& id) = 0;
  virtual Timestamp wall() const = 0;
};

// An ERP in memory: it mints its own numbers, owns its stock, has users, and outlives the facade.
// Its vendor's interface is ErpPort.
class Erp {
 public:
  Erp(Surroundings& world, ErpSettings settings);

  struct Document {
    DocumentNumber number;
    Order order;            // order.id: the external reference. Quantities are what is ordered now.
    bool complete = false;  // Has its lines.
    bool inert = false;
    bool released = false;
    bool cancelled = false;
    bool posted = false;
    bool tax_off = false;  // This ERP computes another total than the channel states.
    bool executed_inert = false;
    Micros entered = -1;     // By a user of this ERP.
    bool says_open = false;  // A block that does not work: released, and said to be open.
    std::int64_t revision = 1;
    std::string key;
    OrderStatus status() const;
    bool open() const { return !cancelled && !posted; }
  };
  struct Return {
    OrderId order;
    ReturnReference made;
  };
  // One change that a caller brought about: what was applied, under which key, in which role.
  struct Application {
    Micros at = 0;
    std::string subject;
    std::string key;
    std::string operation;
    Role role = Role::primary;
  };

  // ---- inside, past the ports
  ErpSettings settings;
  std::deque<Document> documents;
  std::vector<std::size_t> order_log;  // Indexes of documents, in the order of their changes.
  std::deque<Return> returns;
  std::map<CustomerNumber, Customer> customers;
  std::vector<CustomerNumber> customer_log;
  std::map<StockKey, Decimal> stock;
  std::vector<StockMovement> movements;
  std::map<std::string, std::string> movement_keys;
  std::vector<PriceList> price_lists;  // Accepted, oldest first.
  std::map<Sku, Decimal> prices;
  std::vector<Application> log;
  std::map<std::string, DocumentNumber> keys;  // What a vendor with a key header remembers.

  std::vector<std::size_t> with_reference(const OrderId& id) const;
  Document* find(const OrderRef& ref);
  DocumentNumber mint() { return DocumentNumber{settings.series + std::to_string(++minted_)}; }
  void changed(std::size_t document);
  void note(const std::string& subject, const std::string& key, const std::string& operation,
            Role role);
  OrderReceipt receipt(const Document& document) const;
  Decimal reserved(const StockKey& key) const;

  // ---- its own users
  bool ship(std::size_t document, bool all);
  bool post(std::size_t document);
  bool cancel(std::size_t document);
  bool edit(std::size_t document, Decimal quantity);
  void change_customer(const CustomerNumber& number, const std::string& name);
  DocumentNumber own_order(const Order& order);
  void accept_prices(const PriceList& list);

  Surroundings& world;

 private:
  int minted_ = 1000;
};

// The adapter of an Erp: what the facade owns, and loses in a crash.
std::unique_ptr<ErpAdapter> make_port(Erp& erp);

}  // namespace underpin::simulation
