#pragma once

#include "legacy-adapters/soap_profile/answer.h"
#include "legacy-adapters/soap_profile/template.h"
#include "legacy-adapters/transport/profile/profile.h"

#include <string>
#include <vector>

namespace underpin::legacy::soap_profile {

// What the calls of a profile have in common: the member "soap" of profile.json.
struct Service {
  soap::Version version = soap::Version::v1_1;
  Namespaces namespaces;
  std::string header;  // What stands in the Header of each request, as XML; empty: nothing.
  std::optional<Outcome> outcome;
  FaultShape fault;
};

struct Call {
  std::string name;  // For people.
  std::string action;
  std::string endpoint;  // A name of the settings' `endpoints`; empty: their `url`.
  Template body;
  AnswerShape answer;
  std::string into;    // The member of the first call's record that holds these records.
  bool reads = false;  // Of a write's call: changes nothing; only the last one writes.
  // A later call names a field of its one record.
  bool is_named = false;
  bool is_asked = false;           // The same, or it is a condition of one.
  std::vector<std::string> names;  // Its fields that are no lists: later calls may name them.
};

// Everything that is wrong is added to `faults`. read_calls reads what the member "soap" of an
// operation says.
Service read_service(const json::Value& head, std::vector<profile::Fault>& faults);
std::vector<Call> read_calls(const profile::Operation& operation, const Service& service,
                             std::vector<profile::Fault>& faults);

class SoapKind final : public profile::Kind {
 public:
  std::string_view name() const override { return "soap"; }
  void check_head(const json::Value& head, std::vector<profile::Fault>& faults) const override {
    (void)read_service(head, faults);
  }
  void check(const profile::Operation& operation,
             std::vector<profile::Fault>& faults) const override;
};

}  // namespace underpin::legacy::soap_profile
