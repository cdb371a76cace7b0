#include "legacy-adapters/transport/file_drop/acknowledgement.h"

#include <algorithm>
#include <array>
#include <utility>

namespace underpin::legacy::file_drop {
namespace {

constexpr std::size_t value_max = 2'000;
constexpr std::array<std::string_view, 5> keys{"file", "sha256", "result", "batch", "reason"};

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

std::string line(std::string_view key, std::string_view value) {
  if (value.empty()) return {};
  std::string text(value.substr(0, value_max));
  // Not in the middle of a letter.
  while (text.size() < value.size() && !text.empty() &&
         (static_cast<unsigned char>(value[text.size()]) & 0xC0) == 0x80) {
    text.pop_back();
  }
  std::replace_if(text.begin(), text.end(), is_control, ' ');
  return std::string(key) + ": " + text + "\n";
}

Error broken(std::size_t number, const std::string& rule) {
  return {ErrorCode::invalid_request, "line " + std::to_string(number) + ": " + rule};
}

}  // namespace

std::string text_of(const Acknowledgement& acknowledgement) {
  return line("file", acknowledgement.file) + line("sha256", acknowledgement.checksum) +
         line("result", acknowledgement.accepted ? "accepted" : "rejected") +
         line("batch", acknowledgement.batch) + line("reason", acknowledgement.reason);
}

Result<Acknowledgement> parse_acknowledgement(std::string_view text) {
  if (text.size() > acknowledgement_max) {
    return broken(
        1, "the file must not have more than " + std::to_string(acknowledgement_max) + " bytes");
  }
  std::array<std::string, keys.size()> values;
  std::array<bool, keys.size()> given{};
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return broken(number, "the line has no end: cut short");
    std::string_view one = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (!one.empty() && one.back() == '\r') one.remove_suffix(1);
    const std::size_t colon = one.find(": ");
    if (colon == std::string_view::npos) return broken(number, "must be \"key: value\"");
    const auto key = std::find(keys.begin(), keys.end(), one.substr(0, colon));
    if (key == keys.end()) {
      return broken(number, "the key must be file, sha256, result, batch or reason");
    }
    const auto place = static_cast<std::size_t>(key - keys.begin());
    if (std::exchange(given[place], true)) {
      return broken(number, std::string(*key) + " must be there once");
    }
    const std::string_view value = one.substr(colon + 2);
    if (value.size() > value_max) {
      return broken(number,
                    "the value must not have more than " + std::to_string(value_max) + " bytes");
    }
    if (std::any_of(value.begin(), value.end(), is_control)) {
      return broken(number, "the value must not have control characters");
    }
    values[place] = value;
  }
  const auto& [file, checksum, result, batch, reason] = values;
  if (file.empty()) return broken(number + 1, "file must be there");
  if (result != "accepted" && result != "rejected") {
    return broken(number + 1, "result must be accepted or rejected");
  }
  const bool hexadecimal = checksum.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!checksum.empty() && (checksum.size() != 64 || !hexadecimal)) {
    return broken(number + 1, "sha256 must be 64 digits 0-9a-f");
  }
  return Acknowledgement{file, checksum, result == "accepted", batch, reason};
}

}  // namespace underpin::legacy::file_drop
