#include "parity/html.h"

#include "parity/masking.h"
#include "parity/report.h"

#include <algorithm>
#include <cstdio>

namespace underpin::parity::html {
namespace {

constexpr std::size_t value_max = 600;    // Bytes of a value that are shown.
constexpr std::size_t rows_max = 80;      // Lines of two documents.
constexpr std::size_t context_lines = 2;  // Around each line that differs.

std::string cut(const std::string& text) {
  if (text.size() <= value_max) return text;
  std::size_t end = value_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "\xE2\x80\xA6";
}

std::string pretty(const std::string& json_text) {
  const auto value = json::parse(json_text);
  return value ? json::write_pretty(*value) : std::string{};
}

std::string cell(const std::string& content) { return "<td><code>" + content + "</code></td>"; }

// What differs is found in clear, and shown masked: it stays marked.
std::string difference_row(const Difference& difference) {
  const std::string kind(name(difference.kind));
  const auto value = [&](const std::string& text) {
    return cut(
        shown_value(is_personal(difference.path) ? text : masked(difference.path, text), kind));
  };
  auto [one, two] = mark(value(difference.primary), value(difference.secondary));
  if (is_personal(difference.path)) {
    one = hidden(std::move(one));
    two = hidden(std::move(two));
  }
  std::string row = "<tr><th scope=\"row\"><code>" +
                    escaped(difference.path.empty() ? "/ (outcome)" : difference.path) + "</code>";
  if (!difference.rule.empty())
    row += " <span class=\"soft\">" + escaped(difference.rule) + "</span>";
  return row + "</th>" + cell(marked(one, difference.primary.empty())) +
         cell(marked(two, difference.secondary.empty())) + "</tr>";
}

std::string documents_of(const LedgerEntry& entry) {
  const std::vector<std::string> one = lines_of(pretty(entry.primary_document));
  const std::vector<std::string> two = lines_of(pretty(entry.secondary_document));
  // Masking keeps the lines.
  const std::vector<std::string> one_shown = lines_of(pretty(masked("", entry.primary_document)));
  const std::vector<std::string> two_shown = lines_of(pretty(masked("", entry.secondary_document)));
  if (one.size() != one_shown.size() || two.size() != two_shown.size()) return {};
  const std::vector<LinePair> rows = pair_lines(one, two);
  std::vector<bool> near(rows.size(), false);
  std::size_t differing = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].differs) continue;
    ++differing;
    const std::size_t begin = i < context_lines ? 0 : i - context_lines;
    for (std::size_t j = begin; j <= i + context_lines && j < rows.size(); ++j) near[j] = true;
  }
  std::string text = "<details class=\"docs\"><summary>Both documents: " +
                     (differing == 0 ? "equal as they stand"
                                     : number(static_cast<std::int64_t>(differing)) +
                                           (differing == 1 ? " line differs" : " lines differ")) +
                     "</summary><table class=\"doc\"><thead><tr><th scope=\"col\">" +
                     escaped(entry.primary_system) + "</th><th scope=\"col\">" +
                     escaped(entry.secondary_system) + "</th></tr></thead><tbody>";
  std::size_t shown = 0;
  std::size_t skipped = 0;
  const auto tell_skipped = [&] {
    if (skipped > 0)
      text += "<tr class=\"gap\"><td colspan=\"2\">" + number(static_cast<std::int64_t>(skipped)) +
              " equal lines</td></tr>";
    skipped = 0;
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!near[i]) {
      ++skipped;
      continue;
    }
    tell_skipped();
    if (++shown > rows_max) {
      text += "<tr class=\"gap\"><td colspan=\"2\">and more</td></tr>";
      break;
    }
    const auto line = [](const std::vector<std::string>& lines, int at) {
      return at < 0 ? std::string{} : cut(lines[static_cast<std::size_t>(at)]);
    };
    std::string left = line(one_shown, rows[i].one);
    std::string right = line(two_shown, rows[i].two);
    if (rows[i].differs) {
      // By characters only where nothing is masked: elsewhere what is shown may be equal.
      const bool clear = left == line(one, rows[i].one) && right == line(two, rows[i].two);
      const bool both = rows[i].one >= 0 && rows[i].two >= 0;
      auto parts = clear && both ? mark(left, right)
                                 : std::pair<MarkedText, MarkedText>{{{left, rows[i].one >= 0}},
                                                                     {{right, rows[i].two >= 0}}};
      left = marked(parts.first, false);
      right = marked(parts.second, false);
    } else {
      left = escaped(left);
      right = escaped(right);
    }
    text += std::string("<tr") + (rows[i].differs ? " class=\"d\"" : "") + ">" + cell(left) +
            cell(right) + "</tr>";
  }
  if (shown <= rows_max) tell_skipped();
  return text + "</tbody></table></details>";
}

std::string command(const std::string& what, const std::string& text) {
  return "<div class=\"command\"><code>" + escaped(text) +
         "</code><button type=\"button\" class=\"copy\" hidden>Copy " + escaped(what) +
         "</button></div>";
}

// What is asked of a system itself, by whoever has an account there.
std::string asked_of(const LedgerEntry& entry, const std::string& system, const std::string& side,
                     const Report& report) {
  std::string text;
  if (!report.requests) return text;
  for (const std::string& request : report.requests(entry, side))
    text += request.rfind('#', 0) == 0
                ? "<p class=\"soft\">" + escaped(system + ":" + request.substr(1)) + "</p>"
                : command("as curl: " + system, request);
  return text;
}

std::string ask_again(const LedgerEntry& entry, const Report& report) {
  const std::string& wave = report.wave;
  const std::string id = std::to_string(entry.id);
  const bool legacy_first = entry.primary_side != "cloud";
  const std::string query = wave.empty() || wave == "default" ? "" : "?wave=" + wave;
  const auto curl = [&](const std::string& side) {
    return "curl -sS -H \"X-API-Key: $UNDERPIN_OPS_KEY\" "
           "\"$UNDERPIN_OPS_URL/ops/v1/parity/entries/" +
           id + "/sides/" + side + query + "\"";
  };
  return "<details class=\"again\"><summary>Ask both again</summary>" +
         asked_of(entry, entry.primary_system, legacy_first ? "legacy" : "cloud", report) +
         asked_of(entry, entry.secondary_system, legacy_first ? "cloud" : "legacy", report) +
         command("as curl, through Underpin: " + entry.primary_system,
                 curl(legacy_first ? "legacy" : "cloud")) +
         command("as curl, through Underpin: " + entry.secondary_system,
                 curl(legacy_first ? "cloud" : "legacy")) +
         command("replay",
                 "underpin parity replay " + id + (query.empty() ? "" : " --wave " + wave)) +
         "</details>";
}

}  // namespace

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '&') {
      safe += "&amp;";
    } else if (c == '<') {
      safe += "&lt;";
    } else if (c == '>') {
      safe += "&gt;";
    } else if (c == '"') {
      safe += "&quot;";
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string for_script(const std::string& json_text) {
  std::string safe;
  for (const char c : json_text) {
    if (c == '<') {
      safe += "\\u003c";
    } else if (c == '>') {
      safe += "\\u003e";
    } else if (c == '&') {
      safe += "\\u0026";
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string number(std::int64_t number) {
  std::string digits = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

std::string rate(std::int64_t part, std::int64_t whole) {
  if (whole == 0) return "\xE2\x80\x93";
  if (part == 0) return "0 %";
  char text[32];
  const double share = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  std::snprintf(text, sizeof text,
                share < 0.1  ? "%.3f %%"
                : share < 10 ? "%.2f %%"
                             : "%.1f %%",
                share);
  return text;
}

std::string time(Timestamp at) {
  std::string text = at.text().substr(0, 19);
  if (text.size() == 19) text[10] = ' ';
  return text;
}

std::string label(const std::string& verdict) {
  std::string text = verdict;
  for (char& c : text) c = c == '_' ? ' ' : c;
  return text;
}

std::string badge(const std::string& verdict) {
  return "<span class=\"v v-" + escaped(verdict) + "\">" + escaped(label(verdict)) + "</span>";
}

std::string marked(const MarkedText& parts, bool missing) {
  if (missing) return "<i class=\"soft\">nothing</i>";
  std::string text;
  for (const TextPart& part : parts) {
    if (part.text.empty()) continue;
    text += part.differs ? "<mark>" + escaped(part.text) + "</mark>" : escaped(part.text);
  }
  return text.empty() ? "<i class=\"soft\">empty</i>" : text;
}

std::string milliseconds(std::int64_t micros) {
  if (micros == 0) return "\xE2\x80\x93";
  char text[32];
  std::snprintf(text, sizeof text, micros < 10'000 ? "%.1f" : "%.0f",
                static_cast<double>(micros) / 1000.0);
  return text;
}

std::string pair(const LedgerEntry& entry, const std::string& verdict, int cohort, int interval,
                 const Report& report, bool documents) {
  const auto side = [&](const std::string& system, bool primary) {
    const bool legacy = primary == (entry.primary_side != "cloud");
    return escaped(system) + " <span class=\"soft\">" + (legacy ? "legacy" : "cloud") +
           (primary ? ", primary" : "") + "</span>";
  };
  std::string text = "<article class=\"pair\" data-v=\"" + escaped(verdict) + "\" data-c=\"" +
                     std::to_string(cohort) + "\" data-i=\"" + std::to_string(interval) +
                     "\"><h4>" + escaped(entry.question.subject) + " " + badge(verdict) +
                     " <span class=\"soft\">" + time(entry.at) + " UTC, entry " +
                     std::to_string(entry.id);
  if (!entry.correlation_id.empty()) text += ", correlation " + escaped(entry.correlation_id);
  if (!entry.comparison.reason.empty())
    text += ", " + escaped(masked_reason(entry.comparison.reason));
  if (entry.comparison.converged_ms >= 0)
    text += ", equal after " + number(entry.comparison.converged_ms) + " ms";
  text +=
      "</span></h4><table class=\"sides\"><thead><tr><th scope=\"col\">Field</th><th "
      "scope=\"col\">" +
      side(entry.primary_system, true) + "</th><th scope=\"col\">" +
      side(entry.secondary_system, false) + "</th></tr></thead><tbody>";
  for (const Difference& difference : entry.comparison.differences)
    text += difference_row(difference);
  text += "</tbody></table>";
  if (documents && !entry.primary_document.empty() && !entry.secondary_document.empty())
    text += documents_of(entry);
  return text + ask_again(entry, report) + "</article>\n";
}

std::string bar(const std::map<std::string, std::int64_t>& by_verdict) {
  std::int64_t all = 0;
  for (const auto& [verdict, count] : by_verdict) all += count;
  std::string text =
      "<svg class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" role=\"img\" "
      "aria-label=\"";
  std::string rects;
  std::int64_t before = 0;
  for (const char* verdict : verdicts) {
    const auto at = by_verdict.find(verdict);
    if (at == by_verdict.end() || at->second == 0) continue;
    const std::int64_t count = at->second;
    text += number(count) + " " + label(verdict) + " ";
    // A sliver is shown for the rarest, too.
    const std::int64_t width = std::max<std::int64_t>(6, 1000 * count / all);
    rects += "<rect class=\"f-" + std::string(verdict) + "\" x=\"" + std::to_string(before) +
             "\" y=\"0\" width=\"" + std::to_string(width) + "\" height=\"10\"/>";
    before += width;
  }
  return text + "\">" + rects + "</svg>";
}

std::string trend(const std::vector<Point>& points, const std::string& unit) {
  std::int64_t most = 1;
  double highest = 0.01;
  std::int64_t all = 0;
  std::int64_t wrong = 0;
  const auto share = [](const Point& point) {
    return point.all == 0 ? 0.0 : static_cast<double>(point.wrong) / static_cast<double>(point.all);
  };
  for (const Point& point : points) {
    most = std::max(most, point.all);
    highest = std::max(highest, share(point));
    all += point.all;
    wrong += point.wrong;
  }
  std::string bars;
  std::string line;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::string x = std::to_string(4 * i);
    const std::int64_t height = (28 * points[i].all + most - 1) / most;
    if (points[i].all > 0)
      bars += "<rect class=\"f-all\" x=\"" + x + "\" y=\"" + std::to_string(30 - height) +
              "\" width=\"3\" height=\"" + std::to_string(height) + "\"/>";
    if (points[i].wrong > 0) {
      const int red = std::max(2, static_cast<int>(28.0 * share(points[i]) / highest));
      line += "<rect class=\"f-mismatch\" x=\"" + x + "\" y=\"" + std::to_string(30 - red) +
              "\" width=\"3\" height=\"" + std::to_string(red) + "\"/>";
    }
  }
  return "<svg class=\"trend\" viewBox=\"0 0 " +
         std::to_string(4 * std::max<std::size_t>(points.size(), 12)) +
         " 30\" preserveAspectRatio=\"xMinYMid meet\" role=\"img\" aria-label=\"" + number(wrong) +
         " of " + number(all) + " differ; highest share in one " + unit + " " +
         rate(static_cast<std::int64_t>(highest * 1e6), 1'000'000) + "\">" + bars + line + "</svg>";
}

}  // namespace underpin::parity::html
