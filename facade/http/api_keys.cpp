#include "facade/http/api_keys.h"

#include "facade/http/headers.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

namespace underpin::facade::http {
namespace {

using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

constexpr std::size_t salt_bytes = 16;
constexpr std::size_t key_limit = 512;
constexpr std::array<std::string_view, 6> roles{"channel", "architect", "approver",
                                                "qa",      "finance",   "operator"};

Digest digest_of(std::string_view salt, std::string_view key) {
  std::string text(salt);
  text += key;
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  OPENSSL_cleanse(text.data(), text.size());
  return digest;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::optional<std::string> bytes_of(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = hex_value(hex[i]);
    const int low = hex_value(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return bytes;
}

std::string hex_of(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text.push_back(digits[byte >> 4]);
    text.push_back(digits[byte & 15]);
  }
  return text;
}

}  // namespace

struct ApiKeys::Stored {
  Principal principal;
  std::string salt;
  Digest digest;
};

ApiKeys::ApiKeys() = default;
ApiKeys::ApiKeys(ApiKeys&&) noexcept = default;
ApiKeys& ApiKeys::operator=(ApiKeys&&) noexcept = default;
ApiKeys::~ApiKeys() = default;

Result<ApiKeys> ApiKeys::load(const std::vector<ApiKeySettings>& settings) {
  ApiKeys keys;
  std::vector<FieldError> errors;
  for (std::size_t i = 0; i < settings.size(); ++i) {
    const ApiKeySettings& given = settings[i];
    const std::string at = "/keys/" + std::to_string(i);
    if (given.subject.empty()) errors.push_back({at + "/subject", "must not be empty"});
    if (std::find(roles.begin(), roles.end(), given.role) == roles.end())
      errors.push_back(
          {at + "/role", "must be channel, architect, approver, qa, finance or operator"});
    if ((given.role == "channel") == given.channel.empty())
      errors.push_back({at + "/channel", "is required for the role channel and only there"});

    constexpr std::string_view scheme = "sha256:";
    const std::string_view hash = given.hash;
    const std::size_t colon = hash.find(':', scheme.size());
    std::optional<std::string> salt;
    std::optional<std::string> digest;
    if (hash.substr(0, scheme.size()) == scheme && colon != std::string_view::npos) {
      salt = bytes_of(hash.substr(scheme.size(), colon - scheme.size()));
      digest = bytes_of(hash.substr(colon + 1));
    }
    if (!salt || salt->empty() || !digest || digest->size() != SHA256_DIGEST_LENGTH) {
      errors.push_back({at + "/hash", "must be sha256:<salt hex>:<digest hex>, lower case"});
      continue;
    }
    Stored stored{
        {given.subject, given.role, given.channel, given.wave, given.waves}, std::move(*salt), {}};
    std::copy(digest->begin(), digest->end(), stored.digest.begin());
    const bool twice =
        std::any_of(keys.stored_.begin(), keys.stored_.end(), [&](const Stored& other) {
          return other.salt == stored.salt && other.digest == stored.digest;
        });
    if (twice) errors.push_back({at + "/hash", "is the key of an earlier entry"});
    keys.stored_.push_back(std::move(stored));
  }
  if (!errors.empty()) {
    return Error{ErrorCode::invalid_request,
                 "keys: " + errors[0].pointer + " " + errors[0].detail,
                 "",
                 "",
                 0,
                 errors};
  }
  return keys;
}

std::optional<Principal> ApiKeys::authenticate(std::string_view key) const {
  if (key.empty() || key.size() > key_limit) return std::nullopt;
  const Stored* found = nullptr;
  for (const Stored& stored : stored_) {
    const Digest given = digest_of(stored.salt, key);
    if (CRYPTO_memcmp(given.data(), stored.digest.data(), given.size()) == 0 && !found)
      found = &stored;
  }
  if (!found) return std::nullopt;
  return found->principal;
}

std::optional<Principal> ApiKeys::authenticate(const Headers& headers) const {
  const auto keys = headers.all("X-API-Key");
  const auto authorizations = headers.all("Authorization");
  if (keys.size() > 1 || authorizations.size() > 1) return std::nullopt;
  std::string_view key = keys.empty() ? std::string_view() : keys.front();
  if (!authorizations.empty()) {
    constexpr std::string_view scheme = "Bearer ";
    const std::string_view value = authorizations.front();
    if (!equal_ignoring_case(value.substr(0, scheme.size()), scheme)) return std::nullopt;
    const std::string_view token = value.substr(scheme.size());
    if (!keys.empty() && key != token) return std::nullopt;
    key = token;
  }
  return authenticate(key);
}

std::string hash_api_key(std::string_view key) {
  const std::string salt_hex = random_hex(salt_bytes);
  const Digest digest = digest_of(bytes_of(salt_hex).value_or(""), key);
  return "sha256:" + salt_hex + ":" +
         hex_of({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace underpin::facade::http
