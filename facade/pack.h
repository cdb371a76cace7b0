#pragma once

#include "contracts/json/json_text.h"
#include "contracts/result.h"
#include "facade/journal/journal.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

// A go/no-go pack: what a decision was made on, in one folder. pack.json is a chain of entries,
// each with the hash of the one before it, as the audit log is one: first what the pack is about,
// then every evidence file with its hash, then the sign-offs in the order in which they were given.
// pack.html shows all of it and is made of the others. Pure; any thread.
namespace underpin::facade {

using PackFiles = std::map<std::string, std::string>;  // Name -> content.

struct Pack {
  std::vector<journal::AuditRecord> entries;
  std::string head() const;   // The hash of the last entry.
  std::string seal() const;   // Of the last one before the sign-offs: what is signed.
  json::Value about() const;  // The first entry.
  std::vector<json::Value> sign_offs() const;
};

inline constexpr const char* pack_name = "pack.json";
inline constexpr const char* pack_page_name = "pack.html";

// `about`: members of the first entry. The files' names are plain: no folders.
Pack sealed_pack(json::Value about, const PackFiles& files);
// The next entry of the kind, with the members of `what`.
journal::AuditRecord next_entry(const std::vector<journal::AuditRecord>& entries,
                                const std::string& kind, json::Value what);

std::string write_pack(const Pack& pack);
// invalid_request: it is no pack. The chain is not judged.
Result<Pack> read_pack(std::string_view text);
// One self-contained page for people and printers.
std::string pack_page(const Pack& pack, const PackFiles& files);

// What was changed, taken away, moved or added since the facade made it, in words; empty: nothing.
// `files` are all of the folder's, pack.json and pack.html included.
std::vector<std::string> pack_faults(const PackFiles& files);

}  // namespace underpin::facade
