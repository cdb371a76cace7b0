#include "legacy-adapters/netsuite_soap/token.h"

#include "legacy-adapters/netsuite_soap/xml.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>
#include <stdexcept>

namespace underpin::legacy::netsuite_soap {
namespace {

// RFC 3986: everything but unreserved characters.
std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  constexpr std::string_view unreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string result;
  for (const char c : text) {
    if (unreserved.find(c) != std::string_view::npos) {
      result += c;
    } else {
      const auto octet = static_cast<unsigned char>(c);
      result += '%';
      result += digits[octet >> 4];
      result += digits[octet & 15];
    }
  }
  return result;
}

std::string base64(const unsigned char* octets, std::size_t count) {
  std::string text(4 * ((count + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), octets,
                                   static_cast<int>(count));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

}  // namespace

std::string token_signature(const Settings& settings, std::string_view nonce,
                            std::int64_t timestamp_s) {
  const std::string text = settings.account + "&" + settings.consumer_key + "&" + settings.token +
                           "&" + std::string(nonce) + "&" + std::to_string(timestamp_s);
  const std::string key =
      percent_encoded(settings.consumer_secret) + "&" + percent_encoded(settings.token_secret);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(),
           &size) == nullptr)
    throw std::runtime_error("no HMAC-SHA256");
  return base64(digest.data(), size);
}

std::string new_nonce() {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz012345";
  static_assert(letters.size() == 58);
  std::array<unsigned char, 20> octets{};
  if (RAND_bytes(octets.data(), static_cast<int>(octets.size())) != 1)
    throw std::runtime_error("no random octets for a nonce");
  std::string nonce;
  for (const unsigned char octet : octets) nonce += letters[octet % letters.size()];
  return nonce;
}

std::string token_passport(const Settings& settings, const std::string& nonce,
                           std::int64_t timestamp_s) {
  Xml xml;
  xml.open("platformMsgs:tokenPassport")
      .leaf("platformCore:account", settings.account)
      .leaf("platformCore:consumerKey", settings.consumer_key)
      .leaf("platformCore:token", settings.token)
      .leaf("platformCore:nonce", nonce)
      .leaf("platformCore:timestamp", std::to_string(timestamp_s));
  xml.open("platformCore:signature", {{"algorithm", "HMAC-SHA256"}})
      .raw(token_signature(settings, nonce, timestamp_s))
      .close();
  return xml.close().text();
}

}  // namespace underpin::legacy::netsuite_soap
