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
  const PostingDeclaration& declares() const override;
  void offer_previews();
  Result<std::vector<PostedEntry>> preview(const OrderRef& ref, const CallContext&) override;
  Result<Page<PostedEntry>> posted_entries(const PostingQuery& query, const CallContext&) override;
  void post(const std::string& document, const OrderId& order, AccountClass account_class,
            const char* amount, Ledger ledger = Ledger::general, Date date = today);
  void post_sale(const std::string& document, const OrderId& order, const char* net,
                 const char* tax, Date date = today);

  std::vector<PostedEntry> entries;
  bool down = false;
  Decimal previewed = Decimal::of(-10);
  int calls = 0;

 private:
  PostingDeclaration declaration_{false, true, true};
};

}  // namespace underpin::facade::test
