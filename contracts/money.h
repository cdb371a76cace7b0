#pragma once

#include "contracts/decimal.h"

#include <string>

namespace underpin {

// ISO 4217, three upper-case letters; empty when a document says none.
using Currency = std::string;

// An amount in a currency. Adding two currencies is a programming error, not a conversion.
struct Money {
  Decimal amount;
  Currency currency;
  bool operator==(const Money&) const = default;
};

}  // namespace underpin
