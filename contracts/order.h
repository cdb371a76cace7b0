#pragma once

#include "contracts/ids.h"
#include "contracts/money.h"
#include "contracts/time.h"

#include <optional>
#include <string>
#include <vector>

namespace underpin {

// Every amount of an order is in order.currency, without tax unless prices_include_tax.

struct Address {
  std::string id;    // The channel's or ERP's address-book id; empty for a one-time address.
  std::string kind;  // "ship_to", "bill_to", "sold_to".
  std::string name;
  std::string line1;
  std::string line2;
  std::string city;
  std::string post_code;
  std::string region;
  std::string country;  // ISO 3166-1 alpha-2.
  bool operator==(const Address&) const = default;
};

// A price change on a line: discount (negative) or surcharge (positive), with its origin.
struct Adjustment {
  std::string kind;       // "promotion", "coupon", "customer_price", "manual".
  std::string promotion;  // Promotion id; empty when none.
  int promotion_version = 0;
  Decimal amount;  // For the whole line, signed.
  std::string reason;
  bool operator==(const Adjustment&) const = default;
};

struct Tax {
  std::string code;  // "VAT19".
  Decimal rate;      // A fraction: 0.19.
  Decimal amount;
  bool operator==(const Tax&) const = default;
};

struct OrderLine {
  int number = 0;  // 1..9999, unique in the order, the channel's; kept through every change.
  Sku sku;
  std::string description;
  std::string uom;  // "PCS".
  LocationCode location;
  std::optional<Date> requested_date;
  Decimal quantity;  // Ordered, > 0.
  Decimal cancelled_quantity;
  Decimal shipped_quantity;
  Decimal invoiced_quantity;
  Decimal returned_quantity;
  Decimal unit_price;
  std::vector<Adjustment> adjustments;
  Decimal net_amount;  // quantity * unit_price + adjustments, rounded to the currency.
  std::vector<Tax> taxes;
  Decimal outstanding() const { return quantity - cancelled_quantity - shipped_quantity; }
  bool operator==(const OrderLine&) const = default;
};

struct Charge {
  std::string kind;  // "shipping", "gift_wrap", "fee".
  std::string code;
  Decimal amount;
  std::vector<Tax> taxes;
  bool operator==(const Charge&) const = default;
};

struct PaymentReference {
  std::string id;  // The provider's: "pi_3Q...".
  std::string provider;
  std::string method;
  Decimal amount;
  bool operator==(const PaymentReference&) const = default;
};

struct OrderTotals {
  Decimal items_net;
  Decimal charges;
  Decimal tax;
  Decimal grand_total;
  bool operator==(const OrderTotals&) const = default;
};

// The closed status table. See order_status.h for the legal transitions.
enum class OrderStatus {
  pending,   // Accepted; the ERP answers later by design.
  open,      // In its home, not released (new, held, or being changed).
  released,  // Cleared for picking.
  partially_shipped,
  shipped,   // Everything not cancelled has left.
  invoiced,  // Posted; read-only from here on.
  cancelled,
  rejected,  // The ERP refused a pending order.
};

struct DocumentLineQuantity {
  int line = 0;  // OrderLine::number; 0 when the ERP's line has no counterpart.
  Sku sku;
  Decimal quantity;
  bool operator==(const DocumentLineQuantity&) const = default;
};

struct ShipmentReference {
  DocumentNumber document;
  Date date;
  std::vector<DocumentLineQuantity> lines;
  bool operator==(const ShipmentReference&) const = default;
};

struct InvoiceReference {
  DocumentNumber document;
  Date date;
  Decimal amount;  // With tax.
  bool operator==(const InvoiceReference&) const = default;
};

// How far a return has come in its ERP.
enum class ReturnStatus {
  open,       // Announced; nothing has come back.
  received,   // The goods are back, at least in part; nothing is credited.
  credited,   // Posted.
  cancelled,  // Withdrawn: it takes nothing back.
};

struct ReturnedLine {
  int line = 0;  // OrderLine::number; 0 when the ERP does not say which.
  Sku sku;
  Decimal quantity;
  std::string reason;  // A code of the channels' reason table; an ERP's own when it has no other.
  bool operator==(const ReturnedLine&) const = default;
};

struct ReturnReference {
  ReturnNumber number;      // Empty: the ERP's own users made it.
  DocumentNumber document;  // The ERP's return order or credit memo.
  Date date;
  ReturnStatus status = ReturnStatus::open;
  std::vector<ReturnedLine> lines;
  bool operator==(const ReturnReference&) const = default;
};

struct Order {
  OrderId id;
  CustomerNumber customer;
  std::string customer_reference;  // The customer's own order number.
  Date order_date;                 // Business date; not derived from a timestamp.
  std::optional<Timestamp> placed_at;
  std::optional<Date> requested_date;
  Currency currency;
  bool prices_include_tax = false;
  std::optional<Address> ship_to;  // One-time: never edits the address book.
  std::optional<Address> bill_to;
  std::vector<OrderLine> lines;
  std::vector<Charge> charges;
  std::vector<PaymentReference> payments;
  OrderTotals totals;
  OrderStatus status = OrderStatus::open;
  std::vector<std::string> holds;  // "totals_differ".
  std::vector<ShipmentReference> shipments;
  std::vector<InvoiceReference> invoices;
  std::vector<ReturnReference> returns;  // As ReturnService tells; get_order leaves it empty.
  std::optional<Timestamp> updated_at;
  Revision revision;  // Of the system that answered; never sent by a channel.
  bool operator==(const Order&) const = default;
};

// How to find an order in an ERP: by the channel's identity, or, when known, by the ERP's number.
struct OrderRef {
  OrderId id;               // Empty for documents older than the facade.
  DocumentNumber document;  // Empty when not known yet.
};

// A change is absolute: it states what shall be, so that applying it twice equals applying it once.
struct LineAmendment {
  int number = 0;                           // Existing line, or a new one when `sku` is set.
  std::optional<Decimal> quantity;          // New ordered quantity.
  std::optional<Decimal> unit_price;        // New price.
  std::optional<Decimal> adjustment_total;  // New sum of the line's adjustments.
  std::optional<Date> requested_date;
  std::optional<OrderLine> added;  // A new line, complete.
  bool operator==(const LineAmendment&) const = default;
};

struct OrderAmendment {
  std::optional<Address> ship_to;
  std::optional<Date> requested_date;
  std::optional<std::string> customer_reference;
  std::vector<LineAmendment> lines;
  std::optional<OrderTotals> totals;  // As the channel states them after the change.
  bool operator==(const OrderAmendment&) const = default;
};

struct LineCancellation {
  int number = 0;
  Decimal quantity;  // Cancelled in total on this line afterwards (absolute).
  bool operator==(const LineCancellation&) const = default;
};

struct OrderCancellation {
  std::string reason;
  std::vector<LineCancellation> lines;  // Empty: the whole order, what is not shipped yet.
  bool operator==(const OrderCancellation&) const = default;
};

enum class ReceiptState { confirmed, pending };

struct OrderReceipt {
  OrderId id;
  DocumentNumber document;  // The ERP's own number; a cross-reference, never identity.
  ReceiptState state = ReceiptState::confirmed;
  OrderStatus status = OrderStatus::open;
  std::optional<OrderTotals> erp_totals;  // Read back from the ERP after the write.
  bool released = false;                  // The document is cleared for execution in this ERP.
  Revision revision;
  bool operator==(const OrderReceipt&) const = default;
};

struct OrderQuery {
  std::optional<CustomerNumber> customer;
  std::optional<Timestamp> updated_since;
  Cursor cursor;
  int limit = 100;
};

// What a poll of an ERP saw: the document as it is now, and whether it has left the open documents.
struct OrderChange {
  OrderRef ref;  // ref.id is empty when the external reference is not one of ours.
  CustomerNumber customer;
  OrderStatus status = OrderStatus::open;
  bool closed = false;  // Posted, archived or cancelled: no longer among the open documents.
  Timestamp changed_at;
};

}  // namespace underpin
