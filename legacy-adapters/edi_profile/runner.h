#pragma once

#include "legacy-adapters/edi_profile/inbound.h"
#include "legacy-adapters/transport/file_drop/durable.h"
#include "legacy-adapters/transport/file_drop/outbox.h"
#include "legacy-adapters/transport/profile/engine.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace underpin::legacy::edi_profile {

// Carries the operations of a profile out with a trading partner. A read is answered from what the
// partner told. A write is an interchange in the outbound folder; the partner's document answers
// it, until then a new order is pending, and the outcome of anything else is unknown. Any thread.
class Runner final : public profile::Runner {
 public:
  Runner(std::shared_ptr<const profile::Profile> profile, Settings settings, std::string system,
         const std::string& state_folder, std::function<Timestamp()> now);

  Result<std::vector<json::Value>> run(const profile::Operation& operation,
                                       const json::Value& request, const CallContext& context,
                                       profile::Exchange* told) override;
  Status ping(const CallContext& context) override;
  std::vector<Finding> examine(const CallContext& context) override;
  std::vector<AdapterTask> tasks() override;
  std::vector<Alarm> alarms() override;

 private:
  using Records = std::vector<json::Value>;

  Records read(std::string_view name, const json::Value& request);
  Records orders_named(const json::Value& request);
  Records write(const profile::Operation& operation, const json::Value& request,
                const CallContext& context, profile::Exchange* told);
  struct Kept {
    std::int64_t seq = 0;
    std::int64_t control = 0;  // 0: it was sent before, and is waited for again.
    std::string text;
  };
  Kept keep(StateDatabase& database, const profile::Operation& operation,
            const json::Value& request);
  std::optional<Kept> kept_before(StateDatabase& database, const Request& wanted);
  Request await(std::int64_t seq, const CallContext& context);
  std::string interchange(const SetOut& out, const json::Value& record, std::int64_t control) const;
  std::string edifact(const SetOut& out, const json::Value& record, std::int64_t control) const;
  Status send();
  bool withdraw(const Kept& kept);
  Status reachable();
  Status hold();
  void put_back() const;
  void check_doubt(StateDatabase& database) const;
  void check_absent();
  std::optional<Timestamp> doubt_until(StateDatabase& database) const;
  Status mark(std::int64_t control);

  const std::shared_ptr<const profile::Profile> profile_;
  const Settings settings_;
  const std::string inbound_state_;
  const std::function<Timestamp()> now_;
  std::map<std::string, SetOut, std::less<>> sets_;  // By operation.
  State state_;
  Inbound inbound_;
  std::mutex sending_;
  file_drop::Outbox outbox_;
  std::mutex holding_;
  std::optional<file_drop::Descriptor> held_;  // The exchange is this process's alone.
  std::int64_t marked_ = 0;                    // The highest number that was ever sent here.
};

}  // namespace underpin::legacy::edi_profile
