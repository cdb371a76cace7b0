#include "facade/row_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace underpin::facade {
namespace {

constexpr std::uint32_t record_max = 16U << 20;  // Before it is sealed.
constexpr std::uint32_t seal_max = 64;           // What sealing adds, at most.

Error broken(const std::string& path) {
  return {ErrorCode::unavailable, path + ": " + std::strerror(errno)};
}

void append_number(std::string& to, std::size_t number) {
  const auto value = static_cast<std::uint32_t>(number);
  char bytes[4];
  std::memcpy(bytes, &value, 4);
  to.append(bytes, 4);
}

}  // namespace

Result<std::unique_ptr<RowFile>> RowFile::append_at(const std::string& path, std::int64_t size,
                                                    parity::Seal seal) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return broken(path);
  auto file = std::make_unique<RowFile>();
  file->file_.reset(::fdopen(descriptor, "r+b"));
  if (!file->file_) {
    ::close(descriptor);
    return broken(path);
  }
  struct stat there {};
  if (::fstat(descriptor, &there) != 0) return broken(path);
  if (there.st_size < size) return Error{ErrorCode::conflict, path + " is not what it was"};
  if (::ftruncate(descriptor, size) != 0 || std::fseek(file->file_.get(), size, SEEK_SET) != 0)
    return broken(path);
  file->size_ = size;
  file->seal_ = std::move(seal);
  return file;
}

Status RowFile::add(const Record& record) {
  buffer_.clear();
  append_number(buffer_, 0);
  for (const std::string& text : record) {
    append_number(buffer_, text.size());
    buffer_ += text;
  }
  if (buffer_.size() > record_max)
    return Error{ErrorCode::invalid_request,
                 "a row of " + std::to_string(buffer_.size()) + " bytes"};
  if (seal_.has_key() && !record.empty())
    buffer_.replace(4, std::string::npos, seal_.sealed(std::string_view(buffer_).substr(4)));
  const auto length = static_cast<std::uint32_t>(buffer_.size() - 4);
  std::memcpy(buffer_.data(), &length, 4);
  if (std::fwrite(buffer_.data(), 1, buffer_.size(), file_.get()) != buffer_.size())
    return broken("a file of rows");
  size_ += static_cast<std::int64_t>(buffer_.size());
  return Done{};
}

Status RowFile::sync() {
  if (std::fflush(file_.get()) != 0 || ::fdatasync(::fileno(file_.get())) != 0)
    return broken("a file of rows");
  return Done{};
}

Result<std::unique_ptr<RowReader>> RowReader::open(const std::string& path, std::int64_t from,
                                                   std::int64_t end, parity::Seal seal) {
  auto reader = std::make_unique<RowReader>();
  reader->file_.reset(std::fopen(path.c_str(), "rbe"));
  if (!reader->file_ || std::fseek(reader->file_.get(), from, SEEK_SET) != 0) return broken(path);
  reader->position_ = from;
  reader->end_ = end;
  reader->seal_ = std::move(seal);
  return reader;
}

Result<bool> RowReader::next(Record& record) {
  if (position_ >= end_) return false;
  const Error torn{ErrorCode::conflict, "a file of rows is torn"};
  std::uint32_t length = 0;
  if (std::fread(&length, 1, 4, file_.get()) != 4 || length > record_max + seal_max) return torn;
  buffer_.resize(length);
  if (std::fread(buffer_.data(), 1, length, file_.get()) != length) return torn;
  // No record begins like that: it would be of a text longer than any record.
  if (parity::Seal::is_sealed(buffer_)) {
    auto opened = seal_.opened(buffer_);
    if (!opened) return Error{ErrorCode::conflict, "a file of rows: " + opened.error().message};
    buffer_ = std::move(opened).value();
  }
  record.clear();
  for (std::size_t at = 0; at < buffer_.size();) {
    std::uint32_t size = 0;
    if (buffer_.size() - at < 4) return torn;
    std::memcpy(&size, buffer_.data() + at, 4);
    at += 4;
    if (size > buffer_.size() - at) return torn;
    record.emplace_back(buffer_, at, size);
    at += size;
  }
  position_ += 4 + static_cast<std::int64_t>(length);
  return true;
}

}  // namespace underpin::facade
