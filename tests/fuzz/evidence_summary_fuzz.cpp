// Any bytes in the place of what another replica has told: they are refused, or read as what is
// written in one form and read again as the same; added to evidence they make no subject twice.
#include "parity/evidence_summary.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string_view>
#include <utility>

namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace underpin::parity;
  const auto read = read_summary({reinterpret_cast<const char*>(data), size});
  if (!read) return 0;
  require(!read->ledger.empty() && !read->binding.empty());
  const std::string written = write_summary(*read);
  const auto again = read_summary(written);
  require(again.has_value() && write_summary(*again) == written);
  Evidence evidence;
  merge(evidence, *read, {});
  std::set<std::pair<std::string, std::string>> subjects;
  for (const SubjectEvidence& one : evidence.subjects)
    require(subjects.insert({one.operation, one.subject}).second);
  return 0;
}
