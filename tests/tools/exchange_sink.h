// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the readers and the writers share: hashes, a sink that remembers, and short
// ways to read bytes and to write text.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/exchange/formats.h"
#include "tools/exchange/writers.h"

namespace kith::test {

inline const std::string kMd5 = "0123456789abcdef0123456789abcdef";
inline const std::string kSha1 = kMd5 + "01234567";
inline const std::string kSha256 = kMd5 + kMd5;
inline const std::string kPdq = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22";

class MemorySink final : public exchange::Sink {
 public:
  absl::Status Take(exchange::Entry entry, const exchange::Place& place) override {
    entries.push_back(std::move(entry));
    places.push_back(exchange::PlaceText(place));
    return absl::OkStatus();
  }
  absl::Status TakeBack(const std::string& source_ref, const std::string& timestamp,
                        const exchange::Place&) override {
    taken_back.push_back(source_ref);
    taken_back_at.push_back(timestamp);
    return absl::OkStatus();
  }
  absl::Status Problem(const exchange::Place& place, std::string reason) override {
    problems.push_back(exchange::PlaceText(place) + ": " + reason);
    return absl::OkStatus();
  }
  void Note(std::string_view what) override { ++notes[std::string(what)]; }
  void Carry(exchange::Carried all) override { carried = std::move(all); }

  std::vector<exchange::Entry> entries;
  std::vector<std::string> places;
  std::vector<std::string> taken_back, taken_back_at;
  std::vector<std::string> problems;
  std::map<std::string, int> notes;
  exchange::Carried carried;
  std::string format;
  absl::Status status;
};

// Reads `bytes` as what they are told for, or, where `format` is given, as that.
inline MemorySink ReadBytes(const std::string& bytes, const std::string& format = "",
                            const exchange::ReadOptions& options = {}) {
  MemorySink sink;
  auto source = exchange::Source::OfBytes(bytes);
  const auto head = source.Head();
  EXPECT_TRUE(head.ok());
  const exchange::Format* reader = exchange::FindFormat(format);
  if (format.empty()) {
    const auto told = exchange::Recognise(*head);
    if (!told.ok()) {
      sink.status = told.status();
      return sink;
    }
    reader = *told;
  }
  EXPECT_NE(reader, nullptr) << format;
  sink.format = std::string(reader->name);
  sink.status = reader->read(source, options, sink);
  return sink;
}

// Adds what it writes to `text`. `path`: for formats that make their file by themselves.
inline std::unique_ptr<exchange::Writer> WriterTo(std::string& text, std::string_view format,
                                                  const std::string& path = "") {
  auto writer = exchange::FindOutFormat(format)->make(
      [&text](std::string_view bytes) {
        text += bytes;
        return absl::OkStatus();
      },
      path);
  EXPECT_TRUE(writer.ok()) << writer.status();
  return *std::move(writer);
}

}  // namespace kith::test
