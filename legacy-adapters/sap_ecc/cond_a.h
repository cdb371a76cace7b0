#pragma once

#include "contracts/pricing.h"
#include "contracts/result.h"

#include <functional>
#include <istream>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace underpin::legacy::sap_ecc {

// A condition record of one validity period, as a COND_A IDoc tells it. It takes the place of
// whatever was known of its key for these days.
struct ConditionRecord {
  PriceScope scope = PriceScope::everyone;
  std::string code;  // KUNNR without zeros, or KONDA.
  Sku sku;
  Date from;
  Date to;  // 9999-12-31: open.
  Currency currency;
  std::string unit;                                // As the IDoc has it: ISO.
  std::vector<std::pair<Decimal, Decimal>> steps;  // From which quantity on one costs how much.
  bool deleted = false;
  std::string stamp;  // When its IDoc was made, and its number: what is newer is greater.
};

// Whose records count.
struct CondAFilter {
  std::string client;
  std::string organization;
  std::string channel;
  std::string condition;  // KSCHL
};

// The columns of COND_A's segments and the keys of condition tables: mapping/cond_a.json.
class CondALayout {
 public:
  static Result<CondALayout> load(std::string_view json);

  // Reads a flat file in constant memory. `take` sees every record before it is known whether the
  // rest can be read: it works in a transaction. Records of another sales area are passed over;
  // anything else that is not understood refuses the file: invalid_request, with place, segment,
  // field and rule. An Error of `take` does so, too, when it is invalid_request, and else is handed
  // on.
  Status read(std::istream& input, const CondAFilter& filter,
              const std::function<Status(const ConditionRecord&)>& take) const;

 private:
  friend class CondAReading;
  struct Column {
    std::size_t offset = 0;
    std::size_t width = 0;
  };
  struct Table {
    PriceScope scope = PriceScope::everyone;
    std::map<std::string, Column> key;
  };
  std::map<std::string, std::map<std::string, Column>> segments_;
  std::map<std::string, Table> tables_;
};

}  // namespace underpin::legacy::sap_ecc
