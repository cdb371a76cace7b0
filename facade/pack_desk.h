#pragma once

#include "facade/facade.h"
#include "facade/pack.h"

#include <string>

// Where packs are made and signed. What a pack is sealed with, and every sign-off, is in the audit
// log: a pack that was written anew as a whole does not fit it. Threads: any.
namespace underpin::facade {

struct MadePack {
  Pack pack;
  PackFiles files;
};

// Personal data in samples is masked unless somebody who may see it says why; the audit log then
// has who, why and whose.
struct ShownInPack {
  bool unmasked = false;
  std::string role;
  std::string reason;
};

// Asks the ERPs for the price basket. The newest pack of a capability is the one that is signed.
Result<MadePack> make_pack(Facade& facade, Capability capability, cutover::Stage to,
                           const CallContext& context, const std::string& actor,
                           const ShownInPack& shown = {});

struct SignOff {
  std::string seal;      // Of the pack that the signer has looked at.
  std::string previous;  // The hash of its last entry.
  std::string name;
  std::string role;
  std::string comment;
  std::string subject;  // The token's.
};

// The entry that follows. Errors: rejected, with the reason; conflict: the pack has moved on.
Result<journal::AuditRecord> sign_pack(Facade& facade, Capability capability, const SignOff& given);

}  // namespace underpin::facade
