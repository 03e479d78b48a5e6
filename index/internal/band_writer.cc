// SPDX-License-Identifier: Apache-2.0
#include "index/internal/band_writer.h"

#include <algorithm>
#include <utility>

#include "index/internal/bucket.h"
#include "index/internal/packed.h"

namespace kith::index::internal {
namespace {

constexpr std::size_t kBlockCodes = 32'768;  // 1 MiB

}  // namespace

BandWriter::BandWriter(const File& file, std::size_t memory_bytes, SegmentHeader& header,
                       std::function<absl::Status()> goes_on)
    : file_(file),
      // The rest of the memory is for the keys and for buffers.
      most_items_(std::max<std::uint64_t>(memory_bytes / 4 * 3 / sizeof(std::uint64_t), 4096)),
      header_(header),
      goes_on_(std::move(goes_on)) {}

absl::Status BandWriter::Write(std::uint32_t band) {
  const std::uint32_t bands = header_.cut.bands;
  const std::uint32_t first_bit = band * kCodeBits / bands;
  band_ = {.first_bit = first_bit,
           .key_bits = header_.cut.key_bits,
           .span_bits = (band + 1) * kCodeBits / bands - first_bit};
  if (absl::Status status = goes_on_(); !status.ok()) return status;
  if (absl::Status status = CountKeys(); !status.ok()) return status;
  if (absl::Status status = WriteStarts(band); !status.ok()) return status;
  Section& section = header_.Of(SectionKind::kSketches, band);
  SectionWriter out(file_, section.offset);
  BitWriter sketches(out);
  if (band == 0) {
    if (absl::Status status = WriteInOrder(sketches); !status.ok()) return status;
    sketches.Flush();
    return out.Finish(section);
  }
  Section& positions = header_.Of(SectionKind::kPositions, band);
  SectionWriter positions_out(file_, positions.offset);
  BitWriter tails(positions_out);
  high_bits_.assign(header_.cut.HighWords(header_.codes), 0);
  for (std::size_t first = 0; first + 1 < starts_.size();) {
    if (absl::Status status = goes_on_(); !status.ok()) return status;
    const std::size_t end = EndOfPass(first, most_items_);
    if (absl::Status status = WritePass(first, end, sketches, tails); !status.ok()) return status;
    first = end;
  }
  tails.Flush();
  for (const std::uint64_t word : high_bits_) positions_out.AppendWord(word);
  if (absl::Status status = positions_out.Finish(positions); !status.ok()) return status;
  sketches.Flush();
  return out.Finish(section);
}

absl::StatusOr<const std::uint8_t*> BandWriter::CodesFrom(std::uint64_t first, std::size_t count) {
  const std::uint64_t codes_at = header_.Of(SectionKind::kCodes).offset;
  constexpr std::uint64_t kItemsPerCode = 1 + sizeof(Code) / sizeof(std::uint64_t);
  if (header_.codes * kItemsPerCode > most_items_) {
    codes_.resize(count * sizeof(Code));
    const absl::Status status = file_.ReadAt(codes_at + first * sizeof(Code), codes_);
    if (!status.ok()) return status;
    return codes_.data();
  }
  if (all_codes_.size() == 0) {
    all_codes_ = HugeArray<RawCode>(header_.codes);
    const absl::Status status = file_.ReadAt(
        codes_at,
        {reinterpret_cast<std::uint8_t*>(all_codes_.data()), header_.codes * sizeof(RawCode)});
    if (!status.ok()) return status;
  }
  return BytesOf(all_codes_[first]);
}

template <typename Take>
absl::Status BandWriter::ForEachBlock(const Take& take) {
  for (std::uint64_t first = 0; first < header_.codes; first += kBlockCodes) {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(header_.codes - first, kBlockCodes));
    const absl::StatusOr<const std::uint8_t*> codes = CodesFrom(first, count);
    if (!codes.ok()) return codes.status();
    bits_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      bits_[i] = RingBits(*codes + i * sizeof(Code), band_.first_bit);
    }
    take(first, std::span<const std::uint64_t>(bits_));
  }
  return absl::OkStatus();
}

absl::Status BandWriter::CountKeys() {
  if (starts_.size() != band_.Buckets() + 1) {
    starts_ = HugeArray<std::uint32_t>(band_.Buckets() + 1);
  } else {
    std::fill_n(starts_.data(), starts_.size(), 0);
  }
  absl::Status status = ForEachBlock([&](std::uint64_t, std::span<const std::uint64_t> bits) {
    for (std::size_t i = 0; i < bits.size(); ++i) {
      if (i + kFetchAhead < bits.size()) Fetch(&starts_[band_.Key(bits[i + kFetchAhead]) + 1]);
      ++starts_[band_.Key(bits[i]) + 1];
    }
  });
  if (!status.ok()) return status;
  for (std::size_t key = 1; key < starts_.size(); ++key) starts_[key] += starts_[key - 1];
  return absl::OkStatus();
}

absl::Status BandWriter::WriteStarts(std::uint32_t band) {
  Section& section = header_.Of(SectionKind::kStarts, band);
  SectionWriter out(file_, section.offset);
  constexpr std::size_t kStartsAtOnce = 16'384;
  for (std::size_t first = 0; first < starts_.size(); first += kStartsAtOnce) {
    const std::size_t count = std::min(starts_.size() - first, kStartsAtOnce);
    out.Append(starts_.data() + first, count * sizeof(std::uint32_t));
  }
  return out.Finish(section);
}

absl::Status BandWriter::WriteInOrder(BitWriter& sketches) {
  return ForEachBlock([&](std::uint64_t, std::span<const std::uint64_t> bits) {
    for (const std::uint64_t one : bits) {
      sketches.Append(SketchOf(RestOf(one)), header_.cut.sketch_bits);
    }
  });
}

std::size_t BandWriter::EndOfPass(std::size_t first, std::uint64_t most_items) const {
  const std::uint32_t* const starts = starts_.data();
  const auto* const end =
      std::upper_bound(starts + first + 1, starts + starts_.size(), starts_[first] + most_items);
  return std::max<std::size_t>(static_cast<std::size_t>(end - starts) - 1, first + 1);
}

absl::Status BandWriter::WritePass(std::size_t first_key, std::size_t end_key, BitWriter& sketches,
                                   BitWriter& tails) {
  const std::uint32_t base = starts_[first_key];
  const std::uint32_t count = starts_[end_key] - base;
  if (items_.size() < count) items_ = HugeArray<std::uint64_t>(count);
  if (next_.size() < end_key - first_key) next_ = HugeArray<std::uint32_t>(end_key - first_key);
  std::copy(starts_.data() + first_key, starts_.data() + end_key, next_.data());
  // Where the item of a code goes, or nullptr where its key is of another pass.
  const auto next_of = [&](std::uint64_t code_bits) -> std::uint32_t* {
    const std::size_t key = band_.Key(code_bits);
    return key < first_key || key >= end_key ? nullptr : &next_[key - first_key];
  };
  absl::Status status = ForEachBlock([&](std::uint64_t first, std::span<const std::uint64_t> bits) {
    for (std::size_t i = 0; i < bits.size(); ++i) {
      if (i + 2 * kFetchAhead < bits.size()) {
        if (const auto* next = next_of(bits[i + 2 * kFetchAhead])) Fetch(next);
      }
      if (i + kFetchAhead < bits.size()) {
        if (const auto* next = next_of(bits[i + kFetchAhead]))
          Fetch(items_.data() + (*next - base));
      }
      if (auto* next = next_of(bits[i])) {
        items_[(*next)++ - base] = std::uint64_t{RestOf(bits[i])} << 32 | (first + i);
      }
    }
  });
  if (!status.ok()) return status;
  for (std::size_t key = first_key; key < end_key; ++key) {
    for (std::uint32_t item = starts_[key]; item < starts_[key + 1]; ++item) {
      AppendItem(key, item, items_[item - base], sketches, tails);
    }
  }
  return absl::OkStatus();
}

void BandWriter::AppendItem(std::size_t key, std::uint32_t item, std::uint64_t rest_and_position,
                            BitWriter& sketches, BitWriter& tails) {
  const auto [bands, key_bits, sketch_bits, extra_bits, low_bits] = header_.cut;
  const auto rest = static_cast<std::uint32_t>(rest_and_position >> 32);
  const std::uint64_t position = rest_and_position & 0xffffffff;
  sketches.Append(SketchOf(rest), sketch_bits);
  const std::uint64_t extra = extra_bits == 0 ? 0 : rest >> (32 - extra_bits);
  tails.Append(extra << low_bits | (position & LowBits(low_bits)), low_bits + extra_bits);
  if (high_bits_.empty()) return;
  // Before it in its bucket lie the ones of those before it, and a zero for each part.
  const std::uint64_t bit = item + key * header_.cut.Parts(header_.codes) + (position >> low_bits);
  high_bits_[bit / 64] |= std::uint64_t{1} << bit % 64;
}

}  // namespace kith::index::internal
