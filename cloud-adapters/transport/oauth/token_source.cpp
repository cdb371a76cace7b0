#include "cloud-adapters/transport/oauth/token_source.h"

#include "contracts/json/json_text.h"

#include <algorithm>

namespace underpin::cloud {
namespace {

constexpr std::size_t vendor_code_max = 200;

std::string form_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
        c == '.' || c == '_' || c == '~') {
      encoded += c;
    } else {
      encoded += '%';
      encoded += digits[static_cast<unsigned char>(c) >> 4];
      encoded += digits[static_cast<unsigned char>(c) & 15];
    }
  }
  return encoded;
}

}  // namespace

TokenSource::TokenSource(OAuthSettings settings, transport::Send send)
    : settings_(std::move(settings)), send_(std::move(send)) {}

Result<std::string> TokenSource::token(const CallContext& context) {
  const std::lock_guard lock(mutex_);
  if (!token_.empty() && std::chrono::steady_clock::now() < renew_at_) return token_;
  return request(context);
}

void TokenSource::refused(const std::string& token) {
  const std::lock_guard lock(mutex_);
  if (token_ == token) token_.clear();
}

Result<std::string> TokenSource::request(const CallContext& context) {
  transport::HttpRequest request{"POST", settings_.token_url};
  request.read_only = true;  // A token that nobody uses does no harm.
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                     {"Accept", "application/json"}};
  request.body = "grant_type=client_credentials&client_id=" + form_encoded(settings_.client_id) +
                 "&client_secret=" + form_encoded(settings_.client_secret) +
                 "&scope=" + form_encoded(settings_.scope);
  const auto sent = std::chrono::steady_clock::now();
  const Result<transport::HttpResponse> answer = send_(request, context);
  if (!answer) return answer.error();
  const Result<json::Value> body = json::parse(answer->body);
  if (answer->status != 200 || !body) {
    const bool refused = answer->status == 400 || answer->status == 401;
    Error error{refused ? ErrorCode::unauthorized : ErrorCode::unavailable,
                "the identity provider answered " + std::to_string(answer->status)};
    // The description may repeat what was sent; the code never does.
    if (body) error.vendor_code = body->get("error").text().substr(0, vendor_code_max);
    return error;
  }
  const std::string& token = body->get("access_token").text();
  const Result<std::int64_t> life = body->get("expires_in").as_int();
  if (token.empty() || !life)
    return Error{ErrorCode::unavailable, "the identity provider's answer holds no token"};
  token_ = token;
  // A life shorter than the margin is used for half of it; nobody's token lives for more than a
  // day.
  const std::int64_t life_s = std::clamp<std::int64_t>(*life, 0, 86'400);
  const std::int64_t use_s = std::max<std::int64_t>(life_s - settings_.expiry_margin_s, life_s / 2);
  renew_at_ = sent + std::chrono::seconds(use_s);
  return token_;
}

}  // namespace underpin::cloud
