#pragma once

#include "contracts/ports/inventory_service.h"
#include "legacy-adapters/dynamics_nav/nav_sql.h"
#include "legacy-adapters/transport/odbc/odbc.h"

#include <functional>
#include <memory>
#include <string>

namespace underpin::legacy::dynamics_nav {

struct InventorySettings {
  std::string system;
  SqlNames sql;
  std::string zone = "Europe/Berlin";  // In whose calendar NAV's posting dates are meant.
  std::string reason_code;             // Code[10] of the journal line; empty: none.
  int movements_page = 500;
  bool value_entries = false;  // [Value Entry] may be read, too.
  std::function<Timestamp()> now = [] { return Timestamp::from(std::chrono::system_clock::now()); };
};

// One item journal line, as the site's codeunit ItemJournal.PostItemJournal takes it.
struct JournalLine {
  std::string document;  // Code[20].
  StockKey key;
  Decimal quantity;  // Signed; the sign becomes the entry type.
  Date posting_date;
  std::string reason_code;
};

// Posts at once and answers with the number of the item ledger entry.
using PostJournalLine =
    std::function<Result<DocumentNumber>(const JournalLine& line, const CallContext& context)>;

// Stock from NAV's tables, over ODBC; adjustments through the item journal, never by SQL.
//
// on_hand is the sum of [Item Ledger Entry].[Quantity]. reserved is the outstanding quantity of
// sales order lines in base units, released or not, plus what [Reservation Entry] holds for
// anything else than a sales line (production, transfers). Read in one statement, demand before
// stock, so that a shipment posted meanwhile can make the available quantity too low but never too
// high. Every known article has a level at every location of [Location], zero or not; stock without
// a location code appears under an empty one.
//
// Who posted an entry stands in [Value Entry].[User ID], once for each change of its value: the
// first is the posting itself. NAV keeps the posting date, not the time.
//
// stock_movements' cursor is the entry number, not the row version: NAV locks the ledger while it
// numbers entries, so numbers appear in order and an entry's quantity never changes, while applying
// entries to each other gives old ones new row versions.
std::unique_ptr<InventoryService> make_inventory(InventorySettings settings,
                                                 std::shared_ptr<odbc::Database> database,
                                                 PostJournalLine post);

// The statement of get_stock with its values in their places, for people; of the articles that one
// statement asks for.
std::string stock_question(const SqlNames& names, const StockQuery& query);

std::vector<Finding> examine_value_entries(odbc::Database& database, const SqlNames& names,
                                           Deadline deadline);

}  // namespace underpin::legacy::dynamics_nav
