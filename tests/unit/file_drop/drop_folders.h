#pragma once

#include "legacy-adapters/transport/file_drop/file_drop.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace underpin::legacy::file_drop {

namespace fs = std::filesystem;

// A drop folder and a state folder of a test's own.
class FileDrop : public testing::Test {
 protected:
  FileDrop() {
    std::string pattern = (fs::temp_directory_path() / "drop-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    fs::create_directories(root_ / "drop");
    fs::create_directories(root_ / "state");
  }
  ~FileDrop() override { fs::remove_all(root_); }

  Settings settings(const std::string& state = "state", int stable_ms = 0) {
    Settings settings;
    settings.system = "nav";
    settings.folder = (root_ / "drop").string();
    settings.state_folder = (root_ / state).string();
    settings.suffix = ".csv";
    settings.stable_ms = stable_ms;
    settings.clock = [this] { return now_; };
    return settings;
  }

  void drop(const std::string& name, const std::string& content) {
    std::ofstream(root_ / "drop" / name, std::ios::binary) << content;
  }

  static std::vector<std::string> listed(const fs::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder))
      names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }

  static std::string content(const fs::path& file) {
    std::ifstream input(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(input), std::istreambuf_iterator<char>()};
  }

  Apply record() {
    return [this](const ClaimedFile& file) {
      applied_.push_back(file.name + "=" + content(file.path));
      return Verdict::applied("B-" + file.name);
    };
  }

  Deadline later() const { return now_ + std::chrono::hours(1); }

  fs::path root_;
  std::chrono::steady_clock::time_point now_{std::chrono::hours(1000)};
  std::vector<std::string> applied_;
};

}  // namespace underpin::legacy::file_drop
