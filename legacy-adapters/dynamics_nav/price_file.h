#pragma once

#include "contracts/pricing.h"
#include "contracts/result.h"

#include <cstdint>
#include <functional>
#include <istream>
#include <string>

// The nightly price file of the site, see wsdl/PRICE_FILE.md. UTF-8, one record a line (CR LF),
// fields separated by ";".
//   H;PRICES;batch;FULL|DELTA;created (RFC 3339);currency
//   P;item;sales type;sales code;start;end;minimum quantity;unit;unit price;price includes VAT;zone
//   D;item;sales type;sales code;start;minimum quantity;unit              (in a delta: is no more)
//   T;number of P and D records;sum of the P records' unit prices
// Sales type is NAV's option: 0 customer, 1 price group, 2 all customers (blank code). Days are
// YYYY-MM-DD, a blank end is open; a blank unit is the article's base unit; VAT is 0 or 1.
namespace underpin::legacy::dynamics_nav {

struct PriceFileLimits {
  std::size_t line_max = 1'000;       // Bytes, without the line end.
  std::int64_t rows_max = 1'000'000;  // P and D records together.
};

struct PriceFileHeader {
  std::string batch;
  bool full = true;
  Timestamp created;
  Currency currency;
};

struct PriceFileTotals {
  std::int64_t rows = 0;
  std::int64_t deletions = 0;
  Decimal hash_total;
};

// Receives what is read, in order, before it is known whether the trailer confirms it: a consumer
// works in a transaction. An Error ends the reading and becomes its answer.
struct PriceFileConsumer {
  std::function<Status(const PriceFileHeader&)> header;
  // Of a deletion only what a D record has is set.
  std::function<Status(const PriceEntry&, bool deletion)> row;
};

// Reads one file as a stream, in constant memory. invalid_request with "line N: field: rule" for
// whatever is not as described: truncated, wrong count or hash total, unknown record, over a limit,
// not UTF-8. Throws nothing of its own; what the consumer throws passes through.
Result<PriceFileTotals> read_price_file(std::istream& input, const PriceFileLimits& limits,
                                        const PriceFileConsumer& consumer);

}  // namespace underpin::legacy::dynamics_nav
