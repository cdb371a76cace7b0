#pragma once

#include "legacy-adapters/edi_profile/layout.h"
#include "legacy-adapters/transport/profile/profile.h"

#include <string>
#include <vector>

namespace underpin::legacy::edi_profile {

// What the member "edi" of an operation says: the set that carries it out.
struct SetOut {
  std::string set;  // "850", or the message "ORDERS"
  bool edifact = false;
  std::string release = "96A";  // Of a message of directory D.
  std::string association;      // 0057
  std::string group;            // "PO"
  std::string implementation;   // ST03; empty: none.
  // Nothing but the functional acknowledgement answers it.
  bool acknowledged_only = false;
  Layout layout;
};
// Of a document: the set that tells it.
struct SetIn {
  std::string set;
  bool edifact = false;
  Layout layout;
};

SetOut read_out(const profile::Operation& operation, std::vector<profile::Fault>& faults);
SetIn read_in(const profile::Document& document, std::vector<profile::Fault>& faults);

// What of the profile is of the other syntax, or reads what another document of it reads.
std::vector<profile::Fault> of_other_syntax(const profile::Profile& profile, bool edifact);
// Whether the first that the profile describes is a message of EDIFACT.
bool is_edifact(const profile::Profile& profile);

class EdiKind final : public profile::Kind {
 public:
  std::string_view name() const override { return "edi"; }
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

}  // namespace underpin::legacy::edi_profile
