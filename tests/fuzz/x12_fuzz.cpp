// Any bytes as a partner's X12 file: whatever begins also ends, no set is accepted that its trailer
// does not confirm, every fault has its place, and what an acknowledgement says of the file is read
// back as it was meant.
#include "legacy-adapters/transport/edi/x12.h"
#include "legacy-adapters/transport/edi/x12_ack.h"

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

X12Limits small_limits() {
  X12Limits limits;
  limits.segment_bytes = 256;
  limits.elements = 20;
  limits.segments_per_set = 50;
  limits.sets_per_group = 20;
  limits.faults = 5;
  limits.control_runs = 4;
  return limits;
}

void check(const Faults& faults, std::size_t size) {
  require(faults.list.size() <= small_limits().faults);
  for (const Fault& fault : faults.list) {
    require(!fault.rule.empty() && fault.place.offset <= size && fault.place.line >= 1);
    require(fault.value.size() <= Fault::value_max);
  }
}

struct Seen {
  std::int64_t groups = 0;    // Ended, and not of acknowledgements.
  std::int64_t accepted = 0;  // Sets of those.
};

Seen read(const std::string& file, X12Acknowledger& acknowledger) {
  std::istringstream input(file);
  X12Reader reader(reading(input), small_limits(), {X12Policy::Count::accept_with_error});
  X12AckReader answers([](const X12GroupAnswer&) {}, {10, 10});
  Seen seen;
  int open = 0;  // Interchange, group, set.
  std::int64_t segments = 0;
  for (std::size_t events = 0;; ++events) {
    require(events <= 4 * file.size() + 4);
    const auto kind = reader.next();
    require(kind.has_value());
    answers.take(*kind, reader);
    require(acknowledger.take(*kind, reader).has_value());
    switch (*kind) {
      case X12Kind::interchange:
        require(open++ == 0);
        break;
      case X12Kind::group:
        require(open++ == 1);
        break;
      case X12Kind::set:
        require(open++ == 2);
        segments = 0;
        break;
      case X12Kind::segment:
        require(open == 3 && reader.segment().size() <= small_limits().elements);
        require(++segments < small_limits().segments_per_set);
        for (int i = 0; i <= reader.segment().size(); ++i) {
          require(reader.segment()[i].find(reader.interchange().separators.element) ==
                  std::string_view::npos);
          const Element element = reader.element(i);
          require(!element.repetitions().empty());
        }
        break;
      case X12Kind::interchange_segment:
        require(open == 1);
        break;
      case X12Kind::set_end:
        require(--open == 2);
        check(reader.set().faults, file.size());
        if (!reader.set().faults.rejects)
          require(reader.set().segments == segments + 2 || !reader.set().faults.empty());
        if (reader.group().functional_id != "FA") seen.accepted += !reader.set().faults.rejects;
        break;
      case X12Kind::group_end:
        require(--open == 1);
        check(reader.group().faults, file.size());
        if (reader.group().functional_id != "FA") ++seen.groups;
        break;
      case X12Kind::interchange_end:
        require(--open == 0);
        check(reader.interchange().faults, file.size());
        break;
      case X12Kind::unreadable:
        require(open == 0 && !text(reader.unreadable()).empty());
        break;
      case X12Kind::end:
        require(open == 0);
        return seen;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string file(reinterpret_cast<const char*>(data), size);
  std::ostringstream output;
  X12Writer writer(output);
  std::int64_t next = 0;
  X12Acknowledger acknowledger(
      writer,
      {X12AckSettings::Form::functional_997, "20261128", "0930", {}, "00401", "004010", [&next] {
         return ++next;
       }});
  const Seen seen = read(file, acknowledger);
  Seen answered;
  std::istringstream back(output.str());
  X12Reader reader(reading(back));
  X12AckReader answers([&answered](const X12GroupAnswer& answer) {
    ++answered.groups;
    std::int64_t accepted = 0;
    for (const X12SetAnswer& set : answer.sets) accepted += set.verdict != Verdict::rejected;
    require(accepted == answer.accepted);
    answered.accepted += accepted;
  });
  for (;;) {
    const auto kind = reader.next();
    require(kind.has_value() && *kind != X12Kind::unreadable);
    answers.take(*kind, reader);
    if (*kind == X12Kind::set_end) require(reader.set().faults.empty());
    if (*kind == X12Kind::end) break;
  }
  require(answered.groups == seen.groups && answered.accepted == seen.accepted);
  return 0;
}
