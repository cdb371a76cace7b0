#include "facade/cli/ops_call.h"
#include "facade/cli/parity_commands.h"

#include <cstdio>

namespace underpin::facade::cli {

using json::Value;

int parity_postings(const OpsOptions& ops, bool place, const std::string& reason) {
  const std::string path = "/ops/v1/parity/postings";
  if (place) {
    Value body = Value::object();
    body.set("reason", reason);
    const auto placed = call(ops, "POST", path, &body);
    if (!placed) return 1;
    std::printf("run %s was placed in both systems; ship and invoice it there, then compare\n",
                placed->value.get("run").text().c_str());
    return 0;
  }
  const Value nothing = Value::object();
  const auto reply = call(ops, "POST", path + "/compare", &nothing);
  if (!reply) return 1;
  bool alike = true;
  for (const Value& item : reply->value.get("items").items()) {
    const std::string& verdict = item.get("verdict").text();
    alike =
        alike && (verdict == "match" || verdict == "tolerated" || verdict == "known_difference");
    std::printf("%-18s %-14s %s%s%s\n", item.get("scenario").text().c_str(), verdict.c_str(),
                item.get("subject").text().c_str(), item.find("reason") == nullptr ? "" : ": ",
                item.get("reason").text().c_str());
    for (const Value& one : item.get("differences").items())
      std::printf("    %-24s %-9s legacy %s, cloud %s (%s)\n", one.get("path").text().c_str(),
                  one.get("kind").text().c_str(), one.get("legacy").text().c_str(),
                  one.get("cloud").text().c_str(), one.get("verdict").text().c_str());
  }
  return alike ? 0 : 3;
}

}  // namespace underpin::facade::cli
