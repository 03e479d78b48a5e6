// SPDX-License-Identifier: Apache-2.0
//
// Purpose: a Source as RapidJSON reads it, with a limit on the length of one token, and the words
// for what is wrong with a file.
//
// Thread-safety: belongs to one thread. Memory: that of the source.
#pragma once

#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "tools/exchange/source.h"

namespace kith::exchange {

// Embedded thumbnails may be large; they are read past, not kept.
inline constexpr std::size_t kMaxTokenBytes = std::size_t{16} << 20;

class JsonStream {
 public:
  using Ch = char;

  explicit JsonStream(Source& source) : source_(source) {}

  [[nodiscard]] Ch Peek() { return at_ != end_ || Fill() ? *at_ : '\0'; }
  Ch Take() { return at_ != end_ || Fill() ? *at_++ : '\0'; }
  [[nodiscard]] std::size_t Tell() const { return base_ + static_cast<std::size_t>(at_ - begin_); }
  // A token ended here.
  void Mark() { marked_ = Tell(); }

  // What became of a parse: OK, or why the file cannot be read, and where.
  [[nodiscard]] absl::Status Explain(const rapidjson::ParseResult& result) const;

  // Of in-situ parsing, which is not used.
  Ch* PutBegin() { return nullptr; }
  void Put(Ch) {}
  void Flush() {}
  std::size_t PutEnd(Ch*) { return 0; }

 private:
  bool Fill();

  Source& source_;
  const char* begin_ = nullptr;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  std::size_t base_ = 0;  // offset of *begin_ in the file
  std::size_t marked_ = 0;
  bool ended_ = false;
  absl::Status status_;
};

// Iterative, so that nesting costs no stack; numbers as they are written, so that none is rounded.
inline constexpr unsigned kJsonFlags =
    rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;

}  // namespace kith::exchange
