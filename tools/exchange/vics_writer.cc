// SPDX-License-Identifier: Apache-2.0
//
// VICS JSON 2.0. What an import carried is given back as it came; what Kith works with is written
// from the entry, where the carried members do not tell it. The envelope is that of the first
// import; a set of cases becomes cases again, any other a list of media.
#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "tools/exchange/internal/json_object.h"
#include "tools/exchange/internal/make_writers.h"
#include "tools/exchange/internal/one_code.h"
#include "tools/exchange/internal/vics_carried.h"
#include "tools/exchange/internal/vics_mapped.h"
#include "tools/exchange/internal/vics_scheme.h"

namespace kith::exchange {
namespace {

using nlohmann::ordered_json;

std::string UpperHex(std::string_view bytes) {
  return absl::AsciiStrToUpper(
      absl::BytesToHexString(absl::string_view(bytes.data(), bytes.size())));
}

class VicsWriter final : public Writer {
 public:
  explicit VicsWriter(Output output) : output_(std::move(output)) {}

  absl::Status Begin(const SetFacts& facts) override;
  absl::Status Add(const Entry& entry) override;
  absl::Status End() override;
  [[nodiscard]] std::uint64_t left_out() const override { return left_out_; }
  [[nodiscard]] std::uint64_t without_category() const override { return without_category_; }
  [[nodiscard]] std::uint64_t heads_left_out() const override { return heads_left_out_; }
  [[nodiscard]] std::uint64_t values_left_out() const override { return values_left_out_; }

 private:
  // What an import said beside its records.
  struct Head {
    std::uint64_t change = 0;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    bool cases = false;
    std::string scheme;  // whose categories its records have
    ordered_json root;
    ordered_json case_list;
  };

  [[nodiscard]] const Head* HeadOf(const Entry& entry);
  void CountLostHeads();
  [[nodiscard]] absl::Status MoveTo(const Head* head, std::uint32_t part);
  [[nodiscard]] absl::Status OpenCase(const ordered_json& header);
  [[nodiscard]] absl::Status CloseCase();
  [[nodiscard]] absl::Status WriteEmptyCases(std::uint32_t until);
  [[nodiscard]] absl::Status WriteRecord(const Entry& entry);
  [[nodiscard]] bool FitsEnvelope(const v1::Category& category) const;
  void AddMember(std::string_view name, const std::string& json);
  // What sources of other formats said, and all PDQ hashes.
  void AddMapped(const Entry& entry);
  void AddAlternatives(const Entry& entry, const VicsMapped& mapped);

  Output output_;
  SeriesCodes identified_;
  std::vector<Head> heads_;
  std::size_t next_head_ = 0;
  bool cases_ = false;
  std::string scheme_;  // whose categories the envelope says its records have
  std::uint64_t without_category_ = 0;
  std::uint64_t heads_left_out_ = 0;
  std::uint64_t values_left_out_ = 0;
  const Head* head_ = nullptr;  // of the case that is open
  std::uint32_t part_ = 0;      // its place in its file, from 1; 0: of no file
  bool any_case_ = false;
  bool case_open_ = false;
  bool any_record_ = false;  // in the list that is open
  std::string record_;
  std::uint64_t left_out_ = 0;
};

absl::Status VicsWriter::Begin(const SetFacts& facts) {
  identified_ = facts.identified;
  for (const auto& import : facts.imports) {
    if (import.carried().format() != "vics") continue;
    const ordered_json parsed = ParseCarried(import.carried().data());
    if (!parsed.is_object()) continue;
    Head& head = heads_.emplace_back();
    head.change = import.change();
    head.first = import.first_entry();
    head.last = import.last_entry();
    const ordered_json object = ordered_json::object();
    head.cases = TextPart(parsed, "list") == "cases";
    head.root = Part(parsed, "root", object);
    head.case_list = Part(parsed, "cases", ordered_json::array());
    for (ordered_json& a_case : head.case_list) {
      if (!a_case.is_object()) a_case = object;
    }
    head.scheme = TextPart(parsed, "scheme");
    if (head.scheme.empty()) {
      head.scheme = VicsSchemeOf(TextPart(head.root, "@odata.context")).name;
    }
  }
  cases_ = !heads_.empty() &&
           std::all_of(heads_.begin(), heads_.end(), [](const Head& head) { return head.cases; });
  CountLostHeads();
  ordered_json root = heads_.empty() ? ordered_json::object() : heads_.front().root;
  scheme_ = heads_.empty() ? "vics" : heads_.front().scheme;
  std::string context = TextPart(root, "@odata.context");
  if (!cases_ && context.ends_with("#Cases")) context.replace(context.size() - 5, 5, "Media");
  context = ContextOf(context, scheme_, cases_);
  root.erase("odata.metadata");
  root.erase("@odata.context");
  std::string text = "{\"@odata.context\":" + ordered_json(context).dump();
  for (const auto& [name, value] : root.items()) {
    text += "," + ordered_json(name).dump() + ":" + value.dump();
  }
  return output_(text + ",\"value\":[");
}

// The file has one envelope, and heads of cases only where all imports are of cases.
void VicsWriter::CountLostHeads() {
  const auto members = [](ordered_json root) {
    root.erase("odata.metadata");
    root.erase("@odata.context");
    return root;
  };
  for (const Head& head : heads_) {
    const ordered_json own = members(head.root);
    if (!own.empty() && own != members(heads_.front().root)) ++heads_left_out_;
    if (!cases_) heads_left_out_ += head.case_list.size();
  }
}

const VicsWriter::Head* VicsWriter::HeadOf(const Entry& record) {
  // One that made no entry stands behind one of another import, perhaps.
  if (record.carried_only()) {
    const auto found = std::find_if(heads_.begin(), heads_.end(), [&](const Head& head) {
      return head.change == record.added_by_change();
    });
    return found == heads_.end() ? nullptr : &*found;
  }
  const std::uint64_t entry = record.entry_id();
  while (next_head_ < heads_.size() && heads_[next_head_].last < entry) ++next_head_;
  if (next_head_ == heads_.size() || entry < heads_[next_head_].first) return nullptr;
  return &heads_[next_head_];
}

absl::Status VicsWriter::OpenCase(const ordered_json& header) {
  std::string text = std::exchange(any_case_, true) ? ",\n{" : "\n{";
  for (const auto& [name, value] : header.items()) {
    text += ordered_json(name).dump() + ":" + value.dump() + ",";
  }
  case_open_ = true;
  any_record_ = false;
  return output_(text + "\"Media\":[");
}

absl::Status VicsWriter::CloseCase() {
  return std::exchange(case_open_, false) ? output_("]}") : absl::OkStatus();
}

// The cases of the file that is open, behind its open one and before number `until`.
absl::Status VicsWriter::WriteEmptyCases(std::uint32_t until) {
  if (auto status = CloseCase(); !status.ok()) return status;
  while (head_ != nullptr && ++part_ < until) {
    auto status = OpenCase(head_->case_list[part_ - 1]);
    if (status.ok()) status = CloseCase();
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

std::uint32_t EndOf(const ordered_json& case_list) {
  return static_cast<std::uint32_t>(case_list.size()) + 1;
}

// Opens the case that a record belongs to; cases of the same file without a record come before.
absl::Status VicsWriter::MoveTo(const Head* head, std::uint32_t part) {
  if (case_open_ && head == head_ && part == part_) return absl::OkStatus();
  if (head != head_) {
    if (head_ != nullptr) {
      if (auto status = WriteEmptyCases(EndOf(head_->case_list)); !status.ok()) return status;
    }
    head_ = head;
    part_ = 0;
  }
  const bool known = head != nullptr && part > part_ && part < EndOf(head->case_list);
  if (!known) {
    if (auto status = CloseCase(); !status.ok()) return status;
    part_ = part;
    return OpenCase(ordered_json::object());
  }
  if (auto status = WriteEmptyCases(part); !status.ok()) return status;
  return OpenCase(head->case_list[part - 1]);
}

void VicsWriter::AddMember(std::string_view name, const std::string& json) {
  if (record_.size() > 1) record_ += ',';
  AppendJsonString(record_, name);
  record_ += ':' + json;
}

void VicsWriter::AddMapped(const Entry& entry) {
  const VicsMapped mapped = MappedOf(entry);
  values_left_out_ += mapped.left_out;
  for (const auto& [name, value] : mapped.members) AddMember(name, value);
  AddAlternatives(entry, mapped);
}

void VicsWriter::AddAlternatives(const Entry& entry, const VicsMapped& mapped) {
  ordered_json list = ordered_json::array();
  const auto add = [&](const std::string& name, const std::string& value) {
    ordered_json one{{"HashName", name}, {"HashValue", value}};
    if (!entry.digests().md5().empty()) one["MD5"] = UpperHex(entry.digests().md5());
    list.push_back(std::move(one));
  };
  // First the one that stands for the file where a reader takes one only.
  const v1::Code* code = CodeForOneColumn(entry);
  absl::flat_hash_set<std::string> written;
  const auto add_pdq = [&](const v1::Code& one) {
    if (written.insert(one.pdq()).second) add("PDQ", absl::BytesToHexString(one.pdq()));
  };
  if (code != nullptr) add_pdq(*code);
  for (const v1::Code& one : entry.codes()) add_pdq(one);
  for (const auto& [name, value] : mapped.alternatives) add(name, value);
  if (!list.empty()) AddMember("AlternativeHashes", list.dump());
}

// Whether the envelope says of the category what the entry does: a code means something else in
// another country.
bool VicsWriter::FitsEnvelope(const v1::Category& category) const {
  return category.scheme() == scheme_ || (IsOfNoRegion(category.scheme()) && IsOfNoRegion(scheme_));
}

absl::Status VicsWriter::WriteRecord(const Entry& entry) {
  std::string data = entry.carried().format() == "vics" ? entry.carried().data() : "";
  CarriedMembers carried;
  if (!data.empty() && !carried.Read(data)) {
    return absl::DataLossError("what entry " + std::to_string(entry.entry_id()) +
                               " carries is no JSON object, or nests too deep; restore a backup");
  }
  record_ = "{";
  const auto add = [&](const char* name, const char* upper, bool there, const std::string& json) {
    if (there && !carried.Has(upper)) AddMember(name, json);
  };
  const auto text = [](const std::string& value) {
    std::string json;
    AppendJsonString(json, value);
    return json;
  };
  const auto digest = [&](const char* name, const std::string& hex) {
    add(name, name, !hex.empty(), "\"" + hex + "\"");
  };
  // What came among the alternative hashes stands there.
  const auto sha = [&](const char* name, const std::string& hex) {
    if (!carried.HasAlternative(hex)) digest(name, hex);
  };
  add("MediaID", "MEDIAID", data.empty(), std::to_string(entry.entry_id()));
  const std::string& code = entry.category().code();
  if (!code.empty() && !FitsEnvelope(entry.category())) {
    ++without_category_;
    if (carried.Has("CATEGORY")) data = WithoutMember(data, "CATEGORY");
  } else {
    const bool number =
        std::all_of(code.begin(), code.end(), [](char c) { return c >= '0' && c <= '9'; });
    add("Category", "CATEGORY", number && !code.empty(), code);
  }
  digest("MD5", UpperHex(entry.digests().md5()));
  sha("SHA1", UpperHex(entry.digests().sha1()));
  sha("SHA256", UpperHex(entry.digests().sha256()));
  const std::string& series =
      entry.carried().series().empty() ? entry.series() : entry.carried().series();
  add("Series", "SERIES", !series.empty(), text(series));
  const v1::TriState victim = VictimOf(entry, identified_);
  if (victim != entry.victim_identified() && carried.Has("VICTIMIDENTIFIED")) {
    // A null, say: the source is silent.
    data = WithoutMember(data, "VICTIMIDENTIFIED");
    AddMember("VictimIdentified", "\"true\"");
  }
  add("VictimIdentified", "VICTIMIDENTIFIED", victim != v1::TRI_STATE_UNSPECIFIED,
      victim == v1::TRI_STATE_YES ? "\"true\"" : "\"false\"");
  if (!carried.Has("ALTERNATIVEHASHES")) AddMapped(entry);
  if (data.size() > 2) {
    if (record_.size() > 1) record_ += ',';
    record_.append(data, 1);
  } else {
    record_ += '}';
  }
  const std::string_view between = std::exchange(any_record_, true) ? ",\n" : "\n";
  if (auto status = output_(between); !status.ok()) return status;
  return output_(record_);
}

absl::Status VicsWriter::Add(const Entry& entry) {
  if (entry.codes().empty() && !HasDigest(entry) && !entry.has_carried()) {
    ++left_out_;
    return absl::OkStatus();
  }
  if (cases_) {
    const Head* head = HeadOf(entry);
    if (auto status = MoveTo(head, entry.carried().part()); !status.ok()) return status;
  }
  return WriteRecord(entry);
}

absl::Status VicsWriter::End() {
  // The cases behind the last record.
  if (cases_ && head_ != nullptr) {
    if (auto status = WriteEmptyCases(EndOf(head_->case_list)); !status.ok()) return status;
  }
  if (auto status = CloseCase(); !status.ok()) return status;
  return output_("\n]}\n");
}

}  // namespace

std::unique_ptr<Writer> MakeVicsWriter(Output output) {
  return std::make_unique<VicsWriter>(std::move(output));
}

}  // namespace kith::exchange
