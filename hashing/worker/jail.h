// SPDX-License-Identifier: Apache-2.0
//
// Purpose: take from this process, for good, everything but computing and one socket.
//
// Thread-safety: for a process of one thread, before it touches anything hostile.
// Errors: none. What the kernel does not have is left out and told in the measures: a cage of less
// is better than none, and `kith doctor` shows it.
#pragma once

#include "hashing/internal/cage_messages.h"

namespace kith::hashing::worker {

// Before the codecs are warmed up: no core dump, no tracing, end with the parent.
void HideFromOthers(internal::CageHello& hello);

// After that. What stays possible: memory without execution, the clock, random numbers, receiving
// and sending on `channel`, ending. Calls that name a file answer EACCES, those on descriptors
// EBADF, new threads fail; all else ends the process.
void GiveUpEverything(int channel, internal::CageHello& hello);

}  // namespace kith::hashing::worker
