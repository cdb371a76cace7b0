#include "legacy-adapters/transport/odbc/code_page.h"

#include <iconv.h>

#include <array>
#include <cerrno>

namespace underpin::legacy::odbc {
namespace {

const iconv_t none = reinterpret_cast<iconv_t>(-1);

}  // namespace

CodePage::CodePage(const std::string& name) : converter_(iconv_open("UTF-8", name.c_str())) {}

CodePage::~CodePage() {
  if (converter_ != none) iconv_close(converter_);
}

bool CodePage::known() const { return converter_ != none; }

Result<std::string> CodePage::utf8(std::string_view bytes) {
  std::string text;
  iconv(converter_, nullptr, nullptr, nullptr, nullptr);
  char* in = const_cast<char*>(bytes.data());
  std::size_t left = bytes.size();
  std::array<char, 256> part{};
  while (left > 0) {
    char* out = part.data();
    std::size_t room = part.size();
    const std::size_t done = iconv(converter_, &in, &left, &out, &room);
    text.append(part.data(), part.size() - room);
    if (done == static_cast<std::size_t>(-1) && errno != E2BIG) {
      return Error{ErrorCode::internal, "byte " + std::to_string(bytes.size() - left + 1) +
                                            " is no character of the code page"};
    }
  }
  return text;
}

}  // namespace underpin::legacy::odbc
