#ifndef ONCEGATE_CLIBFUZZER_SHIM_H
#define ONCEGATE_CLIBFUZZER_SHIM_H

#include <stddef.h>
#include <stdint.h>

// LLVM, "libFuzzer", "Using libFuzzer as a library"; LLVM installs no header for it.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));

#endif
