// SPDX-License-Identifier: Apache-2.0
//
// Alerts after each kind of change of a series, and over random stories of changes: what was told
// last of a file, by an alert or else by the record, is what holds.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/server/casework_fixture.h"

namespace kith::server::testing {
namespace {

class AlertStoryTest : public CaseworkTest {
 protected:
  std::vector<v1::Alert> Alerts() {
    v1::ListAlertsRequest request;
    request.set_closed_too(true);
    request.set_page_size(1000);
    const auto page = Must(engine_->ListAlerts(request));
    EXPECT_EQ(page.next_page_token(), "");
    return {page.alerts().begin(), page.alerts().end()};
  }
  // "CASE: what: subject" of the newest.
  std::string Newest() {
    const std::vector<v1::Alert> alerts = Alerts();
    if (alerts.empty()) return "";
    const v1::Alert& last = alerts.back();
    return last.case_name() + ": " + last.what() + ": " + last.subject();
  }
  void CloseAll() {
    for (const v1::Alert& alert : Alerts()) {
      if (!alert.closed_at().empty()) continue;
      v1::CloseAlertRequest request;
      request.set_alert_id(alert.alert_id());
      request.mutable_signature()->set_who("J. Jansen");
      request.mutable_signature()->set_why("told");
      Must(engine_->CloseAlert(request));
    }
  }
  absl::Status Merge(const std::string& code, const std::string& into) {
    v1::MergeSeriesRequest request;
    request.set_code(code);
    request.set_into(into);
    return engine_->MergeSeries(request).status();
  }
  absl::Status Unmerge(const std::string& code) {
    v1::UnmergeSeriesRequest request;
    request.set_code(code);
    request.mutable_signature()->set_who("J. Jansen");
    request.mutable_signature()->set_why("a mistake");
    return engine_->UnmergeSeries(request).status();
  }
  absl::Status Unidentify(const std::string& code) {
    v1::UnidentifySeriesRequest request;
    request.set_code(code);
    request.mutable_signature()->set_who("J. Jansen");
    request.mutable_signature()->set_why("a mistake");
    return engine_->UnidentifySeries(request).status();
  }
  absl::Status TryIdentify(const std::string& code) {
    v1::IdentifySeriesRequest request;
    request.set_code(code);
    request.set_agency("LKA");
    return engine_->IdentifySeries(request).status();
  }
  absl::Status Move(std::uint64_t entry, const std::string& series) {
    v1::MoveEntriesRequest request;
    request.add_entry_ids(entry);
    request.set_series(series);
    return engine_->MoveEntries(request).status();
  }
  absl::Status Switch(const std::string& set, bool enabled) {
    v1::SetHashSetEnabledRequest request;
    request.set_name(set);
    request.set_enabled(enabled);
    return engine_->SetHashSetEnabled(request).status();
  }
  std::uint64_t Refresh(const std::string& name) {
    v1::RefreshCaseRequest request;
    request.set_name(name);
    return Must(engine_->RefreshCase(request)).changed();
  }
};

TEST_F(AlertStoryTest, AMergeTakenBackAlertsTheCasesThatMetTheSeriesUnderTheOther) {
  AddEntry("known", "RED", 1);
  Must(Merge("RED", "BLUE"));
  Check("LKA/1", {Picture("a.jpg", 1)});
  EXPECT_EQ(FileAt(GetReport("LKA/1"), "a.jpg").verdict(), v1::VERDICT_IDENTIFIED);
  Must(Unmerge("RED"));
  EXPECT_EQ(Newest(), "LKA/1: merge taken back: series RED");
  EXPECT_EQ(Refresh("LKA/1"), 1);
}

TEST_F(AlertStoryTest, AMergeOfAMergedSeriesAlertsTheCasesThatMetTheFirst) {
  AddSeries("GREEN");
  AddEntry("known", "GREEN", 1);
  Check("LKA/1", {Picture("a.jpg", 1)});  // on record as GREEN
  Must(Merge("GREEN", "RED"));
  EXPECT_EQ(Newest(), "LKA/1: series merged: series GREEN");
  CloseAll();
  Must(Merge("RED", "BLUE"));
  EXPECT_EQ(Newest(), "LKA/1: series merged: series RED");
  EXPECT_EQ(Refresh("LKA/1"), 1);
}

TEST_F(AlertStoryTest, ASeriesIsIdentifiedOrNoLongerAfterOthersWereMergedIntoIt) {
  AddSeries("GREEN");
  AddEntry("known", "GREEN", 1);
  Check("LKA/1", {Picture("a.jpg", 1)});
  Must(Merge("GREEN", "RED"));
  Newest();
  Must(TryIdentify("RED"));
  EXPECT_EQ(Newest(), "LKA/1: series identified: series RED");
  EXPECT_EQ(Refresh("LKA/1"), 1);
  Must(Unidentify("RED"));
  EXPECT_EQ(Newest(), "LKA/1: identification taken back: series RED");
  EXPECT_EQ(Refresh("LKA/1"), 1);
}

// Who had been told of the wrong agency was never told of the right one: no verdict changes by it.
TEST_F(AlertStoryTest, ASeriesWasIdentifiedByAnotherAgencyThanWasSaid) {
  v1::AddAgencyRequest agency;
  agency.mutable_agency()->set_name("SOUTH");
  Must(engine_->AddAgency(agency));
  AddEntry("known", "BLUE", 1);
  AddEntry("known", "RED", 2);
  Check("LKA/1", {Picture("a.jpg", 1)});
  Check("LKA/2", {Picture("b.jpg", 2)});
  // By the same one as before: nothing that anybody must hear of.
  Must(Unidentify("BLUE"));
  Identify("BLUE");
  EXPECT_EQ(Alerts().size(), 0U);
  // Nobody looks in between.
  Must(Unidentify("BLUE"));
  v1::IdentifySeriesRequest request;
  request.set_code("BLUE");
  request.set_agency("SOUTH");
  Must(engine_->IdentifySeries(request));
  ASSERT_EQ(Alerts().size(), 1U);
  EXPECT_EQ(Newest(), "LKA/1: series identified: series BLUE");
  Refresh("LKA/1");
  EXPECT_EQ(Alerts().size(), 1U);
  // And back, of which only who has the newer answer must hear.
  Must(Unidentify("BLUE"));
  Must(TryIdentify("BLUE"));
  ASSERT_EQ(Alerts().size(), 2U);
}

// The report of a check in between told of another contact; no file was matched again for it.
TEST_F(AlertStoryTest, ASeriesHasTheContactAgainThatItHadBeforeTheLastReport) {
  AddEntry("known", "BLUE", 1);
  Check("LKA/1", {Picture("a.jpg", 1)});
  v1::EditSeriesRequest desk;
  desk.set_code("BLUE");
  desk.set_contact_id(0);
  Must(engine_->EditSeries(desk));
  Check("LKA/1", {Picture("a.jpg", 1)});
  Must(Unidentify("BLUE"));
  Identify("BLUE");
  EXPECT_EQ(Newest(), "LKA/1: series identified: series BLUE");
}

TEST_F(AlertStoryTest, ASeriesIsIdentifiedAfterAnEntryWasMovedIntoIt) {
  AddSeries("GREEN");
  const std::uint64_t entry = AddEntry("known", "GREEN", 1);
  const std::uint64_t bare = AddEntry("known", "", 2);
  Check("LKA/1", {Picture("a.jpg", 1)});
  Check("LKA/2", {Picture("b.jpg", 2)});
  Must(Move(entry, "RED"));
  Must(Move(bare, "RED"));
  Newest();
  CloseAll();
  const std::size_t before = Alerts().size();
  Must(TryIdentify("RED"));
  EXPECT_EQ(Alerts().size(), before + 2);
  EXPECT_EQ(Newest(), "LKA/2: series identified: series RED");
  EXPECT_EQ(Refresh("LKA/1"), 1);
  EXPECT_EQ(Refresh("LKA/2"), 1);
}

TEST_F(AlertStoryTest, ASeriesIsIdentifiedWhoseEntriesCameAfterTheFileWasMatched) {
  Check("LKA/1", {Picture("a.jpg", 1)});
  AddEntry("known", "RED", 1);
  EXPECT_EQ(Newest(), "LKA/1: entries added: set known");
  CloseAll();  // and the case is not refreshed
  Must(TryIdentify("RED"));
  EXPECT_EQ(Newest(), "LKA/1: series identified: series RED");
  EXPECT_EQ(Refresh("LKA/1"), 1);
}

// A story of changes and of what people do meanwhile.
class Story {
 public:
  explicit Story(std::uint64_t seed) : random_(seed) {}
  std::uint64_t Below(std::uint64_t end) { return random_() % end; }
  template <typename T>
  const T& OneOf(const std::vector<T>& all) {
    return all[Below(all.size())];
  }

 private:
  std::mt19937_64 random_;
};

class AlertStoriesTest : public AlertStoryTest {
 protected:
  static constexpr std::uint64_t kPictures = 10;
  const std::vector<std::string> series_ = {"BLUE", "RED", "GREEN", "GOLD", "GREY"};
  const std::vector<std::string> sets_ = {"known", "other"};
  std::vector<std::uint64_t> entries_;
  std::map<std::string, std::vector<v1::EvidenceFile>> cases_;
  std::string told_;  // the steps so far

  void CheckSome(Story& story, const std::string& name) {
    const std::uint64_t picture = story.Below(kPictures);
    const int bits = static_cast<int>(story.Below(20));
    std::string path = "f";
    path += std::to_string(picture) + "-" + std::to_string(bits);
    std::vector<v1::EvidenceFile>& files = cases_[name];
    files.push_back(Picture(path, picture, bits));
    auto run = Start(name);
    Send(*run, {files.back()});
    if (story.Below(2) == 0) {  // what comes meanwhile
      const std::string one = story.OneOf(series_);
      if (!TryIdentify(one).ok()) static_cast<void>(Unidentify(one));
    }
    End(*run, 1);
  }
  void Step(Story& story) {
    const std::string one = story.OneOf(series_);
    const std::string other = story.OneOf(series_);
    const std::string name = "LKA/" + std::to_string(1 + story.Below(3));
    const std::uint64_t kind = story.Below(13);
    told_ += std::to_string(kind) + " " + one + " " + other + " " + name + "; ";
    // What the catalog refuses is no step.
    switch (kind) {
      case 0:
      case 1:
        return static_cast<void>(TryIdentify(one));
      case 2:
        return static_cast<void>(Unidentify(one));
      case 3:
      case 4:
        return static_cast<void>(Merge(one, other));
      case 5:
      case 6:
        return static_cast<void>(Unmerge(one));
      case 7:
        if (entries_.empty()) return;
        return static_cast<void>(Move(story.OneOf(entries_), one));
      case 8:
        entries_.push_back(
            AddEntry(story.OneOf(sets_), story.Below(4) == 0 ? "" : one, story.Below(kPictures)));
        return;
      case 9:
        if (!entries_.empty() && story.Below(3) == 0) Withdraw(story.OneOf(entries_));
        return;
      case 10:
        return static_cast<void>(Switch(story.OneOf(sets_), story.Below(2) == 0));
      case 11:
        if (cases_.contains(name)) Refresh(name);
        return;
      default:
        return CheckSome(story, name);
    }
  }
  // What the last alert on each file says that it is now, by case and content.
  std::map<std::pair<std::string, std::string>, v1::Verdict> Told() {
    std::map<std::pair<std::string, std::string>, v1::Verdict> told;
    for (const v1::Alert& alert : Alerts()) {
      v1::GetAlertRequest request;
      request.set_alert_id(alert.alert_id());
      request.set_page_size(1000);
      const v1::GetAlertResponse got = Must(engine_->GetAlert(request));
      for (const v1::AlertFile& file : got.files()) {
        told[{alert.case_name(), file.sha256()}] = file.now();
      }
    }
    return told;
  }
  void ExpectAllTold() {
    const auto told = Told();
    for (const auto& [name, files] : cases_) {
      const v1::Report report = GetReport(name);
      for (const v1::EvidenceFile& file : files) {
        v1::MatchRequest look_up;
        *look_up.add_queries() = file.fingerprint();
        const v1::Verdict now = Must(engine_->Match(look_up)).results(0).verdict();
        const auto found = told.find({name, file.fingerprint().digests().sha256()});
        const v1::Verdict last =
            found != told.end() ? found->second : FileAt(report, file.path()).verdict();
        ASSERT_EQ(last, now) << name << " " << file.path();
      }
    }
  }
};

TEST_F(AlertStoriesTest, WhatWasToldLastIsWhatHolds) {
  const char* given = std::getenv("KITH_TEST_SEED");
  const std::uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  RecordProperty("seed", std::to_string(seed));
  SCOPED_TRACE("KITH_TEST_SEED=" + std::to_string(seed));
  Story story(seed);
  AddSet("other", v1::PURPOSE_KNOWN);
  for (const char* code : {"GREEN", "GOLD", "GREY"}) AddSeries(code);
  for (int i = 0; i < 6; ++i) {
    entries_.push_back(AddEntry(story.OneOf(sets_), story.OneOf(series_), story.Below(kPictures)));
  }
  for (const char* name : {"LKA/1", "LKA/1", "LKA/2", "LKA/2"}) CheckSome(story, name);
  constexpr int kSteps = 150;
  for (int i = 0; i < kSteps; ++i) {
    Step(story);
    if (story.Below(3) == 0) continue;  // several changes are watched at once
    ExpectAllTold();
    if (story.Below(4) == 0) CloseAll();
    if (HasFatalFailure()) FAIL() << told_;
  }
}

}  // namespace
}  // namespace kith::server::testing
