// SPDX-License-Identifier: Apache-2.0
//
// Purpose: make the same fingerprints as hashing/fingerprint.h, with the decoding done by a program
// that can do nothing else: kith-decode, which sees bytes and gives back hashes, sizes and a
// disposition.
//
// Here the file is read, once, into memory that is shared with the worker and read-only there; here
// are the digests and the format. A picture that crashes or hangs its decoder costs that one file:
// `decoder_crash` or `decoder_timeout`; the next file gets a new worker. A crash counts only where
// no other picture was before it: else the file is asked once more of a new worker. One that takes
// its decoder over, and keeps still, gets at nothing, but can have it give false hashes for itself
// and for the files after it, until the worker is replaced; digests and formats stay true.
//
// Thread-safety: one thread at a time, and one object a thread. The kernel ends a worker together
// with the thread that started it, so a thread that may end calls Start or OfFile itself or leaves
// the object to die with it.
// Errors: of setting up, a Status; of a file, its disposition.
// Complexity: as FingerprintFile, and two messages a picture. Memory: twice that of one decoder's
// picture at most, as DecodeLimits says; in the worker, whose address space is limited.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "hashing/cage/posture.h"
#include "hashing/fingerprint.h"

namespace kith::hashing::cage {

struct CageOptions {
  // The program to run; "": kith-decode beside the running program, else in ../libexec/kith. The
  // search path of the shell is never looked at.
  std::string worker_path = {};
  // A picture has this long, and longer by its size.
  std::chrono::milliseconds deadline{20'000};
  std::chrono::milliseconds deadline_per_mebibyte{250};
  // Then a worker is replaced, whatever has happened to it unnoticed.
  int files_per_worker = 2'000;
};

class CagedFingerprinter {
 public:
  // Starts the first worker and waits until it has shut itself in.
  // Errors: NotFound if there is no kith-decode, naming where it was looked for;
  // FailedPrecondition if it is of another version or does not come up.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<CagedFingerprinter>> Start(
      const CageOptions& options);
  // One more of the same, for another thread; its worker is started with its first picture. Where
  // that fails, pictures become `decoder_crash` and say why.
  [[nodiscard]] std::unique_ptr<CagedFingerprinter> Another() const;
  // Ends the worker.
  ~CagedFingerprinter();
  CagedFingerprinter(const CagedFingerprinter&) = delete;
  CagedFingerprinter& operator=(const CagedFingerprinter&) = delete;

  // As FingerprintFile, bit for bit but for the times.
  [[nodiscard]] Fingerprint OfFile(int fd, const FingerprintOptions& options);
  // The same where `options` ask for a fast hash; but one that is only approximate, and needs to be
  // exact in the eyes of `needs_exact`, is made again from the same bytes without that option.
  using NeedsExact = std::function<bool(const Fingerprint&)>;
  [[nodiscard]] Fingerprint OfFile(int fd, const FingerprintOptions& options,
                                   const NeedsExact& needs_exact);

  // From now on OfFile gives a file up, between two pieces of 256 KiB, once `stop` is asked for: a
  // file can be as large as a disk. Then `gave_up` is true of it, and its fingerprint is of no use.
  void StopWhen(std::stop_token stop);
  [[nodiscard]] bool gave_up() const;

  // What the first worker said of itself before it saw any file.
  [[nodiscard]] const Posture& posture() const;
  // What makes the fingerprints, name and version each: of the first worker, and the digests.
  [[nodiscard]] const std::vector<std::string>& libraries() const;

 private:
  class Impl;

 public:
  // For Start and Another: nobody else has an Impl.
  explicit CagedFingerprinter(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace kith::hashing::cage
