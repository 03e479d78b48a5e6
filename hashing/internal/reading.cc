// SPDX-License-Identifier: Apache-2.0
#include "hashing/internal/reading.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "hashing/internal/stop_watch.h"

namespace kith::hashing {
namespace internal {
namespace {

constexpr std::size_t kReadBytes = 256 << 10;

Fingerprint Unreadable(Fingerprint print, std::string detail) {
  print.disposition = Disposition::kUnreadable;
  print.detail = std::move(detail);
  print.digests.reset();
  print.views.clear();
  return print;
}

// Reads up to out.size() bytes at `offset`; fewer only at the end of the file. -1: see errno.
std::int64_t ReadAt(int fd, std::span<std::uint8_t> out, std::uint64_t offset,
                    std::int64_t& read_ns) {
  const StopWatch watch(read_ns);
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t n =
        pread(fd, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return static_cast<std::int64_t>(done);
}

// What only its first bytes and its length decide: everything that is not decoded.
void SetUndecoded(const FingerprintOptions& options, Fingerprint& print) {
  if (print.format == Format::kNone) {
    print.disposition = Disposition::kNotMedia;
  } else if (!IsDecodable(print.format)) {
    print.disposition = Disposition::kUnsupported;
    print.detail = print.format_name + " is not looked into";
  } else if (print.size_bytes <= options.limits.max_bytes) {
    print.disposition = Disposition::kOverLimit;
    print.detail =
        absl::StrCat(print.format_name, ": no memory to hold ", print.size_bytes, " bytes");
  } else {
    print.disposition = Disposition::kOverLimit;
    print.detail = absl::StrCat(print.format_name, ": ", print.size_bytes, " bytes: the limit is ",
                                options.limits.max_bytes);
  }
}

// Reads one regular file from its start to its end, once.
class Reader {
 public:
  Reader(int fd, const FingerprintOptions& options, PictureKeeper& keeper)
      : fd_(fd), options_(options), keeper_(keeper) {}

  [[nodiscard]] Fingerprint Read(std::uint64_t size_bytes) {
    print_.size_bytes = size_bytes;
    if (size_bytes == 0) return ReadEmpty();
    buffer_.resize(std::min<std::uint64_t>(size_bytes, kReadBytes));
    for (std::uint64_t done = 0; done < size_bytes;) {
      // A file of one piece is finished: it takes no longer than to give it up.
      if (done > kSniffBytes && keeper_.Stopped()) {
        return Unreadable(std::move(print_), "was given up before its end");
      }
      // The first bytes decide where the others go.
      const std::size_t want =
          std::min<std::uint64_t>(size_bytes - done, done == 0 ? kSniffBytes : kReadBytes);
      const std::span<std::uint8_t> piece =
          room_.empty() ? std::span(buffer_).first(want) : room_.subspan(done, want);
      const std::int64_t got = ReadAt(fd_, piece, done, print_.times.read_ns);
      if (got < 0) return Failed(done);
      if (static_cast<std::size_t>(got) < want) {
        return Unreadable(std::move(print_), absl::StrCat("shrank from ", size_bytes, " to ",
                                                          done + static_cast<std::uint64_t>(got),
                                                          " bytes while it was read"));
      }
      // What is kept for a decoder is digested while that one works.
      if (room_.empty()) Digest(piece);
      if (done == 0) LookAt(piece);
      done += want;
    }
    if (!room_.empty()) {
      keeper_.Hash(size_bytes, print_, [&] {
        Digest(room_.subspan(std::min<std::uint64_t>(size_bytes, kSniffBytes)));
        print_.digests = digester_.Finish();
      });
    } else {
      print_.digests = digester_.Finish();
      SetUndecoded(options_, print_);
    }
    return std::move(print_);
  }

 private:
  // Some file systems only claim that a file is empty.
  Fingerprint ReadEmpty() {
    std::uint8_t byte = 0;
    const std::int64_t got = ReadAt(fd_, {&byte, 1}, 0, print_.times.read_ns);
    if (got < 0) return Failed(0);
    if (got > 0) {
      return Unreadable(std::move(print_), "has bytes although its size is said to be 0");
    }
    print_.digests = digester_.Finish();
    print_.disposition = Disposition::kEmpty;
    return std::move(print_);
  }

  Fingerprint Failed(std::uint64_t at) {
    const Fingerprint why = FingerprintOfErrno(errno);
    Fingerprint failed = Unreadable(std::move(print_),
                                    absl::StrCat("reading failed at byte ", at, ": ", why.detail));
    failed.disposition = why.disposition;
    return failed;
  }

  void Digest(std::span<const std::uint8_t> bytes) {
    const StopWatch watch(print_.times.digest_ns);
    digester_.Update(bytes);
  }

  // Names the format by the first bytes and, where it is one to be decoded, keeps them.
  void LookAt(std::span<const std::uint8_t> head) {
    print_.format = SniffFormat(head);
    print_.format_name = FormatName(print_.format);
    if (!IsDecodable(print_.format) || print_.size_bytes > options_.limits.max_bytes) return;
    room_ = keeper_.Room(print_.size_bytes);
    if (!room_.empty()) std::memcpy(room_.data(), head.data(), head.size());
  }

  const int fd_;
  const FingerprintOptions& options_;
  PictureKeeper& keeper_;
  Fingerprint print_;
  Digester digester_;
  std::vector<std::uint8_t> buffer_;
  std::span<std::uint8_t> room_;
};

}  // namespace

Fingerprint ReadAndHash(int fd, const FingerprintOptions& options, PictureKeeper& keeper) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return FingerprintOfErrno(errno);
  if (!S_ISREG(status.st_mode)) {
    Fingerprint print;
    print.disposition = Disposition::kNotRegular;
    return print;
  }
  return Reader(fd, options, keeper).Read(static_cast<std::uint64_t>(status.st_size));
}

}  // namespace internal

Fingerprint FingerprintOfErrno(int error_number) {
  Fingerprint print;
  print.disposition = error_number == ENOENT || error_number == ESTALE ? Disposition::kVanished
                                                                       : Disposition::kUnreadable;
  print.detail = std::generic_category().message(error_number);
  return print;
}

}  // namespace kith::hashing
