// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what becomes of a process to which the disk does not give a page of an index file.
// Files are read through mappings, so the kernel ends such a process with SIGBUS, in the middle of
// a search; a scrub, which reads through the file, finds the same page without that, but later.
//
// Thread-safety: may be called from any thread; calls after the first do nothing.
#pragma once

namespace kith::index {

// From now on such a process says which file it was, and leaves a mark beside it (PATH.suspect),
// before it ends as it would have: whoever opens the file next reads all of it, believes no earlier
// check, and where the disk still does not give it, takes it for damaged. So a service that is
// started again makes the file anew instead of ending the same way at the next search.
// A SIGBUS that concerns no index file is left to whom it belonged.
void MarkUnreadableFiles();

}  // namespace kith::index
