#include "legacy-adapters/dynamics_nav/wsdl_check.h"

#include "legacy-adapters/transport/soap/xml_tree.h"

#include <set>

namespace underpin::legacy::dynamics_nav {
namespace {

constexpr std::string_view wsdl_namespace = "http://schemas.xmlsoap.org/wsdl/";
constexpr std::string_view schema_namespace = "http://www.w3.org/2001/XMLSchema";

struct Described {
  std::string target;
  std::set<std::string> operations;
  std::map<std::string, std::set<std::string>> types;  // Elements of named types and elements.
};

bool is(const xmlNode* node, std::string_view name_space, std::string_view name) {
  return node->type == XML_ELEMENT_NODE && node->ns != nullptr && node->ns->href != nullptr &&
         name_space == reinterpret_cast<const char*>(node->ns->href) &&
         name == reinterpret_cast<const char*>(node->name);
}

std::string attribute(xmlNode* node, const char* name) {
  xmlChar* value = xmlGetProp(node, reinterpret_cast<const xmlChar*>(name));
  if (value == nullptr) return {};
  std::string text(reinterpret_cast<const char*>(value));
  xmlFree(value);
  return text;
}

void elements_below(xmlNode* node, std::set<std::string>& names, int depth) {
  if (depth > 8) return;
  for (xmlNode* child = node->children; child != nullptr; child = child->next) {
    if (is(child, schema_namespace, "element")) names.insert(attribute(child, "name"));
    if (child->type == XML_ELEMENT_NODE) elements_below(child, names, depth + 1);
  }
}

void collect(xmlNode* node, Described& described, int depth) {
  if (depth > 8) return;
  for (xmlNode* child = node->children; child != nullptr; child = child->next) {
    if (is(child, wsdl_namespace, "portType")) {
      for (xmlNode* one = child->children; one != nullptr; one = one->next)
        if (is(one, wsdl_namespace, "operation"))
          described.operations.insert(attribute(one, "name"));
    } else if (is(child, schema_namespace, "complexType") ||
               (is(child, schema_namespace, "element") && depth <= 3)) {
      elements_below(child, described.types[attribute(child, "name")], 0);
    } else if (child->type == XML_ELEMENT_NODE) {
      collect(child, described, depth + 1);
    }
  }
}

}  // namespace

std::vector<Finding> check_wsdl(std::string_view wsdl, const Binding& binding) {
  const std::string name = "WSDL " + std::string(binding.service);
  const soap::Tree document = soap::read_tree(wsdl);
  xmlNode* root = document ? xmlDocGetRootElement(document.get()) : nullptr;
  if (root == nullptr || document->intSubset != nullptr)
    return {{false, name, "the service's description is no readable WSDL"}};
  Described described;
  described.target = attribute(root, "targetNamespace");
  collect(root, described, 0);
  std::vector<Finding> findings;
  if (described.target != binding.name_space)
    findings.push_back(
        {false, name,
         "its namespace is " + described.target + ", not " + std::string(binding.name_space) +
             ": publish the service under the name " + std::string(binding.service)});
  for (const Operation& operation : binding.operations) {
    const bool found = described.operations.count(std::string(operation.name)) != 0;
    findings.push_back(
        {found, name + "." + std::string(operation.name), found ? "" : "the operation is missing"});
  }
  for (const auto& [type, elements] : binding.types) {
    std::string missing;
    const std::set<std::string>& there = described.types[type];
    for (const std::string& element : elements)
      if (there.count(element) == 0) missing += (missing.empty() ? "" : ", ") + element;
    findings.push_back({missing.empty(), name + " type " + type,
                        missing.empty() ? "" : "missing elements: " + missing});
  }
  return findings;
}

}  // namespace underpin::legacy::dynamics_nav
