#include "legacy-adapters/transport/soap/xml_tree.h"

#include <openssl/evp.h>

#include <algorithm>
#include <climits>
#include <iterator>
#include <utility>

namespace underpin::legacy::soap {

void ready_libxml() {
  static const bool ready = (xmlInitParser(), true);
  static_cast<void>(ready);
}

bool has_too_many_attributes(std::string_view text) {
  constexpr int attributes_max = 1'000;  // Of one element, declarations of namespaces included.
  static constexpr std::pair<std::string_view, std::string_view> no_tags[] = {
      {"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}};
  for (std::size_t at = 0; (at = text.find('<', at)) != std::string_view::npos;) {
    const auto* const other = std::find_if(
        std::begin(no_tags), std::end(no_tags),
        [&](const auto& one) { return text.compare(at, one.first.size(), one.first) == 0; });
    if (other != std::end(no_tags)) {
      at = text.find(other->second, at + other->first.size());
      continue;
    }
    int attributes = 0;
    for (++at; at < text.size() && text[at] != '>'; ++at) {
      if (text[at] != '"' && text[at] != '\'') continue;
      if (++attributes > attributes_max) return true;
      at = text.find(text[at], at + 1);
      if (at == std::string_view::npos) return false;  // Not well-formed.
    }
  }
  return false;
}

Tree read_tree(std::string_view text, int options) {
  ready_libxml();
  if (text.empty() || text.size() > INT_MAX || has_too_many_attributes(text)) return nullptr;
  return Tree(xmlReadMemory(text.data(), static_cast<int>(text.size()), nullptr, nullptr,
                            XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | options));
}

std::string write_tree(xmlDoc* tree) {
  struct FreeText {
    void operator()(xmlChar* text) const { xmlFree(text); }
  };
  xmlChar* text = nullptr;
  int size = 0;
  xmlDocDumpMemoryEnc(tree, &text, &size, "UTF-8");
  const std::unique_ptr<xmlChar, FreeText> owner(text);
  if (text == nullptr || size <= 0) return {};
  return {reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)};
}

std::string base64(std::string_view octets) {
  std::string text(4 * ((octets.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(octets.data()),
                                   static_cast<int>(octets.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

}  // namespace underpin::legacy::soap
