// SPDX-License-Identifier: Apache-2.0
//
// What the digest programs print: md5sum and its kin ("<hash>  name"), BSD ("MD5 (name) = <hash>",
// or with -r "<hash> name"), OpenSSL ("MD5(name)= <hash>"), hashdeep and md5deep with their header.
#include <algorithm>
#include <optional>
#include <utility>

#include "tools/exchange/internal/csv_line.h"
#include "tools/exchange/internal/cut_off.h"
#include "tools/exchange/internal/each_line.h"
#include "tools/exchange/internal/entry_fields.h"
#include "tools/exchange/internal/readers.h"

namespace kith::exchange {
namespace {

constexpr std::string_view kHashdeep = "%%%% HASHDEEP-1.";

std::optional<DigestKind> KindOfName(std::string_view name) {
  if (EqualIgnoringCase(name, "md5")) return DigestKind::kMd5;
  if (EqualIgnoringCase(name, "sha1") || EqualIgnoringCase(name, "sha-1")) return DigestKind::kSha1;
  if (EqualIgnoringCase(name, "sha256") || EqualIgnoringCase(name, "sha2-256") ||
      EqualIgnoringCase(name, "sha-256")) {
    return DigestKind::kSha256;
  }
  return std::nullopt;
}

std::optional<DigestKind> KindOfLength(std::size_t digits) {
  if (digits == 32) return DigestKind::kMd5;
  if (digits == 40) return DigestKind::kSha1;
  if (digits == 64) return DigestKind::kSha256;
  return std::nullopt;
}

// "MD5 (name) = hash", or as OpenSSL "MD5(name)= hash". False: it is not of this form.
bool SplitBsd(std::string_view line, std::string_view& kind, std::string_view& name,
              std::string_view& hash) {
  const std::size_t open = line.find('(');
  std::size_t close = line.rfind(") = ");
  std::size_t behind = 4;
  if (open != std::string_view::npos && open > 0 && line[open - 1] != ' ') {
    close = line.rfind(")= ");
    behind = 3;
  }
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    return false;
  }
  kind = Trimmed(line.substr(0, open));
  name = line.substr(open + 1, close - open - 1);
  hash = Trimmed(line.substr(close + behind));
  return true;
}

// "<hash>  name", "<hash> *name", or "<hash> name".
bool SplitSum(std::string_view line, std::string_view& name, std::string_view& hash) {
  // GNU marks a name with escapes by a backslash before the hash.
  if (line.starts_with('\\')) line.remove_prefix(1);
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos || blank + 2 > line.size()) return false;
  hash = line.substr(0, blank);
  const bool two = line[blank + 1] == ' ' || line[blank + 1] == '*';
  if (!two && (!KindOfLength(hash.size()) || !FromHex(hash))) return false;
  name = line.substr(blank + (two ? 2 : 1));
  return true;
}

// Whether it is a line of md5sum, whatever its name looks like: a name may have the form of BSD's
// lines.
bool IsSum(std::string_view line) {
  std::string_view name, hash;
  return SplitSum(line, name, hash) && KindOfLength(hash.size()) && FromHex(hash).has_value();
}

class DigestList {
 public:
  DigestList(const Lines& lines, const ReadOptions& options, Sink& sink)
      : cut_off_(lines), options_(options), sink_(sink) {}

  absl::Status Line(std::string_view line, const Place& place) {
    if (line.starts_with("%%%%")) return Header(line, place);
    if (!columns_.empty()) return Hashdeep(line, place);
    std::string_view kind, name, hash;
    Entry entry;
    if (!IsSum(line) && SplitBsd(line, kind, name, hash)) {
      const auto of = KindOfName(kind);
      if (!of) {
        sink_.Note("digest of a kind that is not matched");
        return absl::OkStatus();
      }
      if (auto status = cut_off_.Look(hash.size()); !status.ok()) return status;
      if (!TakeDigest(*of, hash, *entry.mutable_digests())) return Wrong(hash, place);
    } else if (SplitSum(line, name, hash)) {
      if (auto status = cut_off_.Look(hash.size()); !status.ok()) return status;
      const auto of = KindOfLength(hash.size());
      if (!of) return Wrong(hash, place);
      const bool pdq = *of == DigestKind::kSha256 && options_.kind64 == Kind64::kPdq;
      const bool taken = pdq ? TakePdq(hash, options_.dialect, entry)
                             : TakeDigest(*of, hash, *entry.mutable_digests());
      if (!taken) return Wrong(hash, place);
    } else {
      return sink_.Problem(place, "neither \"HASH  name\" nor \"KIND (name) = HASH\"");
    }
    return Emit(name, std::move(entry), place);
  }

 private:
  // "%%%% size,md5,sha256,filename"
  absl::Status Header(std::string_view line, const Place& place) {
    if (line.starts_with(kHashdeep)) return absl::OkStatus();
    CsvHeader header;
    if (!header.Read(Trimmed(line.substr(4)), ',') || header.Find("filename") < 0) {
      return sink_.Problem(place, "a header that names no column filename");
    }
    columns_ = header.names();
    return absl::OkStatus();
  }

  absl::Status Hashdeep(std::string_view line, const Place& place) {
    Entry entry;
    // The name is the last column, and may hold commas.
    for (std::size_t i = 0; i + 1 < columns_.size(); ++i) {
      const std::size_t comma = line.find(',');
      if (comma == std::string_view::npos) {
        if (auto status = cut_off_.Look(i + 1); !status.ok()) return status;
        return sink_.Problem(place, "too few columns");
      }
      const std::string_view field = line.substr(0, comma);
      line.remove_prefix(comma + 1);
      const auto of = KindOfName(columns_[i]);
      if (of && !TakeDigest(*of, field, *entry.mutable_digests())) return Wrong(field, place);
    }
    if (auto status = cut_off_.Look(columns_.size()); !status.ok()) return status;
    if (!CanMatch(entry)) return sink_.Problem(place, "no digest that can be matched");
    return Emit(line, std::move(entry), place);
  }

  absl::Status Wrong(std::string_view hash, const Place& place) {
    return sink_.Problem(
        place, std::to_string(hash.size()) + " characters that are no digest of its kind");
  }

  absl::Status Emit(std::string_view name, Entry entry, const Place& place) {
    if (IsEmptyFile(entry.digests())) {
      sink_.Note(kEmptyFileNote);
      return absl::OkStatus();
    }
    entry.set_source_ref(SourceRef(name));
    return sink_.Take(std::move(entry), place);
  }

  CutOff cut_off_;
  const ReadOptions& options_;
  Sink& sink_;
  std::vector<std::string> columns_;  // of hashdeep
};

}  // namespace

bool LooksLikeDigestList(std::string_view head) {
  const std::string_view line = FirstLine(head);
  std::string_view kind, name, hash;
  if (line.starts_with(kHashdeep) || IsSum(line)) return true;
  return SplitBsd(line, kind, name, hash) && FromHex(hash).has_value();
}

absl::Status ReadDigestList(Source& source, const ReadOptions& options, Sink& sink) {
  Lines lines(source, kMaxCsvLineBytes);
  DigestList list(lines, options, sink);
  return ForEachLine(lines, [&](std::string_view text, const Place& place) {
    if (text.front() == '#') return absl::OkStatus();
    return text.size() > kMaxCsvLineBytes ? sink.Problem(place, "longer than 64 KiB")
                                          : list.Line(text, place);
  });
}

}  // namespace kith::exchange
