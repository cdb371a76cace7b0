// Any bytes as an IDoc file: whatever begins also ends, every fault has its place, and an accepted
// IDoc whose segments can be written is read again with the same names and data.
#include "legacy-adapters/transport/edi/idoc.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

namespace {

using namespace underpin;
using namespace underpin::legacy::edi;

void require(bool promise) {
  if (!promise) std::abort();
}

struct Sent {
  std::string name;
  std::string data;
};

void check_written(const IdocControl& control, const std::vector<Sent>& segments,
                   IdocColumns columns) {
  std::ostringstream output;
  IdocWriter writer(output, {true, columns});
  if (!writer.begin(control)) return;
  for (const Sent& segment : segments) {
    if (!writer.segment(segment.name, 1, segment.data)) return;
  }
  if (!writer.end()) return;
  std::istringstream input(output.str());
  IdocReader reader(reading(input), columns);
  require(*reader.next() == IdocKind::idoc);
  for (const Sent& segment : segments) {
    require(*reader.next() == IdocKind::segment);
    require(reader.segment().name() == segment.name);
    require(trimmed_right(reader.segment().data()) == trimmed_right(segment.data));
  }
  require(*reader.next() == IdocKind::idoc_end && !reader.faults().rejects);
}

void check(const std::string& file, IdocColumns columns) {
  IdocLimits limits;
  limits.segments = 20;
  limits.levels = 9;
  limits.faults = 5;
  std::istringstream input(file);
  IdocReader reader(reading(input), columns, limits);
  bool open = false;
  std::vector<Sent> segments;
  for (std::size_t events = 0;; ++events) {
    require(events <= 2 * file.size() + 2);
    const auto kind = reader.next();
    require(kind.has_value());
    switch (*kind) {
      case IdocKind::idoc:
        require(!open);
        open = true;
        segments.clear();
        break;
      case IdocKind::segment:
        require(open && reader.segments() <= limits.segments);
        require(!reader.segment().name().empty());
        require(column_count(reader.segment().data(), columns == IdocColumns::characters) <=
                idoc_data_most);
        (void)reader.segment().number_in(3, 15);
        segments.push_back(
            {std::string(reader.segment().name()), std::string(reader.segment().data())});
        break;
      case IdocKind::idoc_end:
        require(open && reader.faults().list.size() <= limits.faults);
        open = false;
        for (const Fault& fault : reader.faults().list) {
          require(!fault.rule.empty() && fault.place.offset <= file.size());
        }
        if (reader.faults().rejects) break;
        require(!segments.empty());
        check_written(reader.control(), segments, columns);
        break;
      case IdocKind::unreadable:
        require(!open && !text(reader.unreadable()).empty());
        break;
      case IdocKind::end:
        require(!open);
        return;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string file(reinterpret_cast<const char*>(data), size);
  check(file, IdocColumns::characters);
  check(file, IdocColumns::bytes);
  return 0;
}
