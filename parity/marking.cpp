#include "parity/marking.h"

#include <algorithm>
#include <cstdint>

namespace underpin::parity {
namespace {

std::vector<std::string> characters_of(const std::string& text) {
  std::vector<std::string> characters;
  for (const char c : text) {
    const bool continues = (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
    if (continues && !characters.empty()) {
      characters.back() += c;
    } else {
      characters.emplace_back(1, c);
    }
  }
  return characters;
}

// Which elements of two lists are one, as pairs of indexes in order: the longest common
// subsequence, found where both lists together need no more than `limit` elements each.
std::vector<std::pair<std::size_t, std::size_t>> common(const std::vector<std::string>& one,
                                                        const std::vector<std::string>& two,
                                                        std::size_t limit) {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  std::size_t begin = 0;
  while (begin < one.size() && begin < two.size() && one[begin] == two[begin]) {
    pairs.emplace_back(begin, begin);
    ++begin;
  }
  std::size_t end = 0;
  while (end < one.size() - begin && end < two.size() - begin &&
         one[one.size() - 1 - end] == two[two.size() - 1 - end])
    ++end;
  const std::size_t rows = one.size() - begin - end;
  const std::size_t columns = two.size() - begin - end;
  if (rows > 0 && columns > 0 && rows <= limit && columns <= limit) {
    const std::size_t width = columns + 1;
    std::vector<std::uint16_t> longest((rows + 1) * width, 0);
    for (std::size_t i = rows; i-- > 0;)
      for (std::size_t j = columns; j-- > 0;)
        longest[i * width + j] =
            one[begin + i] == two[begin + j]
                ? static_cast<std::uint16_t>(longest[(i + 1) * width + j + 1] + 1)
                : std::max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
    for (std::size_t i = 0, j = 0; i < rows && j < columns;) {
      if (one[begin + i] == two[begin + j]) {
        pairs.emplace_back(begin + i++, begin + j++);
      } else if (longest[(i + 1) * width + j] >= longest[i * width + j + 1]) {
        ++i;
      } else {
        ++j;
      }
    }
  }
  for (std::size_t i = end; i-- > 0;) pairs.emplace_back(one.size() - 1 - i, two.size() - 1 - i);
  return pairs;
}

void add(MarkedText& parts, const std::string& text, bool differs) {
  if (parts.empty() || parts.back().differs != differs) parts.push_back({"", differs});
  parts.back().text += text;
}

}  // namespace

std::pair<MarkedText, MarkedText> mark(const std::string& one, const std::string& two) {
  const std::vector<std::string> left = characters_of(one);
  const std::vector<std::string> right = characters_of(two);
  std::pair<MarkedText, MarkedText> marked;
  std::size_t i = 0;
  std::size_t j = 0;
  const auto up_to = [&](std::size_t left_end, std::size_t right_end) {
    for (; i < left_end; ++i) add(marked.first, left[i], true);
    for (; j < right_end; ++j) add(marked.second, right[j], true);
  };
  auto same = common(left, right, mark_max);
  // Two texts with a few letters in common are two texts.
  if (2 * same.size() < std::max(left.size(), right.size())) same.clear();
  for (const auto& [left_at, right_at] : same) {
    up_to(left_at, right_at);
    add(marked.first, left[i++], false);
    add(marked.second, right[j++], false);
  }
  up_to(left.size(), right.size());
  return marked;
}

MarkedText hidden(MarkedText parts) {
  for (TextPart& part : parts) {
    std::string text;
    for (const std::string& character : characters_of(part.text)) {
      const char c = character[0];
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      text += letter || character.size() > 1 ? "x" : c >= '0' && c <= '9' ? "9" : character;
    }
    part.text = std::move(text);
  }
  return parts;
}

std::vector<LinePair> pair_lines(const std::vector<std::string>& one,
                                 const std::vector<std::string>& two) {
  std::vector<LinePair> rows;
  int i = 0;
  int j = 0;
  const auto up_to = [&](int left_end, int right_end) {
    while (i < left_end || j < right_end) {
      LinePair row{-1, -1, true};
      if (i < left_end) row.one = i++;
      if (j < right_end) row.two = j++;
      rows.push_back(row);
    }
  };
  for (const auto& [left_at, right_at] : common(one, two, lines_max)) {
    up_to(static_cast<int>(left_at), static_cast<int>(right_at));
    rows.push_back({i++, j++, false});
  }
  up_to(static_cast<int>(one.size()), static_cast<int>(two.size()));
  return rows;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace underpin::parity
