#pragma once

#include "legacy-adapters/edi_profile/documents.h"
#include "legacy-adapters/edi_profile/settings.h"
#include "legacy-adapters/transport/file_drop/digest.h"
#include "legacy-adapters/transport/told/inbound.h"
#include "legacy-adapters/transport/told/teller.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace underpin::legacy::edi_profile {

// A document that cannot be applied, or a part of a file that cannot be read: what a person has to
// look at.
struct Refusal {
  edi::Place place;
  std::string set;    // "855 0001"
  std::string field;  // Of the record or of the canonical document; empty: the whole.
  std::string reason;
};
std::string text_of(const Refusal& refusal);

struct DocumentReader {
  const profile::Document* document;
  SetIn in;
};
using DocumentReaders = std::map<std::string, DocumentReader>;  // By set or message.

// What a file's interchanges tell, taken into the state within one transaction. Which syntax it was
// read by is its caller's business. One thread.
class Taking {
 public:
  // `again`: the very file was taken in before, and is answered again.
  Taking(const Settings& settings, const DocumentReaders& readers, bool again,
         told::StateDatabase& database, Timestamp now, told::Refusals& refusals);

  struct Interchange {
    std::string sender_qualifier, sender, receiver_qualifier, receiver;
    std::string control;
    bool test = false;
    edi::Place place;
  };
  void begin(const Interchange& interchange);
  void end(const edi::Faults& faults);
  void begin_set(const std::string& id, const std::string& control);
  // The elements that are no text of the agreed character set.
  std::vector<int> add(Segment segment);
  // `faults` are final. An acknowledgement is not given here.
  void end_set(const std::string& id, const std::string& control, const edi::Place& place,
               const edi::Faults& faults);

  // What the partner's translator says of an interchange of ours, or of the set in it.
  struct Acknowledgement {
    std::int64_t control = 0;
    std::optional<edi::Verdict> verdict;
    std::string code;
    std::string reason;
  };
  void acknowledge(const Acknowledgement& said, const edi::Place& place, const std::string& set);

  bool applies() const { return applies_; }  // The interchange: it is new, and for us.
  bool foreign() const { return foreign_; }
  // What ended last has the number of another one.
  bool contradicts() const { return contradicts_; }
  void refuse(const edi::Place& place, const std::string& set, const std::string& field,
              const std::string& reason);
  void refuse_all(const edi::Faults& faults, const std::string& set, bool rejecting_only);

  told::StateDatabase& database() { return database_; }
  Timestamp now() const { return now_; }
  bool refuses() const { return refusals_.count > 0; }

 private:
  void take_document(const DocumentReader& reader, const std::string& name);
  void take_prices(const json::Value& prices);

  const Settings& settings_;
  const DocumentReaders& readers_;
  const bool again_;
  told::StateDatabase& database_;
  const Timestamp now_;
  std::vector<Segment> segments_;  // Of the set that is being read.
  file_drop::Digest digest_;
  Interchange interchange_;
  std::int64_t control_ = 0;
  std::string sender_;
  std::optional<std::string> before_;  // The digest of what was taken in under this number.
  bool applies_ = false;
  bool foreign_ = false;
  bool contradicts_ = false;
  std::string catalog_;  // Of the interchange: the one that was taken.
  edi::Place place_;
  std::string name_;
  told::Refusals& refusals_;
  told::Teller teller_;
};

// 0: it is no number of at most nine digits.
std::int64_t number_of(std::string_view digits);

}  // namespace underpin::legacy::edi_profile
