#pragma once

#include "facade/cutover_settings.h"
#include "facade/orders.h"
#include "facade/write_life.h"

namespace underpin::facade {

// Moves one open document to another home, as a write of its own: "transfer_order". Its intent is
// the document's lock, in every replica: a channel's change waits, or is refused with 409 until it
// is over, and the outcome resolver carries on after a crash. The steps, each in the journal before
// the next:
//
//   blocking   its home is read afresh, and what must keep it there does not
//   blocked    the home has taken its release back, and nothing left it meanwhile
//   levelled   the copy in the new home is inert and has the same outstanding quantities
//   moved      ONE transaction: the homes are swapped, the release in the new one is in the outbox
//
// The last is the point of no return, and the first moment at which the new home may release it:
// until then any trouble ends with the release in the old one, in the closing transaction. So it is
// never released in both. What had left the old home stays there (content_with_moved_part), and its
// document is the inert copy from then on.
struct TransferParts {
  const Systems& systems;
  journal::Journal& journal;
  OrderFacade& orders;
  TransferSettings settings;
  Decimal document_tolerance;  // How far the new home's total may be from the channel's.
  bool whole_copies = true;    // A copy has every field that its document needs.
  OnStep on_step;
  Now now;
};
void add_transfer_write(WriteLife& writes, TransferParts parts);

// The draft of such a write; its key is that of the item, so that it is done once.
journal::NewIntent transfer_intent(const journal::TransferItem& item, Side to);
IdempotencyKey transfer_key(const journal::TransferItem& item);

}  // namespace underpin::facade
