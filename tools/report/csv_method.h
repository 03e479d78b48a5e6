// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the method statement as CSV, for RenderCsv.
//
// Thread-safety: a function of its arguments.
#pragma once

#include "proto/kith/v1/report.pb.h"
#include "tools/report/render.h"

namespace kith::report {

void RenderMethodCsv(const v1::Report& report, const Sink& sink);

}  // namespace kith::report
