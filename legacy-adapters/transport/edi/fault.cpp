#include "legacy-adapters/transport/edi/fault.h"

namespace underpin::legacy::edi {

std::string text(const Fault& fault) {
  const Place& place = fault.place;
  std::string text =
      "offset " + std::to_string(place.offset) + ", line " + std::to_string(place.line) + ": ";
  if (!place.segment.empty()) {
    text += "segment " +
            (place.segment_index > 0 ? std::to_string(place.segment_index) + " " : std::string()) +
            place.segment;
    if (place.element > 0) text += ", element " + std::to_string(place.element);
    if (place.component > 0) text += ", component " + std::to_string(place.component);
    text += ": ";
  }
  return text + fault.rule;
}

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::accepted:
      return "accepted";
    case Verdict::accepted_with_errors:
      return "accepted_with_errors";
    case Verdict::rejected:
      break;
  }
  return "rejected";
}

void Faults::add(Fault fault, std::size_t most) {
  rejects = rejects || fault.rejects;
  if (list.size() >= most) {
    ++dropped;
    return;
  }
  if (fault.value.size() > Fault::value_max) fault.value.resize(Fault::value_max);
  list.push_back(std::move(fault));
}

void Faults::clear() {
  list.clear();
  dropped = 0;
  rejects = false;
}

}  // namespace underpin::legacy::edi
