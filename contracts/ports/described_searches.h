#pragma once

#include "contracts/customer.h"

#include <string>
#include <vector>

namespace underpin {

// As DescribedReads (described_reads.h), of searches: by an adapter that can tell. The first page;
// what stands behind it is asked for by what that answers.
class DescribedSearches {
 public:
  virtual ~DescribedSearches() = default;
  virtual std::vector<std::string> describe_search(const CustomerQuery& query) = 0;
};

}  // namespace underpin
