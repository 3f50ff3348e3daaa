// Feeds one target with what libFuzzer makes up, or with the files that are named: see ../run.sh.

import CLibFuzzer
import Glibc

var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
let code = LLVMFuzzerRunDriver(&count, &arguments) { data, size in
    FuzzTarget.chosen([UInt8](UnsafeBufferPointer(start: data, count: size)))
    return 0
}
exit(code)
