// The namespaces of a captured program.
#pragma once

namespace flowtap::linux_ {

/// What is new around the captured program.
enum class Isolation {
  kNetwork,         ///< for root, who stays root in every other respect
  kUserAndNetwork,  ///< for everybody else; the user keeps his uid and gid, which are the only ones mapped
};

/// Moves this process (which must have one thread) into new namespaces. Throws CaptureImpossible.
Isolation enterNamespaces();

/// Gives up the capabilities that came with a user namespace. A uid other than 0 has none after exec either way; this
/// makes it so before, and for ambient ones.
void dropCapabilities();

}  // namespace flowtap::linux_
