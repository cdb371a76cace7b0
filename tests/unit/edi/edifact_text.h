#pragma once

#include "legacy-adapters/transport/edi/edifact.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

// EDIFACT as text for tests, and what a reader makes of it as lines.
namespace underpin::legacy::edi {

inline std::string despatch(const std::string& control = "M1", const std::string& count = "5",
                            const std::string& trailer = "") {
  return "UNH+" + control +
         "+DESADV:D:96A:UN:EAN007'\nBGM+351+77+9'\nNAD+BY+4012345000009::9'\n"
         "IMD+F++:::Bell ?+ chrome?: O?'Neill?\?'\nUNT+" +
         count + "+" + (trailer.empty() ? control : trailer) + "'\n";
}

inline std::string edifact(const std::string& messages, const std::string& count = "1",
                           const std::string& control = "B7") {
  return "UNB+UNOC:3+HARBORMART:14+UNDERPIN:ZZ+261128:0915+B7'\n" + messages + "UNZ+" + count +
         "+" + control + "'\n";
}

inline void tell_faults(std::vector<std::string>& lines, const Faults& faults) {
  for (const Fault& fault : faults.list) {
    lines.push_back(std::string(fault.rejects ? "! " : "? ") + std::to_string(fault.code) + " " +
                    text(fault));
  }
}

// One line for each event, and for each fault behind the end of what it spoils.
inline std::vector<std::string> told(EdifactReader& reader) {
  std::vector<std::string> lines;
  for (;;) {
    const auto kind = reader.next();
    if (!kind) {
      lines.push_back("error " + kind.error().message);
      return lines;
    }
    switch (*kind) {
      case EdifactKind::interchange:
        lines.push_back("interchange " + reader.interchange().control);
        break;
      case EdifactKind::group:
        lines.push_back("group " + reader.group().control);
        break;
      case EdifactKind::message:
        lines.push_back("message " + reader.message().type + " " + reader.message().control);
        break;
      case EdifactKind::segment: {
        std::string line(reader.segment().tag());
        for (int i = 1; i <= reader.segment().size(); ++i) {
          const Element element = reader.element(i);
          std::string joined;
          for (const Composite& composite : element.repetitions()) {
            joined += joined.empty() ? "|" : "&";
            for (std::size_t c = 0; c < composite.size(); ++c) {
              joined += (c > 0 ? ";" : "") + composite[c];
            }
          }
          line += joined;
        }
        lines.push_back(line);
        break;
      }
      case EdifactKind::message_end:
        lines.push_back("message_end " + std::string(name(reader.message().faults.verdict())));
        tell_faults(lines, reader.message().faults);
        break;
      case EdifactKind::group_end:
        lines.push_back("group_end " + std::string(name(reader.group().faults.verdict())));
        tell_faults(lines, reader.group().faults);
        break;
      case EdifactKind::interchange_end:
        lines.push_back("interchange_end " +
                        std::string(name(reader.interchange().faults.verdict())));
        tell_faults(lines, reader.interchange().faults);
        break;
      case EdifactKind::unreadable:
        lines.push_back("unreadable " + text(reader.unreadable()));
        break;
      case EdifactKind::end:
        return lines;
    }
  }
}

inline std::vector<std::string> told_of_edifact(const std::string& file, EdifactLimits limits = {},
                                                EdifactPolicy policy = {}) {
  std::istringstream input(file);
  EdifactReader reader(reading(input), limits, policy);
  return told(reader);
}

}  // namespace underpin::legacy::edi
