// SPDX-License-Identifier: Apache-2.0
#include "server/settings.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <numeric>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>

#include <toml++/toml.h>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/net/address.h"

namespace kith::server {
namespace {

constexpr char kSystemFile[] = "/etc/kith/kith.toml";
constexpr std::uintmax_t kMaxFileBytes = 1U << 20;

using Check = absl::Status (*)(const std::string& value);

absl::Status NotEmpty(const std::string& value) {
  return value.empty() ? absl::InvalidArgumentError("must not be empty") : absl::OkStatus();
}

absl::Status AddressOrEmpty(const std::string& value) {
  return value.empty() ? absl::OkStatus() : ParseAddress(value).status();
}

absl::Status UnixPathOrEmpty(const std::string& value) {
  return value.empty() ? absl::OkStatus() : ParseAddress(absl::StrCat("unix:", value)).status();
}

template <int kLeast, int kMost>
absl::Status Number(const std::string& value) {
  int number = 0;
  if (absl::SimpleAtoi(value, &number) && number >= kLeast && number <= kMost) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("must be a whole number from ", kLeast, " to ", kMost));
}

absl::Status OneOf(const std::string& value, const std::vector<std::string>& words) {
  if (std::find(words.begin(), words.end(), value) != words.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("must be one of: ", absl::StrJoin(words, ", ")));
}
absl::Status LogFormat(const std::string& value) { return OneOf(value, {"text", "json"}); }
absl::Status LogLevel(const std::string& value) {
  return OneOf(value, {"debug", "info", "warning", "error"});
}

struct KnownSetting {
  SettingSpec spec;
  Check check;
};

// The one table of settings: file, environment, flags, checks and `kith config show` follow it.
const std::vector<KnownSetting>& Table() {
  static const std::vector<KnownSetting> table = {
      {{"store.dir", "KITH_STORE", "~/.local/share/kith", "The folder of the store."}, NotEmpty},
      {{"server.address", "KITH_SERVER", "",
        "HOST:PORT or unix:PATH of the kithd that clients speak to; empty: the store itself."},
       AddressOrEmpty},
      {{"server.listen", "KITH_LISTEN", "127.0.0.1:7475",
        "Where kithd listens: HOST:PORT on loopback, or empty for no TCP; port 0 takes a free "
        "one."},
       AddressOrEmpty},
      {{"server.unix", "KITH_UNIX", "",
        "Path of a Unix socket on which kithd listens beside the one in the store."},
       UnixPathOrEmpty},
      {{"server.max_connections", "KITH_MAX_CONNECTIONS", "1024",
        "Connections that may be open at the same time, 1 to 100000."},
       Number<1, 100'000>},
      {{"server.threads", "KITH_THREADS", "0", "Threads for look-ups, 0 to 1024; 0: one a core."},
       Number<0, 1024>},
      {{"index.engine", "KITH_INDEX_ENGINE", "mih",
        "The engine of the Hamming index: mih (scans what is small), scan (a third of the memory), "
        "faiss-flat or faiss-multihash."},
       NotEmpty},
      {{"index.keep_from", "KITH_INDEX_KEEP_FROM", "65536",
        "Entries that come together, or codes, from which on they are kept in the store's folder "
        "index for a quicker start, 8 to 65536."},
       Number<8, 65'536>},
      {{"log.format", "KITH_LOG_FORMAT", "text", "How kithd logs on stderr: text or json."},
       LogFormat},
      {{"log.level", "KITH_LOG_LEVEL", "info",
        "The least that kithd logs: debug, info, warning or error."},
       LogLevel},
  };
  return table;
}

const KnownSetting* Find(std::string_view name) {
  for (const KnownSetting& known : Table()) {
    if (known.spec.name == name) return &known;
  }
  return nullptr;
}

// How many letters must be added, left out or exchanged to make one word of the other.
std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t exchanged = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, exchanged});
    }
  }
  return row[b.size()];
}

std::string NearestName(std::string_view name) {
  std::string nearest;
  std::size_t best = name.size();
  for (const KnownSetting& known : Table()) {
    const std::size_t distance = EditDistance(name, known.spec.name);
    if (distance < best) {
      best = distance;
      nearest = known.spec.name;
    }
  }
  // Beyond half of the word it is no help any more.
  return best <= name.size() / 2 ? nearest : "";
}

absl::Status UnknownKey(const std::string& where, const std::string& name) {
  const std::string nearest = NearestName(name);
  return absl::InvalidArgumentError(
      absl::StrCat(where, ": unknown setting \"", name, "\"",
                   nearest.empty() ? "; `kith config show` lists all"
                                   : absl::StrCat("; did you mean \"", nearest, "\"?")));
}

std::string Expand(std::string value, const std::string& home) {
  if (!home.empty() && (value == "~" || value.rfind("~/", 0) == 0)) value.replace(0, 1, home);
  return value;
}

std::string Lookup(const std::map<std::string, std::string>& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

// Where a file may be; the first that exists is read.
std::vector<std::string> PlacesOf(const std::map<std::string, std::string>& environment) {
  const std::string named = Lookup(environment, "KITH_CONFIG");
  if (!named.empty()) return {named};
  const std::string home = Lookup(environment, "HOME");
  if (home.empty()) return {kSystemFile};
  return {absl::StrCat(home, "/.config/kith/kith.toml"), kSystemFile};
}

// The file that is read, or empty. One that was named must be there.
absl::StatusOr<std::string> FindFile(const std::map<std::string, std::string>& environment) {
  struct stat status {};
  const std::vector<std::string> places = PlacesOf(environment);
  int error = 0;
  for (const std::string& place : places) {
    if (::stat(place.c_str(), &status) == 0) return place;
    error = errno;
  }
  if (Lookup(environment, "KITH_CONFIG").empty()) return "";
  return absl::InvalidArgumentError(
      absl::StrCat("configuration file ", places.front(), ": ",
                   std::error_code(error, std::generic_category()).message()));
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("configuration file ", path, ": ", error.message()));
  }
  if (size > kMaxFileBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("configuration file ", path, ": larger than ", kMaxFileBytes, " bytes"));
  }
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.good() && !file.eof()) {
    return absl::InvalidArgumentError(absl::StrCat("configuration file ", path, ": unreadable"));
  }
  return text;
}

// Values are kept as text; the file may write them as text, whole number or boolean.
bool AsText(const toml::node& node, std::string* text) {
  if (const auto* word = node.as_string()) {
    *text = word->get();
  } else if (const auto* number = node.as_integer()) {
    *text = absl::StrCat(number->get());
  } else if (const auto* flag = node.as_boolean()) {
    *text = flag->get() ? "true" : "false";
  } else {
    return false;
  }
  return true;
}

using Values = std::map<std::string, SettingValue, std::less<>>;

absl::Status TakeTable(const toml::table& table, const std::string& prefix, const std::string& path,
                       const std::string& home, Values* values) {
  for (const auto& [key, node] : table) {
    const std::string name = absl::StrCat(prefix, std::string(key.str()));
    const std::string where = absl::StrCat(path, ":", key.source().begin.line);
    if (const toml::table* inner = node.as_table(); inner != nullptr && Find(name) == nullptr) {
      const std::string inner_prefix = absl::StrCat(name, ".");
      const bool known = std::any_of(Table().begin(), Table().end(), [&](const auto& setting) {
        return setting.spec.name.substr(0, inner_prefix.size()) == inner_prefix;
      });
      if (!known && inner->empty()) return UnknownKey(where, name);
      if (absl::Status taken = TakeTable(*inner, inner_prefix, path, home, values); !taken.ok()) {
        return taken;
      }
      continue;
    }
    const KnownSetting* known = Find(name);
    if (known == nullptr) return UnknownKey(where, name);
    std::string text;
    if (!AsText(node, &text)) {
      return absl::InvalidArgumentError(
          absl::StrCat(where, ": ", name, " is neither text nor a whole number"));
    }
    if (absl::Status check = known->check(text); !check.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(where, ": ", name, " = \"", text, "\": ", check.message()));
    }
    (*values)[name] = {Expand(text, home), absl::StrCat("file ", path)};
  }
  return absl::OkStatus();
}

absl::Status TakeFile(const std::string& path, const std::string& home, Values* values) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  toml::table table;
  try {
    table = toml::parse(*text, path);
  } catch (const toml::parse_error& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":", error.source().begin.line, ": ", std::string(error.description())));
  }
  return TakeTable(table, "", path, home, values);
}

}  // namespace

const std::vector<SettingSpec>& AllSettings() {
  static const std::vector<SettingSpec> specs = [] {
    std::vector<SettingSpec> all;
    for (const KnownSetting& known : Table()) all.push_back(known.spec);
    return all;
  }();
  return specs;
}

absl::StatusOr<Settings> Settings::Resolve(const std::map<std::string, std::string>& environment,
                                           const std::map<std::string, SettingValue>& flags) {
  const std::string home = Lookup(environment, "HOME");
  Settings settings;
  for (const KnownSetting& known : Table()) {
    settings.values_[std::string(known.spec.name)] = {
        Expand(std::string(known.spec.default_value), home), "default"};
  }
  absl::StatusOr<std::string> file = FindFile(environment);
  if (!file.ok()) return file.status();
  settings.file_ = *file;
  settings.places_ = PlacesOf(environment);
  if (!file->empty()) {
    if (absl::Status taken = TakeFile(*file, home, &settings.values_); !taken.ok()) return taken;
  }
  for (const KnownSetting& known : Table()) {
    const std::string variable(known.spec.environment);
    const std::string value = Lookup(environment, variable);
    // As is the custom, an empty variable is one that is not set.
    if (value.empty()) continue;
    if (absl::Status check = known.check(value); !check.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("environment ", variable, "=\"", value, "\": ", check.message()));
    }
    settings.values_[std::string(known.spec.name)] = {Expand(value, home),
                                                      absl::StrCat("environment ", variable)};
  }
  for (const auto& [name, flag] : flags) {
    const KnownSetting* known = Find(name);
    if (known == nullptr) return UnknownKey(flag.origin, name);
    if (absl::Status check = known->check(flag.value); !check.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(flag.origin, " \"", flag.value, "\": ", check.message()));
    }
    settings.values_[name] = {Expand(flag.value, home), flag.origin};
  }
  // Without a home the default store has no place; a folder named "~" would be a trap.
  if (const SettingValue& store = settings.Get("store.dir"); store.value.rfind("~/", 0) == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "store.dir is ", store.value, ", but HOME is not set; give --store DIR or KITH_STORE"));
  }
  return settings;
}

const SettingValue& Settings::Get(std::string_view name) const {
  static const SettingValue unknown{"", "unknown"};
  const auto found = values_.find(name);
  return found == values_.end() ? unknown : found->second;
}

}  // namespace kith::server
