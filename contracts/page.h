#pragma once

#include "contracts/ids.h"
#include "contracts/time.h"

#include <vector>

namespace underpin {

// A part of a list. `next` is empty on the last page.
template <class T>
struct Page {
  std::vector<T> items;
  Cursor next;
};

// What changed in an ERP since a cursor. `next` is always set: the position to poll from next time.
template <class T>
struct ChangePage {
  std::vector<T> items;
  Cursor next;
  bool more = false;  // Call again at once: there was more than one page holds.
  Timestamp as_of;    // Everything up to here has been seen (when !more).
};

}  // namespace underpin
