#pragma once

#include "facade/cli/commands.h"

#include <string>

namespace underpin::facade::cli {

// Writes one folder, which is made or empty: pack.json, pack.html and the evidence.
// `unmask`: samples with personal data, for a reason and if the key's role may.
int pack_make(const OpsOptions& ops, const std::string& capability, const std::string& to,
              const std::string& folder, bool unmask, const std::string& reason);

struct SignOptions {
  std::string folder;
  std::string name;
  std::string role;
  std::string comment;
};
// Of an unchanged pack; the facade gives the entry, as the subject of the key.
int pack_sign(const OpsOptions& ops, const SignOptions& options);

// 1, naming what was changed, taken away, moved or added. `audit`: the audit log of the facade,
// too, has what the pack was sealed with and every sign-off.
int pack_verify(const OpsOptions& ops, const std::string& folder, bool audit);

}  // namespace underpin::facade::cli
