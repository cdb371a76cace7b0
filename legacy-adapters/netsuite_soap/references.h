#pragma once

#include "legacy-adapters/netsuite_soap/suite.h"

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace underpin::legacy::netsuite_soap {

// NetSuite's records name each other by internal ids, which tell nothing: what the channels' codes
// are there. An id that was seen is kept for a while: records keep theirs, but a name may be given
// to another. What was not found is asked for again. Everything throws Failure; nothing means that
// NetSuite has no such record. Thread rule: any number of threads.
class References {
 public:
  explicit References(Suite& suite) : suite_(suite) {}

  std::optional<std::string> item(const std::string& sku, const CallContext& context);
  std::optional<std::string> customer(const std::string& number, const CallContext& context);
  std::optional<std::string> location(const std::string& code, const CallContext& context);
  std::optional<std::string> price_level(const std::string& name, const CallContext& context);
  std::optional<std::string> currency(const std::string& code, const CallContext& context);
  std::optional<std::string> currency_code(const std::string& id, const CallContext& context);
  std::vector<std::string> locations(const CallContext& context);  // Codes.

  // Writes `record`. When NetSuite knows no such id as one in it, which may be of a record that was
  // made anew since, all are asked for again, and what `make` makes of them is written if it
  // differs.
  void write(std::string_view operation, const std::string& record,
             const std::function<std::string()>& make, const CallContext& context);

 private:
  enum class Kind { item, customer, location, price_level, currency };
  using Names = std::map<std::string, std::string>;  // Name to id.

  Names& young(Kind kind);  // Without what is too old. Under mutex_.
  void keep_all(Kind kind, Names names);
  void forget();
  std::optional<std::string> known(Kind kind, const std::string& name);
  void keep(Kind kind, const std::string& name, const std::string& id);
  std::optional<std::string> look_up(Kind kind, const std::string& name, const std::string& search,
                                     std::string_view name_element, const CallContext& context);
  std::optional<std::string> of_list(Kind kind, const std::string& name,
                                     const CallContext& context);
  Names read_list(Kind kind, const CallContext& context);

  Suite& suite_;
  std::mutex mutex_;
  std::map<Kind, Names> ids_;
  std::map<Kind, std::chrono::steady_clock::time_point> since_;  // Of the oldest of each kind.
};

}  // namespace underpin::legacy::netsuite_soap
