// flowtap-run: runs a command in a network of its own whose TCP and UDP go to this user's flowtapd.
// It makes namespaces, routes, rules and sockets, hands the sockets to the daemon and becomes the command, so that
// signals, terminal and exit status are the command's own.
#pragma once

namespace flowtap::linux_ {

/// The whole program. Returns its exit status; never where the command runs.
int launch(int argc, char** argv);

}  // namespace flowtap::linux_
