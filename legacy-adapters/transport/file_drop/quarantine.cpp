#include "legacy-adapters/transport/file_drop/quarantine.h"

#include <algorithm>
#include <fstream>

namespace underpin::legacy::file_drop {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view of_file = ".reason";
constexpr std::string_view of_records = ".refused";
constexpr std::size_t line_max = 1'000;  // Bytes.
constexpr std::size_t lines_max = 1'001;

}  // namespace

std::vector<std::string> notes_in(const fs::path& quarantine_folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(quarantine_folder, error), end; !error && at != end;
       at.increment(error)) {
    std::string name = at->path().filename().string();
    if (name.ends_with(of_file) || name.ends_with(of_records)) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool is_of_file(std::string_view note) { return note.ends_with(of_file); }

Quarantine::Quarantine(const fs::path& drop_folder, CapabilityOf capability)
    : folder_(drop_folder / "quarantine"), capability_(std::move(capability)) {}

std::vector<std::string> Quarantine::names() const { return notes_in(folder_); }

bool Quarantine::has(const std::string& name) const {
  std::error_code error;
  return name.find('/') == std::string::npos && fs::is_regular_file(folder_ / name, error);
}

Result<PutAside> Quarantine::tell(const std::string& name) const {
  if (!has(name)) return Error{ErrorCode::not_found, name + " is not in quarantine any more"};
  std::ifstream input(folder_ / name, std::ios::binary);
  PutAside told;
  told.whole = is_of_file(name);
  std::string line;
  if (told.whole) std::getline(input, told.file);
  while (told.records.size() < lines_max && std::getline(input, line))
    if (!line.empty()) told.records.push_back(line.substr(0, line_max));
  if (!input && !input.eof()) return Error{ErrorCode::unavailable, name + " cannot be read"};
  // <name>.<part of its checksum>.refused
  if (!told.whole) told.file = fs::path(name).stem().stem().string();
  told.capability = capability_(told.file);
  return told;
}

std::vector<std::string> Quarantines::names() const {
  std::vector<std::string> all;
  for (const Quarantine& folder : folders_)
    for (std::string& name : folder.names()) all.push_back(std::move(name));
  return all;
}

Result<PutAside> Quarantines::tell(const std::string& name) const {
  for (const Quarantine& folder : folders_)
    if (folder.has(name)) return folder.tell(name);
  return Error{ErrorCode::not_found, name + " is not in quarantine any more"};
}

}  // namespace underpin::legacy::file_drop
