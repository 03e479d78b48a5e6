// SPDX-License-Identifier: Apache-2.0
//
// vPDQ: the frames of one video, as text ("frame,quality,pdq,timestamp" a line) or as tx's JSON
// array of "pdq,quality,timestamp". One entry: its codes are frames spread over the video, and all
// frames are carried, for the day when videos are matched.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "tools/exchange/internal/csv_line.h"
#include "tools/exchange/internal/entry_fields.h"
#include "tools/exchange/internal/readers.h"

namespace kith::exchange {
namespace {

// What one entry can carry: at one frame a second, 20 minutes.
constexpr std::size_t kMaxFrames = 1200;
constexpr std::size_t kMaxCodes = 64;
constexpr std::uint32_t kMinimumQuality = 50;
constexpr std::uint32_t kMaxFrameNumber = (1U << 28) - 1;
constexpr std::size_t kMaxJsonBytes = std::size_t{1} << 20;

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

// "pdq,quality,timestamp"; the frames are counted.
std::optional<Frame> FrameOfText(std::string_view text, std::size_t number) {
  std::vector<std::string> fields;
  if (!SplitCsv(text, ',', fields) || fields.size() != 3) return std::nullopt;
  return FrameOfLine(fmt::format("{},{},{},{}", number, fields[1], fields[0], fields[2]));
}

absl::Status Emit(const std::vector<Frame>& frames, const ReadOptions& options, Sink& sink) {
  std::vector<const Frame*> usable;
  for (const Frame& frame : frames) {
    const bool again = !usable.empty() && usable.back()->number >= frame.number;
    if (frame.quality >= kMinimumQuality && !again) usable.push_back(&frame);
  }
  const Place place{Place::Unit::kLine, 1};
  if (frames.empty()) return absl::OkStatus();
  if (usable.empty()) return sink.Problem(place, "no frame of a quality of 50 or more");
  Entry entry;
  const std::size_t count = std::min(kMaxCodes, usable.size());
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
      fmt::format("more than {} frames: hash the video at one frame a second", kMaxFrames));
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
  if (!parsed.is_array()) return absl::InvalidArgumentError("no vPDQ: no whole JSON array");
  if (parsed.size() > kMaxFrames) return TooLong();
  std::vector<Frame> frames;
  for (const auto& one : parsed) {
    const auto frame = one.is_string()
                           ? FrameOfText(one.get_ref<const std::string&>(), frames.size())
                           : std::nullopt;
    if (!frame) {
      const Place place{Place::Unit::kRow, frames.size() + 1};
      if (auto status = sink.Problem(place, "no \"pdq,quality,timestamp\""); !status.ok()) {
        return status;
      }
      continue;
    }
    frames.push_back(*frame);
  }
  return Emit(frames, options, sink);
}

}  // namespace

bool LooksLikeVpdq(std::string_view head) {
  const std::string_view line = FirstLine(head);
  if (FrameOfLine(line)) return true;
  const std::size_t begin = line.find('"');
  if (!line.starts_with('[') || begin == std::string_view::npos || line.size() < begin + 66) {
    return false;
  }
  return line[begin + 65] == ',' && FromHex(line.substr(begin + 1, 64)).has_value();
}

absl::Status ReadVpdq(Source& source, const ReadOptions& options, Sink& sink) {
  const auto head = source.Head();
  if (!head.ok()) return head.status();
  if (FirstLine(*head).starts_with('[')) return ReadJson(source, options, sink);
  Lines lines(source, kMaxListLineBytes);
  std::string text;
  std::vector<Frame> frames;
  while (true) {
    const auto more = lines.Next(text);
    if (!more.ok()) return more.status();
    if (!*more) return Emit(frames, options, sink);
    if (Trimmed(text).empty()) continue;
    const auto frame = FrameOfLine(Trimmed(text));
    if (!frame) {
      const Place place{Place::Unit::kLine, lines.number()};
      if (auto status = sink.Problem(place, "no \"frame,quality,pdq,timestamp\""); !status.ok()) {
        return status;
      }
      continue;
    }
    frames.push_back(*frame);
    if (frames.size() > kMaxFrames) return TooLong();
  }
}

}  // namespace kith::exchange
