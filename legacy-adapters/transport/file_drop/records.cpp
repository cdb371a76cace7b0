#include "legacy-adapters/transport/file_drop/records.h"

#include "legacy-adapters/transport/file_drop/durable.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>

namespace underpin::legacy::file_drop {

namespace fs = std::filesystem;

namespace {

// Two slots, written in turn: a crash tears the one that was being written, never both.
constexpr std::size_t slot_size = 64;
constexpr std::int64_t check_mark = 0x5A5A5A5A5A5A;

std::string slot_of(const Position& position) {
  std::array<char, slot_size + 1> text{};
  std::snprintf(text.data(), text.size(), "%020" PRId64 " %020" PRId64 " %020" PRId64 "\n",
                position.offset, position.records,
                position.offset ^ (position.records << 1) ^ check_mark);
  return {text.data(), slot_size - 1};
}

std::optional<Position> position_of(const std::string& slot) {
  Position position;
  if (std::sscanf(slot.c_str(), "%" SCNd64 " %" SCNd64, &position.offset, &position.records) != 2 ||
      position.offset < 0 || position.records < 0 || slot != slot_of(position)) {
    return std::nullopt;
  }
  return position;
}

fs::path position_file(const std::string& state_folder, const std::string& checksum) {
  return fs::path(state_folder) / "positions" / checksum;
}

Error failed(const fs::path& file) {
  return {ErrorCode::unavailable, file.string() + " cannot be written: " + std::strerror(errno)};
}

struct OpenPosition {
  std::string checksum;
  Descriptor file;
};

Result<Reached> read_position(const fs::path& file) {
  std::ifstream input(file, std::ios::binary);
  if (!input) return Reached{};
  Reached reached;
  for (int i = 0; i < 2; ++i) {
    std::string slot(slot_size - 1, '\0');
    if (!input.read(slot.data(), static_cast<std::streamsize>(slot.size()))) break;
    const auto position = position_of(slot);
    if (!position || (reached.in_doubt && position->records < reached.position.records)) continue;
    reached = {*position, true};
  }
  return reached;
}

Status write_position(OpenPosition& open, const fs::path& file, const Position& position) {
  if (!open.file) {
    std::error_code code;
    fs::create_directories(file.parent_path(), code);
    open.file = Descriptor(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    if (!open.file) return failed(file);
    if (const Status named = sync_folder(file.parent_path()); !named) return named;
  }
  const std::string slot = slot_of(position);
  const auto place =
      static_cast<off_t>((position.records % 2) * static_cast<std::int64_t>(slot.size()));
  if (::pwrite(open.file.number(), slot.data(), slot.size(), place) !=
          static_cast<ssize_t>(slot.size()) ||
      ::fdatasync(open.file.number()) != 0) {
    return failed(file);
  }
  return Done{};
}

enum class Read { record, end, too_long, cut };

// The next record, and how many bytes it takes in the file.
Read next_record(std::streambuf& input, const RecordLayout& layout, std::string& record,
                 std::int64_t& taken) {
  record.clear();
  taken = 0;
  if (layout.fixed_length > 0) {
    record.resize(layout.fixed_length);
    taken = input.sgetn(record.data(), static_cast<std::streamsize>(record.size()));
    if (taken == 0) return Read::end;
    return taken == static_cast<std::int64_t>(record.size()) ? Read::record : Read::cut;
  }
  constexpr int eof = std::char_traits<char>::eof();
  for (int c = input.sbumpc(); c != eof; c = input.sbumpc()) {
    ++taken;
    if (c == '\n') {
      if (!record.empty() && record.back() == '\r') record.pop_back();
      return Read::record;
    }
    if (record.size() >= layout.length_max) return Read::too_long;
    record += static_cast<char>(c);
  }
  return taken == 0 ? Read::end : Read::record;  // A last line may lack its end.
}

}  // namespace

Keeper keep_positions(const std::string& state_folder) {
  Keeper keeper;
  const auto open = std::make_shared<OpenPosition>();
  keeper.reached = [=](const std::string& checksum) {
    return read_position(position_file(state_folder, checksum));
  };
  keeper.before = [=](const std::string& checksum, const Position& position) {
    if (open->checksum != checksum) *open = OpenPosition{checksum, Descriptor()};
    return write_position(*open, position_file(state_folder, checksum), position);
  };
  return keeper;
}

void forget_position(const std::string& state_folder, const std::string& checksum) {
  std::error_code ignored;  // One that stays is of a content that is never applied again.
  fs::remove(position_file(state_folder, checksum), ignored);
}

Verdict apply_records(const ClaimedFile& file, const RecordLayout& layout, const Keeper& keeper,
                      const std::function<RecordVerdict(const Record&)>& apply, Deadline deadline) {
  const auto reached = keeper.reached(file.checksum);
  if (!reached) return Verdict::later(reached.error().message);
  Position position = reached->position;
  bool in_doubt = reached->in_doubt;
  std::filebuf input;
  if (input.open(file.path, std::ios::in | std::ios::binary) == nullptr ||
      input.pubseekpos(position.offset) != std::streampos(position.offset)) {
    return Verdict::later(file.path.string() + " cannot be read");
  }
  const auto refused = [&](const std::string& rule) {
    return Verdict::refused("line " + std::to_string(position.records + 1) + ": " + rule +
                            " (records applied before it: " + std::to_string(position.records) +
                            ")");
  };
  std::string bytes;
  for (;;) {
    if (std::chrono::steady_clock::now() >= deadline) return Verdict::later("out of time");
    std::int64_t taken = 0;
    const Read read = next_record(input, layout, bytes, taken);
    if (read == Read::too_long) {
      return refused("must not have more than " + std::to_string(layout.length_max) + " bytes");
    }
    if (read == Read::cut) {
      return refused("must have " + std::to_string(layout.fixed_length) + " bytes, not " +
                     std::to_string(taken));
    }
    if (read == Read::record && position.records >= layout.records_max) {
      return refused("there must not be more than " + std::to_string(layout.records_max) +
                     " records");
    }
    if (keeper.before &&
        !in_doubt) {  // Where it is in doubt, that is what the keeper says already.
      const Status kept = keeper.before(file.checksum, position);
      if (!kept) return Verdict::later(kept.error().message);
    }
    if (read == Read::end) {
      if (position.offset != file.size) return Verdict::later("the file could not be read whole");
      return Verdict::applied({});
    }
    const Record record{file,
                        position.records + 1,
                        bytes,
                        {position.offset + taken, position.records + 1},
                        in_doubt};
    const RecordVerdict verdict = apply(record);
    if (verdict.kind == RecordVerdict::Kind::later) return Verdict::later(verdict.reason);
    if (verdict.kind == RecordVerdict::Kind::refused) return refused(verdict.reason);
    in_doubt = false;
    position = record.after;
  }
}

}  // namespace underpin::legacy::file_drop
