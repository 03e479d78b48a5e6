// SPDX-License-Identifier: Apache-2.0
#include "hashing/internal/heif_work.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "hashing/internal/av1_sides.h"
#include "hashing/internal/byte_order.h"

namespace kith::hashing::internal {
namespace {

using Bytes = std::span<const std::uint8_t>;

// More than any decoder is given: sums stop here.
constexpr std::uint64_t kVeryMuch = 1ull << 40;
// Metadata of a picture of thousands of tiles has some 100 KiB.
constexpr std::size_t kMostMetaBytes = 16 << 20;
// Grids of grids, and pictures derived from these.
constexpr int kDeepest = 8;

constexpr std::uint32_t Type(const char (&name)[5]) {
  std::uint32_t type = 0;
  for (int i = 0; i < 4; ++i) type = type << 8 | static_cast<std::uint8_t>(name[i]);
  return type;
}

// The boxes within a box, one after another, as far as they make sense.
template <typename Take>
void ForEachBox(Bytes bytes, const Take& take) {
  while (bytes.size() >= 8) {
    std::uint64_t size = BigEndian(bytes, 0, 4);
    std::uint64_t header = 8;
    if (size == 1) {
      size = BigEndian(bytes, 8, 8);
      header = 16;
    }
    if (size == 0) size = bytes.size();
    if (size < header || size > bytes.size()) size = bytes.size();
    if (size < header) return;
    take(static_cast<std::uint32_t>(BigEndian(bytes, 4, 4)), bytes.subspan(header, size - header));
    bytes = bytes.subspan(size);
  }
}

// Version and flags stand before the content of a full box.
std::uint64_t VersionOf(Bytes box) { return BigEndian(box, 0, 1); }
Bytes Rest(Bytes bytes, std::size_t from) { return bytes.subspan(std::min(from, bytes.size())); }

// Where the data of an item lies: in pieces of the file, or of the box `idat`.
struct Place {
  bool in_idat = false;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> pieces;  // where and how long

  auto operator<=>(const Place&) const = default;
};

struct Items {
  std::map<std::uint64_t, std::uint32_t> kinds;  // of all items, and where they lie
  std::map<std::uint64_t, Place> places;
  Bytes idat;
  std::uint64_t av1_settings = 0;  // pixels that a sequence header beside the properties tells
  std::uint64_t primary = 0;
  std::vector<std::uint64_t> pixels;  // of each property, 0 where it is no `ispe`; from 0
  std::map<std::uint64_t, std::uint64_t> pixels_of;              // item -> as `ispe` says
  std::map<std::uint64_t, std::vector<std::uint64_t>> parts_of;  // item -> what it is made of
  std::map<std::uint64_t, std::vector<std::uint64_t>> beside;    // item -> its alpha and the like
};

void ReadReferences(Bytes box, Items& items) {
  const std::uint64_t id_bytes = VersionOf(box) == 0 ? 2 : 4;
  ForEachBox(Rest(box, 4), [&](std::uint32_t type, Bytes reference) {
    if (type != Type("dimg") && type != Type("auxl")) return;
    const std::uint64_t from = BigEndian(reference, 0, id_bytes);
    const std::uint64_t count = BigEndian(reference, id_bytes, 2);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t at = id_bytes + 2 + i * id_bytes;
      if (at + id_bytes > reference.size()) return;
      const std::uint64_t to = BigEndian(reference, at, id_bytes);
      // Of alpha it is the picture that is pointed at.
      if (type == Type("dimg")) items.parts_of[from].push_back(to);
      if (type == Type("auxl")) items.beside[to].push_back(from);
    }
  });
}

void ReadProperties(Bytes box, Items& items) {
  ForEachBox(box, [&](std::uint32_t type, Bytes property) {
    const std::uint64_t pixels =
        type == Type("ispe") ? BigEndian(property, 4, 4) * BigEndian(property, 8, 4) : 0;
    items.pixels.push_back(std::min(pixels, kVeryMuch));
    if (type == Type("av1C")) {
      items.av1_settings = std::max(items.av1_settings, Av1Pixels(Rest(property, 4)));
    }
  });
}

void ReadAssociations(Bytes box, Items& items) {
  const std::uint64_t id_bytes = VersionOf(box) == 0 ? 2 : 4;
  const std::uint64_t index_bytes = (BigEndian(box, 3, 1) & 1) != 0 ? 2 : 1;
  const std::uint64_t index_mask = index_bytes == 2 ? 0x7FFF : 0x7F;
  const std::uint64_t entries = BigEndian(box, 4, 4);
  std::uint64_t at = 8;
  for (std::uint64_t entry = 0; entry < entries && at < box.size(); ++entry) {
    const std::uint64_t item = BigEndian(box, at, id_bytes);
    const std::uint64_t count = BigEndian(box, at + id_bytes, 1);
    at += id_bytes + 1;
    for (std::uint64_t i = 0; i < count; ++i, at += index_bytes) {
      const std::uint64_t index = BigEndian(box, at, index_bytes) & index_mask;
      if (index < 1 || index > items.pixels.size()) continue;
      std::uint64_t& pixels = items.pixels_of[item];
      pixels = std::max(pixels, items.pixels[index - 1]);
    }
  }
}

void ReadKinds(Bytes box, Items& items) {
  ForEachBox(Rest(box, VersionOf(box) == 0 ? 6 : 8), [&](std::uint32_t type, Bytes entry) {
    const std::uint64_t id_bytes = VersionOf(entry) == 2 ? 2 : 4;
    if (type != Type("infe") || VersionOf(entry) < 2) return;
    items.kinds[BigEndian(entry, 4, id_bytes)] =
        static_cast<std::uint32_t>(BigEndian(entry, 6 + id_bytes, 4));
  });
}

void ReadPlaces(Bytes box, Items& items) {
  const std::uint64_t version = VersionOf(box);
  std::uint64_t at = 4;
  const auto next = [&](std::uint64_t bytes) {
    at += bytes;
    return BigEndian(box, at - bytes, bytes);
  };
  const std::uint64_t sizes = next(2);
  const std::uint64_t offset_bytes = sizes >> 12;
  const std::uint64_t length_bytes = sizes >> 8 & 15;
  const std::uint64_t base_bytes = sizes >> 4 & 15;
  const std::uint64_t index_bytes = version == 0 ? 0 : sizes & 15;
  if (std::max({offset_bytes, length_bytes, base_bytes, index_bytes}) > 8) return;
  const std::uint64_t count = next(version < 2 ? 2 : 4);
  for (std::uint64_t i = 0; i < count && at < box.size(); ++i) {
    Place& place = items.places[next(version < 2 ? 2 : 4)];
    place.in_idat = version > 0 && (next(2) & 15) == 1;
    (void)next(2);
    const std::uint64_t base = next(base_bytes);
    const std::uint64_t pieces = next(2);
    for (std::uint64_t piece = 0; piece < pieces && at < box.size(); ++piece) {
      (void)next(index_bytes);
      const std::uint64_t offset = base + next(offset_bytes);
      place.pieces.emplace_back(offset, next(length_bytes));
    }
  }
}

// Nothing where pieces lie one upon another, of one item or of several: that is no picture, and the
// file would be read as often as it has items. `budget`: bytes of the file not yet read.
std::optional<std::vector<std::uint8_t>> DataOf(Bytes file, const Items& items, const Place& place,
                                                std::uint64_t& budget) {
  const Bytes from = place.in_idat ? items.idat : file;
  std::vector<std::uint8_t> data;
  for (const auto& [offset, length] : place.pieces) {
    if (offset > from.size()) continue;
    const Bytes piece = from.subspan(offset).first(std::min(length, from.size() - offset));
    if (piece.size() > budget) return std::nullopt;
    budget -= piece.size();
    data.insert(data.end(), piece.begin(), piece.end());
  }
  return data;
}

// The canvas of a picture that is put together: behind version and flags, which say how long its
// sides are, stand the rows and columns of a grid or the colour of an overlay.
std::uint64_t CanvasPixels(Bytes data, std::size_t sides_at) {
  const std::uint64_t bytes = (BigEndian(data, 1, 1) & 1) != 0 ? 4 : 2;
  return std::min(kVeryMuch,
                  BigEndian(data, sides_at, bytes) * BigEndian(data, sides_at + bytes, bytes));
}

// Pixels of the largest picture that an item announces itself, whatever the boxes say.
std::uint64_t AnnouncedPixels(Bytes file, const Items& items) {
  std::uint64_t most = items.av1_settings;
  std::uint64_t budget = file.size();
  std::set<std::pair<std::uint32_t, Place>> read;  // tiles that are alike may share their data
  for (const auto& [item, kind] : items.kinds) {
    const auto place = items.places.find(item);
    const bool is_read = kind == Type("av01") || kind == Type("grid") || kind == Type("iovl");
    if (!is_read || place == items.places.end()) continue;
    if (!read.emplace(kind, place->second).second) continue;
    const auto data = DataOf(file, items, place->second, budget);
    if (!data.has_value()) return kVeryMuch;
    if (kind == Type("av01")) most = std::max(most, Av1Pixels(*data));
    if (kind == Type("grid")) most = std::max(most, CanvasPixels(*data, 4));
    if (kind == Type("iovl")) most = std::max(most, CanvasPixels(*data, 10));
  }
  return most;
}

Items ReadItems(Bytes file) {
  Items items;
  std::vector<Bytes> associations;  // they may come before what they name
  ForEachBox(file, [&](std::uint32_t type, Bytes meta) {
    if (type != Type("meta")) return;
    ForEachBox(Rest(meta, 4).first(std::min(Rest(meta, 4).size(), kMostMetaBytes)),
               [&](std::uint32_t inner, Bytes box) {
                 if (inner == Type("pitm"))
                   items.primary = BigEndian(box, 4, VersionOf(box) == 0 ? 2 : 4);
                 if (inner == Type("iref")) ReadReferences(box, items);
                 if (inner == Type("iinf")) ReadKinds(box, items);
                 if (inner == Type("iloc")) ReadPlaces(box, items);
                 if (inner == Type("idat")) items.idat = box;
                 if (inner != Type("iprp")) return;
                 ForEachBox(box, [&](std::uint32_t kind, Bytes content) {
                   if (kind == Type("ipco")) ReadProperties(content, items);
                   if (kind == Type("ipma")) associations.push_back(content);
                 });
               });
  });
  for (const Bytes box : associations) ReadAssociations(box, items);
  return items;
}

// What decoding an item costs, and of an item that is asked for again what it cost before.
std::uint64_t Work(const Items& items, std::uint64_t item, int depth,
                   std::map<std::uint64_t, std::uint64_t>& known) {
  if (depth > kDeepest) return kVeryMuch;
  if (const auto found = known.find(item); found != known.end()) return found->second;
  const auto own = items.pixels_of.find(item);
  std::uint64_t work = own == items.pixels_of.end() ? 0 : own->second;
  known[item] = kVeryMuch;  // an item that is made of itself
  const auto sum_of = [&](const auto& others) {
    std::uint64_t sum = 0;
    if (const auto found = others.find(item); found != others.end()) {
      for (const std::uint64_t other : found->second) {
        sum = std::min(kVeryMuch, sum + Work(items, other, depth + 1, known));
      }
    }
    return sum;
  };
  work = std::min(kVeryMuch, std::max(work, sum_of(items.parts_of)) + sum_of(items.beside));
  known[item] = work;
  return work;
}

}  // namespace

std::uint64_t HeifCodedPixels(Bytes bytes) {
  const Items items = ReadItems(bytes);
  std::map<std::uint64_t, std::uint64_t> known;
  return Work(items, items.primary, 0, known);
}

std::string HeifWorkOverLimit(Bytes bytes, const DecodeLimits& limits) {
  const std::uint64_t most =
      std::min(limits.max_pixels, limits.max_memory_bytes / kHeifBytesAPixel);
  // A grid's tiles are as many pixels as itself, and a little more at its edges.
  const std::uint64_t most_work = 2 * most;
  const Items items = ReadItems(bytes);
  std::map<std::uint64_t, std::uint64_t> known;
  if (const std::uint64_t pixels = Work(items, items.primary, 0, known); pixels > most_work) {
    return absl::StrCat("its parts have ", pixels, " pixels, the limit is ", most_work);
  }
  if (const std::uint64_t pixels = AnnouncedPixels(bytes, items); pixels > most) {
    return absl::StrCat("a part of it is coded as ", pixels, " pixels, the limit is ", most);
  }
  return "";
}

}  // namespace kith::hashing::internal
