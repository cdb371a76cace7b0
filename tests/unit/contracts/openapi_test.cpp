#include "contracts/json/json_text.h"
#include "contracts/json/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace underpin::json {
namespace {

const std::string source_folder = UNDERPIN_SOURCE_DIR;

std::string file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The plain block style openapi.yaml is written in: mappings, lists, plain and single-quoted texts.
class BlockYaml {
 public:
  explicit BlockYaml(const std::string& text) {
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
      const std::size_t indent = line.find_first_not_of(' ');
      if (indent == std::string::npos || line[indent] == '#') continue;
      lines_.push_back({indent, line.substr(indent)});
    }
  }
  Value read() {
    Value value = block(0);
    if (at_ != lines_.size()) fail("is indented oddly");
    return value;
  }

 private:
  struct Line {
    std::size_t indent;
    std::string text;
  };
  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error("yaml: '" + lines_.at(at_).text + "' " + what);
  }
  bool here(std::size_t indent) const {
    return at_ < lines_.size() && lines_[at_].indent == indent;
  }
  static Value scalar(const std::string& text) {
    if (text.front() == '\'') {
      std::string plain;
      for (std::size_t i = 1; i + 1 < text.size(); ++i) {
        if (text[i] == '\'') ++i;
        plain += text[i];
      }
      return plain;
    }
    if (text == "true" || text == "false") return Value::boolean(text == "true");
    if (text == "{}") return Value::object();
    if (text == "[]") return Value::array();
    const auto number = Value::number_text(text);
    return number ? *number : Value(text);
  }
  // Position of the colon that ends the key, outside of quotes.
  std::size_t key_end(const std::string& text) const {
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\'') quoted = !quoted;
      if (!quoted && text[i] == ':' && (i + 1 == text.size() || text[i + 1] == ' ')) return i;
    }
    return std::string::npos;
  }
  Value block(std::size_t indent) {
    if (!here(indent)) fail("should begin a block");
    return lines_[at_].text.rfind("- ", 0) == 0 ? list(indent) : mapping(indent);
  }
  Value list(std::size_t indent) {
    Value items = Value::array();
    while (here(indent) && lines_[at_].text.rfind("- ", 0) == 0) {
      const std::string rest = lines_[at_].text.substr(2);
      if (key_end(rest) == std::string::npos) {
        items.push(scalar(rest));
        ++at_;
      } else {
        lines_[at_] = {indent + 2, rest};
        items.push(mapping(indent + 2));
      }
    }
    return items;
  }
  Value mapping(std::size_t indent) {
    Value members = Value::object();
    while (here(indent) && lines_[at_].text.rfind("- ", 0) != 0) {
      const std::string text = lines_[at_].text;
      const std::size_t end = key_end(text);
      if (end == std::string::npos) fail("has no key");
      const std::string key = scalar(text.substr(0, end)).text();
      if (key.empty() || members.find(key) != nullptr) fail("repeats a key or has none");
      ++at_;
      members.set(
          key, end + 1 < text.size() ? scalar(text.substr(end + 2)) : block(lines_.at(at_).indent));
    }
    return members;
  }
  std::vector<Line> lines_;
  std::size_t at_ = 0;
};

const Value& openapi() {
  static const Value document =
      BlockYaml(file_text(source_folder + "/contracts/schemas/openapi.yaml")).read();
  return document;
}

void visit(const Value& value, const std::string& pointer,
           const std::function<void(const std::string&, const Value&)>& each) {
  each(pointer, value);
  for (const Member& member : value.members())
    visit(member.value, pointer_to(pointer, member.key), each);
  for (std::size_t i = 0; i < value.size() && value.is_array(); ++i)
    visit(value.items()[i], pointer_to(pointer, i), each);
}

std::string schema_name(std::string file) {
  const std::string ending = ".schema.json";
  if (file.size() <= ending.size() || file.substr(file.size() - ending.size()) != ending)
    throw std::runtime_error(file + " is no schema");
  return file.substr(0, file.size() - ending.size());
}

TEST(OpenApi, EveryReferenceLeadsSomewhere) {
  EXPECT_EQ(openapi().get("openapi").text(), "3.1.0");
  int local = 0;
  int schemas = 0;
  visit(openapi(), "", [&](const std::string& pointer, const Value& value) {
    const Value* ref = value.find("$ref");
    if (ref == nullptr) return;
    if (ref->text().rfind("#/", 0) == 0) {
      EXPECT_NE(openapi().at_pointer(ref->text().substr(1)), nullptr) << pointer;
      ++local;
    } else {
      EXPECT_NO_THROW(Schema::named(schema_name(ref->text()))) << pointer;
      ++schemas;
    }
  });
  EXPECT_GT(local, 100);
  EXPECT_GT(schemas, 30);
}

TEST(OpenApi, EveryRequestBodyHasExamplesThatConformToItsSchema) {
  int checked = 0;
  visit(openapi().get("paths"), "", [&](const std::string& pointer, const Value& value) {
    const Value* body = value.find("requestBody");
    if (body == nullptr) return;
    const Value& media = body->get("content").get("application/json");
    const Schema& schema = Schema::named(schema_name(media.get("schema").get("$ref").text()));
    EXPECT_FALSE(media.get("examples").empty()) << pointer;
    for (const Member& example : media.get("examples").members()) {
      const std::string path = example.value.get("externalValue").text();
      const auto document = parse(file_text(source_folder + "/contracts/schemas/" + path));
      ASSERT_TRUE(document.has_value()) << path << ": " << document.error().message;
      for (const FieldError& fault : schema.check(*document))
        ADD_FAILURE() << path << ": " << fault.pointer << " " << fault.detail;
      ++checked;
    }
  });
  EXPECT_EQ(checked, 37);
}

TEST(OpenApi, TheEndpointsAreThese) {
  std::set<std::string> endpoints;
  std::set<std::string> operations;
  for (const Member& path : openapi().get("paths").members()) {
    for (const Member& method : path.value.members()) {
      if (method.key == "servers") continue;
      endpoints.insert(method.key + " " + path.key);
      EXPECT_TRUE(operations.insert(method.value.get("operationId").text()).second)
          << method.value.get("operationId").text() << " is there twice";
      EXPECT_FALSE(method.value.get("responses").empty()) << path.key;
    }
  }
  EXPECT_EQ(endpoints,
            (std::set<std::string>{"post /v1/orders",
                                   "get /v1/orders",
                                   "get /v1/orders/{number}",
                                   "patch /v1/orders/{number}",
                                   "post /v1/orders/{number}/cancel",
                                   "post /v1/orders/{number}/returns",
                                   "get /v1/orders/{number}/returns/{return}",
                                   "get /v1/inventory/{sku}",
                                   "post /v1/inventory/availability",
                                   "post /v1/inventory/adjustments",
                                   "post /v1/pricing/quotes",
                                   "get /v1/prices",
                                   "post /v1/customers",
                                   "get /v1/customers",
                                   "get /v1/customers/{number}",
                                   "patch /v1/customers/{number}",
                                   "get /livez",
                                   "get /readyz",
                                   "get /metrics",
                                   "get /ops/v1/waves",
                                   "get /ops/v1/cutover",
                                   "get /ops/v1/cutover/{capability}",
                                   "get /ops/v1/cutover/{capability}/history",
                                   "get /ops/v1/cutover/{capability}/explain",
                                   "put /ops/v1/cutover/{capability}",
                                   "post /ops/v1/cutover/{capability}/acknowledge",
                                   "post /ops/v1/cutover/{capability}/rollback",
                                   "get /ops/v1/cutover/{capability}/preview",
                                   "get /ops/v1/cutover/{capability}/proposals",
                                   "post /ops/v1/cutover/{capability}/proposals",
                                   "post /ops/v1/cutover/{capability}/proposals/{id}/approve",
                                   "post /ops/v1/cutover/{capability}/proposals/{id}/reject",
                                   "post /ops/v1/cutover/{capability}/proposals/{id}/publish",
                                   "get /ops/v1/cutover/{capability}/transfers",
                                   "post /ops/v1/cutover/{capability}/transfers",
                                   "get /ops/v1/cutover/{capability}/transfers/{id}",
                                   "post /ops/v1/cutover/{capability}/transfers/{id}/stop",
                                   "post /ops/v1/xref/imports",
                                   "post /ops/v1/history/export",
                                   "get /ops/v1/audit",
                                   "get /ops/v1/recovery",
                                   "post /ops/v1/recovery",
                                   "get /ops/v1/gate/{capability}",
                                   "get /ops/v1/gate/{capability}/waivers",
                                   "post /ops/v1/gate/{capability}/waivers",
                                   "post /ops/v1/gate/{capability}/waivers/{id}/revoke",
                                   "post /ops/v1/gate/{capability}/packs",
                                   "post /ops/v1/gate/{capability}/packs/sign",
                                   "get /ops/v1/snapshots",
                                   "post /ops/v1/snapshots",
                                   "get /ops/v1/snapshots/{id}",
                                   "get /ops/v1/reconciliations",
                                   "post /ops/v1/reconciliations",
                                   "get /ops/v1/reconciliations/{id}",
                                   "get /ops/v1/reconciliations/{id}/differences",
                                   "get /ops/v1/reconciliations/{id}/differences.csv",
                                   "get /ops/v1/reconciliations/{id}/differences.json",
                                   "post /ops/v1/reconciliations/{id}/stop",
                                   "post /ops/v1/reconciliations/{id}/repair",
                                   "get /ops/v1/reconciliations/{id}/repair",
                                   "post /ops/v1/reconciliations/{id}/repair/stop",
                                   "get /ops/v1/kill",
                                   "post /ops/v1/kill/{target}",
                                   "post /ops/v1/unkill/{target}",
                                   "get /ops/v1/exceptions",
                                   "get /ops/v1/exceptions/{id}",
                                   "post /ops/v1/exceptions/{id}/replay",
                                   "post /ops/v1/exceptions/{id}/discard",
                                   "get /ops/v1/outcomes",
                                   "post /ops/v1/outcomes/{id}/disposition",
                                   "get /ops/v1/parity",
                                   "get /ops/v1/parity/entries",
                                   "post /ops/v1/parity/entries/{id}/replay",
                                   "get /ops/v1/parity/entries/{id}/sides/{side}",
                                   "get /ops/v1/parity/pairs.csv",
                                   "get /ops/v1/parity/report.csv",
                                   "get /ops/v1/parity/report.html",
                                   "get /ops/v1/parity/report.xml",
                                   "get /ops/v1/parity/register",
                                   "get /ops/v1/parity/proposals",
                                   "post /ops/v1/parity/postings",
                                   "post /ops/v1/parity/postings/compare",
                                   "post /ops/v1/parity/proposals/{id}/accept",
                                   "post /ops/v1/parity/proposals/{id}/reject",
                                   "get /ops/v1/trace/{number}"}));
}

TEST(OpenApi, WritesOfChannelsNeedAKeyAndReadsDoNot) {
  const std::set<std::string> reads{"get_availability", "quote"};
  for (const Member& path : openapi().get("paths").members()) {
    if (path.key.rfind("/v1/", 0) != 0) continue;
    for (const Member& method : path.value.members()) {
      const std::string text = write(method.value);
      const std::string& id = method.value.get("operationId").text();
      const bool is_write = method.key != "get" && reads.count(id) == 0;
      EXPECT_EQ(text.find("parameters/IdempotencyKey") != std::string::npos, is_write) << id;
      EXPECT_EQ(text.find("parameters/IfMatch") != std::string::npos, method.key == "patch") << id;
      EXPECT_NE(text.find("parameters/TraceParent"), std::string::npos) << id;
      EXPECT_NE(method.value.get("responses").find("401"), nullptr) << id;
    }
  }
}

TEST(OpenApi, CallsOfStaffNameTheirWaveAndCallsOfChannelsDoNot) {
  for (const Member& path : openapi().get("paths").members()) {
    const bool staff = path.key.rfind("/ops/v1/", 0) == 0;
    for (const Member& method : path.value.members()) {
      if (method.key == "servers") continue;
      const std::string text = write(method.value);
      EXPECT_EQ(text.find("parameters/Wave") != std::string::npos, staff) << path.key;
      if (staff) {
        EXPECT_NE(method.value.get("responses").find("422"), nullptr) << path.key;
      }
    }
  }
}

TEST(OpenApi, PathsDeclareTheParametersTheyName) {
  for (const Member& path : openapi().get("paths").members()) {
    for (const Member& method : path.value.members()) {
      if (method.key == "servers") continue;
      std::set<std::string> declared;
      for (const Value& parameter : method.value.get("parameters").items())
        if (parameter.get("in").text() == "path") declared.insert(parameter.get("name").text());
      std::set<std::string> named;
      for (std::size_t at = path.key.find('{'); at != std::string::npos;
           at = path.key.find('{', at + 1))
        named.insert(path.key.substr(at + 1, path.key.find('}', at) - at - 1));
      EXPECT_EQ(declared, named) << method.key << " " << path.key;
    }
  }
}

}  // namespace
}  // namespace underpin::json
