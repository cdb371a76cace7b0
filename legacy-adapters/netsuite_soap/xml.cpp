#include "legacy-adapters/netsuite_soap/xml.h"

#include "contracts/json/json_text.h"
#include "legacy-adapters/netsuite_soap/failure.h"
#include "legacy-adapters/transport/soap/xml_tree.h"

#include <libxml/xmlreader.h>

#include <climits>
#include <memory>

namespace underpin::legacy::netsuite_soap {
namespace {

constexpr std::string_view instance_namespace = "http://www.w3.org/2001/XMLSchema-instance";
constexpr const char* instance_type_name = "type of instance";

struct FreeReader {
  void operator()(xmlTextReader* reader) const { xmlFreeTextReader(reader); }
};

std::string text_of(const xmlChar* text) {
  return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text));
}

void keep_silent(void*, const char*, xmlParserSeverities, xmlTextReaderLocatorPtr) {}

Error bad(const std::string& reason) { return {ErrorCode::internal, "an answer " + reason}; }

void read_attributes(xmlTextReader* reader, Node& node) {
  while (xmlTextReaderMoveToNextAttribute(reader) == 1) {
    if (xmlTextReaderIsNamespaceDecl(reader) == 1) continue;
    std::string name = text_of(xmlTextReaderConstLocalName(reader));
    if (text_of(xmlTextReaderConstNamespaceUri(reader)) == instance_namespace && name == "type")
      name = instance_type_name;
    node.attributes.emplace_back(std::move(name), text_of(xmlTextReaderConstValue(reader)));
  }
  xmlTextReaderMoveToElement(reader);
}

[[noreturn]] void ill_typed(std::string_view name, const std::string& text, const char* kind) {
  throw Failure{{ErrorCode::internal,
                 "NetSuite's " + std::string(name) + " is no " + kind + ": " + text.substr(0, 60)}};
}

// The children of the element that the reader stands on, to its end.
class Reading {
 public:
  Reading(xmlTextReader* reader, const XmlLimits& limits) : reader_(reader), limits_(limits) {}

  Result<Node> run() {
    Node document;
    std::vector<Node*> path{&document};
    int more = xmlTextReaderRead(reader_);
    for (; more == 1; more = xmlTextReaderRead(reader_)) {
      switch (xmlTextReaderNodeType(reader_)) {
        case XML_READER_TYPE_DOCUMENT_TYPE:
        case XML_READER_TYPE_ENTITY:
        case XML_READER_TYPE_ENTITY_REFERENCE:
          return bad("has a document type or entities");
        case XML_READER_TYPE_ELEMENT: {
          if (static_cast<int>(path.size()) > limits_.depth) return bad("is nested too deeply");
          if (++elements_ > limits_.elements) return bad("has too many elements");
          path.back()->text.clear();  // Blanks between elements.
          Node& node = path.back()->children.emplace_back();
          node.name = text_of(xmlTextReaderConstLocalName(reader_));
          const bool is_empty = xmlTextReaderIsEmptyElement(reader_) == 1;
          read_attributes(reader_, node);
          if (!is_empty) path.push_back(&node);
          break;
        }
        case XML_READER_TYPE_END_ELEMENT:
          if (!path.back()->children.empty()) path.back()->text.clear();
          path.pop_back();
          break;
        case XML_READER_TYPE_TEXT:
        case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
        case XML_READER_TYPE_CDATA:
          path.back()->text += text_of(xmlTextReaderConstValue(reader_));
          break;
        default:
          break;
      }
    }
    if (more != 0 || document.children.size() != 1) return bad("is no well-formed XML");
    Node root = std::move(document.children.front());
    return root;
  }

 private:
  xmlTextReader* reader_;
  const XmlLimits& limits_;
  std::size_t elements_ = 0;
};

}  // namespace

const Node* Node::child(std::string_view wanted) const {
  for (const Node& one : children)
    if (one.name == wanted) return &one;
  return nullptr;
}

const Node& Node::get(std::string_view wanted) const {
  static const Node nothing;
  const Node* found = child(wanted);
  return found == nullptr ? nothing : *found;
}

const std::string& Node::attribute(std::string_view wanted) const {
  static const std::string nothing;
  for (const auto& [key, value] : attributes)
    if (key == wanted) return value;
  return nothing;
}

std::string Node::instance_type() const {
  const std::string& type = attribute(instance_type_name);
  return type.substr(type.find(':') + 1);
}

Decimal Node::decimal_of(std::string_view wanted) const {
  const std::string& value = text_of(wanted);
  if (value.empty()) return {};
  const Result<Decimal> number = exact_double(value);
  if (!number) ill_typed(wanted, value, "number");
  return *number;
}

bool Node::bool_of(std::string_view wanted) const {
  const std::string& value = text_of(wanted);
  if (value == "true" || value == "1") return true;
  if (!value.empty() && value != "false" && value != "0") ill_typed(wanted, value, "boolean");
  return false;
}

std::optional<Date> Node::day_of(std::string_view wanted) const {
  const std::string& value = text_of(wanted);
  if (value.empty()) return std::nullopt;
  const Result<Date> day = Date::parse(std::string_view(value).substr(0, 10));
  if (!day) ill_typed(wanted, value, "day");
  return *day;
}

Timestamp Node::time_of(std::string_view wanted) const {
  const std::string& value = text_of(wanted);
  if (value.empty()) return {};
  const Result<Timestamp> time = Timestamp::parse(value);
  if (!time) ill_typed(wanted, value, "time");
  return *time;
}

std::string Node::name_of(std::string_view wanted) const {
  const std::string& full = get(wanted).text_of("name");
  const std::size_t parent = full.rfind(" : ");
  return parent == std::string::npos ? full : full.substr(parent + 3);
}

Result<Node> read_xml(std::string_view text, const XmlLimits& limits) {
  if (text.empty() || text.size() > INT_MAX) return bad("is empty or too large");
  soap::ready_libxml();
  // No network, no entity substitution, no DTD: what is left of a DTD is refused while reading.
  const std::unique_ptr<xmlTextReader, FreeReader> reader(
      xmlReaderForMemory(text.data(), static_cast<int>(text.size()), nullptr, nullptr,
                         XML_PARSE_NONET | XML_PARSE_NOCDATA));
  if (!reader) return bad("could not be read");
  xmlTextReaderSetErrorHandler(reader.get(), keep_silent, nullptr);
  return Reading(reader.get(), limits).run();
}

Result<Decimal> exact_double(std::string_view text) {
  const Result<json::Value> number = json::Value::number_text(text);
  if (!number) return number.error();
  const Result<Decimal> exact = number->as_decimal();
  if (!exact) return exact.error();
  return exact->normalized();
}

std::string escaped(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\r':
        result += "&#13;";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n')
          result += "\xEF\xBF\xBD";
        else
          result += c;
    }
  }
  return result;
}

Xml& Xml::open(std::string_view tag, Attributes attributes) {
  text_ += "<";
  text_ += tag;
  for (const auto& [name, value] : attributes) {
    text_ += " ";
    text_ += name;
    text_ += "=\"" + escaped(value) + "\"";
  }
  text_ += ">";
  open_.emplace_back(tag);
  return *this;
}

Xml& Xml::close() {
  text_ += "</" + open_.back() + ">";
  open_.pop_back();
  return *this;
}

Xml& Xml::leaf(std::string_view tag, std::string_view text) {
  open(tag);
  text_ += escaped(text);
  return close();
}

Xml& Xml::ref(std::string_view tag, std::string_view internal_id) {
  return open(tag, {{"internalId", internal_id}}).close();
}

Xml& Xml::raw(std::string_view elements) {
  text_ += elements;
  return *this;
}

}  // namespace underpin::legacy::netsuite_soap
