// Any answer of an OData service or its identity provider: a page, a document or an error by the
// rules of odata_client.h. The first line of an input is the status and, behind a blank, the value
// of Retry-After; what follows is the body.
#include "cloud-adapters/transport/odata/odata_client.h"
#include "contracts/json/json_text.h"
#include "transport/url.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace underpin;
using namespace underpin::cloud;
using namespace underpin::cloud::odata;

void require(bool promise) {
  if (!promise) std::abort();
}

const std::string url = "https://erp.example/api/v2.0/companies(1)/salesOrders";

transport::HttpResponse response_of(std::string_view input) {
  transport::HttpResponse response;
  const std::size_t end = std::min(input.find('\n'), input.size());
  const std::string_view first = input.substr(0, end);
  response.status = 200;
  if (first.size() >= 3 && first.find_first_not_of("0123456789") >= 3)
    response.status = 100 * (first[0] - '0') + 10 * (first[1] - '0') + (first[2] - '0');
  if (response.status < 200 || response.status > 599) response.status = 200;
  if (first.size() > 4) response.headers.push_back({"Retry-After", std::string(first.substr(4))});
  response.body = input.substr(std::min(end + 1, input.size()));
  return response;
}

bool is_utf8(const std::string& text) {
  return json::parse(json::write(json::Value(text))).value().text() == text;
}

void check_error(const Error& error, const transport::HttpResponse& response, bool writing) {
  require(error.system == "bc" && !error.message.empty() && error.message.size() <= 1'100);
  require(error.retry_after_s >= 0 && error.retry_after_s <= 3'600);
  require(is_utf8(error.message) && is_utf8(error.vendor_code));
  const int status = response.status;
  require(writing || error.code != ErrorCode::outcome_unknown);
  // Only 429 and what never arrived may be sent again by itself.
  if (writing) require(error.code != ErrorCode::unavailable);
  require((status == 429) == (error.code == ErrorCode::throttled));
  if (writing && (status == 408 || status >= 500)) {
    require(error.code == ErrorCode::outcome_unknown);
  }
  require((status == 401 || status == 403) == (error.code == ErrorCode::unauthorized));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const transport::HttpResponse response = response_of({reinterpret_cast<const char*>(data), size});
  const transport::Send answer = [&](const transport::HttpRequest& request, const CallContext&) {
    const auto address = transport::parse_url(request.url);
    require(address.has_value() ? address->origin() == "https://erp.example:443" ||
                                      address->origin() == "https://erp.example"
                                : request.url.rfind("https://erp.example/", 0) == 0);
    return response;
  };
  ODataClient client({"bc", "Basic eDp5", std::nullopt, false}, answer);
  const auto parsed = json::parse(response.body, {std::max<std::size_t>(size, 1), 64, 5'000'000});

  const Result<ListPage> page = client.page(url, {}, 100);
  if (page) {
    require(response.status == 200 && parsed.has_value());
    require(parsed->get("value").items() == page->items);
    require(page->next.empty() == parsed->get("@odata.nextLink").text().empty());
    require(page->next.empty() || page->next.rfind("https://erp.example/", 0) == 0);
    const auto all = client.list(url, {}, 100, 3);
    require(all.has_value() == page->next.empty());
    if (!all) require(all.error().code == ErrorCode::internal);
  } else {
    check_error(page.error(), response, false);
  }

  const Result<Answer> one = client.get(url, {});
  if (one) {
    require(response.status == 204 || (response.status == 200 && *parsed == one->body));
  } else {
    check_error(one.error(), response, false);
  }
  const Result<Answer> made =
      client.send("POST", url, json::Value::object(), {}, Effect::creating, {});
  if (made) {
    require(response.status >= 200 && response.status <= 299);
    require(made->body.is_null() || made->body == *parsed);
  } else {
    check_error(made.error(), response, true);
  }

  TokenSource tokens({"https://login.example/token", "id", "secret", "scope"},
                     [&](const transport::HttpRequest&, const CallContext&) { return response; });
  const Result<std::string> token = tokens.token({});
  if (token) {
    require(response.status == 200 && !token->empty());
    require(parsed->get("access_token").text() == *token);
    tokens.refused(*token);
  } else {
    require(token.error().code == ErrorCode::unauthorized ||
            token.error().code == ErrorCode::unavailable);
    require(token.error().message.find("secret") == std::string::npos);
  }
  return 0;
}
