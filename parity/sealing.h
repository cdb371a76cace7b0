#pragma once

#include "contracts/result.h"

#include <string>
#include <string_view>

// What is kept of the ERPs' answers holds names and addresses: AES-256-GCM, with a key that lies
// outside of the file which is protected. Pure but for the key files and the random nonce;
// any thread.
namespace underpin::parity {

class Seal {
 public:
  Seal() = default;  // Without a key: texts stay as they are.
  // Precondition: 32 bytes, or none.
  explicit Seal(std::string key) : key_(std::move(key)) {}

  bool has_key() const { return !key_.empty(); }
  // Every text becomes another one each time, the empty one stays empty.
  std::string sealed(std::string_view text) const;
  // Nothing that was sealed with another key, changed or cut is ever given back: conflict. What was
  // never sealed comes back as it is.
  Result<std::string> opened(std::string_view stored) const;

  static bool is_sealed(std::string_view stored);

 private:
  std::string key_;
};

// 32 bytes, or 64 hexadecimal digits and white space. invalid_request: it is neither, cannot be
// read, or others than its owner may read it.
Result<std::string> read_seal_key(const std::string& file);
// The same, of a file that is made, with a random key, when there is none. Errors: also unavailable
// (it cannot be written).
Result<std::string> own_seal_key(const std::string& file);

}  // namespace underpin::parity
