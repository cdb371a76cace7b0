#pragma once

#include "legacy-adapters/soap_profile/calls.h"
#include "legacy-adapters/transport/profile/engine.h"
#include "legacy-adapters/transport/soap/soap.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace underpin::legacy::soap_profile {

struct Settings {
  std::string profile;  // The folder.
  std::string url;
  std::map<std::string, std::string> endpoints;  // By the names that the profile uses.
  std::string wsdl;                              // Read to see whether the service is there.
  soap::Settings soap;
};

// invalid_request, with pointers into the settings.
Result<Settings> read_settings(std::string_view json, const std::string& system);

// Makes the calls of a profile's operations. Of a write, the service's own refusal means that
// nothing was written only when a rule of the profile's error table says what it means; every other
// one, and every answer that cannot be read, leaves the outcome unknown. Any thread.
class Runner final : public profile::Runner {
 public:
  // Throws std::runtime_error when a certificate file cannot be used.
  Runner(std::shared_ptr<const profile::Profile> profile, Settings settings);

  // Endpoints that the profile names and the settings lack.
  std::vector<std::string> missing_endpoints() const;

  Result<std::vector<json::Value>> run(const profile::Operation& operation,
                                       const json::Value& parameters, const CallContext& context,
                                       profile::Exchange* told) override;
  bool judges() const override { return true; }
  Status ping(const CallContext& context) override;
  std::vector<Finding> examine(const CallContext& context) override;

 private:
  using Rows = std::vector<json::Value>;
  struct Asked {
    const CallContext& context;
    profile::Exchange* told;
  };

  Result<Rows> read(const std::vector<Call>& calls, const json::Value& parameters,
                    const Asked& asked);
  Result<Rows> write(const std::vector<Call>& calls, const json::Value& parameters,
                     const Asked& asked);
  Result<Rows> call(const Call& call, const json::Value& values, bool writes, const Asked& asked);
  Result<Rows> answered(const Call& call, const soap::Answer& answer, bool writes) const;
  Error refusal(Error error, bool writes) const;

  const std::shared_ptr<const profile::Profile> profile_;
  const Settings settings_;
  Service service_;
  std::map<std::string, std::vector<Call>, std::less<>> calls_;  // By operation.
  soap::Client client_;
};

}  // namespace underpin::legacy::soap_profile
