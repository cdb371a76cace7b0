#pragma once

#include "contracts/capability.h"
#include "contracts/order.h"
#include "contracts/posting.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

// One order's postings against what the channel was acknowledged. Pure.
namespace underpin::facade {

// An entry as it is kept while a reconciliation of postings runs.
struct PostedLine {
  Side side = Side::legacy;
  Ledger ledger = Ledger::general;
  PostedKind kind = PostedKind::other;
  AccountClass account_class = AccountClass::other;
  Date date;
  std::string document;
  std::string tax_code;
  Decimal amount;
  Decimal base;
  Currency currency;
  std::string reference;
  std::string user;
};
PostedLine posted_line(Side side, const PostedEntry& entry);
std::vector<std::string> to_record(const PostedLine& line);
std::optional<PostedLine> read_posted_line(const std::vector<std::string>& record);

// What was sold: revenue with what lowers it, and what is owed to the buyer of a gift card.
bool is_turnover(AccountClass account_class);

// Without tax by posting date, and tax by code; credits of the ledger, as positive amounts.
struct ExpectedPosting {
  Side home = Side::legacy;
  // False: an order of the ERP's own people, of which no channel was acknowledged anything. Only
  // where it was posted matters, and that its documents are sound.
  bool acknowledged = true;
  Currency currency;
  std::map<Date, Decimal> net;
  std::map<std::string, Decimal> tax;
  std::set<std::string> documents;  // The order's invoices, of any date.
  std::set<std::string> elsewhere;  // Those of an earlier home.
  Decimal net_sum() const;
  Decimal tax_sum() const;
};

// What a channel's order is worth as far as it was invoiced: `content` has its prices, charges and
// taxes, `seen` how much of each line was invoiced, and when. Charges go with the first invoice.
// `others`: what the invoices outside of the two dates were posted as. Without an
// invoice between the two dates nothing is expected.
ExpectedPosting expected_posting(const Order& content, const Order& seen, Side home,
                                 const std::set<std::string>& elsewhere, Date from, Date to,
                                 const std::vector<PostedLine>& others);

struct PostingFinding {
  // "value": the home posted something else; "missing": it posted nothing; "executed_twice": the
  // other ERP posted, too; "undeclared_writer": by somebody who is not declared; "unbalanced": a
  // document's entries do not add up to nothing; "tax_ledger": the two ledgers differ; "foreign":
  // of no order that the facade knows.
  std::string kind;
  std::string order;  // "web/100042"; of a foreign one its reference.
  Date date;
  std::optional<Side> home;
  bool acknowledged = true;
  Decimal expected_net;
  Decimal expected_tax;
  std::map<Side, std::pair<Decimal, Decimal>> posted;  // Net and tax, by ERP.
  std::set<std::string> documents;
  std::set<std::string> users;
};

struct PostingVerdict {
  std::vector<PostingFinding> findings;
  bool other_currency = false;  // The order is in another one than the books: amounts not compared.
  bool rounded = false;         // Different, within the tolerance.
};

// Of one order's entries between two dates. `tolerance`: of a document, in the currency.
PostingVerdict judge_postings(const std::string& order, const std::vector<PostedLine>& posted,
                              const std::optional<ExpectedPosting>& expected, Decimal tolerance);

// Who may post in each ERP, by the ERP's own user ids; an ERP that is not named: anybody.
using DeclaredUsers = std::map<Side, std::set<std::string>>;

// Entries of a sale that somebody posted who is not declared; nothing when there are none.
std::optional<PostingFinding> undeclared_writers(const std::string& order,
                                                 const std::vector<PostedLine>& posted,
                                                 const DeclaredUsers& declared);

// Of entries that belong to no known order; nothing when they are no sale.
std::optional<PostingFinding> foreign_postings(const std::vector<PostedLine>& posted);

}  // namespace underpin::facade
