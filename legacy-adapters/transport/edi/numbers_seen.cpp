#include "legacy-adapters/transport/edi/numbers_seen.h"

#include <charconv>
#include <iterator>

namespace underpin::legacy::edi {

NumbersSeen::Answer NumbersSeen::add(std::string_view number) {
  std::uint64_t whole = 0;
  const char* end = number.data() + number.size();
  // A number and its zero-filled form are one control number only where all digits are: "007" is 7.
  if (number.size() <= 18 && !number.empty()) {
    const auto [stop, code] = std::from_chars(number.data(), end, whole);
    if (code == std::errc() && stop == end) return add_whole(whole);
  }
  if (others_.find(number) != others_.end()) return Answer::again;
  if (others_.size() >= entries_max_) return Answer::unknown;
  others_.emplace(number);
  return Answer::first;
}

NumbersSeen::Answer NumbersSeen::add_whole(std::uint64_t number) {
  auto after = runs_.upper_bound(number);
  const auto before = after == runs_.begin() ? runs_.end() : std::prev(after);
  if (before != runs_.end() && before->second >= number) return Answer::again;
  const bool joins_before = before != runs_.end() && before->second + 1 == number;
  const bool joins_after = after != runs_.end() && after->first == number + 1;
  if (joins_before) {
    before->second = number;
    if (joins_after) {
      before->second = after->second;
      runs_.erase(after);
    }
    return Answer::first;
  }
  const std::uint64_t last = joins_after ? after->second : number;
  if (joins_after) {
    runs_.erase(after);
  } else if (runs_.size() >= entries_max_) {
    return Answer::unknown;
  }
  runs_.emplace(number, last);
  return Answer::first;
}

void NumbersSeen::clear() {
  runs_.clear();
  others_.clear();
}

}  // namespace underpin::legacy::edi
