// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the one list of the calls of proto/kith/v1. The engine's methods, the services over it
// and the engine of the tests are made from it: a new call is added here and implemented in
// EngineImpl, a new service has its list here, its line in KITH_SERVICES and its file in rpc/.
//
// X(Name, lane): a call with one request and one answer. Lane kLookUp is for what is answered from
// memory or a few rows; kLong for what writes, counts or reads much, which must not keep look-ups
// waiting. S(Name): a call that answers with a stream; always kStream.
//
// Thread-safety: macros only.
#pragma once

// Services, without the word Service.
#define KITH_SERVICES(X) \
  X(Admin)               \
  X(Case)                \
  X(Casework)            \
  X(Catalog)             \
  X(Import)              \
  X(Match)

#define KITH_ADMIN_CALLS(X)   \
  X(GetCapabilities, kLookUp) \
  X(VerifyStore, kLong)       \
  X(BackupStore, kLong)
#define KITH_ADMIN_STREAMS(S)

#define KITH_CASE_CALLS(X) \
  X(ListCases, kLong)      \
  X(GetCase, kLong)        \
  X(EditCase, kLong)       \
  X(ListReports, kLong)
#define KITH_CASE_STREAMS(S) \
  S(ListRecordedPaths)       \
  S(GetReport)

#define KITH_CASEWORK_CALLS(X) \
  X(GiveOpinion, kLong)        \
  X(ListOpinions, kLong)       \
  X(RefreshCase, kLong)        \
  X(ListAlerts, kLong)         \
  X(GetAlert, kLong)           \
  X(CloseAlert, kLong)         \
  X(ListClusters, kLong)       \
  X(GetCluster, kLong)         \
  X(PurgeCase, kLong)          \
  X(ListNotifications, kLong)  \
  X(MarkNotified, kLong)       \
  X(SetHolidays, kLong)        \
  X(ListHolidays, kLong)
#define KITH_CASEWORK_STREAMS(S)

#define KITH_CATALOG_CALLS(X)  \
  X(AddAgency, kLong)          \
  X(GetAgency, kLookUp)        \
  X(EditAgency, kLong)         \
  X(ListAgencies, kLookUp)     \
  X(AddContact, kLong)         \
  X(GetContact, kLookUp)       \
  X(ListContacts, kLookUp)     \
  X(AddSeries, kLong)          \
  X(GetSeries, kLookUp)        \
  X(ListSeries, kLookUp)       \
  X(IdentifySeries, kLong)     \
  X(AddHashSet, kLong)         \
  X(GetHashSet, kLookUp)       \
  X(ListHashSets, kLookUp)     \
  X(SetHashSetEnabled, kLong)  \
  X(AddEntries, kLong)         \
  X(GetEntry, kLookUp)         \
  X(ListEntries, kLookUp)      \
  X(WithdrawEntries, kLong)    \
  X(SupersedeContact, kLong)   \
  X(VerifyContact, kLong)      \
  X(UnidentifySeries, kLong)   \
  X(EditSeries, kLong)         \
  X(SetSeriesAlias, kLong)     \
  X(MergeSeries, kLong)        \
  X(UnmergeSeries, kLong)      \
  X(GetSeriesHistory, kLookUp) \
  X(EditHashSet, kLong)        \
  X(MoveEntries, kLong)        \
  X(ListChanges, kLookUp)
#define KITH_CATALOG_STREAMS(S)

#define KITH_IMPORT_CALLS(X) \
  X(BeginImport, kLong)      \
  X(AddImportRecords, kLong) \
  X(CommitImport, kLong)     \
  X(AbortImport, kLong)      \
  X(ListImports, kLong)
#define KITH_IMPORT_STREAMS(S)

// MatchStream goes both ways and has no place in these lists: see Engine::StartCheck.
#define KITH_MATCH_CALLS(X) X(Match, kLookUp)
#define KITH_MATCH_STREAMS(S)

#define KITH_ALL_CALLS(X) \
  KITH_ADMIN_CALLS(X)     \
  KITH_CASE_CALLS(X)      \
  KITH_CASEWORK_CALLS(X)  \
  KITH_CATALOG_CALLS(X)   \
  KITH_IMPORT_CALLS(X)    \
  KITH_MATCH_CALLS(X)
#define KITH_ALL_STREAMS(S) \
  KITH_ADMIN_STREAMS(S)     \
  KITH_CASE_STREAMS(S)      \
  KITH_CASEWORK_STREAMS(S)  \
  KITH_CATALOG_STREAMS(S)   \
  KITH_IMPORT_STREAMS(S)    \
  KITH_MATCH_STREAMS(S)
