// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the settings of Kith and where the value of each comes from: a flag, the environment, a
// file, the default.
//
// Thread-safety: Resolve is called once, at the start; what it gives does not change and may be
// read from any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace kith::server {

// One setting of Kith, with its name in the file (TOML, "table.key") and in the environment. Most
// have a flag of kithd or kith as well; what has none (index.keep_from) is seldom changed.
struct SettingSpec {
  std::string_view name;           // "store.dir"
  std::string_view environment;    // "KITH_STORE"
  std::string_view default_value;  // as text; "~" stands for the home folder
  std::string_view help;           // one sentence with the unit
};

struct SettingValue {
  std::string value;
  std::string
      origin;  // "default", "file /etc/kith/kith.toml", "environment KITH_STORE", "flag --store"
};

// All settings there are, in the order they are shown.
[[nodiscard]] const std::vector<SettingSpec>& AllSettings();

// Settings by name with where each value came from: flag over environment over file over default.
// The file is KITH_CONFIG, else ~/.config/kith/kith.toml, else /etc/kith/kith.toml, the first that
// exists. `environment` and `flags` are given by the program, so that libraries read neither.
// Errors: INVALID_ARGUMENT for a file that cannot be parsed or holds an unknown key (names file,
// line and the nearest known key). Not thread-safe; call once at the start.
class Settings {
 public:
  [[nodiscard]] static absl::StatusOr<Settings> Resolve(
      const std::map<std::string, std::string>& environment,
      const std::map<std::string, SettingValue>& flags);
  [[nodiscard]] const SettingValue& Get(std::string_view name) const;
  [[nodiscard]] const std::map<std::string, SettingValue, std::less<>>& all() const {
    return values_;
  }
  // The file that was read, or empty; and where it was looked for, in this order.
  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] const std::vector<std::string>& places() const { return places_; }

 private:
  std::map<std::string, SettingValue, std::less<>> values_;
  std::string file_;
  std::vector<std::string> places_;
};

}  // namespace kith::server
