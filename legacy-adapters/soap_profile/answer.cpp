#include "legacy-adapters/soap_profile/answer.h"

#include "legacy-adapters/transport/profile/error_table.h"
#include "legacy-adapters/transport/profile/floating.h"
#include "legacy-adapters/transport/soap/xml_tree.h"

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace underpin::legacy::soap_profile {
namespace {

using json::Value;

constexpr const char* schema_instance = "http://www.w3.org/2001/XMLSchema-instance";
constexpr std::ptrdiff_t elements_max = 500'000;  // A tree needs a hundred octets for each.
constexpr std::size_t shown_max = 300;

// What is wrong with an answer; read_answer turns it into an Error.
struct Unreadable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string text_of(const xmlChar* text) {
  return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text));
}

bool is(const xmlNs* space, const xmlChar* own, const Name& name) {
  return text_of(own) == name.name &&
         (space == nullptr ? std::string() : text_of(space->href)) == name.name_space;
}

const xmlNode* next_element(const xmlNode* node) {
  while (node != nullptr && node->type != XML_ELEMENT_NODE) node = node->next;
  return node;
}

const xmlNode* child_called(const xmlNode* parent, std::string_view name) {
  for (const xmlNode* child = next_element(parent->children); child != nullptr;
       child = next_element(child->next))
    if (text_of(child->name) == name) return child;
  return nullptr;
}

std::optional<std::string> attribute_of(const xmlNode* element, const Name& name) {
  for (const xmlAttr* one = element->properties; one != nullptr; one = one->next) {
    if (!is(one->ns, one->name, name)) continue;
    std::string text;
    for (const xmlNode* part = one->children; part != nullptr; part = part->next)
      text += text_of(part->content);
    return text;
  }
  return std::nullopt;
}

bool is_nil(const xmlNode* element) {
  const auto nil = attribute_of(element, {schema_instance, "nil"});
  return nil && (*nil == "true" || *nil == "1");
}

void must_be_itself(const xmlNode* element) {
  const auto elsewhere = attribute_of(element, {"", "href"});
  if (elsewhere && elsewhere->rfind('#', 0) == 0)
    throw Unreadable("has an element " + text_of(element->name) +
                     " that stands elsewhere (multi-reference encoding)");
}

using Elements = std::vector<const xmlNode*>;

void collect(const xmlNode* from, const Path& path, std::size_t step, Elements& found) {
  if (step == path.steps.size()) return found.push_back(from);
  for (const xmlNode* child = next_element(from->children); child != nullptr;
       child = next_element(child->next)) {
    if (!is(child->ns, child->name, path.steps[step]) || is_nil(child)) continue;
    must_be_itself(child);
    collect(child, path, step + 1, found);
  }
}

Elements elements_at(const xmlNode* from, const Path& path) {
  Elements found;
  collect(from, path, 0, found);
  return found;
}

std::string content_of(const xmlNode* element, const Path& path) {
  std::string text;
  for (const xmlNode* child = element->children; child != nullptr; child = child->next) {
    if (child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE)
      text += text_of(child->content);
    else if (child->type == XML_ELEMENT_NODE)
      throw Unreadable("has elements where " + path.text + " should be a text");
  }
  return text;
}

// The one value there; nothing: there is none.
std::optional<std::string> value_at(const xmlNode* from, const Path& path) {
  const Elements found = elements_at(from, path);
  if (found.empty()) return std::nullopt;
  if (found.size() > 1)
    throw Unreadable("has " + path.text + " " + std::to_string(found.size()) + " times");
  if (path.attribute) return attribute_of(found[0], *path.attribute);
  return content_of(found[0], path);
}

std::string unpadded(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

// What is there in another namespace is not absent: the profile, or the service, is not as it was.
void must_not_be_elsewhere(const xmlNode* from, const Path& path, std::size_t step = 0) {
  if (step == path.steps.size()) return;
  const xmlNode* elsewhere = nullptr;
  bool there = false;
  for (const xmlNode* child = next_element(from->children); child != nullptr;
       child = next_element(child->next)) {
    if (text_of(child->name) != path.steps[step].name) continue;
    if (is(child->ns, child->name, path.steps[step])) {
      there = true;
      must_not_be_elsewhere(child, path, step + 1);
    } else {
      elsewhere = child;
    }
  }
  if (elsewhere == nullptr || there) return;
  throw Unreadable("has " + text_of(elsewhere->name) + " of " +
                   (elsewhere->ns == nullptr ? "no namespace" : text_of(elsewhere->ns->href)) +
                   ", which is not that of " + path.text);
}

// Zeros, false and a platform's first day stand for "nothing" where an element must be there.
bool is_blank(const std::string& text) {
  const std::string bare = unpadded(text);
  return bare == "false" || bare.rfind("0001-01-01", 0) == 0 ||
         bare.find_first_not_of("0.:TZ+-") == std::string::npos;
}

bool holds_something(const xmlNode* element) {
  if (is_nil(element)) return false;
  for (const xmlAttr* one = element->properties; one != nullptr; one = one->next)
    if ((one->ns == nullptr || text_of(one->ns->href) != schema_instance) &&
        one->children != nullptr && !is_blank(text_of(one->children->content)))
      return true;
  for (const xmlNode* child = element->children; child != nullptr; child = child->next) {
    if (child->type == XML_ELEMENT_NODE
            ? holds_something(child)
            : child->type == XML_TEXT_NODE && !is_blank(text_of(child->content)))
      return true;
  }
  return false;
}

bool says_something(const Value& record) {
  return std::any_of(record.members().begin(), record.members().end(), [](const auto& member) {
    return !member.value.is_array() || !member.value.empty();
  });
}

Value record_of(const xmlNode* element, const std::vector<Field>& fields) {
  Value record = Value::object();
  for (const Field& field : fields) {
    if (field.value) continue;
    if (field.each) {
      std::vector<Value> items;
      for (const xmlNode* item : elements_at(element, field.path))
        items.push_back(record_of(item, field.fields));
      if (items.empty()) must_not_be_elsewhere(element, field.path);
      record.append({field.name, Value::array(std::move(items))});
      continue;
    }
    const auto found = value_at(element, field.path);
    if (!found) continue;
    std::string text = field.keep_blanks ? *found : unpadded(*found);
    if (text.empty()) continue;
    if (field.floating) {
      const auto exact = profile::exact_of_floating(text, *field.floating);
      if (!exact)
        throw Unreadable("has '" + text.substr(0, 40) + "' in " + field.path.text +
                         ", which is no number of " + std::to_string(*field.floating) + " places");
      text = exact->text();
    }
    record.append({field.name, Value(std::move(text))});
  }
  // Where the ERP says nothing, there is no record.
  if (says_something(record))
    for (const Field& field : fields)
      if (field.value) record.append({field.name, Value(*field.value)});
  return record;
}

// The element in the Body, of an envelope that is one.
const xmlNode* in_body(const xmlDoc* tree) {
  const xmlNode* root = xmlDocGetRootElement(tree);
  for (const xmlNode* part = root == nullptr ? nullptr : next_element(root->children);
       part != nullptr; part = next_element(part->next))
    if (part->ns != nullptr && root->ns != nullptr && text_of(part->name) == "Body" &&
        text_of(part->ns->href) == text_of(root->ns->href))
      return next_element(part->children);
  return nullptr;
}

soap::Tree tree_of(std::string_view envelope) {
  if (std::count(envelope.begin(), envelope.end(), '<') > elements_max)
    throw Unreadable("has too many elements");
  soap::Tree tree = soap::read_tree(envelope, XML_PARSE_NOCDATA);
  if (!tree) throw Unreadable("is no well-formed XML");
  if (xmlGetIntSubset(tree.get()) != nullptr) throw Unreadable("has a document type");
  return tree;
}

std::optional<Error> refusal_in(const Outcome& outcome, const xmlNode* element) {
  const auto code = value_at(element, outcome.code);
  if (!code) throw Unreadable("does not say in " + outcome.code.text + " what became of the call");
  const std::string said = unpadded(*code);
  if (std::find(outcome.done.begin(), outcome.done.end(), said) != outcome.done.end())
    return std::nullopt;
  Error error;
  error.code = ErrorCode::outcome_unknown;
  const std::string shown = said.empty() ? "blank" : said.substr(0, shown_max);
  error.vendor_code = profile::ErrorTable::vendor_code(shown, {});
  error.message = "the ERP answered with code " + shown;
  if (outcome.message)
    if (const auto words = value_at(element, *outcome.message); words && !unpadded(*words).empty())
      error.message = unpadded(*words).substr(0, shown_max);
  return error;
}

// No record means "there is none" only when something that is known says that it is the list.
void must_be_nothing(const AnswerShape& shape, const xmlNode* element) {
  Path list = shape.records;
  if (!list.steps.empty()) list.steps.pop_back();
  if (!shape.outcome && elements_at(element, list).empty())
    throw Unreadable("does not hold the list of " + shape.records.text);
  must_not_be_elsewhere(element, shape.records);
  if (shape.records.steps.empty())
    for (const Field& field : shape.fields) must_not_be_elsewhere(element, field.path);
}

std::string without_prefix(const std::string& code) {
  const std::string bare = unpadded(code);
  return bare.substr(bare.find(':') == std::string::npos ? 0 : bare.find(':') + 1);
}

void add_names(const Path& path, std::set<std::string>& names) {
  for (const Name& step : path.steps) names.insert(step.name);
  if (path.attribute) names.insert(path.attribute->name);
}

void add_names(const std::vector<Field>& fields, std::set<std::string>& names) {
  for (const Field& field : fields) {
    add_names(field.path, names);
    add_names(field.fields, names);
  }
}

// The namespace of a fault's code, which is a qualified name in the text of some element.
std::string space_of(const xmlNode* element, const std::string& code) {
  for (const xmlNode* child = next_element(element->children); child != nullptr;
       child = next_element(child->next)) {
    if (next_element(child->children) != nullptr) {
      if (std::string found = space_of(child, code); !found.empty()) return found;
    } else if (child->children != nullptr && text_of(child->children->content) == code) {
      const std::string prefix = code.substr(0, std::min(code.find(':'), code.size()));
      const xmlNs* space = xmlSearchNs(child->doc, const_cast<xmlNode*>(child), soap::xml(prefix));
      return space == nullptr ? std::string() : text_of(space->href);
    }
  }
  return {};
}

// SOAP 1.1, 4.4.1 and SOAP 1.2, 5.4.6; WS-Security 1.1, 12: before the body is looked at. An ERP's
// own codes may have the same names, in a namespace of its own.
ErrorCode meaning_of(const xmlNode* element, const std::string& code) {
  const std::string space = space_of(element, code);
  if (space == "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd")
    return ErrorCode::unauthorized;
  const std::string name = without_prefix(code);
  const bool of_soap = element->ns != nullptr && space == text_of(element->ns->href);
  return of_soap && (name == "VersionMismatch" || name == "MustUnderstand")
             ? ErrorCode::internal
             : ErrorCode::outcome_unknown;
}

bool is_part(std::string_view text) {
  if (text.empty() || text.size() > 200) return false;
  const auto first = static_cast<unsigned char>(text[0]);
  if (std::isalpha(first) == 0 && text[0] != '_' && first < 0x80) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.' ||
           static_cast<unsigned char>(c) >= 0x80;
  });
}

}  // namespace

std::optional<Name> parse_name(std::string_view text, const Namespaces& namespaces) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos)
    return is_part(text) ? std::optional(Name{"", std::string(text)}) : std::nullopt;
  const auto found = namespaces.find(std::string(text.substr(0, colon)));
  if (found == namespaces.end() || !is_part(text.substr(colon + 1))) return std::nullopt;
  return Name{found->second, std::string(text.substr(colon + 1))};
}

std::optional<Path> parse_path(std::string_view text, const Namespaces& namespaces) {
  Path path;
  path.text = text;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('/'), text.size());
    std::string_view step = text.substr(0, end);
    const bool last = end == text.size();
    text.remove_prefix(last ? end : end + 1);
    if (!last && text.empty()) return std::nullopt;  // Ends with a stroke.
    const bool attribute = step.substr(0, 1) == "@";
    if (attribute) step.remove_prefix(1);
    const auto name = parse_name(step, namespaces);
    if (!name || (attribute && !last) || path.steps.size() == soap::Limits{}.depth * 1U)
      return std::nullopt;
    if (attribute)
      path.attribute = *name;
    else
      path.steps.push_back(*name);
  }
  return path.text.empty() ? std::nullopt : std::optional(std::move(path));
}

Result<Answer> read_answer(const AnswerShape& shape, std::string_view envelope) {
  try {
    const soap::Tree tree = tree_of(envelope);
    const xmlNode* element = in_body(tree.get());
    if (element == nullptr) throw Unreadable("has an empty Body");
    if (!is(element->ns, element->name, shape.element))
      throw Unreadable("is " + text_of(element->name) +
                       (element->ns == nullptr ? "" : " of " + text_of(element->ns->href)) +
                       ", not " + shape.element.name);
    Answer answer;
    if (shape.outcome) answer.refused = refusal_in(*shape.outcome, element);
    if (answer.refused) return answer;
    if (shape.fields.empty()) return answer;
    for (const xmlNode* one : elements_at(element, shape.records)) {
      Value record = record_of(one, shape.fields);
      // Some services answer with an empty element where there is nothing.
      if (says_something(record))
        answer.records.push_back(std::move(record));
      else if (one != element && holds_something(one))
        throw Unreadable("has " + shape.records.text + " of which no field can be read");
    }
    if (answer.records.empty()) must_be_nothing(shape, element);
    return answer;
  } catch (const Unreadable& why) {
    return Error{ErrorCode::internal, std::string("the answer ") + why.what()};
  }
}

Error read_fault(const FaultShape& shape, const soap::Fault& fault, std::string_view envelope) {
  Error error;
  const std::string outer = without_prefix(fault.code);
  std::string code = without_prefix(fault.subcode.empty() ? fault.code : fault.subcode);
  error.message = unpadded(fault.text);
  error.code = ErrorCode::outcome_unknown;
  try {
    const soap::Tree tree = tree_of(envelope);
    const xmlNode* element = in_body(tree.get());
    const xmlNode* detail = nullptr;
    if (element != nullptr)
      error.code = meaning_of(element, fault.subcode.empty() ? fault.code : fault.subcode);
    if (element != nullptr)
      for (const char* name : {"detail", "Detail"})
        if (detail == nullptr) detail = child_called(element, name);
    if (detail != nullptr) {
      const auto own = shape.code ? value_at(detail, *shape.code) : std::nullopt;
      if (own && !unpadded(*own).empty()) code = unpadded(*own);
      const auto words = shape.message ? value_at(detail, *shape.message) : std::nullopt;
      if (words && !unpadded(*words).empty()) error.message = unpadded(*words);
    }
  } catch (const Unreadable&) {  // Then what the fault itself says is all there is.
  }
  if (code.empty()) code = "Fault";
  error.vendor_code = profile::ErrorTable::vendor_code(code.substr(0, shown_max), outer);
  error.message = error.message.empty() ? "the ERP answered with fault " + error.vendor_code
                                        : error.message.substr(0, shown_max);
  return error;
}

std::set<std::string> names_of(const AnswerShape& shape) {
  std::set<std::string> names{shape.element.name};
  if (shape.outcome) {
    add_names(shape.outcome->code, names);
    if (shape.outcome->message) add_names(*shape.outcome->message, names);
  }
  add_names(shape.records, names);
  add_names(shape.fields, names);
  return names;
}

std::set<std::string> names_of(const FaultShape& shape) {
  std::set<std::string> names;
  for (const auto* path : {&shape.code, &shape.message})
    if (*path) add_names(**path, names);
  return names;
}

std::string for_people(std::string_view xml) {
  const soap::Tree tree = soap::read_tree(xml, XML_PARSE_NOBLANKS);
  if (!tree) return std::string(xml);
  struct FreeText {
    void operator()(xmlChar* text) const { xmlFree(text); }
  };
  xmlChar* text = nullptr;
  int size = 0;
  xmlDocDumpFormatMemoryEnc(tree.get(), &text, &size, "UTF-8", 1);
  const std::unique_ptr<xmlChar, FreeText> owner(text);
  std::string lines = text_of(text);
  if (lines.rfind("<?xml", 0) == 0)
    lines.erase(0, std::min(lines.find('\n'), lines.size() - 1) + 1);
  return lines;
}

}  // namespace underpin::legacy::soap_profile
