// SPDX-License-Identifier: Apache-2.0
//
// Purpose: a Source as RapidJSON reads it, with a limit on the length of one token, and the words
// for what is wrong with a file.
//
// Some exporters cut texts in the middle of a character, or write control characters as they are:
// no JSON, and no reason to lose a file of millions. Half a surrogate pair becomes U+FFFD, a raw
// control character in a text a blank, each at its length, so that places stay what they are.
//
// Thread-safety: belongs to one thread. Memory: twice that of the source.
#pragma once

#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "tools/exchange/record.h"
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

  // Tells what was mended.
  void NoteRepairs(Sink& sink) const;

  // Of in-situ parsing, which is not used.
  Ch* PutBegin() { return nullptr; }
  void Put(Ch) {}
  void Flush() {}
  std::size_t PutEnd(Ch*) { return 0; }

 private:
  bool Fill();
  // Mends buffer_; how much of it is ready. `last`: nothing comes behind it.
  std::size_t Mend(bool last);
  // The same for the escape at `at`; the end of it, or 0: more must come first.
  std::size_t MendEscape(std::size_t at, bool last);

  Source& source_;
  std::string buffer_;
  std::string held_;  // an escape that is not whole yet
  bool in_text_ = false;
  std::uint64_t halves_ = 0;
  std::uint64_t controls_ = 0;
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

// Gives all events of `stream` to `handler`, and Finish() behind the last. Errors: the status() of
// the handler where it gave up, else what is wrong with the file.
template <typename Handler>
absl::Status ParseJson(JsonStream& stream, Handler& handler, Sink& sink) {
  rapidjson::Reader reader;
  const rapidjson::ParseResult result = reader.Parse<kJsonFlags>(stream, handler);
  if (!handler.status().ok()) return handler.status();
  if (auto status = stream.Explain(result); !status.ok()) return status;
  stream.NoteRepairs(sink);
  return handler.Finish();
}

}  // namespace kith::exchange
