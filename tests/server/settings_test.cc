// SPDX-License-Identifier: Apache-2.0
#include "server/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>

namespace kith::server {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class SettingsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = "/tmp/kith-settings-XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    environment_["HOME"] = folder_;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // Writes the user's own file.
  void WriteFile(const std::string& text) {
    std::filesystem::create_directories(folder_ + "/.config/kith");
    std::ofstream(folder_ + "/.config/kith/kith.toml") << text;
  }
  std::string Error() {
    const auto settings = Settings::Resolve(environment_, flags_);
    EXPECT_EQ(settings.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(settings.status().message());
  }
  SettingValue Get(const std::string& name) {
    const auto settings = Settings::Resolve(environment_, flags_);
    EXPECT_TRUE(settings.ok()) << settings.status();
    return settings.ok() ? settings->Get(name) : SettingValue();
  }

  std::string folder_;
  std::map<std::string, std::string> environment_;
  std::map<std::string, SettingValue> flags_;
};

TEST_F(SettingsTest, FlagOverEnvironmentOverFileOverDefault) {
  EXPECT_EQ(Get("server.listen").value, "127.0.0.1:7475");
  EXPECT_EQ(Get("server.listen").origin, "default");
  WriteFile("[server]\nlisten = \"127.0.0.1:1\"\n");
  EXPECT_EQ(Get("server.listen").value, "127.0.0.1:1");
  EXPECT_EQ(Get("server.listen").origin, "file " + folder_ + "/.config/kith/kith.toml");
  environment_["KITH_LISTEN"] = "127.0.0.1:2";
  EXPECT_EQ(Get("server.listen").value, "127.0.0.1:2");
  EXPECT_EQ(Get("server.listen").origin, "environment KITH_LISTEN");
  flags_["server.listen"] = {"127.0.0.1:3", "flag --listen"};
  EXPECT_EQ(Get("server.listen").value, "127.0.0.1:3");
  EXPECT_EQ(Get("server.listen").origin, "flag --listen");
}

TEST_F(SettingsTest, AFlagCanEmptyWhatTheFileSets) {
  WriteFile("[server]\nlisten = \"127.0.0.1:1\"\n");
  flags_["server.listen"] = {"", "flag --listen"};
  EXPECT_EQ(Get("server.listen").value, "");
}

TEST_F(SettingsTest, TheHomeStandsForTheTilde) {
  EXPECT_EQ(Get("store.dir").value, folder_ + "/.local/share/kith");
  environment_["KITH_STORE"] = "~/x";
  EXPECT_EQ(Get("store.dir").value, folder_ + "/x");
  environment_.erase("HOME");
  EXPECT_THAT(Error(), HasSubstr("HOME is not set"));
  environment_["KITH_STORE"] = "/srv/kith";
  EXPECT_EQ(Get("store.dir").value, "/srv/kith");
}

TEST_F(SettingsTest, NumbersAndDottedKeysAreTaken) {
  WriteFile("server.max_connections = 7\n[log]\nformat = \"json\"\n");
  EXPECT_EQ(Get("server.max_connections").value, "7");
  EXPECT_EQ(Get("log.format").value, "json");
}

TEST_F(SettingsTest, AnUnknownKeyNamesLineAndNearest) {
  WriteFile("[server]\n\nlissten = \"127.0.0.1:1\"\n");
  EXPECT_THAT(Error(), AllOf(HasSubstr("kith.toml:3"), HasSubstr("\"server.lissten\""),
                             HasSubstr("did you mean \"server.listen\"")));
  WriteFile("[server]\nzzzzzzzzzzzzzzzzzzzzzzz = 1\n");
  EXPECT_THAT(Error(), HasSubstr("kith config show"));
  WriteFile("[sever]\nlisten = \"127.0.0.1:1\"\n");
  EXPECT_THAT(Error(), HasSubstr("did you mean \"server.listen\""));
  WriteFile("server = 3\n");
  EXPECT_THAT(Error(), HasSubstr("kith.toml:1"));
  flags_["store.dri"] = {"x", "flag --store-dri"};
  std::filesystem::remove_all(folder_ + "/.config");
  EXPECT_THAT(Error(), HasSubstr("did you mean \"store.dir\""));
}

TEST_F(SettingsTest, AWrongValueSaysWhereAndWhatWouldBeRight) {
  WriteFile("[server]\nmax_connections = 0\n");
  EXPECT_THAT(Error(), AllOf(HasSubstr("kith.toml:2"), HasSubstr("from 1 to 100000")));
  WriteFile("[server]\nlisten = [1]\n");
  EXPECT_THAT(Error(), HasSubstr("neither text nor"));
  WriteFile("");
  environment_["KITH_LISTEN"] = "0.0.0.0:7475";
  EXPECT_THAT(Error(), AllOf(HasSubstr("KITH_LISTEN"), HasSubstr("mutual TLS")));
  environment_.erase("KITH_LISTEN");
  flags_["log.level"] = {"loud", "flag --log-level"};
  EXPECT_THAT(Error(), AllOf(HasSubstr("--log-level"), HasSubstr("debug, info")));
}

TEST_F(SettingsTest, AFileThatIsNotTomlNamesTheLine) {
  WriteFile("[server]\nlisten = \n");
  EXPECT_THAT(Error(), HasSubstr("kith.toml:2"));
  WriteFile(std::string("a = \"\xff\xfe\"\n"));
  EXPECT_THAT(Error(), HasSubstr("kith.toml"));
  WriteFile("[server\n");
  EXPECT_THAT(Error(), HasSubstr("kith.toml:1"));
}

TEST_F(SettingsTest, TellsWhichFileItReadAndWhereItLooked) {
  auto settings = Settings::Resolve(environment_, flags_);
  ASSERT_TRUE(settings.ok()) << settings.status();
  const std::string own = folder_ + "/.config/kith/kith.toml";
  EXPECT_THAT(settings->places(), testing::ElementsAre(own, "/etc/kith/kith.toml"));
  WriteFile("");
  EXPECT_EQ(Settings::Resolve(environment_, flags_)->file(), own);
  std::ofstream(folder_ + "/named.toml") << "";
  environment_["KITH_CONFIG"] = folder_ + "/named.toml";
  settings = Settings::Resolve(environment_, flags_);
  EXPECT_EQ(settings->file(), folder_ + "/named.toml");
  EXPECT_THAT(settings->places(), testing::ElementsAre(folder_ + "/named.toml"));
}

TEST_F(SettingsTest, ANamedFileMustBeThere) {
  environment_["KITH_CONFIG"] = folder_ + "/none.toml";
  EXPECT_THAT(Error(), AllOf(HasSubstr("none.toml"), HasSubstr("No such file")));
  environment_["KITH_CONFIG"] = folder_;
  EXPECT_THAT(Error(), HasSubstr(folder_));
  std::ofstream(folder_ + "/large.toml") << std::string(2U << 20, '#');
  environment_["KITH_CONFIG"] = folder_ + "/large.toml";
  EXPECT_THAT(Error(), HasSubstr("larger than"));
}

TEST_F(SettingsTest, EverySettingHasItsOwnNames) {
  std::set<std::string> seen;
  for (const SettingSpec& spec : AllSettings()) {
    EXPECT_TRUE(seen.insert(std::string(spec.name)).second);
    EXPECT_TRUE(seen.insert(std::string(spec.environment)).second);
    EXPECT_EQ(spec.environment.rfind("KITH_", 0), 0U);
    EXPECT_FALSE(spec.help.empty());
  }
}

}  // namespace
}  // namespace kith::server
