#pragma once

#include "contracts/result.h"
#include "legacy-adapters/sap_ecc/settings.h"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace underpin::json {
class ObjectReader;
}

namespace underpin::legacy::sap_ecc {

// Columns of a segment, "KUNNR 10" each, as mapping/*.json list them.
using Columns = std::vector<std::pair<std::string, std::size_t>>;
Columns read_columns(json::ObjectReader& reader, std::string_view member);

// What a customer's IDoc says, by the names of SAP's fields. A field that is not named stays as it
// is in SAP: its columns hold "/".
struct DebmasFields {
  std::map<std::string, std::string> general;     // Of E1KNA1M; KUNNR is always there.
  std::map<std::string, std::string> sales_area;  // Of E1KNVVM; empty: no such segment.
  std::string email;                              // Of the site's own segment, when configured.
  bool has_email = false;
};

// The columns of DEBMAS's segments: mapping/debmas.json.
class DebmasLayout {
 public:
  static Result<DebmasLayout> load(std::string_view json);

  // One IDoc as a file, UTF-8. `key` is its ARCKEY, by which SAP's EDIDC knows it again; `number`
  // has at most 16 digits. rejected: a text is longer than its field.
  Result<std::string> file(const DebmasFields& fields, const CustomerSettings& settings,
                           const std::string& client, const std::string& key,
                           const std::string& number) const;

 private:
  struct Segment {
    std::string name;
    Columns columns;
  };
  Result<std::string> data_of(std::string_view segment,
                              const std::map<std::string, std::string>& fields) const;

  std::vector<Segment> segments_;
};

}  // namespace underpin::legacy::sap_ecc
