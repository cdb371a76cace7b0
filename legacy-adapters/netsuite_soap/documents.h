#pragma once

#include "contracts/order.h"
#include "legacy-adapters/netsuite_soap/references.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace underpin::legacy::netsuite_soap {

inline constexpr std::size_t reference_max = 45;   // Of otherRefNum.
inline constexpr const char* custom_price = "-1";  // The price level that states no price.

// Of SalesOrder.orderStatus (SalesOrderOrderStatus).
inline constexpr std::string_view pending_approval = "_pendingApproval";
inline constexpr std::string_view pending_fulfillment = "_pendingFulfillment";

// An article's line of a sales order, with the discount line that follows it.
struct DocumentLine {
  int number = 0;   // The channel's, of a custom field; 9000 + NetSuite's for lines of its users.
  std::string key;  // NetSuite's `line`.
  std::string discount_key;  // Empty: there is no discount line.
  OrderLine order;           // As the contract tells it. quantity is NetSuite's, also when closed.
  bool closed = false;
  bool again = false;        // The number is an open line's above it: an update that came twice, or
                             // a line that somebody copied.
  bool held = false;         // commitInventory is _doNotCommit: nothing is picked for it.
  Decimal discount;          // Signed, as NetSuite has it; of all discount lines below it.
  Decimal other_discounts;   // Of those above the last, which discount_key names.
  Decimal waiting() const {  // What NetSuite will still ship.
    return closed ? Decimal{} : order.quantity - order.shipped_quantity;
  }
};

struct DocumentCharge {
  std::string key;
  Charge charge;
};

// A sales order as it was read. NetSuite keeps every one, whatever became of it.
struct Document {
  std::string internal_id;
  std::string number;  // tranId.
  std::string reference;
  OrderId id;  // Empty: none of ours.
  std::string status;
  std::vector<DocumentLine> lines;
  std::vector<DocumentCharge> charges;
  Node record;

  bool closed() const;    // _closed, _cancelled, _fullyBilled.
  bool approved() const;  // The warehouse may pick it, unless its lines are held.
  bool released() const;
  bool any_shipped() const;
  bool any_invoiced() const;
  OrderStatus order_status() const;
  // By the channel's number; an open line rather than one that is closed.
  const DocumentLine* line(int wanted) const;
};

// Finding and reading orders. Everything throws Failure.
class Documents {
 public:
  Documents(Suite& suite, References& references) : suite_(suite), references_(references) {}

  std::optional<Document> find(const OrderRef& ref, const CallContext& context);
  std::optional<Document> by_id(const OrderId& id, const CallContext& context);
  std::optional<Document> by_key(const std::string& internal_id, const CallContext& context);
  // not_found when there is none.
  Document required(const OrderRef& ref, const CallContext& context);

  Document read(const Node& record) const;
  // Shipments and invoices are read as well.
  Order order_of(const Document& document, const CallContext& context);
  // Without them: for lists.
  Order order_without_postings(const Document& document, const CallContext& context);
  OrderReceipt receipt_of(const Document& document, const OrderId& asked) const;

 private:
  void read_line(Document& document, const Node& row) const;
  void read_charge(Document& document, const Node& row, const CodePair& pair) const;
  void read_article(Document& document, const Node& row) const;
  void add_postings(Order& order, const Document& document, const CallContext& context);

  Suite& suite_;
  References& references_;
};

// Failure (conflict), naming the lines: before goods leave twice, a person looks.
void require_each_line_once(const Document& document);
OrderTotals totals_of(const Document& document);
// Of a row's customFieldList; empty when it has none of that name.
const std::string& custom_field(const Node& row, std::string_view script_id);
// `part` of `sum` for `quantity` of `whole`, in cents.
Decimal share_of(Decimal sum, Decimal quantity, Decimal whole);
Address address_of(const Suite& suite, const Node& address, const std::string& kind);
// `there`: what is overwritten. NetSuite keeps what an address does not name: what shall be blank
// is named as that. Throws Failure (rejected) for a country that no table maps.
void write_address(Xml& xml, std::string_view tag, const Suite& suite, const Address& address,
                   const std::string& pointer, const Address& there = {});

}  // namespace underpin::legacy::netsuite_soap
