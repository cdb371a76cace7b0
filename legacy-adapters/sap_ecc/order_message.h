#pragma once

#include "contracts/order.h"
#include "legacy-adapters/sap_ecc/documents.h"
#include "legacy-adapters/sap_ecc/forms.h"

#include <string>
#include <string_view>
#include <vector>

// What BAPIs that write sales documents are sent. A field counts only when its twin, in the
// structure or table of the same name with an X at its end, says so: both are made together here.
namespace underpin::legacy::sap_ecc {

// One row, or structure, with its twin.
class Flagged {
 public:
  // In both, as it is.
  Flagged& key(std::string_view name, const std::string& value);
  Flagged& set(std::string_view name, const std::string& value);
  Flagged& update(std::string_view flag);  // UPDATEFLAG: I, U or D.
  Flagged& add(const Flagged& other);      // All of its fields.
  bool is_set() const { return set_; }
  const Record& row() const { return row_; }
  const Record& twin() const { return twin_; }

 private:
  Record row_ = Record::object();
  Record twin_ = Record::object();
  bool set_ = false;
};

// The names of the parameters differ from function to function.
struct Parameters {
  std::string_view header, items, items_x, schedules, schedules_x, conditions, conditions_x,
      partners;
};
inline constexpr Parameters create_parameters{
    "ORDER_HEADER_IN",     "ORDER_ITEMS_IN",      "ORDER_ITEMS_INX",      "ORDER_SCHEDULES_IN",
    "ORDER_SCHEDULES_INX", "ORDER_CONDITIONS_IN", "ORDER_CONDITIONS_INX", "ORDER_PARTNERS"};
inline constexpr Parameters change_parameters{
    "ORDER_HEADER_IN", "ORDER_ITEM_IN", "ORDER_ITEM_INX", "SCHEDULE_LINES",
    "SCHEDULE_LINESX", "CONDITIONS_IN", "CONDITIONS_INX", "PARTNERS"};
inline constexpr Parameters return_parameters{
    "RETURN_HEADER_IN",     "RETURN_ITEMS_IN",      "RETURN_ITEMS_INX",      "RETURN_SCHEDULES_IN",
    "RETURN_SCHEDULES_INX", "RETURN_CONDITIONS_IN", "RETURN_CONDITIONS_INX", "RETURN_PARTNERS"};

class OrderMessage {
 public:
  Flagged header;

  void item(const Flagged& item) { items_.push_back(item); }
  // All of `quantity` in the first schedule line; others get nothing.
  void schedule(const std::string& position, const std::vector<std::string>& present,
                const std::string& quantity, const std::optional<Date>& date);
  // A new condition, or the present one at another rate.
  void condition(const std::string& position, const std::string& type,
                 const std::optional<Condition>& present, const Rate& rate,
                 const std::string& currency);
  void partner(Record partner) { partners_.push(std::move(partner)); }
  // The ship-to address of a document that is there.
  void change_address(const std::string& document, const std::string& customer,
                      const Address& address, const std::string& pointer);

  // Nothing but perhaps the header.
  bool has_no_lines() const { return items_.empty() && schedules_.empty() && conditions_.empty(); }
  bool empty() const { return has_no_lines() && !header.is_set() && addresses_.empty(); }
  Record request(const Parameters& names) const;

 private:
  std::vector<Flagged> items_;
  std::vector<Flagged> schedules_;
  std::vector<Flagged> conditions_;
  Record partners_ = Record::array();
  Record partner_changes_ = Record::array();
  Record addresses_ = Record::array();
};

// A text that must not be longer than SAP's field, in characters.
const std::string& fitting(const std::string& text, std::size_t width, const std::string& pointer);
// KUNNR and MATNR, or Failure: too long, or digits that SAP would write otherwise.
std::string customer_key(const CustomerNumber& number, const std::string& pointer);
std::string material_key(const Sku& sku, const std::string& pointer);

// A whole order, as far as it is outstanding; blocked.
OrderMessage whole_order(const Order& order, const Settings& settings);
// A new line of `quantity` at `position`, with `more` fields of its item.
void add_line(OrderMessage& message, const OrderLine& line, const std::string& position,
              Decimal quantity, std::size_t index, const Currency& currency,
              const Settings& settings, const Flagged* more = nullptr);
// An amount for a whole item that is no price: the condition type and its rate.
std::string adjustment_type(Decimal amount, const Settings& settings, const std::string& pointer);
// The adjustment of `quantity` of a line that has `adjustments` for all of `of`.
Decimal adjustment_share(Decimal adjustments, Decimal quantity, Decimal of);

}  // namespace underpin::legacy::sap_ecc
