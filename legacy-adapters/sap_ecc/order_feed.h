#pragma once

#include "contracts/page.h"
#include "legacy-adapters/sap_ecc/documents.h"
#include "legacy-adapters/sap_ecc/forms.h"
#include "legacy-adapters/transport/odbc/feed_sweep.h"

#include <string>

namespace underpin::legacy::sap_ecc {

// A position in a feed that goes by server date and time.
using FeedPosition = odbc::SweepCursor<LocalTime, std::string>;
Cursor written(const FeedPosition& position);
// Failure, invalid_request: not one of ours.
FeedPosition feed_position(const Cursor& cursor);

// One page of such a feed.
class FeedSweep : public odbc::Sweep<LocalTime, std::string> {
 public:
  FeedSweep(const FeedPosition& from, const Settings& settings, Timestamp now);
  Timestamp as_of() const { return as_of_; }

 private:
  Timestamp as_of_;
};

// "(x.DAY > ? OR (x.DAY = ? AND x.TIME >= ?))" and its parameters.
std::string not_before(std::string_view day, std::string_view time);
void add_not_before(odbc::Parameters& parameters, const LocalTime& from);

// Sales orders that were created, changed, delivered or invoiced: by the times of VBAK, of change
// documents (CDHDR) and of the document flow (VBFA). Methods throw Failure.
class OrderFeed {
 public:
  OrderFeed(const Settings& settings, const Tables& tables, const Documents& documents)
      : settings_(settings), tables_(tables), documents_(documents) {}

  ChangePage<OrderChange> changes(const Cursor& cursor, const CallContext& context) const;

 private:
  const Settings& settings_;
  const Tables& tables_;
  const Documents& documents_;
};

}  // namespace underpin::legacy::sap_ecc
