#pragma once

#include "contracts/call_context.h"
#include "contracts/json/json_text.h"
#include "contracts/ports/erp_adapter.h"
#include "contracts/result.h"
#include "legacy-adapters/sap_ecc/messages.h"
#include "legacy-adapters/sap_ecc/settings.h"
#include "legacy-adapters/transport/soap/soap.h"

#include <string>
#include <string_view>
#include <vector>

// Function modules over SOAP as records: a parameter is a text, a structure an object of texts, a
// table an array of such objects, each by its name in the function's interface.
namespace underpin::legacy::sap_ecc {

using Record = json::Value;

inline constexpr std::string_view availability_check = "BAPI_MATERIAL_AVAILABILITY";

// The envelope that calls `function`. Throws Failure: a text that XML cannot carry.
std::string write_call(std::string_view function, const Record& request);
// What an envelope says that `function` answered. internal, with the reason, when it is none.
Result<Record> read_answer(std::string_view function, std::string_view envelope);

// Thread rule: all methods may be called from many threads at once. A message of type E or A in
// RETURN is an error by mapping/messages.json, also with HTTP 200.
class Functions {
 public:
  Functions(const SoapSettings& settings, std::string system, MessageTable messages);

  // A function that changes nothing.
  Result<Record> read(std::string_view function, const Record& request,
                      const CallContext& context) const;
  Status ping(const CallContext& context) const;
  // Each function that the adapter calls, with its parameters, as the site's system has it;
  // `availability`: the availability check, too.
  std::vector<Finding> examine(bool availability, const CallContext& context) const;

  const std::string& system() const { return system_; }

 private:
  friend class WorkUnit;
  enum class Keep { nothing, session, end };
  Result<Record> call(std::string_view function, const Record& request, bool read_only,
                      soap::Session* session, Keep keep, const CallContext& context) const;

  SoapSettings settings_;
  std::string system_;
  MessageTable messages_;
  mutable soap::Client client_;
};

// A logical unit of work in a session of its own: what its functions write is nothing until
// commit(), and nothing of it stays when it is not reached. One thread. Methods throw Failure.
class WorkUnit {
 public:
  WorkUnit(const Functions& functions, const CallContext& context)
      : functions_(functions), context_(context) {}
  // Gives back the session and its locks if that can be done before the deadline.
  ~WorkUnit();
  WorkUnit(const WorkUnit&) = delete;
  WorkUnit& operator=(const WorkUnit&) = delete;

  // What fails here has left nothing behind: never outcome_unknown.
  Record call(std::string_view function, const Record& request);
  // Waits for the update. outcome_unknown: it may have been carried out. After it the session is
  // rolled back, so that a commit that SAP has not begun finds nothing any more.
  void commit();

 private:
  void roll_back();

  const Functions& functions_;
  const CallContext& context_;
  soap::Session session_;
  bool begun_ = false;
};

// The text of a member, "" when it is absent.
inline const std::string& text_of(const Record& record, std::string_view member) {
  return record.get(member).text();
}

}  // namespace underpin::legacy::sap_ecc
