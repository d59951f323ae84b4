/* Declarations of libbsm that Flowtap uses, for the cross build; a Mac's SDK has its own. */
#pragma once
#include <mach/message.h>
#include <sys/cdefs.h>
#include <sys/types.h>

__BEGIN_DECLS
pid_t audit_token_to_pid(audit_token_t token);
uid_t audit_token_to_euid(audit_token_t token);
int audit_token_to_pidversion(audit_token_t token);
__END_DECLS
