#pragma once

#include "cloud-adapters/business_central/site.h"
#include "contracts/ports/posting_service.h"

#include <map>

namespace underpin::cloud::business_central {

// What Business Central has posted: v2.0 generalLedgerEntries for the general ledger, then the
// lines of v2.0 salesInvoices for the tax ledger, because v2.0 has no VAT entries and its general
// ledger entries name no tax code. Which order a document is of comes from salesInvoices, too:
// a general ledger entry has no external number there. Amounts are debit less credit, so that
// credits are negative. v2.0 offers no posting preview, and does not say who has posted.
class Postings final : public PostingService {
 public:
  explicit Postings(Site& site) : site_(site) {}

  const PostingDeclaration& declares() const override { return declaration_; }
  Result<Page<PostedEntry>> posted_entries(const PostingQuery& query,
                                           const CallContext& context) override;

 private:
  struct Origin {
    std::string reference;
    std::string order;
  };
  using Origins = std::map<std::string, Origin>;  // By the posted document's number.
  Origins origins_of(const std::vector<json::Value>& entries, const CallContext& context);
  void add_general(const std::vector<json::Value>& rows, const CallContext& context,
                   std::vector<PostedEntry>& entries);
  void add_tax(const json::Value& invoice, std::vector<PostedEntry>& entries) const;
  Page<PostedEntry> of_documents(const PostingQuery& query, const CallContext& context);
  PostedEntry entry_of(const Origin& origin) const;

  Site& site_;
  const PostingDeclaration declaration_{false, false, false};
};

}  // namespace underpin::cloud::business_central
