// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the readers, one a format; formats.h says what each does and how it fails.
//
// Thread-safety: as formats.h.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "tools/exchange/record.h"
#include "tools/exchange/source.h"

namespace kith::exchange {

// One hash a line, its kind told by its length, optionally a comma and text: format "list".
[[nodiscard]] absl::Status ReadList(Source& source, const ReadOptions& options, Sink& sink);

// VICS JSON, every dialect: format "vics".
[[nodiscard]] bool LooksLikeVics(std::string_view head);
[[nodiscard]] absl::Status ReadVics(Source& source, const ReadOptions& options, Sink& sink);

// Format "threatexchange": the CSV of ThreatExchange's tools.
[[nodiscard]] bool LooksLikeThreatExchangeCsv(std::string_view head);
[[nodiscard]] absl::Status ReadThreatExchangeCsv(Source& source, const ReadOptions& options,
                                                 Sink& sink);

// Format "signals": a signal type and a value a line.
[[nodiscard]] bool LooksLikeSignals(std::string_view head);
[[nodiscard]] absl::Status ReadSignals(Source& source, const ReadOptions& options, Sink& sink);

// Format "pdq-list": [hash=]PDQ[,text].
[[nodiscard]] bool LooksLikePdqList(std::string_view head);
[[nodiscard]] absl::Status ReadPdqList(Source& source, const ReadOptions& options, Sink& sink);

// Format "digests": what md5sum and its kin, BSD and hashdeep print.
[[nodiscard]] bool LooksLikeDigestList(std::string_view head);
[[nodiscard]] absl::Status ReadDigestList(Source& source, const ReadOptions& options, Sink& sink);

// Format "icse": INTERPOL's export.
[[nodiscard]] bool LooksLikeIcse(std::string_view head);
[[nodiscard]] absl::Status ReadIcse(Source& source, const ReadOptions& options, Sink& sink);

// Format "hashkeeper": its .hsh lists.
[[nodiscard]] bool LooksLikeHashKeeper(std::string_view head);
[[nodiscard]] absl::Status ReadHashKeeper(Source& source, const ReadOptions& options, Sink& sink);

// Format "encase": its .hash sets.
[[nodiscard]] bool LooksLikeEnCase(std::string_view head);
[[nodiscard]] absl::Status ReadEnCase(Source& source, const ReadOptions& options, Sink& sink);

// Format "ncmec": XML of the hash sharing interface.
[[nodiscard]] bool LooksLikeNcmec(std::string_view head);
[[nodiscard]] absl::Status ReadNcmec(Source& source, const ReadOptions& options, Sink& sink);

// Format "stopncii": its FetchHashes answer.
[[nodiscard]] bool LooksLikeStopNcii(std::string_view head);
[[nodiscard]] absl::Status ReadStopNcii(Source& source, const ReadOptions& options, Sink& sink);

// Format "vpdq": the frames of one video.
[[nodiscard]] bool LooksLikeVpdq(std::string_view head);
[[nodiscard]] absl::Status ReadVpdq(Source& source, const ReadOptions& options, Sink& sink);

// Format "kdb": Autopsy's hash database (SQLite).
[[nodiscard]] bool LooksLikeKdb(std::string_view head);
[[nodiscard]] absl::Status ReadKdb(Source& source, const ReadOptions& options, Sink& sink);

// Format "nsrl": RDS version 3 (SQLite).
[[nodiscard]] bool LooksLikeNsrl(std::string_view head);
[[nodiscard]] absl::Status ReadNsrl(Source& source, const ReadOptions& options, Sink& sink);

}  // namespace kith::exchange
