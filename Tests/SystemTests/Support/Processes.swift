import Foundation
import Glibc

/// The processes of this machine.
enum Processes {
    /// The pids of those that work in a folder or mention it in their arguments or their environment.
    static func using(_ folder: String) -> [pid_t] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter { pid in
            let directory = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")
            return directory?.contains(folder) == true
                || ["cmdline", "environ"].contains { file in
                    let text = FileManager.default.contents(atPath: "/proc/\(pid)/\(file)")
                    return text?.range(of: Data(folder.utf8)) != nil
                }
        }
    }
}
