#include "tests/crash/world.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>

namespace underpin::crash {

namespace {

using test::Simulator;
using test::Vendor;

// Late commits come well before an empty look-up proves anything; so they must, or the window of
// docs/safety.md would be tested instead.
constexpr int late_ms = 250;
constexpr int settle_ms = 1'500;

const std::vector<const char*>& writes_of(Vendor vendor) {
  static const std::vector<const char*> cloud{"salesOrders.POST",      "salesOrders.DELETE",
                                              "salesOrderLines.PATCH", "itemJournalPostings.POST",
                                              "customers.POST",        "salesOrderReleases.POST"};
  static const std::vector<const char*> legacy{"SalesOrder.Create",           "SalesOrder.Update",
                                               "SalesOrder.Delete",           "Customer.Create",
                                               "ItemJournal.PostItemJournal", "SalesRelease.*"};
  return vendor == Vendor::business_central ? cloud : legacy;
}

Decimal decimal(const json::Value& value) {
  const auto read = value.as_any_decimal();
  if (!read) throw std::runtime_error("no decimal: " + value.text());
  return *read;
}

int whole(const json::Value& value) {
  const auto read = value.as_int();
  return read ? static_cast<int>(*read) : std::stoi(value.text());
}

Books books_of_business_central(Simulator& erp) {
  Books books;
  const json::Value state = erp.control("GET", "state");
  std::map<std::string, std::map<int, Decimal>> lines;
  for (const json::Value& line : state.get("salesOrderLines").items())
    lines[line.get("documentId").text()][whole(line.get("sequence")) / 10'000] =
        decimal(line.get("quantity"));
  for (const json::Value& order : state.get("salesOrders").items()) {
    books.orders[order.get("externalDocumentNumber").text()].push_back(
        {true, order.get("status").text() == "Open", lines[order.get("id").text()]});
  }
  for (const json::Value& order : state.get("orderArchive").items())
    books.orders[order.get("externalDocumentNumber").text()].push_back({});
  for (const json::Value& entry : state.get("itemLedgerEntries").items())
    ++books.movements[entry.get("documentNumber").text()];
  for (const json::Value& customer : state.get("customers").items())
    books.customers[customer.get("number").text()].push_back(customer.get("displayName").text());
  return books;
}

Books books_of_dynamics_nav(Simulator& erp) {
  Books books;
  const json::Value state = erp.control("GET", "state");
  for (const json::Value& order : state.get("orders").items()) {
    BookedOrder booked{true, order.get("status").text() == "Released", {}};
    for (const json::Value& line : order.get("lines").items())
      booked.lines[whole(line.get("line_no")) / 10'000] = decimal(line.get("quantity"));
    books.orders[order.get("external_document_no").text()].push_back(std::move(booked));
  }
  for (const json::Value& order : state.get("archived").items())
    books.orders[order.get("external_document_no").text()].push_back({});
  const json::Value ledger = erp.control("GET", "state?part=ledger_entries");
  for (const json::Value& entry : ledger.get("ledger_entries").items())
    ++books.movements[entry.get("document").text()];
  for (const json::Value& customer : state.get("customers").items())
    books.customers[customer.get("number").text()].push_back(customer.get("name").text());
  return books;
}

}  // namespace

World::World(Vendor legacy, Vendor cloud, std::uint64_t seed) : seed_(seed), folder_("crash") {
  // Dozens of lives in two minutes ask more than one user may in five.
  const std::vector<std::string> options{"--requests", "0"};
  legacy_ = std::make_unique<Simulator>(legacy, options);
  cloud_ = std::make_unique<Simulator>(cloud, options);
  counts_ = &map_step_counts((folder_.path() / "steps").string());
}

ChildEnd World::run(const std::string& mode, const std::vector<std::string>& values,
                    int kill_after_ms) {
  std::vector<std::string> words{UNDERPIN_CRASH_CHILD, mode, folder_.path().string(),
                                 "seed=" + std::to_string(seed_)};
  for (const auto& [side, erp] : {std::pair{std::string("legacy"), legacy_.get()},
                                  std::pair{std::string("cloud"), cloud_.get()}}) {
    words.push_back(side + "_adapter=" + name(erp->vendor()));
    words.push_back(side + "_settings=" + erp->settings(settle_ms));
  }
  words.insert(words.end(), values.begin(), values.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  std::array<int, 2> output{};
  if (::pipe2(output.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    ::dup2(output[1], STDOUT_FILENO);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  ::close(output[1]);
  ChildEnd end;
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(kill_after_ms);
  // The pipe closes when the child is gone, however it went.
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    if (left.count() <= 0 && !end.stopped) {
      ::kill(child, SIGKILL);
      end.stopped = true;
    }
    pollfd ready{output[0], POLLIN, 0};
    if (::poll(&ready, 1, end.stopped ? 1'000 : static_cast<int>(left.count()) + 1) <= 0) continue;
    std::array<char, 4096> buffer{};
    const ssize_t count = ::read(output[0], buffer.data(), buffer.size());
    if (count <= 0) break;
    end.output.append(buffer.data(), static_cast<std::size_t>(count));
  }
  ::close(output[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  end.killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && !end.stopped;
  if (WIFEXITED(status)) end.exit_code = WEXITSTATUS(status);
  return end;
}

void World::faults_on() {
  for (Simulator* erp : {legacy_.get(), cloud_.get()}) {
    erp->clear_faults();
    for (const char* operation : writes_of(erp->vendor())) {
      erp->fault(operation, "504_after_commit", "\"probability\": 0.06");
      erp->fault(operation, "drop_after_commit", "\"probability\": 0.06");
      erp->fault(operation, "late_commit",
                 "\"probability\": 0.06, \"delay_ms\": " + std::to_string(late_ms));
      erp->fault(operation, "drop", "\"probability\": 0.03");
    }
  }
}

void World::faults_off() {
  for (Simulator* erp : {legacy_.get(), cloud_.get()}) {
    erp->clear_faults();
    erp->await_late_commits();
  }
}

Books World::books(Side side) {
  Simulator& erp = side == Side::legacy ? *legacy_ : *cloud_;
  erp.await_late_commits();
  return erp.vendor() == Vendor::business_central ? books_of_business_central(erp)
                                                  : books_of_dynamics_nav(erp);
}

Memory World::memory() const { return read_memory((folder_.path() / "channel.log").string()); }

std::int64_t World::passed(facade::Step step) const {
  return counts_->passed[static_cast<std::size_t>(step)].load();
}

}  // namespace underpin::crash
