#include "legacy-adapters/transport/file_drop/file_drop.h"

#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <memory>

namespace underpin::legacy::file_drop {

Result<std::string> checksum_of(const std::filesystem::path& file) {
  std::ifstream input(file, std::ios::binary);
  if (!input) return Error{ErrorCode::unavailable, file.string() + " cannot be opened"};
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> digest(EVP_MD_CTX_new(),
                                                                  EVP_MD_CTX_free);
  if (!digest || EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr) != 1) {
    return Error{ErrorCode::internal, "SHA-256 is not available"};
  }
  std::vector<char> buffer(65'536);
  while (input) {
    input.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    EVP_DigestUpdate(digest.get(), buffer.data(), static_cast<std::size_t>(input.gcount()));
  }
  if (input.bad()) return Error{ErrorCode::unavailable, file.string() + " cannot be read"};
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned length = 0;
  EVP_DigestFinal_ex(digest.get(), bytes.data(), &length);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < length; ++i) {
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 15];
  }
  return text;
}

}  // namespace underpin::legacy::file_drop
