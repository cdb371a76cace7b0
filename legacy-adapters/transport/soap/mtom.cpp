#include "legacy-adapters/transport/soap/mtom.h"

#include "legacy-adapters/transport/soap/xml_tree.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace underpin::legacy::soap {
namespace {

constexpr const char* xop = "http://www.w3.org/2004/08/xop/include";
constexpr std::size_t parts_max = 1'000;
constexpr std::size_t part_head_max = 8'192;

Error bad(const std::string& reason) {
  return {ErrorCode::internal, "the SOAP answer in several parts " + reason};
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string lowered(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// A parameter of a header's value: boundary="x", with or without quotes.
std::optional<std::string> parameter(std::string_view value, std::string_view name) {
  std::size_t at = value.find(';');
  while (at != std::string_view::npos) {
    const std::string_view rest = value.substr(at + 1);
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string found = lowered(trimmed(rest.substr(0, equals)));
    std::string_view after = rest.substr(equals + 1);
    while (!after.empty() && (after.front() == ' ' || after.front() == '\t'))
      after.remove_prefix(1);
    std::string text;
    std::size_t used = 0;
    if (!after.empty() && after.front() == '"') {
      for (used = 1; used < after.size() && after[used] != '"'; ++used) {
        if (after[used] == '\\' && used + 1 < after.size()) ++used;
        text += after[used];
      }
      used = std::min(used + 1, after.size());
    } else {
      used = std::min(after.find(';'), after.size());
      text = std::string(trimmed(after.substr(0, used)));
    }
    if (found == name) return text;
    const std::size_t next = after.substr(used).find(';');
    if (next == std::string_view::npos) return std::nullopt;
    at = static_cast<std::size_t>(after.data() - value.data()) + used + next;
  }
  return std::nullopt;
}

struct Part {
  std::string id;  // Without < and >.
  std::string encoding;
  std::string_view content;
};

std::string without_brackets(std::string_view id) {
  id = trimmed(id);
  if (id.size() >= 2 && id.front() == '<' && id.back() == '>') id = id.substr(1, id.size() - 2);
  return std::string(id);
}

// A part's head ends with an empty line; lines that begin with a blank go on with the one before.
std::optional<Part> read_part(std::string_view text) {
  Part part;
  std::string line;
  const auto take = [&] {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) return;
    const std::string name = lowered(trimmed(std::string_view(line).substr(0, colon)));
    const std::string_view value = std::string_view(line).substr(colon + 1);
    if (name == "content-id") part.id = without_brackets(value);
    if (name == "content-transfer-encoding") part.encoding = lowered(trimmed(value));
  };
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos || end > part_head_max) return std::nullopt;
    std::string_view next = text.substr(at, end - at);
    if (!next.empty() && next.back() == '\r') next.remove_suffix(1);
    at = end + 1;
    if (next.empty()) {
      take();
      part.content = text.substr(at);
      return part;
    }
    if (next.front() == ' ' || next.front() == '\t') {
      line += next;
    } else {
      take();
      line = std::string(next);
    }
  }
  return std::nullopt;
}

// Between delimiters, which begin a line (RFC 2046); the line break before one belongs to it.
Result<std::vector<Part>> parts_of(std::string_view package, const std::string& boundary) {
  const std::string delimiter = "--" + boundary;
  std::vector<Part> parts;
  std::optional<std::size_t> begin;
  std::size_t at = 0;
  while ((at = package.find(delimiter, at)) != std::string_view::npos) {
    const bool starts_line = at == 0 || package[at - 1] == '\n';
    std::size_t after = at + delimiter.size();
    const bool last = package.substr(after, 2) == "--";
    const std::size_t line_end = package.find('\n', after);
    const bool ends_line = last || (line_end != std::string_view::npos &&
                                    trimmed(package.substr(after, line_end - after)).empty());
    if (!starts_line || !ends_line) {
      at = after;
      continue;
    }
    if (begin) {
      std::size_t end = at;
      if (end > *begin && package[end - 1] == '\n') --end;
      if (end > *begin && package[end - 1] == '\r') --end;
      const auto part = read_part(package.substr(*begin, end - *begin));
      if (!part) return bad("has a part without a head");
      parts.push_back(*part);
      if (parts.size() > parts_max) return bad("has too many parts");
    }
    if (last) return parts;
    begin = line_end + 1;
    at = *begin;
  }
  return bad("is cut off");
}

Result<std::string> as_base64(const Part& part) {
  if (part.encoding.empty() || part.encoding == "binary" || part.encoding == "8bit" ||
      part.encoding == "7bit")
    return base64(part.content);
  if (part.encoding != "base64")
    return bad("has a part in the encoding " + part.encoding.substr(0, 40));
  std::string text;
  for (const char c : part.content)
    if (c != '\r' && c != '\n' && c != ' ' && c != '\t') text += c;
  return text;
}

// cid: addresses are percent-encoded (RFC 2392).
std::string id_of(std::string_view address) {
  std::string id;
  for (std::size_t i = 0; i < address.size(); ++i) {
    const auto digit = [](char c) {
      if (c >= '0' && c <= '9') return c - '0';
      c = lower(c);
      return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    };
    if (address[i] == '%' && i + 2 < address.size() && digit(address[i + 1]) >= 0 &&
        digit(address[i + 2]) >= 0) {
      id += static_cast<char>(digit(address[i + 1]) * 16 + digit(address[i + 2]));
      i += 2;
    } else {
      id += address[i];
    }
  }
  return id;
}

struct FreeText {
  void operator()(xmlChar* text) const { xmlFree(text); }
};
using Attribute = std::unique_ptr<xmlChar, FreeText>;

void collect(xmlNode* node, int depth, int depth_max, std::vector<xmlNode*>& includes,
             bool& too_deep) {
  for (; node != nullptr; node = node->next) {
    if (node->type != XML_ELEMENT_NODE) continue;
    if (depth > depth_max) {
      too_deep = true;
      return;
    }
    if (node->ns != nullptr && xmlStrEqual(node->ns->href, xml(xop)) &&
        xmlStrEqual(node->name, xml("Include"))) {
      includes.push_back(node);
    } else {
      collect(node->children, depth + 1, depth_max, includes, too_deep);
    }
  }
}

}  // namespace

bool is_multipart(std::string_view content_type) {
  const std::string type = lowered(trimmed(content_type.substr(0, content_type.find(';'))));
  return type == "multipart/related";
}

Result<std::string> unpack(std::string_view content_type, std::string_view package,
                           const Limits& limits) {
  if (package.size() > limits.bytes) return bad("is too large");
  const auto boundary = parameter(content_type, "boundary");
  if (!boundary || boundary->empty() || boundary->size() > 70) return bad("names no boundary");
  const auto parts = parts_of(package, *boundary);
  if (!parts) return parts.error();
  if (parts->empty()) return bad("has no part");
  std::map<std::string, const Part*> by_id;
  for (const Part& part : *parts) by_id.emplace(part.id, &part);
  const Part* root = &parts->front();
  if (const auto start = parameter(content_type, "start")) {
    const auto named = by_id.find(without_brackets(*start));
    if (named == by_id.end()) return bad("lacks the part that it starts with");
    root = named->second;
  }
  const Tree document = read_tree(root->content);
  if (!document || xmlDocGetRootElement(document.get()) == nullptr)
    return bad("has no well-formed envelope");
  if (document->intSubset != nullptr) return bad("has a document type or entities");
  std::vector<xmlNode*> includes;
  bool too_deep = false;
  collect(xmlDocGetRootElement(document.get()), 0, limits.depth, includes, too_deep);
  if (too_deep) return bad("is nested too deeply");
  std::size_t bytes = root->content.size();
  for (xmlNode* include : includes) {
    const Attribute address(xmlGetNoNsProp(include, xml("href")));
    const std::string_view href =
        address ? reinterpret_cast<const char*>(address.get()) : std::string_view{};
    const auto named =
        href.substr(0, 4) == "cid:" ? by_id.find(id_of(href.substr(4))) : by_id.end();
    if (named == by_id.end()) return bad("names a part that it does not have");
    const auto text = as_base64(*named->second);
    if (!text) return text.error();
    bytes += text->size();
    if (bytes > limits.bytes) return bad("is too large");
    xmlNode* content =
        xmlNewDocTextLen(document.get(), xml(text->c_str()), static_cast<int>(text->size()));
    xmlReplaceNode(include, content);
    xmlFreeNode(include);
  }
  std::string text = write_tree(document.get());
  if (text.empty()) return bad("could not be put together");
  return text;
}

}  // namespace underpin::legacy::soap
