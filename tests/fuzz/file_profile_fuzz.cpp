// Any bytes as a layout of a file profile, up to a line "====", and as the file that it reads. A
// layout has faults that name a place and a rule, or it reads: every document that is given has
// only members that the layout names, every fault its line. What a layout writes it reads back.
#include "legacy-adapters/file_profile/records.h"

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
using file_profile::Layout;

void require(bool promise) {
  if (!promise) std::abort();
}

constexpr std::string_view fixed = R"({
  "name": "X", "form": "fixed",
  "header": {"tag": "H", "fields": [{"field": "$run", "at": 2, "width": 4, "as": "number"}]},
  "records": [
    {"tag": "O", "fields": [{"field": "no", "at": 2, "width": 6}, {"field": "day", "at": 8, "width": 7, "as": "CYYMMDD"}]},
    {"tag": "L", "list": "lines", "fields": [{"field": "item", "at": 2, "width": 6, "as": "right_text"},
      {"field": "quantity", "at": 8, "width": 7, "as": "overpunched", "places": 2},
      {"field": "due", "at": 15, "width": 10, "as": "DD.MM.YYYY"}]}],
  "trailer": {"tag": "T", "fields": [{"count": true, "at": 2, "width": 4},
    {"sum": "L/quantity", "at": 6, "width": 9, "as": "overpunched", "places": 2}]}})";

constexpr std::string_view delimited = R"({
  "name": "X", "form": "delimited", "separator": ";", "decimal_mark": ",",
  "records": [
    {"tag": "O", "fields": [{"field": "no"}, {"field": "day", "as": "DD.MM.YYYY"}, {"field": "net", "as": "decimal"}]},
    {"tag": "L", "list": "lines", "fields": [{"field": "item"}, {"field": "quantity", "as": "number", "places": 2}]}],
  "trailer": {"tag": "T", "fields": [{"count": true}, {"sum": "L/quantity", "as": "number", "places": 2}]}})";

void hold(const json::Value& value, const std::string& name, const std::set<std::string>& names) {
  for (const json::Member& one : value.members())
    hold(one.value, name.empty() ? one.key : name + "/" + one.key, names);
  for (const json::Value& one : value.items()) hold(one, name, names);
  if (value.is_object() || value.is_array()) return;
  require(value.is_string() && !value.text().empty());
  require(names.count(name) == 1);
}

void read(const Layout& layout, std::string_view bytes, bool write_back) {
  const std::vector<std::string> all = layout.names();
  const std::set<std::string> names(all.begin(), all.end());
  std::istringstream input{std::string(bytes)};
  file_profile::DocumentReader reader(edi::reading(input), layout);
  try {
    while (const auto document = reader.next()) {
      for (const file_profile::Bad& bad : document->faults) require(bad.line > 0);
      for (const file_profile::Bad& bad : document->faults) require(!bad.rule.empty());
      if (!document->faults.empty()) continue;
      require(document->line > 0);
      hold(document->record, "", names);
      if (!write_back) continue;
      const auto text = file_profile::write_file(layout, document->record);
      if (text) read(layout, *text, false);
    }
  } catch (const file_profile::BadFile& bad) {
    require(!bad.reason.empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto layout_of = [](std::string_view text, std::vector<profile::Fault>& faults) {
    const auto own = json::parse(text);
    if (!own) {
      faults.push_back({"layout", "", own.error().message});
      return Layout{};
    }
    return Layout::read(*own, "layout", faults);
  };
  static const Layout usual[] = {[&] {
                                   std::vector<profile::Fault> none;
                                   Layout layout = layout_of(fixed, none);
                                   require(none.empty());
                                   return layout;
                                 }(),
                                 [&] {
                                   std::vector<profile::Fault> none;
                                   Layout layout = layout_of(delimited, none);
                                   require(none.empty());
                                   return layout;
                                 }()};
  for (const Layout& layout : usual) read(layout, bytes, true);

  const std::size_t end = bytes.find("\n====\n");
  if (end == std::string_view::npos) return 0;
  std::vector<profile::Fault> faults;
  const Layout layout = layout_of(bytes.substr(0, end), faults);
  for (const profile::Fault& fault : faults) require(!fault.rule.empty());
  if (faults.empty()) read(layout, bytes.substr(end + 6), true);
  return 0;
}
