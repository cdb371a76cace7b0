// Any bytes as a partner's EDIFACT file: whatever begins also ends, no message is accepted that its
// trailer does not confirm, every fault has its place, what was read is written and read again the
// same, and what a CONTRL says of the file is read back as it was meant.
#include "legacy-adapters/transport/edi/edifact.h"
#include "legacy-adapters/transport/edi/edifact_control.h"

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

EdifactLimits small_limits() {
  EdifactLimits limits;
  limits.segment_bytes = 256;
  limits.parts = 40;
  limits.segments_per_message = 50;
  limits.messages = 20;
  limits.faults = 5;
  limits.control_runs = 4;
  return limits;
}

void check(const Faults& faults, std::size_t size) {
  require(faults.list.size() <= small_limits().faults);
  for (const Fault& fault : faults.list) {
    require(!fault.rule.empty() && fault.place.offset <= size && fault.place.line >= 1);
  }
}

// A segment that the writer takes is read as it was.
void check_written(const EdifactReader& reader) {
  EdifactInterchange envelope;
  envelope.separators = reader.interchange().separators;
  if (envelope.separators.decimal != ',') envelope.separators.decimal = '.';
  envelope.version = "4";
  envelope.sender.id = envelope.receiver.id = "A";
  envelope.control = "1";
  EdifactMessage message;
  message.control = "1";
  message.type = "ORDERS";
  std::ostringstream output;
  EdifactWriter writer(output);
  Elements elements;
  for (int i = 1; i <= reader.segment().size(); ++i) elements.push_back(reader.element(i));
  if (!writer.begin(envelope) || !writer.begin(message)) return;
  if (!writer.segment(reader.segment().tag(), elements)) return;
  require(writer.end_message().has_value() && writer.end_interchange().has_value());
  std::istringstream input(output.str());
  EdifactReader again(reading(input));
  for (const auto expected :
       {EdifactKind::interchange, EdifactKind::message, EdifactKind::segment}) {
    const auto kind = again.next();
    require(kind.has_value() && *kind == expected);
  }
  require(again.segment().tag() == reader.segment().tag());
  while (!elements.empty() && elements.back() == Element()) elements.pop_back();
  require(again.segment().size() == static_cast<int>(elements.size()));
  for (int i = 1; i <= again.segment().size(); ++i) {
    require(again.element(i) == elements[static_cast<std::size_t>(i) - 1]);
  }
}

// The number of interchanges that are to be answered.
int read(const std::string& file, EdifactAcknowledger& acknowledger) {
  std::istringstream input(file);
  EdifactReader reader(reading(input), small_limits());
  EdifactControlReader controls([](const EdifactAnswer&) {}, {10, 10});
  int open = 0;  // Interchange, message; groups lie between.
  bool group = false;
  int interchanges = 0;
  std::int64_t segments = 0;
  std::int64_t own = 0;
  for (std::size_t events = 0;; ++events) {
    require(events <= 4 * file.size() + 4);
    const auto kind = reader.next();
    require(kind.has_value());
    controls.take(*kind, reader);
    require(acknowledger.take(*kind, reader).has_value());
    switch (*kind) {
      case EdifactKind::interchange:
        require(open++ == 0 && !group);
        own = 0;
        break;
      case EdifactKind::group:
        require(open == 1 && !group);
        group = true;
        break;
      case EdifactKind::message:
        require(open++ == 1);
        segments = 0;
        break;
      case EdifactKind::segment:
        require(open == 2 && ++segments < small_limits().segments_per_message);
        check_written(reader);
        break;
      case EdifactKind::message_end:
        require(--open == 1);
        check(reader.message().faults, file.size());
        require(reader.message().faults.rejects || reader.message().segments == segments + 2);
        own += reader.message().type == "CONTRL";
        break;
      case EdifactKind::group_end:
        require(group && open == 1);
        group = false;
        check(reader.group().faults, file.size());
        break;
      case EdifactKind::interchange_end:
        require(--open == 0 && !group);
        check(reader.interchange().faults, file.size());
        interchanges += own == 0 || own != reader.interchange().messages;
        break;
      case EdifactKind::unreadable:
        require(open == 0 && !text(reader.unreadable()).empty());
        break;
      case EdifactKind::end:
        require(open == 0);
        return interchanges;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string file(reinterpret_cast<const char*>(data), size);
  std::ostringstream output;
  EdifactWriter writer(output);
  EdifactControlSettings settings;
  settings.date = "261128";
  settings.time = "0930";
  settings.told_max = 8;
  settings.control = [] { return "1"; };
  EdifactAcknowledger acknowledger(writer, settings);
  int expected = read(file, acknowledger);
  std::istringstream back(output.str());
  EdifactReader reader(reading(back));
  EdifactControlReader controls([&expected](const EdifactAnswer& answer) {
    --expected;
    require(answer.action == "4" || answer.action == "7");
    for (const EdifactMessageAnswer& message : answer.messages) {
      require(message.verdict == Verdict::rejected);
    }
  });
  for (;;) {
    const auto kind = reader.next();
    require(kind.has_value() && *kind != EdifactKind::unreadable);
    controls.take(*kind, reader);
    if (*kind == EdifactKind::message_end) require(reader.message().faults.empty());
    if (*kind == EdifactKind::end) break;
  }
  require(expected == 0);
  return 0;
}
