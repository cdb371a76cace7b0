#include "tests/conformance/site.h"
#include "tests/support/http_proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>
#include <thread>

// The example profile of docs/adapters/examples/marlow with its service: PHP's SoapServer and a
// SQLite file are the ERP, its office pages are its people.
namespace underpin {

Result<std::unique_ptr<ErpAdapter>> make_soap_profile_adapter(const AdapterSettings&);

namespace conformance {
namespace {

using test::HttpProxy;

const std::string example = UNDERPIN_SOURCE_DIR "/docs/adapters/examples/marlow";

int free_port() {
  const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  const bool bound = ::bind(probe, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
                     ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  ::close(probe);
  if (!bound) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

std::string percent_encoded(const std::string& text) {
  static const char* const digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += {'%', digits[byte / 16], digits[byte % 16]};
  }
  return encoded;
}

// `php -S` with the example's service, on books of its own; gone when this process is gone.
class Service {
 public:
  Service() : folder_("marlow"), port_(free_port()), http_(transport::ClientSettings{}) {
    int log[2];
    if (::pipe2(log, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    const std::string address = "127.0.0.1:" + std::to_string(port_);
    const std::string script = example + "/service/server.php";
    const std::string books = "MARLOW_DB=" + (folder_.path() / "marlow.db").string();
    const pid_t parent = ::getpid();
    process_ = ::fork();
    if (process_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(1);
      ::dup2(log[1], STDERR_FILENO);
      ::execlp("env", "env", books.c_str(), "php", "-S", address.c_str(), script.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(log[1]);
    std::promise<bool> started;
    auto ready = started.get_future();
    // Its log is read to the end: a full pipe would stop it.
    reader_ = std::thread([from = log[0], said = std::move(started)]() mutable {
      std::string seen;
      char buffer[4096];
      bool told = false;
      for (ssize_t got = 0; (got = ::read(from, buffer, sizeof(buffer))) > 0;) {
        if (told) continue;
        seen.append(buffer, static_cast<std::size_t>(got));
        if (seen.find("started") == std::string::npos) continue;
        told = true;
        said.set_value(true);
      }
      if (!told) said.set_value(false);
      ::close(from);
    });
    if (ready.wait_for(std::chrono::seconds(30)) != std::future_status::ready || !ready.get()) {
      stop();
      throw std::runtime_error(
          "php -S did not start: php-cli, php-soap and php-sqlite3 are needed");
    }
  }
  ~Service() { stop(); }
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  int port() const { return port_; }

  using Values = std::vector<std::pair<std::string, std::string>>;
  json::Value office(const std::string& action, const Values& values = {}) {
    std::string url = "http://127.0.0.1:" + std::to_string(port_) + "/office/" + action + "?";
    for (const auto& [name, value] : values) url += name + "=" + percent_encoded(value) + "&";
    const auto answer = http_.send({"GET", url}, call_within());
    if (!answer) throw std::runtime_error(url + ": " + answer.error().message);
    const auto said = json::parse(answer->body);
    if (answer->status != 200 || !said) throw std::runtime_error(url + ": " + answer->body);
    return *said;
  }
  int count(const std::string& of, const std::string& key) {
    return std::stoi(office("count", {{"of", of}, {"key", key}}).get("count").text());
  }

 private:
  void stop() {
    ::kill(process_, SIGTERM);
    ::waitpid(process_, nullptr, 0);
    reader_.join();
  }

  test::TemporaryFolder folder_;
  const int port_;
  transport::HttpClient http_;
  pid_t process_ = -1;
  std::thread reader_;
};

class Marlow : public Site {
 public:
  Marlow() : Site("soap_profile"), proxy_(erp_.port()) {
    use(made(make_soap_profile_adapter({"erp", settings(proxy_.port()), {}})));
  }
  std::unique_ptr<ErpAdapter> adapter_of_no_erp() override {
    return made(make_soap_profile_adapter({"erp", settings(9), {}}));
  }

  void ship(const DocumentNumber& document, bool partial) override {
    const auto shipped =
        erp_.office("ship", {{"order", document.text()}, {"partial", partial ? "true" : "false"}});
    if (shipped.get("shipped").text() == "0") throw std::runtime_error("nothing was shipped");
  }
  void invoice(const DocumentNumber& document) override {
    erp_.office("invoice", {{"order", document.text()}});
  }
  void delete_order(const DocumentNumber& document) override {
    erp_.office("state", {{"order", document.text()}, {"state", "90"}});
  }
  void change_quantity(const DocumentNumber& document, int line,
                       const std::string& quantity) override {
    erp_.office(
        "quantity",
        {{"order", document.text()}, {"line", std::to_string(line)}, {"quantity", quantity}});
  }
  void goods_issue(const Sku& sku, const LocationCode& location, const std::string& quantity,
                   const std::string& document) override {
    erp_.office("issue", {{"item", sku.text()},
                          {"whse", location.text()},
                          {"quantity", quantity},
                          {"document", document}});
  }
  void block_customer(const CustomerNumber& number, bool blocked) override {
    erp_.office("block", {{"customer", number.text()}, {"block", blocked ? "X" : "0"}});
  }
  void credit(const DocumentNumber& document) override {
    erp_.office("credit", {{"document", document.text()}});
  }

  int documents(const std::string& reference) override {
    return erp_.count("documents", reference);
  }
  bool is_open(const DocumentNumber& document) override {
    return erp_.count("open", document.text()) > 0;
  }
  bool is_released(const DocumentNumber& document) override {
    return erp_.count("released", document.text()) > 0;
  }
  int postings(const MovementId& movement) override {
    return erp_.count("postings", movement.text());
  }
  int customers(const CustomerNumber& number) override {
    return erp_.count("customers", number.text());
  }
  int returns(const std::string& reference) override { return erp_.count("returns", reference); }
  std::string applied_to(const DocumentNumber& document) override {
    return erp_.office("applied", {{"document", document.text()}}).get("invoice").text();
  }

  // By a piece of the request that carries the write out.
  std::vector<std::string> operations_of(Write write) override {
    switch (write) {
      case Write::create_order:
        return {"<m:SaveOrder>"};
      case Write::change_order:
        return {"<m:ChangeOrder>"};
      case Write::delete_order:
        return {"<m:State>90</m:State>"};
      case Write::release_order:
        return {"<m:State>20</m:State>"};
      case Write::post_journal:
        return {"<m:BookStock>"};
      case Write::create_customer:
        return {"<m:SaveCard>"};
      case Write::create_return:
        return {"<m:SaveReturn>"};
    }
    return {};
  }
  using Site::fault;
  void fault(const std::string& operation, const std::string& kind, const std::string&) override {
    using enum HttpProxy::Fault;
    const auto arm = [&](HttpProxy::Rule rule) { proxy_.arm(operation, std::move(rule)); };
    if (operation == "*") return proxy_.arm("<soap:Body>", {slow, 0, 3'000}, 2);
    if (kind == "drop") return arm({cut_before});
    if (kind == "late_commit") return arm({late, 0, 200});
    if (kind == "504_after_commit") return arm({answer_after, 504});
    if (kind == "drop_after_commit") return arm({cut_after});
    if (kind == "slow") return arm({slow, 0, 3'000});
    if (kind == "duplicate") return arm({twice});
    if (kind == "stale_key") return arm({call, 0, 0, [this] { erp_.office("touch"); }});
    arm({answer, std::stoi(kind)});
  }
  void clear_faults() override { proxy_.disarm(); }
  void await_late_commits() override { proxy_.await_late(); }

 private:
  static std::string settings(int port) {
    return R"({"profile": )" + quoted(example) + R"(, "url": "http://127.0.0.1:)" +
           std::to_string(port) + R"(/retail", "user": "shop", "password": "letmein"})";
  }

  Service erp_;
  HttpProxy proxy_;
};

}  // namespace

std::unique_ptr<Site> site_of_soap_profile() { return std::make_unique<Marlow>(); }

}  // namespace conformance
}  // namespace underpin
