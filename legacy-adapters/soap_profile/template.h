#pragma once

#include "contracts/json/json_text.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace underpin::legacy::soap_profile {

using Namespaces = std::map<std::string, std::string>;  // By prefix.

// The content of a request's Body as XML with its values named: "{no}" in a text or an attribute.
// An element with u:each="lines" stands there once for each item of that list, one with u:if="no"
// or u:unless="no" when there is such a value (or list), or none. A value is always escaped: there
// is no other way for one into a request. Immutable; any thread.
class Template {
 public:
  // Where a name is used: `scope` is the list around it, "lines"; empty: none.
  struct Use {
    enum class As { value, condition, list };
    std::string scope;
    std::string name;
    As as = As::value;
  };

  static constexpr std::size_t bytes_max = 256 * 1024;  // Of a template.
  static constexpr int depth_max = 32;

  // `namespaces` are those that its prefixes stand for. `rule`: the first rule that the text
  // breaks; empty when it breaks none.
  static Template parse(std::string_view xml, const Namespaces& namespaces, std::string& rule);

  const std::vector<Use>& uses() const { return uses_; }
  // The names of its elements, without prefixes.
  const std::set<std::string>& elements() const { return elements_; }

  // A name that `values` lacks is an empty text. invalid_request: a value holds a character that
  // XML cannot.
  Result<std::string> render(const json::Value& values) const;

 private:
  friend class TemplateReader;
  struct Node;
  std::shared_ptr<const Node> root_;
  std::vector<Use> uses_;
  std::set<std::string> elements_;
};

// Declarations of the namespaces, for the element around a rendered template: ` xmlns:m="urn:…"`.
std::string declared(const Namespaces& namespaces);

}  // namespace underpin::legacy::soap_profile
