#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace underpin::legacy::edi {

using Composite = std::vector<std::string>;

// An element as a writer takes it and a reader's text splits into: repetitions of components.
// Nearly always one of one. Empty components at an end are not written, and so not told apart.
class Element {
 public:
  Element() : Element(std::string_view()) {}
  Element(std::string_view text) : repetitions_{Composite{std::string(text)}} {}
  Element(const std::string& text) : Element(std::string_view(text)) {}
  Element(const char* text) : Element(std::string_view(text)) {}
  Element(Composite components) : repetitions_{std::move(components)} {}
  explicit Element(std::vector<Composite> repetitions) : repetitions_(std::move(repetitions)) {}

  const std::vector<Composite>& repetitions() const& { return repetitions_; }
  const std::vector<Composite>& repetitions() && = delete;  // Of a temporary they would dangle.
  bool operator==(const Element&) const = default;

 private:
  std::vector<Composite> repetitions_;
};
using Elements = std::vector<Element>;

}  // namespace underpin::legacy::edi
