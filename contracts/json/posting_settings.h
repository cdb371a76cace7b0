#pragma once

#include "contracts/json/object_reader.h"
#include "contracts/posting.h"

namespace underpin::json {

// {"accounts": [{"from": "8400", "to": "8499", "class": "revenue"}],
//  "tax_codes": [{"canonical": "VAT19", "vendor": "MWST.19"}]}, of an adapter's settings.
inline void read_chart(ObjectReader& reader, ChartOfAccounts& chart) {
  reader.read_each("accounts", [&](ObjectReader& one) {
    AccountRange range;
    std::string word;
    one.read("from", range.from);
    one.read("to", range.to, Need::optional);
    if (range.to.empty()) range.to = range.from;
    if (range.to < range.from) one.refuse("to", "must not come before `from`");
    one.read("class", word);
    if (const auto known = parse_account_class(word)) {
      range.account_class = *known;
    } else {
      one.refuse("class", "names no class of accounts");
    }
    chart.accounts.push_back(std::move(range));
  });
  reader.read_each(
      "tax_codes",
      [&](ObjectReader& one) {
        std::string canonical;
        std::string vendor;
        one.read("canonical", canonical);
        one.read("vendor", vendor);
        chart.tax_codes.emplace_back(std::move(vendor), std::move(canonical));
      },
      Need::optional);
}

}  // namespace underpin::json
