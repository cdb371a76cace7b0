// underpin_simulation --seed N | --seeds A..B [--mutant NAME] [--tell] [--statistics]
//
// Runs worlds. A world that went wrong prints what was wrong, and the command that runs it again.
// Exit code: 0 all is well, 1 a world went wrong, 2 the command line.
#include "tests/simulation/world.h"

#include <cstdlib>
#include <iostream>
#include <string>

namespace {

using namespace underpin::simulation;

int usage() {
  std::cerr << "underpin_simulation --seed N | --seeds A..B [--mutant NAME] [--tell] "
               "[--statistics]\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  bool statistics = false;
  WorldOptions options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::string value = i + 1 < argc ? argv[i + 1] : "";
    if (argument == "--seed" && !value.empty()) {
      first = last = std::strtoull(value.c_str(), nullptr, 10);
      ++i;
    } else if (argument == "--seeds" && value.find("..") != std::string::npos) {
      first = std::strtoull(value.c_str(), nullptr, 10);
      last = std::strtoull(value.c_str() + value.find("..") + 2, nullptr, 10);
      ++i;
    } else if (argument == "--mutant" && parse_mutant(value)) {
      options.mutant = *parse_mutant(value);
      ++i;
    } else if (argument == "--tell") {
      options.tell = true;
    } else if (argument == "--statistics") {
      statistics = true;
    } else {
      return usage();
    }
  }
  if (first == 0 || last < first) return usage();
  std::map<std::string, std::int64_t> counts;
  int wrong = 0;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    options.seed = seed;
    const WorldReport report = run_world(options);
    for (const auto& [what, times] : report.counts) counts[what] += times;
    if (first == last)
      std::cout << "seed " << seed << ": trace " << std::hex << report.trace << std::dec << "\n";
    if (report.violations.empty()) continue;
    ++wrong;
    std::cout << "seed " << seed << " went wrong:\n";
    for (const std::string& violation : report.violations) std::cout << "  " << violation << "\n";
    std::cout << "  again: " << argv[0] << " --seed " << seed;
    if (options.mutant != Mutant::none) std::cout << " --mutant " << name(options.mutant);
    std::cout << " --tell" << std::endl;
  }
  std::cout << last - first + 1 << " worlds, " << wrong << " went wrong\n";
  if (statistics) {
    for (const auto& [what, times] : counts) std::cout << times << "\t" << what << "\n";
    for (const std::string& what : must_be_hit()) {
      if (counts[what] > 0) continue;
      std::cout << "never hit: " << what << "\n";
      wrong = wrong == 0 ? 1 : wrong;
    }
  }
  return wrong == 0 ? 0 : 1;
}
