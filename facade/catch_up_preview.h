#pragma once

#include "contracts/call_context.h"
#include "contracts/customer.h"
#include "cutover/plan.h"
#include "facade/journal/journal.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace underpin::facade {

struct Systems;

// What catching up would bring to one side, by count and value, before the step that begins it.
// Counted at one moment: what changes until then changes it. Pure reads. Threads: any.
struct Bringing {
  Side to = Side::cloud;
  // Customers of the other side. They are counted there, for as long as the caller's deadline
  // allows: `at_least` when it ended that.
  struct Customers {
    std::int64_t count = 0;
    bool at_least = false;
    std::string failed;  // Why nobody knows; empty: counted.
  };
  std::optional<Customers> customers;  // For the capability customers.
  // Open orders without a copy on the side that receives them, alike in class ("open", "prepaid",
  // "part_shipped", "part_shipped prepaid") and, by currency, what they are worth as ordered.
  struct Documents {
    std::string classes;
    std::int64_t count = 0;
    std::map<Currency, Decimal> worth;
  };
  std::vector<Documents> documents;
  bool indexed = true;                // The order feed has been through once: the count is whole.
  std::int64_t with_number = 0;       // Of these, a cross-reference names their copy: it is taken.
  bool no_copies = false;             // The receiving ERP has nothing that keeps a copy inert.
  std::int64_t cross_references = 0;  // Imported for the capability.
};

// Which side a step from `plan` to `next` begins to bring up to date; nothing: none.
std::optional<Side> brings_to(const cutover::Plan& plan, const cutover::Rollout& next);

// Asks the ERP for its customers until context.deadline.
Result<Bringing> what_is_brought(const Systems& systems, const journal::Journal& journal,
                                 Capability capability, Side to, const CallContext& context);

// Running counts of what was imported, kept by facade/xref.h.
std::string imported_xrefs_fact(Capability capability);

}  // namespace underpin::facade
