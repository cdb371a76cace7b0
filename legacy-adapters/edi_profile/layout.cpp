#include "legacy-adapters/edi_profile/layout.h"

#include "contracts/time.h"

#include <algorithm>
#include <optional>
#include <set>

namespace underpin::legacy::edi_profile {

using json::Value;

namespace {

constexpr int elements_max = 99;
constexpr int components_max = 20;
constexpr int depth_max = 8;

bool is_segment_id(const std::string& id) {
  return (id.size() == 2 || id.size() == 3) && std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
         });
}

bool is_member(const std::string& name) {
  return !name.empty() && name.size() <= 60 && name.find('/') == std::string::npos &&
         name.find('~') == std::string::npos;
}

// "5", or "5.2" for the second component.
bool parse_place(const std::string& text, int& element, int& component) {
  const std::size_t point = std::min(text.find('.'), text.size());
  const auto whole = [](std::string_view part, int most, int& number) {
    if (part.empty() || part.size() > 2) return false;
    number = 0;
    for (const char c : part) {
      if (c < '0' || c > '9') return false;
      number = number * 10 + (c - '0');
    }
    return number >= 1 && number <= most;
  };
  if (!whole(std::string_view(text).substr(0, point), elements_max, element)) return false;
  if (point == text.size()) return true;
  return whole(std::string_view(text).substr(point + 1), components_max, component);
}

// ".5" and "5." are numbers in X12, and nowhere else. What is none stays as it is: the mapping says
// so.
std::string plain_number(std::string_view text, bool decimal_comma) {
  if (text.find_first_of("0123456789") == std::string_view::npos) return std::string(text);
  std::string result(text.substr(0, text.substr(0, 1) == "+" || text.substr(0, 1) == "-" ? 1 : 0));
  text.remove_prefix(result.size());
  if (result == "+") result.clear();
  if (text.substr(0, 1) == "." || (decimal_comma && text.substr(0, 1) == ",")) result += '0';
  result += text;
  if (decimal_comma) std::replace(result.begin(), result.end(), ',', '.');
  if (result.back() == '.') result.pop_back();
  return result;
}

std::string written_number(const std::string& text) {
  const auto number = Decimal::parse(text);
  return number ? number->normalized().text() : text;
}

// CCYYMMDD or YYMMDD to a day; nothing: it is none.
std::optional<std::string> day_of(std::string_view digits, bool with_century) {
  if (digits.size() != (with_century ? 8u : 6u)) return std::nullopt;
  std::string text(digits);
  if (!with_century) text.insert(0, "20");
  text.insert(6, "-").insert(4, "-");
  if (!Date::parse(text)) return std::nullopt;
  return text;
}

std::string digits_of(const std::string& day, bool with_century) {
  if (!Date::parse(day)) return day;  // The writer's reader will say so.
  const std::string digits = day.substr(0, 4) + day.substr(5, 2) + day.substr(8, 2);
  return with_century ? digits : digits.substr(2);
}

void put(Segment& segment, int element, int component, std::string text) {
  if (static_cast<int>(segment.elements.size()) < element)
    segment.elements.resize(static_cast<std::size_t>(element));
  edi::Composite& composite = segment.elements[static_cast<std::size_t>(element - 1)];
  if (static_cast<int>(composite.size()) < component)
    composite.resize(static_cast<std::size_t>(component));
  composite[static_cast<std::size_t>(component - 1)] = std::move(text);
}

}  // namespace

std::string_view Segment::at(int element, int component) const {
  if (element < 1 || element > static_cast<int>(elements.size())) return {};
  const edi::Composite& composite = elements[static_cast<std::size_t>(element - 1)];
  if (component < 1 || component > static_cast<int>(composite.size())) return {};
  return composite[static_cast<std::size_t>(component - 1)];
}

// ---- the layout itself

struct Layout::Check {
  const std::string& file;
  std::vector<profile::Fault>& faults;
  int depth = 0;
  void fault(const std::string& at, std::string rule) {
    faults.push_back({file, at, std::move(rule)});
  }
  void only(const Value& value, const std::string& at, const std::set<std::string>& known) {
    for (const json::Member& member : value.members())
      if (known.count(member.key) == 0)
        fault(json::pointer_to(at, member.key), "is not known here");
  }
};

Layout::Node Layout::node_of(const Value& value, const std::string& at, Check& check) {
  Node node;
  if (value.find("loop") != nullptr) {
    check.only(value, at, {"loop", "many", "segments", "note"});
    node.loop = value.get("loop").text();
    if (!is_member(node.loop)) check.fault(at + "/loop", "must name the member for the loop");
    if (const Value* many = value.find("many")) {
      if (!many->is_boolean()) check.fault(at + "/many", "must be true or false");
      node.many = many->is_boolean() && *many->as_bool();
    }
    const Value& parts = value.get("segments");
    if (!parts.is_array() || parts.empty()) {
      check.fault(at + "/segments", "must be a list, the segment that begins the loop first");
      return node;
    }
    if (++check.depth > depth_max) {
      check.fault(at, "must not be nested deeper than " + std::to_string(depth_max) + " loops");
      return node;
    }
    for (std::size_t i = 0; i < parts.size(); ++i)
      node.parts.push_back(node_of(parts.items()[i], json::pointer_to(at + "/segments", i), check));
    --check.depth;
    if (node.parts.front().is_loop())
      check.fault(at + "/segments/0", "must be a segment: it begins the loop");
    return node;
  }
  check.only(value, at, {"id", "elements", "pairs", "repeats", "note"});
  node.id = value.get("id").text();
  if (!is_segment_id(node.id))
    check.fault(at + "/id", "must be a tag of two or three capital letters or digits");
  if (const Value* repeats = value.find("repeats")) {
    node.first_counts = repeats->text() == "first";
    if (!node.first_counts) check.fault(at + "/repeats", "must be \"first\"");
  }
  for (const json::Member& member : value.get("elements").members()) {
    const std::string here = json::pointer_to(at + "/elements", member.key);
    Slot slot;
    if (!parse_place(member.key, slot.element, slot.component)) {
      check.fault(here, "must be an element's number, or \"5.2\" for a component");
      continue;
    }
    const Value& said = member.value;
    if (said.is_string()) {
      slot.member = said.text();
    } else if (const Value* is = said.find("is")) {
      check.only(said, here, {"is"});
      slot.kind = Slot::Kind::is;
      if (is->is_string()) slot.is.push_back(is->text());
      for (const Value& one : is->items()) slot.is.push_back(one.text());
      if (slot.is.empty() ||
          std::any_of(slot.is.begin(), slot.is.end(), [](const auto& one) { return one.empty(); }))
        check.fault(here + "/is", "must be a text, or a list of texts");
    } else if (const Value* must = said.find("must")) {
      check.only(said, here, {"must"});
      slot.kind = Slot::Kind::must;
      for (const Value& one : must->items()) slot.is.push_back(one.text());
      if (slot.is.empty() || slot.is.front().empty())
        check.fault(here + "/must", "must be a list of texts, the one that is written first");
    } else if (const Value* count = said.find("count")) {
      check.only(said, here, {"count"});
      slot.kind = Slot::Kind::count;
      slot.member = count->text();
    } else {
      check.only(said, here, {"member", "form"});
      slot.member = said.get("member").text();
      const std::string& form = said.get("form").text();
      slot.form = form == "number"     ? Form::number
                  : form == "CCYYMMDD" ? Form::day8
                  : form == "YYMMDD"   ? Form::day6
                                       : Form::text;
      if (slot.form == Form::text && !form.empty())
        check.fault(here + "/form", "must be number, CCYYMMDD or YYMMDD");
    }
    if (slot.kind != Slot::Kind::is && slot.kind != Slot::Kind::must && !is_member(slot.member))
      check.fault(here, "must name a member of the record, or be an object that says more");
    node.slots.push_back(std::move(slot));
  }
  if (const Value* pairs = value.find("pairs")) {
    check.only(*pairs, at + "/pairs", {"from", "of"});
    const auto from = pairs->get("from").as_int();
    node.pairs_from = from && *from >= 1 && *from < elements_max ? static_cast<int>(*from) : 0;
    if (node.pairs_from == 0) check.fault(at + "/pairs/from", "must be an element's number");
    for (const json::Member& member : pairs->get("of").members()) {
      node.pairs.emplace_back(member.key, member.value.text());
      if (!is_member(member.value.text()))
        check.fault(json::pointer_to(at + "/pairs/of", member.key),
                    "must name a member of the record");
    }
    if (node.pairs.empty()) check.fault(at + "/pairs/of", "must name what the qualifiers say");
    for (const Slot& slot : node.slots)
      if (slot.element >= node.pairs_from)
        check.fault(at + "/elements", "must end before the pairs begin");
  }
  return node;
}

Layout Layout::read(const Value& segments, const std::string& at, const std::string& file,
                    std::vector<profile::Fault>& faults) {
  Layout layout;
  Check check{file, faults};
  if (!segments.is_array() || segments.empty()) {
    check.fault(at, "must be a list of segments");
    return layout;
  }
  // The root is a loop without a segment of its own: it is open from the beginning.
  layout.root_.parts.emplace_back();
  for (std::size_t i = 0; i < segments.size(); ++i)
    layout.root_.parts.push_back(node_of(segments.items()[i], json::pointer_to(at, i), check));
  return layout;
}

void Layout::names_of(const Node& node, const std::string& prefix, std::vector<std::string>& all) {
  const auto add = [&](const std::string& member) {
    const std::string name = prefix + member;
    if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(name);
  };
  for (const Slot& slot : node.slots)
    if (slot.kind == Slot::Kind::member) add(slot.member);
  for (const auto& [qualifier, member] : node.pairs) add(member);
  for (const Node& part : node.parts)
    names_of(part, node.loop.empty() ? prefix : prefix + node.loop + "/", all);
}

std::vector<std::string> Layout::names() const {
  std::vector<std::string> all;
  names_of(root_, "", all);
  return all;
}

// ---- writing

void Layout::write_node(const Node& node, const Value& record, bool always,
                        std::vector<Segment>& out) {
  if (node.is_loop()) {
    const Value& inner = record.get(node.loop);
    const std::vector<Value> items = node.many          ? inner.items()
                                     : !inner.is_null() ? std::vector<Value>{inner}
                                                        : std::vector<Value>{};
    for (const Value& item : items)
      for (const Node& part : node.parts) write_node(part, item, &part == &node.parts[0], out);
    return;
  }
  Segment segment;
  segment.id = node.id;
  bool says = always;
  bool constant = node.pairs.empty();
  for (const Slot& slot : node.slots) {
    if (slot.kind == Slot::Kind::is || slot.kind == Slot::Kind::must) {
      put(segment, slot.element, slot.component, slot.is.front());
      continue;
    }
    if (slot.kind == Slot::Kind::count) {
      put(segment, slot.element, slot.component, std::to_string(record.get(slot.member).size()));
      continue;
    }
    constant = false;
    std::string text = record.get(slot.member).text();
    if (text.empty()) continue;
    says = true;
    if (slot.form == Form::number) text = written_number(text);
    if (slot.form == Form::day8 || slot.form == Form::day6)
      text = digits_of(text, slot.form == Form::day8);
    put(segment, slot.element, slot.component, std::move(text));
  }
  int next = node.pairs_from;
  for (const auto& [qualifier, member] : node.pairs) {
    const std::string& text = record.get(member).text();
    if (text.empty()) continue;
    says = true;
    put(segment, next, 1, qualifier);
    put(segment, next + 1, 1, text);
    next += 2;
  }
  if (says || constant) out.push_back(std::move(segment));
}

std::vector<Segment> Layout::write(const Value& record) const {
  std::vector<Segment> out;
  for (std::size_t i = 1; i < root_.parts.size(); ++i)
    write_node(root_.parts[i], record, false, out);
  return out;
}

// ---- reading

bool Layout::matches(const Node& node, const Segment& segment) {
  if (node.id != segment.id) return false;
  return std::all_of(node.slots.begin(), node.slots.end(), [&](const Slot& slot) {
    return slot.kind != Slot::Kind::is ||
           std::find(slot.is.begin(), slot.is.end(), segment.at(slot.element, slot.component)) !=
               slot.is.end();
  });
}

edi::Place Layout::Reading::place_of(const std::string& pointer) const {
  for (std::string at = pointer;; at.resize(at.rfind('/'))) {
    if (const auto found = places.find(at); found != places.end()) return found->second;
    if (at.find('/') == std::string::npos || at.empty()) return {};
  }
}

// Puts segments where the layout wants them. Loops that are open are on a stack, the innermost
// last.
struct Layout::Fill {
  struct Open {
    const Node* loop;
    std::string pointer;      // Of its object in the record.
    std::size_t entered = 0;  // The loop among its parts that was entered last; 0: none.
  };
  bool decimal_comma = false;
  Reading reading;
  std::vector<Open> open;

  Value& object(const std::string& pointer) {
    return const_cast<Value&>(*reading.record.at_pointer(pointer));
  }
  void fault(const Segment& segment, int element, std::string rule, std::string_view value) {
    edi::Fault one;
    one.level = edi::Level::element;
    one.place = segment.place;
    one.place.element = element;
    one.rule = std::move(rule);
    one.value = value.substr(0, edi::Fault::value_max);
    reading.faults.push_back(std::move(one));
  }
  static std::string rule_of(const Slot& slot) {
    std::string rule = "must be";
    for (const std::string& one : slot.is)
      rule += (&one == &slot.is.front() ? " " : " or ") + (one.empty() ? "nothing" : one);
    return rule;
  }
  void set(const Node& node, const std::string& pointer, const Segment& segment, int element,
           const std::string& member, std::string text) {
    Value& target = object(pointer);
    const std::string at = json::pointer_to(pointer, member);
    if (const Value* before = target.find(member)) {
      if (before->text() != text && !node.first_counts)
        fault(segment, element, at.substr(1) + " was said before, as \"" + before->text() + "\"",
              text);
      return;
    }
    target.set(member, std::move(text));
    edi::Place place = segment.place;
    place.element = element;
    reading.places.emplace(at, std::move(place));
  }
  void take(const Node& node, const std::string& pointer, const Segment& segment) {
    for (const Slot& slot : node.slots) {
      const std::string_view value = segment.at(slot.element, slot.component);
      if (slot.kind == Slot::Kind::must &&
          std::find(slot.is.begin(), slot.is.end(), value) == slot.is.end())
        fault(segment, slot.element, rule_of(slot), value);
      if (slot.kind != Slot::Kind::member) continue;
      if (value.empty()) continue;
      std::string text(value);
      if (slot.form == Form::number) text = plain_number(value, decimal_comma);
      if (slot.form == Form::day8 || slot.form == Form::day6) {
        const auto day = day_of(value, slot.form == Form::day8);
        if (!day) {
          fault(segment, slot.element,
                slot.form == Form::day8 ? "must be a day, CCYYMMDD" : "must be a day, YYMMDD",
                value);
          continue;
        }
        text = *day;
      }
      set(node, pointer, segment, slot.element, slot.member, std::move(text));
    }
    if (node.pairs_from == 0) return;
    for (int at = node.pairs_from; at < static_cast<int>(segment.elements.size()); at += 2)
      for (const auto& [qualifier, member] : node.pairs)
        if (segment.at(at) == qualifier && !segment.at(at + 1).empty())
          set(node, pointer, segment, at + 1, member, std::string(segment.at(at + 1)));
  }
  void enter(std::size_t depth, std::size_t part, const Segment& segment) {
    const Node& loop = open[depth].loop->parts[part];
    open.resize(depth + 1);
    open[depth].entered = part;
    Value& outer = object(open[depth].pointer);
    std::string pointer = json::pointer_to(open[depth].pointer, loop.loop);
    if (loop.many) {
      if (outer.find(loop.loop) == nullptr) outer.set(loop.loop, Value::array());
      Value& list = *outer.find(loop.loop);
      pointer = json::pointer_to(pointer, list.size());
      list.push(Value::object());
    } else if (outer.find(loop.loop) != nullptr) {
      fault(segment, 0, pointer.substr(1) + " was begun before", {});
    } else {
      outer.set(loop.loop, Value::object());
    }
    reading.places.emplace(pointer, segment.place);
    open.push_back({&loop, pointer});
    take(loop.trigger(), pointer, segment);
  }
  // Behind a loop nothing before it comes again, but for loops that begin with the same segment.
  bool is_behind(const Open& at, std::size_t part) const {
    if (part >= at.entered) return false;
    const Node& node = at.loop->parts[part];
    return !node.is_loop() || node.trigger().id != at.loop->parts[at.entered].trigger().id;
  }
  bool place(std::size_t depth, const Segment& segment) {
    for (std::size_t part = 1; part < open[depth].loop->parts.size(); ++part) {
      const Node& node = open[depth].loop->parts[part];
      if (!matches(node.trigger(), segment) || is_behind(open[depth], part)) continue;
      if (node.is_loop()) {
        enter(depth, part, segment);
      } else {
        open.resize(depth + 1);
        take(node, open[depth].pointer, segment);
      }
      return true;
    }
    return false;
  }
  void segment(const Segment& segment) {
    std::size_t keep = open.size();
    for (std::size_t depth = open.size(); depth-- > 0;) {
      if (place(depth, segment)) return;
      if (depth == 0) break;
      // An N1 of another party ends the N1 that was read: what follows is not that one's. Where
      // such segments are nested (HL), those of an unknown level end only what holds no further.
      const Node& loop = *open[depth].loop;
      const bool nests = std::any_of(
          loop.parts.begin() + 1, loop.parts.end(),
          [&](const Node& one) { return one.is_loop() && one.trigger().id == segment.id; });
      if (loop.trigger().id == segment.id && !nests) keep = depth;
    }
    open.resize(keep);
  }
};

Layout::Reading Layout::read_set(const std::vector<Segment>& segments) const {
  Fill fill;
  fill.decimal_comma = decimal_comma_;
  fill.open.push_back({&root_, ""});
  for (const Segment& segment : segments) fill.segment(segment);
  return std::move(fill.reading);
}

}  // namespace underpin::legacy::edi_profile
