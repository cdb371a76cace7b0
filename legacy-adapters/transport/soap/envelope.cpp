#include "legacy-adapters/transport/soap/envelope.h"

#include "legacy-adapters/transport/soap/xml_tree.h"

#include <libxml/xmlreader.h>

#include <climits>
#include <memory>

namespace underpin::legacy::soap {
namespace {

constexpr std::string_view namespace_1_1 = "http://schemas.xmlsoap.org/soap/envelope/";
constexpr std::string_view namespace_1_2 = "http://www.w3.org/2003/05/soap-envelope";
constexpr std::size_t fault_text_max = 4'000;

struct FreeReader {
  void operator()(xmlTextReader* reader) const { xmlFreeTextReader(reader); }
};

std::string text_of(const xmlChar* text) {
  return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text));
}

Error bad(std::string reason) { return {ErrorCode::internal, "the SOAP answer " + reason}; }

void keep_silent(void*, const char*, xmlParserSeverities, xmlTextReaderLocatorPtr) {}

class Reading {
 public:
  Reading(std::string_view envelope, const Limits& limits) : limits_(limits) {
    ready_libxml();
    // No network, no entity substitution, no DTD loading: what is left of a DTD is refused below.
    reader_.reset(xmlReaderForMemory(envelope.data(), static_cast<int>(envelope.size()), nullptr,
                                     nullptr, XML_PARSE_NONET | XML_PARSE_NOCDATA));
    if (reader_) xmlTextReaderSetErrorHandler(reader_.get(), keep_silent, nullptr);
  }

  Result<Body> run() {
    if (!reader_) return bad("could not be read");
    int more = xmlTextReaderRead(reader_.get());
    for (; more == 1; more = xmlTextReaderRead(reader_.get())) {
      const int depth = xmlTextReaderDepth(reader_.get());
      if (depth > limits_.depth) return bad("is nested too deeply");
      switch (xmlTextReaderNodeType(reader_.get())) {
        case XML_READER_TYPE_DOCUMENT_TYPE:
        case XML_READER_TYPE_ENTITY:
        case XML_READER_TYPE_ENTITY_REFERENCE:
          return bad("has a document type or entities");
        case XML_READER_TYPE_ELEMENT:
          start(depth);
          break;
        case XML_READER_TYPE_END_ELEMENT:
          into_ = nullptr;  // What stands between elements belongs to none of them.
          break;
        case XML_READER_TYPE_TEXT:
        case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
        case XML_READER_TYPE_CDATA:
          add_text();
          break;
        default:
          break;
      }
      if (!refused_.empty()) return bad(refused_);
    }
    if (more != 0) return bad("is no well-formed XML");
    if (!has_body_) return bad("is no SOAP envelope");
    return body_;
  }

 private:
  void start(int depth) {
    const std::string name = text_of(xmlTextReaderConstLocalName(reader_.get()));
    const std::string name_space = text_of(xmlTextReaderConstNamespaceUri(reader_.get()));
    const bool of_soap =
        name_space == (body_.version == Version::v1_1 ? namespace_1_1 : namespace_1_2);
    into_ = nullptr;
    if (depth == 0) {
      if (name_space == namespace_1_2) body_.version = Version::v1_2;
      if ((!of_soap && body_.version == Version::v1_1) || name != "Envelope")
        refused_ = "is no SOAP envelope";
    } else if (depth == 1) {
      in_body_ = of_soap && name == "Body";
      has_body_ = has_body_ || in_body_;
    } else if (depth == 2 && in_body_) {
      if (!body_.name.empty()) refused_ = "has more than one element in its Body";
      body_.name = name;
      body_.name_space = name_space;
      if (of_soap && name == "Fault") body_.fault = Fault{};
    } else if (in_body_ && body_.fault) {
      if (body_.version == Version::v1_1) {
        in_fault_1_1(depth, name);
      } else {
        in_fault_1_2(depth, name, of_soap);
      }
    }
  }

  void in_fault_1_1(int depth, const std::string& name) {
    if (depth == 3) {
      if (name == "faultcode") into_ = &body_.fault->code;
      if (name == "faultstring") into_ = &body_.fault->text;
      in_detail_ = name == "detail";
    }
    if (in_detail_) into_ = &body_.fault->detail;
  }

  void in_fault_1_2(int depth, const std::string& name, bool of_soap) {
    if (depth == 3) {
      part_ = of_soap ? name : std::string{};
      in_detail_ = part_ == "Detail";
    }
    if (in_detail_) {
      into_ = &body_.fault->detail;
    } else if (of_soap && part_ == "Code" && name == "Value") {
      into_ = depth == 4 ? &body_.fault->code : &body_.fault->subcode;
      into_->clear();  // The innermost Subcode is the most exact.
    } else if (of_soap && part_ == "Reason" && name == "Text" && body_.fault->text.empty()) {
      into_ = &body_.fault->text;
    }
  }

  void add_text() {
    if (into_ == nullptr || into_->size() >= fault_text_max) return;
    *into_ += text_of(xmlTextReaderConstValue(reader_.get())).substr(0, fault_text_max);
  }

  const Limits& limits_;
  std::unique_ptr<xmlTextReader, FreeReader> reader_;
  Body body_;
  bool has_body_ = false;
  bool in_body_ = false;
  bool in_detail_ = false;
  std::string part_;  // Of a 1.2 fault.
  std::string* into_ = nullptr;
  std::string refused_;
};

}  // namespace

Result<Body> read_body(std::string_view envelope, const Limits& limits) {
  if (envelope.empty()) return bad("is empty");
  if (envelope.size() > limits.bytes || envelope.size() > INT_MAX) return bad("is too large");
  if (has_too_many_attributes(envelope)) return bad("has too many attributes in one element");
  return Reading(envelope, limits).run();
}

}  // namespace underpin::legacy::soap
