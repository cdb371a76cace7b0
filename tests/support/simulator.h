#pragma once

#include "contracts/json/json_text.h"
#include "contracts/ports/erp_adapter.h"
#include "transport/http_client.h"

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

// The simulated ERPs as processes of their own. Everything here fails by throwing
// std::runtime_error: a test without its simulator must not pass.
namespace underpin::test {

// A folder of its own below the system's temporary folder, removed at the end.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::string& name);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

enum class Vendor { business_central, dynamics_nav };
std::string name(Vendor vendor);  // Also the name of its adapter.

// Settings of an adapter that reaches the simulator at `base_url` whose data and price files are
// below `folder`. `settle_ms`: how long an empty look-up proves nothing.
std::string settings_for(Vendor vendor, const std::string& base_url,
                         const std::filesystem::path& folder, int settle_ms);

// Owns one simulator process and its books; stopped at the end, gone when this process is gone.
class Simulator {
 public:
  Simulator(Vendor vendor, const std::vector<std::string>& options = {});
  // Any other one: tests/simulators/<program>/server.py. `{folder}` in an option is the folder
  // below.
  Simulator(const std::string& program, const std::vector<std::string>& options);
  ~Simulator();
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  // Of the two vendors that are named above.
  Vendor vendor() const { return *vendor_; }
  const std::string& base_url() const { return base_url_; }
  const std::filesystem::path& folder() const { return folder_.path(); }
  // Of the two vendors that are named above.
  std::string settings(int settle_ms) const {
    return settings_for(*vendor_, base_url_, folder_.path(), settle_ms);
  }

  // The control plane, which is no part of the ERP: "faults", "state?part=orders", "users/invoice".
  json::Value control(const std::string& method, const std::string& path,
                      const std::string& body = {});
  // One rule; `more` are further members: "\"count\": 3".
  void fault(const std::string& operation, const std::string& kind, const std::string& more = {});
  void clear_faults() { control("DELETE", "faults"); }
  void await_late_commits();

 private:
  void start(const std::string& program, const std::vector<std::string>& options);

  std::optional<Vendor> vendor_;
  TemporaryFolder folder_;
  pid_t process_ = -1;
  std::string base_url_;
  transport::HttpClient http_;
};

}  // namespace underpin::test
