// SPDX-License-Identifier: Apache-2.0
//
// Records of VICS, read, and written again.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tools/exchange_sink.h"
#include "tools/exchange/writers.h"

namespace kith::exchange {

using nlohmann::json;
using test::MemorySink;

inline const std::string kMd5 = "0123456789ABCDEF0123456789ABCDEF";
inline const std::string kSha1 = "0123456789ABCDEF0123456789ABCDEF01234567";
inline const std::string kUs =
    "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#";

inline json Media(int id = 1000001) {
  return {{"MediaID", id},
          {"Category", 1},
          {"MD5", kMd5},
          {"SHA1", kSha1},
          {"MediaSize", 204800},
          {"DateUpdated", "2026-01-02T03:04:05-05:00"},
          {"Series", "SYNTH-A"},
          {"VictimIdentified", "true"},
          {"OffenderIdentified", "false"},
          {"PhotoDNA", std::string(192, 'A')},
          {"RelativeFilePath", "a\\b\\c.jpg"},
          {"AlternativeHashes",
           {{{"MD5", kMd5}, {"HashName", "PDQ"}, {"HashValue", std::string(64, '5')}}}},
          {"Exifs", {{{"MD5", kMd5}, {"PropertyName", "Make"}, {"PropertyValue", "SynthCam"}}}}};
}

inline json Set(const std::vector<json>& media) {
  return {{"@odata.context", kUs + "Media"}, {"value", media}};
}

// What the writer makes of what the reader took, of one file after the other.
inline std::string WrittenOf(const std::vector<MemorySink>& sinks, std::uint64_t first,
                             std::uint64_t& without_category) {
  std::string text;
  const auto writer = test::WriterTo(text, "vics");
  SetFacts facts;
  std::uint64_t next = first;
  for (const MemorySink& sink : sinks) {
    auto& import = facts.imports.emplace_back();
    import.set_first_entry(next);
    next += sink.entries.size();
    import.set_last_entry(next - 1);
    *import.mutable_carried() = sink.carried;
  }
  EXPECT_TRUE(writer->Begin(facts).ok());
  next = first;
  for (const MemorySink& sink : sinks) {
    for (Entry entry : sink.entries) {
      entry.set_entry_id(next++);
      EXPECT_TRUE(writer->Add(entry).ok());
    }
  }
  EXPECT_TRUE(writer->End().ok());
  without_category = writer->without_category();
  return text;
}

inline std::string Written(const MemorySink& sink, std::uint64_t first = 1) {
  std::uint64_t without_category = 0;
  return WrittenOf({sink}, first, without_category);
}

inline absl::Status ReadVicsOf(Source& source, MemorySink& sink) {
  return FindFormat("vics")->read(source, {}, sink);
}

}  // namespace kith::exchange
