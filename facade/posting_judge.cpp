#include "facade/posting_judge.h"

#include "facade/order_content.h"

#include <algorithm>

namespace underpin::facade {
namespace {

constexpr int cents = 2;

Decimal rounded(Decimal amount) { return amount.rounded(cents, Rounding::half_up); }

// Without tax and tax, of a part of a line or a charge.
struct Worth {
  Decimal net;
  std::map<std::string, Decimal> tax;
};

void add_taxes(Worth& worth, Decimal amount, const std::vector<Tax>& taxes, bool included,
               bool whole) {
  const Decimal net = without_taxes(amount, taxes, included);
  worth.net += net;
  // What the channel was acknowledged, as long as nothing was taken off.
  for (const Tax& tax : taxes) worth.tax[tax.code] += whole ? tax.amount : rounded(net * tax.rate);
}

const OrderLine* line_of(const Order& order, int number) {
  const auto found = std::find_if(order.lines.begin(), order.lines.end(),
                                  [&](const OrderLine& line) { return line.number == number; });
  return found == order.lines.end() ? nullptr : &*found;
}

Worth invoiced_worth(const Order& content, const Order& seen) {
  Worth worth;
  for (const OrderLine& line : content.lines) {
    const OrderLine* at_home = line_of(seen, line.number);
    if (at_home == nullptr || at_home->invoiced_quantity.is_zero()) continue;
    const Decimal invoiced = at_home->invoiced_quantity;
    Decimal discount;
    for (const Adjustment& adjustment : line.adjustments) discount += adjustment.amount;
    const Decimal amount =
        rounded(invoiced * line.unit_price) + shrunk(discount, invoiced, line.quantity);
    add_taxes(worth, amount, line.taxes, content.prices_include_tax, invoiced == line.quantity);
  }
  if (!seen.invoices.empty())
    for (const Charge& charge : content.charges)
      add_taxes(worth, charge.amount, charge.taxes, content.prices_include_tax, true);
  return worth;
}

bool differ(Decimal one, Decimal other, Decimal tolerance) {
  return (one - other).magnitude() > tolerance;
}

struct Sums {
  std::map<Side, std::pair<Decimal, Decimal>> by_side;  // Net and tax of the general ledger.
  std::map<Side, std::set<std::string>> documents;      // With turnover, tax or a receivable.
  std::map<Date, Decimal> net;                          // Of invoices, as positive amounts.
  std::map<std::string, Decimal> tax;                   // By code, of the tax ledger.
  std::map<std::pair<Side, std::string>, Decimal> balance;
  std::map<std::pair<Side, std::string>, Decimal> ledgers;  // Tax: general less tax ledger.
  std::set<std::string> users;
  Date last;
  Currency currency;
};

Sums sums_of(const std::vector<PostedLine>& posted) {
  Sums sums;
  for (const PostedLine& line : posted) {
    const std::pair document(line.side, line.document);
    sums.last = std::max(sums.last, line.date);
    sums.currency = line.currency;
    if (!line.user.empty()) sums.users.insert(line.user);
    if (line.ledger == Ledger::tax) {
      if (line.kind != PostedKind::invoice) continue;
      sums.tax[line.tax_code] -= line.amount;
      sums.ledgers[document] -= line.amount;
      continue;
    }
    sums.balance[document] += line.amount;
    const bool tax = line.account_class == AccountClass::tax;
    if (is_turnover(line.account_class)) {
      sums.by_side[line.side].first -= line.amount;
      if (line.kind == PostedKind::invoice) sums.net[line.date] -= line.amount;
    } else if (tax) {
      sums.by_side[line.side].second -= line.amount;
      if (line.kind == PostedKind::invoice) sums.ledgers[document] += line.amount;
    }
    if (is_turnover(line.account_class) || tax || line.account_class == AccountClass::receivable)
      sums.documents[line.side].insert(line.document);
  }
  return sums;
}

std::set<std::string> united(const std::map<Side, std::set<std::string>>& documents) {
  std::set<std::string> all;
  for (const auto& [side, some] : documents) all.insert(some.begin(), some.end());
  return all;
}

bool amounts_differ(const Sums& sums, const ExpectedPosting& expected, Decimal tolerance) {
  std::map<Date, Decimal> net = expected.net;
  for (const auto& [date, amount] : sums.net) net[date] -= amount;
  std::map<std::string, Decimal> tax = expected.tax;
  for (const auto& [code, amount] : sums.tax) tax[code] -= amount;
  return std::any_of(net.begin(), net.end(),
                     [&](const auto& one) { return differ(one.second, {}, tolerance); }) ||
         std::any_of(tax.begin(), tax.end(),
                     [&](const auto& one) { return differ(one.second, {}, tolerance); });
}

}  // namespace

PostedLine posted_line(Side side, const PostedEntry& entry) {
  return {side,
          entry.ledger,
          entry.kind,
          entry.account_class,
          entry.posting_date,
          entry.document.text(),
          entry.tax_code,
          entry.amount,
          entry.base,
          entry.currency,
          entry.reference,
          entry.user};
}

std::vector<std::string> to_record(const PostedLine& line) {
  const auto number = [](auto word) { return std::to_string(static_cast<int>(word)); };
  return {number(line.side), number(line.ledger), number(line.kind), number(line.account_class),
          line.date.text(),  line.document,       line.tax_code,     line.amount.text(),
          line.base.text(),  line.currency,       line.reference,    line.user};
}

std::optional<PostedLine> read_posted_line(const std::vector<std::string>& record) {
  if (record.size() != 12) return std::nullopt;
  for (std::size_t i = 0; i < 4; ++i)
    if (record[i].size() != 1 || record[i][0] < '0' || record[i][0] > '9') return std::nullopt;
  const auto digit = [&](std::size_t i, int most) { return std::min(record[i][0] - '0', most); };
  PostedLine line;
  line.side = static_cast<Side>(digit(0, 1));
  line.ledger = static_cast<Ledger>(digit(1, 1));
  line.kind = static_cast<PostedKind>(digit(2, 2));
  line.account_class = static_cast<AccountClass>(digit(3, static_cast<int>(AccountClass::other)));
  const auto date = Date::parse(record[4]);
  const auto amount = Decimal::parse(record[7]);
  const auto base = Decimal::parse(record[8]);
  if (!date || !amount || !base) return std::nullopt;
  line.date = *date;
  line.document = record[5];
  line.tax_code = record[6];
  line.amount = *amount;
  line.base = *base;
  line.currency = record[9];
  line.reference = record[10];
  line.user = record[11];
  return line;
}

bool is_turnover(AccountClass account_class) {
  return account_class == AccountClass::revenue || account_class == AccountClass::discount ||
         account_class == AccountClass::liability;
}

Decimal ExpectedPosting::net_sum() const {
  Decimal sum;
  for (const auto& [date, amount] : net) sum += amount;
  return sum;
}

Decimal ExpectedPosting::tax_sum() const {
  Decimal sum;
  for (const auto& [code, amount] : tax) sum += amount;
  return sum;
}

ExpectedPosting expected_posting(const Order& content, const Order& seen, Side home,
                                 const std::set<std::string>& elsewhere, Date from, Date to,
                                 const std::vector<PostedLine>& others) {
  ExpectedPosting expected;
  expected.home = home;
  expected.currency = content.currency;
  expected.elsewhere = elsewhere;
  std::map<Date, Decimal> by_date;  // What the home says of its invoices, for sharing out.
  Decimal all;
  for (const InvoiceReference& invoice : seen.invoices) {
    expected.documents.insert(invoice.document.text());
    if (invoice.date < from || to < invoice.date) continue;
    by_date[invoice.date] += invoice.amount;
    all += invoice.amount;
  }
  if (by_date.empty()) return expected;
  Worth worth = invoiced_worth(content, seen);
  const Sums before = sums_of(others);
  for (const auto& [date, amount] : before.net) worth.net -= amount;
  for (const auto& [code, amount] : before.tax) worth.tax[code] -= amount;
  Decimal left = worth.net;
  for (auto at = by_date.begin(); at != by_date.end(); ++at) {
    const bool last = std::next(at) == by_date.end();
    const Decimal share = last || all.is_zero() ? left
                                                : Decimal::divided(worth.net * at->second, all,
                                                                   cents, Rounding::half_up);
    expected.net[at->first] = share;
    left -= share;
  }
  expected.tax = std::move(worth.tax);
  return expected;
}

PostingVerdict judge_postings(const std::string& order, const std::vector<PostedLine>& posted,
                              const std::optional<ExpectedPosting>& expected, Decimal tolerance) {
  PostingVerdict verdict;
  const Sums sums = sums_of(posted);
  PostingFinding finding;
  finding.order = order;
  finding.date = sums.last;
  finding.posted = sums.by_side;
  finding.users = sums.users;
  finding.documents = united(sums.documents);
  if (expected) {
    finding.home = expected->home;
    finding.acknowledged = expected->acknowledged;
    finding.expected_net = expected->net_sum();
    finding.expected_tax = expected->tax_sum();
    if (finding.documents.empty()) finding.documents = expected->documents;
    if (!expected->net.empty()) finding.date = std::max(sums.last, expected->net.rbegin()->first);
  }
  const auto found = [&](const char* kind) {
    finding.kind = kind;
    verdict.findings.push_back(finding);
  };
  if (expected) {
    const auto there = sums.documents.find(other(expected->home));
    const bool twice = there != sums.documents.end() &&
                       !std::includes(expected->elsewhere.begin(), expected->elsewhere.end(),
                                      there->second.begin(), there->second.end());
    if (twice) found("executed_twice");
    verdict.other_currency =
        !posted.empty() && !expected->currency.empty() && expected->currency != sums.currency;
    const bool home_posted = sums.documents.count(expected->home) > 0;
    const bool moved = !twice && there != sums.documents.end();
    if (expected->acknowledged && !home_posted && !moved && !expected->net.empty()) {
      found("missing");
    } else if (expected->acknowledged && !verdict.other_currency && !twice) {
      // With the other ERP's entries in, everything would differ once more.
      if (amounts_differ(sums, *expected, tolerance)) {
        found("value");
      } else {
        verdict.rounded = amounts_differ(sums, *expected, {});
      }
    }
  }
  if (std::any_of(sums.balance.begin(), sums.balance.end(),
                  [](const auto& one) { return !one.second.is_zero(); }))
    found("unbalanced");
  // No rate, no tax ledger of the local currency: nothing to compare with.
  if (!verdict.other_currency && std::any_of(sums.ledgers.begin(), sums.ledgers.end(),
                                             [](const auto& one) { return !one.second.is_zero(); }))
    found("tax_ledger");
  return verdict;
}

std::optional<PostingFinding> undeclared_writers(const std::string& order,
                                                 const std::vector<PostedLine>& posted,
                                                 const DeclaredUsers& declared) {
  std::vector<PostedLine> theirs;
  for (const PostedLine& line : posted) {
    const auto known = declared.find(line.side);
    if (known == declared.end() || line.user.empty() || known->second.count(line.user) > 0)
      continue;
    theirs.push_back(line);
  }
  auto finding = foreign_postings(theirs);
  if (!finding) return std::nullopt;
  finding->kind = "undeclared_writer";
  finding->order = order;
  return finding;
}

std::optional<PostingFinding> foreign_postings(const std::vector<PostedLine>& posted) {
  const Sums sums = sums_of(posted);
  if (sums.documents.empty()) return std::nullopt;
  PostingFinding finding;
  finding.kind = "foreign";
  finding.order = posted.front().reference;
  finding.date = sums.last;
  finding.posted = sums.by_side;
  finding.users = sums.users;
  finding.documents = united(sums.documents);
  return finding;
}

}  // namespace underpin::facade
