#pragma once

#include "contracts/order.h"
#include "legacy-adapters/jd_edwards/failure.h"
#include "legacy-adapters/jd_edwards/settings.h"
#include "legacy-adapters/transport/odbc/odbc.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Sales orders as F4201 and F4211 hold them; headers that were purged are in F42019, lines that are
// closed in F42119.
namespace underpin::legacy::jd_edwards {

inline constexpr std::size_t reference_max = 25;  // VR01.
inline constexpr int charge_lines_from = 900;     // Line numbers of charges.

struct DocumentKey {
  std::int64_t number = 0;  // DOCO.
  std::string type;         // DCTO.
  std::string company;      // KCOO.
  auto operator<=>(const DocumentKey&) const = default;
};
// "200017-SO-00001".
DocumentNumber number_of(const DocumentKey& key);
std::optional<DocumentKey> key_of(const DocumentNumber& number);

// A row of F4211 or F42119. What remains of a line that was shipped in part is a row of its own:
// 1.000 has shipped, 1.010 has not; both are line 1.
struct LineRow {
  std::int64_t lnid = 0;
  std::string item;
  std::string description;
  std::string branch;
  std::string uom;
  std::string line_type;
  std::string last_status;
  std::int64_t requested = 0;
  std::int64_t shipped_day = 0;
  std::int64_t invoiced_day = 0;
  Decimal ordered, shipped, cancelled;  // `shipped`: has left, and is no mere plan.
  Decimal list_price, price;
  Decimal amount;
  std::int64_t delivery = 0;
  std::string invoice;  // "RI-700001"; empty: none.
  std::string tax_area;
  bool taxable = false;
  std::string reason;         // RCD.
  std::int64_t original = 0;  // Of a return: OORN, and OGNO as LNID has it.
  std::int64_t original_line = 0;
  Stamp changed;
  int number() const { return static_cast<int>(lnid / line_step); }
  bool is_cancelled() const;  // 980 to 989 say where; the whole quantity is cancelled.
  bool operator==(const LineRow&) const = default;
};
// Nothing when the line is an article's.
const ChargeItem* charge_of(const LineRow& row, const std::vector<ChargeItem>& charges);

struct Document {
  DocumentKey key;
  std::string reference;  // VR01.
  std::string customer_reference;
  std::int64_t customer = 0;  // AN8.
  std::string customer_number;
  std::string hold;
  Currency currency;  // CRCD; amounts are in the company's all the same.
  std::int64_t ordered = 0;
  std::int64_t requested = 0;
  Stamp changed;
  std::vector<LineRow> rows;  // By LNID.

  bool is_cancelled() const;
  bool is_posted() const;  // Everything that is not cancelled is invoiced.
  bool is_open() const { return !rows.empty() && !is_cancelled() && !is_posted(); }
  bool is_released() const { return is_open() && hold.empty(); }
  bool has_shipped() const;
  std::size_t lines() const;  // Rows of one line are one.
};

// Reading. What throws, throws Failure. Thread rule: any.
class Documents {
 public:
  Documents(const Settings& settings, std::shared_ptr<odbc::Database> database)
      : settings_(settings), database_(std::move(database)) {}

  // The document of `type` under the reference; conflict when there is more than one.
  std::optional<Document> by_reference(const std::string& reference, const std::string& type,
                                       const CallContext& context) const;
  std::optional<Document> by_key(const DocumentKey& key, const CallContext& context) const;
  // An order of our type and company: no return, no quote, nobody else's currency.
  std::optional<Document> find(const OrderRef& ref, const CallContext& context) const;
  // Those of `type` that exist of these, with their lines.
  std::vector<Document> of_numbers(const std::vector<std::int64_t>& numbers,
                                   const std::string& type, const CallContext& context) const;
  // Documents of `type` of which a line refers to the order.
  std::vector<Document> that_refer_to(const DocumentKey& order, const std::string& type,
                                      const CallContext& context) const;
  // Numbers of open documents after `after`, at most `limit`.
  std::vector<std::int64_t> open_numbers(std::optional<std::int64_t> customer, std::int64_t after,
                                         std::size_t limit, const CallContext& context) const;

  Order order_of(const Document& document, const CallContext& context) const;
  OrderReceipt receipt_of(const Document& document, const OrderId& id,
                          const CallContext& context) const;
  // AN8 of a customer; nothing: there is none.
  std::optional<std::int64_t> address_number(const CustomerNumber& customer,
                                             const CallContext& context) const;

 private:
  using Rates = std::map<std::string, std::vector<std::pair<std::int64_t, Decimal>>>;
  std::string t(std::string_view name) const { return table(settings_, name); }
  std::vector<Document> headers(const std::string& condition, const odbc::Parameters& values,
                                const CallContext& context) const;
  void add_lines(std::vector<Document>& documents, const CallContext& context) const;
  Rates rates(const Document& document, const CallContext& context) const;
  void add_address(const Document& document, Order& order, const CallContext& context) const;
  Order content_of(const Document& document, const Rates& rates) const;

  const Settings& settings_;
  const std::shared_ptr<odbc::Database> database_;
};

OrderStatus status_of(const Document& document, const Order& order);
std::string reference_of(const OrderId& id);
std::string original_number(std::int64_t number);  // OORN: "00200017".
std::string marks(std::size_t count);

}  // namespace underpin::legacy::jd_edwards
