#include "facade/cli/pack_commands.h"

#include "facade/audit.h"
#include "facade/cli/ops_call.h"
#include "facade/pack.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace underpin::facade::cli {
namespace {

using json::Value;

constexpr std::uintmax_t file_bytes_max = 256ULL * 1024 * 1024;

bool write_file(const std::filesystem::path& path, const std::string& text) {
  // Beside it, then in its place: a full disk leaves the old one.
  const std::string fresh = path.string() + ".new";
  std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  std::error_code failed;
  if (file) std::filesystem::rename(fresh, path, failed);
  const bool written = static_cast<bool>(file) && !failed;
  if (!written) std::fprintf(stderr, "underpin: %s cannot be written\n", path.c_str());
  return written;
}

// Every file of the folder by its name; a folder in it is one too much, and named with a slash.
std::optional<PackFiles> read_folder(const std::string& folder) {
  PackFiles files;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file()) {
      files[name + "/"] = "";
      continue;
    }
    std::ifstream file(entry.path(), std::ios::binary);
    std::ostringstream text;
    if (entry.file_size() <= file_bytes_max) text << file.rdbuf();
    if (!file || entry.file_size() > file_bytes_max) {
      std::fprintf(stderr, "underpin: %s cannot be read\n", entry.path().c_str());
      return std::nullopt;
    }
    files[name] = text.str();
  }
  if (failed) {
    std::fprintf(stderr, "underpin: %s cannot be read\n", folder.c_str());
    return std::nullopt;
  }
  return files;
}

// The pack of the folder, when nothing speaks against it.
std::optional<Pack> whole_pack(const std::string& folder, PackFiles& files) {
  auto read = read_folder(folder);
  if (!read) return std::nullopt;
  files = std::move(*read);
  const std::vector<std::string> faults = pack_faults(files);
  for (const std::string& fault : faults) std::fprintf(stderr, "underpin: %s\n", fault.c_str());
  if (!faults.empty()) return std::nullopt;
  auto pack = read_pack(files.at(pack_name));
  if (!pack) return std::nullopt;
  return std::move(pack).value();
}

// What the audit log lacks of it.
bool in_audit(const OpsOptions& ops, const Pack& pack) {
  std::set<std::string> wanted{pack.seal()};
  for (const journal::AuditRecord& record : pack.entries) {
    const auto entry = json::parse(record.entry);
    if (entry && entry->get("kind").text() == "sign_off") wanted.insert(record.hash);
  }
  std::string after = "0";
  while (true) {
    const auto reply = call(ops, "GET", "/ops/v1/audit?limit=500&after=" + after);
    if (!reply) return false;
    for (const Value& item : reply->value.get("items").items()) {
      const auto entry = json::parse(item.get("entry").text());
      if (!entry) continue;
      const std::string& kind = entry->get("kind").text();
      if (kind == "pack_made") wanted.erase(entry->get("detail").get("seal").text());
      if (kind == "pack_signed") wanted.erase(entry->get("detail").get("hash").text());
    }
    if (reply->value.find("next") == nullptr) break;
    after = reply->value.get("next").text();
  }
  for (const std::string& hash : wanted)
    std::fprintf(stderr, "underpin: the audit log does not know the entry with the hash %s\n",
                 hash.c_str());
  return wanted.empty();
}

}  // namespace

int pack_make(const OpsOptions& ops, const std::string& capability, const std::string& to,
              const std::string& folder, bool unmask, const std::string& reason) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed || !std::filesystem::is_empty(folder, failed) || failed) {
    std::fprintf(stderr, "underpin: %s must be an empty folder, or one that can be made\n",
                 folder.c_str());
    return 2;
  }
  std::string path = "/ops/v1/gate/" + percent_encoded(capability) + "/packs";
  std::string query;
  const auto ask = [&](const std::string& key, const std::string& value) {
    query += (query.empty() ? "?" : "&") + key + "=" + percent_encoded(value);
  };
  if (!to.empty()) ask("to", to);
  if (unmask) ask("unmask", "true");
  if (unmask) ask("reason", reason);
  path += query;
  const Value nothing = Value::object();
  const auto reply = call(ops, "POST", path, &nothing);
  if (!reply) return 1;
  PackFiles files;
  for (const json::Member& file : reply->value.get("files").members())
    files[file.key] = file.value.text();
  const std::string& text = reply->value.get("pack").text();
  const auto pack = read_pack(text);
  if (!pack) {
    std::fprintf(stderr, "underpin: %s\n", pack.error().message.c_str());
    return 1;
  }
  const std::filesystem::path into(folder);
  for (const auto& [name, content] : files)
    if (!write_file(into / name, content)) return 1;
  if (!write_file(into / pack_name, text)) return 1;
  if (!write_file(into / pack_page_name, pack_page(*pack, files))) return 1;
  std::printf("%s: %zu files, the gate %s, sealed with %s\n", folder.c_str(), files.size() + 2,
              pack->about().get("passed") == Value::boolean(true) ? "passes" : "refuses",
              pack->seal().c_str());
  return 0;
}

int pack_sign(const OpsOptions& ops, const SignOptions& options) {
  PackFiles files;
  auto pack = whole_pack(options.folder, files);
  if (!pack) return 1;
  Value body = Value::object();
  body.set("seal", pack->seal());
  body.set("previous", pack->head());
  body.set("name", options.name);
  body.set("role", options.role);
  body.set("comment", options.comment);
  const std::string capability = pack->about().get("capability").text();
  const auto reply =
      call(ops, "POST", "/ops/v1/gate/" + percent_encoded(capability) + "/packs/sign", &body);
  if (!reply) return 1;
  const auto seq = reply->value.get("seq").as_int();
  pack->entries.push_back({seq ? *seq : 0, reply->value.get("previous").text(),
                           reply->value.get("hash").text(), reply->value.get("entry").text()});
  const std::filesystem::path into(options.folder);
  if (!write_file(into / pack_name, write_pack(*pack))) return 1;
  if (!write_file(into / pack_page_name, pack_page(*pack, files))) return 1;
  std::printf("signed as %s by %s, entry %s\n", options.role.c_str(), options.name.c_str(),
              reply->value.get("seq").text().c_str());
  return 0;
}

int pack_verify(const OpsOptions& ops, const std::string& folder, bool audit) {
  PackFiles files;
  const auto pack = whole_pack(folder, files);
  if (!pack) return 1;
  if (audit && !in_audit(ops, *pack)) return 1;
  std::printf("The pack is as it was made: %zu entries, %zu sign-offs, sealed with %s%s\n",
              pack->entries.size(), pack->sign_offs().size(), pack->seal().c_str(),
              audit ? "; the audit log knows all of it" : "");
  return 0;
}

}  // namespace underpin::facade::cli
