#include "facade/cli/profile_commands.h"

#include "contracts/json/json_text.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <sstream>

namespace underpin::facade::cli {
namespace {

using json::Value;

struct ProfileOptions {
  std::string folder;
  std::string operation;
  std::string settings;  // A file; empty: settings.json in the folder.
  bool writes = false;
  bool as_json = false;
  int timeout_ms = 30'000;
  std::size_t width = 160;
};

constexpr std::size_t request_bytes_max = 8 * 1024 * 1024;

// Whose kind profile.json names; the first, which then says what is wrong, when it names none.
const ProfileTools* tools_for(const std::string& folder, const Adapters& adapters) {
  if (adapters.profile_tools.empty()) return nullptr;
  std::ifstream file(folder + "/profile.json", std::ios::binary);
  std::string text(request_bytes_max, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  const auto head = json::parse_with_comments(text);
  for (const ProfileTools& tools : adapters.profile_tools)
    if (head && head->get("kind").text() == tools.kind) return &tools;
  return &adapters.profile_tools.front();
}

int check(const ProfileOptions& options, const Adapters& adapters) {
  const ProfileTools* tools = tools_for(options.folder, adapters);
  if (tools == nullptr) {
    std::cerr << "underpin: no adapter that takes profiles was built in\n";
    return 2;
  }
  const std::vector<ProfileFault> faults = tools->check(options.folder);
  if (options.as_json) {
    Value list = Value::array();
    for (const ProfileFault& fault : faults) {
      Value one = Value::object();
      one.set("file", fault.file);
      one.set("pointer", fault.pointer);
      one.set("rule", fault.rule);
      list.push(std::move(one));
    }
    std::cout << json::write_pretty(list) << "\n";
  } else {
    for (const ProfileFault& fault : faults)
      std::cout << (fault.file.empty() ? options.folder : fault.file)
                << (fault.pointer.empty() ? "" : " " + fault.pointer) << ": " << fault.rule << "\n";
    if (faults.empty()) std::cout << options.folder << ": the profile is valid\n";
  }
  return faults.empty() ? 0 : 1;
}

// ---- two columns

std::vector<std::string> lines_of(const std::string& text, std::size_t width) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    do {
      std::size_t end = std::min(line.size(), width);
      // Not within a character.
      while (end < line.size() && end > 1 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80)
        --end;
      lines.push_back(line.substr(0, end));
      line.erase(0, end);
    } while (!line.empty());
  }
  return lines;
}

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

void print_columns(const std::string& left_title, const std::string& left,
                   const std::string& right_title, const std::string& right, std::size_t width) {
  const std::size_t half = std::max<std::size_t>(30, (width - 3) / 2);
  std::vector<std::string> a = lines_of(left, half);
  std::vector<std::string> b = lines_of(right, half);
  a.insert(a.begin(), {left_title, std::string(left_title.size(), '-')});
  b.insert(b.begin(), {right_title, std::string(right_title.size(), '-')});
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    const std::string one = i < a.size() ? a[i] : "";
    const std::string other = i < b.size() ? b[i] : "";
    std::cout << one;
    if (!other.empty()) {
      const std::size_t used = characters(one);
      std::cout << std::string(used < half ? half - used : 0, ' ') << " | " << other;
    }
    std::cout << "\n";
  }
  std::cout << "\n";
}

// Statements as one reads them: their text as it is, and the values that were bound. Calls as XML.
std::string shown_request(const Value& sent) {
  std::string text;
  for (const Value& one : sent.items()) {
    if (one.find("xml") != nullptr) {
      text += "# " + one.get("call").text() + ": " + one.get("action").text() + "\n" +
              one.get("xml").text() + "\n";
      continue;
    }
    if (one.find("sql") == nullptr) {
      text += json::write_pretty(one) + "\n";
      continue;
    }
    text += "# " + one.get("statement").text() + "\n" + one.get("sql").text() + "\n";
    for (const json::Member& value : one.get("values").members())
      text += "  :" + value.key + " = " + json::write(value.value) + "\n";
  }
  return text;
}

std::string shown_answer(const Value& received) {
  std::string text;
  for (const Value& one : received.items()) {
    const Value* call = one.find("call");
    text += "# " + (call != nullptr ? *call : one.get("statement")).text() + "\n";
    text += one.get("xml").text();
    if (const Value* error = one.find("error")) text += error->text() + "\n";
    if (const Value* changed = one.find("rowsChanged")) text += changed->text() + " rows changed\n";
    for (const Value& row : one.get("rows").items()) text += json::write(row) + "\n";
    if (one.find("rows") != nullptr && one.get("rows").empty()) text += "no rows\n";
  }
  return text;
}

void print_trial(const Value& trial, std::size_t width) {
  std::cout << "== " << trial.get("operation").text() << "\n\n";
  for (const Value& step : trial.get("steps").items()) {
    std::cout << "== " << step.get("operation").text() << " of the profile\n\n";
    print_columns("canonical request", json::write_pretty(step.get("request")), "vendor request",
                  shown_request(step.get("vendorRequest")), width);
    const Value* error = step.find("error");
    print_columns(error != nullptr ? "error" : "canonical answers",
                  json::write_pretty(error != nullptr ? *error : step.get("answers")),
                  "vendor answer", shown_answer(step.get("vendorAnswer")), width);
  }
  const Value* error = trial.find("error");
  print_columns("request of " + trial.get("operation").text(),
                json::write_pretty(trial.get("request")), error != nullptr ? "error" : "answer",
                json::write_pretty(error != nullptr ? *error : trial.get("answer")), width);
}

Result<std::string> limited(std::istream& in, const std::string& what) {
  std::string text(request_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > request_bytes_max)
    return Error{ErrorCode::invalid_request, what + " has more than 8 MiB"};
  return text;
}

Result<Value> attempted(const ProfileOptions& options, const ProfileTools& tools) {
  ProfileTrial trial;
  trial.folder = options.folder;
  trial.operation = options.operation;
  trial.may_write = options.writes;
  trial.timeout_ms = options.timeout_ms;
  const std::string name =
      options.settings.empty() ? options.folder + "/settings.json" : options.settings;
  std::ifstream file(name, std::ios::binary);
  if (!file)
    return Error{ErrorCode::invalid_request,
                 name +
                     " cannot be read: it says how to reach the live system, as the settings of " +
                     tools.adapter + " do"};
  auto settings = limited(file, name);
  if (!settings) return settings.error();
  trial.settings_json = std::move(settings).value();
  auto request = limited(std::cin, "the request");
  if (!request) return request.error();
  trial.request_json = std::move(request).value();
  const auto tried = tools.attempt(trial);
  if (!tried) return tried.error();
  return json::parse(*tried, {256 * 1024 * 1024, 64, 50'000'000});
}

int attempt(const ProfileOptions& options, const Adapters& adapters) {
  const ProfileTools* tools = tools_for(options.folder, adapters);
  if (tools == nullptr) {
    std::cerr << "underpin: no adapter that takes profiles was built in\n";
    return 2;
  }
  const auto tried = attempted(options, *tools);
  if (!tried) {
    std::cerr << "underpin: " << tried.error().message << "\n";
    for (const FieldError& field : tried.error().fields)
      std::cerr << "  " << field.pointer << ": " << field.detail << "\n";
    return 2;
  }
  if (options.as_json)
    std::cout << json::write_pretty(*tried) << "\n";
  else
    print_trial(*tried, options.width);
  return tried->find("error") == nullptr ? 0 : 1;
}

}  // namespace

void add_profile_commands(CLI::App& app, const Adapters& adapters, int& code) {
  CLI::App* profile = app.add_subcommand("profile", "An ERP described by configuration alone");
  profile->require_subcommand(1);
  const auto options = std::make_shared<ProfileOptions>();
  CLI::App* checks =
      profile->add_subcommand("check", "Say what is wrong with a profile, and where");
  checks->add_option("folder", options->folder, "The profile")->required();
  checks->add_flag("--json", options->as_json, "Print JSON");
  checks->callback([options, &adapters, &code] { code = check(*options, adapters); });

  CLI::App* tries = profile->add_subcommand(
      "try", "Run one operation against the live system, and show what is said; request on stdin");
  tries->add_option("folder", options->folder, "The profile")->required();
  tries->add_option("operation", options->operation, "get_order, place_order, get_stock, ...")
      ->required();
  tries->add_option("--settings", options->settings,
                    "The adapter's settings (default: settings.json in the folder)");
  tries->add_flag("--write", options->writes, "Allow an operation that writes");
  tries->add_option("--timeout-ms", options->timeout_ms, "For the whole of it")
      ->capture_default_str();
  tries->add_option("--width", options->width, "Characters of both columns")
      ->check(CLI::Range(60, 1000))
      ->capture_default_str();
  tries->add_flag("--json", options->as_json, "Print JSON");
  tries->callback([options, &adapters, &code] { code = attempt(*options, adapters); });
}

}  // namespace underpin::facade::cli
