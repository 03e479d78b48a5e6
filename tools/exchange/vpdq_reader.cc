// SPDX-License-Identifier: Apache-2.0
//
// vPDQ: the frames of one video, as text ("frame,quality,pdq,timestamp" a line), as tx's JSON array
// of "pdq,quality,timestamp", or as its older JSON object of {"quality", "hash", "timestamp"} by
// frame. One entry: its codes are frames spread over the video, and all frames are carried, for the
// day when videos are matched.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "tools/exchange/internal/csv_line.h"
#include "tools/exchange/internal/each_line.h"
#include "tools/exchange/internal/entry_fields.h"
#include "tools/exchange/internal/readers.h"

namespace kith::exchange {
namespace {

// What one entry can carry: at one frame a second, 20 minutes. Of more some are kept, evenly.
constexpr std::size_t kMaxFrames = 1200;
// What is read at all: at 30 frames a second, 50 minutes.
constexpr std::size_t kMaxFramesRead = 90'000;
constexpr std::size_t kMaxCodes = 64;
constexpr std::uint32_t kMaxFrameNumber = (1U << 28) - 1;
constexpr std::size_t kMaxJsonBytes = std::size_t{16} << 20;

struct Frame {
  std::uint32_t number = 0;
  std::uint32_t quality = 0;
  std::string pdq;  // hexadecimal
  std::string time;
};

std::optional<std::uint32_t> Number(std::string_view text, std::uint32_t most) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

bool IsTime(std::string_view text) {
  return !text.empty() && text.size() <= 20 &&
         text.find_first_not_of("0123456789.") == std::string_view::npos;
}

// "frame,quality,pdq,timestamp"
std::optional<Frame> FrameOfLine(std::string_view line) {
  std::vector<std::string> fields;
  if (!SplitCsv(line, ',', fields) || fields.size() != 4) return std::nullopt;
  const auto number = Number(FieldAt(fields, 0), kMaxFrameNumber);
  const auto quality = Number(FieldAt(fields, 1), 100);
  const std::string_view pdq = FieldAt(fields, 2);
  const std::string_view time = FieldAt(fields, 3);
  if (!number || !quality || pdq.size() != 64 || !FromHex(pdq) || !IsTime(time)) {
    return std::nullopt;
  }
  return Frame{*number, *quality, std::string(pdq), std::string(time)};
}

// {"quality": 100, "hash": PDQ, "timestamp": 0.0}, whose name is the number of the frame.
std::optional<Frame> FrameOfMember(const std::string& name, const nlohmann::json& one) {
  if (!one.is_object()) return std::nullopt;
  const auto quality = one.find("quality");
  const auto hash = one.find("hash");
  const auto time = one.find("timestamp");
  if (quality == one.end() || hash == one.end() || time == one.end() ||
      !quality->is_number_integer() || !hash->is_string() || !time->is_number()) {
    return std::nullopt;
  }
  return FrameOfLine(fmt::format("{},{},{},{:.3f}", name, quality->dump(),
                                 hash->get_ref<const std::string&>(), time->get<double>()));
}

// "pdq,quality,timestamp"; the frames are counted.
std::optional<Frame> FrameOfText(std::string_view text, std::size_t number) {
  std::vector<std::string> fields;
  if (!SplitCsv(text, ',', fields) || fields.size() != 3) return std::nullopt;
  return FrameOfLine(fmt::format("{},{},{},{}", number, fields[1], fields[0], fields[2]));
}

// Each frame once, the first of its number, in their order, and no more than can be carried.
void InOrder(std::vector<Frame>& frames, Sink& sink) {
  std::stable_sort(frames.begin(), frames.end(),
                   [](const Frame& a, const Frame& b) { return a.number < b.number; });
  const auto end = std::unique(frames.begin(), frames.end(),
                               [](const Frame& a, const Frame& b) { return a.number == b.number; });
  for (auto at = end; at != frames.end(); ++at) {
    sink.Note("frame of a video that comes twice, left out");
  }
  frames.erase(end, frames.end());
  if (frames.size() <= kMaxFrames) return;
  std::vector<Frame> kept;
  for (std::size_t i = 0; i < kMaxFrames; ++i) {
    kept.push_back(std::move(frames[i * frames.size() / kMaxFrames]));
  }
  for (std::size_t i = kMaxFrames; i < frames.size(); ++i) {
    sink.Note("frame of a video beyond the 1,200 that are kept, left out");
  }
  frames = std::move(kept);
}

absl::Status Emit(std::vector<Frame> frames, const ReadOptions& options, Sink& sink) {
  InOrder(frames, sink);
  std::vector<const Frame*> usable;
  for (const Frame& frame : frames) {
    if (frame.quality >= kMinimumQuality) usable.push_back(&frame);
  }
  const Place place{Place::Unit::kLine, 1};
  if (frames.empty()) return absl::OkStatus();
  if (usable.empty()) return sink.Problem(place, "no frame of a quality of 50 or more");
  Entry entry;
  const std::size_t count = std::min(kMaxCodes, usable.size());
  for (std::size_t i = count; i < usable.size(); ++i) {
    sink.Note("frame of a video beyond the 64 that are matched, carried only");
  }
  for (std::size_t i = 0; i < count; ++i) {
    const Frame& frame = *usable[i * usable.size() / count];
    if (!TakePdq(frame.pdq, options.dialect, entry)) continue;
    v1::Code& code = *entry.mutable_codes(entry.codes_size() - 1);
    code.set_quality(frame.quality);
    code.mutable_view()->set_frame(frame.number);
  }
  std::string json;
  for (const Frame& frame : frames) {
    json += fmt::format("{}[{},{},\"{}\",\"{}\"]", json.empty() ? "" : ",", frame.number,
                        frame.quality, frame.pdq, frame.time);
  }
  entry.set_source_ref(fmt::format("vPDQ, {} frames", frames.size()));
  entry.mutable_carried()->set_format("vpdq");
  entry.mutable_carried()->set_data("{\"frames\":[" + json + "]}");
  return sink.Take(std::move(entry), place);
}

absl::Status TooLong() {
  return absl::InvalidArgumentError(
      fmt::format("more than {} frames: hash the video at one frame a second", kMaxFramesRead));
}

absl::Status ReadJson(Source& source, const ReadOptions& options, Sink& sink) {
  std::string text;
  while (true) {
    const auto more = source.Next();
    if (!more.ok()) return more.status();
    if (more->empty()) break;
    text.append(*more);
    if (text.size() > kMaxJsonBytes) return TooLong();
  }
  const auto parsed = nlohmann::json::parse(text, nullptr, false);
  if (!parsed.is_structured()) {
    return absl::InvalidArgumentError("no vPDQ: no whole JSON array or object");
  }
  if (parsed.size() > kMaxFramesRead) return TooLong();
  std::vector<Frame> frames;
  // Frames have the numbers of their places, those behind a bad one too.
  std::size_t place = 0;
  for (const auto& [name, one] : parsed.items()) {
    const std::size_t at = place++;
    const auto frame = parsed.is_object() ? FrameOfMember(name, one)
                       : one.is_string()  ? FrameOfText(one.get_ref<const std::string&>(), at)
                                          : std::nullopt;
    if (frame) {
      frames.push_back(*frame);
      continue;
    }
    const char* reason = parsed.is_object()
                             ? "no {\"quality\", \"hash\", \"timestamp\"} by its frame"
                             : "no \"pdq,quality,timestamp\"";
    if (auto status = sink.Problem({Place::Unit::kRow, at + 1}, reason); !status.ok()) {
      return status;
    }
  }
  return Emit(std::move(frames), options, sink);
}

// {"0": {"quality"...: the older form of tx.
bool LooksLikeFrameObject(std::string_view head) {
  std::string start;
  if (head.starts_with(kByteOrderMark)) head.remove_prefix(kByteOrderMark.size());
  for (const char c : head.substr(0, 128)) {
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') start += c;
  }
  const std::size_t digits = start.find_first_not_of("0123456789", 2);
  return start.starts_with("{\"") && digits != std::string::npos && digits > 2 &&
         start.compare(digits, 3, "\":{") == 0 && head.find("\"hash\"") != std::string_view::npos &&
         head.find("\"quality\"") != std::string_view::npos;
}

}  // namespace

bool LooksLikeVpdq(std::string_view head) {
  const std::string_view line = FirstLine(head);
  if (FrameOfLine(line) || LooksLikeFrameObject(head)) return true;
  const std::size_t begin = line.find('"');
  if (!line.starts_with('[') || begin == std::string_view::npos || line.size() < begin + 66) {
    return false;
  }
  return line[begin + 65] == ',' && FromHex(line.substr(begin + 1, 64)).has_value();
}

absl::Status ReadVpdq(Source& source, const ReadOptions& options, Sink& sink) {
  const auto head = source.Head();
  if (!head.ok()) return head.status();
  const std::string_view first = FirstLine(*head);
  if (first.starts_with('[') || first.starts_with('{')) return ReadJson(source, options, sink);
  Lines lines(source, kMaxListLineBytes);
  std::vector<Frame> frames;
  const absl::Status read = ForEachLine(lines, [&](std::string_view text, const Place& place) {
    const auto frame = FrameOfLine(Trimmed(text));
    if (!frame) return sink.Problem(place, "no \"frame,quality,pdq,timestamp\"");
    frames.push_back(*frame);
    return frames.size() > kMaxFramesRead ? TooLong() : absl::OkStatus();
  });
  return read.ok() ? Emit(std::move(frames), options, sink) : read;
}

}  // namespace kith::exchange
