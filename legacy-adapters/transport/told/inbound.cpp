#include "legacy-adapters/transport/told/inbound.h"

#include "legacy-adapters/transport/file_drop/quarantine.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace underpin::legacy::told {

Status Inbound::poll(Deadline deadline) {
  const std::lock_guard lock(mutex_);
  return poll_locked(deadline);
}

void Inbound::try_poll(Deadline deadline) {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  // What is wrong with the folder is the next poll's to say again.
  if (lock.owns_lock()) (void)poll_locked(deadline).has_value();
}

Status Inbound::poll_locked(Deadline deadline) {
  std::string put_off;
  const auto report = inbox_.poll(
      [&](const file_drop::ClaimedFile& file) {
        try {
          return apply(file);
        } catch (const std::exception& failure) {
          put_off = file.name + " is not taken in: " + failure.what();
          return file_drop::Verdict::later(failure.what());
        }
      },
      deadline);
  if (!report) return report.error();
  if (!put_off.empty()) return Error{ErrorCode::unavailable, put_off};
  return Done{};
}

file_drop::Verdict Inbound::apply(const file_drop::ClaimedFile& file) {
  std::ifstream input(file.path, std::ios::binary);
  if (!input) return file_drop::Verdict::later(file.name + " cannot be opened");
  try {
    return state_of(file).write([&](StateDatabase& database) -> file_drop::Verdict {
      Refusals refusals;
      read(file, input, database, refusals);
      if (refusals.count > 0 && hold_bad_files_) throw Held{refusals.list.front()};
      // Before the file counts as taken in: after a crash it is not read again.
      if (refusals.count > 0) write_refusals(file, refusals);
      return file_drop::Verdict::applied(file.checksum);
    });
  } catch (const Held& held) {
    return file_drop::Verdict::refused(held.reason);
  }
}

void Inbound::write_refusals(const file_drop::ClaimedFile& file, const Refusals& refusals) const {
  const auto to =
      inbox_.quarantine_folder() / (file.name + "." + file.checksum.substr(0, 8) + ".refused");
  std::ofstream output(to);
  for (const std::string& refusal : refusals.list) output << file.name << " " << refusal << "\n";
  if (refusals.count > refusals.list.size())
    output << "and " << refusals.count - refusals.list.size() << " more\n";
  output.flush();
  if (!output) throw state::StateFailure(to.string() + " cannot be written");
}

std::vector<Alarm> Inbound::alarms() const {
  std::size_t files = 0;
  std::size_t records = 0;
  std::string file;
  std::string record;
  const auto quarantine = inbox_.quarantine_folder();
  for (const std::string& name : file_drop::notes_in(quarantine)) {
    const bool whole = file_drop::is_of_file(name);
    ++(whole ? files : records);
    (whole ? file : record) = name;
  }
  const std::string where = " in " + quarantine.string() + ", the last is ";
  std::vector<Alarm> alarms;
  if (files > 0) alarms.push_back({"inbound file refused", std::to_string(files) + where + file});
  if (records > 0)
    alarms.push_back({"inbound documents refused", std::to_string(records) + where + record});
  return alarms;
}

}  // namespace underpin::legacy::told
