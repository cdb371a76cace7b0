#pragma once

#include "facade/audit.h"
#include "facade/cutover_desk.h"
#include "facade/systems.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Cross-references that are older than the facade: which numbers name one order, or one customer,
// in the channels, in legacy and in the cloud. `underpin xref import` brings them from a file;
// reads, the feeds, catching up and comparisons go by them.
namespace underpin::facade {

// kind,number,legacy,cloud
struct XrefLine {
  int line = 0;        // In the file.
  std::string kind;    // "order", "customer".
  std::string number;  // "web/100042", or "100042" for every channel.
  std::string legacy;  // Legacy's own number; empty: not known.
  std::string cloud;
};

// Reads and checks what one line can break by itself; `channels` empty: every channel is known. The
// first line of `csv` is number `first_line` of the file and no header. A fault's pointer is
// "line 7, legacy". Lines with a fault are left out.
std::vector<XrefLine> read_xref(std::string_view csv, int first_line,
                                const std::set<std::string>& channels,
                                std::vector<FieldError>& faults);

struct XrefReport {
  std::int64_t added = 0;
  std::int64_t known = 0;          // Imported before, or found by the facade itself.
  std::vector<FieldError> faults;  // Any: nothing of it was imported.
};

// What is known of an order by a number of it; empty members: not known.
struct Xref {
  std::vector<std::string> numbers;
  DocumentNumber legacy;
  DocumentNumber cloud;
  const DocumentNumber& document(Side side) const { return side == Side::legacy ? legacy : cloud; }
};
std::optional<Xref> order_xref(const journal::JournalReader& reader, const ChannelId& channel,
                               const std::string& number);
std::optional<Xref> order_xref(const journal::JournalReader& reader, Side side,
                               const DocumentNumber& document);
// A document that is being adopted gets the numbers that were imported for it.
void put_with_xref(journal::JournalTransaction& tx, journal::DocumentRecord document);

// The fact that says by which number an alias of a customer's is known.
std::string fact_of_customer(const std::string& alias);
// The number by which both ERPs know a customer, by it or by an imported alias.
CustomerNumber canonical_customer(const journal::JournalReader& reader,
                                  const CustomerNumber& number);

// Threads: any.
class XrefImport {
 public:
  XrefImport(const Systems& systems, journal::Journal& journal, AuditTrail& audit)
      : systems_(systems), journal_(journal), audit_(audit) {}

  // All of it or, when a line is refused, nothing. A repeat changes nothing.
  Result<XrefReport> run(std::string_view csv, int first_line, bool dry_run, const Act& act);

 private:
  const Systems& systems_;
  journal::Journal& journal_;
  AuditTrail& audit_;
};

}  // namespace underpin::facade
