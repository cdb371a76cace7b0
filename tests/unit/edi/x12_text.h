#pragma once

#include "legacy-adapters/transport/edi/x12.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

// X12 as text for tests, and what a reader makes of it as lines.
namespace underpin::legacy::edi {

// `separators` are element, component and repetition; `end` follows each segment.
inline std::string header(const std::string& control = "000000007",
                          const std::string& separators = "*>U", const std::string& end = "~\n") {
  const std::string e(1, separators[0]);
  return "ISA" + e + "00" + e + "          " + e + "00" + e + "          " + e + "ZZ" + e +
         "HARBORMART     " + e + "ZZ" + e + "UNDERPIN       " + e + "261128" + e + "0915" + e +
         separators[2] + e + "00401" + e + control + e + "0" + e + "P" + e + separators[1] + end;
}

// Segments written with "*" and ">", put into an interchange with those of the header.
inline std::string with(std::string segments, char element, char component,
                        const std::string& end) {
  std::string text;
  for (const char c : segments) {
    if (c == '~') {
      text += end;
    } else if (c != '\n') {
      text += c == '*' ? element : c == '>' ? component : c;
    }
  }
  return text;
}

inline std::string order_set(const std::string& control = "0001", const std::string& count = "6",
                             const std::string& trailer = "") {
  return "ST*850*" + control + "~\nBEG*00*NE*PO-77**20261128~\nN1*ST*Dock 4*92*EAST~\n" +
         "PO1*1*12*EA*9.95**SK*100042~\nCTT*1*12~\nSE*" + count + "*" +
         (trailer.empty() ? control : trailer) + "~\n";
}

inline std::string group(const std::string& sets, const std::string& count = "1",
                         const std::string& control = "41", const std::string& id = "PO") {
  return "GS*" + id + "*HARBORMART*UNDERPIN*20261128*0915*" + control + "*X*004010~\n" + sets +
         "GE*" + count + "*" + control + "~\n";
}

inline std::string interchange(const std::string& groups, const std::string& count = "1",
                               const std::string& control = "000000007") {
  return header(control) + groups + "IEA*" + count + "*" + control + "~\n";
}

inline void tell(std::vector<std::string>& lines, const Faults& faults) {
  for (const Fault& fault : faults.list) {
    lines.push_back(std::string(fault.rejects ? "! " : "? ") + std::to_string(fault.code) + " " +
                    text(fault));
  }
}

// One line for each event, and for each fault behind the end of what it spoils.
inline std::vector<std::string> told(X12Reader& reader) {
  std::vector<std::string> lines;
  for (;;) {
    const auto kind = reader.next();
    if (!kind) {
      lines.push_back("error " + kind.error().message);
      return lines;
    }
    switch (*kind) {
      case X12Kind::interchange:
        lines.push_back("interchange " + reader.interchange().control);
        break;
      case X12Kind::interchange_segment:
      case X12Kind::segment: {
        std::string line(reader.segment().id());
        for (int i = 1; i <= reader.segment().size(); ++i) {
          line += "|" + std::string(reader.segment()[i]);
        }
        lines.push_back(line);
        break;
      }
      case X12Kind::group:
        lines.push_back("group " + reader.group().functional_id + " " + reader.group().control);
        break;
      case X12Kind::set:
        lines.push_back("set " + reader.set().id + " " + reader.set().control);
        break;
      case X12Kind::set_end:
        lines.push_back("set_end " + std::string(name(reader.set().faults.verdict())));
        tell(lines, reader.set().faults);
        break;
      case X12Kind::group_end:
        lines.push_back("group_end " + std::to_string(reader.group().accepted) + "/" +
                        std::to_string(reader.group().received));
        tell(lines, reader.group().faults);
        break;
      case X12Kind::interchange_end:
        lines.push_back("interchange_end");
        tell(lines, reader.interchange().faults);
        break;
      case X12Kind::unreadable:
        lines.push_back("unreadable " + text(reader.unreadable()));
        break;
      case X12Kind::end:
        return lines;
    }
  }
}

inline std::vector<std::string> told(const std::string& file, X12Limits limits = {},
                                     X12Policy policy = {}) {
  std::istringstream input(file);
  X12Reader reader(reading(input), limits, policy);
  return told(reader);
}

}  // namespace underpin::legacy::edi
