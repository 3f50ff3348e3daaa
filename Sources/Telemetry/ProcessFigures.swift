import Glibc

/// The usual metrics of a process, under the names that Prometheus' own client libraries give them.
///
/// Source: proc(5). A figure that the system does not give away is left out.
struct ProcessFigures: Sendable {
    private let started = ProcessFigures.startTime()

    func write(to text: inout PrometheusText) {
        write(&text, "process_start_time_seconds", .gauge, "Start of the process, in seconds since 1970.", started)
        write(&text, "process_cpu_seconds_total", .counter, "User and system CPU time spent.", Self.cpuTime())
        write(&text, "process_resident_memory_bytes", .gauge, "Resident memory.", Self.residentMemory())
        write(&text, "process_open_fds", .gauge, "Open file descriptors.", Self.openDescriptors())
        write(&text, "process_max_fds", .gauge, "The limit of open file descriptors.", Self.descriptorLimit())
    }

    private func write(
        _ text: inout PrometheusText, _ name: String, _ kind: PrometheusText.Kind, _ help: String, _ value: Double?
    ) {
        guard let value else { return }
        text.family(name, kind, help: help)
        text.sample(name, [], value)
    }

    private static func cpuTime() -> Double? {
        var time = timespec()
        guard clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return nil }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func residentMemory() -> Double? {
        guard let pages = read("/proc/self/statm")?.split(separator: " ").dropFirst().first.flatMap({ Double($0) })
        else { return nil }
        return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
    }

    private static func openDescriptors() -> Double? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // ".", ".." and the descriptor of the listing itself.
        return Double(count - 3)
    }

    private static func descriptorLimit() -> Double? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        return limit.rlim_cur == rlim_t.max ? .infinity : Double(limit.rlim_cur)
    }

    /// The boot time and the clock ticks from there to the start of the process.
    private static func startTime() -> Double? {
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        // The name of the program, in parentheses, may itself hold spaces and parentheses; field 22 is the 20th after
        // it.
        guard let status = read("/proc/self/stat"), let name = status.lastIndex(of: ")"), ticks > 0,
            let start = status[name...].split(separator: " ").dropFirst(20).first.flatMap({ Double($0) }),
            let boot = read("/proc/stat")?.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
            let booted = Double(boot.dropFirst(6))
        else { return nil }
        return booted + start / ticks
    }

    /// Reads a file of at most 64 KiB.
    private static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 4096)
        while content.count < 64 * 1024 {
            let count = Glibc.read(descriptor, &block, block.count)
            guard count > 0 else { break }
            content.append(contentsOf: block.prefix(count))
        }
        return String(decoding: content, as: UTF8.self)
    }
}
