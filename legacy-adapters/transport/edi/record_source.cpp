#include "legacy-adapters/transport/edi/record_source.h"

#include <algorithm>
#include <cstring>

namespace underpin::legacy::edi {

namespace {

bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

// Bytes before the column, counted in characters.
std::size_t byte_at(std::string_view text, std::size_t column) {
  std::size_t at = 0;
  while (at < text.size() && column > 0) {
    ++at;
    while (at < text.size() && !begins_character(text[at])) ++at;
    --column;
  }
  return at;
}

bool is_ascii(std::string_view text) {
  unsigned char all = 0;
  for (const char byte : text) all = static_cast<unsigned char>(all | byte);
  return all < 0x80;
}

}  // namespace

std::string_view columns(std::string_view record, std::size_t offset, std::size_t width,
                         bool characters) {
  if (!characters || is_ascii(record)) {
    return offset >= record.size() ? std::string_view() : record.substr(offset, width);
  }
  const std::string_view rest = record.substr(byte_at(record, offset));
  return rest.substr(0, byte_at(rest, width));
}

std::size_t column_count(std::string_view text, bool characters) {
  if (!characters) return text.size();
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string_view trimmed_right(std::string_view text) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

RecordSource::RecordSource(ReadBytes read, std::size_t fixed_bytes, std::size_t bytes_most)
    : window_(std::move(read),
              std::max<std::size_t>(128 * 1024, 4 * std::max(fixed_bytes, bytes_most))),
      fixed_bytes_(fixed_bytes),
      bytes_most_(bytes_most) {}

Result<RecordSource::Kind> RecordSource::next() {
  if (after_ != nullptr) window_.advance(after_);
  const Kind kind = fixed_bytes_ > 0 ? next_piece() : next_line();
  if (window_.failure()) return *window_.failure();
  return kind;
}

RecordSource::Kind RecordSource::next_piece() {
  while (window_.unread() < fixed_bytes_ && window_.more()) {
  }
  begin_ = window_.at();
  size_ = std::min(window_.unread(), fixed_bytes_);
  after_ = begin_ + size_;
  offset_ = window_.offset_of(begin_);
  ++line_;
  if (size_ == fixed_bytes_) return Kind::record;
  return size_ == 0 ? Kind::end : Kind::cut;
}

RecordSource::Kind RecordSource::next_line() {
  ++line_;
  const char* found = nullptr;
  std::size_t looked_at = 0;  // Before it there is no line end.
  bool told = false;
  for (;;) {
    begin_ = window_.at();
    found = static_cast<const char*>(
        std::memchr(begin_ + looked_at, '\n', window_.unread() - looked_at));
    if (found != nullptr) break;
    looked_at = window_.unread();
    if (looked_at > bytes_most_ + 1) {
      if (!told) offset_ = window_.offset_of(begin_);
      told = true;
      window_.advance(window_.end());
      looked_at = 0;
    }
    if (window_.more()) continue;
    begin_ = window_.at();
    found = window_.end();
    if (found == begin_ && !told) {
      size_ = 0;
      after_ = begin_;
      offset_ = window_.offset_of(begin_);
      return Kind::end;
    }
    break;
  }
  if (!told) offset_ = window_.offset_of(begin_);
  after_ = found == window_.end() ? found : found + 1;
  size_ = static_cast<std::size_t>(found - begin_);
  if (size_ > 0 && begin_[size_ - 1] == '\r') --size_;
  if (!told && size_ <= bytes_most_) return Kind::record;
  size_ = 0;
  return Kind::too_long;
}

}  // namespace underpin::legacy::edi
