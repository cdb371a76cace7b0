#pragma once

#include "contracts/page.h"
#include "legacy-adapters/sap_ecc/documents.h"
#include "legacy-adapters/sap_ecc/forms.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace underpin::legacy::sap_ecc {

// A position in a feed that goes by server date and time, to the second. These are of the moment
// when a unit of work began to save; it is committed later, at most `feed_overlap_s`. So a change
// is told when it is first seen, again while it is a few seconds old, and once more when nothing
// can come behind it any more; one that was committed late is told then at the latest. Nothing is
// missed, and nothing is told for ever.
struct FeedCursor {
  struct Place {
    LocalTime at{"00000000", "000000"};
    std::string key;
    auto operator<=>(const Place&) const = default;
  };
  LocalTime low{"00000000", "000000"};  // Nothing comes at or before it any more.
  Place seen;                           // The furthest that was told.
  int offset = 0;                       // Of the zone from UTC, minutes, at `low`.
  std::optional<Place> behind;          // Within a sweep of more than one page: the last one taken.
  std::string text() const;
};
// Failure, invalid_request: not one of ours.
FeedCursor feed_cursor(const Cursor& cursor);

// One page of a sweep over all that has changed.
class FeedSweep {
 public:
  FeedSweep(const FeedCursor& from, const Settings& settings, Timestamp now);
  // Rows are to come from this second on, by date, time and key.
  const LocalTime& begin() const { return from_.behind ? from_.behind->at : from_.low; }
  // False: the page is full, and the row is the next one's.
  bool take(FeedCursor::Place place);
  bool more() const { return more_; }
  Cursor next() const;
  Timestamp as_of() const { return as_of_; }
  const std::vector<std::string>& keys() const { return keys_; }  // To be told, each once.

 private:
  FeedCursor from_;
  Timestamp as_of_;
  LocalTime closing_;
  LocalTime fresh_;
  int offset_ = 0;
  std::size_t page_size_ = 0;
  FeedCursor::Place last_;
  std::vector<std::string> keys_;
  std::set<std::string> told_;
  bool more_ = false;
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
