#include "transport/shell.h"

#include <gtest/gtest.h>

namespace underpin::transport {
namespace {

TEST(ShellCommand, QuotesWhateverATextHolds) {
  EXPECT_EQ(shell_quoted("a b"), "'a b'");
  EXPECT_EQ(shell_quoted("it's $HOME `id`"), R"('it'\''s $HOME `id`')");
  EXPECT_EQ(shell_quoted(""), "''");
}

TEST(ShellCommand, VariablesAreNamedAfterTheSystem) {
  EXPECT_EQ(variable_prefix("nav"), "NAV");
  EXPECT_EQ(variable_prefix("bc-fr.2"), "BC_FR_2");
  EXPECT_EQ(variable_prefix("4erp"), "_4ERP");
}

TEST(ShellCommand, CurlHasWhatIsAskedAndNothingOfWhoAsks) {
  HttpRequest request;
  request.method = "POST";
  request.url = "https://user:secret@nav.example:7047/WS/Page/Customer";
  request.headers = {{"SOAPAction", "\"urn:page/customer:Read\""},
                     {"Content-Type", "text/xml; charset=utf-8"},
                     {"Authorization", "Basic c2VjcmV0"},
                     {"Cookie", "session=secret"},
                     {"X-Api-Key", "secret"}};
  request.body = "<No>O'Hara</No>";
  EXPECT_EQ(curl_command(request, "-u \"$NAV_USER:$NAV_PASSWORD\""),
            "curl -sS -u \"$NAV_USER:$NAV_PASSWORD\" -H 'SOAPAction: \"urn:page/customer:Read\"' "
            "-H 'Content-Type: text/xml; charset=utf-8' --data-binary "
            "'<No>O'\\''Hara</No>' 'https://nav.example:7047/WS/Page/Customer'");
  request = {};
  request.url = "https://bc.example/api?$filter=a eq 'x@y'";
  EXPECT_EQ(curl_command(request, ""),
            "curl -sS 'https://bc.example/api?$filter=a eq '\\''x@y'\\'''");
  request.method = "DELETE";
  EXPECT_EQ(curl_command(request, "").rfind("curl -sS -X 'DELETE' ", 0), 0u);
}

}  // namespace
}  // namespace underpin::transport
