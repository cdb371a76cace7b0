#include "legacy-adapters/transport/file_drop/outbox.h"

#include "legacy-adapters/transport/file_drop/durable.h"
#include "legacy-adapters/transport/file_drop/file_drop.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace underpin::legacy::file_drop {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view part = ".part";
constexpr std::size_t name_max = 200;  // Bytes; file systems allow 255 with what is added.

fs::path aside_of(const fs::path& folder, const std::string& name) {
  return folder / ("." + name + std::string(part));
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// Empty, or the rule that the name breaks.
std::string broken_rule(const std::string& name, const std::string& done_suffix) {
  if (name.empty() || name.front() == '.') return "must not be empty or begin with a point";
  if (name.size() > name_max) return "must not have more than 200 bytes";
  const auto forbidden = [](char c) { return c == '/' || static_cast<unsigned char>(c) < 0x20; };
  if (std::any_of(name.begin(), name.end(), forbidden)) {
    return "must not have slashes or control characters";
  }
  if (ends_with(name, part) || ends_with(name, ".tmp") ||
      (!done_suffix.empty() && ends_with(name, done_suffix))) {
    return "must not end as a file that is being written, or a marker, does";
  }
  return {};
}

}  // namespace

Outbox::Outbox(OutboxSettings settings)
    : settings_(std::move(settings)),
      folder_(settings_.folder),
      sent_(fs::path(settings_.state_folder) / "file_drop.sent", settings_.register_kept),
      acknowledged_(fs::path(settings_.state_folder) / "file_drop.acknowledged") {}

Error Outbox::error(ErrorCode code, std::string message) const {
  return {code, std::move(message), settings_.system};
}

Status Outbox::with_lock(const std::function<Status()>& work) {
  std::error_code code;
  if (!fs::is_directory(folder_, code)) {
    return error(ErrorCode::unavailable, "folder " + folder_.string() + " does not exist");
  }
  fs::create_directories(settings_.state_folder, code);
  const auto lock = try_lock(fs::path(settings_.state_folder) / "file_drop.sent.lock");
  if (!lock) return error(ErrorCode::unavailable, lock.error().message);
  if (!lock.value()) {
    return error(ErrorCode::unavailable, "another process sends from " + settings_.state_folder);
  }
  for (Register* known : {&sent_, &acknowledged_})
    if (const Status loaded = known->load(); !loaded) return loaded;
  Status done = work();
  if (done) return done;
  return error(done.error().code, done.error().message);
}

Status Outbox::finish() {
  return with_lock([this] { return finish_renames(); });
}

Status Outbox::send(const std::string& name, std::string_view content) {
  return send(name, [content](const Append& append) { return append(content); });
}

Status Outbox::send(const std::string& name, const Write& write) {
  if (const std::string rule = broken_rule(name, settings_.done_suffix); !rule.empty()) {
    return error(ErrorCode::invalid_request, "file name '" + name.substr(0, 100) + "' " + rule);
  }
  return with_lock([&]() -> Status {
    if (const Status finished = finish_renames(); !finished) return finished;
    const Applied* before = sent_.by_name(name);
    std::error_code code;
    if (before == nullptr && fs::exists(folder_ / name, code)) {
      return Error{ErrorCode::conflict,
                   (folder_ / name).string() + " is there already and is not overwritten"};
    }
    const fs::path aside = aside_of(folder_, name);
    const auto checksum = [&]() -> Result<std::string> {
      if (const Status written = write_aside(aside, write); !written) return written.error();
      return checksum_of(aside);
    }();
    if (before != nullptr || !checksum) fs::remove(aside, code);
    if (!checksum) return checksum.error();
    if (before != nullptr) {
      if (before->checksum == *checksum) return Done{};
      return Error{ErrorCode::conflict, name + " was sent before with other content"};
    }
    const Status entered = sent_.add(Applied{name, name, *checksum, {}});
    if (!entered) return entered;
    return publish(name);
  });
}

Status Outbox::write_aside(const fs::path& aside, const Write& write) const {
  const auto failed = [&] {
    return Error{ErrorCode::unavailable,
                 aside.string() + " cannot be written: " + std::strerror(errno)};
  };
  const Descriptor file(
      ::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file) return failed();
  std::int64_t size = 0;
  const Status written = write([&](std::string_view bytes) -> Status {
    size += static_cast<std::int64_t>(bytes.size());
    if (size > settings_.size_max) {
      return Error{ErrorCode::invalid_request,
                   "the file has more than " + std::to_string(settings_.size_max) + " bytes"};
    }
    while (!bytes.empty()) {
      const ssize_t count = ::write(file.number(), bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return failed();
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return Done{};
  });
  if (!written) return written;
  if (::fsync(file.number()) != 0) return failed();
  return sync_folder(folder_);
}

// The marker is made aside as well, first: where it lies aside, the file has not been marked yet.
Status Outbox::publish(const std::string& name) {
  const std::string marker = name + settings_.done_suffix;
  const fs::path marker_aside = aside_of(folder_, marker);
  std::error_code code;
  if (fs::exists(aside_of(folder_, name), code)) {
    if (!settings_.done_suffix.empty()) {
      const Status made = write_aside(marker_aside, [](const Append&) { return Done{}; });
      if (!made) return made;
    }
    const Status renamed = rename_new(aside_of(folder_, name), folder_ / name);
    if (!renamed) return renamed;
  }
  if (!settings_.done_suffix.empty() && fs::exists(marker_aside, code)) {
    fs::rename(marker_aside, folder_ / marker, code);
    if (code) {
      return Error{ErrorCode::unavailable,
                   marker_aside.string() + " cannot be renamed: " + code.message()};
    }
  }
  return sync_folder(folder_);
}

Status Outbox::finish_renames() {
  std::vector<std::string> names;
  std::error_code code;
  for (fs::directory_iterator entry(folder_, code), end; !code && entry != end;
       entry.increment(code)) {
    const std::string aside = entry->path().filename().string();
    if (aside.front() != '.' || !ends_with(aside, part)) continue;
    std::string name = aside.substr(1, aside.size() - 1 - part.size());
    if (!settings_.done_suffix.empty() && ends_with(name, settings_.done_suffix)) {
      name.resize(name.size() - settings_.done_suffix.size());
    }
    if (sent_.by_name(name) != nullptr) names.push_back(name);
  }
  if (code) {
    return Error{ErrorCode::unavailable, folder_.string() + " cannot be listed: " + code.message()};
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names)
    if (const Status published = publish(name); !published) return published;
  return Done{};
}

Status Outbox::take(const Acknowledgement& acknowledgement) {
  return with_lock([&]() -> Status {
    const Applied* sent = sent_.by_name(acknowledgement.file);
    if (sent == nullptr) {
      return Error{ErrorCode::not_found, "no file " + acknowledgement.file + " was sent"};
    }
    if (!acknowledgement.checksum.empty() && acknowledgement.checksum != sent->checksum) {
      return Error{ErrorCode::conflict, acknowledgement.file + " was sent with sha256 " +
                                            sent->checksum + ", not " + acknowledgement.checksum};
    }
    const std::string result = acknowledgement.accepted ? "accepted" : "rejected";
    if (const Applied* before = acknowledged_.by_name(acknowledgement.file)) {
      if (before->claim == result) return Done{};
      return Error{ErrorCode::conflict,
                   acknowledgement.file + " was " + before->claim + " before, and now " + result};
    }
    return acknowledged_.add(
        Applied{result, acknowledgement.file, sent->checksum, acknowledgement.batch});
  });
}

Result<std::vector<std::string>> Outbox::unacknowledged() {
  std::vector<std::string> names;
  const Status read = with_lock([&]() -> Status {
    for (const auto& [name, sent] : sent_.names())
      if (acknowledged_.by_name(name) == nullptr) names.push_back(name);
    return Done{};
  });
  if (!read) return read.error();
  return names;
}

}  // namespace underpin::legacy::file_drop
