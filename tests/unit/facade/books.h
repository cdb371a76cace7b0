#pragma once

#include "contracts/ports/posting_service.h"

#include <algorithm>
#include <string>
#include <vector>

namespace underpin::facade::test {

inline constexpr Date today{2026, 11, 24};

// The books of one small ERP.
class Books final : public PostingService {
 public:
  const PostingDeclaration& declares() const override { return declaration_; }
  void offer_previews() { declaration_.preview = true; }
  Result<std::vector<PostedEntry>> preview(const OrderRef& ref, const CallContext&) override {
    PostedEntry entry;
    entry.order = ref.id;
    entry.account_class = AccountClass::revenue;
    entry.amount = previewed;
    entry.currency = "EUR";
    return std::vector<PostedEntry>{entry};
  }
  Result<Page<PostedEntry>> posted_entries(const PostingQuery& query, const CallContext&) override {
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
  void post(const std::string& document, const OrderId& order, AccountClass account_class,
            const char* amount, Ledger ledger = Ledger::general, Date date = today) {
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
  void post_sale(const std::string& document, const OrderId& order, const char* net,
                 const char* tax, Date date = today) {
    const Decimal gross = *Decimal::parse(net) + *Decimal::parse(tax);
    const std::string credit_net = "-" + std::string(net);
    const std::string credit_tax = "-" + std::string(tax);
    post(document, order, AccountClass::revenue, credit_net.c_str(), Ledger::general, date);
    post(document, order, AccountClass::tax, credit_tax.c_str(), Ledger::general, date);
    post(document, order, AccountClass::receivable, gross.text().c_str(), Ledger::general, date);
    post(document, order, AccountClass::tax, credit_tax.c_str(), Ledger::tax, date);
  }

  std::vector<PostedEntry> entries;
  bool down = false;
  Decimal previewed = Decimal::of(-10);
  int calls = 0;

 private:
  PostingDeclaration declaration_{false, true, true};
};

}  // namespace underpin::facade::test
