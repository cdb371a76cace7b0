#pragma once

#include "contracts/json/json_text.h"
#include "parity/compare.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Where a comparison stands in its two documents, and which patterns that is.
namespace underpin::parity {

// "/a~1b/c" -> "a/b", "c".
std::vector<std::string> segments_of(std::string_view path);

class Walk {
 public:
  // One step down, for as long as it lives.
  class Step {
   public:
    // `element`: of a list; patterns and field names call it "*".
    Step(Walk& walk, std::string text, bool element) : walk_(walk) {
      walk_.path_.push_back({std::move(text), element});
    }
    ~Step() { walk_.path_.pop_back(); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    Walk& walk_;
  };

  bool at(const Judge::Pattern& pattern) const {
    return pattern.path.size() == path_.size() && at_or_below(pattern);
  }
  bool at_or_below(const Judge::Pattern& pattern) const {
    if (pattern.path.size() > path_.size()) return false;
    for (std::size_t i = pattern.path.size(); i-- > 0;)
      if (pattern.path[i] != "*" && pattern.path[i] != path_[i].text) return false;
    return true;
  }
  std::string pointer() const {
    std::string text;
    for (const Segment& segment : path_) text = json::pointer_to(text, segment.text);
    return text;
  }
  std::string field() const {
    std::string text;
    for (const Segment& segment : path_)
      text = json::pointer_to(text, segment.element ? std::string("*") : segment.text);
    return text;
  }

 private:
  struct Segment {
    std::string text;
    bool element = false;
  };
  std::vector<Segment> path_;
};

}  // namespace underpin::parity
