#pragma once

#include "tests/unit/journal/journal_fixture.h"

#include <signal.h>
#include <sys/wait.h>

#include <array>
#include <string>
#include <thread>
#include <vector>

// A child process that writes to a journal from several threads, as channels would, tells its
// parent of every write that was acknowledged, and is killed.
namespace underpin::facade::journal {

// What the child says, one per acknowledged write. Short enough for a pipe to keep whole.
struct Acknowledged {
  int number = 0;  // Of the order.
  int step = 0;    // 1: its intent is open. 2: closed, with document and mirror row.
};

inline std::string killed_number(int number) { return std::to_string(100'000 + number); }

inline void write_until_killed(Journal& journal, int pipe, int first, int stride) {
  for (int number = first;; number += stride) {
    const std::string text = killed_number(number);
    std::int64_t id = 0;
    const Status begun = journal.write([&](JournalTransaction& tx) {
      const OpenOutcome outcome = tx.open_intent(order_intent(text, "k" + text), at(0));
      const auto* done = std::get_if<Opened>(&outcome);
      id = done == nullptr ? 0 : done->id;
      return done != nullptr;
    });
    if (!begun) ::_exit(4);
    const auto tell = [&](int step) {
      const Acknowledged said{number, step};
      if (::write(pipe, &said, sizeof said) != static_cast<ssize_t>(sizeof said)) ::_exit(5);
    };
    tell(1);
    const Status ended = journal.write([&](JournalTransaction& tx) {
      DocumentRecord document = order_document(text);
      document.legacy_document = DocumentNumber{"SO-" + text};
      tx.put_document(document);
      tx.add_outbox_row(order_row(text, "C1"), at(0));
      return tx.close_intent(id, {201, text, "/v1/orders/" + text, ""}, at(1));
    });
    if (!ended) ::_exit(6);
    tell(2);
  }
}

// Runs the child, kills it once it has acknowledged `writes` (or waits for its own end when it dies
// earlier), and returns everything that it acknowledged. `begin` runs in the child first.
inline std::vector<Acknowledged> run_until_killed(const JournalSettings& settings, int writes,
                                                  const std::function<void()>& begin = {}) {
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(pipe[0]);
    if (begin) begin();
    auto opened = open_sqlite_journal(settings);
    if (!opened) ::_exit(3);
    const std::unique_ptr<Journal> journal = std::move(opened).value();
    constexpr int threads = 4;
    std::vector<std::thread> writers;
    for (int i = 0; i < threads; ++i) {
      writers.emplace_back(
          [&journal, out = pipe[1], i] { write_until_killed(*journal, out, i, threads); });
    }
    for (std::thread& writer : writers) writer.join();
    ::_exit(0);
  }
  ::close(pipe[1]);
  std::vector<Acknowledged> said;
  Acknowledged one;
  bool killed = false;
  while (::read(pipe[0], &one, sizeof one) == static_cast<ssize_t>(sizeof one)) {
    said.push_back(one);
    if (!killed && static_cast<int>(said.size()) >= writes) {
      ::kill(child, SIGKILL);
      killed = true;
    }
  }
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
      << "the child ended by itself with " << status;
  return said;
}

struct Survey {
  int lost = 0;       // Acknowledged, and not there.
  int half_done = 0;  // Answer, document and mirror row that do not belong together.
};

inline Survey survey(const Journal& journal, const std::vector<Acknowledged>& said) {
  Survey result;
  int last = 0;
  for (const Acknowledged& one : said) last = std::max(last, one.number);
  const Status read = journal.read([&](const JournalReader& reader) {
    std::vector<int> reached(static_cast<std::size_t>(last) + 64, 0);
    // Also looks at the numbers that nobody was told of.
    for (std::size_t number = 0; number < reached.size(); ++number) {
      const std::string text = killed_number(static_cast<int>(number));
      const bool open = reader.open_intent_of(Capability::orders, "web/" + text).has_value();
      const bool answered =
          reader.answer_for(ChannelId{"web"}, IdempotencyKey{"k" + text}).has_value();
      const bool document = reader.document({ChannelId{"web"}, OrderNumber{text}}).has_value();
      const bool found = reader.documents_named("SO-" + text).size() == 1;
      const bool mirror =
          reader.rows_of(Side::cloud, Capability::orders, "web/" + text).size() == 1;
      if (answered != document || answered != mirror || answered != found || (answered && open))
        ++result.half_done;
      reached[number] = answered ? 2 : open ? 1 : 0;
    }
    for (const Acknowledged& one : said)
      if (reached[static_cast<std::size_t>(one.number)] < one.step) ++result.lost;
  });
  EXPECT_TRUE(read.has_value()) << read.error().message;
  return result;
}

}  // namespace underpin::facade::journal
