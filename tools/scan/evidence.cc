// SPDX-License-Identifier: Apache-2.0
#include "tools/scan/evidence.h"

#include <span>
#include <string>

#include "hashing/fast_pdq.h"

namespace kith::scan {
namespace {

std::string Bytes(std::span<const std::uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

v1::Dialect DialectOf(hashing::Dialect dialect) {
  return dialect == hashing::Dialect::kFull ? v1::DIALECT_FULL : v1::DIALECT_CLI512;
}

// All but the codes.
v1::Fingerprint Common(const hashing::Fingerprint& fingerprint) {
  v1::Fingerprint out;
  if (fingerprint.digests.has_value()) {
    out.mutable_digests()->set_md5(Bytes(fingerprint.digests->md5));
    out.mutable_digests()->set_sha1(Bytes(fingerprint.digests->sha1));
    out.mutable_digests()->set_sha256(Bytes(fingerprint.digests->sha256));
  }
  out.set_width(static_cast<std::uint32_t>(fingerprint.width));
  out.set_height(static_cast<std::uint32_t>(fingerprint.height));
  out.set_format(fingerprint.format_name);
  out.set_size_bytes(fingerprint.size_bytes);
  out.set_disposition(ToProto(fingerprint.disposition));
  out.set_detail(fingerprint.detail);
  return out;
}

void AddCode(const hashing::View& view, const hashing::DialectHashes& hashes, v1::Dialect dialect,
             hashing::Orientation orientation, v1::Fingerprint& out) {
  v1::Code& code = *out.add_codes();
  code.set_pdq(Bytes(hashes.codes[static_cast<std::size_t>(orientation)]));
  code.set_quality(static_cast<std::uint32_t>(hashes.quality));
  code.mutable_view()->set_frame(view.frame);
  code.mutable_view()->set_crop(view.crop == hashing::Crop::kTrimmed ? v1::CROP_TRIMMED
                                                                     : v1::CROP_ORIGINAL);
  // The wire's numbers are those of hashing/ plus one, for UNSPECIFIED.
  code.set_orientation(static_cast<v1::Orientation>(static_cast<int>(orientation) + 1));
  code.set_dialect(dialect);
}

}  // namespace

v1::Disposition ToProto(hashing::Disposition disposition) {
  using enum hashing::Disposition;
  switch (disposition) {
    case kHashed:
      return v1::DISPOSITION_HASHED;
    case kLowQuality:
      return v1::DISPOSITION_LOW_QUALITY;
    case kPartial:
      return v1::DISPOSITION_PARTIAL;
    case kNotMedia:
      return v1::DISPOSITION_NOT_MEDIA;
    case kEmpty:
      return v1::DISPOSITION_EMPTY;
    case kUnsupported:
      return v1::DISPOSITION_UNSUPPORTED;
    case kUnreadable:
      return v1::DISPOSITION_UNREADABLE;
    case kVanished:
      return v1::DISPOSITION_VANISHED;
    case kOverLimit:
      return v1::DISPOSITION_OVER_LIMIT;
    case kDecoderCrash:
      return v1::DISPOSITION_DECODER_CRASH;
    case kDecoderTimeout:
      return v1::DISPOSITION_DECODER_TIMEOUT;
    case kNotRegular:
      return v1::DISPOSITION_NOT_REGULAR;
  }
  return v1::DISPOSITION_UNSPECIFIED;
}

v1::Fingerprint ToQuery(const hashing::Fingerprint& fingerprint) {
  v1::Fingerprint out = Common(fingerprint);
  if (fingerprint.approximate) out.set_margin_bits(hashing::kFastMarginBits);
  for (const hashing::ViewFingerprint& view : fingerprint.views) {
    for (const hashing::DialectHashes& hashes : view.hashes) {
      if (!hashes.usable) continue;
      // A code that holds in both dialects must meet the entries of both.
      const v1::Dialect dialect =
          view.dialects_coincide ? v1::DIALECT_UNSPECIFIED : DialectOf(hashes.dialect);
      AddCode(view.view, hashes, dialect, hashing::Orientation::kOriginal, out);
      if (hashes.orientations) {
        for (std::size_t i = 1; i < hashing::kOrientationCount; ++i) {
          AddCode(view.view, hashes, dialect, hashing::kOrientations[i], out);
        }
      }
      if (view.dialects_coincide) break;
    }
  }
  return out;
}

v1::Fingerprint ToEntry(const hashing::Fingerprint& fingerprint) {
  v1::Fingerprint out = Common(fingerprint);
  for (const hashing::ViewFingerprint& view : fingerprint.views) {
    for (const hashing::DialectHashes& hashes : view.hashes) {
      if (hashes.dialect != hashing::Dialect::kFull || !hashes.usable) continue;
      AddCode(view.view, hashes, v1::DIALECT_FULL, hashing::Orientation::kOriginal, out);
    }
  }
  return out;
}

v1::EvidenceFile ToEvidence(const HashedFile& hashed) {
  v1::EvidenceFile out;
  out.set_path(hashed.file.path);
  *out.mutable_fingerprint() = ToQuery(hashed.fingerprint);
  out.set_device(hashed.file.device);
  out.set_inode(hashed.file.inode);
  out.set_mtime_ns(hashed.file.mtime_ns);
  return out;
}

}  // namespace kith::scan
