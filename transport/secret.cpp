#include "transport/secret.h"

#include <cstdlib>
#include <fstream>

namespace underpin::transport {

Result<std::string> resolve_secret(std::string_view named) {
  const auto is = [&](std::string_view prefix) { return named.substr(0, prefix.size()) == prefix; };
  if (is("env:")) {
    const std::string name(named.substr(4));
    const char* value = std::getenv(name.c_str());
    if (value == nullptr)
      return Error{ErrorCode::invalid_request, "environment variable " + name + " is not set"};
    return std::string(value);
  }
  if (is("file:")) {
    const std::string path(named.substr(5));
    std::ifstream file(path);
    std::string line;
    if (!file || (!std::getline(file, line) && line.empty()))
      return Error{ErrorCode::invalid_request, "secret file " + path + " cannot be read"};
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    return line;
  }
  return std::string(named);
}

}  // namespace underpin::transport
