#pragma once

#include "contracts/decimal.h"
#include "contracts/result.h"
#include "contracts/time.h"

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// SuiteTalk's messages as trees and as text.
namespace underpin::legacy::netsuite_soap {

// An element as it was read; prefixes are resolved and left out.
struct Node {
  std::string name;
  std::vector<std::pair<std::string, std::string>> attributes;  // xsi:type is "type of instance".
  std::string text;                                             // Of an element without children.
  std::vector<Node> children;

  const Node* child(std::string_view wanted) const;  // The first; nullptr: there is none.
  const Node& get(std::string_view wanted) const;    // An empty one when there is none: chains.
  const std::string& attribute(std::string_view wanted) const;  // Empty when there is none.
  std::string instance_type() const;                            // "SalesOrder"; empty: not stated.

  // Of a child. Empty or nothing when it is not there; text that is none of its kind throws
  // Failure (internal, naming the element).
  const std::string& text_of(std::string_view wanted) const { return get(wanted).text; }
  Decimal decimal_of(std::string_view wanted) const;  // Zero when it is not there.
  bool bool_of(std::string_view wanted) const;
  std::optional<Date> day_of(std::string_view wanted) const;  // As the account's clocks show it.
  Timestamp time_of(std::string_view wanted) const;
  // Of a reference: its internal id, and what it is called ("Parent : Child" is the child).
  const std::string& id_of(std::string_view wanted) const {
    return get(wanted).attribute("internalId");
  }
  std::string name_of(std::string_view wanted) const;
};

struct XmlLimits {
  int depth = 32;
  std::size_t elements = 2'000'000;
};

// internal, with the reason: not well-formed, a document type or entities, beyond the limits.
// Nothing outside of `text` is ever read.
Result<Node> read_xml(std::string_view text, const XmlLimits& limits = {});

// An xsd:double, exactly: "1.0E-4" is 0.0001.
Result<Decimal> exact_double(std::string_view text);

// Writes elements whose prefixes the envelope declares. Texts are escaped; what XML 1.0 cannot
// carry becomes U+FFFD.
class Xml {
 public:
  using Attributes = std::initializer_list<std::pair<std::string_view, std::string_view>>;
  Xml& open(std::string_view tag, Attributes attributes = {});
  Xml& close();
  Xml& leaf(std::string_view tag, std::string_view text);
  Xml& leaf(std::string_view tag, const Decimal& number) {
    return leaf(tag, number.normalized().text());
  }
  Xml& flag(std::string_view tag, bool value) { return leaf(tag, value ? "true" : "false"); }
  // A business day, whatever zone the account is in (README, "Dates").
  Xml& day(std::string_view tag, const Date& day) {
    return leaf(tag, day.text() + "T12:00:00.000Z");
  }
  Xml& ref(std::string_view tag, std::string_view internal_id);
  Xml& raw(std::string_view elements);
  const std::string& text() const { return text_; }
  bool empty() const { return text_.empty(); }

 private:
  std::string text_;
  std::vector<std::string> open_;
};

std::string escaped(std::string_view text);

}  // namespace underpin::legacy::netsuite_soap
