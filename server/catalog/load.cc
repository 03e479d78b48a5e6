// SPDX-License-Identifier: Apache-2.0
//
// Catalog: from the tables to the state in memory.
#include <xxhash.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/catalog/internal/catalog_impl.h"
#include "server/catalog/names.h"

namespace kith::catalog {
namespace {

std::vector<std::string_view> Slices(const std::string& bytes, std::size_t width) {
  std::vector<std::string_view> slices;
  slices.reserve(bytes.size() / width);
  for (std::size_t i = 0; i < bytes.size(); i += width) {
    slices.push_back(std::string_view(bytes).substr(i, width));
  }
  return slices;
}

absl::Status LoadAgencies(Transaction& read, Directory& directory) {
  Statement agencies = read.Prepare(
      "SELECT a.id, a.name, coalesce(v.country, a.country), coalesce(v.desk, a.desk),"
      " coalesce(v.ori, a.ori), coalesce(v.type, a.type) FROM agency a LEFT JOIN agency_version v"
      " ON v.agency = a.id AND v.change = (SELECT max(change) FROM agency_version"
      " WHERE agency = a.id) ORDER BY a.id");
  while (true) {
    const auto row = agencies.Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
    v1::Agency agency;
    agency.set_agency_id(agencies.Id(0));
    agency.set_name(std::string(agencies.Text(1)));
    agency.set_country(std::string(agencies.Text(2)));
    agency.set_desk(std::string(agencies.Text(3)));
    agency.set_ori(std::string(agencies.Text(4)));
    agency.set_type(std::string(agencies.Text(5)));
    directory.agencies.Put(agency.agency_id(), agency.name(), agency);
  }
}

absl::Status LoadContacts(Transaction& read, Directory& directory) {
  Statement contacts = read.Prepare(
      "SELECT c.id, a.name, c.name, c.role, c.phone, c.email, coalesce(v.verified_on,"
      " c.verified_on), coalesce(v.superseded_by, 0), coalesce(v.retired, 0)"
      " FROM contact c JOIN agency a ON a.id = c.agency LEFT JOIN contact_version v"
      " ON v.contact = c.id AND v.change = (SELECT max(change) FROM contact_version"
      " WHERE contact = c.id) ORDER BY c.id");
  while (true) {
    const auto row = contacts.Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
    v1::Contact contact;
    contact.set_contact_id(contacts.Id(0));
    contact.set_agency(std::string(contacts.Text(1)));
    contact.set_name(std::string(contacts.Text(2)));
    contact.set_role(std::string(contacts.Text(3)));
    contact.set_phone(std::string(contacts.Text(4)));
    contact.set_email(std::string(contacts.Text(5)));
    contact.set_verified_at(std::string(contacts.Text(6)));
    contact.set_superseded_by(contacts.Id(7));
    contact.set_retired(contacts.Int(8) != 0);
    directory.contacts.Put(contact.contact_id(), "", contact);
  }
}

}  // namespace

std::array<char, 16> IdentityOf(const EntryRecord& record, std::uint64_t seed) {
  std::string text = absl::StrCat(record.hash_set, "/", record.codes.size(), "/");
  for (const CodeRecord& code : record.codes) text.append(code.pdq.begin(), code.pdq.end());
  text.append(record.source_ref);
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_withSeed(text.data(), text.size(), seed));
  std::array<char, 16> bytes{};
  std::copy(std::begin(canonical.digest), std::end(canonical.digest), bytes.begin());
  return bytes;
}

void IndexFeed::Add(const EntryRecord& record, std::uint64_t identity_seed,
                    const Lacking& lacking) {
  if (lacking.facts) facts.push_back(record.Facts());
  for (const CodeRecord& code : record.codes) {
    if (lacking.codes) {
      codes.push_back(code.pdq);
      labels.push_back({record.id, PackLabel({code.frame, code.crop, code.dialect})});
    }
    dialects[record.hash_set] |= 1U << static_cast<unsigned>(code.dialect);
  }
  const std::array<const std::string*, 3> own = {&record.md5, &record.sha1, &record.sha256};
  bool any = false;
  for (std::size_t kind = 0; kind < own.size(); ++kind) {
    if (own[kind]->empty()) continue;
    any = true;
    if (!lacking.digests) continue;
    digests[kind] += *own[kind];
    digest_entries[kind].push_back(record.id);
  }
  if (!any && lacking.identities) {
    const auto identity = IdentityOf(record, identity_seed);
    digests[3].append(identity.begin(), identity.end());
    digest_entries[3].push_back(record.id);
  }
}

void IndexFeed::Clear() {
  facts.clear();
  codes.clear();
  labels.clear();
  for (auto& bytes : digests) bytes.clear();
  for (auto& entries : digest_entries) entries.clear();
  dialects.clear();
}

absl::Status Catalog::Impl::Feed(const IndexFeed& feed) {
  for (const EntryFacts& facts : feed.facts) {
    if (!table.Append(facts)) return absl::ResourceExhaustedError("the catalog is full");
  }
  if (auto status = codes->Add(feed.codes, feed.labels); !status.ok()) return status;
  if (auto status = TellDigests(feed); !status.ok()) return status;
  const std::lock_guard lock(counts_mutex);
  for (const EntryFacts& facts : feed.facts) {
    ++set_entries[facts.hash_set];
    if (facts.series != 0) ++series_entries[facts.series];
  }
  for (const auto& [set, bits] : feed.dialects) set_dialects[set] |= bits;
  return absl::OkStatus();
}

absl::Status Catalog::Impl::TellDigests(const IndexFeed& feed) {
  constexpr std::array<index::DigestKind, 4> kKinds = {
      index::DigestKind::kMd5, index::DigestKind::kSha1, index::DigestKind::kSha256,
      index::DigestKind::kMd5};
  for (std::size_t kind = 0; kind < kKinds.size(); ++kind) {
    index::DigestIndex& target = kind == 3 ? *identities : *digests;
    const auto slices = Slices(feed.digests[kind], index::DigestBytes(kKinds[kind]));
    if (auto status = target.Add(kKinds[kind], slices, feed.digest_entries[kind]); !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

void Catalog::Impl::PutSet(const v1::HashSet& hash_set) {
  directory.hash_sets.Put(hash_set.set_id(), hash_set.name(), hash_set);
  {
    const std::lock_guard lock(counts_mutex);
    if (set_entries.size() <= hash_set.set_id()) {
      set_entries.resize(hash_set.set_id() + 1);
      set_dialects.resize(hash_set.set_id() + 1);
    }
  }
  const std::lock_guard lock(moment_mutex);
  auto rules = moment.sets ? std::make_shared<std::vector<SetRule>>(*moment.sets)
                           : std::make_shared<std::vector<SetRule>>();
  if (rules->size() <= hash_set.set_id()) rules->resize(hash_set.set_id() + 1);
  (*rules)[hash_set.set_id()] = {.enabled = hash_set.enabled(),
                                 .purpose = hash_set.purpose(),
                                 .radius_bits = static_cast<int>(hash_set.radius_bits())};
  moment.sets = std::move(rules);
}

void Catalog::Impl::Publish(std::uint64_t change) {
  const std::lock_guard lock(moment_mutex);
  moment.change = change;
  moment.entries_end = table.Size();
}

absl::Status Catalog::Impl::Load() {
  auto read = database->BeginRead();
  if (!read.ok()) return read.status();
  {
    const std::lock_guard lock(moment_mutex);
    moment.sets = std::make_shared<std::vector<SetRule>>();
  }
  absl::Status status = LoadDirectory(*read);
  if (status.ok()) status = LoadEntries(*read);
  // Nothing of a store can be an invalid argument of its reader: such an error tells of damage.
  if (absl::IsInvalidArgument(status)) {
    status = absl::DataLossError(absl::StrCat(status.message(), "; restore a backup"));
  }
  if (!status.ok()) {
    return absl::Status(status.code(), absl::StrCat(options.store_dir, ": ", status.message()));
  }
  return absl::OkStatus();
}

absl::Status Catalog::Impl::LoadDirectory(Transaction& read) {
  if (auto status = LoadAgencies(read, directory); !status.ok()) return status;
  if (auto status = LoadContacts(read, directory); !status.ok()) return status;
  if (auto status = LoadSeries(read); !status.ok()) return status;
  Statement sets = read.Prepare(
      "SELECT h.id, h.name, coalesce(v.source, h.source), coalesce(v.version, h.version), "
      "h.purpose,"
      " coalesce(v.radius_bits, h.radius_bits), h.dialect, coalesce(v.enabled, h.enabled),"
      " coalesce(v.handling, h.handling), h.entry_identity FROM hash_set h LEFT JOIN "
      "hash_set_version v"
      " ON v.hash_set = h.id AND v.change = (SELECT max(change) FROM hash_set_version"
      " WHERE hash_set = h.id) ORDER BY h.id");
  while (true) {
    const auto row = sets.Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
    v1::HashSet hash_set;
    hash_set.set_set_id(sets.Id(0));
    if (hash_set.set_id() == 0 || hash_set.set_id() >= EntryTable::kMaxHashSets) {
      return absl::DataLossError("a hash set with a number out of range");
    }
    hash_set.set_name(std::string(sets.Text(1)));
    hash_set.set_source(std::string(sets.Text(2)));
    hash_set.set_version(std::string(sets.Text(3)));
    hash_set.set_purpose(static_cast<v1::Purpose>(sets.Int(4)));
    hash_set.set_radius_bits(static_cast<std::uint32_t>(sets.Int(5)));
    hash_set.set_dialect(static_cast<v1::Dialect>(sets.Int(6)));
    hash_set.set_enabled(sets.Int(7) != 0);
    hash_set.set_handling(std::string(sets.Text(8)));
    hash_set.set_entry_identity(static_cast<v1::EntryIdentity>(sets.Int(9)));
    PutSet(hash_set);
  }
}

}  // namespace kith::catalog
