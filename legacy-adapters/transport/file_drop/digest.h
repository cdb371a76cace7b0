#pragma once

#include <openssl/evp.h>

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

namespace underpin::legacy::file_drop {

// SHA-256 over lines of content that comes piece by piece: what tells a repeat from another one.
class Digest {
 public:
  Digest() : context_(EVP_MD_CTX_new()) { begin(); }
  ~Digest() { EVP_MD_CTX_free(context_); }
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;
  // Anew. Throws std::runtime_error where this machine has no SHA-256.
  void begin() {
    if (context_ == nullptr || EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) != 1)
      throw std::runtime_error("SHA-256 is not available");
  }
  void add(std::string_view text) {
    EVP_DigestUpdate(context_, text.data(), text.size());
    EVP_DigestUpdate(context_, "\n", 1);
  }
  std::string hexadecimal() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned size = 0;
    EVP_DigestFinal_ex(context_, bytes.data(), &size);
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
      constexpr const char* digits = "0123456789abcdef";
      text += digits[bytes[i] >> 4];
      text += digits[bytes[i] & 15];
    }
    return text;
  }

 private:
  EVP_MD_CTX* context_;
};

}  // namespace underpin::legacy::file_drop
