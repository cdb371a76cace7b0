#include "legacy-adapters/transport/edi/code_page.h"

#include <iconv.h>

#include <algorithm>
#include <utility>

namespace underpin::legacy::edi {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

Error refused(std::string rule) { return {ErrorCode::invalid_request, std::move(rule)}; }

// Bytes of the UTF-8 character that begins with `first`; 1 for what begins none.
std::size_t length_of(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
}

}  // namespace

Result<CodePage> CodePage::of(const std::string& name) {
  const iconv_t converter = ::iconv_open("UTF-8", name.c_str());
  if (converter == reinterpret_cast<iconv_t>(-1)) {
    return refused("\"" + name + "\" is no character set that the C library knows");
  }
  CodePage page;
  page.name_ = name;
  int known = 0;
  for (std::size_t byte = 0; byte < 256; ++byte) {
    char in = static_cast<char>(byte);
    std::array<char, 8> out{};
    char* from = &in;
    char* to = out.data();
    std::size_t from_left = 1;
    std::size_t to_left = out.size();
    ::iconv(converter, nullptr, nullptr, nullptr, nullptr);
    const bool failed =
        ::iconv(converter, &from, &from_left, &to, &to_left) == static_cast<std::size_t>(-1);
    const auto size = static_cast<std::size_t>(to - out.data());
    if (failed || size == 0) {
      page.utf8_[byte] = replacement;
      continue;
    }
    ++known;
    page.utf8_[byte].assign(out.data(), size);
    const auto ascii = static_cast<unsigned char>(out[0]);
    if (size == 1 && ascii < 128 && !page.has_ascii_[ascii]) {
      page.ascii_[ascii] = static_cast<char>(byte);
      page.has_ascii_[ascii] = true;
    }
  }
  ::iconv_close(converter);
  // UTF-8 and its like know only their ASCII half by single bytes.
  if (known <= 128 && name != "US-ASCII" && name != "ASCII") {
    return refused("\"" + name + "\" has not one byte a character");
  }
  return page;
}

std::string CodePage::to_utf8(std::string_view bytes) const {
  std::string text;
  text.reserve(bytes.size());
  for (const char byte : bytes) text += utf8_[static_cast<unsigned char>(byte)];
  return text;
}

Result<std::string> CodePage::from_utf8(std::string_view text) const {
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = std::min(length_of(text[at]), text.size() - at);
    const std::string_view character = text.substr(at, length);
    const auto first = static_cast<unsigned char>(character[0]);
    if (length == 1 && first < 128 && has_ascii_[first]) {
      bytes += ascii_[first];
    } else {
      const auto found = std::find(utf8_.begin(), utf8_.end(), character);
      if (found == utf8_.end() || character == replacement) {
        return refused(name_ + " has no \"" + std::string(character) + "\"");
      }
      bytes += static_cast<char>(found - utf8_.begin());
    }
    at += length;
  }
  return bytes;
}

std::string_view character_set(std::string_view syntax) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 11> sets{{
      {"UNOA", "US-ASCII"},
      {"UNOB", "US-ASCII"},
      {"UNOC", "ISO-8859-1"},
      {"UNOD", "ISO-8859-2"},
      {"UNOE", "ISO-8859-5"},
      {"UNOF", "ISO-8859-7"},
      {"UNOG", "ISO-8859-3"},
      {"UNOH", "ISO-8859-4"},
      {"UNOI", "ISO-8859-6"},
      {"UNOJ", "ISO-8859-8"},
      {"UNOK", "ISO-8859-9"},
  }};
  for (const auto& [identifier, name] : sets) {
    if (identifier == syntax) return name;
  }
  return {};
}

}  // namespace underpin::legacy::edi
