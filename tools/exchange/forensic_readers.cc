// SPDX-License-Identifier: Apache-2.0
//
// Hash sets of the forensic tools: INTERPOL's ICSE export, HashKeeper, EnCase.
#include <fmt/format.h>

#include <utility>

#include "tools/exchange/internal/csv_line.h"
#include "tools/exchange/internal/each_line.h"
#include "tools/exchange/internal/entry_fields.h"
#include "tools/exchange/internal/json_object.h"
#include "tools/exchange/internal/readers.h"
#include "tools/report/path_text.h"

namespace kith::exchange {
namespace {

absl::Status Emit(Entry entry, const Place& place, Sink& sink) {
  if (IsEmptyFile(entry.digests())) {
    sink.Note(kEmptyFileNote);
    return absl::OkStatus();
  }
  if (!CanMatch(entry)) return sink.Problem(place, "neither a digest nor a PDQ hash");
  return sink.Take(std::move(entry), place);
}

// False: the field holds something that is no digest.
bool TakeField(DigestKind kind, std::string_view field, Entry& entry) {
  return field.empty() || TakeDigest(kind, field, *entry.mutable_digests());
}

void SetCarried(std::string_view format, std::string json, Entry& entry) {
  if (json.empty()) return;
  entry.mutable_carried()->set_format(std::string(format));
  entry.mutable_carried()->set_data(std::move(json));
}

}  // namespace

bool LooksLikeIcse(std::string_view head) {
  const std::string_view line = FirstLine(head);
  return line.starts_with("MD5;SHA1;") || line.starts_with("\"MD5\";\"SHA1\";");
}

absl::Status ReadIcse(Source& source, const ReadOptions& options, Sink& sink) {
  if (options.purpose == v1::PURPOSE_BENIGN) {
    return absl::FailedPreconditionError(
        "an ICSE export is of known material: import it into a set of purpose known");
  }
  CsvHeader header;
  return ForEachRow(
      source, ';', {"MD5", "SHA1", "Image ID"}, header, sink,
      [&](const std::vector<std::string>& fields, const Place& place) {
        const int md5 = header.Find("MD5");
        const int sha1 = header.Find("SHA1");
        const int id = header.Find("Image ID");
        const int series = header.Find("Series name");
        const int victim = header.Find("Victim identified");
        Entry entry;
        if (!TakeField(DigestKind::kMd5, FieldAt(fields, md5), entry) ||
            !TakeField(DigestKind::kSha1, FieldAt(fields, sha1), entry)) {
          return sink.Problem(place, "a digest that is none");
        }
        if (!FieldAt(fields, id).empty()) {
          entry.set_source_ref(SourceRef("ICSE " + std::string(FieldAt(fields, id))));
        }
        entry.set_victim_identified(TriStateOf(FieldAt(fields, victim)));
        const std::string_view name = FieldAt(fields, series);
        std::vector<int> taken = {md5, sha1, id, victim};
        if (name.size() <= 200 && report::WhyNoText(name).empty()) {
          entry.set_series(std::string(name));
          taken.push_back(series);
        } else {
          sink.Note("series that is no name, carried only");
        }
        const std::string_view baseline = FieldAt(fields, header.Find("Baseline"));
        if (TriStateOf(baseline) == v1::TRI_STATE_YES) {
          entry.mutable_category()->set_scheme("interpol");
          entry.mutable_category()->set_code("baseline");
        }
        SetCarried("icse", CarriedFields(header, fields, taken, options.keep_text, sink), entry);
        return Emit(std::move(entry), place, sink);
      });
}

bool LooksLikeHashKeeper(std::string_view head) {
  const std::string_view line = FirstLine(head);
  return line.starts_with("\"file_id\",\"hashset_id\"") || line.starts_with("file_id,hashset_id,");
}

absl::Status ReadHashKeeper(Source& source, const ReadOptions& options, Sink& sink) {
  CsvHeader header;
  return ForEachRow(
      source, ',', {"file_id", "hashset_id", "file_name", "hash"}, header, sink,
      [&](const std::vector<std::string>& fields, const Place& place) {
        const int hash = header.Find("hash");
        const int name = header.Find("file_name");
        const int folder = header.Find("directory");
        Entry entry;
        if (!TakeField(DigestKind::kMd5, FieldAt(fields, hash), entry)) {
          return sink.Problem(place, "an MD5 that is none");
        }
        std::string path(FieldAt(fields, folder));
        if (!path.empty() && !path.ends_with('\\')) path += '\\';
        entry.set_source_ref(SourceRef(path.append(FieldAt(fields, name))));
        SetCarried("hashkeeper",
                   CarriedFields(header, fields, {hash, name, folder}, options.keep_text, sink),
                   entry);
        return Emit(std::move(entry), place, sink);
      });
}

namespace {

constexpr std::string_view kEnCaseMagic{"HASH\r\n\xFF\0", 8};
constexpr std::size_t kEnCaseName = 1032;
constexpr std::size_t kEnCaseNameUnits = 40;
constexpr std::size_t kEnCaseRecords = 1152;
constexpr std::size_t kEnCaseRecordBytes = 18;
constexpr std::size_t kMd5Bytes = 16;

// The characters of ASCII of a name in UTF-16LE, '?' for others.
std::string NameOf(std::string_view bytes) {
  std::string name;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    if (bytes[i] == 0 && bytes[i + 1] == 0) break;
    const bool plain = bytes[i + 1] == 0 && bytes[i] >= ' ' && bytes[i] < 127;
    name += plain ? bytes[i] : '?';
  }
  return name;
}

}  // namespace

bool LooksLikeEnCase(std::string_view head) { return head.starts_with(kEnCaseMagic); }

absl::Status ReadEnCase(Source& source, const ReadOptions& /*options*/, Sink& sink) {
  std::string pending;
  bool headed = false;
  std::uint64_t row = 0;
  while (true) {
    const auto more = source.Next();
    if (!more.ok()) return more.status();
    if (more->empty()) break;
    pending.append(*more);
    std::size_t at = 0;
    if (!headed) {
      if (pending.size() < kEnCaseRecords) continue;
      if (!LooksLikeEnCase(pending)) return absl::InvalidArgumentError("no EnCase hash set");
      JsonObject object(kMaxRecordBytes, true);
      object.Key("name");
      object.Text(NameOf(std::string_view(pending).substr(kEnCaseName, 2 * kEnCaseNameUnits)),
                  sink);
      Carried carried;
      carried.set_format("encase");
      carried.set_data("{" + object.text() + "}");
      sink.Carry(std::move(carried));
      headed = true;
      at = kEnCaseRecords;
    }
    for (; at + kEnCaseRecordBytes <= pending.size(); at += kEnCaseRecordBytes) {
      Entry entry;
      entry.mutable_digests()->set_md5(pending.substr(at, kMd5Bytes));
      if (auto status = Emit(std::move(entry), {Place::Unit::kRow, ++row}, sink); !status.ok()) {
        return status;
      }
    }
    pending.erase(0, at);
  }
  if (headed && pending.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "the file ends in the middle of record {}: it is cut off; fetch it again", row + 1));
}

}  // namespace kith::exchange
