#include "facade/cli/compose.h"
#include "facade/observe.h"

#include <cstdio>

namespace underpin::facade::cli {
namespace {

// What is missing in the store of one wave.
int examine_store(const journal::PostgresSettings& postgres, const std::string& wave) {
  std::printf("\nwave %s: store (postgres, schema %s)\n", wave.c_str(), postgres.schema.c_str());
  const auto journal = journal::open_postgres_journal(postgres);
  std::string why = journal ? "" : journal.error().message;
  if (journal) {
    std::size_t replicas = 0;
    const Status read = (*journal)->read([&](const journal::JournalReader& reader) {
      const Timestamp now = reader.clock();
      for (const journal::ReplicaRecord& replica : reader.replicas())
        if (replica.alive_until > now) ++replicas;
    });
    if (!read) why = read.error().message;
    if (read) std::printf("  ok      journal: %zu replicas live\n", replicas);
  }
  if (why.empty()) return 0;
  std::printf("  MISSING journal: %s\n", why.c_str());
  return 1;
}

int examine_system(const ErpSystem& system) {
  CallContext context;
  context.correlation_id = CorrelationId{"doctor"};
  context.deadline = deadline_in(std::chrono::seconds(60));
  std::vector<Finding> findings;
  try {
    findings = system.adapter->examine(context);
  } catch (const std::exception& thrown) {
    findings.push_back({false, "examination", thrown.what()});
  }
  int missing = 0;
  for (const Finding& finding : findings) {
    std::printf("  %s %s%s%s\n", finding.ok ? "ok     " : "MISSING", finding.what.c_str(),
                finding.detail.empty() ? "" : ": ", finding.detail.c_str());
    if (!finding.ok) ++missing;
  }
  return missing;
}

}  // namespace

int doctor(const std::string& config, const Adapters& adapters) {
  auto composed = compose(config, adapters);
  if (!composed) {
    std::fprintf(stderr, "underpin doctor: %s\n", composed.error().message.c_str());
    return 2;
  }
  const Composition& parts = *composed.value();
  std::printf("configuration %s: ok\n", config.c_str());
  int missing = 0;
  for (std::size_t i = 0; i < parts.config.waves.size(); ++i) {
    const WaveConfig& wave = parts.config.waves[i];
    if (wave.facade.postgres) missing += examine_store(*wave.facade.postgres, wave.name);
    for (const Side side : {Side::legacy, Side::cloud}) {
      const ErpSystem& system = parts.systems[i].on(side);
      std::printf("\nwave %s: %s (%s, %s)\n", wave.name.c_str(), system.name.c_str(),
                  std::string(name(side)).c_str(),
                  parts.config.systems.at(system.name).adapter.c_str());
      missing += examine_system(system);
    }
  }
  std::printf("\n%s\n", missing == 0 ? "Nothing is missing."
                                     : (std::to_string(missing) + " things are missing.").c_str());
  return missing == 0 ? 0 : 1;
}

}  // namespace underpin::facade::cli
