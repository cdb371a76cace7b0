#include "legacy-adapters/transport/file_drop/register.h"

#include "legacy-adapters/transport/file_drop/durable.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>
#include <vector>

namespace underpin::legacy::file_drop {
namespace {

constexpr std::string_view line_end = "\tok\n";  // A line without it was torn by a crash.

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '%' || c == '\t' || c == '\n' || c == '\r') {
      constexpr std::string_view digits = "0123456789ABCDEF";
      result += '%';
      result += digits[static_cast<unsigned char>(c) >> 4];
      result += digits[static_cast<unsigned char>(c) & 15];
    } else {
      result += c;
    }
  }
  return result;
}

std::string unescaped(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      result += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::size_t start = 0;
  for (std::size_t tab = line.find('\t'); tab != std::string::npos; tab = line.find('\t', start)) {
    fields.push_back(unescaped(line.substr(start, tab - start)));
    start = tab + 1;
  }
  return fields;
}

Error failed(const std::filesystem::path& file, const char* doing) {
  return {ErrorCode::unavailable,
          file.string() + " cannot be " + doing + ": " + std::strerror(errno)};
}

}  // namespace

Register::Register(std::filesystem::path file, std::size_t kept)
    : file_(std::move(file)), kept_(kept) {}

void Register::remember(const Applied& applied) {
  ++lines_;
  by_checksum_[applied.checksum] = applied;
  if (!applied.batch.empty()) checksum_of_batch_[applied.batch] = applied.checksum;
  by_name_[applied.name] = applied;
}

Status Register::load() {
  std::error_code code;
  struct stat status {};
  if (::stat(file_.c_str(), &status) != 0) return Done{};
  if (static_cast<std::uintmax_t>(status.st_size) == loaded_ &&
      (kept_ == 0 || status.st_ino == inode_))
    return Done{};
  std::ifstream input(file_, std::ios::binary);
  if (!input) return failed(file_, "read");
  const std::string text((std::istreambuf_iterator<char>(input)), std::istreambuf_iterator<char>());
  by_checksum_.clear();
  checksum_of_batch_.clear();
  by_name_.clear();
  lines_ = 0;
  std::size_t start = 0;
  std::size_t good = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', start)) {
    const std::string line = text.substr(start, end + 1 - start);
    start = end + 1;
    if (line.size() < line_end.size() ||
        line.compare(line.size() - line_end.size(), line_end.size(), line_end) != 0) {
      break;
    }
    const std::vector<std::string> fields = fields_of(line);
    if (fields.size() != 4) break;
    good = start;
    remember(Applied{fields[0], fields[1], fields[2], fields[3]});
  }
  if (good < text.size()) std::filesystem::resize_file(file_, good, code);
  loaded_ = good;
  inode_ = status.st_ino;
  return Done{};
}

// A file of its own takes the place of the long one, so that others see that it is another.
Status Register::forget_oldest() {
  std::ifstream input(file_, std::ios::binary);
  if (!input) return failed(file_, "read");
  std::string line;
  for (std::size_t i = kept_; i < lines_; ++i) std::getline(input, line);
  const std::string rest((std::istreambuf_iterator<char>(input)), std::istreambuf_iterator<char>());
  const std::filesystem::path part = file_.string() + ".part";
  {
    const Descriptor file(
        ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file ||
        ::write(file.number(), rest.data(), rest.size()) != static_cast<ssize_t>(rest.size()) ||
        ::fsync(file.number()) != 0)
      return failed(part, "written");
  }
  std::error_code code;
  std::filesystem::rename(part, file_, code);
  if (code) return failed(file_, "renamed");
  if (const Status named = sync_folder(file_.parent_path()); !named) return named;
  return load();
}

Status Register::add(const Applied& applied) {
  if (kept_ > 0 && lines_ >= 2 * kept_)
    if (const Status forgotten = forget_oldest(); !forgotten) return forgotten;
  const std::string line = escaped(applied.claim) + "\t" + escaped(applied.name) + "\t" +
                           applied.checksum + "\t" + escaped(applied.batch) + std::string(line_end);
  const Descriptor file(::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!file) return failed(file_, "opened");
  const ssize_t written = ::write(file.number(), line.data(), line.size());
  if (written != static_cast<ssize_t>(line.size()) || ::fsync(file.number()) != 0) {
    return failed(file_, "written");
  }
  if (loaded_ == 0) {
    if (const Status named = sync_folder(file_.parent_path()); !named) return named;
  }
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) return failed(file_, "read");
  loaded_ += line.size();
  inode_ = status.st_ino;
  remember(applied);
  return Done{};
}

const Applied* Register::by_checksum(const std::string& checksum) const {
  const auto found = by_checksum_.find(checksum);
  return found == by_checksum_.end() ? nullptr : &found->second;
}

const Applied* Register::by_name(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &found->second;
}

const Applied* Register::by_batch(const std::string& batch) const {
  const auto found = checksum_of_batch_.find(batch);
  return found == checksum_of_batch_.end() ? nullptr : by_checksum(found->second);
}

}  // namespace underpin::legacy::file_drop
