#include "facade/journal/backup_file.h"

#include "facade/journal/schema.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace underpin::facade::journal {
namespace {

using json::Value;

constexpr std::int64_t format_version = 1;
constexpr std::size_t digits = 64;
const std::string checksum_key = "\"checksum\":\"";

// One row may be a whole price list.
const json::Limits line_limits{std::size_t{1} << 30U, 8, 100'000};

Value header_of(const BackupInfo& info) {
  Value header = Value::object();
  header.set("underpinBackup", Value::integer(format_version));
  header.set("schemaVersion", Value::integer(info.schema_version));
  if (!info.wave.empty()) header.set("wave", info.wave);
  header.set("epoch", Value::integer(info.epoch));
  header.set("takenAt", info.taken_at.text());
  Value plans = Value::object();
  for (const auto& [plan, version] : info.plans) plans.set(plan, Value::integer(version));
  header.set("plans", std::move(plans));
  header.set("auditSeq", Value::integer(info.audit_seq));
  header.set("auditHead", info.audit_head);
  header.set("checksum", std::string(digits, '0'));
  return header;
}

std::int64_t number_in(const Value& value, const char* key) {
  const auto number = value.get(key).as_int();
  return number ? *number : 0;
}

}  // namespace

// ---- checksum

Sha256::Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
  if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1)
    throw BackupError(ErrorCode::internal, "SHA-256 is not available");
}

void Sha256::add(std::string_view bytes) {
  if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1)
    throw BackupError(ErrorCode::internal, "SHA-256 failed");
}

std::string Sha256::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_DigestFinal_ex(context_.get(), digest.data(), &size) != 1)
    throw BackupError(ErrorCode::internal, "SHA-256 failed");
  constexpr char hexadecimal[] = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text += hexadecimal[digest[i] >> 4U];
    text += hexadecimal[digest[i] & 15U];
  }
  return text;
}

// ---- writing

BackupWriter::BackupWriter(std::string file, BackupInfo info)
    : file_(std::move(file)), fresh_(file_ + ".unfinished"), info_(std::move(info)) {
  const int handle = ::open(fresh_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (handle < 0) fail("written");
  stream_ = ::fdopen(handle, "w");
  if (stream_ == nullptr) {
    ::close(handle);
    fail("written");
  }
  const std::string header = json::write(header_of(info_)) + "\n";
  checksum_at_ = header.find(checksum_key) + checksum_key.size();
  put(header);
}

BackupWriter::~BackupWriter() {
  if (stream_ == nullptr) return;
  std::fclose(stream_);
  ::unlink(fresh_.c_str());
}

void BackupWriter::fail(const char* doing) const {
  throw BackupError(ErrorCode::unavailable,
                    fresh_ + " cannot be " + doing + ": " + std::strerror(errno));
}

void BackupWriter::put(const std::string& text) {
  hash_.add(text);
  if (std::fwrite(text.data(), 1, text.size(), stream_) != text.size()) fail("written");
}

void BackupWriter::add(const Value& line) { put(json::write(line) + "\n"); }

BackupInfo BackupWriter::finish() {
  Value end = Value::object();
  end.set("end", Value::boolean(true));
  end.set("rows", Value::integer(info_.rows));
  add(end);
  info_.checksum = hash_.hex();
  if (std::fflush(stream_) != 0) fail("written");
  const int handle = ::fileno(stream_);
  if (::pwrite(handle, info_.checksum.data(), digits, static_cast<off_t>(checksum_at_)) !=
          static_cast<ssize_t>(digits) ||
      ::fsync(handle) != 0)
    fail("written");
  std::fclose(stream_);
  stream_ = nullptr;
  if (std::rename(fresh_.c_str(), file_.c_str()) != 0) {
    const int why = errno;
    ::unlink(fresh_.c_str());
    errno = why;
    fail("renamed");
  }
  const std::filesystem::path folder = std::filesystem::absolute(file_).parent_path();
  const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    ::fsync(directory);
    ::close(directory);
  }
  return info_;
}

// ---- reading

BackupReader::BackupReader(const std::string& file) : file_(file), stream_(file, std::ios::binary) {
  if (!stream_)
    throw BackupError(ErrorCode::invalid_request,
                      file + " cannot be read: no such file, or no right");
  const BackupError foreign(ErrorCode::invalid_request, file + " is not a backup of a journal");
  std::string line;
  if (!std::getline(stream_, line)) throw foreign;
  const std::size_t at = line.find(checksum_key);
  const auto header = json::parse(line);
  if (at == std::string::npos || at + checksum_key.size() + digits > line.size() || !header)
    throw foreign;
  const std::int64_t format = number_in(*header, "underpinBackup");
  if (format < 1) throw foreign;
  info_.schema_version = static_cast<int>(number_in(*header, "schemaVersion"));
  if (format > format_version || info_.schema_version > schema_version) {
    throw BackupError(ErrorCode::invalid_request,
                      file + " was made by a newer release (format " + std::to_string(format) +
                          ", schema " + std::to_string(info_.schema_version) +
                          "; this one knows format " + std::to_string(format_version) +
                          ", schema " + std::to_string(schema_version) + ")");
  }
  info_.wave = header->get("wave").text();
  info_.epoch = number_in(*header, "epoch");
  const auto taken_at = Timestamp::parse(header->get("takenAt").text());
  if (!taken_at || info_.epoch < 1) throw foreign;
  info_.taken_at = *taken_at;
  for (const json::Member& plan : header->get("plans").members())
    info_.plans[plan.key] = number_in(header->get("plans"), plan.key.c_str());
  info_.audit_seq = number_in(*header, "auditSeq");
  info_.audit_head = header->get("auditHead").text();
  info_.checksum = header->get("checksum").text();
  line.replace(at + checksum_key.size(), digits, digits, '0');
  hash_.add(line + "\n");
}

void BackupReader::damaged(const std::string& why) const {
  throw BackupError(ErrorCode::rejected, file_ + " is damaged: " + why);
}

bool BackupReader::next(Value& line) {
  if (ended_) return false;
  if (!std::getline(stream_, text_) || stream_.eof()) damaged("it is cut short");
  text_ += '\n';
  hash_.add(text_);
  auto value = json::parse(std::string_view(text_).substr(0, text_.size() - 1), line_limits);
  if (!value) damaged("a line cannot be read");
  line = std::move(value).value();
  if (!line.is_object() || line.find("end") == nullptr) {
    if (line.is_array()) ++info_.rows;
    return true;
  }
  ended_ = true;
  if (number_in(line, "rows") != info_.rows) damaged("rows are missing");
  if (stream_.peek() != std::ifstream::traits_type::eof()) damaged("something follows its end");
  if (hash_.hex() != info_.checksum) damaged("its checksum is another");
  return false;
}

}  // namespace underpin::facade::journal
