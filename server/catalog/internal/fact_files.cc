// SPDX-License-Identifier: Apache-2.0
#include "server/catalog/internal/fact_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace kith::catalog {
namespace {

constexpr std::string_view kListName = "facts";
constexpr std::size_t kMaxListBytes = std::size_t{1} << 25;

absl::Status Failed(const std::string& path, std::string_view what) {
  const std::error_code error(errno, std::generic_category());
  const std::string text = absl::StrCat(path, ": ", std::string(what), ": ", error.message());
  if (error == std::errc::no_such_file_or_directory) return absl::NotFoundError(text);
  for (const std::errc lack :
       {std::errc::no_space_on_device, std::errc::file_too_large, std::errc::not_enough_memory,
        std::errc::too_many_files_open, std::errc::too_many_files_open_in_system}) {
    if (error == lack) return absl::ResourceExhaustedError(text);
  }
  if (error.value() == EDQUOT) return absl::ResourceExhaustedError(text);
  return absl::UnavailableError(text);
}

absl::Status Named(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(path, ": ", status.message()));
}

// A descriptor that is closed.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

bool ReadAll(int fd, std::uint64_t offset, char* to, std::size_t count) {
  while (count > 0) {
    const ssize_t got = pread(fd, to, count, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      if (got == 0) errno = EIO;
      return false;
    }
    to += got;
    offset += static_cast<std::uint64_t>(got);
    count -= static_cast<std::size_t>(got);
  }
  return true;
}

bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

bool FlushFolder(const std::string& folder) {
  const Descriptor opened(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return opened.get() >= 0 && fsync(opened.get()) == 0;
}

// Under another name first: a file that has its name is whole, and on the disk.
absl::Status WriteWhole(const std::string& path, std::initializer_list<std::string_view> parts) {
  const std::string new_path = absl::StrCat(path, ".new");
  const auto failed = [&] {
    absl::Status status = Failed(path, "cannot be written");
    unlink(new_path.c_str());
    return status;
  };
  {
    const Descriptor file(
        open(new_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file.get() < 0) return failed();
    for (const std::string_view part : parts) {
      if (!WriteAll(file.get(), part)) return failed();
    }
    if (fsync(file.get()) != 0) return failed();
  }
  return rename(new_path.c_str(), path.c_str()) == 0 ? absl::OkStatus() : failed();
}

FileStamp StampOf(const struct stat& file) {
  constexpr std::int64_t kNanoseconds = 1'000'000'000;
  const std::int64_t content = file.st_mtim.tv_sec * kNanoseconds + file.st_mtim.tv_nsec;
  const std::int64_t inode = file.st_ctim.tv_sec * kNanoseconds + file.st_ctim.tv_nsec;
  return {.inode = file.st_ino,
          .bytes = static_cast<std::uint64_t>(file.st_size),
          .changed_ns = std::max(content, inode)};
}

}  // namespace

FactFiles::OpenFile::OpenFile(OpenFile&& other) noexcept
    : file(other.file), head(std::move(other.head)), fd(std::exchange(other.fd, -1)) {}

FactFiles::OpenFile::~OpenFile() {
  if (fd >= 0) close(fd);
}

std::string FactFiles::PathOf(const FactFile& file) const {
  return absl::StrCat(folder_, "/", std::string(kListName), "-", file.block, "-", file.serial);
}

absl::StatusOr<FactList> FactFiles::ReadList() const {
  if (folder_.empty()) return absl::NotFoundError("nothing is kept");
  const std::string path = absl::StrCat(folder_, "/", std::string(kListName));
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat found {};
  if (file.get() < 0 || fstat(file.get(), &found) != 0) return Failed(path, "cannot be opened");
  if (static_cast<std::uint64_t>(found.st_size) > kMaxListBytes) {
    return Named(path, DamagedFacts("it is too long"));
  }
  std::string bytes(static_cast<std::size_t>(found.st_size), '\0');
  if (!ReadAll(file.get(), 0, bytes.data(), bytes.size())) return Failed(path, "cannot be read");
  auto list = ParseFactList(bytes);
  return list.ok() ? list : Named(path, list.status());
}

absl::StatusOr<FactFiles::OpenFile> FactFiles::Open(const FactFile& file) const {
  const std::string path = PathOf(file);
  OpenFile opened;
  opened.file = file;
  opened.fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  struct stat found {};
  if (opened.fd < 0 || fstat(opened.fd, &found) != 0) return Failed(path, "cannot be opened");
  opened.file.stamp = StampOf(found);
  constexpr std::size_t kAroundWords = kFactPageBytes + EntryTable::kBlockBytes;
  // Of no more sets and series than entries.
  constexpr std::size_t kMaxTail = 5 * EntryTable::kBlockBytes + sizeof(std::uint64_t);
  if (opened.file.stamp.bytes < kAroundWords || opened.file.stamp.bytes > kAroundWords + kMaxTail) {
    return Named(path, DamagedFacts("it has another length than it should"));
  }
  std::string bytes(opened.file.stamp.bytes - EntryTable::kBlockBytes, '\0');
  if (!ReadAll(opened.fd, 0, bytes.data(), kFactPageBytes) ||
      !ReadAll(opened.fd, kAroundWords, bytes.data() + kFactPageBytes,
               bytes.size() - kFactPageBytes)) {
    return Failed(path, "cannot be read");
  }
  auto head = ParseFactHead(bytes);
  if (!head.ok()) return Named(path, head.status());
  if (head->block != file.block || head->end != file.end) {
    return Named(path, DamagedFacts("it tells of other entries"));
  }
  opened.head = *std::move(head);
  return opened;
}

absl::Status FactFiles::CheckWords(const OpenFile& open) const {
  std::string words(EntryTable::kBlockBytes, '\0');
  if (!ReadAll(open.fd, kFactPageBytes, words.data(), words.size())) {
    return Failed(PathOf(open.file), "cannot be read");
  }
  if (HashOfFacts(words) == open.head.words_hash) return absl::OkStatus();
  return Named(PathOf(open.file), DamagedFacts("the checksum of its words differs"));
}

absl::StatusOr<FactFiles::OpenFile> FactFiles::OpenChecked(const FactFile& file) const {
  auto opened = Open(file);
  if (!opened.ok() || opened->file.stamp == file.stamp) return opened;
  if (auto status = CheckWords(*opened); !status.ok()) return status;
  return opened;
}

absl::Status FactFiles::TakeOpened(const OpenFile& open, EntryTable& table) {
  if (!table.Map(open.fd, kFactPageBytes, open.file.end)) {
    return Failed(PathOf(open.file), "cannot be mapped");
  }
  const std::lock_guard lock(mutex_);
  files_.push_back(open.file);
  return absl::OkStatus();
}

absl::Status FactFiles::Remove(const FactFile& file) const {
  const std::string path = PathOf(file);
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return Failed(path, "cannot be removed");
  return FlushFolder(folder_) ? absl::OkStatus() : Failed(folder_, "cannot be flushed");
}

absl::Status FactFiles::Check(const FactFile& file) const {
  const auto opened = Open(file);
  return opened.ok() ? CheckWords(*opened) : opened.status();
}

absl::Status FactFiles::Write(std::uint64_t block, const EntryTable& table,
                              const FactSummary& summary) {
  if (folder_.empty()) return absl::UnavailableError("nothing is kept");
  const std::uint64_t next = files_.empty() ? 0 : files_.back().block + 1;
  if (block > next) return absl::InternalError("blocks of facts come one behind the other");
  const std::uint64_t first = block << EntryTable::kBlockBits;
  FactFile file{.block = block,
                .serial = block < next ? files_[block].serial + 1 : 1,
                .end = std::min(table.Size(), first + EntryTable::kBlockEntries),
                .stamp = {}};
  const auto words = table.WordsOfBlock(block);
  const std::string_view bytes(reinterpret_cast<const char*>(words.get()), EntryTable::kBlockBytes);
  const std::string head = FormatFactHead(
      {.block = block, .end = file.end, .words_hash = HashOfFacts(bytes), .summary = summary});
  const std::string path = PathOf(file);
  const std::string_view around = head;
  if (auto status = WriteWhole(
          path, {around.substr(0, kFactPageBytes), bytes, around.substr(kFactPageBytes)});
      !status.ok()) {
    return status;
  }
  struct stat found {};
  if (stat(path.c_str(), &found) == 0) file.stamp = StampOf(found);
  const std::lock_guard lock(mutex_);
  if (block < next) {
    files_[block] = file;
  } else {
    files_.push_back(file);
  }
  changed_ = true;
  return absl::OkStatus();
}

void FactFiles::Leave(std::uint64_t block, EntryTable& table) const {
  const Descriptor file(open(PathOf(files_[block]).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.get() >= 0) table.LeaveToFile(block, file.get(), kFactPageBytes);
}

absl::Status FactFiles::WriteList(std::string_view mark) {
  if (folder_.empty() || !changed_) return absl::OkStatus();
  const std::string path = absl::StrCat(folder_, "/", std::string(kListName));
  // The names of what it names are on the disk before.
  if (!FlushFolder(folder_)) return Failed(folder_, "cannot be flushed");
  const std::string bytes = FormatFactList({.mark = std::string(mark), .files = files_});
  if (auto status = WriteWhole(path, {bytes}); !status.ok()) return status;
  if (!FlushFolder(folder_)) return Failed(folder_, "cannot be flushed");
  changed_ = false;
  RemoveUnnamed();
  return absl::OkStatus();
}

void FactFiles::RemoveUnnamed() const {
  std::vector<std::string> names;
  names.reserve(files_.size());
  for (const FactFile& file : files_) names.push_back(PathOf(file));
  std::sort(names.begin(), names.end());
  std::vector<std::filesystem::path> unnamed;
  const std::string prefix = absl::StrCat(std::string(kListName), "-");
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder_, error), end; !error && at != end;
       at.increment(error)) {
    const bool is_ours = at->path().filename().string().rfind(prefix, 0) == 0;
    if (is_ours && !std::binary_search(names.begin(), names.end(), at->path().string())) {
      unnamed.push_back(at->path());
    }
  }
  // What cannot be removed now is removed with the next list.
  for (const auto& file : unnamed) std::filesystem::remove(file, error);
}

}  // namespace kith::catalog
