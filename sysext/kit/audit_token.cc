// macOS: which process a flow belongs to.
#ifdef __APPLE__
#include <bsm/libbsm.h>
#include <libproc.h>

#include <cstring>

#include "sysext/kit/include/flowtap_kit.h"

bool flowtap_flow_info_set_audit_token(flowtap_flow_info* info, const void* token, size_t length, char* path,
                                       size_t size) {
  audit_token_t copy;
  if (!token || length != sizeof copy) return false;
  std::memcpy(&copy, token, sizeof copy);
  info->pid = static_cast<uint32_t>(audit_token_to_pid(copy));
  info->uid = static_cast<uint32_t>(audit_token_to_euid(copy));
  // By the token and not by the pid, which another process may have taken over since.
  if (size > 0 && proc_pidpath_audittoken(&copy, path, static_cast<uint32_t>(size)) > 0) info->process_path = path;
  return true;
}
#endif
