#pragma once

#include "facade/comparisons.h"
#include "facade/observe.h"
#include "facade/order_content.h"
#include "facade/write_life.h"

#include <optional>
#include <string>

namespace underpin::facade {

template <class T>
struct Tagged {
  T value;
  std::string etag;
};

// Where orders that were closed in legacy are read, once every order is at cloud_only.
enum class HistoryReads { legacy, export_file, none };

struct OrderSettings {
  Decimal document_tolerance{5, 2};  // 0.05: how far an ERP's total may be from the channel's.
  std::int64_t give_up_ms = 10'000;  // Total deadline of one call to an ERP in the background.
  HistoryReads history_reads = HistoryReads::legacy;
  std::string history_file;  // Of the export; empty: none.
};

struct OrderList {
  std::vector<journal::DocumentRecord> items;
  Cursor next;      // Empty: the last page.
  Timestamp as_of;  // Everything the ERPs changed until then is in the index.
};

// Orders as channels see them. Documents live where they were born. Threads: any.
class OrderFacade {
 public:
  OrderFacade(const Systems& systems, journal::Journal& journal, PlanBook& plans, WriteLife& writes,
              Comparisons& comparisons, Now now, OrderSettings settings);

  // POST /v1/orders: 201, 202, or a problem.
  Answer place(const Order& order, const WriteContext& context);
  // PATCH /v1/orders/{number}. `if_match`: the entity tags the channel sent ("*": any).
  Answer amend(const std::string& number, const OrderAmendment& amendment,
               const std::vector<std::string>& if_match, const WriteContext& context);
  // POST /v1/orders/{number}/cancel. `if_match` may be empty, but not for lines of an order that
  // was recovered after a restore.
  Answer cancel(const std::string& number, const OrderCancellation& cancellation,
                const std::vector<std::string>& if_match, const WriteContext& context);
  // GET /v1/orders/{number}: the channel's number, or an ERP's, or an alias.
  Result<Tagged<Order>> get(const std::string& number, const CallContext& context);
  // The channel's view of a document as its home has it now; nothing is noted or compared.
  Result<Order> view_of(const journal::DocumentRecord& document, const CallContext& context);
  // Legacy is not read for closed orders any more; the problem that says so, or the kept order.
  // Nothing: the document is read from its home.
  std::optional<Result<Tagged<Order>>> from_history(const journal::DocumentRecord& document) const;
  // GET /v1/orders, from the index of changes.
  Result<OrderList> list(const OrderQuery& query, const CallContext& context);

  // The document behind a number, asked of both ERPs when the journal does not know it.
  Result<journal::DocumentRecord> resolve(const std::string& number, const CallContext& context);

  // Takes an order of a channel's that the journal does not know into it, as both ERPs hold it.
  // Nothing to take: Done. In doubt it is left to whoever asks for it.
  Status adopt(const OrderId& id, const CallContext& context);

  // A document as its ERP holds it now, without the channel's view.
  Result<Order> read_from(Side side, const journal::DocumentRecord& document,
                          const CallContext& context);

  // What both ERPs answer for and hold after `write` was mirrored, compared later: the totals of
  // their receipts, lines, prices, taxes, totals and what reduced each line.
  void compare_held(const journal::DocumentRecord& document, const std::string& write,
                    const CallContext& context);

  // How both sides are asked once more for what `operation` compared; nothing: it is not known.
  std::optional<ShadowCheck> check_again(const std::string& subject, const std::string& operation,
                                         const CallContext& context);

 private:
  bool legacy_is_history() const;
  // As it is in the journal now; nothing when it cannot be read.
  std::optional<Order> content_of(const OrderId& id) const;
  Result<std::optional<journal::DocumentRecord>> look_for(const OrderId& id,
                                                          const CallContext& context);
  Result<journal::DocumentRecord> remembered(const journal::DocumentRecord& record);
  // The channel's view of a known document, read from its home now.
  Result<Order> current_view(const OrderId& id, const CallContext& context);
  std::optional<Answer> not_as_read(const Order& current, const std::vector<std::string>& if_match,
                                    const journal::DocumentRecord& document) const;
  Result<Tagged<Order>> get(const journal::DocumentRecord& known, const CallContext& context);
  using MoreOf = void (*)(const Order&, const std::optional<OrderReceipt>&, json::Value&);
  ShadowCheck check_of(const journal::DocumentRecord& document, bool moved_already, MoreOf more,
                       const CallContext& context);
  void shadow(const journal::DocumentRecord& document, const Observation<Order>& answered,
              const CallContext& context);

  const Systems& systems_;
  journal::Journal& journal_;
  PlanBook& plans_;
  WriteLife& writes_;
  Comparisons& comparisons_;
  Now now_;
  OrderSettings settings_;
};

// Where a document older than the facade was born, whose number is that ERP's; for any other: its
// home.
Side born_in(const journal::DocumentRecord& document);

// Documents older than the facade have no channel; at the other ERP their copy goes by the
// name of the system they were born in: "nav" + "SO-100001". Both directions; nothing for a
// reference that is not one of ours.
OrderId identity_at_erp(const journal::DocumentRecord& document, const Systems& systems);
OrderId identity_in_journal(const OrderId& at_erp, const Systems& systems);

// A document that an ERP's feed or a look-up found and the journal does not know yet.
journal::DocumentRecord adopted(const Order& order, const OrderId& id, Side home,
                                const DocumentNumber& document, const std::string& wave,
                                Timestamp now);

}  // namespace underpin::facade
