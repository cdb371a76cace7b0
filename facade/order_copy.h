#pragma once

#include "facade/journal/journal.h"
#include "facade/systems.h"

namespace underpin::facade {

// How one ERP knows a document: by the channel's identity, and by its own number where it is known.
OrderRef ref_at(const Systems& systems, Side side, const journal::DocumentRecord& document);

// Brings the inert copy of `document` on `side` to what is outstanding in `home`, the document as
// its home holds it, and withdraws it when nothing is. not_found: there is no such copy. A copy
// that was the document itself before a transfer keeps what it has shipped. Blocks until the ERP
// has answered; errors are those of the port.
Result<OrderReceipt> follow_copy(const Systems& systems, Side side,
                                 const journal::DocumentRecord& document, const Order& home,
                                 const WriteContext& context);

}  // namespace underpin::facade
