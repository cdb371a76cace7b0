// Any bytes as a layout of an EDI profile and as the set that it reads: faults that name a place
// and a rule, or a record that holds what the layout names, each member with its place.
#include "legacy-adapters/edi_profile/layout.h"
#include "legacy-adapters/transport/edi/x12.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

namespace {

using namespace underpin;
using namespace underpin::legacy;
using edi_profile::Layout;
using edi_profile::Segment;

void require(bool promise) {
  if (!promise) std::abort();
}

constexpr std::string_view usual = R"([
  {"id": "BAK", "elements": {"1": {"is": ["00", "06"]}, "2": "verdict", "3": "po",
                             "4": {"member": "day", "form": "CCYYMMDD"}}},
  {"loop": "ship_to", "segments": [{"id": "N1", "elements": {"1": {"is": "ST"}, "2": "name"}},
                                   {"id": "N3", "elements": {"1": "street"}}]},
  {"loop": "lines", "many": true, "segments": [
    {"id": "PO1", "elements": {"1": "line", "2": {"member": "quantity", "form": "number"}},
     "pairs": {"from": 6, "of": {"VP": "item"}}},
    {"loop": "acks", "many": true, "segments": [{"id": "ACK", "elements": {"1": "code"}}]}]},
  {"loop": "orders", "many": true, "segments": [
    {"id": "HL", "elements": {"3": {"is": "O"}}}, {"id": "PRF", "elements": {"1.1": "po"}},
    {"loop": "items", "many": true, "segments": [{"id": "HL", "elements": {"3": {"is": "I"}}},
                                                 {"id": "LIN", "elements": {"1": "line"}}]}]},
  {"id": "CTT", "elements": {"1": {"count": "lines"}}}])";

std::vector<Segment> segments_of(std::string_view bytes) {
  std::istringstream input{std::string(bytes)};
  edi::X12Reader reader(edi::reading(input));
  std::vector<Segment> all;
  for (;;) {
    const auto kind = reader.next();
    require(kind.has_value());
    if (*kind == edi::X12Kind::end) return all;
    if (*kind != edi::X12Kind::segment) continue;
    Segment one;
    one.id = reader.segment().id();
    one.place = reader.place();
    for (int i = 1; i <= reader.segment().size(); ++i) {
      const edi::Element element = reader.element(i);
      one.elements.push_back(element.repetitions().front());
    }
    all.push_back(std::move(one));
  }
}

// "/lines/0/quantity" is the name "lines/quantity".
void hold(const json::Value& value, const std::string& name, const std::string& pointer,
          const std::set<std::string>& names, const Layout::Reading& reading) {
  if (value.is_object()) {
    for (const json::Member& one : value.members())
      hold(one.value, name.empty() ? one.key : name + "/" + one.key,
           json::pointer_to(pointer, one.key), names, reading);
    return;
  }
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i)
      hold(value.items()[i], name, json::pointer_to(pointer, i), names, reading);
    return;
  }
  require(value.is_string() && !value.text().empty());
  require(names.count(name) == 1);
  require(!reading.place_of(pointer).segment.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  // A layout, an empty line, an interchange; or an interchange alone.
  const std::size_t end = text.find("\n\n");
  const bool both = !text.empty() && text[0] == '[' && end != std::string_view::npos;
  const auto own = json::parse(both ? text.substr(0, end) : usual);
  if (!own) return 0;
  if (both) text.remove_prefix(end + 2);
  std::vector<profile::Fault> faults;
  const Layout layout = Layout::read(*own, "/edi/segments", "f.json", faults);
  for (const profile::Fault& fault : faults)
    require(fault.file == "f.json" && !fault.rule.empty() && fault.pointer[0] == '/');
  require(both || faults.empty());
  if (!faults.empty()) return 0;
  const std::vector<std::string> list = layout.names();
  const std::set<std::string> names(list.begin(), list.end());
  require(names.size() == list.size());
  const auto reading = layout.read_set(segments_of(text));
  for (const edi::Fault& fault : reading.faults)
    require(!fault.rule.empty() && !fault.place.segment.empty());
  hold(reading.record, "", "", names, reading);
  for (const Segment& one : layout.write(reading.record)) require(!one.id.empty());
  return 0;
}
