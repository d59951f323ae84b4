// What /proc says of a process: its name is any bytes that the process likes.
#include "sysext/core/process_table.h"
#include "sysext/core/utf8.h"
#include "sysext/fuzz/fuzz.h"
#include "sysext/linux/daemon/process_info.h"

using namespace flowtap;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  core::ProcessInfo info;
  info.pid = input.ConsumeIntegral<uint32_t>();
  info.path = input.ConsumeRandomLengthString(5000);
  for (int i = 0; i < 40 && input.ConsumeBool(); i++) info.arguments.push_back(input.ConsumeRandomLengthString(5000));
  const std::string text = fuzz::rest(input);
  linux_::ProcessStat stat;
  if (linux_::parseStat(text, stat)) {
    info.name = linux_::programName(stat.name, info.path, info.arguments);
    for (int i = 0; i < 40; i++) info.ancestors.push_back({static_cast<uint32_t>(i), stat.name});
  }
  core::ProcessTable table;
  const core::ProcessPtr process = table.intern(info);
  wire::Process decoded;
  fuzz::require(wire::parse(process->encoded.data(), process->encoded.size(), decoded), "a record of a process parses");
  fuzz::require(decoded.pid == info.pid, "the pid is kept");
  for (const std::string* each : {&decoded.name, &decoded.path})
    fuzz::require(core::toUtf8(*each, each->size()) == *each, "strings on the wire are UTF-8");
  fuzz::require(process->encoded.size() < 64 << 10, "a record is small");
  return 0;
}
