#include "facade/digest.h"

#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <vector>

namespace underpin::facade {

namespace {

std::string hex_of(const unsigned char* digest, unsigned int size) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text += digits[digest[i] >> 4];
    text += digits[digest[i] & 15];
  }
  return text;
}

}  // namespace

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("SHA-256 is not available");
  return hex_of(digest.data(), size);
}

Result<std::string> sha256_hex_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::unavailable, path + " cannot be read"};
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> state(EVP_MD_CTX_new(),
                                                                      &EVP_MD_CTX_free);
  bool good = state && EVP_DigestInit_ex(state.get(), EVP_sha256(), nullptr) == 1;
  std::vector<char> piece(std::size_t{1} << 16);
  while (good && file) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    good =
        EVP_DigestUpdate(state.get(), piece.data(), static_cast<std::size_t>(file.gcount())) == 1;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  good = good && EVP_DigestFinal_ex(state.get(), digest.data(), &size) == 1;
  if (!good) throw std::runtime_error("SHA-256 is not available");
  if (file.bad()) return Error{ErrorCode::unavailable, path + " cannot be read"};
  return hex_of(digest.data(), size);
}

}  // namespace underpin::facade
