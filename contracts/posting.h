#pragma once

#include "contracts/ids.h"
#include "contracts/money.h"
#include "contracts/time.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace underpin {

// What an account is for, as the site's table of accounts says; accounts that it does not name are
// `other`.
enum class AccountClass : std::uint8_t {
  revenue,
  discount,  // Posted beside the revenue that it lowers.
  tax,
  receivable,
  rounding,
  inventory,
  cogs,
  liability,  // What was sold and not yet delivered: gift cards.
  other,
};
inline constexpr std::array<std::string_view, 9> account_class_names{
    "revenue",   "discount", "tax",       "receivable", "rounding",
    "inventory", "cogs",     "liability", "other"};

constexpr std::string_view name(AccountClass account_class) {
  return account_class_names[static_cast<std::size_t>(account_class)];
}
constexpr std::optional<AccountClass> parse_account_class(std::string_view text) {
  for (std::size_t i = 0; i < account_class_names.size(); ++i)
    if (account_class_names[i] == text) return static_cast<AccountClass>(i);
  return std::nullopt;
}

// The books of an ERP: the general ledger, whose entries of one document add up to nothing, and the
// tax ledger, which says by which code the tax of a document was worked out.
enum class Ledger : std::uint8_t { general, tax };
enum class PostedKind : std::uint8_t { invoice, credit_memo, other };

struct PostedEntry {
  Ledger ledger = Ledger::general;
  std::string entry;  // The ERP's number of it.
  PostedKind kind = PostedKind::other;
  DocumentNumber document;  // Posted: "RE-100042".
  OrderId order;            // By the external reference; empty: it is not one of ours.
  std::string reference;    // As the ERP has it.
  DocumentNumber of_order;  // The ERP's own order number, where it says one.
  Date posting_date;
  // Of the close of a year: NAV's "C31.12". It moves what was posted and is no turnover.
  bool closing = false;
  std::string account;  // Of the general ledger.
  AccountClass account_class = AccountClass::other;
  std::string tax_code;  // The channels'; empty: none.
  Decimal amount;        // Debit positive, credit negative, in the local currency.
  Decimal base;          // Of the tax ledger: what `amount` is the tax of, with its sign.
  Currency currency;     // The local one.
  std::string source;    // The ERP's word for what posted it: "SALES". Empty: it does not say.
  std::string user;      // Who posted it; empty: the ERP does not say.
  bool operator==(const PostedEntry&) const = default;
};

struct PostingQuery {
  Date from;  // Posting dates, both included.
  Date to;
  // Instead of the dates: everything that was posted under these numbers, on one page.
  std::vector<DocumentNumber> documents;
  Cursor cursor;
  int limit = 200;
};

// Which accounts are what, and what the ERP calls the channels' tax codes: of an adapter's
// settings.
struct AccountRange {
  std::string from;  // Compared as texts, both included.
  std::string to;
  AccountClass account_class = AccountClass::other;
};
struct ChartOfAccounts {
  std::vector<AccountRange> accounts;                          // The first that holds an account.
  std::vector<std::pair<std::string, std::string>> tax_codes;  // The ERP's, the channels'.

  bool empty() const { return accounts.empty(); }
  AccountClass class_of(std::string_view account) const {
    for (const AccountRange& range : accounts)
      if (range.from <= account && account <= range.to) return range.account_class;
    return AccountClass::other;
  }
  std::string tax_code(const std::string& vendor) const {
    for (const auto& [theirs, ours] : tax_codes)
      if (theirs == vendor) return ours;
    return vendor;
  }
};

}  // namespace underpin
