#pragma once

#include <string>
#include <utility>
#include <vector>

// What two texts have in common and where they part, to be shown side by side. Pure.
namespace underpin::parity {

struct TextPart {
  std::string text;
  bool differs = false;
};
using MarkedText = std::vector<TextPart>;  // In order; together they are the text.

// By characters (UTF-8), for texts up to mark_max characters; longer ones differ between their
// common beginning and their common end. With less than half in common they differ as a whole.
constexpr std::size_t mark_max = 400;
std::pair<MarkedText, MarkedText> mark(const std::string& one, const std::string& two);

// Letters become x, digits 9, in the parts as in masked(): what differs stays marked.
MarkedText hidden(MarkedText parts);

// A row of two documents side by side; -1: no line of that document stands there.
struct LinePair {
  int one = -1;
  int two = -1;
  bool differs = false;
};
// By lines; between what both begin and end with up to lines_max of each are matched, beyond that
// they stand side by side in order.
constexpr std::size_t lines_max = 1'500;
std::vector<LinePair> pair_lines(const std::vector<std::string>& one,
                                 const std::vector<std::string>& two);

std::vector<std::string> lines_of(const std::string& text);

}  // namespace underpin::parity
