#include "parity/sealing.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace underpin::parity {
namespace {

constexpr std::string_view mark = "sealed1:";
constexpr std::size_t nonce_size = 12;
constexpr std::size_t tag_size = 16;
constexpr std::size_t key_size = 32;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

void need(int result) {
  if (result != 1) throw std::runtime_error("AES-256-GCM failed");
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

bool Seal::is_sealed(std::string_view stored) { return stored.substr(0, mark.size()) == mark; }

std::string Seal::sealed(std::string_view text) const {
  if (key_.empty() || text.empty()) return std::string(text);
  std::string nonce(nonce_size, '\0');
  need(RAND_bytes(bytes(nonce), static_cast<int>(nonce.size())));
  const Context context(EVP_CIPHER_CTX_new());
  need(EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes(std::string_view(key_)),
                          bytes(std::string_view(nonce))));
  std::string hidden(text.size(), '\0');
  int size = 0;
  need(EVP_EncryptUpdate(context.get(), bytes(hidden), &size, bytes(text),
                         static_cast<int>(text.size())));
  int rest = 0;
  need(EVP_EncryptFinal_ex(context.get(), bytes(hidden) + size, &rest));
  std::string tag(tag_size, '\0');
  need(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(tag_size),
                           tag.data()));
  return std::string(mark) + nonce + hidden + tag;
}

Result<std::string> Seal::opened(std::string_view stored) const {
  if (!is_sealed(stored)) return std::string(stored);
  if (key_.empty()) return Error{ErrorCode::conflict, "it is sealed, and there is no key"};
  stored.remove_prefix(mark.size());
  if (stored.size() < nonce_size + tag_size)
    return Error{ErrorCode::conflict, "what was sealed has been cut"};
  const std::string_view nonce = stored.substr(0, nonce_size);
  const std::string_view hidden = stored.substr(nonce_size, stored.size() - nonce_size - tag_size);
  std::string tag(stored.substr(stored.size() - tag_size));
  std::string text(hidden.size(), '\0');
  const Context context(EVP_CIPHER_CTX_new());
  int size = 0;
  int rest = 0;
  const bool whole = EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr,
                                        bytes(std::string_view(key_)), bytes(nonce)) == 1 &&
                     EVP_DecryptUpdate(context.get(), bytes(text), &size, bytes(hidden),
                                       static_cast<int>(hidden.size())) == 1 &&
                     EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG,
                                         static_cast<int>(tag_size), tag.data()) == 1 &&
                     EVP_DecryptFinal_ex(context.get(), bytes(text) + size, &rest) == 1;
  if (!whole) return Error{ErrorCode::conflict, "it was sealed with another key, or changed"};
  return text;
}

Result<std::string> read_seal_key(const std::string& file) {
  const auto refused = [&](const std::string& why) {
    return Error{ErrorCode::invalid_request, file + " " + why};
  };
  struct stat about {};
  if (::stat(file.c_str(), &about) != 0) return refused("cannot be read");
  if ((about.st_mode & (S_IRGRP | S_IROTH | S_IWGRP | S_IWOTH)) != 0)
    return refused("must be readable by its owner only (chmod 600)");
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream content;
  content << stream.rdbuf();
  std::string text = content.str();
  if (!stream) return refused("cannot be read");
  if (text.size() == key_size) return text;
  std::string key;
  int high = -1;
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == ' ') continue;
    const int digit = hex_digit(c);
    if (digit < 0) return refused("must hold 32 bytes or 64 hexadecimal digits");
    if (high < 0) {
      high = digit;
    } else {
      key += static_cast<char>(high * 16 + digit);
      high = -1;
    }
  }
  if (key.size() != key_size || high >= 0)
    return refused("must hold 32 bytes or 64 hexadecimal digits");
  return key;
}

Result<std::string> own_seal_key(const std::string& file) {
  struct stat about {};
  if (::stat(file.c_str(), &about) == 0) return read_seal_key(file);
  const auto broken = [&] {
    return Error{ErrorCode::unavailable, file + ": " + std::strerror(errno)};
  };
  std::string key(key_size, '\0');
  need(RAND_bytes(bytes(key), static_cast<int>(key.size())));
  // Whole or not at all, also where two begin at once.
  std::string part = file + ".XXXXXX";
  const int descriptor = ::mkstemp(part.data());  // Its owner's only.
  if (descriptor < 0) return broken();
  const bool written =
      ::write(descriptor, key.data(), key.size()) == static_cast<ssize_t>(key.size()) &&
      ::fsync(descriptor) == 0;
  const bool named = written && (::link(part.c_str(), file.c_str()) == 0 || errno == EEXIST);
  const Error error = broken();
  ::close(descriptor);
  ::unlink(part.c_str());
  return named ? read_seal_key(file) : Result<std::string>(error);
}

}  // namespace underpin::parity
