#pragma once

#include "contracts/capability.h"
#include "contracts/json/json_text.h"
#include "contracts/ports/erp_adapter.h"
#include "legacy-adapters/transport/profile/error_table.h"
#include "legacy-adapters/transport/profile/fault.h"
#include "mapping/mapping.h"

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A profile is a folder of JSON files that says how one ERP's own interface carries out the
// operations of the ports. What is the same whatever the interface is (SQL, SOAP, files) is here;
// an adapter adds its kind. docs/adapters/writing-a-profile.md describes the files.
namespace underpin::legacy::profile {

// What an operation of a profile is asked and may answer: one row of a closed table.
struct OperationShape {
  std::string_view name;
  Capability capability;
  bool writes;
  // Members of the canonical request and of a canonical answer; "/lines/*/sku" is a member of each
  // item. All of a request must be mapped or said to be ignored, so that nothing is lost unseen.
  std::vector<std::string_view> request;
  std::vector<std::string_view> answer;
  std::vector<std::string_view> answer_needs;       // Members of the answer that must be mapped.
  std::vector<std::string_view> operations_needed;  // Without which it is not offered.
  bool may_be_absent = false;                       // Nobody needs to say why.
};
const std::vector<OperationShape>& operation_shapes();
const OperationShape* shape_of(std::string_view operation);

// One file of operations/.
struct Operation {
  const OperationShape* shape = nullptr;
  std::string file;                         // "operations/get_order.json"
  std::optional<mapping::Mapping> request;  // Canonical to the vendor's.
  std::optional<mapping::Mapping> answer;   // The vendor's to canonical.
  std::vector<std::string> request_names;   // What `request` gives: "no", "lines/sku".
  std::vector<std::string> answer_names;    // What `answer` reads, in the same form.
  // Members that the ERP has no place for: a request that has one is refused, and why.
  std::vector<std::pair<std::string, std::string>> refused;
  std::string first;  // Stands for a cursor at the beginning.
  json::Value own;    // The member that the kind reads: "sql".
  json::Value head;   // The member of that name in profile.json; a null when there is none.
  // The runner takes and gives canonical documents: the engine maps nothing.
  bool canonical = false;
};

// What the vendor tells unasked, where a kind has such a thing: one row of the kind's closed table.
struct DocumentShape {
  std::string_view name;
  std::vector<std::string_view> members;  // Of the canonical document; as OperationShape::answer.
  std::vector<std::string_view> needs;    // Members that must be mapped.
};

// One file of documents/.
struct Document {
  const DocumentShape* shape = nullptr;
  std::string file;  // "documents/855.json"
  std::optional<mapping::Mapping> answer;
  std::vector<std::string> answer_names;  // As Operation::answer_names.
  std::vector<std::string> members;       // Those of the shape that `answer` gives.
  json::Value own;
};

class Profile;

// What an adapter adds: the kind of interface that its profiles describe.
class Kind {
 public:
  virtual ~Kind() = default;
  virtual std::string_view name() const = 0;  // "sql": of profile.json, and the operations' member.
  // Everything that is wrong with the kind's own member of profile.json, which may be absent.
  virtual void check_head(const json::Value& head, std::vector<Fault>& faults) const {
    (void)faults;
    (void)head;
  }
  // Everything that is wrong with `operation.own`; pointers begin at the file's root.
  virtual void check(const Operation& operation, std::vector<Fault>& faults) const = 0;

  // Kinds whose vendor is not asked but tells: their runners take and give canonical documents,
  // documents/ says how those that come are read, and what was told answers the reads, which have
  // no files.
  virtual bool tells() const { return false; }
  virtual const std::vector<DocumentShape>& document_shapes() const;
  virtual void check(const Document&, std::vector<Fault>&) const {}
  virtual std::vector<std::string_view> told_by(const DocumentShape&) const { return {}; }
};

using Files = std::map<std::string, std::string>;  // By path in the folder.

struct FilesRead {
  Files files;
  std::vector<Fault> faults;  // What cannot be read, or is over the limits.
};
FilesRead read_files(const std::filesystem::path& folder);

// Read once, immutable; any thread.
class Profile {
 public:
  struct Loaded {
    std::shared_ptr<const Profile> profile;  // Null when there are faults.
    std::vector<Fault> faults;               // In the order of files.
  };
  static Loaded load(const std::filesystem::path& folder, const Kind& kind);
  static Loaded read(const Files& files, const Kind& kind);

  static constexpr std::size_t file_bytes_max = 1024 * 1024;
  static constexpr std::size_t files_max = 100;

  const std::string& name() const { return name_; }
  std::size_t reference_max() const { return reference_max_; }
  const CapabilityDescriptor& descriptor() const { return descriptor_; }
  const ErrorTable& errors() const { return errors_; }
  // nullptr: not offered; why_not says why.
  const Operation* operation(std::string_view name) const;
  std::string why_not(std::string_view operation) const;
  bool offers(Capability capability) const;
  const std::map<std::string, Operation, std::less<>>& operations() const { return operations_; }
  // The kind's own member of profile.json; a null when there is none.
  const json::Value& head() const { return head_; }
  const std::vector<Document>& documents() const { return documents_; }

 private:
  friend class Reader;
  std::string name_;
  std::size_t reference_max_ = 35;
  CapabilityDescriptor descriptor_;
  ErrorTable errors_;
  json::Value head_;
  std::map<std::string, Operation, std::less<>> operations_;
  std::vector<Document> documents_;
  std::map<std::string, std::string, std::less<>> not_offered_;  // Operation or capability: why.
};

}  // namespace underpin::legacy::profile
