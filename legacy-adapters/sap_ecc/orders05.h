#pragma once

#include "contracts/order.h"
#include "legacy-adapters/sap_ecc/settings.h"

#include <functional>
#include <istream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace underpin::legacy::sap_ecc {

// An item as ORDERS05 states it.
struct OrderedItem {
  std::string position;  // POSEX: the channel's line; a charge's is above every line's.
  std::string material;  // MATNR, with zeros.
  std::string text;
  std::string unit;  // ISO; empty: the material's own.
  std::string plant;
  std::string storage;
  Decimal quantity;
  Decimal price;
  Decimal adjustment;
  std::optional<Date> requested;
  std::string pointer;  // Of the line, in the order.
  // What it costs, as E1EDP01-NETWR says it.
  Decimal net() const { return (quantity * price).rounded(2, Rounding::half_up) + adjustment; }
};

// Which IDoc, and when it was made.
struct IdocStamp {
  std::int64_t number = 0;
  std::string day;   // YYYYMMDD
  std::string time;  // HHMMSS
};

// What an ORDRSP says of one order.
struct OrderAnswer {
  std::string stamp;      // When its IDoc was made, and its number: what is newer is greater.
  std::string reference;  // E1EDK02 001: BSTKD.
  std::string document;   // E1EDK02 002, without zeros; may be empty when all of it is rejected.
  bool rejected = false;  // The whole order: E1EDK01 ACTION 003, or each of its lines.
  struct Line {
    std::string position;  // POSEX; empty: nobody ordered it.
    bool rejected = false;
    std::optional<Decimal> quantity;
    std::string unit;
    std::optional<Decimal> price;  // VPREI for PEINH.
    Decimal per;
    std::optional<Decimal> net;
  };
  std::vector<Line> lines;
};

// The columns of the segments of ORDERS05 and ORDRSP: mapping/orders05.json.
class Orders05Layout {
 public:
  static Result<Orders05Layout> load(std::string_view json);

  // One IDoc as a file, UTF-8. Throws Failure: rejected or unsupported, with a pointer; nothing is
  // ever cut.
  std::string file(const Order& order, const Settings& settings, const IdocStamp& stamp) const;

  // Reads a flat file of ORDRSP IDocs of `client`. `take` sees each answer before it is known
  // whether the rest can be read: it works in a transaction. What is not understood refuses the
  // file: invalid_request, with place, segment, field and rule. An Error of `take` does so, too,
  // when it is invalid_request, and else is handed on.
  Status read(std::istream& input, const std::string& client,
              const std::function<Status(const OrderAnswer&)>& take) const;

 private:
  friend class OrdrspReading;
  struct Column {
    std::size_t offset = 0;
    std::size_t width = 0;
  };
  struct Segment {
    std::string name;
    std::map<std::string, Column> columns;
  };
  using Values = std::vector<std::pair<const char*, std::string>>;
  std::string data_of(const Segment& segment, const Values& values) const;
  std::map<std::string, Segment> segments_;  // By "K01", "P19" …
};

// The outstanding items and the charges of an order. Throws Failure as whole_order() does, and
// where a unit has no ISO code.
std::vector<OrderedItem> ordered_items(const Order& order, const Settings& settings);

// In what an answer differs from what was ordered, a sentence each; empty: in nothing.
std::vector<std::string> differences(const OrderAnswer& answer,
                                     const std::vector<OrderedItem>& ordered);

}  // namespace underpin::legacy::sap_ecc
