#include "legacy-adapters/transport/edi/input.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace underpin::legacy::edi {

namespace {

// In blocks whose count fits a byte: the compiler makes vectors of that.
std::uint64_t line_feeds(const char* from, const char* to) {
  std::uint64_t count = 0;
  while (from < to) {
    const char* const end = from + std::min<std::ptrdiff_t>(255, to - from);
    std::uint8_t here = 0;
    for (; from < end; ++from) here = static_cast<std::uint8_t>(here + (*from == '\n'));
    count += here;
  }
  return count;
}

}  // namespace

ReadBytes reading(std::istream& input) {
  return [&input](char* to, std::size_t most) -> Result<std::size_t> {
    input.read(to, static_cast<std::streamsize>(most));
    if (input.bad()) return Error{ErrorCode::unavailable, "the stream cannot be read"};
    return static_cast<std::size_t>(input.gcount());
  };
}

ReadBytes reading(int descriptor) {
  return [descriptor](char* to, std::size_t most) -> Result<std::size_t> {
    ssize_t got = 0;
    do {
      got = ::read(descriptor, to, most);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
      return Error{ErrorCode::unavailable,
                   std::string("the file cannot be read: ") + std::strerror(errno)};
    }
    return static_cast<std::size_t>(got);
  };
}

Window::Window(ReadBytes read, std::size_t capacity)
    : read_(std::move(read)),
      capacity_(std::max<std::size_t>(capacity, 4)),
      buffer_(capacity_ + slack),
      at_(buffer_.data()),
      end_(at_),
      counted_to_(at_) {}

bool Window::more() {
  if (ended_) return false;
  const std::size_t kept = unread();
  if (kept == capacity_) return false;
  char* const begin = buffer_.data();
  offset_ += static_cast<std::uint64_t>(at_ - begin);
  lines_ = line_of(at_) - 1;
  counted_to_ = begin;
  counted_ = 0;
  if (kept > 0 && at_ != begin) std::memmove(begin, at_, kept);
  at_ = begin;
  end_ = begin + kept;
  const auto got = read_(begin + kept, capacity_ - kept);
  if (!got) failure_ = got.error();
  if (!got || *got == 0) {
    ended_ = true;
    return false;
  }
  end_ += *got;
  if (!begun_) {
    // A pipe may hand out single bytes: the mark is looked for when three are there.
    if (unread() < 3 && std::memcmp(at_, "\xEF\xBB\xBF", unread()) == 0)
      return more() || unread() > 0;
    begun_ = true;
    if (unread() >= 3 && std::memcmp(at_, "\xEF\xBB\xBF", 3) == 0) at_ += 3;
    if (at_ == end_) return more();
  }
  return true;
}

std::uint64_t Window::offset_of(const char* place) const {
  return offset_ + static_cast<std::uint64_t>(place - buffer_.data());
}

// Places are asked for in the order of the file, nearly always: what was counted is kept.
std::uint64_t Window::line_of(const char* place) const {
  if (place < counted_to_) {
    counted_to_ = buffer_.data();
    counted_ = 0;
  }
  counted_ += line_feeds(counted_to_, place);
  counted_to_ = place;
  return 1 + lines_ + counted_;
}

}  // namespace underpin::legacy::edi
