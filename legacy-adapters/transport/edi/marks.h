#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace underpin::legacy::edi {

// Calls on_mark(place) for every byte of [from, end) that is one of `needles`, in order, until it
// returns false; true: the end was reached. Reads up to 31 bytes behind `end` (Window::slack).
// Elements are short: finding them one by one with memchr costs more than the bytes themselves.
template <std::size_t N, class OnMark>
inline bool each_mark(const char* from, const char* end, const std::array<char, N>& needles,
                      OnMark&& on_mark) {
#ifdef __SSE2__
  __m128i wanted[N];
  for (std::size_t i = 0; i < N; ++i) wanted[i] = _mm_set1_epi8(needles[i]);
  const auto found_in = [&wanted](const char* place) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(place));
    __m128i equal = _mm_cmpeq_epi8(bytes, wanted[0]);
    for (std::size_t i = 1; i < N; ++i) {
      equal = _mm_or_si128(equal, _mm_cmpeq_epi8(bytes, wanted[i]));
    }
    return static_cast<std::uint32_t>(_mm_movemask_epi8(equal));
  };
  for (; from < end; from += 32) {
    std::uint32_t found = found_in(from) | found_in(from + 16) << 16;
    if (end - from < 32) found &= (std::uint32_t{1} << (end - from)) - 1;
    for (; found != 0; found &= found - 1) {
      if (!on_mark(from + std::countr_zero(found))) return false;
    }
  }
#else
  for (; from < end; ++from) {
    for (const char needle : needles) {
      if (*from != needle) continue;
      if (!on_mark(from)) return false;
      break;
    }
  }
#endif
  return true;
}

}  // namespace underpin::legacy::edi
