// A long file is read in the memory of a short one.
#include "legacy-adapters/transport/edi/edifact.h"
#include "legacy-adapters/transport/edi/fixed_width.h"
#include "legacy-adapters/transport/edi/idoc.h"
#include "legacy-adapters/transport/edi/x12.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <functional>

#include "tests/unit/edi/x12_text.h"

namespace underpin::legacy::edi {
namespace {

constexpr std::int64_t bytes_least = 128'000'000;
constexpr std::int64_t growth_most_kb = 4'096;

std::int64_t peak_kb() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

// Hands out one text after the other until `next` makes an empty one. The text's memory is used
// again: what a sanitizer keeps of freed memory would count as the readers'.
class Pieces {
 public:
  explicit Pieces(std::function<void(std::string&)> next) : next_(std::move(next)) {}
  Result<std::size_t> operator()(char* to, std::size_t most) {
    std::size_t done = 0;
    while (done < most) {
      if (at_ == piece_.size()) {
        piece_.clear();
        next_(piece_);
        at_ = 0;
        if (piece_.empty()) break;
      }
      const std::size_t size = std::min(most - done, piece_.size() - at_);
      std::copy_n(piece_.data() + at_, size, to + done);
      at_ += size;
      done += size;
    }
    total_ += static_cast<std::int64_t>(done);
    return done;
  }
  std::int64_t total() const { return total_; }

 private:
  std::function<void(std::string&)> next_;
  std::string piece_;
  std::size_t at_ = 0;
  std::int64_t total_ = 0;
};

std::string nine_digits(std::int64_t number) {
  std::string text = std::to_string(number);
  return text.insert(0, 9 - text.size(), '0');
}

TEST(EdiMemory, X12IsConstant) {
  std::string lines;
  for (int i = 0; i < 500; ++i) {
    lines += "PO1*" + std::to_string(i + 1) + "*12*EA*9.95**SK*100042*UP*001234567890~\n";
  }
  std::int64_t sets = 0;
  bool ended = false;
  Pieces pieces([&](std::string& piece) {
    if (sets == 0) {
      ++sets;
      piece = header() + "GS*PO*A*B*20261128*0915*41*X*004010~\n";
      return;
    }
    if (ended) return;
    if (sets * static_cast<std::int64_t>(lines.size()) > bytes_least) {
      ended = true;
      piece = "GE*" + std::to_string(sets - 1) + "*41~\nIEA*1*000000007~\n";
      return;
    }
    const std::string control = nine_digits(sets++);
    piece.append("ST*850*").append(control).append("~\n").append(lines);
    piece.append("SE*502*").append(control).append("~\n");
  });
  X12Reader reader(std::ref(pieces));
  const auto read = [&reader] {
    const auto kind = reader.next();
    EXPECT_TRUE(kind);
    return kind ? *kind : X12Kind::end;
  };
  std::int64_t accepted = 0;
  while (read() != X12Kind::set_end) {
  }
  const std::int64_t before = peak_kb();
  X12Kind kind = X12Kind::set_end;
  for (; kind != X12Kind::end; kind = read()) {
    if (kind == X12Kind::set_end) accepted += reader.set().faults.empty();
    if (kind == X12Kind::group_end || kind == X12Kind::interchange_end) {
      EXPECT_TRUE(reader.group().faults.empty() && reader.interchange().faults.empty());
    }
  }
  EXPECT_GT(pieces.total(), bytes_least);
  EXPECT_EQ(accepted, sets - 1);
  EXPECT_LT(peak_kb() - before, growth_most_kb);
}

TEST(EdiMemory, EdifactIsConstant) {
  std::string lines;
  for (int i = 0; i < 500; ++i) {
    lines += "LIN+" + std::to_string(i + 1) + "++4012345000009:EN'IMD+F++:::Bell ?+ lamp'QTY+21:5'";
  }
  std::int64_t messages = 0;
  bool ended = false;
  Pieces pieces([&](std::string& piece) {
    if (messages == 0) {
      ++messages;
      piece = "UNB+UNOC:3+A+B+261128:0915+B7'";
      return;
    }
    if (ended) return;
    if (messages * static_cast<std::int64_t>(lines.size()) > bytes_least) {
      ended = true;
      piece = "UNZ+" + std::to_string(messages - 1) + "+B7'";
      return;
    }
    const std::string control = nine_digits(messages++);
    piece.append("UNH+").append(control).append("+ORDERS:D:96A:UN'").append(lines);
    piece.append("UNT+1502+").append(control).append("'");
  });
  EdifactReader reader(std::ref(pieces));
  const auto read = [&reader] {
    const auto kind = reader.next();
    EXPECT_TRUE(kind);
    return kind ? *kind : EdifactKind::end;
  };
  while (read() != EdifactKind::message_end) {
  }
  const std::int64_t before = peak_kb();
  while (read() != EdifactKind::end) {
  }
  EXPECT_GT(pieces.total(), bytes_least);
  EXPECT_EQ(reader.interchange().accepted, messages - 1);
  EXPECT_TRUE(reader.interchange().faults.empty());
  EXPECT_LT(peak_kb() - before, growth_most_kb);
}

TEST(EdiMemory, IdocIsConstant) {
  std::string lines;
  for (int i = 1; i <= 500; ++i) {
    lines += "E2EDP01006                    100" + std::string(16, ' ') + nine_digits(i).substr(3) +
             "00000001000010     12.000                          119.40-\r\n";
  }
  std::int64_t idocs = 0;
  Pieces pieces([&](std::string& piece) {
    if (idocs * static_cast<std::int64_t>(lines.size()) > bytes_least) return;
    piece.append("EDI_DC40  100").append(7, '0').append(nine_digits(++idocs)).append(70, ' ');
    piece.append("ORDERS\r\n").append(lines);
  });
  IdocReader reader(std::ref(pieces));
  std::int64_t accepted = 0;
  std::int64_t before = 0;
  for (auto kind = reader.next(); kind && *kind != IdocKind::end; kind = reader.next()) {
    if (*kind != IdocKind::idoc_end) continue;
    accepted += reader.faults().empty();
    if (before == 0) before = peak_kb();
  }
  EXPECT_GT(pieces.total(), bytes_least);
  EXPECT_EQ(accepted, idocs);
  EXPECT_LT(peak_kb() - before, growth_most_kb);
}

TEST(EdiMemory, FixedWidthIsConstant) {
  FixedFormat format;
  format.header = {"header", "H", 0, {{"BATCH", 1, 8}}};
  format.records = {{"stock", "D", 0, {{"SKU", 1, 9}, {"QTY", 10, 9, FieldKind::overpunched, 2}}}};
  format.trailer = {"trailer", "T", 0, {{"COUNT", 1, 9, FieldKind::number}}};
  format.count_field = "COUNT";
  std::string lines;
  for (int i = 0; i < 1'000; ++i) {
    lines += "D" + nine_digits(i) + "00000120{" + std::string(200, ' ') + "\n";
  }
  std::int64_t blocks = 0;
  bool ended = false;
  Pieces pieces([&](std::string& piece) {
    if (ended) return;
    if (blocks * static_cast<std::int64_t>(lines.size()) > bytes_least) {
      ended = true;
      piece = "T" + nine_digits(blocks * 1'000) + "\n";
      return;
    }
    if (blocks++ == 0) piece = "HB1\n";
    piece.append(lines);
  });
  FixedReader reader(std::ref(pieces), format);
  std::int64_t before = 0;
  std::int64_t batches = 0;
  for (auto kind = reader.next(); kind && *kind != FixedKind::end; kind = reader.next()) {
    if (before == 0 && *kind == FixedKind::record) before = peak_kb();
    if (*kind == FixedKind::batch_end) batches += reader.batch_faults().empty();
  }
  EXPECT_GT(pieces.total(), bytes_least);
  EXPECT_EQ(batches, 1);
  EXPECT_LT(peak_kb() - before, growth_most_kb);
}

}  // namespace
}  // namespace underpin::legacy::edi
