// SPDX-License-Identifier: Apache-2.0
//
// Purpose: writes one JSON object as its members come, with what must not be kept left out:
// thumbnails, values that are pictures, values over 4 KiB, and free text unless it is asked for.
//
// Thread-safety: belongs to one thread. Memory: at most `max_bytes` and one value.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "tools/exchange/record.h"

namespace kith::exchange {

// True for text that holds the bytes of a picture: a data URI, or base64 or hexadecimal digits of
// something that begins as JPEG, PNG, GIF, WebP, TIFF, BMP, HEIF or AVIF does.
[[nodiscard]] bool IsPictureText(std::string_view value);

// Appends `text` as a JSON string. It must be UTF-8.
void AppendJsonString(std::string& out, std::string_view text);

class JsonObject {
 public:
  JsonObject(std::size_t max_bytes, bool keep_text)
      : max_bytes_(max_bytes), keep_text_(keep_text) {}

  // Begins anew, empty.
  void Clear();

  // The name of the member whose value comes next.
  void Key(std::string_view key);
  // A value: of the member, or of the array that is open. Numbers, true, false and null as their
  // text. `sink` is told what is left out.
  void Text(std::string_view value, Sink& sink);
  void Literal(std::string_view value);
  void Open(char bracket);  // '{' or '['
  void Open(char bracket, Sink& sink);
  void Close(char bracket);

  // Leaves the member out whose key came.
  void Skip() { skip_ = true; }
  // Whether a value (with all in it) is being left out.
  [[nodiscard]] bool skipping() const { return skip_ || skip_depth_ > 0; }
  // Whether more came than may be kept, braces included; the text is of no use then.
  [[nodiscard]] bool too_long() const { return text_.size() + 2 > max_bytes_; }
  // The members, without the outer braces; "" where there are none.
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  // True: the value is to be left out.
  bool BeforeValue();
  // A member of text was written, from `begin` on.
  void TakeProperty(std::string_view value, std::size_t begin, Sink& sink);
  void ForgetProperty();
  void Append(std::string_view bytes);

  std::size_t max_bytes_;
  bool keep_text_;
  std::string text_;
  std::string key_;
  bool has_key_ = false;
  bool free_text_ = false;  // the key names free text
  bool is_hash_ = false;    // the key names a hash, which is never taken for a picture
  // Of the object that is open: its PropertyName names free text; where its PropertyValue stands.
  bool free_property_ = false;
  std::size_t value_begin_ = 0;
  std::size_t value_end_ = 0;  // 0: nowhere
  bool skip_ = false;
  int skip_depth_ = 0;  // brackets that are open within what is left out
};

}  // namespace kith::exchange
