#pragma once

#include <compare>
#include <string>
#include <utility>

namespace underpin {

// A text identifier that cannot be mixed up with another kind of identifier.
template <class Kind>
class TextId {
 public:
  TextId() = default;
  explicit TextId(std::string text) : text_(std::move(text)) {}
  const std::string& text() const { return text_; }
  bool empty() const { return text_.empty(); }
  auto operator<=>(const TextId&) const = default;

 private:
  std::string text_;
};

using Sku = TextId<struct SkuKind>;
using OrderNumber = TextId<struct OrderNumberKind>;    // Assigned by the channel.
using ReturnNumber = TextId<struct ReturnNumberKind>;  // Of a return of an order, the channel's.
using CustomerNumber = TextId<struct CustomerNumberKind>;  // The same in every ERP.
using LocationCode = TextId<struct LocationCodeKind>;      // Store or warehouse, e.g. "EAST".
using StoreCode = TextId<struct StoreCodeKind>;
using ChannelId = TextId<struct ChannelIdKind>;            // [a-z0-9-]{1,10}: "web", "pos".
using DocumentNumber = TextId<struct DocumentNumberKind>;  // Assigned by an ERP.
using MovementId = TextId<struct MovementIdKind>;          // One stock movement, <= 20 characters.
using IdempotencyKey = TextId<struct IdempotencyKeyKind>;
using CorrelationId = TextId<struct CorrelationIdKind>;
using Revision = TextId<struct RevisionKind>;  // Opaque version of a record, as its owner gave it.
using Cursor = TextId<struct CursorKind>;      // Opaque position in a list or change feed.

// Who an order is, everywhere: two channels may both send 100042.
struct OrderId {
  ChannelId channel;
  OrderNumber number;
  bool empty() const { return number.empty(); }
  auto operator<=>(const OrderId&) const = default;
};

}  // namespace underpin
