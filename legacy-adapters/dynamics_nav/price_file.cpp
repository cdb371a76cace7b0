#include "legacy-adapters/dynamics_nav/price_file.h"

#include "legacy-adapters/dynamics_nav/price_ruling.h"

#include <algorithm>
#include <array>
#include <vector>

namespace underpin::legacy::dynamics_nav {
namespace {

constexpr std::size_t batch_max = 50;
constexpr std::size_t fields_max = 16;

// Refuses overlong encodings, surrogates and everything beyond U+10FFFF; and control characters.
bool is_clean_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return false;
    if (byte < 0x80) {
      ++i;
      continue;
    }
    const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC2 ? 2 : 0;
    if (length == 0 || byte > 0xF4 || i + length > text.size()) return false;
    std::uint32_t point = byte & (0xFFU >> (length + 1));
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xC0) != 0x80) return false;
      point = (point << 6) | (next & 0x3FU);
    }
    const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
    if (overlong || (point >= 0xD800 && point <= 0xDFFF) || point > 0x10FFFF) return false;
    i += length;
  }
  return true;
}

// One line at a time, never more than `max` bytes of it.
class LineReader {
 public:
  LineReader(std::istream& input, std::size_t max) : input_(*input.rdbuf()), max_(max) {}

  enum class Outcome { line, end, too_long, unfinished };
  Outcome next(std::string& line) {
    line.clear();
    ++number_;
    using Traits = std::istream::traits_type;
    for (Traits::int_type c = input_.sbumpc(); !Traits::eq_int_type(c, Traits::eof());
         c = input_.sbumpc()) {
      if (c == '\n') {
        if (!line.empty() && line.back() == '\r') line.pop_back();
        return Outcome::line;
      }
      if (line.size() > max_) return Outcome::too_long;
      line += Traits::to_char_type(c);
    }
    return line.empty() ? Outcome::end : Outcome::unfinished;
  }
  std::int64_t number() const { return number_; }

 private:
  std::streambuf& input_;
  std::size_t max_;
  std::int64_t number_ = 0;
};

using Fields = std::vector<std::string_view>;

Fields split(std::string_view line) {
  Fields fields;
  std::size_t start = 0;
  for (std::size_t end = line.find(';');
       end != std::string_view::npos && fields.size() < fields_max; end = line.find(';', start)) {
    fields.push_back(line.substr(start, end - start));
    start = end + 1;
  }
  fields.push_back(line.substr(start));
  return fields;
}

struct Fault {
  std::string text;
};

[[noreturn]] void fault(std::string_view field, std::string_view rule) {
  throw Fault{std::string(field) + ": " + std::string(rule)};
}

std::string code(std::string_view field, std::string_view text, std::size_t max,
                 bool may_be_blank) {
  if (text.empty() && !may_be_blank) fault(field, "is missing");
  if (text.size() > max) fault(field, "is longer than " + std::to_string(max) + " bytes");
  if (!text.empty() && (text.front() == ' ' || text.back() == ' ')) {
    fault(field, "has leading or trailing blanks");
  }
  return std::string(text);
}

Decimal amount(std::string_view field, std::string_view text) {
  const auto value = Decimal::parse(text);
  if (!value) fault(field, "is not a decimal number with up to 38 digits and 20 decimals");
  if (value->is_negative()) fault(field, "must not be negative");
  return *value;
}

Date day(std::string_view field, std::string_view text) {
  const auto value = Date::parse(text);
  if (!value) fault(field, "is not a day (YYYY-MM-DD)");
  return *value;
}

Currency currency(std::string_view field, std::string_view text) {
  if (text.size() != 3 ||
      !std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) {
    fault(field, "is not a currency code of three upper-case letters");
  }
  return std::string(text);
}

std::int64_t count(std::string_view field, std::string_view text) {
  if (text.empty() || text.size() > 12 ||
      text.find_first_not_of("0123456789") != std::string_view::npos) {
    fault(field, "is not a count");
  }
  std::int64_t value = 0;
  for (const char c : text) value = value * 10 + (c - '0');
  return value;
}

struct SalesType {
  std::string_view option;  // NAV's option "Sales Type" as its number.
  PriceScope scope;
};
constexpr std::array<SalesType, 3> sales_types{
    {{"0", PriceScope::customer}, {"1", PriceScope::group}, {"2", PriceScope::everyone}}};

PriceScope scope_of(std::string_view text) {
  for (const SalesType& type : sales_types)
    if (type.option == text) return type.scope;
  fault("sales type", "is not 0 (customer), 1 (price group) or 2 (all customers)");
}

PriceFileHeader header_of(const Fields& fields) {
  if (fields.size() != 6) fault("header", "does not have six fields");
  if (fields[1] != "PRICES") fault("header", "is not of a price file (H;PRICES;…)");
  PriceFileHeader header;
  header.batch = code("batch", fields[2], batch_max, false);
  if (fields[3] != "FULL" && fields[3] != "DELTA") fault("mode", "is neither FULL nor DELTA");
  header.full = fields[3] == "FULL";
  const auto created = Timestamp::parse(fields[4]);
  if (!created) fault("created", "is not a time (RFC 3339)");
  header.created = *created;
  header.currency = currency("currency", fields[5]);
  return header;
}

// The first fields of P and D are the same.
PriceEntry key_fields(const Fields& fields, const PriceFileHeader& header) {
  PriceEntry entry;
  entry.sku = Sku(code("item", fields[1], 20, false));
  entry.scope = scope_of(fields[2]);
  entry.scope_code = code("sales code", fields[3], 20, entry.scope == PriceScope::everyone);
  if (entry.scope == PriceScope::everyone && !entry.scope_code.empty()) {
    fault("sales code", "must be blank for all customers");
  }
  entry.from = day("start", fields[4]);
  entry.currency = header.currency;
  return entry;
}

PriceEntry price_of(const Fields& fields, const PriceFileHeader& header) {
  if (fields.size() != 11) fault("price", "does not have eleven fields");
  PriceEntry entry = key_fields(fields, header);
  if (!fields[5].empty()) entry.to = day("end", fields[5]);
  if (entry.to && *entry.to < entry.from) fault("end", "lies before the start");
  entry.minimum_quantity = amount("minimum quantity", fields[6]);
  entry.uom = code("unit of measure", fields[7], 10, true);
  entry.unit_price = amount("unit price", fields[8]);
  if (fields[9] != "0" && fields[9] != "1") fault("price including VAT", "is neither 0 nor 1");
  entry.tax_included = fields[9] == "1";
  entry.zone = code("zone", fields[10], 50, false);
  return entry;
}

PriceEntry deletion_of(const Fields& fields, const PriceFileHeader& header) {
  if (fields.size() != 7) fault("deletion", "does not have seven fields");
  PriceEntry entry = key_fields(fields, header);
  entry.minimum_quantity = amount("minimum quantity", fields[5]);
  entry.uom = code("unit of measure", fields[6], 10, true);
  return entry;
}

class Reading {
 public:
  Reading(std::istream& input, const PriceFileLimits& limits, const PriceFileConsumer& consumer)
      : lines_(input, limits.line_max), limits_(limits), consumer_(consumer) {}

  Result<PriceFileTotals> run() {
    std::string line;
    bool headed = false;
    for (;;) {
      try {
        if (!next(line)) throw Fault{"the file is truncated: no trailer"};
        if (lines_.number() == 1 && line.rfind("\xEF\xBB\xBF", 0) == 0) line.erase(0, 3);
        if (!is_clean_utf8(line)) throw Fault{"is not UTF-8 text without control characters"};
        const Fields fields = split(line);
        const std::string_view kind = fields[0];
        if (!headed) {
          if (kind != "H") throw Fault{"the first record is not a header (H)"};
          header_ = header_of(fields);
          if (const Status taken = consumer_.header(header_); !taken) return at_line(taken.error());
          headed = true;
        } else if (kind == "P" || (kind == "D" && !header_.full)) {
          if (const Status taken = row(fields, kind == "D"); !taken) return at_line(taken.error());
        } else if (kind == "D") {
          throw Fault{"a deletion (D) in a full list"};
        } else if (kind == "T") {
          trailer(fields);
          if (next(line)) throw Fault{"there is more after the trailer"};
          return totals_;
        } else {
          throw Fault{"unknown record '" + std::string(kind.substr(0, 10)) + "'"};
        }
      } catch (const Fault& found) {
        return at_line(Error{ErrorCode::invalid_request, found.text});
      } catch (const std::overflow_error&) {
        return at_line(Error{ErrorCode::invalid_request, "the hash total has too many digits"});
      }
    }
  }

 private:
  bool next(std::string& line) {
    switch (lines_.next(line)) {
      case LineReader::Outcome::line:
        return true;
      case LineReader::Outcome::end:
        return false;
      case LineReader::Outcome::too_long:
        throw Fault{"is longer than " + std::to_string(limits_.line_max) + " bytes"};
      case LineReader::Outcome::unfinished:
        break;
    }
    throw Fault{"the file is truncated: the last line has no end"};
  }

  Status row(const Fields& fields, bool deletion) {
    const PriceEntry entry = deletion ? deletion_of(fields, header_) : price_of(fields, header_);
    if (!deletion &&
        entry.zone != zone_) {  // A look-up in the tz database; rows come in one zone mostly.
      if (!is_zone(entry.zone)) fault("zone", "is not known");
      zone_ = entry.zone;
    }
    if (totals_.rows + totals_.deletions >= limits_.rows_max) {
      throw Fault{"more than " + std::to_string(limits_.rows_max) + " rows"};
    }
    if (deletion) {
      ++totals_.deletions;
    } else {
      ++totals_.rows;
      totals_.hash_total += entry.unit_price;
    }
    return consumer_.row(entry, deletion);
  }

  void trailer(const Fields& fields) const {
    if (fields.size() != 3) fault("trailer", "does not have three fields");
    const std::int64_t rows = totals_.rows + totals_.deletions;
    if (count("count", fields[1]) != rows) {
      fault("count", "is " + std::string(fields[1]) + ", but the file has " + std::to_string(rows) +
                         " rows");
    }
    const Decimal hash = amount("hash total", fields[2]);
    if (hash != totals_.hash_total) {
      fault("hash total",
            "is " + hash.text() + ", but the unit prices add up to " + totals_.hash_total.text());
    }
  }

  Error at_line(Error error) const {
    error.message = "line " + std::to_string(lines_.number()) + ": " + error.message;
    return error;
  }

  LineReader lines_;
  const PriceFileLimits& limits_;
  const PriceFileConsumer& consumer_;
  PriceFileHeader header_;
  PriceFileTotals totals_;
  std::string zone_;
};

}  // namespace

Result<PriceFileTotals> read_price_file(std::istream& input, const PriceFileLimits& limits,
                                        const PriceFileConsumer& consumer) {
  return Reading(input, limits, consumer).run();
}

}  // namespace underpin::legacy::dynamics_nav
