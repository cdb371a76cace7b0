#include "facade/cli/ops_call.h"

#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

namespace underpin::facade::cli {
namespace {

using json::Value;

constexpr std::size_t part_bytes = 500'000;

// A part of the file that is sent at once: whole lines, and the number of the first.
struct Part {
  std::string csv;
  std::int64_t first_line = 0;
};

// Nothing, and a word to the user, when it is no such file.
std::optional<std::vector<Part>> parts_of(const std::string& file) {
  std::ifstream stream;
  if (file != "-") stream.open(file, std::ios::binary);
  std::istream& in = file == "-" ? std::cin : stream;
  std::string line;
  if (!std::getline(in, line)) {
    std::fprintf(stderr, "underpin: %s: cannot be read, or is empty\n", file.c_str());
    return std::nullopt;
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  if (line != "kind,number,legacy,cloud") {
    std::fprintf(stderr, "underpin: %s: line 1 must be kind,number,legacy,cloud\n", file.c_str());
    return std::nullopt;
  }
  std::vector<Part> parts;
  std::int64_t number = 1;
  while (std::getline(in, line)) {
    ++number;
    if (parts.empty() || parts.back().csv.size() + line.size() > part_bytes)
      parts.push_back({"", number});
    parts.back().csv += line + "\n";
  }
  return parts;
}

}  // namespace

int xref_import(const OpsOptions& ops, const XrefOptions& options) {
  const auto parts = parts_of(options.file);
  if (!parts) return 2;
  std::int64_t added = 0;
  std::int64_t known = 0;
  // Every part is checked before the first is imported.
  for (const bool dry : {true, false}) {
    if (!dry && options.dry_run) break;
    added = known = 0;
    for (const Part& part : *parts) {
      Value body = Value::object();
      body.set("csv", part.csv);
      body.set("firstLine", Value::integer(part.first_line));
      body.set("reason", options.reason);
      const auto reply = call(
          ops, "POST", std::string("/ops/v1/xref/imports") + (dry ? "?dryRun=true" : ""), &body);
      if (!reply) return 1;
      const auto one = reply->value.get("added").as_int();
      const auto two = reply->value.get("known").as_int();
      added += one ? *one : 0;
      known += two ? *two : 0;
    }
  }
  std::printf("%s: %lld new, %lld known already\n",
              options.dry_run ? "dry run, nothing was imported" : "imported",
              static_cast<long long>(added), static_cast<long long>(known));
  return 0;
}

int history_export(const OpsOptions& ops) {
  std::string after = "0";
  std::int64_t exported = 0;
  std::int64_t gone = 0;
  const auto count = [](const Value& value, const char* key) {
    const auto number = value.get(key).as_int();
    return number ? *number : 0;
  };
  while (true) {
    const auto reply = call(ops, "POST", "/ops/v1/history/export?limit=50&after=" + after);
    if (!reply) return 1;
    exported += count(reply->value, "exported");
    gone += count(reply->value, "gone");
    after = reply->value.get("after").text();
    const auto more = reply->value.get("more").as_bool();
    if (more && *more) continue;
    std::printf("exported %lld closed orders of legacy; %lld are gone there; the file has %s\n",
                static_cast<long long>(exported), static_cast<long long>(gone),
                reply->value.get("inFile").text().c_str());
    return 0;
  }
}

}  // namespace underpin::facade::cli
