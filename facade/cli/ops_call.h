#pragma once

#include "contracts/json/json_text.h"
#include "facade/cli/commands.h"

#include <optional>
#include <string>

// What the subcommands that talk to the ops listener share.
namespace underpin::facade::cli {

struct Reply {
  int status = 0;
  std::string body;
  json::Value value;
};

// One call to the ops listener. What goes wrong is printed; nothing then.
std::optional<Reply> call(const OpsOptions& ops, const std::string& method, const std::string& path,
                          const json::Value* body = nullptr, const std::string& if_match = {});

// The plan version to act on: the given one, or the current.
std::optional<std::string> version_tag(const OpsOptions& ops, const std::string& capability,
                                       const std::string& version);

// The body of a change of plan; nothing, and a word to the user, when the share is none.
std::optional<json::Value> change_body(const ChangeOptions& change);

// Of an answer that joins several waves: those that could not answer, to standard error.
void print_unavailable(const json::Value& joined);
bool of_several_waves(const json::Value& joined);

// A query value (RFC 3986).
std::string percent_encoded(const std::string& text);

std::string share_of(const json::Value& plan);
// "7", and "2.7" in the second epoch.
std::string version_of(const json::Value& plan);
std::string in_words(const json::Value& validity);
std::string joined(const json::Value& lines);  // " one; two"
void print_plan(const json::Value& plan);
void print_preview(const std::string& capability, const json::Value& preview);
// 0 when it would be published, 1 when it would be refused.
int print_outlook(const std::string& capability, const json::Value& outlook);

}  // namespace underpin::facade::cli
