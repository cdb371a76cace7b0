#pragma once

#include "contracts/json/json_text.h"
#include "facade/journal/backup.h"

#include <openssl/evp.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

// The file form of a backup (backup.h), without any store. Both classes throw BackupError.
namespace underpin::facade::journal {

class BackupError : public std::runtime_error {
 public:
  BackupError(ErrorCode code, const std::string& what) : std::runtime_error(what), code_(code) {}
  ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

class Sha256 {
 public:
  Sha256();
  void add(std::string_view bytes);
  std::string hex();  // Once.

 private:
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_;
};

// Written beside its name, and renamed to it when it is whole and on disk.
class BackupWriter {
 public:
  BackupWriter(std::string file, BackupInfo info);
  ~BackupWriter();
  BackupWriter(const BackupWriter&) = delete;
  BackupWriter& operator=(const BackupWriter&) = delete;

  void add(const json::Value& line);
  void count_row() { ++info_.rows; }
  BackupInfo finish();

 private:
  void put(const std::string& text);
  [[noreturn]] void fail(const char* doing) const;

  const std::string file_;
  const std::string fresh_;
  BackupInfo info_;
  std::FILE* stream_ = nullptr;
  std::size_t checksum_at_ = 0;
  Sha256 hash_;
};

// Line by line. next() answers false behind the last row, and only if the file was whole: what is
// read earlier may be damaged, so read everything once before anything is used.
class BackupReader {
 public:
  explicit BackupReader(const std::string& file);
  const BackupInfo& info() const { return info_; }
  bool next(json::Value& line);

 private:
  [[noreturn]] void damaged(const std::string& why) const;

  const std::string file_;
  std::ifstream stream_;
  BackupInfo info_;
  Sha256 hash_;
  std::string text_;
  bool ended_ = false;
};

}  // namespace underpin::facade::journal
