#include "legacy-adapters/transport/profile/profile.h"

#include "contracts/json/object_reader.h"
#include "contracts/json/schema.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace underpin::embedded {
std::string_view profile_schemas(std::string_view name);
}

namespace underpin::legacy::profile {

using json::Need;
using json::ObjectReader;
using json::Value;

namespace {

constexpr std::string_view operations_folder = "operations/";
constexpr std::string_view kinds[] = {"sql", "soap", "file", "edi"};
constexpr std::string_view documents_folder = "documents/";

const json::Schema& schema(const std::string& name) {
  static const std::map<std::string, json::Schema> all = [] {
    std::map<std::string, json::Schema> made;
    for (const char* one : {"profile", "tables", "errors", "operation", "document"}) {
      const std::string file = std::string(one) + ".schema.json";
      auto compiled = json::Schema::compile(embedded::profile_schemas(file));
      if (!compiled) throw std::logic_error(file + ": " + compiled.error().message);
      made.emplace(one, std::move(compiled).value());
    }
    return made;
  }();
  return all.at(name);
}

// The document of a file that conforms to its schema.
std::optional<Value> document_of(const std::string& file, const std::string& text,
                                 const std::string& by, std::vector<Fault>& faults) {
  const auto document = json::parse_with_comments(text);
  if (!document) {
    faults.push_back({file, "", document.error().message});
    return std::nullopt;
  }
  const auto broken = schema(by).check(*document);
  for (const FieldError& one : broken) faults.push_back({file, one.pointer, one.detail});
  if (!broken.empty()) return std::nullopt;
  return *document;
}

struct Named {
  std::string name;     // "/lines/*/sku", or the vendor's "lines/sku".
  std::string pointer;  // Where the file says so.
};

std::string vendor_name(const std::string& text) {
  return !text.empty() && text[0] == '/' ? text.substr(1) : text;
}

// What a list of mapping fields names on one of its sides.
void named_by(const Value& fields, const std::string& at, std::string_view side,
              const std::string& prefix, std::vector<Named>& found) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Value& field = fields.items()[i];
    const std::string here = json::pointer_to(at, i);
    const Value& place = field.get(side);
    const std::vector<Value> places = place.is_array() ? place.items() : std::vector<Value>{place};
    const bool each = field.get("as").text() == "each";
    for (const Value& one : places) {
      if (one.text().empty()) continue;
      const bool vendor = side == "vendor";
      const std::string name = prefix + (vendor ? vendor_name(one.text()) : one.text());
      if (each)
        named_by(field.get("fields"), here + "/fields", side, name + (vendor ? "/" : "/*"), found);
      else
        found.push_back({name, here + "/" + std::string(side)});
    }
  }
}

std::string_view plain(std::string_view member) {
  return member.substr(member.substr(0, 1) == "?" ? 1 : 0);
}

bool below(std::string_view member, std::string_view prefix) {
  return member == prefix ||
         (member.size() > prefix.size() && member.substr(0, prefix.size()) == prefix &&
          member[prefix.size()] == '/');
}

IdempotencyMode idempotency_of(const Profile& profile) {
  return profile.operation("find_receipt") != nullptr ? IdempotencyMode::lookup
                                                      : IdempotencyMode::none;
}

}  // namespace

// Reads the files of one profile into it.
class Reader {
 public:
  Reader(const Files& files, const Kind& kind) : files_(files), kind_(kind) {}

  Profile::Loaded read() {
    read_tables();
    read_errors();
    read_head();
    for (const auto& [path, text] : files_)
      if (path.rfind(operations_folder, 0) == 0) read_operation(path, text);
    for (const auto& [path, text] : files_)
      if (kind_.tells() && path.rfind(documents_folder, 0) == 0) read_document(path, text);
    check_names();
    if (faults_.empty()) add_told();
    if (faults_.empty()) check_whole();
    if (!faults_.empty()) return {nullptr, std::move(faults_)};
    profile_->descriptor_.idempotency = idempotency_of(*profile_);
    if (profile_->operation("order_changes") != nullptr)
      profile_->descriptor_.delta = DeltaMode::timestamp;
    profile_->descriptor_.returns =
        profile_->operation("place_return") != nullptr ? returns_as_ : ReturnsMode::none;
    return {std::move(profile_), {}};
  }

 private:
  void fault(const std::string& file, std::string pointer, std::string rule) {
    faults_.push_back({file, std::move(pointer), std::move(rule)});
  }

  void check_names() {
    for (const auto& [path, text] : files_) {
      const bool known = path == "profile.json" || path == "tables.json" || path == "errors.json" ||
                         path.rfind(operations_folder, 0) == 0 ||
                         (kind_.tells() && path.rfind(documents_folder, 0) == 0);
      if (!known)
        fault(path, "",
              std::string("is none of profile.json, tables.json, errors.json and ") +
                  (kind_.tells() ? "operations/*.json and documents/*.json" : "operations/*.json"));
    }
  }

  void read_tables() {
    const auto file = files_.find("tables.json");
    if (file == files_.end()) return;
    const auto document = document_of(file->first, file->second, "tables", faults_);
    if (!document) return;
    Value probe = Value::object();
    probe.set("tables", *document);
    probe.set("fields", Value::array());
    const auto read = mapping::Mapping::load(json::write(probe), file->first);
    if (!read) {
      for (const FieldError& field : read.error().fields) fault(file->first, "", field.detail);
      return;
    }
    tables_ = *document;
  }

  void read_errors() {
    const auto file = files_.find("errors.json");
    if (file == files_.end()) return;
    if (const auto document = document_of(file->first, file->second, "errors", faults_))
      profile_->errors_ = ErrorTable::read(*document, file->first, faults_);
  }

  void read_head() {
    const auto file = files_.find("profile.json");
    if (file == files_.end()) return fault("profile.json", "", "must be there");
    const auto document = document_of(file->first, file->second, "profile", faults_);
    if (!document) return;
    std::vector<FieldError> broken;
    ObjectReader reader(*document, {}, broken);
    std::string kind;
    reader.read("kind", kind);
    if (kind != kind_.name())
      reader.refuse("kind", "must be \"" + std::string(kind_.name()) + "\" for this adapter");
    reader.read("name", profile_->name_);
    int reference_max = 35;
    reader.read("reference_max", reference_max, Need::optional);
    profile_->reference_max_ = static_cast<std::size_t>(reference_max);
    reader.read_object(
        "descriptor", [&](ObjectReader& one) { read_descriptor(one); }, Need::optional);
    if (const Value* none = reader.member("not_offered", Need::optional)) read_not_offered(*none);
    profile_->head_ = document->get(kind_.name());
    for (const std::string_view other : kinds)
      if (other != kind_.name() && document->find(other) != nullptr)
        fault(file->first, json::pointer_to("", other), "is of another kind of profile");
    for (const FieldError& one : broken) fault(file->first, one.pointer, one.detail);
    kind_.check_head(profile_->head_, faults_);
  }

  void read_descriptor(ObjectReader& reader) {
    CapabilityDescriptor& it = profile_->descriptor_;
    reader.read("inert_by", it.inert_by, Need::optional);
    reader.read("optimistic_locking", it.optimistic_locking, Need::optional);
    reader.read("stock_by_location", it.stock_by_location, Need::optional);
    reader.read("real_time_price", it.real_time_price, Need::optional);
    reader.read("page_max", it.page_max, Need::optional);
    reader.read("settle_ms", it.settle_ms, Need::optional);
    std::string returns_as;
    reader.read("returns_as", returns_as, Need::optional);
    if (returns_as == "credit_memo") returns_as_ = ReturnsMode::credit_memo;
  }

  void read_not_offered(const Value& none) {
    for (const json::Member& member : none.members()) {
      const bool known =
          shape_of(member.key) != nullptr || parse_capability(member.key).has_value();
      if (!known)
        fault("profile.json", json::pointer_to("/not_offered", member.key),
              "is neither an operation nor a capability");
      profile_->not_offered_[member.key] = member.value.text();
    }
  }

  // A section of fields becomes a mapping, with the profile's code tables.
  std::optional<mapping::Mapping> mapping_of(const std::string& file, const Value& document,
                                             const std::string& section) {
    const Value* given = document.find(section);
    if (given == nullptr) return std::nullopt;
    Value whole = Value::object();
    if (const Value* form = document.find("vendor_form")) whole.set("vendor_form", *form);
    if (!tables_.empty()) whole.set("tables", tables_);
    whole.set("fields", *given);
    auto read = mapping::Mapping::load(json::write(whole), file);
    if (read) return std::move(read).value();
    for (const FieldError& field : read.error().fields) {
      // The mapping's own pointers begin with /fields; here that list is the section itself.
      std::string pointer = field.pointer;
      if (pointer.rfind("/fields", 0) == 0) pointer = "/" + section + pointer.substr(7);
      fault(file, std::move(pointer), field.detail);
    }
    return std::nullopt;
  }

  void read_operation(const std::string& file, const std::string& text) {
    const auto document = document_of(file, text, "operation", faults_);
    if (!document) return;
    const std::string name = document->get("operation").text();
    const OperationShape* shape = shape_of(name);
    if (shape == nullptr) return fault(file, "/operation", "is no operation of a profile");
    if (file != std::string(operations_folder) + name + ".json")
      fault(file, "/operation", "must be the file's name, without .json");
    Operation& it = profile_->operations_[name];
    it.shape = shape;
    it.file = file;
    it.canonical = kind_.tells();
    if (it.canonical && !shape->writes)
      fault(file, "", "must not be there: what documents/ told answers " + name);
    it.first = document->get("first").text();
    it.request = mapping_of(file, *document, "request");
    it.answer = mapping_of(file, *document, "answer");
    check_request(*document, it);
    check_answer(*document, it);
    const std::string own(kind_.name());
    if (const Value* section = document->find(own)) {
      it.own = *section;
      it.head = profile_->head_;
      kind_.check(it, faults_);
    } else {
      fault(file, "", "must have the member \"" + own + "\"");
    }
    for (const std::string_view other : kinds)
      if (other != own && document->find(other) != nullptr)
        fault(file, json::pointer_to("", other), "is of another kind of profile");
  }

  void read_document(const std::string& file, const std::string& text) {
    const auto document = document_of(file, text, "document", faults_);
    if (!document) return;
    const std::string name = document->get("document").text();
    Document it;
    for (const DocumentShape& shape : kind_.document_shapes())
      if (shape.name == name) it.shape = &shape;
    if (it.shape == nullptr) return fault(file, "/document", "is no document of this kind");
    it.file = file;
    it.answer = mapping_of(file, *document, "answer");
    check_members(*document, file, it.shape->members, it.shape->needs,
                  "is no member of this document", it.answer_names, &it.members);
    if (const Value* section = document->find(kind_.name())) it.own = *section;
    if (it.own.is_null())
      fault(file, "", "must have the member \"" + std::string(kind_.name()) + "\"");
    else
      kind_.check(it, faults_);
    profile_->documents_.push_back(std::move(it));
  }

  // What the documents told answers the reads.
  void add_told() {
    for (const Document& document : profile_->documents_)
      for (const std::string_view name : kind_.told_by(*document.shape)) {
        if (profile_->not_offered_.count(name) != 0) continue;
        Operation& it = profile_->operations_[std::string(name)];
        it.shape = shape_of(name);
        it.file = document.file;
        it.canonical = true;
      }
  }

  // Everything that is asked is mapped, refused or ignored in so many words.
  void check_request(const Value& document, Operation& it) {
    std::vector<Named> named;
    named_by(document.get("request"), "/request", "canonical", "", named);
    const auto asks = [&](std::string_view name) {
      return std::any_of(it.shape->request.begin(), it.shape->request.end(),
                         [&](std::string_view member) { return below(plain(member), name); });
    };
    for (const Named& one : named)
      if (!asks(one.name))
        fault(it.file, one.pointer, one.name + " is no member of this operation's request");
    std::vector<std::string> left;
    for (const Value& one : document.get("ignore").items()) left.push_back(one.text());
    for (const json::Member& one : document.get("refuse").members()) {
      left.push_back(one.key);
      it.refused.emplace_back(one.key, one.value.text());
    }
    for (const std::string& one : left)
      if (!asks(one)) fault(it.file, "/ignore", one + " is no member of this operation's request");
    for (const std::string& one : left)
      if (one == "/limit")
        fault(it.file, "/ignore", "must not name /limit: a page that is not full ends the list");
    for (const std::string_view member : it.shape->request) {
      if (member[0] == '?') continue;
      const bool mapped = std::any_of(named.begin(), named.end(),
                                      [&](const Named& one) { return one.name == member; });
      const bool said = std::any_of(left.begin(), left.end(),
                                    [&](const std::string& one) { return below(member, one); });
      if (!mapped && !said)
        fault(it.file, "/request",
              "must map " + std::string(member) + ", or \"ignore\" or \"refuse\" must name it");
    }
    std::vector<Named> vendor;
    named_by(document.get("request"), "/request", "vendor", "", vendor);
    for (const Named& one : vendor) it.request_names.push_back(one.name);
  }

  void check_answer(const Value& document, Operation& it) {
    check_members(document, it.file, it.shape->answer, it.shape->answer_needs,
                  "is no member of this operation's answer", it.answer_names, nullptr);
  }

  void check_members(const Value& document, const std::string& file,
                     const std::vector<std::string_view>& members,
                     const std::vector<std::string_view>& needs, const std::string& rule,
                     std::vector<std::string>& vendor_names, std::vector<std::string>* given) {
    std::vector<Named> named;
    named_by(document.get("answer"), "/answer", "canonical", "", named);
    for (const Named& one : named) {
      if (std::find(members.begin(), members.end(), one.name) == members.end())
        fault(file, one.pointer, one.name + " " + rule);
      if (given != nullptr) given->push_back(one.name);
    }
    for (const std::string_view member : needs)
      if (std::none_of(named.begin(), named.end(),
                       [&](const Named& one) { return one.name == member; }))
        fault(file, "/answer", "must map " + std::string(member));
    std::vector<Named> vendor;
    named_by(document.get("answer"), "/answer", "vendor", "", vendor);
    for (const Named& one : vendor) vendor_names.push_back(one.name);
  }

  void check_whole() {
    for (const auto& [name, operation] : profile_->operations_)
      for (const std::string_view needed : operation.shape->operations_needed)
        if (profile_->operation(needed) == nullptr)
          fault(operation.file, "",
                "needs operations/" + std::string(needed) + ".json: without it " +
                    (operation.shape->writes ? "a write could not be recognised again"
                                             : "there is nothing to look up"));
    for (const OperationShape& shape : operation_shapes()) {
      const bool there = profile_->operation(shape.name) != nullptr;
      const bool declared = profile_->not_offered_.count(shape.name) != 0 ||
                            profile_->not_offered_.count(underpin::name(shape.capability)) != 0;
      if (there && declared)
        fault("profile.json", "/not_offered",
              "names " + std::string(shape.name) + ", which operations/ has");
      if (!there && !declared && !shape.may_be_absent)
        fault("profile.json", "/not_offered",
              "must say why there is no operations/" + std::string(shape.name) + ".json");
    }
  }

  const Files& files_;
  const Kind& kind_;
  std::shared_ptr<Profile> profile_ = std::make_shared<Profile>();
  Value tables_ = Value::object();
  ReturnsMode returns_as_ = ReturnsMode::return_order;
  std::vector<Fault> faults_;
};

const std::vector<DocumentShape>& Kind::document_shapes() const {
  static const std::vector<DocumentShape> none;
  return none;
}

Profile::Loaded Profile::read(const Files& files, const Kind& kind) {
  return Reader(files, kind).read();
}

namespace {

void take_files(const std::filesystem::path& folder, const std::string& prefix, FilesRead& read) {
  std::error_code failed;
  for (std::filesystem::directory_iterator at(folder, failed), end; !failed && at != end;
       at.increment(failed)) {
    std::error_code unknown;
    if (!at->is_regular_file(unknown) || at->path().extension() != ".json") continue;
    const std::string name = prefix + at->path().filename().string();
    if (name == "settings.json") continue;  // The site's: see `underpin profile try`.
    if (read.files.size() >= Profile::files_max)
      return read.faults.push_back({"", "", "must have at most 100 files of JSON"});
    if (at->file_size(unknown) > Profile::file_bytes_max) {
      read.faults.push_back({name, "", "must have at most 1048576 bytes"});
      continue;
    }
    std::ifstream file(at->path(), std::ios::binary);
    read.files[name] = std::string(std::istreambuf_iterator<char>(file), {});
    if (!file) read.faults.push_back({name, "", "cannot be read"});
  }
}

}  // namespace

FilesRead read_files(const std::filesystem::path& folder) {
  FilesRead read;
  std::error_code unknown;
  if (!std::filesystem::is_directory(folder, unknown)) {
    read.faults.push_back({"", "", folder.string() + " is no folder"});
    return read;
  }
  take_files(folder, "", read);
  take_files(folder / "operations", std::string(operations_folder), read);
  take_files(folder / "documents", std::string(documents_folder), read);
  return read;
}

Profile::Loaded Profile::load(const std::filesystem::path& folder, const Kind& kind) {
  FilesRead found = read_files(folder);
  if (!found.faults.empty()) return {nullptr, std::move(found.faults)};
  return read(found.files, kind);
}

const Operation* Profile::operation(std::string_view name) const {
  const auto found = operations_.find(name);
  return found == operations_.end() ? nullptr : &found->second;
}

std::string Profile::why_not(std::string_view operation) const {
  if (const auto said = not_offered_.find(operation); said != not_offered_.end())
    return said->second;
  if (const OperationShape* shape = shape_of(operation)) {
    const auto said = not_offered_.find(underpin::name(shape->capability));
    if (said != not_offered_.end()) return said->second;
  }
  return "it is not offered";
}

bool Profile::offers(Capability capability) const {
  return std::any_of(operations_.begin(), operations_.end(),
                     [&](const auto& one) { return one.second.shape->capability == capability; });
}

}  // namespace underpin::legacy::profile
