#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace underpin::legacy::edi {

// Control numbers that were seen, in bounded memory: runs of whole numbers are kept by their ends,
// so that a file numbered 1, 2, 3 … costs one entry however long it is.
class NumbersSeen {
 public:
  enum class Answer { first, again, unknown };

  explicit NumbersSeen(std::size_t entries_max) : entries_max_(entries_max) {}
  // unknown: it is new to what is kept, and there is no room to keep it.
  Answer add(std::string_view number);
  void clear();

 private:
  Answer add_whole(std::uint64_t number);

  std::size_t entries_max_;
  std::map<std::uint64_t, std::uint64_t> runs_;  // First to last.
  std::set<std::string, std::less<>> others_;
};

}  // namespace underpin::legacy::edi
