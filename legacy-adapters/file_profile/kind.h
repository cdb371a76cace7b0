#pragma once

#include "legacy-adapters/file_profile/layout.h"
#include "legacy-adapters/transport/profile/profile.h"

#include <string>
#include <string_view>
#include <vector>

namespace underpin::legacy::file_profile {

// In a header: the file's number. The Exchange gives outbound files theirs; of inbound files, all
// kinds in one series, it says which is newer, and none is taken in twice.
inline constexpr const char* run_member = "$run";

// What the member "file" of an operation or of a document says. Everything that is wrong is added
// to `faults`.
Layout read_out(const profile::Operation& operation, std::vector<profile::Fault>& faults);
Layout read_in(const profile::Document& document, std::vector<profile::Fault>& faults);

class FileKind final : public profile::Kind {
 public:
  std::string_view name() const override { return "file"; }
  void check(const profile::Operation& operation,
             std::vector<profile::Fault>& faults) const override {
    (void)read_out(operation, faults);
  }
  bool tells() const override { return true; }
  const std::vector<profile::DocumentShape>& document_shapes() const override;
  void check(const profile::Document& document,
             std::vector<profile::Fault>& faults) const override {
    (void)read_in(document, faults);
  }
  std::vector<std::string_view> told_by(const profile::DocumentShape& shape) const override;
};

// A profile with what holds for its files together: names that tell them apart.
profile::Profile::Loaded load(const std::string& folder);
profile::Profile::Loaded checked(profile::Profile::Loaded loaded);

}  // namespace underpin::legacy::file_profile
