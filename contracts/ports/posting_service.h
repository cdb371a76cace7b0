#pragma once

#include "contracts/call_context.h"
#include "contracts/order.h"
#include "contracts/page.h"
#include "contracts/posting.h"
#include "contracts/result.h"

#include <vector>

namespace underpin {

// What an ERP can tell of its books.
struct PostingDeclaration {
  bool preview = false;  // What an order would be posted as, without posting it.
  bool user = false;     // Who posted an entry.
  // The tax ledger has documents in other currencies than the local one, too.
  bool foreign_tax = false;
};

// What one ERP has posted. Nothing is written. Thread rule and errors: see order_service.h.
class PostingService {
 public:
  virtual ~PostingService() = default;
  virtual const PostingDeclaration& declares() const = 0;

  // Entries of both ledgers, each once: entries are never changed, and later ones have higher
  // numbers. A page may hold less than `limit`, also nothing, and not be the last.
  virtual Result<Page<PostedEntry>> posted_entries(const PostingQuery& query,
                                                   const CallContext& context) = 0;

  // As if the order were shipped and invoiced as a whole today.
  virtual Result<std::vector<PostedEntry>> preview(const OrderRef&, const CallContext&) {
    return Error{ErrorCode::unsupported, "this ERP previews no postings"};
  }
};

}  // namespace underpin
