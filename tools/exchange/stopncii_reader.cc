// SPDX-License-Identifier: Apache-2.0
//
// StopNCII's FetchHashes answer: {"hashRecords": [...]}, each hash with its status. A record stands
// for all that was said of its hash: one that is withdrawn or deleted takes it back.
#include <fmt/format.h>

#include <span>
#include <utility>

#include "hashing/digest.h"
#include "tools/exchange/internal/entry_fields.h"
#include "tools/exchange/internal/json_object.h"
#include "tools/exchange/internal/json_stream.h"
#include "tools/exchange/internal/readers.h"

namespace kith::exchange {
namespace {

// No value that is read here is longer.
constexpr std::size_t kMaxFieldBytes = 512;

// Tells hashes apart without telling them: the source has no number for a record, and a PDQ hash
// must not stand in a report.
std::string KeyOf(const std::string& type, const std::string& value) {
  std::string text = type + ":" + value;
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto digests = hashing::DigestsOf({bytes, text.size()});
  return "stopncii " + hashing::DigestHex(std::span(digests.sha256).first(12));
}

class StopNciiHandler {
 public:
  StopNciiHandler(JsonStream& stream, const ReadOptions& options, Sink& sink)
      : stream_(stream),
        options_(options),
        sink_(sink),
        carried_(kMaxRecordBytes, options.keep_text) {}

  bool Null() { return Scalar("null", false); }
  bool Bool(bool value) { return Scalar(value ? "true" : "false", false); }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    return Scalar({text, size}, false);
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    return Scalar({text, size}, true);
  }
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    stream_.Mark();
    const std::string_view key(text, size);
    if (in_list_ && depth_ >= kRecordDepth) carried_.Key(key);
    if (depth_ == (in_list_ ? kRecordDepth : 1)) key_ = key.substr(0, 64);
    return true;
  }
  bool StartObject() { return Open('{'); }
  bool EndObject(rapidjson::SizeType) { return Close('}'); }
  bool StartArray() { return Open('['); }
  bool EndArray(rapidjson::SizeType) { return Close(']'); }

  [[nodiscard]] absl::Status Finish();
  [[nodiscard]] const absl::Status& status() const { return status_; }

 private:
  static constexpr int kRecordDepth = 3;  // root, list, record

  bool Scalar(std::string_view value, bool text);
  bool Open(char bracket);
  bool Close(char bracket);
  [[nodiscard]] absl::Status Emit();

  JsonStream& stream_;
  const ReadOptions& options_;
  Sink& sink_;
  absl::Status status_;
  int depth_ = 0;
  bool in_list_ = false;
  bool seen_list_ = false;
  std::string key_, count_;
  std::uint64_t records_ = 0;
  std::uint64_t begin_ = 0;
  std::string type_, value_, state_, said_at_;
  JsonObject carried_;
};

bool StopNciiHandler::Scalar(std::string_view value, bool text) {
  stream_.Mark();
  if (depth_ == 1 && key_ == "count") count_ = value.substr(0, kMaxFieldBytes);
  if (depth_ == 1 && key_ == "hasMoreRecords" && value == "true") {
    sink_.Note("the file is one page of an answer: more follow it");
  }
  if (!in_list_) return true;
  if (depth_ < kRecordDepth) {
    status_ =
        sink_.Problem({Place::Unit::kByte, stream_.Tell()}, "no object where a record should be");
    return status_.ok();
  }
  if (depth_ == kRecordDepth) {
    std::string* field = key_ == "signalType"   ? &type_
                         : key_ == "hashValue"  ? &value_
                         : key_ == "hashStatus" ? &state_
                                                : nullptr;
    if (field != nullptr && text) {
      *field = value.substr(0, kMaxFieldBytes);
      carried_.Skip();
    }
    if (key_ == "lastModtimestamp") said_at_ = value.substr(0, kMaxFieldBytes);
  }
  if (text) {
    carried_.Text(value, sink_);
  } else {
    carried_.Literal(value);
  }
  return true;
}

bool StopNciiHandler::Open(char bracket) {
  stream_.Mark();
  if (++depth_ > kMaxNesting) {
    status_ = absl::InvalidArgumentError(
        fmt::format("byte {}: nested deeper than {}", stream_.Tell(), kMaxNesting));
    return false;
  }
  if (depth_ == 2 && bracket == '[' && key_ == "hashRecords") in_list_ = seen_list_ = true;
  if (in_list_ && depth_ == kRecordDepth) {
    begin_ = stream_.Tell();
    carried_.Clear();
    key_.clear();
    type_.clear();
    value_.clear();
    state_.clear();
    said_at_.clear();
  } else if (in_list_ && depth_ > kRecordDepth) {
    carried_.Open(bracket);
  }
  return true;
}

bool StopNciiHandler::Close(char bracket) {
  stream_.Mark();
  if (in_list_ && depth_ > kRecordDepth) carried_.Close(bracket);
  if (in_list_ && depth_ == kRecordDepth) status_ = Emit();
  if (depth_ == 2) in_list_ = false;
  --depth_;
  return status_.ok();
}

absl::Status StopNciiHandler::Emit() {
  ++records_;
  const Place place{Place::Unit::kByte, begin_};
  const bool pdq = type_ == "ImagePDQ";
  const bool md5 = type_ == "VideoMD5";
  if (!pdq && !md5) {
    if (type_.empty()) return sink_.Problem(place, "says no signalType");
    sink_.Note("signal of a type that is not matched");
    return absl::OkStatus();
  }
  Entry entry;
  const bool good = pdq ? TakePdq(value_, options_.dialect, entry)
                        : TakeDigest(DigestKind::kMd5, value_, *entry.mutable_digests());
  if (!good) {
    return sink_.Problem(place, fmt::format("a value of {} characters that is no {}", value_.size(),
                                            pdq ? "PDQ hash" : "MD5"));
  }
  std::string key = KeyOf(type_, value_);
  // The state decides, never the value.
  if (state_ == "Withdrawn" || state_ == "Deleted") return sink_.TakeBack(key, said_at_, place);
  if (state_ == "Received") {
    sink_.Note("hash that is not active yet");
    return sink_.TakeBack(key, said_at_, place);
  }
  if (state_ != "Active") return sink_.Problem(place, "says no hashStatus that is known");
  if (IsEmptyFile(entry.digests())) {
    sink_.Note(kEmptyFileNote);
    return absl::OkStatus();
  }
  if (carried_.too_long()) return sink_.Problem(place, "more than 128 KiB");
  entry.set_source_ref(std::move(key));
  entry.mutable_carried()->set_format("stopncii");
  entry.mutable_carried()->set_data("{" + carried_.text() + "}");
  return sink_.Take(std::move(entry), place);
}

absl::Status StopNciiHandler::Finish() {
  if (!seen_list_) {
    return absl::InvalidArgumentError("no StopNCII answer: it holds no list hashRecords");
  }
  if (!count_.empty() && count_ != std::to_string(records_)) {
    sink_.Note("the file says another number of records than it holds");
  }
  return absl::OkStatus();
}

}  // namespace

bool LooksLikeStopNcii(std::string_view head) {
  if (head.starts_with(kByteOrderMark)) head.remove_prefix(kByteOrderMark.size());
  const std::size_t begin = head.find_first_not_of(" \t\r\n");
  return begin != std::string_view::npos && head[begin] == '{' &&
         head.find("\"hashRecords\"") != std::string_view::npos;
}

absl::Status ReadStopNcii(Source& source, const ReadOptions& options, Sink& sink) {
  if (options.purpose == v1::PURPOSE_BENIGN) {
    return absl::FailedPreconditionError(
        "StopNCII's hashes are of known material: import them into a set of purpose known");
  }
  JsonStream stream(source);
  StopNciiHandler handler(stream, options, sink);
  return ParseJson(stream, handler, sink);
}

}  // namespace kith::exchange
