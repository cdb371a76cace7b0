#include "legacy-adapters/dynamics_nav/soap_wire.h"

#include "legacy-adapters/transport/soap/soap.h"

namespace underpin::legacy::dynamics_nav {
namespace {

class SoapWire final : public Wire {
 public:
  explicit SoapWire(soap::Settings settings) : client_(std::move(settings)) {}

  Result<Reply> exchange(const Exchange& exchange, const CallContext& context) override {
    Result<soap::Answer> answer = client_.exchange(
        {exchange.url, exchange.action, exchange.envelope, exchange.read_only}, context);
    if (!answer) return answer.error();
    Reply reply{answer->envelope, std::nullopt};
    if (answer->body.fault)
      reply.fault = Fault{answer->body.fault->code, answer->body.fault->text.empty()
                                                        ? answer->body.fault->detail
                                                        : answer->body.fault->text};
    return reply;
  }

  Result<std::string> get(const std::string& url, const CallContext& context) override {
    return client_.get(url, context);
  }

 private:
  soap::Client client_;
};

}  // namespace

std::shared_ptr<Wire> make_soap_wire(const SoapSettings& settings, const std::string& system) {
  soap::Settings wire;
  wire.system = system;
  wire.user = settings.user;
  wire.password = settings.password;
  wire.timeout = std::chrono::milliseconds(settings.timeout_ms);
  wire.limits.bytes = static_cast<std::size_t>(settings.response_limit_bytes);
  wire.http.ca_file = settings.ca_file;
  wire.http.verify = settings.verify_tls;
  wire.http.connect_timeout_ms = settings.connect_timeout_ms;
  wire.http.pool_size = static_cast<std::size_t>(settings.pool_size);
  return std::make_shared<SoapWire>(std::move(wire));
}

}  // namespace underpin::legacy::dynamics_nav
