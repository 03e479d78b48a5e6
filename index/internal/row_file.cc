// SPDX-License-Identifier: Apache-2.0
#include "index/internal/row_file.h"

#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <new>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "index/internal/file_io.h"

namespace kith::index::internal {
namespace {

static_assert(std::endian::native == std::endian::little, "the file is little-endian");

constexpr char kMagic[] = "KITHROWS";
constexpr std::uint64_t kVersion = 1;
constexpr std::uint64_t kMaxRows = 0xFFFFFFFFU;

struct Section {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::uint64_t hash = 0;
  std::uint64_t zero = 0;
  friend bool operator==(const Section&, const Section&) = default;
};

constexpr std::array<std::string_view, 3> kNames = {"codes", "entries", "views"};
constexpr std::array<std::uint64_t, 3> kWidths = {32, 8, 4};

struct Header {
  std::array<char, 8> magic = {};
  std::uint64_t version = kVersion;
  std::uint64_t rows = 0;
  std::uint64_t first_entry = 0;
  std::uint64_t last_entry = 0;
  std::uint64_t zero = 0;
  std::array<Section, 3> sections = {};
  std::uint64_t zero_too = 0;
  std::uint64_t hash = 0;  // of all before it
};
static_assert(sizeof(Header) == 160 && sizeof(Code) == 32);

std::uint64_t HashOf(const Header& header) {
  return XXH3_64bits(&header, sizeof(header) - sizeof(header.hash));
}

// The header of so many rows, but for the hashes.
Header Layout(std::uint64_t rows, std::uint64_t first_entry, std::uint64_t last_entry) {
  Header header{.rows = rows, .first_entry = first_entry, .last_entry = last_entry};
  std::copy_n(kMagic, header.magic.size(), header.magic.begin());
  std::uint64_t offset = sizeof(Header);
  for (std::size_t i = 0; i < kWidths.size(); ++i) {
    header.sections[i].offset = offset;
    header.sections[i].length = rows * kWidths[i];
    offset += header.sections[i].length;
  }
  return header;
}

absl::Status Damaged(const std::string& path, std::string_view what, std::string_view how) {
  return absl::DataLossError(
      absl::StrCat(path, ": section ", std::string(what), " is damaged: ", std::string(how)));
}

absl::StatusOr<Header> ReadHeader(const std::string& path, const FolderFile& file) {
  const auto size = file.Size();
  if (!size.ok()) return size.status();
  Header header;
  if (*size < sizeof(header)) return Damaged(path, "header", "it is cut off");
  if (auto status = file.ReadAt(0, std::as_writable_bytes(std::span(&header, 1))); !status.ok()) {
    return status;
  }
  if (std::string_view(header.magic.data(), header.magic.size()) != kMagic) {
    return Damaged(path, "header", "it is no file of rows");
  }
  if (header.hash != HashOf(header)) return Damaged(path, "header", "its checksum differs");
  if (header.version != kVersion) {
    return absl::DataLossError(absl::StrCat(path, ": is of version ", header.version,
                                            ", which this program does not know"));
  }
  if (header.rows == 0 || header.rows > kMaxRows) {
    return Damaged(path, "header", "the number of rows is out of range");
  }
  // All that is left to choose are the hashes of the sections.
  Header wanted = Layout(header.rows, header.first_entry, header.last_entry);
  for (std::size_t i = 0; i < kWidths.size(); ++i) {
    wanted.sections[i].hash = header.sections[i].hash;
  }
  if (header.sections != wanted.sections) return Damaged(path, "header", "the table is wrong");
  if (*size != header.sections.back().offset + header.sections.back().length) {
    return Damaged(path, kNames.back(), "the file has another length than it should");
  }
  return header;
}

template <typename T>
absl::Status ReadSection(const std::string& path, const FolderFile& file, const Header& header,
                         std::size_t number, std::vector<T>& values) {
  const Section& section = header.sections[number];
  values.resize(header.rows);
  const auto bytes = std::as_writable_bytes(std::span(values));
  if (auto status = file.ReadAt(section.offset, bytes); !status.ok()) return status;
  if (XXH3_64bits(bytes.data(), bytes.size()) != section.hash) {
    return Damaged(path, kNames[number], "its checksum differs");
  }
  return absl::OkStatus();
}

absl::StatusOr<Rows> ReadRows(const std::string& path) {
  const auto file = FolderFile::OpenToRead(path);
  if (!file.ok()) return file.status();
  const auto header = ReadHeader(path, *file);
  if (!header.ok()) return header.status();
  Rows rows;
  std::vector<std::uint64_t> entries;
  std::vector<std::uint32_t> views;
  absl::Status status = ReadSection(path, *file, *header, 0, rows.codes);
  if (status.ok()) status = ReadSection(path, *file, *header, 1, entries);
  if (status.ok()) status = ReadSection(path, *file, *header, 2, views);
  if (!status.ok()) return status;
  rows.labels.resize(entries.size());
  for (std::size_t row = 0; row < entries.size(); ++row) {
    rows.labels[row] = {.entry = entries[row], .view = views[row]};
  }
  if (!std::is_sorted(rows.labels.begin(), rows.labels.end()) ||
      entries.front() != header->first_entry || entries.back() != header->last_entry) {
    return Damaged(path, "entries", "they are not in order");
  }
  return rows;
}

absl::Status WriteRows(const std::string& path, const Rows& rows) {
  auto file = FolderFile::Create(path);
  if (!file.ok()) return file.status();
  std::vector<std::uint64_t> entries;
  std::vector<std::uint32_t> views;
  entries.reserve(rows.size());
  views.reserve(rows.size());
  for (const Label& label : rows.labels) {
    entries.push_back(label.entry);
    views.push_back(label.view);
  }
  Header header = Layout(rows.size(), entries.front(), entries.back());
  const std::array<std::span<const std::byte>, 3> sections = {std::as_bytes(std::span(rows.codes)),
                                                              std::as_bytes(std::span(entries)),
                                                              std::as_bytes(std::span(views))};
  for (std::size_t i = 0; i < sections.size(); ++i) {
    header.sections[i].hash = XXH3_64bits(sections[i].data(), sections[i].size());
  }
  header.hash = HashOf(header);
  absl::Status status = file->Append(std::as_bytes(std::span(&header, 1)));
  for (const auto& section : sections) {
    if (status.ok()) status = file->Append(section);
  }
  return status.ok() ? file->Flush() : status;
}

}  // namespace

absl::Status WriteRowFile(const std::string& path, const Rows& rows) {
  if (rows.size() == 0 || rows.size() > kMaxRows) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", rows.size(), " rows; 1 to 2^32-1"));
  }
  try {
    absl::Status status = WriteRows(path, rows);
    if (!status.ok()) unlink(path.c_str());
    return status;
  } catch (const std::bad_alloc&) {
    unlink(path.c_str());
    return absl::ResourceExhaustedError(absl::StrCat(path, ": out of memory while writing"));
  }
}

absl::StatusOr<Rows> ReadRowFile(const std::string& path) {
  try {
    return ReadRows(path);
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(absl::StrCat(path, ": out of memory while reading"));
  }
}

}  // namespace kith::index::internal
