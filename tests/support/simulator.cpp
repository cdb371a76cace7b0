#include "tests/support/simulator.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <stdexcept>
#include <thread>

namespace underpin::test {

namespace {

std::filesystem::path made_folder(const std::string& name) {
  std::string pattern =
      (std::filesystem::temp_directory_path() / ("underpin-" + name + "-XXXXXX")).string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error("no temporary folder can be made: " + pattern);
  return pattern;
}

CallContext call_within_seconds(int seconds) {
  CallContext context;
  context.correlation_id = CorrelationId{"test"};
  context.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  return context;
}

}  // namespace

TemporaryFolder::TemporaryFolder(const std::string& name) : path_(made_folder(name)) {}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string name(Vendor vendor) {
  return vendor == Vendor::business_central ? "business_central" : "dynamics_nav";
}

// Which accounts of the simulated companies are what.
constexpr const char* nav_chart =
    R"({"accounts": [{"from": "8300", "to": "8599", "class": "revenue"},)"
    R"( {"from": "8735", "class": "discount"}, {"from": "1770", "to": "1779", "class": "tax"},)"
    R"( {"from": "1400", "class": "receivable"}, {"from": "3980", "class": "inventory"},)"
    R"( {"from": "4000", "class": "cogs"}, {"from": "1605", "class": "liability"}]})";
constexpr const char* bc_chart =
    R"({"accounts": [{"from": "8300", "to": "8599", "class": "revenue"},)"
    R"( {"from": "3800", "to": "3809", "class": "tax"}, {"from": "1210", "class": "receivable"},)"
    R"( {"from": "1140", "class": "inventory"}, {"from": "5000", "class": "cogs"},)"
    R"( {"from": "3272", "class": "liability"}]})";

std::string settings_for(Vendor vendor, const std::string& base_url,
                         const std::filesystem::path& folder, int settle_ms) {
  const std::string settle = std::to_string(settle_ms);
  if (vendor == Vendor::business_central) {
    return R"({"base_url": ")" + base_url + R"(", "company": "Contoso Retail DE", "settle_ms": )" +
           settle + R"(, "posting": )" + bc_chart +
           R"(, "return_reasons": [{"canonical": "DAMAGED", "vendor": "DAMAGED"},)" +
           R"( {"canonical": "WRONG_ITEM", "vendor": "WRONG"},)" +
           R"( {"canonical": "UNWANTED", "vendor": "NOTWANTED"}])" +
           R"(, "change_overlap_ms": 100, "auth": {"kind": "basic", "user": "underpin",)" +
           R"( "password": "bc-demo-web-service-key"}})";
  }
  return R"({"soap": {"url": ")" + base_url +
         R"(", "company": "CRONUS", "user": "nav-user", "password": "nav-password"},)" +
         R"( "odbc": {"connection_string": "Driver=SQLite3;Database=)" +
         (folder / "data" / "nav.db").string() +
         R"(", "value_entries": true}, "prices": {"folder": ")" + (folder / "prices").string() +
         R"(", "stable_ms": 50}, "posting": )" + nav_chart +
         R"(, "return_reasons": [{"reason": "DAMAGED", "code": "DEFEKT"},)" +
         R"( {"reason": "WRONG_ITEM", "code": "FALSCH"}, {"reason": "UNWANTED", "code": "NICHTGEF"}])" +
         R"(, "settle_ms": )" + settle + "}";
}

Simulator::Simulator(Vendor vendor, const std::vector<std::string>& options)
    : vendor_(vendor), folder_(name(vendor)), http_(transport::ClientSettings{}) {
  const std::filesystem::path prices = folder_.path() / "prices";
  std::filesystem::create_directories(prices);
  const bool cloud = vendor == Vendor::business_central;
  std::vector<std::string> all;
  if (!cloud) all = {"--price-folder", prices.string()};
  all.insert(all.end(), options.begin(), options.end());
  start(cloud ? "bc" : "nav", all);
}

Simulator::Simulator(const std::string& program, const std::vector<std::string>& options)
    : folder_(program), http_(transport::ClientSettings{}) {
  std::vector<std::string> all = options;
  for (std::string& option : all) {
    const std::size_t at = option.find("{folder}");
    if (at != std::string::npos) option.replace(at, 8, folder_.path().string());
  }
  start(program, all);
}

void Simulator::start(const std::string& program, const std::vector<std::string>& options) {
  std::vector<std::string> words{
      UNDERPIN_PYTHON, UNDERPIN_SOURCE_DIR "/tests/simulators/" + program + "/server.py",
      "--port",        "0",
      "--data",        (folder_.path() / "data").string()};
  words.insert(words.end(), options.begin(), options.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  std::array<int, 2> output{};
  if (::pipe2(output.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  const pid_t parent = ::getpid();
  process_ = ::fork();
  if (process_ == 0) {
    // A test that is killed takes its simulators along.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    ::dup2(output[1], STDOUT_FILENO);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  ::close(output[1]);
  std::string line;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (line.find('\n') == std::string::npos && std::chrono::steady_clock::now() < until) {
    pollfd ready{output[0], POLLIN, 0};
    if (::poll(&ready, 1, 500) <= 0) continue;
    std::array<char, 256> buffer{};
    const ssize_t count = ::read(output[0], buffer.data(), buffer.size());
    if (count <= 0) break;
    line.append(buffer.data(), static_cast<std::size_t>(count));
  }
  ::close(output[0]);
  if (line.rfind("ready port=", 0) != 0)
    throw std::runtime_error("the simulator " + program + " did not start: " + line);
  base_url_ = "http://127.0.0.1:" + std::to_string(std::stoi(line.substr(11)));
}

Simulator::~Simulator() {
  if (process_ <= 0) return;
  ::kill(process_, SIGTERM);
  ::waitpid(process_, nullptr, 0);
}

json::Value Simulator::control(const std::string& method, const std::string& path,
                               const std::string& body) {
  const auto answer = http_.send(
      {method, base_url_ + "/_sim/" + path, {{"Content-Type", "application/json"}}, body},
      call_within_seconds(30));
  if (!answer) throw std::runtime_error(path + ": " + answer.error().message);
  if (answer->status >= 300) throw std::runtime_error(path + ": " + answer->body);
  const auto value =
      json::parse(answer->body.empty() ? "null" : answer->body, {64u * 1024 * 1024, 64, 5'000'000});
  if (!value) throw std::runtime_error(path + ": " + value.error().message);
  return *value;
}

void Simulator::fault(const std::string& operation, const std::string& kind,
                      const std::string& more) {
  control("POST", "faults",
          R"({"operation": ")" + operation + R"(", "kind": ")" + kind + "\"" +
              (more.empty() ? "" : ", " + more) + "}");
}

void Simulator::await_late_commits() {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (control("GET", "faults").get("late_commits_pending").text() != "0") {
    if (std::chrono::steady_clock::now() > until)
      throw std::runtime_error("a late commit never came");
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace underpin::test
