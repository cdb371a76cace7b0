// Any bytes in the place of a file of cross-references: each line is read, or refused with its
// number, its field and a rule; what is read keeps the rules, and reading it again gives the same.
#include "facade/xref.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

bool plain(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x21 && c <= 0x7e; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace underpin;
  using namespace underpin::facade;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::set<std::string> channels{"web", "pos"};
  std::vector<FieldError> faults;
  const std::vector<XrefLine> lines = read_xref(text, 2, channels, faults);
  int before = 1;
  std::string written;
  for (const XrefLine& line : lines) {
    require(line.line > before);
    before = line.line;
    require(line.kind == "order" || line.kind == "customer");
    require(!line.number.empty() && line.number.size() <= 60 && plain(line.number));
    require(line.legacy.size() <= 20 && plain(line.legacy) && plain(line.cloud));
    require(!line.legacy.empty() || (line.kind == "order" && !line.cloud.empty()));
    const auto quoted = [](const std::string& field) {
      std::string all = "\"";
      for (const char c : field) all += c == '"' ? std::string("\"\"") : std::string(1, c);
      return all + "\"";
    };
    written += line.kind + "," + quoted(line.number) + "," + quoted(line.legacy) + "," +
               quoted(line.cloud) + "\r\n";
  }
  for (const FieldError& fault : faults)
    require(fault.pointer.rfind("line ", 0) == 0 && fault.pointer.find(", ") != std::string::npos &&
            !fault.detail.empty());
  std::vector<FieldError> none;
  const std::vector<XrefLine> again = read_xref(written, 1, channels, none);
  require(none.empty() && again.size() == lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i)
    require(again[i].kind == lines[i].kind && again[i].number == lines[i].number &&
            again[i].legacy == lines[i].legacy && again[i].cloud == lines[i].cloud);
  return 0;
}
