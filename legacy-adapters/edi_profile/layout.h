#pragma once

#include "contracts/json/json_text.h"
#include "contracts/result.h"
#include "legacy-adapters/transport/edi/element.h"
#include "legacy-adapters/transport/edi/fault.h"
#include "legacy-adapters/transport/profile/fault.h"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Which loop, segment, element and qualifier holds which member of a record, both ways. What the
// member is called in a canonical document, and its code tables, are the mapping's business.
namespace underpin::legacy::edi_profile {

struct Segment {
  std::string id;
  std::vector<edi::Composite> elements;
  edi::Place place;
  // Both from 1; "" for what is not there.
  std::string_view at(int element, int component = 1) const;
};

// Immutable once read; any thread.
class Layout {
 public:
  // `segments` is the list of that name in a file of a profile, `at` its pointer. Everything that
  // is wrong is added to `faults`.
  static Layout read(const json::Value& segments, const std::string& at, const std::string& file,
                     std::vector<profile::Fault>& faults);

  // Whether "1,5" is one and a half: in EDIFACT it is, in X12 a comma divides thousands, if
  // anything.
  void reads_decimal_comma(bool reads) { decimal_comma_ = reads; }

  // The members that it takes or gives: "reference", "lines/sku"; each once.
  std::vector<std::string> names() const;

  // A segment of which every member is absent is not written; one that holds no member always is.
  std::vector<Segment> write(const json::Value& record) const;

  struct Reading {
    json::Value record = json::Value::object();
    std::map<std::string, edi::Place> places;  // Of each member, by its pointer.
    std::vector<edi::Fault> faults;            // A member said twice, a day that is none.
    // Of the member, or of what it would be a part of.
    edi::Place place_of(const std::string& pointer) const;
  };
  // Segments that the layout does not know are passed over: partners send more than is read.
  Reading read_set(const std::vector<Segment>& segments) const;

 private:
  enum class Form { text, number, day8, day6 };
  struct Slot {
    enum class Kind { member, is, must, count } kind = Kind::member;
    int element = 0;
    int component = 1;
    std::string member;  // Or the list that is counted.
    // Qualifiers, or what must be there: one of them is read, the first is written.
    std::vector<std::string> is;
    Form form = Form::text;
  };
  struct Node {
    std::string id;
    std::vector<Slot> slots;
    int pairs_from = 0;  // From there on: a qualifier, then what it says, and so on.
    std::vector<std::pair<std::string, std::string>> pairs;  // Qualifier, member.
    bool first_counts = false;                               // Of a member said twice.
    // A loop: the first of `parts` is the segment that begins it. Its members are an object of that
    // name in the record, of `many` a list of objects.
    std::string loop;
    bool many = false;
    std::vector<Node> parts;
    bool is_loop() const { return !parts.empty(); }
    const Node& trigger() const { return is_loop() ? parts.front() : *this; }
  };
  struct Check;
  struct Fill;

  static Node node_of(const json::Value& value, const std::string& at, Check& check);
  static bool matches(const Node& node, const Segment& segment);
  static void names_of(const Node& node, const std::string& prefix, std::vector<std::string>& all);
  static void write_node(const Node& node, const json::Value& record, bool always,
                         std::vector<Segment>& out);

  Node root_;
  bool decimal_comma_ = false;
};

}  // namespace underpin::legacy::edi_profile
