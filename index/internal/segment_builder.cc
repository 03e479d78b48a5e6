// SPDX-License-Identifier: Apache-2.0
#include "index/internal/segment_builder.h"

#include <fcntl.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/internal/band_writer.h"
#include "index/internal/huge_pages.h"
#include "index/internal/packed.h"
#include "index/internal/segment_plan.h"

namespace kith::index::internal {
namespace {

// The rest of the memory is for the sorting of one part and for buffers.
std::uint64_t ItemsPerPass(std::size_t memory_bytes, std::size_t item_bytes) {
  return std::max<std::uint64_t>(memory_bytes / 4 * 3 / item_bytes, 4096);
}

struct EntryRow {
  std::uint64_t entry;
  std::uint32_t row;

  friend bool operator<(const EntryRow& a, const EntryRow& b) {
    return a.entry != b.entry ? a.entry < b.entry : a.row < b.row;
  }
};

void AppendCode(SectionWriter& out, const RingCode& words) {
  RingCode bytes;
  for (std::size_t word = 0; word < words.size(); ++word) {
    bytes[word] = __builtin_bswap64(words[word]);
  }
  out.Append(bytes.data(), sizeof(bytes));
}

}  // namespace

// How many rows each code has, in memory until it is known whether that needs to be written.
class SegmentBuilder::RowRuns {
 public:
  void StartCode() {
    if (codes_ > 0) ++bits_;
    if (codes_++ % (std::uint64_t{1} << kSampleBits) == 0) {
      samples_.push_back(static_cast<std::uint32_t>(rows_));
    }
  }
  void AddRow() {
    ++rows_;
    words_.resize(bits_ / 64 + 1);
    words_[bits_ / 64] |= std::uint64_t{1} << bits_ % 64;
    ++bits_;
  }
  [[nodiscard]] std::uint64_t codes() const { return codes_; }
  [[nodiscard]] std::span<const std::uint64_t> words() const { return words_; }
  [[nodiscard]] std::span<const std::uint32_t> samples() const { return samples_; }

 private:
  std::uint64_t codes_ = 0;
  std::uint64_t rows_ = 0;
  std::uint64_t bits_ = 0;
  std::vector<std::uint64_t> words_;
  std::vector<std::uint32_t> samples_;
};

SegmentBuilder::Histogram::Histogram(unsigned bits)
    : key_bits(bits), parts(std::size_t{1} << PartBits()) {}

std::size_t SegmentBuilder::Histogram::EndOfPass(std::size_t first,
                                                 std::uint64_t most_items) const {
  std::uint64_t items = parts[first];
  std::size_t end = first + 1;
  while (end < parts.size() && items + parts[end] <= most_items) items += parts[end++];
  return end;
}

SegmentBuilder::SegmentBuilder(const File& file, RowSpool& rows, const SegmentBuildOptions& options,
                               std::optional<SegmentCut> cut)
    : file_(file), rows_(rows), options_(options), cut_(cut) {
  header_.rows = rows.size();
  header_.codes = rows.size();  // until it is known better
  if (rows.size() > 0) {
    header_.lowest_entry = rows.LowestEntry();
    header_.entry_bits =
        static_cast<std::uint32_t>(std::bit_width(rows.HighestEntry() - rows.LowestEntry()));
    header_.view_bits = static_cast<std::uint32_t>(std::bit_width(rows.HighestView()));
  }
  LayOut(header_);
}

absl::StatusOr<SegmentInfo> SegmentBuilder::Build() {
  if (absl::Status status = WriteRows(); !status.ok()) return status;
  absl::StatusOr<Mapping> written = Mapping::Map(file_, header_.file_bytes);
  if (!written.ok()) return written.status();
  written_ = *std::move(written);
  if (absl::Status status = WriteByEntry(); !status.ok()) return status;
  if (absl::Status status = WriteBands(); !status.ok()) return status;
  const std::vector<std::uint8_t> header = EncodeHeader(header_);
  if (absl::Status status = file_.WriteAt(0, header); !status.ok()) return status;
  if (absl::Status status = Tell("sync", 0, 1); !status.ok()) return status;
  if (absl::Status status = file_.Flush(); !status.ok()) return status;
  written_ = {};
  if (header_.file_bytes >= kHugePagesFrom) {
    // So that its pages come back as huge ones when it is opened.
    (void)posix_fadvise(file_.fd(), 0, 0, POSIX_FADV_DONTNEED);
  }
  return InfoOf(file_.path(), header_, ManifestHash(header));
}

const std::uint8_t* SegmentBuilder::Written(SectionKind kind) const {
  return written_.bytes().data() + header_.Find(kind)->offset;
}

absl::Status SegmentBuilder::Tell(std::string_view phase, std::uint64_t done,
                                  std::uint64_t total) const {
  if (options_.progress) options_.progress(phase, done, total);
  return options_.stop && options_.stop() ? absl::CancelledError("the segment is not wanted")
                                          : absl::OkStatus();
}

absl::Status SegmentBuilder::WriteRows() {
  // Where these begin does not depend on how many of the codes are distinct.
  SectionWriter entries(file_, header_.Of(SectionKind::kEntries).offset);
  SectionWriter views(file_, header_.Of(SectionKind::kViews).offset);
  SectionWriter codes(file_, header_.Of(SectionKind::kCodes).offset);
  BitWriter entry_bits(entries);
  BitWriter view_bits(views);
  RowRuns runs;
  RingCode last{};
  std::vector<SpooledRow> part;
  std::uint64_t done = 0;
  while (true) {
    if (absl::Status status = rows_.NextPart(part); !status.ok()) return status;
    if (part.empty()) break;
    for (const SpooledRow& row : part) {
      if (runs.codes() == 0 || row.code != last) {
        runs.StartCode();
        AppendCode(codes, row.code);
        last = row.code;
      }
      runs.AddRow();
      entry_bits.Append(row.entry - header_.lowest_entry, header_.entry_bits);
      view_bits.Append(row.view, header_.view_bits);
    }
    done += part.size();
    if (absl::Status status = Tell("rows", done, header_.rows); !status.ok()) return status;
  }
  entry_bits.Flush();
  view_bits.Flush();
  header_.codes = runs.codes();
  header_.cut = cut_ ? *cut_ : ChooseCut(header_.codes, options_.bands, options_.compact);
  LayOut(header_);
  if (absl::Status status = file_.Reserve(header_.file_bytes); !status.ok()) return status;
  for (const auto& [writer, kind] :
       {std::pair(&entries, SectionKind::kEntries), std::pair(&views, SectionKind::kViews),
        std::pair(&codes, SectionKind::kCodes)}) {
    if (absl::Status status = writer->Finish(header_.Of(kind)); !status.ok()) return status;
  }
  return header_.codes == header_.rows ? absl::OkStatus() : WriteRowRuns(runs);
}

absl::Status SegmentBuilder::WriteRowRuns(const RowRuns& runs) {
  Section& words = header_.Of(SectionKind::kRowStarts);
  SectionWriter out(file_, words.offset);
  for (const std::uint64_t word : runs.words()) out.AppendWord(word);
  if (absl::Status status = out.Finish(words); !status.ok()) return status;
  Section& samples = header_.Of(SectionKind::kRowSamples);
  SectionWriter samples_out(file_, samples.offset);
  for (const std::uint32_t sample : runs.samples()) samples_out.Append(&sample, sizeof(sample));
  return samples_out.Finish(samples);
}

absl::Status SegmentBuilder::WriteBands() {
  const std::uint32_t bands = header_.cut.bands;
  std::uint32_t band = 0;
  BandWriter writer(file_, options_.memory_bytes, header_,
                    [&] { return Tell("bands", band, bands); });
  for (; band < bands; ++band) {
    if (absl::Status status = writer.Write(band); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status SegmentBuilder::WriteByEntry() {
  Section& section = header_.Of(SectionKind::kByEntry);
  SectionWriter out(file_, section.offset);
  BitWriter bits(out);
  const std::uint8_t* entries = Written(SectionKind::kEntries);
  Histogram histogram(header_.entry_bits);
  for (std::uint64_t row = 0; row < header_.rows; ++row) {
    ++histogram.parts[histogram.PartOf(PackedAt(entries, row, header_.entry_bits))];
  }
  const std::uint64_t most = ItemsPerPass(options_.memory_bytes, sizeof(EntryRow));
  for (std::size_t first = 0; first < histogram.parts.size();) {
    const std::size_t end = histogram.EndOfPass(first, most);
    std::vector<std::size_t> next;
    std::size_t total = 0;
    for (std::size_t part = first; part < end; ++part) {
      next.push_back(total);
      total += histogram.parts[part];
    }
    HugeArray<EntryRow> items(total);
    for (std::uint64_t row = 0; row < header_.rows; ++row) {
      const std::uint64_t entry = PackedAt(entries, row, header_.entry_bits);
      const std::size_t part = histogram.PartOf(entry);
      if (part < first || part >= end) continue;
      items[next[part - first]++] = {.entry = entry, .row = static_cast<std::uint32_t>(row)};
    }
    std::size_t begin = 0;
    for (const std::size_t part_end : next) {
      std::sort(items.data() + begin, items.data() + part_end);
      for (; begin < part_end; ++begin) bits.Append(items[begin].row, header_.RowBits());
    }
    first = end;
    if (absl::Status status = Tell("entries", first, histogram.parts.size()); !status.ok()) {
      return status;
    }
  }
  bits.Flush();
  return out.Finish(section);
}

}  // namespace kith::index::internal
