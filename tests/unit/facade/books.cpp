#include "tests/unit/facade/books.h"

namespace underpin::facade::test {

const PostingDeclaration& Books::declares() const { return declaration_; }

void Books::offer_previews() { declaration_.preview = true; }

Result<std::vector<PostedEntry>> Books::preview(const OrderRef& ref, const CallContext&) {
  PostedEntry entry;
  entry.order = ref.id;
  entry.account_class = AccountClass::revenue;
  entry.amount = previewed;
  entry.currency = "EUR";
  return std::vector<PostedEntry>{entry};
}

Result<Page<PostedEntry>> Books::posted_entries(const PostingQuery& query, const CallContext&) {
  ++calls;
  if (down) return Error{ErrorCode::unavailable, "closed for the night", "books"};
  Page<PostedEntry> page;
  std::size_t from = query.cursor.empty() ? 0 : std::stoul(query.cursor.text());
  for (; from < entries.size() && page.items.size() < 3; ++from) {
    const PostedEntry& entry = entries[from];
    if (!query.documents.empty()) continue;
    if (query.from <= entry.posting_date && entry.posting_date <= query.to)
      page.items.push_back(entry);
  }
  if (query.documents.empty()) {
    if (from < entries.size()) page.next = Cursor{std::to_string(from)};
    return page;
  }
  for (const PostedEntry& entry : entries)
    if (std::count(query.documents.begin(), query.documents.end(), entry.document) > 0)
      page.items.push_back(entry);
  return page;
}

void Books::post(const std::string& document, const OrderId& order, AccountClass account_class,
                 const char* amount, Ledger ledger, Date date) {
  PostedEntry entry;
  entry.ledger = ledger;
  entry.entry = std::to_string(entries.size());
  entry.kind = PostedKind::invoice;
  entry.document = DocumentNumber{document};
  entry.order = order;
  entry.reference = order.empty() ? "EDI-7" : "WEB/" + order.number.text();
  entry.posting_date = date;
  entry.account_class = account_class;
  entry.tax_code = ledger == Ledger::tax ? "VAT19" : "";
  entry.amount = *Decimal::parse(amount);
  entry.currency = "EUR";
  entry.user = "EVA";
  entries.push_back(entry);
}

void Books::post_sale(const std::string& document, const OrderId& order, const char* net,
                      const char* tax, Date date) {
  const Decimal gross = *Decimal::parse(net) + *Decimal::parse(tax);
  const std::string credit_net = "-" + std::string(net);
  const std::string credit_tax = "-" + std::string(tax);
  post(document, order, AccountClass::revenue, credit_net.c_str(), Ledger::general, date);
  post(document, order, AccountClass::tax, credit_tax.c_str(), Ledger::general, date);
  post(document, order, AccountClass::receivable, gross.text().c_str(), Ledger::general, date);
  post(document, order, AccountClass::tax, credit_tax.c_str(), Ledger::tax, date);
}

}  // namespace underpin::facade::test
