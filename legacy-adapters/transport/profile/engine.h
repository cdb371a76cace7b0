#pragma once

#include "contracts/call_context.h"
#include "contracts/ports/erp_adapter.h"
#include "contracts/ports/put_aside.h"
#include "legacy-adapters/transport/profile/profile.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace underpin::legacy::profile {

// What was said to the vendor and what it said, for people: `underpin profile try` shows it. No
// credential is in it.
struct Exchange {
  json::Value sent = json::Value::array();
  json::Value received = json::Value::array();
};

// Carries an operation out over one kind of interface. Methods may be called from many threads at
// once; they return an Error rather than throw, and give up by context.deadline.
class Runner {
 public:
  virtual ~Runner() = default;
  // `parameters` is what the request's mapping gave. Gives the vendor's records, for the answer's
  // mapping; both are canonical where Operation::canonical says so. Of a write an error other than
  // outcome_unknown says that nothing was written.
  virtual Result<std::vector<json::Value>> run(const Operation& operation,
                                               const json::Value& parameters,
                                               const CallContext& context, Exchange* told) = 0;
  // Its errors have been judged by the profile's table already.
  virtual bool judges() const { return false; }
  virtual Status ping(const CallContext& context) = 0;
  // Whether the live system has what the operations name.
  virtual std::vector<Finding> examine(const CallContext& context) = 0;
  virtual std::vector<AdapterTask> tasks() { return {}; }
  virtual std::vector<Alarm> alarms() { return {}; }
  // Nothing: it takes in no files.
  virtual PutAsideFiles* files() { return nullptr; }
};

// One operation as it went.
struct Step {
  std::string operation;
  json::Value request;  // Canonical.
  Exchange exchange;
  json::Value answers = json::Value::array();  // Canonical.
  std::optional<Error> error;
};
using Recorder = std::function<void(const Step&)>;

// Canonical documents in and out of a profile's operations. Any thread.
class Engine {
 public:
  // `record` is told of every operation, on the thread that ran it; empty: nobody is.
  Engine(std::shared_ptr<const Profile> profile, std::shared_ptr<Runner> runner, std::string system,
         Recorder record = {});

  const Profile& profile() const { return *profile_; }
  const std::string& system() const { return system_; }
  Runner& runner() const { return *runner_; }
  bool has(std::string_view operation) const { return profile_->operation(operation) != nullptr; }

  // Throws Failure, unsupported with the profile's reason, when there is no such operation: for
  // what is looked up before it is asked.
  const Operation& must_offer(std::string_view operation) const;

  // Throws Failure: unsupported (with the profile's reason) for what is not offered, what the
  // mapping refuses, and the vendor's errors as the profile's table judges them.
  std::vector<json::Value> ask(std::string_view operation, const json::Value& request,
                               const CallContext& context) const;

  // Throws Failure, unsupported, when the request has a member that the operation has no place for.
  // ask() does so too; this is for what is compared and then perhaps not asked.
  static void must_have_place(const Operation& operation, const json::Value& request);

  // A list's page: from `cursor` on, at most the profile's page_max.
  struct Part {
    std::vector<json::Value> records;  // Without their cursors.
    Cursor next;                       // Of the last record; `cursor` when there is none.
    bool full = false;                 // There may be more.
  };
  Part page(std::string_view operation, json::Value request, const Cursor& cursor, int limit,
            const CallContext& context) const;

 private:
  std::vector<json::Value> asked(const Operation& operation, Step& step,
                                 const CallContext& context) const;

  std::shared_ptr<const Profile> profile_;
  std::shared_ptr<Runner> runner_;
  std::string system_;
  Recorder record_;
};

}  // namespace underpin::legacy::profile
