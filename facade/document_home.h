#pragma once

#include "contracts/capability.h"
#include "contracts/order.h"
#include "contracts/ports/erp_adapter.h"

#include <optional>
#include <string>

// Where a document lives, by what both ERPs hold of it. Pure.
namespace underpin::facade {

// What one ERP holds. A copy is inert, and reads as not released (CapabilityDescriptor::inert_by);
// what is released, or has left, is executed there.
enum class DocumentSeen { absent, inert, live, ended };
// `released`: as its receipt says. An order of which a part has left and that is being moved to
// another home is not.
DocumentSeen seen_as(const CapabilityDescriptor& descriptor, const Order& order, bool released);
// A part of it has left there. Copies are never shipped: it is, or was, at home there.
bool has_shipped(const Order& order);

struct HomeEvidence {
  DocumentSeen legacy = DocumentSeen::absent;
  DocumentSeen cloud = DocumentSeen::absent;
  bool same_content = false;       // Of two inert documents.
  bool shipped_in_legacy = false;  // A part; see has_shipped.
  bool shipped_in_cloud = false;
  std::optional<Side> known_home;  // As the journal has it.
  Side birth_side = Side::legacy;  // By the plan.
  // A person has looked at it, and perhaps ended one of the documents in its ERP: what is not ended
  // counts more than what was known.
  bool mended = false;
  std::optional<Side> decided;  // And says where it lives.
  DocumentSeen on(Side side) const { return side == Side::legacy ? legacy : cloud; }
};

// A released document is home. Of two that are not, the known one is, then the one where the plan
// has such documents born, as long as both say the same; otherwise nobody but a person can tell.
struct HomeVerdict {
  std::optional<Side> home;  // Nothing without any document, and in doubt.
  std::string doubt;         // "live_in_both", "home_unknown"; empty: none.
};
HomeVerdict judge_home(const HomeEvidence& evidence);

}  // namespace underpin::facade
