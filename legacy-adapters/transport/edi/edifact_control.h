#pragma once

#include "legacy-adapters/transport/edi/edifact.h"

#include <functional>
#include <optional>

// CONTRL, the acknowledgement of EDIFACT, both ways. One thread.
namespace underpin::legacy::edi {

struct EdifactControlSettings {
  std::string date;  // YYMMDD
  std::string time;  // HHMM
  EdifactSeparators separators;
  std::string syntax = "UNOC";
  std::string version = "3";
  EdifactMessage message{{}, "CONTRL", "D", "3", "UN", {}, 0, {}, {}};  // Its version and release.
  std::function<std::string()> control;  // The next interchange's reference.
  std::size_t told_max = 10'000;         // Messages and errors that one CONTRL tells of.
};

// Answers what an EdifactReader reads: one CONTRL in an interchange of its own for each
// interchange, written at its end. It acknowledges the interchange and names what is rejected in
// it, with the code of each error; or, where the envelope is faulty, rejects it as a whole. An
// interchange of CONTRL messages alone is not answered. More than told_max faults are answered as a
// whole, too: rejected, with "unspecified error".
class EdifactAcknowledger {
 public:
  EdifactAcknowledger(EdifactWriter& writer, EdifactControlSettings settings);

  // To be called after each EdifactReader::next(), with its answer. Errors are the writer's.
  Status take(EdifactKind kind, const EdifactReader& reader);

 private:
  struct Told {
    std::string tag;
    Elements elements;
  };
  void tell(std::string tag, Elements elements);
  void tell_message(const EdifactMessage& message);
  void tell_group(const EdifactGroup& group);
  Status answer(const EdifactInterchange& received);

  EdifactWriter& writer_;
  EdifactControlSettings settings_;
  std::vector<Told> told_;
  bool too_many_ = false;
  std::size_t group_at_ = 0;  // Where in told_ the open group's begin.
  std::int64_t messages_ = 0;
  std::int64_t controls_ = 0;  // Those of them that are CONTRL.
};

// What a partner says about an interchange that was sent to it.
struct EdifactError {
  std::int64_t segment = 0;  // In the message, UNH being 1; 0: the message itself.
  int element = 0;
  int component = 0;
  int code = 0;  // 0085; 0: none given.
};

struct EdifactMessageAnswer {
  std::string group;    // Its reference; empty where there are no groups.
  std::string control;  // 0062
  std::string type;
  Verdict verdict = Verdict::rejected;
  std::vector<EdifactError> errors;
};

struct EdifactAnswer {
  std::string control;  // 0020, of the interchange that was sent.
  std::string sender;
  std::string receiver;
  std::string action;  // 4 rejected, 7 acknowledged, 8 received
  int code = 0;        // Of a rejected interchange.
  std::vector<EdifactMessageAnswer> messages;
  std::vector<EdifactMessageAnswer> groups;  // `control` is the group's, there is no type.
};

// What the answer says of one message: nothing where it says only that the interchange has come.
std::optional<Verdict> verdict_of(const EdifactAnswer& answer, std::string_view group,
                                  std::string_view control);

struct EdifactControlLimits {
  std::size_t messages = 100'000;
  std::size_t errors = 1'000;  // Of a message.
};

// Makes answers of the CONTRL messages among what an EdifactReader reads: when the message has
// ended and is not rejected. What is not understood is a fault of that message and never an
// acceptance.
class EdifactControlReader {
 public:
  using Take = std::function<void(const EdifactAnswer&)>;
  explicit EdifactControlReader(Take take, EdifactControlLimits limits = {});

  // To be called after each EdifactReader::next(), with its answer.
  void take(EdifactKind kind, EdifactReader& reader);

 private:
  void segment(EdifactReader& reader);
  void interchange(EdifactReader& reader);
  void unit(EdifactReader& reader, bool group);
  void error_in(EdifactReader& reader, bool data);

  Take take_;
  EdifactControlLimits limits_;
  bool inside_ = false;
  bool begun_ = false;  // UCI was there.
  EdifactAnswer answer_;
  std::vector<EdifactError>* errors_ = nullptr;  // Of the unit that was named last.
};

}  // namespace underpin::legacy::edi
