#pragma once

#include "contracts/result.h"

#include <string>
#include <string_view>

namespace underpin::legacy::odbc {

// Bytes that a database keeps in a code page of its own, EBCDIC among them. One thread.
class CodePage {
 public:
  explicit CodePage(const std::string& name);  // Of iconv: "IBM037", "IBM1141".
  ~CodePage();
  CodePage(const CodePage&) = delete;
  CodePage& operator=(const CodePage&) = delete;
  bool known() const;

  // internal: names the first byte that is no character, from 1.
  Result<std::string> utf8(std::string_view bytes);

 private:
  void* converter_;
};

}  // namespace underpin::legacy::odbc
