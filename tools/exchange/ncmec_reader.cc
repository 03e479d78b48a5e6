// SPDX-License-Identifier: Apache-2.0
//
// NCMEC hash sharing, XML version 2: queryResult of images and videos, each told by the number of a
// member and an id of that member's. A later record replaces an earlier one, a deleted one takes it
// back. By libexpat, one record in memory; documents with a DOCTYPE are refused, so that there are
// no entities to expand.
#include <expat.h>
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "tools/exchange/internal/entry_fields.h"
#include "tools/exchange/internal/json_object.h"
#include "tools/exchange/internal/readers.h"

namespace kith::exchange {
namespace {

constexpr std::uint64_t kMaxTagBytes = std::uint64_t{16} << 20;

// Attributes of an element, by name.
std::string_view Attribute(const char** attributes, std::string_view name) {
  for (; *attributes != nullptr; attributes += 2) {
    if (attributes[0] == name) return attributes[1];
  }
  return {};
}

// The name behind the namespace ("URI|name" as expat gives it).
std::string_view LocalName(std::string_view name) {
  const std::size_t bar = name.rfind('|');
  return bar == std::string_view::npos ? name : name.substr(bar + 1);
}

class NcmecReader {
 public:
  NcmecReader(const ReadOptions& options, Sink& sink)
      : options_(options), sink_(sink), carried_(kMaxRecordBytes, options.keep_text) {}

  void Start(XML_Parser parser, std::string_view name, const char** attributes);
  void End(XML_Parser parser, std::string_view name);
  void Text(std::string_view text) {
    if (text_.size() < kMaxValueBytes) text_.append(text.substr(0, kMaxValueBytes));
  }
  void Refuse(XML_Parser parser, absl::Status status) {
    if (status.ok()) return;
    status_ = std::move(status);
    XML_StopParser(parser, XML_FALSE);
  }
  [[nodiscard]] const absl::Status& status() const { return status_; }
  [[nodiscard]] bool is_result() const { return is_result_; }

 private:
  void BeginRecord(XML_Parser parser, std::string_view name);
  void TakeField(std::string_view name, std::string_view text);
  void TakeFingerprint(std::string_view name, std::string_view text);
  void Member(std::string_view key, std::string_view value);
  [[nodiscard]] absl::Status Emit();
  // The element of that depth, from the root.
  [[nodiscard]] std::string_view Above(std::size_t levels) const {
    return levels < path_.size() ? std::string_view(path_[path_.size() - 1 - levels])
                                 : std::string_view();
  }

  const ReadOptions& options_;
  Sink& sink_;
  absl::Status status_;
  bool is_result_ = false;
  std::vector<std::string> path_;
  std::string text_;
  std::string href_;
  // The record that is open.
  bool open_ = false;
  bool deleted_ = false;
  std::size_t depth_ = 0;
  std::uint64_t line_ = 0;
  std::string kind_, member_id_, id_, timestamp_, problem_;
  JsonObject carried_;
  bool in_feedback_ = false;
  bool other_hash_ = false;
  Entry entry_;
};

void NcmecReader::Member(std::string_view key, std::string_view value) {
  if (value.empty()) return;
  carried_.Key(key);
  carried_.Text(value, sink_);
}

void NcmecReader::BeginRecord(XML_Parser parser, std::string_view name) {
  open_ = true;
  deleted_ = name.starts_with("deleted");
  kind_ = deleted_ ? (name == "deletedImage" ? "image" : "video") : std::string(name);
  depth_ = path_.size();
  line_ = XML_GetCurrentLineNumber(parser);
  member_id_.clear();
  id_.clear();
  timestamp_.clear();
  problem_.clear();
  other_hash_ = in_feedback_ = false;
  carried_.Clear();
  entry_.Clear();
  Member("type", kind_);
}

void NcmecReader::Start(XML_Parser parser, std::string_view name, const char** attributes) {
  if (path_.empty()) is_result_ = name == "queryResult";
  if (path_.size() >= static_cast<std::size_t>(kMaxNesting)) {
    return Refuse(parser, absl::InvalidArgumentError(fmt::format("line {}: nested deeper than {}",
                                                                 XML_GetCurrentLineNumber(parser),
                                                                 kMaxNesting)));
  }
  const bool record = !open_ && (name == "image" || name == "video" || name == "deletedImage" ||
                                 name == "deletedVideo");
  path_.emplace_back(name.substr(0, 64));
  text_.clear();
  if (record) return BeginRecord(parser, name);
  if (!open_) return;
  if (name == "member" && !in_feedback_) member_id_ = Attribute(attributes, "id");
  if (name == "feedback" && path_.size() == depth_ + 1) {
    in_feedback_ = true;
    carried_.Key("feedback");
    carried_.Open('[');
  }
  if (!in_feedback_) {
    href_ = Attribute(attributes, "href");
    return;
  }
  if (name == "affirmativeFeedback" || name == "negativeFeedback") {
    carried_.Open('{');
    Member("vote", name == "affirmativeFeedback" ? "up" : "down");
    Member("type", Attribute(attributes, "type"));
    carried_.Key("given");
    carried_.Open('[');
  } else if (name == "reason" || name == "member") {
    carried_.Open('{');
    Member("is", name);
    for (const char* key : {"guid", "name", "type", "id"}) Member(key, Attribute(attributes, key));
  }
}

void NcmecReader::TakeFingerprint(std::string_view name, std::string_view text) {
  v1::Digests& digests = *entry_.mutable_digests();
  const bool md5 = name == "md5";
  const bool sha1 = name == "sha1";
  const bool pdq = name == "pdq";
  // Of several of a kind the first stands for the file.
  const bool further = (md5 && !digests.md5().empty()) || (sha1 && !digests.sha1().empty()) ||
                       (pdq && entry_.codes_size() > 0);
  if (further) sink_.Note("further hash of its kind of a record, carried only");
  if (further || (!md5 && !sha1 && !pdq)) {
    // PhotoDNA and the others are carried and not matched; large ones are links.
    other_hash_ = true;
    return Member(name, text.empty() ? std::string_view(href_) : text);
  }
  const bool good = pdq   ? TakePdq(text, options_.dialect, entry_)
                    : md5 ? TakeDigest(DigestKind::kMd5, text, digests)
                          : TakeDigest(DigestKind::kSha1, text, digests);
  if (!good) {
    problem_ = fmt::format("{} of {} characters", std::string(name.substr(0, 16)), text.size());
  }
}

void NcmecReader::TakeField(std::string_view name, std::string_view text) {
  if (Above(1) == "fingerprints") return TakeFingerprint(name, text);
  if (path_.size() != depth_ + 1) return;
  if (name == "id") {
    id_ = text;
  } else if (name == "member") {
    Member("member", text);
  } else if (name == "timestamp") {
    timestamp_ = text;
    Member("timestamp", text);
  } else if (name == "classification" && !text.empty() && text.size() <= 64) {
    entry_.mutable_category()->set_scheme("ncmec");
    entry_.mutable_category()->set_code(std::string(text));
  }
}

absl::Status NcmecReader::Emit() {
  const Place place{Place::Unit::kLine, line_};
  if (member_id_.empty() || id_.empty()) {
    return sink_.Problem(place, "says no member or no id, by which records are told apart");
  }
  std::string source_ref = SourceRef("ncmec " + member_id_ + "/" + id_);
  if (deleted_) return sink_.TakeBack(source_ref, timestamp_, place);
  if (!problem_.empty()) return sink_.Problem(place, problem_ + ": no fingerprint of its kind");
  if (IsEmptyFile(entry_.digests())) {
    sink_.Note(kEmptyFileNote);
    return sink_.TakeBack(source_ref, timestamp_, place);
  }
  if (!CanMatch(entry_)) {
    if (!other_hash_) return sink_.Problem(place, "no fingerprint");
    sink_.Note("record with fingerprints that are not matched only");
    // It stands for all that the source says: digests of before are no longer among it.
    return sink_.TakeBack(source_ref, timestamp_, place);
  }
  Member("member_id", member_id_);
  Member("id", id_);
  if (carried_.too_long()) {
    // Its hashes are worth more than what stands beside them.
    sink_.Note("record of more than 128 KiB: only its hashes and its names are kept");
    carried_.Clear();
    Member("type", kind_);
    Member("timestamp", timestamp_);
    Member("member_id", member_id_);
    Member("id", id_);
  }
  entry_.set_source_ref(std::move(source_ref));
  entry_.mutable_carried()->set_format("ncmec");
  entry_.mutable_carried()->set_data("{" + carried_.text() + "}");
  return sink_.Take(std::move(entry_), place);
}

// Without the blanks and ends of lines around it, which pretty printers put there.
std::string_view Stripped(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

void NcmecReader::End(XML_Parser parser, std::string_view name) {
  const std::string text(Stripped(text_));
  if (open_ && path_.size() > depth_) {
    if (!in_feedback_) {
      TakeField(name, text);
    } else if (name == "reason" || name == "member") {
      if (name == "member") Member("text", text);
      carried_.Close('}');
    } else if (name == "affirmativeFeedback" || name == "negativeFeedback") {
      carried_.Close(']');
      carried_.Close('}');
    } else if (name == "feedback") {
      carried_.Close(']');
      in_feedback_ = false;
    }
  } else if (open_ && path_.size() == depth_) {
    open_ = false;
    Refuse(parser, Emit());
  } else if (name == "next" && !text.empty()) {
    sink_.Note("the file is one page of an answer: more follow it");
  }
  path_.pop_back();
  text_.clear();
}

// What expat calls, with the reader and its parser.
struct Context {
  NcmecReader reader;
  XML_Parser parser;
};

void OnStart(void* data, const char* name, const char** attributes) {
  auto& context = *static_cast<Context*>(data);
  context.reader.Start(context.parser, LocalName(name), attributes);
}
void OnEnd(void* data, const char* name) {
  auto& context = *static_cast<Context*>(data);
  context.reader.End(context.parser, LocalName(name));
}
void OnText(void* data, const char* text, int size) {
  static_cast<Context*>(data)->reader.Text({text, static_cast<std::size_t>(size)});
}
void OnDoctype(void* data, const char*, const char*, const char*, int) {
  auto& context = *static_cast<Context*>(data);
  context.reader.Refuse(context.parser,
                        absl::InvalidArgumentError("a document with a DOCTYPE is refused"));
}

}  // namespace

bool LooksLikeNcmec(std::string_view head) {
  return head.find("hashsharing.ncmec.org") != std::string_view::npos &&
         head.find("queryResult") != std::string_view::npos;
}

absl::Status ReadNcmec(Source& source, const ReadOptions& options, Sink& sink) {
  if (options.purpose == v1::PURPOSE_BENIGN) {
    return absl::FailedPreconditionError(
        "NCMEC's hash sharing is of known material: import it into a set of purpose known");
  }
  const std::unique_ptr<std::remove_pointer_t<XML_Parser>, decltype(&XML_ParserFree)> parser(
      XML_ParserCreateNS(nullptr, '|'), &XML_ParserFree);
  if (!parser) return absl::ResourceExhaustedError("no memory for the XML parser");
  Context context{NcmecReader(options, sink), parser.get()};
  XML_SetUserData(parser.get(), &context);
  XML_SetElementHandler(parser.get(), OnStart, OnEnd);
  XML_SetCharacterDataHandler(parser.get(), OnText);
  XML_SetStartDoctypeDeclHandler(parser.get(), OnDoctype);
  while (true) {
    const auto more = source.Next();
    if (!more.ok()) return more.status();
    const auto result = XML_Parse(parser.get(), more->data(), static_cast<int>(more->size()),
                                  more->empty() ? XML_TRUE : XML_FALSE);
    if (!context.reader.status().ok()) return context.reader.status();
    if (result != XML_STATUS_OK) {
      return absl::InvalidArgumentError(
          fmt::format("line {}: {}{}", XML_GetCurrentLineNumber(parser.get()),
                      XML_ErrorString(XML_GetErrorCode(parser.get())),
                      more->empty() ? ": the file is cut off; fetch it again" : ""));
    }
    if (more->empty()) break;
    // Text comes in pieces, but a tag is held until it is whole.
    const auto parsed = XML_GetCurrentByteIndex(parser.get());
    if (parsed >= 0 && source.offset() - static_cast<std::uint64_t>(parsed) > kMaxTagBytes) {
      return absl::InvalidArgumentError(
          fmt::format("line {}: a tag longer than 16 MiB", XML_GetCurrentLineNumber(parser.get())));
    }
  }
  if (context.reader.is_result()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "no answer of NCMEC's hash sharing: its root is no queryResult");
}

}  // namespace kith::exchange
