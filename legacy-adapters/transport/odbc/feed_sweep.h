#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

// Feeds of changes by a database's own stamps: local times, to the second, set before the
// transaction is committed, which may be up to an overlap later. So a change is told when it is
// first seen, again while it is fresh, and once more when nothing can come behind it any more; one
// that was committed late is told then at the latest. Nothing is missed, and nothing is told for
// ever. Everything is a value; any thread.
namespace underpin::legacy::odbc {

// A default Stamp is before all others.
template <class Stamp, class Key>
struct SweepCursor {
  struct Place {
    Stamp stamp{};
    Key key{};
    auto operator<=>(const Place&) const = default;
  };
  Stamp low{};                  // Nothing comes at or before it any more.
  Place seen{};                 // The furthest that was told.
  int offset = 0;               // Of the zone from UTC, minutes, at `low`.
  std::optional<Place> behind;  // Within a sweep of more than one page: the last one taken.
};

// What the clocks say as a sweep begins.
template <class Stamp>
struct SweepClock {
  Stamp closing{};  // The overlap ago: what is committed from now on is later.
  Stamp fresh{};    // What is not older may have company that is not committed yet.
  int offset = 0;   // Of the zone from UTC, minutes, at `closing`.
};

// One page of a sweep over all that has changed. Rows are to come from begin() on, by stamp and
// key.
template <class Stamp, class Key>
class Sweep {
 public:
  using Cursor = SweepCursor<Stamp, Key>;
  enum class Take { tell, skip, full };

  // `earlier(stamp, seconds)`: for clocks that were set back, when stamps come a second time.
  template <class Earlier>
  Sweep(Cursor from, const SweepClock<Stamp>& clock, std::size_t page_size, Earlier earlier)
      : from_(std::move(from)), clock_(clock), page_size_(page_size) {
    if (from_.behind) {  // The sweep goes on as it began.
      clock_.closing = from_.low;
      clock_.offset = from_.offset;
      last_ = *from_.behind;
      return;
    }
    if (from_.low != Stamp{} && clock_.offset < from_.offset) {
      from_.low = earlier(from_.low, (from_.offset - clock_.offset) * std::int64_t{60});
      from_.seen = {from_.low, Key{}};
    } else {
      clock_.closing = std::max(clock_.closing, from_.low);
    }
    last_ = from_.seen;
  }

  const std::optional<typename Cursor::Place>& behind() const { return from_.behind; }
  const Stamp& begin() const { return from_.behind ? from_.behind->stamp : from_.low; }

  // full: the page is, and the row is the next one's.
  Take take(typename Cursor::Place place) {
    if (from_.behind ? place <= *from_.behind : place.stamp <= from_.low) return Take::skip;
    const bool tells =
        place > from_.seen || place.stamp >= clock_.fresh || place.stamp <= clock_.closing;
    const bool is_new = tells && told_.count(place.key) == 0;
    if (is_new) {
      if (keys_.size() >= page_size_) {
        more_ = true;
        return Take::full;
      }
      told_.insert(place.key);
      keys_.push_back(place.key);
    }
    last_ = std::move(place);
    return is_new ? Take::tell : Take::skip;
  }

  bool more() const { return more_; }
  const std::vector<Key>& keys() const { return keys_; }  // To be told, each once.
  Cursor next() const {
    Cursor next{clock_.closing, from_.seen, clock_.offset, std::nullopt};
    if (more_)
      next.behind = last_;
    else
      next.seen = std::max(from_.seen, last_);
    return next;
  }

 private:
  Cursor from_;
  SweepClock<Stamp> clock_;
  std::size_t page_size_;
  typename Cursor::Place last_;
  std::vector<Key> keys_;
  std::set<Key> told_;
  bool more_ = false;
};

}  // namespace underpin::legacy::odbc
