#include "facade/audit.h"

#include "facade/digest.h"

#include <algorithm>
#include <map>
#include <set>

namespace underpin::facade {
namespace {

using journal::AuditRecord;
using json::Value;

Value sorted(const Value& value) {
  if (value.is_array()) {
    Value items = Value::array();
    for (const Value& item : value.items()) items.push(sorted(item));
    return items;
  }
  if (!value.is_object()) return value;
  std::vector<json::Member> members = value.members();
  std::sort(members.begin(), members.end(),
            [](const json::Member& a, const json::Member& b) { return a.key < b.key; });
  Value object = Value::object();
  for (json::Member& member : members) object.append({member.key, sorted(member.value)});
  return object;
}

std::string entry_name(const AuditRecord& record) {
  std::string text = "entry " + std::to_string(record.seq);
  const auto value = json::parse(record.entry);
  if (value && value->is_object()) {
    text += " (" + value->get("kind").text() + " " + value->get("about").text() + ", " +
            value->get("actor").text() + ", " + value->get("at").text() + ")";
  }
  return text;
}

// The place that the entry itself says it has; 0: it says none.
std::int64_t own_seq(const AuditRecord& record) {
  const auto value = json::parse(record.entry);
  if (!value) return 0;
  const auto seq = value->get("seq").as_int();
  return seq ? *seq : 0;
}

}  // namespace

std::string canonical_json(const Value& value) { return json::write(sorted(value)); }

std::string audit_hash(std::string_view previous, std::string_view entry) {
  return sha256_hex(std::string(previous) + "\n" + std::string(entry));
}

void AuditTrail::Pen::add(const AuditNote& note) {
  const AuditRecord head = tx_.lock_audit();
  AuditRecord record;
  record.seq = head.seq + 1;
  record.previous = head.hash;
  Value entry = Value::object();
  entry.set("seq", Value::integer(record.seq));
  entry.set("at", now_.text());
  entry.set("kind", note.kind);
  entry.set("actor", note.actor);
  entry.set("about", note.about);
  entry.set("detail", note.detail.is_null() ? Value::object() : note.detail);
  record.entry = canonical_json(entry);
  record.hash = audit_hash(record.previous, record.entry);
  tx_.append_audit(record);
  written_.push_back(std::move(record));
}

Status AuditTrail::write(const std::function<bool(journal::JournalTransaction&, Pen&)>& work) {
  std::vector<AuditRecord> written;
  const Status kept = journal_.write([&](journal::JournalTransaction& tx) {
    Pen pen(tx, now_());
    const bool keep = work(tx, pen);
    written = pen.written();
    return keep;
  });
  if (kept && on_audit_) {
    for (const AuditRecord& record : written) on_audit_(record);
  }
  return kept;
}

std::vector<std::string> audit_faults(const std::vector<AuditRecord>& records,
                                      const std::vector<std::string>& heads) {
  std::vector<std::string> faults;
  std::int64_t expected = 1;
  std::set<std::string> hashes;
  // By the place that each says it has: moving one says nothing against its neighbours.
  std::map<std::int64_t, std::string> hash_of{{0, std::string(64, '0')}};
  for (const AuditRecord& record : records) {
    hashes.insert(record.hash);
    const std::int64_t own = own_seq(record);
    hash_of[own == 0 ? record.seq : own] = record.hash;
  }
  for (const AuditRecord& record : records) {
    if (record.seq > expected) {
      faults.push_back(record.seq - expected == 1
                           ? "entry " + std::to_string(expected) + " is missing"
                           : "entries " + std::to_string(expected) + " to " +
                                 std::to_string(record.seq - 1) + " are missing");
    } else if (record.seq < expected) {
      faults.push_back(entry_name(record) + " is there twice or out of order");
    }
    const std::int64_t own = own_seq(record);
    if (own != record.seq && own != 0) {
      faults.push_back(entry_name(record) + " is reordered: it was written as entry " +
                       std::to_string(own));
    } else if (audit_hash(record.previous, record.entry) != record.hash) {
      faults.push_back(entry_name(record) + " was changed: its hash does not fit");
    } else {
      const auto before = hash_of.find(record.seq - 1);
      if (before != hash_of.end() && before->second != record.previous) {
        faults.push_back(entry_name(record) +
                         " does not continue the entry before it: one of the two was changed");
      }
    }
    expected = record.seq + 1;
  }
  for (const std::string& head : heads) {
    if (hashes.count(head) == 0) {
      faults.push_back("the entry with the hash " + head + " is not there any more: the log " +
                       (records.empty() ? std::string("is empty")
                                        : "ends with entry " + std::to_string(records.back().seq)) +
                       ", so its tail was cut or rewritten");
    }
  }
  return faults;
}

std::map<std::string, std::vector<std::string>> audit_heads_in_log(std::string_view lines) {
  std::map<std::string, std::vector<std::string>> heads;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (line.find("audit_hash") == std::string_view::npos) continue;
    const auto value = json::parse(line);
    if (!value) continue;
    const std::string& hash = value->get("audit_hash").text();
    const std::string& wave = value->get("wave").text();
    if (!hash.empty()) heads[wave.empty() ? "default" : wave].push_back(hash);
  }
  return heads;
}

}  // namespace underpin::facade
