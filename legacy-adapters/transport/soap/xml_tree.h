#pragma once

#include <libxml/parser.h>
#include <libxml/tree.h>

#include <memory>
#include <string>
#include <string_view>

// XML as a tree: for the parts of this transport that change envelopes, and for adapters that read
// descriptions and answers as a whole.
namespace underpin::legacy::soap {

struct FreeDocument {
  void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
};
using Tree = std::unique_ptr<xmlDoc, FreeDocument>;

inline const xmlChar* xml(const char* text) { return reinterpret_cast<const xmlChar*>(text); }
inline const xmlChar* xml(const std::string& text) { return xml(text.c_str()); }

// libxml2 makes its tables at its first use, and two threads that are first at once make them twice
// and lose one. To be called before anything else of libxml2; read_tree and read_body do.
void ready_libxml();

// libxml2 compares each attribute of an element with all others: one megabyte of them in one
// element takes it minutes. To be asked before `text` is given to it; read_tree and read_body do.
bool has_too_many_attributes(std::string_view text);

// No network, no entity substitution. Nothing: empty, not well-formed, too many attributes, or
// larger than libxml2 counts. `options` are XML_PARSE_... in addition. Any thread.
Tree read_tree(std::string_view text, int options = 0);
// UTF-8. Empty: there was no memory for it.
std::string write_tree(xmlDoc* tree);

std::string base64(std::string_view octets);

}  // namespace underpin::legacy::soap
