#include "facade/cli/compose.h"
#include "facade/cli/ops_call.h"
#include "facade/clock.h"
#include "facade/host_name.h"
#include "facade/recovery.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace underpin::facade::cli {
namespace {

using json::Value;

// The store of one wave; an error names those that there are.
Result<journal::StoreSettings> store_of(const Config& config, const std::string& wave,
                                        std::string& name) {
  std::string names;
  for (const WaveConfig& one : config.waves) {
    names += (names.empty() ? "" : ", ") + one.name;
    if (wave != one.name && !(wave.empty() && config.waves.size() == 1)) continue;
    name = one.name;
    if (one.facade.postgres) return journal::StoreSettings(*one.facade.postgres);
    journal::JournalSettings settings = one.facade.journal;
    if (settings.file.empty()) settings.file = one.facade.state_folder + "/journal.db";
    return journal::StoreSettings(std::move(settings));
  }
  return Error{ErrorCode::invalid_request,
               (wave.empty() ? std::string("--wave is needed") : "there is no wave " + wave) +
                   ": the configuration has " + names};
}

// Whoever acts outside of the API has no key; the account and the machine say who it was.
std::string operator_name() {
  const char* user = std::getenv("USER");
  return std::string(user == nullptr ? std::to_string(::getuid()) : std::string(user)) + "@" +
         host_name();
}

int refused(const Error& error) {
  std::fprintf(stderr, "underpin: %s\n", error.message.c_str());
  return error.code == ErrorCode::invalid_request ? 2 : 1;
}

void print_backup(const journal::BackupInfo& info, const std::string& file) {
  std::printf("%s: %lld rows as of %s, epoch %lld\n", file.c_str(),
              static_cast<long long>(info.rows), info.taken_at.text().c_str(),
              static_cast<long long>(info.epoch));
  std::printf("  plans:");
  for (const auto& [plan, version] : info.plans)
    std::printf(" %s %lld", plan.c_str(), static_cast<long long>(version));
  std::printf("\n  audit log: %lld entries, head %s\n", static_cast<long long>(info.audit_seq),
              info.audit_head.c_str());
  std::printf("  sha256: %s\n", info.checksum.c_str());
}

std::string counts_of(const Value& state) {
  std::string text;
  for (const json::Member& count : state.get("counts").members()) {
    std::string name = count.key;
    for (char& c : name)
      if (c == '_') c = ' ';
    text += "  " + name + ": " + count.value.text() + "\n";
  }
  return text;
}

// What has changed since the last line, for a person who waits.
void print_progress(const Value& state, std::string& said) {
  std::string line = state.get("phase").text();
  const std::string& waits = state.get("waitsFor").text();
  if (!waits.empty()) line += ", waits: " + waits;
  if (line == said) return;
  said = line;
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

int print_end(const Value& state) {
  std::printf("%s", counts_of(state).c_str());
  for (const Value& difference : state.get("differences").items())
    std::printf("  %s\n", difference.text().c_str());
  const auto dry = state.get("dryRun").as_bool();
  if (dry && *dry) {
    std::printf("Nothing was changed; writes stay closed.\n");
    return 0;
  }
  if (state.get("state").text() == "open") {
    std::printf("The counts agree: writes are open.\n");
    if (state.get("counts").find("exceptions") != nullptr)
      std::printf("Some subjects wait for a person: underpin exceptions list\n");
    return 0;
  }
  std::fprintf(stderr, "underpin: writes stay closed: %s\n", state.get("waitsFor").text().c_str());
  return 1;
}

}  // namespace

int backup(const BackupOptions& options, const Adapters& adapters) {
  const auto config = read_config(options.config, adapters.settings_schema);
  if (!config) return refused(config.error());
  std::string wave;
  const auto store = store_of(*config, options.wave, wave);
  if (!store) return refused(store.error());
  const auto info = journal::back_up(*store, options.file, system_now());
  if (!info) return refused(info.error());
  print_backup(*info, options.file);
  return 0;
}

int restore(const RestoreOptions& options, const Adapters& adapters) {
  const auto config = read_config(options.config, adapters.settings_schema);
  if (!config) return refused(config.error());
  std::string wave;
  const auto store = store_of(*config, options.wave, wave);
  if (!store) return refused(store.error());
  const auto info = journal::read_backup(options.file);
  if (!info) return refused(info.error());
  if (!info->wave.empty() && info->wave != wave) {
    return refused({ErrorCode::rejected, options.file + " is a backup of the wave " + info->wave +
                                             ", not of the wave " + wave});
  }
  if (options.check_only) {
    print_backup(*info, options.file);
    return 0;
  }
  const Deadline give_up = deadline_in(std::chrono::seconds(options.wait_s));
  auto restored = restore_closed(*store, options.file, operator_name(), system_now());
  while (!restored && restored.error().code == ErrorCode::conflict && ms_left(give_up) > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    restored = restore_closed(*store, options.file, operator_name(), system_now());
  }
  if (!restored) return refused(restored.error());
  print_backup(restored->backup, options.file);
  std::printf("Restored: the plan epoch is %lld now.\n", static_cast<long long>(restored->epoch));
  if (!restored->kept.empty())
    std::printf("What was there before is kept as %s.\n", restored->kept.c_str());
  std::printf("Writes are closed. Start the facade, then: underpin recover --config %s%s\n",
              options.config.c_str(),
              options.wave.empty() ? "" : (" --wave " + options.wave).c_str());
  return 0;
}

int recover(const OpsOptions& given, const RecoverOptions& options, const Adapters& adapters) {
  OpsOptions ops = given;
  if (!options.config.empty()) {
    const auto config = read_config(options.config, adapters.settings_schema);
    if (!config) return refused(config.error());
    const ListenerConfig& listener = config->ops_listener;
    const std::string address = listener.address == "0.0.0.0" ? "127.0.0.1" : listener.address;
    ops.url = "http://" + address + ":" + std::to_string(listener.port);
  }
  auto reply = call(ops, "GET", "/ops/v1/recovery");
  if (!reply) return 1;
  // One that runs already is watched to its end.
  if (reply->value.get("state").text() != "running") {
    Value body = Value::object();
    body.set("reason", options.reason);
    if (options.dry_run) body.set("dryRun", Value::boolean(true));
    if (options.overlap_ms >= 0) body.set("overlapMs", Value::integer(options.overlap_ms));
    reply = call(ops, "POST", "/ops/v1/recovery", &body);
    if (!reply) return 1;
    std::printf("Reading both ERPs since %s, less %s ms\n",
                reply->value.get("backupTakenAt").text().c_str(),
                reply->value.get("overlapMs").text().c_str());
  }
  if (options.no_wait) return 0;
  const Deadline give_up = deadline_in(std::chrono::seconds(options.wait_s));
  std::string said;
  while (reply->value.get("state").text() == "running") {
    print_progress(reply->value, said);
    if (options.wait_s > 0 && ms_left(give_up) <= 0) {
      std::fprintf(stderr, "underpin: recovery still runs; underpin recover waits for it again\n");
      return 1;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    reply = call(ops, "GET", "/ops/v1/recovery");
    if (!reply) return 1;
  }
  return print_end(reply->value);
}

}  // namespace underpin::facade::cli
