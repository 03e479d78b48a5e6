// SPDX-License-Identifier: Apache-2.0
#include "tools/exchange/case_writers.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tools/exchange/internal/csv_line.h"
#include "tools/exchange/internal/vics_scheme.h"
#include "tools/report/csv_row.h"
#include "tools/report/deciding.h"
#include "tools/report/path_text.h"
#include "tools/report/words.h"

namespace kith::exchange {
namespace {

using nlohmann::ordered_json;

// A media type by the word of a format; "" where there is none of its own.
std::string_view MimeType(std::string_view format) {
  struct Type {
    std::string_view format, type;
  };
  constexpr std::array<Type, 30> kTypes = {{
      {"jpeg", "image/jpeg"},
      {"png", "image/png"},
      {"webp", "image/webp"},
      {"tiff", "image/tiff"},
      {"bmp", "image/bmp"},
      {"gif", "image/gif"},
      {"heic", "image/heic"},
      {"avif", "image/avif"},
      {"jxl", "image/jxl"},
      {"jpeg2000", "image/jp2"},
      {"jpegxr", "image/jxr"},
      {"pnm", "image/x-portable-anymap"},
      {"psd", "image/vnd.adobe.photoshop"},
      {"ico", "image/vnd.microsoft.icon"},
      {"openexr", "image/x-exr"},
      {"hdr", "image/vnd.radiance"},
      {"dicom", "application/dicom"},
      {"svg", "image/svg+xml"},
      {"pdf", "application/pdf"},
      {"mp4", "video/mp4"},
      {"mov", "video/quicktime"},
      {"3gp", "video/3gpp"},
      {"mkv", "video/x-matroska"},
      {"webm", "video/webm"},
      {"avi", "video/x-msvideo"},
      {"mpeg", "video/mpeg"},
      {"mpegts", "video/mp2t"},
      {"wmv", "video/x-ms-wmv"},
      {"flv", "video/x-flv"},
      {"ogg", "video/ogg"},
  }};
  const auto* const found = std::find_if(
      kTypes.begin(), kTypes.end(), [format](const Type& type) { return type.format == format; });
  return found == kTypes.end() ? std::string_view() : found->type;
}

// For a person who looks; no hash stands in it.
std::string WordsFor(const CaseFile& told) {
  if (told.conflict) return "Kith: the sets contradict each other; a person must look";
  if (told.lead == nullptr) {
    return told.contradicted ? "Kith: sets give it different categories; a person must look" : "";
  }
  std::string words =
      absl::StrCat("Kith: ", told.contradicted ? "sets give it different categories, and " : "",
                   "a lead that nobody has confirmed, ", told.lead->distance_bits(),
                   " bits from entry ", told.lead->entry_id(), " of set ", told.lead->set());
  if (!told.lead->series().empty()) absl::StrAppend(&words, ", series ", told.lead->series());
  if (report::SaysIdentified(*told.lead)) absl::StrAppend(&words, ", identified");
  return absl::StrCat(words, "; a person must look");
}

class VicsCaseWriter final : public CaseWriter {
 public:
  using CaseWriter::CaseWriter;

  absl::Status Begin() override {
    return Put("{\"@odata.context\":" + ordered_json(ContextOf("", scheme(), false)).dump() +
               ",\"value\":[");
  }
  absl::Status End() override { return Put("\n]}\n"); }

 protected:
  [[nodiscard]] bool needs_md5() const override { return true; }

  absl::Status Write(const v1::ReportFile& file, const CaseFile& told) override {
    const bool is_first = ++number_ == 1;
    const std::string md5 = absl::AsciiStrToUpper(file.md5());
    ordered_json media{{"MediaID", number_},
                       {"Category", told.category.empty() ? 0 : std::stoi(told.category)},
                       {"MD5", md5}};
    if (!file.sha1().empty()) media["SHA1"] = absl::AsciiStrToUpper(file.sha1());
    media["MediaSize"] = file.size_bytes();
    const std::string_view type = MimeType(file.format());
    if (!type.empty()) media["MimeType"] = type;
    if (!told.series.empty()) media["Series"] = told.series;
    if (told.victim_identified != v1::TRI_STATE_UNSPECIFIED) {
      media["VictimIdentified"] = told.victim_identified == v1::TRI_STATE_YES ? "true" : "false";
    }
    media["IsPrecategorized"] = told.category.empty() ? "false" : "true";
    if (!told.category.empty()) media["PrecategorizationSource"] = told.category_set;
    if (told.lead != nullptr) media["Tags"] = "kith-lead";
    if (const std::string words = WordsFor(told); !words.empty()) media["Comments"] = words;
    if (!file.sha256().empty()) {
      media["AlternativeHashes"] = ordered_json::array(
          {{{"MD5", md5}, {"HashName", "SHA256"}, {"HashValue", file.sha256()}}});
    }
    ordered_json& places = media["MediaFiles"] = ordered_json::array();
    for (const std::string& path : file.paths()) {
      const std::size_t slash = path.rfind('/');
      const bool in_folder = slash != std::string::npos;
      places.push_back({{"MD5", md5},
                        {"FileName", report::ToUtf8(in_folder ? path.substr(slash + 1) : path)},
                        {"FilePath", report::ToUtf8(in_folder ? path.substr(0, slash) : "")}});
    }
    return Put((is_first ? "\n" : ",\n") + report::JsonText(media));
  }

 private:
  std::uint64_t number_ = 0;
};

class CsvCaseWriter final : public CaseWriter {
 public:
  using CaseWriter::CaseWriter;

  // A contract: columns are only added at the end.
  absl::Status Begin() override {
    return Put(
        "case,md5,sha1,sha256,size_bytes,format,verdict,category_scheme,category,category_set,"
        "series,"
        "victim_identified,remark,paths,path\r\n");
  }

 protected:
  absl::Status Write(const v1::ReportFile& file, const CaseFile& told) override {
    report::CsvRow row;
    row.Add(report::EscapeText(case_name()));
    row.Add(file.md5());
    row.Add(file.sha1());
    row.Add(file.sha256());
    row.Add(file.size_bytes());
    row.Add(file.format());
    row.Add(report::VerdictWord(file.verdict()));
    row.Add(told.category.empty() ? "" : scheme());
    row.Add(told.category);
    row.Add(report::EscapeText(told.category_set));
    row.Add(report::EscapeText(told.series));
    row.Add(report::TriStateWord(told.victim_identified));
    row.Add(report::EscapeText(WordsFor(told)));
    row.Add(static_cast<std::uint64_t>(file.paths_size()));
    row.Add(file.paths().empty() ? "" : report::EscapeText(file.paths(0)));
    return Put(row.line() + "\r\n");
  }
};

class JsonLinesCaseWriter final : public CaseWriter {
 public:
  using CaseWriter::CaseWriter;

 protected:
  absl::Status Write(const v1::ReportFile& file, const CaseFile& told) override {
    ordered_json line{{"type", "case_file"},
                      {"case", case_name()},
                      {"md5", file.md5()},
                      {"sha1", file.sha1()},
                      {"sha256", file.sha256()},
                      {"size_bytes", file.size_bytes()},
                      {"format", file.format()},
                      {"verdict", report::VerdictWord(file.verdict())},
                      {"category", nullptr},
                      {"category_set", nullptr},
                      {"series", nullptr},
                      {"victim_identified", report::TriStateWord(told.victim_identified)},
                      {"remark", WordsFor(told)},
                      {"paths", ordered_json::array()}};
    if (!told.category.empty()) {
      line["category"] = {{"scheme", scheme()}, {"code", told.category}};
      line["category_set"] = told.category_set;
    }
    if (!told.series.empty()) line["series"] = told.series;
    for (const std::string& path : file.paths()) {
      ordered_json one = ordered_json::object();
      report::PutBytes(one, "path", path);
      line["paths"].push_back(std::move(one));
    }
    return Put(report::JsonText(line) + "\n");
  }
};

constexpr std::array<std::string_view, 3> kFormats = {"vics", "csv", "jsonl"};

}  // namespace

std::span<const std::string_view> CaseFormats() { return kFormats; }

std::unique_ptr<CaseWriter> MakeCaseWriter(std::string_view format, Output output,
                                           const std::string& case_name,
                                           const std::string& scheme) {
  if (format == kFormats[0]) {
    return std::make_unique<VicsCaseWriter>(std::move(output), case_name, scheme);
  }
  if (format == kFormats[1]) {
    return std::make_unique<CsvCaseWriter>(std::move(output), case_name, scheme);
  }
  if (format == kFormats[2]) {
    return std::make_unique<JsonLinesCaseWriter>(std::move(output), case_name, scheme);
  }
  return nullptr;
}

}  // namespace kith::exchange
