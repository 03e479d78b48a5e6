// SPDX-License-Identifier: Apache-2.0
#include "tests/architecture/rules.h"

#include <algorithm>
#include <array>
#include <regex>
#include <sstream>
#include <utility>

namespace kith::architecture {
namespace {

constexpr std::array<std::string_view, 7> kRooms = {"hashing", "index", "proto", "server",
                                                    "tools",   "bench", "tests"};

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool EndsWith(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

bool IsHeader(std::string_view path) { return EndsWith(path, ".h"); }

// "hashing" of "hashing/internal/x.h".
std::string_view RoomOf(std::string_view path) { return path.substr(0, path.find('/')); }

// "rpc" of "server/rpc/x.h", "" of "server/engine.h".
std::string_view SubroomOf(std::string_view path) {
  const std::size_t room_end = path.find('/');
  if (room_end == std::string_view::npos) return {};
  const std::size_t end = path.find('/', room_end + 1);
  if (end == std::string_view::npos) return {};
  return path.substr(room_end + 1, end - room_end - 1);
}

std::string_view BaseName(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool IsOurs(std::string_view target) {
  return target.find('/') != std::string_view::npos &&
         std::find(kRooms.begin(), kRooms.end(), RoomOf(target)) != kRooms.end();
}

// The storeys of server/: a file may include its own storey and those below. What stands here is in
// the order of ARCHITECTURE.md; a new file in the room itself is to be told its storey.
constexpr int kEngineStorey = 3;
constexpr int kRpcStorey = 4;
constexpr int kTopStorey = 6;
int ServerStorey(std::string_view path) {
  constexpr std::array<std::pair<std::string_view, int>, 5> kSubrooms = {
      {{"net", 0},
       {"internal", kEngineStorey},
       {"catalog", 1},
       {"casework", 2},
       {"rpc", kRpcStorey}}};
  for (const auto& [name, storey] : kSubrooms) {
    if (SubroomOf(path) == name) return storey;
  }
  constexpr std::array<std::pair<std::string_view, int>, 16> kFiles = {{
      {"settings", 0},
      {"store_lock", 0},
      {"store_names", 0},
      {"utf8", 0},
      {"calls", kEngineStorey},
      {"engine", kEngineStorey},
      {"matcher", kEngineStorey},
      {"check_run", kEngineStorey},
      {"case_", kEngineStorey},
      {"clusters", kEngineStorey},
      {"evidence_index", kEngineStorey},
      {"holder", 5},
      {"connect", 5},
      {"embedded", 5},
      {"kithd", kTopStorey},
      {"run_kithd", kTopStorey},
  }};
  for (const auto& [name, storey] : kFiles) {
    if (StartsWith(BaseName(path), name)) return storey;
  }
  return kTopStorey;
}

// What library of others a header belongs to, of those that have a room of their own.
std::string_view LibraryOf(std::string_view target) {
  if (StartsWith(target, "opencv2/")) return "OpenCV";
  if (StartsWith(target, "faiss/")) return "FAISS";
  if (StartsWith(target, "sqlite3")) return "SQLite";
  if (StartsWith(target, "boost/")) return "Boost";
  if (StartsWith(target, "grpc/") || StartsWith(target, "grpcpp/")) return "gRPC";
  if (EndsWith(target, ".grpc.pb.h")) return "gRPC";
  if (StartsWith(target, "google/protobuf/") || EndsWith(target, ".pb.h")) return "Protobuf";
  return {};
}

// Which libraries a file may use at all; its own headers are asked about separately.
bool MayUse(std::string_view file, std::string_view library) {
  const std::string_view room = RoomOf(file);
  if (room == "tests" || room == "bench") return true;
  if (library == "OpenCV") return false;  // tests and benches are measured against it
  if (library == "FAISS") return room == "index";
  if (library == "SQLite") {
    // The exchange reads and writes files of other programs that are SQLite.
    return (room == "server" && (SubroomOf(file) == "catalog" || SubroomOf(file) == "casework")) ||
           (room == "tools" && SubroomOf(file) == "exchange");
  }
  if (library == "gRPC")
    return room == "tools" || (room == "server" && ServerStorey(file) >= kRpcStorey);
  return room == "server" || room == "tools";  // Boost, Protobuf
}

// Headers that other rooms may include.
bool IsPublicFace(std::string_view file) {
  const std::string_view room = RoomOf(file);
  if (!IsHeader(file) || file.find("/internal/") != std::string_view::npos) return false;
  return room == "hashing" || room == "index" ||
         (room == "server" && SubroomOf(file) != "rpc" && SubroomOf(file) != "net");
}

// Headers that say what they are for; the command line is a program and has none for others.
bool TellsItsPurpose(std::string_view file) {
  const std::string_view room = RoomOf(file);
  if (!IsHeader(file) || file.find("/internal/") != std::string_view::npos) return false;
  return room == "hashing" || room == "index" || room == "server" ||
         (room == "tools" && SubroomOf(file) != "kith");
}

std::optional<std::string> ForbiddenLibrary(std::string_view file, std::string_view target) {
  const std::string_view library = LibraryOf(target);
  if (library.empty()) return std::nullopt;
  if (!MayUse(file, library)) return std::string(library) + " has no business in this room";
  if (IsPublicFace(file) && library != "Protobuf") {
    return std::string(library) + " stays out of public headers: put it into internal/ or the .cc";
  }
  return std::nullopt;
}

std::optional<std::string> ForbiddenInternal(std::string_view file, std::string_view target) {
  const std::size_t internal = target.find("/internal/");
  if (internal == std::string_view::npos) return std::nullopt;
  const std::string_view owner = target.substr(0, internal + 1);  // "hashing/"
  if (StartsWith(file, owner)) return std::nullopt;
  if (RoomOf(file) == "tests" && SubroomOf(file) == RoomOf(target)) return std::nullopt;
  // A fuzz target drives one parser, and most parsers are nobody else's business.
  if (RoomOf(file) == "tests" && SubroomOf(file) == "fuzz") return std::nullopt;
  return "internal/ is private to " + std::string(owner) + " and its own tests";
}

std::optional<std::string> ForbiddenDirection(std::string_view file, std::string_view target) {
  const std::string_view from = RoomOf(file);
  const std::string_view to = RoomOf(target);
  // The benches draw the golden pictures, so that they measure what the golden tests pin.
  const bool bench_draws = from == "bench" && StartsWith(target, "tests/golden/");
  if (to == "tests" && from != "tests" && !bench_draws) return "tests are for tests only";
  if (to == "bench" && from != "bench" && file.substr(0, 12) != "tests/bench/") {
    return "nobody stands on bench/";
  }
  // The test of a leaf knows no more than the leaf.
  const bool is_leaf_test = from == "tests" && (SubroomOf(file) == "hashing" ||  //
                                                SubroomOf(file) == "index");
  const std::string_view standing_in = is_leaf_test ? SubroomOf(file) : from;
  if (standing_in == "hashing" || standing_in == "index") {
    if (to != standing_in && !(is_leaf_test && to == "tests")) {
      return std::string(standing_in) + "/ is a leaf: it knows no other room";
    }
    return std::nullopt;
  }
  if (from == "server") {
    if (to == "tools") return "server/ knows no tools";
    if (to == "server" && ServerStorey(target) > ServerStorey(file)) {
      return "in server/ the direction is catalog <- casework <- engine <- rpc <- embedded <- "
             "kithd";
    }
    const bool knows_answers = ServerStorey(file) > 0 && ServerStorey(file) <= kEngineStorey;
    if (knows_answers && SubroomOf(target) == "net") return "the engine knows no network";
  }
  if (from == "tools") {
    if (to == "index") return "tools/ reach the index through the contract only";
    if (to == "server" && target != "server/embedded.h") {
      return "of server/ the tools may include server/embedded.h only";
    }
    if (SubroomOf(target) == "kith" && to == "tools" && SubroomOf(file) != "kith") {
      return "tools/kith is the command line: nothing stands on it";
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<Include> ReadIncludes(std::string_view text) {
  static const std::regex kInclude(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])");
  std::vector<Include> includes;
  std::istringstream lines{std::string(text)};
  std::string line;
  bool in_comment = false;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::smatch found;
    if (!in_comment && std::regex_search(line, found, kInclude)) {
      includes.push_back({found[2], found[1] == "\"", number});
    }
    // Good enough for our own sources: a comment that opens and closes on other lines.
    const std::size_t open = line.rfind("/*");
    const std::size_t close = line.rfind("*/");
    if (open != std::string::npos && (close == std::string::npos || close < open)) {
      in_comment = true;
    } else if (close != std::string::npos) {
      in_comment = false;
    }
  }
  return includes;
}

std::optional<std::string> ForbiddenInclude(std::string_view file, const Include& include) {
  if (auto why = ForbiddenLibrary(file, include.target)) return why;
  if (include.quoted && include.target.find('/') == std::string::npos) {
    return "the include path names the room";
  }
  if (include.target.find("..") != std::string::npos) return "the include path names the room";
  if (!IsOurs(include.target)) return std::nullopt;
  if (!include.quoted) return "our own headers are included in quotes";
  if (auto why = ForbiddenInternal(file, include.target)) return why;
  return ForbiddenDirection(file, include.target);
}

std::optional<std::string> ForbiddenPlace(std::string_view path, bool is_folder) {
  const std::string_view name = BaseName(path);
  if (is_folder) {
    constexpr std::array<std::string_view, 4> kNoIdea = {"common", "util", "utils", "misc"};
    if (std::find(kNoIdea.begin(), kNoIdea.end(), name) != kNoIdea.end()) {
      return "a thing lives where its idea lives";
    }
    const bool at_top = path.find('/') == std::string_view::npos;
    if (at_top && name != "cmake" &&
        std::find(kRooms.begin(), kRooms.end(), name) == kRooms.end()) {
      return "the top level has the seven rooms and cmake/";
    }
    return std::nullopt;
  }
  if (RoomOf(path) == "proto" && (IsHeader(name) || EndsWith(name, ".cc"))) {
    return "proto/ holds no hand-written C++";
  }
  return std::nullopt;
}

std::optional<std::string> ForbiddenBeginning(std::string_view file, std::string_view text) {
  if (!StartsWith(text, "// SPDX-License-Identifier: Apache-2.0\n")) {
    return "the first line names the licence";
  }
  const std::size_t pragma = text.find("\n#pragma once\n");
  if (IsHeader(file) && pragma == std::string_view::npos) return "a header says #pragma once";
  if (TellsItsPurpose(file)) {
    const std::string_view head = text.substr(0, pragma);
    for (const std::string_view word : {"\n// Purpose: ", "\n// Thread-safety: "}) {
      if (head.find(word) == std::string_view::npos) {
        return "a public header says before #pragma once: " + std::string(word.substr(1));
      }
    }
  }
  return std::nullopt;
}

}  // namespace kith::architecture
