#include "legacy-adapters/soap_profile/template.h"

#include "legacy-adapters/transport/soap/xml_tree.h"

#include <cctype>
#include <optional>

namespace underpin::legacy::soap_profile {
namespace {

using json::Value;

constexpr const char* own_namespace = "urn:underpin:soap-template";

struct Piece {
  std::string text;
  std::string name;  // Of the value behind the text; empty: none.
};
using Pieces = std::vector<Piece>;

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool is_name(std::string_view text) {
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text[0])) != 0) return false;
  for (const char c : text)
    if (!is_word(c)) return false;
  return true;
}

std::string text_of(const xmlChar* text) {
  return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text));
}

std::string name_of(const xmlNs* space, const xmlChar* name) {
  const std::string prefix = space == nullptr ? std::string() : text_of(space->prefix);
  return (prefix.empty() ? "" : prefix + ":") + text_of(name);
}

bool is_own(const xmlNs* space) {
  return space != nullptr && text_of(space->href) == own_namespace;
}

// Control characters and U+FFFE, U+FFFF cannot be written in XML at all.
bool can_be_written(const std::string& text) {
  if (xmlCheckUTF8(soap::xml(text)) == 0) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 && c != '\t' && c != '\n' && c != '\r') return false;
    if (c == 0xEF && text.compare(i + 1, 1, "\xBF") == 0 && i + 2 < text.size() &&
        static_cast<unsigned char>(text[i + 2]) >= 0xBE)
      return false;
  }
  return true;
}

void append_escaped(std::string& xml, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        xml += "&amp;";
        break;
      case '<':
        xml += "&lt;";
        break;
      case '>':
        xml += "&gt;";
        break;
      case '"':
        xml += "&quot;";
        break;
      case '\t':  // As they are, a reader would take these three for blanks.
      case '\n':
      case '\r':
        xml += "&#" + std::to_string(static_cast<int>(c)) + ";";
        break;
      default:
        xml += c;
    }
  }
}

// As xmlns attributes, also for the element around a template when it is read.
std::string declaration(const std::string& prefix, const std::string& name_space) {
  std::string text = " xmlns:" + prefix + "=\"";
  append_escaped(text, name_space);
  return text + "\"";
}

bool is_something(const Value& value) {
  if (value.is_array()) return !value.empty();
  return value.is_boolean() || !value.text().empty();
}

// From the innermost item outwards.
const Value* found(const std::vector<const Value*>& scopes, const std::string& name) {
  for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope)
    if (const Value* value = (*scope)->find(name)) return value;
  return nullptr;
}

}  // namespace

struct Template::Node {
  struct Attribute {
    std::string name;
    Pieces value;
  };
  std::string name;
  std::vector<Attribute> attributes;
  Pieces text;  // Or else elements.
  std::vector<Node> elements;
  std::string each;
  std::string when;
  std::string unless;

  using Scopes = std::vector<const Value*>;

  void write(std::string& xml, Scopes& scopes, std::string& refused) const {
    if (each.empty()) return write_one(xml, scopes, refused);
    const Value* list = found(scopes, each);
    if (list == nullptr) return;
    for (const Value& item : list->items()) {
      scopes.push_back(&item);
      write_one(xml, scopes, refused);
      scopes.pop_back();
    }
  }

 private:
  static bool is_there(const Scopes& scopes, const std::string& name) {
    const Value* value = found(scopes, name);
    return value != nullptr && is_something(*value);
  }

  static void write_pieces(std::string& xml, const Pieces& pieces, const Scopes& scopes,
                           std::string& refused) {
    for (const Piece& piece : pieces) {
      append_escaped(xml, piece.text);
      const Value* value = piece.name.empty() ? nullptr : found(scopes, piece.name);
      if (value == nullptr) continue;
      const std::string text =
          value->is_boolean() ? (*value->as_bool() ? "true" : "false") : value->text();
      if (!can_be_written(text)) refused = piece.name;
      append_escaped(xml, text);
    }
  }

  void write_one(std::string& xml, Scopes& scopes, std::string& refused) const {
    if (!when.empty() && !is_there(scopes, when)) return;
    if (!unless.empty() && is_there(scopes, unless)) return;
    xml += "<" + name;
    for (const Attribute& attribute : attributes) {
      xml += " " + attribute.name + "=\"";
      write_pieces(xml, attribute.value, scopes, refused);
      xml += "\"";
    }
    if (text.empty() && elements.empty()) {
      xml += "/>";
      return;
    }
    xml += ">";
    write_pieces(xml, text, scopes, refused);
    for (const Node& element : elements) element.write(xml, scopes, refused);
    xml += "</" + name + ">";
  }
};

class TemplateReader {
 public:
  TemplateReader(Template& made, std::string& rule) : made_(made), rule_(rule) {}

  void read(std::string_view xml, const Namespaces& namespaces) {
    if (xml.size() > Template::bytes_max) return refuse("must have at most 262144 bytes");
    if (xml.find('\0') != std::string_view::npos) return refuse("must not hold a zero byte");
    std::string whole = "<u:template" + declaration("u", own_namespace) + declared(namespaces);
    whole += ">" + std::string(xml) + "</u:template>";
    soap::ready_libxml();
    struct FreeParser {
      void operator()(xmlParserCtxt* parser) const { xmlFreeParserCtxt(parser); }
    };
    const std::unique_ptr<xmlParserCtxt, FreeParser> parser(xmlNewParserCtxt());
    if (!parser) return refuse("cannot be read: there is no memory");
    const soap::Tree tree(xmlCtxtReadMemory(
        parser.get(), whole.data(), static_cast<int>(whole.size()), nullptr, nullptr,
        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA));
    if (!tree || parser->wellFormed == 0 || parser->nsWellFormed == 0) {
      std::string why = text_of(reinterpret_cast<const xmlChar*>(parser->lastError.message));
      why.erase(why.find_last_not_of(" \r\n") + 1);
      return refuse("is no well-formed XML: line " + std::to_string(parser->lastError.line) + ": " +
                    (why.empty() ? "it does not end" : why));
    }
    Template::Node around;
    read_content(xmlDocGetRootElement(tree.get()), around, "", 0);
    if (around.elements.size() != 1 || !around.text.empty() || !around.elements[0].each.empty() ||
        !around.elements[0].when.empty() || !around.elements[0].unless.empty())
      refuse("must be one element, which is always there: what stands in the Body");
    if (rule_.empty())
      made_.root_ = std::make_shared<const Template::Node>(std::move(around.elements[0]));
  }

 private:
  using As = Template::Use::As;

  void refuse(std::string why) {
    if (rule_.empty()) rule_ = std::move(why);
  }

  Pieces pieces_of(const std::string& text, const std::string& scope) {
    Pieces pieces(1);
    for (std::size_t at = 0; at < text.size(); ++at) {
      const char c = text[at];
      if (c != '{' && c != '}') {
        pieces.back().text += c;
      } else if (at + 1 < text.size() && text[at + 1] == c) {
        pieces.back().text += c;
        ++at;
      } else {
        const std::size_t end = c == '{' ? text.find('}', at) : std::string::npos;
        const std::string name = end == std::string::npos ? "" : text.substr(at + 1, end - at - 1);
        if (!is_name(name)) {
          refuse("has a brace that names no value: " + text.substr(at, 30) +
                 " (a brace that is meant is written twice)");
          return pieces;
        }
        made_.uses_.push_back({scope, name, As::value});
        pieces.back().name = name;
        pieces.emplace_back();
        at = end;
      }
    }
    if (pieces.back().text.empty()) pieces.pop_back();
    return pieces;
  }

  void read_attribute(const xmlAttr* attribute, Template::Node& node, const std::string& scope) {
    std::string text;
    for (const xmlNode* part = attribute->children; part != nullptr; part = part->next) {
      if (part->type != XML_TEXT_NODE) return refuse("must not hold entities");
      text += text_of(part->content);
    }
    if (!is_own(attribute->ns)) {
      node.attributes.push_back({name_of(attribute->ns, attribute->name), pieces_of(text, scope)});
      return;
    }
    const std::string name = text_of(attribute->name);
    if (!is_name(text)) return refuse("u:" + name + " must be a name: " + text.substr(0, 30));
    if (name == "each") {
      node.each = text;
    } else if (name == "if") {
      node.when = text;
    } else if (name == "unless") {
      node.unless = text;
    } else {
      refuse("u:" + name + " must be u:each, u:if or u:unless");
    }
  }

  void read_element(const xmlNode* element, Template::Node& node, const std::string& scope,
                    int depth) {
    if (is_own(element->ns)) refuse("must not hold elements of u: only attributes");
    if (element->nsDef != nullptr)
      refuse("must not declare namespaces: \"soap\" of profile.json does");
    node.name = name_of(element->ns, element->name);
    made_.elements_.insert(text_of(element->name));
    for (const xmlAttr* one = element->properties; one != nullptr; one = one->next)
      if (is_own(one->ns)) read_attribute(one, node, scope);
    // What an element with u:each says of itself, it says of each item.
    const std::string inner = node.each.empty() ? scope
                              : scope.empty()   ? node.each
                                                : scope + "/" + node.each;
    if (!node.each.empty()) made_.uses_.push_back({scope, node.each, As::list});
    for (const std::string* one : {&node.when, &node.unless})
      if (!one->empty()) made_.uses_.push_back({inner, *one, As::condition});
    for (const xmlAttr* one = element->properties; one != nullptr; one = one->next)
      if (!is_own(one->ns)) read_attribute(one, node, inner);
    read_content(element, node, inner, depth);
  }

  void read_content(const xmlNode* element, Template::Node& node, const std::string& scope,
                    int depth) {
    if (depth > Template::depth_max) return refuse("is nested too deeply");
    std::string text;
    for (const xmlNode* child = element->children; child != nullptr; child = child->next) {
      if (child->type == XML_ELEMENT_NODE) {
        read_element(child, node.elements.emplace_back(), scope, depth + 1);
      } else if (child->type == XML_TEXT_NODE) {
        text += text_of(child->content);
      } else {
        refuse(
            "must hold neither comments (they belong to \"note\") nor instructions nor entities");
      }
    }
    const bool blank = text.find_first_not_of(" \t\r\n") == std::string::npos;
    if (!node.elements.empty() && !blank)
      return refuse("has text beside elements: " +
                    text.substr(text.find_first_not_of(" \t\r\n"), 30));
    if (node.elements.empty() && !text.empty()) node.text = pieces_of(text, scope);
  }

  Template& made_;
  std::string& rule_;
};

Template Template::parse(std::string_view xml, const Namespaces& namespaces, std::string& rule) {
  Template made;
  rule.clear();
  TemplateReader(made, rule).read(xml, namespaces);
  return made;
}

Result<std::string> Template::render(const Value& values) const {
  if (!root_) return Error{ErrorCode::internal, "the template was not valid"};
  std::string xml;
  std::string refused;
  Node::Scopes scopes{&values};
  root_->write(xml, scopes, refused);
  if (refused.empty()) return xml;
  return Error{ErrorCode::invalid_request, refused + " has a character that XML cannot hold"};
}

std::string declared(const Namespaces& namespaces) {
  std::string text;
  for (const auto& [prefix, name_space] : namespaces) text += declaration(prefix, name_space);
  return text;
}

}  // namespace underpin::legacy::soap_profile
