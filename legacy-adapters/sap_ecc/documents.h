#pragma once

#include "contracts/order.h"
#include "legacy-adapters/sap_ecc/functions.h"
#include "legacy-adapters/sap_ecc/tables.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace underpin::legacy::sap_ecc {

// The key of a condition of a document, without which a change would add a second one.
struct Condition {
  std::string step;   // COND_ST_NO
  std::string count;  // COND_COUNT
  Decimal rate;
  int per = 1;
  bool operator==(const Condition&) const = default;
};

struct Item {
  std::string position;  // POSNR
  std::string material;  // Without zeros.
  std::string text;
  std::string unit;  // Internal.
  std::string plant;
  std::string storage;
  std::string rejection;  // ABGRU
  std::string reason;     // IHREZ of the item, of a return.
  int number = 0;         // The channel's line; 0 of a charge.
  Decimal quantity;
  Decimal net;
  Decimal tax;
  Decimal tax_percent;
  Decimal delivered;  // In deliveries, whether or not they have left.
  Decimal shipped;
  Decimal invoiced;
  std::optional<Condition> price;
  std::optional<Condition> discount;
  std::vector<std::string> schedule_lines;  // ETENR
  std::optional<Date> requested;
  bool is_rejected() const { return !rejection.empty(); }
  Decimal unit_price() const;
  // What the conditions make of the line beyond its price.
  Decimal adjustment() const;
  bool operator==(const Item&) const = default;
};

// A sales document as SAP has it now.
struct Document {
  std::string number;    // Without zeros.
  std::string category;  // VBTYP: C order, H return.
  std::string block;     // LIFSK
  std::string reason;    // AUGRU
  std::string currency;
  std::string customer;
  std::string reference;           // BSTKD
  std::string customer_reference;  // BSTKD_E
  Date date;
  std::optional<Date> requested;
  std::vector<Item> items;
  std::optional<Address> ship_to;
  std::optional<Address> bill_to;
  bool is_done = false;  // GBSTK
  std::vector<ShipmentReference> shipments;
  std::vector<InvoiceReference> invoices;
  bool operator==(const Document&) const = default;
};

// Finding and reading sales documents: by reference in VBKD, by number as BAPIs tell them, what
// became of them in the document flow. Posted, cancelled and open orders are all in the same
// tables; what SAP has archived is nowhere. All methods throw Failure.
class Documents {
 public:
  Documents(const Functions& functions, const Settings& settings, const Tables& tables)
      : functions_(functions), settings_(settings), tables_(tables) {}

  // By SAP's number, or else by the external reference. More than one document that is not merely
  // cancelled under one reference is a conflict that names them all.
  std::optional<Document> find(const OrderRef& ref, const CallContext& context) const;
  std::optional<Document> find_by_reference(const OrderId& id, const CallContext& context) const;
  std::optional<Document> read(const std::string& number, const CallContext& context) const;
  std::vector<Document> read_all(const std::vector<std::string>& numbers,
                                 const CallContext& context) const;
  // Documents of a category under a text in BSTKD, or in BSTKD_E.
  std::vector<std::string> numbers_under(std::string_view column, const std::string& reference,
                                         std::string_view category, Deadline deadline) const;

  bool is_cancelled(const Document& document) const;
  bool is_released(const Document& document) const { return document.block.empty(); }
  Order order_of(const Document& document) const;
  OrderReceipt receipt_of(const Document& document, const OrderId& id) const;
  bool is_charge(const Item& item) const;

 private:
  std::vector<Document> parse(const Record& answer) const;
  void add_header(const Record& row, Document& document) const;
  void add_item(const Record& row, Document& document) const;
  void add_condition(const Record& row, Item& item) const;
  void add_addresses(const Record& answer, std::map<std::string, Document>& documents) const;
  void number_lines(Document& document) const;
  void add_flow(std::map<std::string, Document*>& documents, const CallContext& context) const;
  void add_deliveries(std::map<std::string, Document*>& documents, Deadline deadline) const;
  void add_invoices(std::map<std::string, Document*>& documents, Deadline deadline) const;

  const Functions& functions_;
  const Settings& settings_;
  const Tables& tables_;
};

std::string reference_of(const OrderId& id);
Decimal sum_of(const std::vector<Adjustment>& adjustments);

}  // namespace underpin::legacy::sap_ecc
