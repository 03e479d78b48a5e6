// SPDX-License-Identifier: Apache-2.0
//
// VICS JSON 1.x and 2.0 (Project VIC, CAID): an envelope {context, "value": [...]} of cases, each
// with its Media, or of media directly; also a bare array, and {"media": [...]}. One pass, one
// record in memory.
#include "tools/exchange/internal/entry_fields.h"
#include "tools/exchange/internal/json_stream.h"
#include "tools/exchange/internal/readers.h"
#include "tools/exchange/internal/vics_record.h"

namespace kith::exchange {
namespace {

constexpr std::size_t kMaxSchemeBytes = 200;

class VicsHandler {
 public:
  VicsHandler(JsonStream& stream, const ReadOptions& options, Sink& sink)
      : stream_(stream),
        options_(options),
        sink_(sink),
        root_(kMaxFileCarriedBytes, options.keep_text),
        element_(options.keep_text),
        media_(options.keep_text) {}

  bool Null() { return Scalar(JsonKind::kNull, "null"); }
  bool Bool(bool value) { return Scalar(JsonKind::kBool, value ? "true" : "false"); }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    return Scalar(JsonKind::kNumber, {text, size});
  }
  bool String(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    return Scalar(JsonKind::kText, {text, size});
  }
  // Numbers come as RawNumber.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

  bool Key(const char* text, rapidjson::SizeType size, bool copy);
  bool StartObject() { return Start('{'); }
  bool EndObject(rapidjson::SizeType /*members*/) { return End('}'); }
  bool StartArray() { return Start('['); }
  bool EndArray(rapidjson::SizeType /*elements*/) { return End(']'); }

  // After the last event.
  absl::Status Finish();
  [[nodiscard]] const absl::Status& status() const { return status_; }

 private:
  enum class At { kStart, kRoot, kList, kElement, kMediaList, kMedia, kDone };

  bool Fail(absl::Status status) {
    status_ = std::move(status);
    return status_.ok();
  }
  bool NoObject();
  bool Scalar(JsonKind kind, std::string_view value);
  bool Start(char bracket);
  bool End(char bracket);
  bool EndLevel();
  bool Emit(VicsRecord& record);
  void EndCase();
  bool TakeContext(std::string_view context);
  [[nodiscard]] VicsRecord& Record() { return at_ == At::kMedia ? media_ : element_; }

  JsonStream& stream_;
  const ReadOptions& options_;
  Sink& sink_;
  absl::Status status_;
  At at_ = At::kStart;
  int nested_ = 0;   // brackets open within the value of a member
  int ignored_ = 0;  // brackets open within what is no object in a list of objects
  bool root_is_array_ = false;
  bool in_case_ = false;
  std::string root_key_;
  bool media_key_ = false;   // the member of the element is its list of media
  std::uint64_t begin_ = 0;  // offset of the record
  JsonObject root_;
  VicsRecord element_;
  VicsRecord media_;
  std::string cases_;
  std::uint32_t case_count_ = 0;
  std::uint64_t records_ = 0;
  VicsScheme scheme_;
};

// "…/DataModels/2.0.xml/US/$metadata#Media": the region tells whose categories these are.
bool VicsHandler::TakeContext(std::string_view context) {
  const VicsScheme told = VicsSchemeOf(context);
  const bool says_more = told.nist || told.name != VicsScheme().name;
  if (records_ > 0 && says_more && options_.scheme.empty()) {
    return Fail(absl::InvalidArgumentError(
        "whose categories its records have is told behind the records: say it with --scheme " +
        told.name));
  }
  if (told.name != scheme_.name && told.name != VicsScheme().name) {
    scheme_ = told;
  } else if (scheme_.name == told.name) {
    scheme_.nist |= told.nist;
  }
  return true;
}

bool VicsHandler::Key(const char* text, rapidjson::SizeType size, bool /*copy*/) {
  stream_.Mark();
  if (ignored_ > 0) return true;
  const std::string_view key(text, size);
  if (at_ == At::kRoot) {
    root_.Key(key);
    if (nested_ == 0) root_key_ = key.substr(0, 64);
    return true;
  }
  if (nested_ == 0) media_key_ = at_ == At::kElement && EqualIgnoringCase(key, "Media");
  Record().Key(key, nested_);
  return true;
}

bool VicsHandler::NoObject() {
  const Place place{Place::Unit::kByte, stream_.Tell()};
  return Fail(sink_.Problem(place, "no object where a record should be"));
}

bool VicsHandler::Scalar(JsonKind kind, std::string_view value) {
  stream_.Mark();
  if (ignored_ > 0) return true;
  switch (at_) {
    case At::kRoot:
      if (nested_ == 0 && kind == JsonKind::kText &&
          (root_key_ == "@odata.context" || root_key_ == "odata.metadata")) {
        if (!TakeContext(value)) return false;
      }
      if (kind == JsonKind::kText) {
        root_.Text(value, sink_);
      } else {
        root_.Literal(value);
      }
      return true;
    case At::kElement:
    case At::kMedia:
      Record().Scalar(kind, value, nested_, sink_);
      return true;
    case At::kList:
    case At::kMediaList:
      return NoObject();
    default:
      return Fail(absl::InvalidArgumentError("no VICS: neither an object nor an array"));
  }
}

bool VicsHandler::Start(char bracket) {
  stream_.Mark();
  if (ignored_ > 0 || nested_ > 0) {
    if (ignored_ + nested_ >= kMaxNesting) {
      return Fail(absl::InvalidArgumentError("byte " + std::to_string(stream_.Tell()) +
                                             ": nested deeper than " +
                                             std::to_string(kMaxNesting)));
    }
  }
  if (ignored_ > 0) {
    ++ignored_;
    return true;
  }
  const bool array = bracket == '[';
  switch (at_) {
    case At::kStart:
      root_is_array_ = array;
      at_ = array ? At::kList : At::kRoot;
      return true;
    case At::kList:
    case At::kMediaList:
      if (array) {
        ignored_ = 1;
        return NoObject();
      }
      at_ = at_ == At::kList ? At::kElement : At::kMedia;
      begin_ = stream_.Tell();
      Record().Clear();
      return true;
    case At::kRoot:
      if (array && nested_ == 0 &&
          (EqualIgnoringCase(root_key_, "value") || EqualIgnoringCase(root_key_, "Cases"))) {
        at_ = At::kList;
        return true;
      }
      if (array && nested_ == 0 && EqualIgnoringCase(root_key_, "Media")) {
        at_ = At::kMediaList;
        return true;
      }
      root_.Open(bracket, sink_);
      break;
    default:
      if (array && nested_ == 0 && media_key_) {
        in_case_ = true;
        at_ = At::kMediaList;
        return true;
      }
      Record().Open(bracket, nested_, sink_);
      break;
  }
  ++nested_;
  return true;
}

bool VicsHandler::End(char bracket) {
  stream_.Mark();
  if (ignored_ > 0) {
    --ignored_;
    return true;
  }
  if (nested_ == 0) return EndLevel();
  if (at_ == At::kRoot) {
    root_.Close(bracket);
  } else {
    Record().Close(bracket, nested_, options_.dialect, sink_);
  }
  --nested_;
  return true;
}

bool VicsHandler::EndLevel() {
  switch (at_) {
    case At::kElement: {
      at_ = At::kList;
      const bool is_case = in_case_ || element_.IsCase();
      in_case_ = false;
      if (!is_case) return Emit(element_);
      EndCase();
      return true;
    }
    case At::kMedia:
      at_ = At::kMediaList;
      return Emit(media_);
    case At::kMediaList:
      at_ = in_case_ ? At::kElement : At::kRoot;
      return true;
    case At::kList:
      at_ = root_is_array_ ? At::kDone : At::kRoot;
      return true;
    default:
      at_ = At::kDone;
      return true;
  }
}

void VicsHandler::EndCase() {
  ++case_count_;
  const std::string header = element_.CaseHeader();
  if (element_.too_long() || cases_.size() + header.size() > kMaxFileCarriedBytes / 2) {
    sink_.Note("head of a case left out: too long");
    cases_ += cases_.empty() ? "{}" : ",{}";
    return;
  }
  cases_ += (cases_.empty() ? "" : ",") + header;
}

bool VicsHandler::Emit(VicsRecord& record) {
  ++records_;
  const std::uint32_t part = in_case_ ? case_count_ + 1 : 0;
  return Fail(record.Emit({Place::Unit::kByte, begin_}, scheme_, part, options_, sink_));
}

absl::Status VicsHandler::Finish() {
  if (root_.too_long() || root_.text().size() + cases_.size() > kMaxFileCarriedBytes - 2048) {
    sink_.Note("head of the file left out: too long");
    return absl::OkStatus();
  }
  Carried carried;
  carried.set_format("vics");
  std::string scheme;
  if (!options_.scheme.empty() && options_.scheme.size() <= kMaxSchemeBytes) {
    scheme = ",\"scheme\":";
    AppendJsonString(scheme, options_.scheme);
  }
  carried.set_data("{\"list\":\"" + std::string(case_count_ > 0 ? "cases" : "media") + "\"" +
                   scheme + ",\"root\":{" + root_.text() + "},\"cases\":[" + cases_ + "]}");
  sink_.Carry(std::move(carried));
  return absl::OkStatus();
}

}  // namespace

bool LooksLikeVics(std::string_view head) {
  if (head.starts_with(kByteOrderMark)) head.remove_prefix(kByteOrderMark.size());
  const std::size_t begin = head.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos || (head[begin] != '{' && head[begin] != '[')) return false;
  if (head.find("\"hashRecords\"") != std::string_view::npos) return false;
  for (const std::string_view word :
       {"/DataModels/", "\"MD5\"", "\"md5\"", "\"MediaID\"", "\"CaseID\"", "\"Media\"", "\"media\"",
        "odata.metadata", "@odata.context"}) {
    if (head.find(word) != std::string_view::npos) return true;
  }
  return false;
}

absl::Status ReadVics(Source& source, const ReadOptions& options, Sink& sink) {
  JsonStream stream(source);
  VicsHandler handler(stream, options, sink);
  return ParseJson(stream, handler, sink);
}

}  // namespace kith::exchange
