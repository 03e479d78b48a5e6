// SPDX-License-Identifier: Apache-2.0
#include "tools/exchange/internal/json_object.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "tools/exchange/internal/entry_fields.h"
#include "tools/report/path_text.h"

namespace kith::exchange {
namespace {

// A pair of these tells one fact of a file, as of its Exif data.
constexpr std::string_view kNameKey = "PropertyName";
constexpr std::string_view kValueKey = "PropertyValue";

constexpr char kNoComment[] = "comment left out (--keep-text keeps them)";

bool IsFreeText(std::string_view key) {
  constexpr std::array<std::string_view, 11> kNames = {
      "comments", "comment", "notes",   "note",        "description",     "remarks",
      "remark",   "title",   "caption", "usercomment", "imagedescription"};
  return std::any_of(kNames.begin(), kNames.end(),
                     [key](std::string_view name) { return EqualIgnoringCase(key, name); });
}

// The name of a property whose value is what a person wrote: UserComment, XPTitle, Image
// Description, IFD0:ImageDescription, Windows XP Comment.
bool IsFreeProperty(std::string_view name) {
  std::string plain;
  for (const char c : name.substr(name.find_last_of(".:/") + 1)) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c))) plain += absl::ascii_tolower(c);
  }
  std::string_view bare = plain;
  if (bare.starts_with("windows")) bare.remove_prefix(7);
  // XPosition tells of a page.
  return IsFreeText(bare) || bare.ends_with("comment") || bare.starts_with("caption") ||
         (bare.starts_with("xp") && bare != "xposition");
}

bool IsThumbnail(std::string_view key) {
  constexpr std::array<std::string_view, 2> kNames = {"miniature", "thumbnail"};
  return std::any_of(kNames.begin(), kNames.end(),
                     [key](std::string_view name) { return EqualIgnoringCase(key, name); });
}

// PhotoDNA is 144 bytes that may begin with anything, a picture's magic too.
constexpr std::size_t kMaxHashText = 288;

bool IsHashName(std::string_view key) {
  return EqualIgnoringCase(key, "photodna") || EqualIgnoringCase(key, "pdna") ||
         EqualIgnoringCase(key, "hashvalue");
}

bool IsBase64(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '-' || c == '_' || c == '=' || c == '\r' || c == '\n';
  });
}

}  // namespace

bool IsPictureText(std::string_view value) {
  if (value.size() >= 11 && EqualIgnoringCase(value.substr(0, 11), "data:image/")) return true;
  // The beginnings, in base64, of: JPEG, PNG, GIF, TIFF (both orders).
  constexpr std::array<std::string_view, 5> kBase64 = {"/9j/", "iVBORw0KGgo", "R0lGOD", "SUkqA",
                                                       "TU0AK"};
  const std::string_view start = value.substr(0, 64);
  // A path may begin with "/9j/": what is no base64 throughout its start is none.
  if (value.size() >= 16 && IsBase64(start)) {
    for (const std::string_view magic : kBase64) {
      if (value.starts_with(magic)) return true;
    }
    // RIFF....WEBP, ....ftypheic and its like, BMP: weaker or later magic, so only of long values.
    if (value.size() >= 64 && value.starts_with("UklGR")) return true;
    if (value.size() >= 64 && value.substr(6, 4) == "Z0eX") return true;
    if (value.size() >= 256 && value.starts_with("Qk") && IsBase64(value)) return true;
  }
  constexpr std::array<std::string_view, 5> kHex = {"ffd8ff", "89504e470d0a1a0a", "474946383",
                                                    "49492a00", "4d4d002a"};
  // Hash values have at most 64 digits.
  if (value.size() <= 64) return false;
  for (const std::string_view magic : kHex) {
    if (EqualIgnoringCase(value.substr(0, magic.size()), magic) && FromHex(start)) return true;
  }
  return false;
}

void AppendJsonString(std::string& out, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += kDigits[static_cast<unsigned char>(c) >> 4U];
      out += kDigits[static_cast<unsigned char>(c) & 15U];
    } else {
      out += c;
    }
  }
  out += '"';
}

void JsonObject::Clear() {
  text_.clear();
  has_key_ = skip_ = false;
  skip_depth_ = 0;
  ForgetProperty();
}

void JsonObject::Append(std::string_view bytes) {
  if (!too_long()) text_ += bytes;
}

void JsonObject::Key(std::string_view key) {
  if (skipping()) return;
  key_ = report::ToUtf8(key);
  has_key_ = true;
  free_text_ = IsFreeText(key) || (free_property_ && EqualIgnoringCase(key, kValueKey));
  is_hash_ = IsHashName(key);
}

bool JsonObject::BeforeValue() {
  if (skip_depth_ > 0) return true;
  if (skip_) {
    skip_ = has_key_ = false;
    return true;
  }
  if (!text_.empty() && text_.back() != '{' && text_.back() != '[') Append(",");
  if (has_key_ && !too_long()) {
    AppendJsonString(text_, key_);
    text_ += ':';
  }
  has_key_ = false;
  return false;
}

void JsonObject::ForgetProperty() {
  free_property_ = false;
  value_begin_ = value_end_ = 0;
}

// Of a pair whose value came first, the value goes when its name comes.
void JsonObject::TakeProperty(std::string_view value, std::size_t begin, Sink& sink) {
  if (keep_text_ || too_long()) return;
  if (EqualIgnoringCase(key_, kValueKey)) {
    value_begin_ = begin;
    value_end_ = text_.size();
  } else if (EqualIgnoringCase(key_, kNameKey)) {
    free_property_ = IsFreeProperty(value);
    if (!free_property_ || value_end_ == 0) return;
    text_.erase(value_begin_, value_end_ - value_begin_);
    const bool first = value_begin_ == 0 || text_[value_begin_ - 1] == '{';
    if (first && text_[value_begin_] == ',') text_.erase(value_begin_, 1);
    value_end_ = 0;
    sink.Note(kNoComment);
  }
}

void JsonObject::Text(std::string_view value, Sink& sink) {
  const std::size_t begin = text_.size();
  const bool keyed = has_key_ && !skipping();
  if (!skipping()) {
    if (has_key_ && IsThumbnail(key_)) {
      sink.Note("thumbnail left out");
      skip_ = true;
    } else if (value.size() > kMaxValueBytes) {
      sink.Note(IsPictureText(value) ? "picture left out" : "value over 4 KiB left out");
      skip_ = true;
    } else if (!(is_hash_ && value.size() <= kMaxHashText) && IsPictureText(value)) {
      sink.Note("picture left out");
      skip_ = true;
    } else if (has_key_ && free_text_ && !keep_text_ && !value.empty()) {
      sink.Note(kNoComment);
      skip_ = true;
    }
  }
  if (BeforeValue()) return;
  if (too_long()) return;
  if (report::IsUtf8(value)) {
    AppendJsonString(text_, value);
  } else {
    sink.Note("text that is not UTF-8, kept as \\xHH");
    AppendJsonString(text_, report::ToUtf8(value));
  }
  if (keyed) TakeProperty(value, begin, sink);
}

void JsonObject::Literal(std::string_view value) {
  if (!BeforeValue()) Append(value);
}

void JsonObject::Open(char bracket, Sink& sink) {
  if (!skipping() && has_key_ && IsThumbnail(key_)) sink.Note("thumbnail left out");
  if (!skipping() && has_key_ && free_text_ && !keep_text_) sink.Note(kNoComment);
  Open(bracket);
}

void JsonObject::Open(char bracket) {
  if (has_key_ && (IsThumbnail(key_) || (free_text_ && !keep_text_))) skip_ = true;
  if (skip_depth_ > 0 || skip_) {
    ++skip_depth_;
    skip_ = has_key_ = false;
    return;
  }
  if (BeforeValue()) return;
  Append({&bracket, 1});
  ForgetProperty();
}

void JsonObject::Close(char bracket) {
  if (skip_depth_ > 0) {
    --skip_depth_;
    return;
  }
  Append({&bracket, 1});
  ForgetProperty();
}

}  // namespace kith::exchange
