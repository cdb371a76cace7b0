#pragma once

#include "contracts/json/object_reader.h"
#include "legacy-adapters/transport/file_drop/durable.h"
#include "legacy-adapters/transport/file_drop/outbox.h"
#include "legacy-adapters/transport/file_drop/quarantine.h"
#include "legacy-adapters/transport/profile/engine.h"
#include "legacy-adapters/transport/told/inbound.h"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace underpin::legacy::told {

// What the settings of every such adapter say.
struct ExchangeSettings {
  std::string profile;  // The folder.
  std::string outbound_folder;
  std::string outbound_done_suffix;
  std::string inbound_folder;
  bool inbound_needs_done = false;
  int inbound_stable_ms = 2'000;
  bool hold_bad_files = false;
  std::string zone = "UTC";  // In whose calendar the days of prices are meant.
  int answer_wait_ms = 0;
  int answer_expected_minutes = 24 * 60;
  int poll_every_ms = 1'000;
  std::int64_t first_control = 1;
  std::string state_folder;  // Where nobody else names one: `underpin profile try`.
};

// Throws nothing: what is wrong is the reader's to tell.
void read_exchange(json::ObjectReader& reader, ExchangeSettings& settings);

// How writes are written.
class Wire {
 public:
  virtual ~Wire() = default;
  virtual std::string_view form() const = 0;  // "x12", for people.
  struct Out {
    std::string set;
    // Nothing but the acknowledgement of its file answers it.
    bool acknowledged_only = false;
  };
  virtual Out out(std::string_view operation) const = 0;
  // A name for each control number.
  virtual std::string name_of(std::string_view operation, std::int64_t control) const = 0;
  // Throws profile::Failure, rejected: a value does not fit. The record has change_member and
  // today_member.
  virtual std::string content_of(std::string_view operation, const json::Value& record,
                                 std::int64_t control, Timestamp now) const = 0;
};

// Members of an outbound record that are there without a mapping: the number of the write, which
// the ERP may give back as /change, and today's date.
inline constexpr const char* change_member = "$change";
inline constexpr const char* today_member = "$today";

// Carries the operations of a profile out with an ERP that tells. A read is answered from what it
// told. A write is a file in the outbound folder; a document answers it, until then a new order is
// pending, and the outcome of anything else is unknown. Any thread.
class Runner : public profile::Runner, public PutAsideFiles {
 public:
  using MakeInbound =
      std::function<std::unique_ptr<Inbound>(State&, State& prices, const std::string& folder)>;
  // `database`: the file of its state in `state_folder`; `prices`: that of its prices, empty where
  // they are a part of the state.
  Runner(std::shared_ptr<const profile::Profile> profile, ExchangeSettings settings,
         const std::string& system, const std::string& state_folder, const std::string& database,
         const std::string& prices, std::function<Timestamp()> now, std::unique_ptr<Wire> wire,
         const MakeInbound& make_inbound);

  Result<std::vector<json::Value>> run(const profile::Operation& operation,
                                       const json::Value& request, const CallContext& context,
                                       profile::Exchange* told) override;
  Status ping(const CallContext& context) override;
  std::vector<Finding> examine(const CallContext& context) override;
  std::vector<AdapterTask> tasks() override;
  std::vector<Alarm> alarms() override;
  PutAsideFiles* files() override { return this; }
  std::vector<std::string> put_aside() override { return quarantine_.names(); }
  Result<PutAside> put_aside(const std::string& name) override { return quarantine_.tell(name); }

 private:
  using Records = std::vector<json::Value>;

  Records read(std::string_view name, const json::Value& request);
  Records orders_named(const json::Value& request);
  Records write(const profile::Operation& operation, const json::Value& request,
                const CallContext& context, profile::Exchange* told);
  struct Kept {
    std::int64_t seq = 0;
    std::int64_t control = 0;  // 0: it was sent before, and is waited for again.
    std::string name;          // Of its file.
    std::string text;
  };
  Kept keep(StateDatabase& database, const profile::Operation& operation,
            const json::Value& request);
  std::optional<Kept> kept_before(StateDatabase& database, const Request& wanted);
  void check_kept(StateDatabase& database, const json::Value& request) const;
  Request await(std::int64_t seq, const CallContext& context);
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
  const ExchangeSettings settings_;
  const std::string database_;  // Its name, for people.
  const std::string inbound_state_;
  const std::function<Timestamp()> now_;
  const std::unique_ptr<Wire> wire_;
  State state_;
  std::unique_ptr<State> own_prices_;  // Apart, so that a long price file keeps no write waiting.
  State& prices_;
  const std::unique_ptr<Inbound> inbound_;
  const file_drop::Quarantine quarantine_{
      settings_.inbound_folder, [this](std::string_view file) { return inbound_->about(file); }};
  std::mutex sending_;
  file_drop::Outbox outbox_;
  std::mutex holding_;
  std::optional<file_drop::Descriptor> held_;  // The exchange is this process's alone.
  std::int64_t marked_ = 0;                    // The highest number that was ever sent here.
};

}  // namespace underpin::legacy::told
