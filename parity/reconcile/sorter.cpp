#include "parity/reconcile/sorter.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace underpin::parity::reconcile {
namespace {

// In memory and in files alike: two lengths, the key, the payload.
constexpr std::size_t head_size = 8;

struct View {
  std::string_view key;
  std::string_view payload;
  std::size_t size = 0;  // With its head.
};

View view_of(const char* record) {
  std::uint32_t lengths[2];
  std::memcpy(lengths, record, head_size);
  return {{record + head_size, lengths[0]},
          {record + head_size + lengths[0], lengths[1]},
          head_size + lengths[0] + lengths[1]};
}

void put(char* to, std::string_view key, std::string_view payload) {
  const std::uint32_t lengths[2] = {static_cast<std::uint32_t>(key.size()),
                                    static_cast<std::uint32_t>(payload.size())};
  std::memcpy(to, lengths, head_size);
  std::memcpy(to + head_size, key.data(), key.size());
  if (!payload.empty()) std::memcpy(to + head_size + key.size(), payload.data(), payload.size());
}

bool before(const View& a, const View& b) {
  const int by_key = a.key.compare(b.key);
  return by_key != 0 ? by_key < 0 : a.payload < b.payload;
}

// The eight bytes of the key behind what all keys begin with, so that most comparisons touch no
// record.
std::uint64_t prefix_of(std::string_view key, std::size_t skip) {
  std::uint64_t prefix = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    prefix <<= 8;
    if (skip + i < key.size()) prefix |= static_cast<unsigned char>(key[skip + i]);
  }
  return prefix;
}

struct Entry {
  std::uint64_t prefix = 0;
  const char* record = nullptr;
};

Error broken(const std::string& doing, const std::string& folder) {
  return {ErrorCode::unavailable, doing + " " + folder + ": " + std::strerror(errno)};
}

// A file without a name: it is gone when it is closed.
class SpillFile {
 public:
  SpillFile() = default;
  ~SpillFile() {
    if (file_ >= 0) ::close(file_);
  }
  SpillFile(SpillFile&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  SpillFile& operator=(SpillFile&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }

  Status open(const std::string& folder) {
    std::string name = folder + "/sort-XXXXXX";
    file_ = ::mkostemp(name.data(), O_CLOEXEC);
    if (file_ < 0) return broken("no file can be made in", folder);
    ::unlink(name.c_str());
    return Done{};
  }
  Status write(const char* data, std::size_t size, const std::string& folder) {
    while (size > 0) {
      const ssize_t written = ::write(file_, data, size);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return broken("sorted records cannot be written to", folder);
      data += written;
      size -= static_cast<std::size_t>(written);
    }
    return Done{};
  }
  // As many bytes as there are, up to `size`.
  Result<std::size_t> read(char* to, std::size_t size, std::int64_t at,
                           const std::string& folder) const {
    std::size_t done = 0;
    while (done < size) {
      const ssize_t got =
          ::pread(file_, to + done, size - done, at + static_cast<std::int64_t>(done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return broken("sorted records cannot be read from", folder);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

 private:
  int file_ = -1;
};

// One sorted part, read front to back through a buffer of its own.
class Run {
 public:
  Run(SpillFile file, std::size_t buffer_size)
      : file_(std::move(file)), size_(buffer_size), buffer_(new char[buffer_size]) {}

  const View& record() const { return record_; }

  Result<bool> advance(const std::string& folder) {
    used_ += record_.size;
    if (!complete()) {
      std::memmove(buffer_.get(), buffer_.get() + used_, filled_ - used_);
      filled_ -= used_;
      used_ = 0;
      const auto got = file_.read(buffer_.get() + filled_, size_ - filled_, position_, folder);
      if (!got) return got.error();
      position_ += static_cast<std::int64_t>(*got);
      filled_ += *got;
      if (filled_ == 0) return false;
      if (!complete())
        return Error{ErrorCode::unavailable, "a file of sorted records in " + folder + " is torn"};
    }
    record_ = view_of(buffer_.get() + used_);
    return true;
  }

 private:
  bool complete() const {
    return filled_ - used_ >= head_size && filled_ - used_ >= view_of(buffer_.get() + used_).size;
  }

  SpillFile file_;
  std::size_t size_;
  std::unique_ptr<char[]> buffer_;
  std::size_t filled_ = 0;
  std::size_t used_ = 0;
  std::int64_t position_ = 0;
  View record_;
};

}  // namespace

class Sorter::Parts {
 public:
  explicit Parts(SortLimits limits) : limits_(std::move(limits)) {
    limits_.memory_max = std::max<std::size_t>(limits_.memory_max, 256 << 10);
    block_size_ = std::min<std::size_t>(limits_.memory_max / 16, 1 << 20);
    // One buffer is for writing.
    fan_in_ = std::min<std::size_t>(limits_.memory_max / block_size_ - 1, 256);
  }

  Status add(std::string_view key, std::string_view payload) {
    const std::size_t size = head_size + key.size() + payload.size();
    if (size > block_size_) {
      return Error{ErrorCode::invalid_request,
                   "a record of " + std::to_string(size) + " bytes is too long to be sorted"};
    }
    const std::size_t block = left_ < size ? block_size_ : 0;
    if (held() + block + sizeof(Entry) > limits_.memory_max) {
      if (const Status spilled = spill(); !spilled) return spilled;
    }
    if (left_ < size) {
      blocks_.push_back({std::unique_ptr<char[]>(new char[block_size_]), 0});
      left_ = block_size_;
    }
    Block& last = blocks_.back();
    if (count_ == 0) {
      first_ = std::string(key);
      common_ = key.size();
    } else {
      const std::size_t most = std::min(common_, key.size());
      std::size_t same = 0;
      while (same < most && first_[same] == key[same]) ++same;
      common_ = same;
    }
    put(last.bytes.get() + last.used, key, payload);
    last.used += size;
    left_ -= size;
    ++count_;
    ++statistics_.records;
    note_memory();
    return Done{};
  }

  Status sort() {
    if (runs_.empty()) {
      build_index();
      return Done{};
    }
    if (count_ > 0) {
      if (const Status spilled = spill(); !spilled) return spilled;
    }
    drop_memory();
    while (runs_.size() > fan_in_) {
      std::vector<SpillFile> some;
      const std::size_t now = std::min(fan_in_, runs_.size() - fan_in_ + 1);
      for (std::size_t i = 0; i < now; ++i) some.push_back(std::move(runs_[i]));
      runs_.erase(runs_.begin(), runs_.begin() + static_cast<std::ptrdiff_t>(now));
      if (const Status begun = open_runs(std::move(some)); !begun) return begun;
      if (const Status merged = merge_to_file(); !merged) return merged;
    }
    return open_runs(std::exchange(runs_, {}));
  }

  Result<bool> next(Record& record) {
    if (merging_) {
      const auto more = next_merged();
      if (!more || !*more) return more;
      record = {heap_.front()->record().key, heap_.front()->record().payload};
      return true;
    }
    if (at_ >= index_.size()) return false;
    // Records lie in the order in which they came: each would be a wait for memory.
    constexpr std::size_t ahead = 16;
    if (at_ + ahead < index_.size()) __builtin_prefetch(index_[at_ + ahead].record);
    const View view = view_of(index_[at_++].record);
    record = {view.key, view.payload};
    return true;
  }

  const Statistics& statistics() const { return statistics_; }

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t used = 0;
  };

  // Records, the index that sorting them will need, the parts that are read, and the one buffer
  // that writing takes.
  std::size_t held() const {
    return (blocks_.size() + heap_.size() + 1) * block_size_ + count_ * sizeof(Entry);
  }
  void note_memory() { statistics_.memory_highest = std::max(statistics_.memory_highest, held()); }

  void build_index() {
    index_.clear();
    index_.reserve(count_);
    for (const Block& block : blocks_) {
      for (std::size_t at = 0; at < block.used;) {
        const View view = view_of(block.bytes.get() + at);
        index_.push_back({prefix_of(view.key, common_), block.bytes.get() + at});
        at += view.size;
      }
    }
    note_memory();
    std::sort(index_.begin(), index_.end(), [](const Entry& a, const Entry& b) {
      return a.prefix != b.prefix ? a.prefix < b.prefix
                                  : before(view_of(a.record), view_of(b.record));
    });
  }

  // Writes through a buffer of its own, which held() counts.
  class Writer {
   public:
    Writer(SpillFile& file, std::size_t size, const std::string& folder)
        : file_(file), size_(size), folder_(folder), buffer_(new char[size]) {}
    Status add(std::string_view key, std::string_view payload) {
      const std::size_t size = head_size + key.size() + payload.size();
      if (used_ + size > size_) {
        if (const Status flushed = flush(); !flushed) return flushed;
      }
      put(buffer_.get() + used_, key, payload);
      used_ += size;
      return Done{};
    }
    Status flush() { return file_.write(buffer_.get(), std::exchange(used_, 0), folder_); }

   private:
    SpillFile& file_;
    std::size_t size_;
    const std::string& folder_;
    std::unique_ptr<char[]> buffer_;
    std::size_t used_ = 0;
  };

  Status spill() {
    build_index();
    SpillFile file;
    if (const Status opened = file.open(limits_.folder); !opened) return opened;
    Writer writer(file, block_size_, limits_.folder);
    for (const Entry& entry : index_) {
      const View view = view_of(entry.record);
      if (const Status added = writer.add(view.key, view.payload); !added) return added;
    }
    if (const Status flushed = writer.flush(); !flushed) return flushed;
    runs_.push_back(std::move(file));
    ++statistics_.spills;
    drop_memory();
    return Done{};
  }

  void drop_memory() {
    blocks_.clear();
    std::vector<Entry>().swap(index_);
    count_ = 0;
    left_ = 0;
  }

  static bool later(const std::unique_ptr<Run>& a, const std::unique_ptr<Run>& b) {
    return before(b->record(), a->record());
  }

  Status open_runs(std::vector<SpillFile> files) {
    heap_.clear();
    for (SpillFile& file : files) {
      auto run = std::make_unique<Run>(std::move(file), block_size_);
      const auto more = run->advance(limits_.folder);
      if (!more) return more.error();
      if (*more) heap_.push_back(std::move(run));
    }
    std::make_heap(heap_.begin(), heap_.end(), later);
    merging_ = true;
    fresh_ = true;
    note_memory();
    return Done{};
  }

  // The smallest record is the front's, until the next call.
  Result<bool> next_merged() {
    if (!fresh_) {
      std::pop_heap(heap_.begin(), heap_.end(), later);
      const auto more = heap_.back()->advance(limits_.folder);
      if (!more) return more.error();
      if (*more) {
        std::push_heap(heap_.begin(), heap_.end(), later);
      } else {
        heap_.pop_back();
      }
    }
    fresh_ = heap_.empty();
    return !heap_.empty();
  }

  Status merge_to_file() {
    SpillFile file;
    if (const Status opened = file.open(limits_.folder); !opened) return opened;
    Writer writer(file, block_size_, limits_.folder);
    while (true) {
      const auto more = next_merged();
      if (!more) return more.error();
      if (!*more) break;
      const View& view = heap_.front()->record();
      if (const Status added = writer.add(view.key, view.payload); !added) return added;
    }
    if (const Status flushed = writer.flush(); !flushed) return flushed;
    runs_.push_back(std::move(file));
    ++statistics_.spills;
    return Done{};
  }

  SortLimits limits_;
  std::size_t block_size_ = 0;
  std::size_t fan_in_ = 0;
  std::vector<Block> blocks_;
  std::size_t left_ = 0;   // Of the last block.
  std::size_t count_ = 0;  // Records in the blocks.
  std::string first_;      // The key that came first, and how much of it all others begin with.
  std::size_t common_ = 0;
  std::vector<Entry> index_;
  std::size_t at_ = 0;
  std::vector<SpillFile> runs_;
  std::vector<std::unique_ptr<Run>> heap_;
  bool merging_ = false;
  bool fresh_ = false;
  Statistics statistics_;
};

Sorter::Sorter(SortLimits limits) : parts_(std::make_unique<Parts>(std::move(limits))) {}
Sorter::~Sorter() = default;
Status Sorter::add(std::string_view key, std::string_view payload) {
  return parts_->add(key, payload);
}
Status Sorter::sort() { return parts_->sort(); }
Result<bool> Sorter::next(Record& record) { return parts_->next(record); }
const Sorter::Statistics& Sorter::statistics() const { return parts_->statistics(); }

}  // namespace underpin::parity::reconcile
