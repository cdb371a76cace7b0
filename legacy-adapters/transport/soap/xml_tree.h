#pragma once

#include <libxml/parser.h>
#include <libxml/tree.h>

#include <memory>
#include <string>
#include <string_view>

// What the parts of this transport that change envelopes share. Private to it.
namespace underpin::legacy::soap {

struct FreeDocument {
  void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
};
using Tree = std::unique_ptr<xmlDoc, FreeDocument>;

inline const xmlChar* xml(const char* text) { return reinterpret_cast<const xmlChar*>(text); }
inline const xmlChar* xml(const std::string& text) { return xml(text.c_str()); }

// No network, no entity substitution. Nothing: not well-formed, or larger than libxml2 counts.
Tree read_tree(std::string_view text);
// UTF-8. Empty: there was no memory for it.
std::string write_tree(xmlDoc* tree);

std::string base64(std::string_view octets);

}  // namespace underpin::legacy::soap
