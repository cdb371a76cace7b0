#pragma once

#include "contracts/capability.h"
#include "contracts/result.h"

#include <string>
#include <vector>

namespace underpin {

// What an adapter could not take in of what its ERP sent: a file as a whole, or records of one of
// which the rest was taken in.
struct PutAside {
  Capability capability = Capability::orders;  // What the file is about, mostly.
  std::string file;                            // As it was dropped.
  bool whole = false;
  // A line for each record: where it stands (line, segment or record), the field, and the rule.
  std::vector<std::string> records;
};

// Beside ErpAdapter, by an adapter that takes in files. Thread rule: any.
class PutAsideFiles {
 public:
  virtual ~PutAsideFiles() = default;
  // What lies there. A name stands for one thing for good: the facade asks for each once.
  virtual std::vector<std::string> put_aside() = 0;
  // not_found: somebody has taken it away. unavailable: it cannot be read now.
  virtual Result<PutAside> put_aside(const std::string& name) = 0;
};

}  // namespace underpin
