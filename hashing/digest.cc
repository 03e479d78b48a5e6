// SPDX-License-Identifier: Apache-2.0
#include "hashing/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>

namespace kith::hashing {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

// EVP fails here only when memory is gone or the provider forbids the digest. A wrong digest of
// evidence is worse than no program: stop at once.
void Require(bool ok) {
  if (!ok) std::abort();
}

// Digests are fed in pieces that stay in the cache for all three.
constexpr std::size_t kPieceBytes = 32 << 10;

}  // namespace

struct Digester::Contexts {
  Context md5{EVP_MD_CTX_new()};
  Context sha1{EVP_MD_CTX_new()};
  Context sha256{EVP_MD_CTX_new()};

  Contexts() { Start(); }

  void Start() {
    Require(md5 && EVP_DigestInit_ex(md5.get(), EVP_md5(), nullptr) == 1);
    Require(sha1 && EVP_DigestInit_ex(sha1.get(), EVP_sha1(), nullptr) == 1);
    Require(sha256 && EVP_DigestInit_ex(sha256.get(), EVP_sha256(), nullptr) == 1);
  }
};

Digester::Digester() : contexts_(std::make_unique<Contexts>()) {}
Digester::~Digester() = default;
Digester::Digester(Digester&&) noexcept = default;
Digester& Digester::operator=(Digester&&) noexcept = default;

void Digester::Update(std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), kPieceBytes));
    for (EVP_MD_CTX* context :
         {contexts_->md5.get(), contexts_->sha1.get(), contexts_->sha256.get()}) {
      Require(EVP_DigestUpdate(context, piece.data(), piece.size()) == 1);
    }
    bytes = bytes.subspan(piece.size());
  }
}

Digests Digester::Finish() {
  Digests digests;
  Require(EVP_DigestFinal_ex(contexts_->md5.get(), digests.md5.data(), nullptr) == 1);
  Require(EVP_DigestFinal_ex(contexts_->sha1.get(), digests.sha1.data(), nullptr) == 1);
  Require(EVP_DigestFinal_ex(contexts_->sha256.get(), digests.sha256.data(), nullptr) == 1);
  contexts_->Start();
  return digests;
}

Digests DigestsOf(std::span<const std::uint8_t> bytes) {
  Digester digester;
  digester.Update(bytes);
  return digester.Finish();
}

std::string DigestLibrary() {
  return std::string("OpenSSL ") + OpenSSL_version(OPENSSL_VERSION_STRING);
}

std::string DigestHex(std::span<const std::uint8_t> digest) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * digest.size());
  for (const std::uint8_t byte : digest) {
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 15]);
  }
  return hex;
}

}  // namespace kith::hashing
