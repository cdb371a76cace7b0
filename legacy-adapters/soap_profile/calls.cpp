#include "legacy-adapters/soap_profile/calls.h"

#include "contracts/json/object_reader.h"

#include <algorithm>
#include <set>

namespace underpin::legacy::soap_profile {
namespace {

using json::Need;
using json::ObjectReader;
using json::Value;

using Names = std::set<std::string>;  // "no", "lines/sku".

constexpr const char* path_rule =
    "must be names of elements with / between them, their prefixes of \"namespaces\", and at most "
    "an @attribute at the end";

// Those that every template may use.
const Namespaces& given_namespaces() {
  static const Namespaces given{{"xsi", "http://www.w3.org/2001/XMLSchema-instance"},
                                {"xsd", "http://www.w3.org/2001/XMLSchema"}};
  return given;
}

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 60 &&
         std::isdigit(static_cast<unsigned char>(text[0])) == 0 &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
         });
}

void read_namespaces(ObjectReader& reader, Namespaces& namespaces) {
  namespaces = given_namespaces();
  const Value* given = reader.member("namespaces", Need::optional);
  if (given == nullptr) return;
  if (!given->is_object() || given->size() > 50)
    return reader.refuse("namespaces", "must be an object of at most 50 prefixes");
  for (const json::Member& one : given->members()) {
    const bool taken = one.key == "u" || one.key == "soap" || one.key.rfind("xml", 0) == 0 ||
                       given_namespaces().count(one.key) != 0;
    const std::string& name_space = one.value.text();
    if (!is_word(one.key) || taken)
      reader.refuse("namespaces", one.key +
                                      " must be a prefix of letters and digits, and none of "
                                      "u, soap, xsi, xsd and xml");
    else if (!one.value.is_string() || name_space.empty() || name_space.size() > 500 ||
             std::any_of(name_space.begin(), name_space.end(),
                         [](char c) { return static_cast<unsigned char>(c) <= 0x20; }))
      reader.refuse("namespaces", one.key + " must stand for a namespace, a text without blanks");
    else
      namespaces[one.key] = name_space;
  }
}

Path read_path(ObjectReader& reader, std::string_view key, const Namespaces& namespaces) {
  std::string text;
  reader.read(key, text);
  auto path = parse_path(text, namespaces);
  if (!path && reader.has(key)) reader.refuse(key, path_rule);
  return path ? std::move(*path) : Path{};
}

std::optional<Path> read_path_if_there(ObjectReader& reader, std::string_view key,
                                       const Namespaces& namespaces) {
  if (!reader.has(key)) return std::nullopt;
  return read_path(reader, key, namespaces);
}

void read_outcome(ObjectReader& reader, std::optional<Outcome>& outcome,
                  const Namespaces& namespaces) {
  const Value* given = reader.member("outcome", Need::optional);
  if (given == nullptr) return;
  if (given->is_string()) {
    outcome.reset();
    if (given->text() != "none") reader.refuse("outcome", "must be an object, or \"none\"");
    return;
  }
  reader.read_object("outcome", [&](ObjectReader& one) {
    Outcome& it = outcome.emplace();
    it.code = read_path(one, "code", namespaces);
    one.read("done", it.done);
    if (it.done.empty()) one.refuse("done", "must name the codes of what has been carried out");
    it.message = read_path_if_there(one, "message", namespaces);
  });
}

// The text of a template: a text, or a list of texts, one a line.
std::string read_text(ObjectReader& reader, std::string_view key) {
  const Value* found = reader.member(key, Need::required);
  if (found == nullptr) return {};
  std::string text;
  const bool list = found->is_array();
  for (const Value& line : list ? found->items() : std::vector<Value>{*found}) {
    if (!line.is_string()) {
      reader.refuse(key, "must be a text or a list of texts");
      return {};
    }
    text += (text.empty() ? "" : "\n") + line.text();
  }
  return text;
}

void read_header(ObjectReader& reader, Service& service) {
  if (!reader.has("header")) return;
  std::string rule;
  const Template header = Template::parse(read_text(reader, "header"), service.namespaces, rule);
  if (rule.empty() && !header.uses().empty()) rule = "must name no values: it is every request's";
  if (!rule.empty()) return reader.refuse("header", rule);
  if (auto text = header.render(Value::object())) service.header = std::move(text).value();
}

class FieldsReader {
 public:
  explicit FieldsReader(const Namespaces& namespaces) : namespaces_(namespaces) {}

  // `given` is the member "fields" of `reader`.
  std::vector<Field> read(ObjectReader& reader, const std::string& prefix, int depth = 0) {
    std::vector<Field> fields;
    const Value* given = reader.member("fields", Need::required);
    if (given == nullptr) return fields;
    if (!given->is_object() || given->empty() || depth > 4) {
      reader.refuse("fields", "must be an object of names and paths, lists at most four deep");
      return fields;
    }
    for (const json::Member& one : given->members()) {
      Field field;
      field.name = one.key;
      if (!is_word(one.key)) reader.refuse("fields", one.key + " must be a word");
      names.insert(prefix + one.key);
      if (one.value.is_string()) {
        const auto path = parse_path(one.value.text(), namespaces_);
        if (path)
          field.path = *path;
        else
          reader.refuse("fields", one.key + " " + path_rule);
      } else {
        reader.read_object("fields", [&](ObjectReader& all) {
          for (const json::Member& other : given->members()) all.member(other.key, Need::optional);
          all.read_object(one.key, [&](ObjectReader& it) { read_one(it, field, prefix, depth); });
        });
      }
      fields.push_back(std::move(field));
    }
    return fields;
  }

  Names names;  // "lines", "lines/sku".

 private:
  void read_one(ObjectReader& reader, Field& field, const std::string& prefix, int depth) {
    field.each = reader.has("each");
    if (field.each) {
      field.path = read_path(reader, "each", namespaces_);
      if (field.path.attribute) reader.refuse("each", "must lead to elements");
      field.fields = read(reader, prefix + field.name + "/", depth + 1);
      return;
    }
    reader.read("value", field.value);
    if (field.value) return;
    field.path = read_path(reader, "path", namespaces_);
    reader.read("keep_blanks", field.keep_blanks, Need::optional);
    if (!reader.has("floating")) return;
    int places = 0;
    reader.read("floating", places);
    if (places < 0 || places > 9) reader.refuse("floating", "must be 0 to 9");
    field.floating = places;
  }

  const Namespaces& namespaces_;
};

class CallsReader {
 public:
  CallsReader(const profile::Operation& operation, const Service& service)
      : operation_(operation),
        service_(service),
        request_(operation.request_names.begin(), operation.request_names.end()) {}

  std::vector<Call> read(std::vector<profile::Fault>& faults) {
    std::vector<FieldError> broken;
    std::vector<Call> calls;
    const std::size_t faults_before = faults.size();
    ObjectReader reader(operation_.own, "/soap", broken);
    const std::size_t count = operation_.own.get("calls").size();
    reader.read_each("calls", [&](ObjectReader& one) {
      const std::size_t at = calls.size();
      read_call(one, calls.emplace_back(), at, at + 1 == count);
    });
    if (calls.empty() && broken.empty()) reader.refuse("calls", "must have one call or more");
    if (calls.size() > 10) reader.refuse("calls", "must have at most 10 calls");
    reader.finish();
    for (const FieldError& one : broken)
      faults.push_back({operation_.file, one.pointer, one.detail});
    if (faults.size() == faults_before) check_whole(faults);
    for (Call& one : calls) {
      const auto is_in = [&](const Names& names) {
        return operation_.shape->writes &&
               std::any_of(one.names.begin(), one.names.end(), [&](const std::string& name) {
                 return names.count(name) != 0 && request_.count(name) == 0;
               });
      };
      one.is_named = is_in(used_);
      one.is_asked = is_in(asked_);
    }
    return calls;
  }

 private:
  void read_call(ObjectReader& reader, Call& it, std::size_t at, bool last) {
    const bool writes = operation_.shape->writes;
    reader.read("name", it.name);
    reader.member("note", Need::optional);
    reader.read("action", it.action);
    if (std::any_of(it.action.begin(), it.action.end(), [](char c) {
          return static_cast<unsigned char>(c) <= 0x20 || c == '"' || c == 0x7F;
        }))
      reader.refuse("action", "must have neither blanks nor quotation marks");
    reader.read("endpoint", it.endpoint, Need::optional);
    reader.read("into", it.into, Need::optional);
    reader.read("reads", it.reads, Need::optional);
    if (writes && !last && !it.reads)
      reader.refuse("reads",
                    "must be true: nothing takes a call back, so only the last one of a "
                    "write may change anything");
    if (writes && last && it.reads) reader.refuse("reads", "must not be true of the last call");
    if (!writes && reader.has("reads")) reader.refuse("reads", "is for writes");
    if (writes && !it.into.empty()) reader.refuse("into", "is for reads");
    if (!writes && at == 0 && !it.into.empty())
      reader.refuse("into", "is for the calls after the first");
    if (!writes && at > 0 && it.into.empty())
      reader.refuse("into", "must say which member of the record holds these records");
    std::string rule;
    it.body = Template::parse(read_text(reader, "body"), service_.namespaces, rule);
    if (!rule.empty()) reader.refuse("body", rule);
    check_uses(reader, it.body, writes || at > 0 ? given_ : Names{});
    reader.read_object("answer", [&](ObjectReader& one) { read_answer_of(one, it, at); });
  }

  void read_answer_of(ObjectReader& reader, Call& it, std::size_t at) {
    std::string element;
    reader.read("element", element);
    const auto name = parse_name(element, service_.namespaces);
    if (name)
      it.answer.element = *name;
    else if (reader.has("element"))
      reader.refuse("element", "must be the name of an element, its prefix of \"namespaces\"");
    it.answer.outcome = service_.outcome;
    read_outcome(reader, it.answer.outcome, service_.namespaces);
    if (reader.has("records"))
      it.answer.records = read_path(reader, "records", service_.namespaces);
    if (it.answer.records.attribute) reader.refuse("records", "must lead to elements");
    const bool writes = operation_.shape->writes;
    if (!reader.has("fields") && (writes || reader.has("records"))) {
      if (reader.has("records")) reader.refuse("fields", "must be there");
      return;
    }
    FieldsReader fields(service_.namespaces);
    it.answer.fields = fields.read(reader, "");
    const std::string prefix = writes || at == 0 ? "" : it.into + "/";
    for (const std::string& one : fields.names) answered_.insert(prefix + one);
    for (const Field& one : it.answer.fields) {
      if (one.each) continue;
      it.names.push_back(one.name);
      if (writes || at == 0) given_.insert(one.name);
    }
  }

  // From the innermost list outwards: the full name that a use stands for. Empty: nothing gives it.
  std::string resolved(const Template::Use& use, const Names& given, bool& several) const {
    std::string found;
    const bool may_be_list = use.as != Template::Use::As::value;
    const bool may_be_value = use.as != Template::Use::As::list;
    for (std::string scope = use.scope;;) {
      const std::string full = scope.empty() ? use.name : scope + "/" + use.name;
      const bool value =
          may_be_value && (request_.count(full) != 0 || (scope.empty() && given.count(full) != 0));
      const auto below = request_.lower_bound(full + "/");
      const bool list = may_be_list && below != request_.end() && below->rfind(full + "/", 0) == 0;
      if (value || list) {
        several = several || !found.empty();
        if (found.empty()) found = full;
      }
      if (scope.empty()) return found;
      const std::size_t end = scope.rfind('/');
      scope = end == std::string::npos ? "" : scope.substr(0, end);
    }
  }

  // Every name is one that the request's mapping gives, or a field of an earlier call.
  void check_uses(ObjectReader& reader, const Template& body, const Names& given) {
    for (const Template::Use& use : body.uses()) {
      bool several = false;
      const std::string full = resolved(use, given, several);
      const bool list = use.as == Template::Use::As::list;
      if (full.empty())
        reader.refuse("body", list ? use.name + " is no list of the request's mapping"
                                   : "{" + use.name +
                                         "} is given by neither the request's mapping "
                                         "nor an earlier call");
      // An item that lacks the member would be given the other one.
      if (several)
        reader.refuse(
            "body", "{" + use.name + "} is a name of the items of " + use.scope + " and another's");
      asked_.insert(full);
      // A condition says nothing to the ERP yet.
      if (use.as == Template::Use::As::value) used_.insert(full);
    }
  }

  void check_whole(std::vector<profile::Fault>& faults) {
    for (const std::string& name : operation_.answer_names)
      if (answered_.count(name) == 0)
        faults.push_back(
            {operation_.file, "/answer", "reads " + name + ", which no call gives as a field"});
    // What is mapped and then not said to the ERP would be lost unseen.
    for (const std::string& name : operation_.request_names)
      if (used_.count(name) == 0)
        faults.push_back({operation_.file, "/request",
                          "maps to " + name +
                              ", which no body names: \"ignore\" says that the ERP does not keep a "
                              "member"});
  }

  const profile::Operation& operation_;
  const Service& service_;
  const Names request_;
  Names used_;
  Names asked_;  // Those of conditions too.
  Names given_;
  Names answered_;
};

}  // namespace

Service read_service(const Value& head, std::vector<profile::Fault>& faults) {
  Service service;
  if (!head.is_object()) {
    faults.push_back({"profile.json", "/soap", "must be there: what the calls have in common"});
    return service;
  }
  std::vector<FieldError> broken;
  ObjectReader reader(head, "/soap", broken);
  std::string version = "1.1";
  reader.read("version", version, Need::optional);
  if (version != "1.1" && version != "1.2") reader.refuse("version", "must be \"1.1\" or \"1.2\"");
  service.version = version == "1.2" ? soap::Version::v1_2 : soap::Version::v1_1;
  reader.member("note", Need::optional);
  read_namespaces(reader, service.namespaces);
  read_header(reader, service);
  read_outcome(reader, service.outcome, service.namespaces);
  reader.read_object(
      "fault",
      [&](ObjectReader& one) {
        service.fault.code = read_path_if_there(one, "code", service.namespaces);
        service.fault.message = read_path_if_there(one, "message", service.namespaces);
      },
      Need::optional);
  reader.finish();
  for (const FieldError& one : broken) faults.push_back({"profile.json", one.pointer, one.detail});
  return service;
}

std::vector<Call> read_calls(const profile::Operation& operation, const Service& service,
                             std::vector<profile::Fault>& faults) {
  if (!operation.own.is_object()) {
    faults.push_back({operation.file, "/soap", "must be an object"});
    return {};
  }
  return CallsReader(operation, service).read(faults);
}

void SoapKind::check(const profile::Operation& operation,
                     std::vector<profile::Fault>& faults) const {
  std::vector<profile::Fault> of_the_head;  // Told by check_head.
  const Service service = read_service(operation.head, of_the_head);
  if (of_the_head.empty()) (void)read_calls(operation, service, faults);
}

}  // namespace underpin::legacy::soap_profile
