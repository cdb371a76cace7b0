#pragma once

#include "contracts/ports/erp_adapter.h"
#include "legacy-adapters/sap_ecc/orders05.h"
#include "legacy-adapters/transport/file_drop/durable.h"
#include "legacy-adapters/transport/file_drop/file_drop.h"
#include "legacy-adapters/transport/file_drop/outbox.h"
#include "legacy-adapters/transport/state/sqlite_state.h"

#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace underpin::legacy::sap_ecc {

// New orders on their way as ORDERS05 files, and what ORDRSP files say of them, in a SQLite file of
// the state folder. Number and content of an IDoc are durable before its file exists; one reference
// has one IDoc for good. What is neither answered nor seen in SAP is never told as refused or
// absent: SAP's people can post an IDoc that was refused (51) weeks later. The highest number is
// marked in the outbound folder, too, so that a restored state neither gives out a number twice nor
// takes what was sent since its backup for absent.
// Thread rule: any; poll() one at a time. One process works with an outbound folder. Methods throw
// Failure; unavailable: the state or the folders cannot be used now.
class IdocOrders {
 public:
  // Throws state::StateFailure when the store cannot be opened.
  IdocOrders(std::string system, const Settings& settings, Orders05Layout layout,
             const std::string& state_folder);

  // Whether SAP has been seen to show the order; false where that cannot be read. To be asked
  // before SAP is, and to be said below as `was_shown`: an order that is shown only since SAP was
  // looked into is not absent, it was looked for too early.
  bool is_shown(const OrderId& id);
  // Whether a newer state than this one has sent IDocs, of which the order's may be one.
  bool may_be_lost(const OrderId& id);
  // The order's IDoc is kept, and sent now or by the next poll(). Pending; conflict: the reference
  // was sent with other content; rejected: SAP has answered that it rejects the order.
  OrderReceipt place(const Order& order, bool was_shown, const CallContext& context);
  // SAP shows the order.
  void seen(const OrderId& id, const std::string& document);
  // The receipt of one that SAP may still post, or has answered and does not show yet. Otherwise
  // nothing is on its way, as far as the state goes: throws unavailable while it does not go far
  // enough.
  std::optional<OrderReceipt> awaited(const OrderId& id, bool was_shown);
  // As it was placed: pending, or rejected. Nothing and unavailable as of awaited().
  std::optional<Order> placed(const OrderId& id, bool was_shown);
  // Before something is done to an order that SAP does not show. throttled: it is on its way, so
  // ask again later; rejected: SAP rejects it; unavailable as of awaited().
  void must_not_be_awaited(const OrderId& id, bool was_shown);

  // What SAP has under a reference.
  struct Posted {
    std::string document;  // The sales document; empty: none.
    bool taken = false;    // The IDoc at least, whatever became of it.
  };
  using Look = std::function<Posted(const std::string& reference)>;
  Status poll(const CallContext& context, const Look& look);
  std::vector<Alarm> alarms();
  std::vector<Finding> examine() const;

 private:
  struct Sent;
  std::optional<Sent> find(const std::string& reference);
  void hold();
  void must_know();
  std::int64_t marked() const;
  void mark(std::int64_t number) const;
  std::int64_t highest();
  std::string fact(const char* name);
  void set_fact(const char* name, const std::string& value);
  Status send(const Sent& sent);
  Status send_unsent(const Look& look);
  bool may_have_been_sent(const Sent& sent);
  void show(const std::string& reference, const std::string& document);
  file_drop::Verdict take_in(const file_drop::ClaimedFile& file);
  Status take(const OrderAnswer& answer, std::vector<std::string>& notes);
  void look_for_overdue(const Look& look, Deadline deadline);
  std::string overdue_before() const;
  [[noreturn]] static void fail_rejected(const Sent& sent);
  static OrderReceipt pending(const OrderId& id, const std::string& document);
  template <class F>
  auto locked(F&& body) -> decltype(body());

  const std::string system_;
  const Settings& settings_;
  const Orders05Layout layout_;
  const std::filesystem::path outbound_;
  std::mutex mutex_;
  state::StateDatabase store_;
  file_drop::Outbox outbox_;
  file_drop::Inbox inbox_;
  std::optional<file_drop::Descriptor> lock_;
  std::set<std::int64_t> own_;  // Numbers that this process gave out: it knows what it sent.
  std::string not_sent_;        // Why a kept file could not be sent last.
  std::chrono::steady_clock::time_point looked_;
};

}  // namespace underpin::legacy::sap_ecc
