#pragma once

#include "contracts/result.h"
#include "facade/http/message.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace underpin::facade::http {

// How a key is kept: `sha256:<salt hex>:<digest hex>`, the digest over the salt's bytes and then
// the key's. Keys are random and long (32 characters and more), so one SHA-256 is enough: there is
// no dictionary to slow down, and the door pays it with every request. The salt hides that two
// installations use the same key.
struct ApiKeySettings {
  std::string subject;  // Who: "web", "ada@example.com".
  std::string role;     // "channel", "architect", "qa", "operator"
  std::string channel;  // For the role channel: its namespace; else empty.
  std::string hash;
  std::string wave = {};                // For the role channel: the wave that it calls.
  std::vector<std::string> waves = {};  // For the others: no wave but these; empty: every one.
};

struct Principal {
  std::string subject;
  std::string role;
  std::string channel;
  std::string wave = {};
  std::vector<std::string> waves = {};
  bool operator==(const Principal&) const = default;
};

// Threads: any, once loaded.
class ApiKeys {
 public:
  // `invalid_request` names the entry and the rule it breaks; two entries may not be the same
  // hash.
  static Result<ApiKeys> load(const std::vector<ApiKeySettings>& settings);
  ApiKeys(ApiKeys&&) noexcept;
  ApiKeys& operator=(ApiKeys&&) noexcept;
  ~ApiKeys();

  // Who holds this key. Every stored key is compared, each in constant time, so that the time taken
  // does not tell how close a guess came.
  std::optional<Principal> authenticate(std::string_view key) const;
  // The key of `X-API-Key: <key>` or `Authorization: Bearer <key>`; nothing when both are there and
  // differ, or when one is repeated.
  std::optional<Principal> authenticate(const Headers& headers) const;

 private:
  ApiKeys();
  struct Stored;
  std::vector<Stored> stored_;
};

// The form to keep, with a fresh salt.
std::string hash_api_key(std::string_view key);

}  // namespace underpin::facade::http
