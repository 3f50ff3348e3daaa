import Curl
import Foundation
import Testing

/// The TLS server of the `openssl` command, with a certificate made for the test.
private struct TLSServer {
    let directory: URL
    let certificate: String
    let key: String
    let port: Int
    private let process: pid_t

    /// - Parameters:
    ///   - name: the subject alternative name of the certificate, as `openssl req` takes it.
    ///   - asksClients: whether clients must show this very certificate.
    init(name: String, asksClients: Bool = false) throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "oncegate-tls-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        key = directory.appending(path: "key.pem").path
        certificate = directory.appending(path: "certificate.pem").path
        let (request, end) = try spawn([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "2", "-subj", "/CN=oncegate test", "-addext", "subjectAltName=\(name)", "-keyout", key, "-out", certificate,
        ])
        _ = try end.readToEnd()
        var status: Int32 = 0
        waitpid(request, &status, 0)
        try #require(status == 0, "openssl req")

        let output: FileHandle
        let verification = asksClients ? ["-Verify", "1", "-verify_return_error", "-CAfile", certificate] : []
        (process, output) = try spawn(
            ["openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-key", key, "-cert", certificate] + verification)
        // "ACCEPT 127.0.0.1:PORT" says where it listens.
        var text = ""
        while text.firstMatch(of: /ACCEPT .*\n/) == nil {
            let data = output.availableData
            try #require(!data.isEmpty, "openssl s_server ended")
            text += String(decoding: data, as: UTF8.self)
        }
        port = try #require(text.firstMatch(of: /ACCEPT .*:(\d+)\n/).flatMap { Int($0.1) })
    }

    func end() {
        // SIGTERM is blocked in the threads that run tests, and so in their children.
        kill(process, SIGKILL)
        waitpid(process, nil, 0)
        try? FileManager.default.removeItem(at: directory)
    }
}

/// Starts a program with nothing but a pipe for its standard output.
private func spawn(_ arguments: [String]) throws -> (pid_t, FileHandle) {
    let output = Pipe()
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output.fileHandleForWriting.fileDescriptor, 1)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    // Sockets of tests that run at the same time would be held open otherwise.
    for descriptor in 3..<Int32(1024) { posix_spawn_file_actions_addclose(&actions, descriptor) }
    var words = arguments.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var process = pid_t()
    let code = posix_spawnp(&process, arguments[0], &actions, nil, &words, environ)
    try #require(code == 0, "\(arguments[0]): error \(code)")
    try output.fileHandleForWriting.close()
    return (process, output.fileHandleForReading)
}

@Suite("TLS", .timeLimit(.minutes(1)))
struct TLSTests {
    @Test func certificatesAreVerified() async throws {
        let server = try TLSServer(name: "IP:127.0.0.1")
        defer { server.end() }
        let request = HTTPRequest(url: "https://127.0.0.1:\(server.port)/", method: .get)

        let trusting = CurlLoop.Limits(authorities: server.certificate)
        #expect(try await withLoop(trusting) { try await $0.perform(request) }.status == 200)

        let error = try await withLoop { await failure($0, request) }
        #expect(error?.code == .tls)
        #expect(error?.requestSent == false)
    }

    @Test func eachRequestHasItsOwnAuthorities() async throws {
        let server = try TLSServer(name: "IP:127.0.0.1")
        let other = try TLSServer(name: "IP:127.0.0.1")
        defer {
            server.end()
            other.end()
        }
        let url = "https://127.0.0.1:\(server.port)/"
        let known = TLSOptions(authorities: try String(contentsOfFile: server.certificate, encoding: .utf8))
        let stranger = TLSOptions(authorities: try String(contentsOfFile: other.certificate, encoding: .utf8))
        try await withLoop { (loop) async throws in
            for _ in 0..<2 {
                #expect(try await loop.perform(HTTPRequest(url: url, method: .get, tls: known)).status == 200)
                // Neither the connection nor the trust of the request before is used.
                for tls in [stranger, nil] {
                    let error = await failure(loop, HTTPRequest(url: url, method: .get, tls: tls))
                    #expect(error?.code == .tls)
                    #expect(error?.requestSent == false)
                }
            }
        }
        // The authorities of a request take the place of those of the loop.
        try await withLoop(CurlLoop.Limits(authorities: server.certificate)) { (loop) async throws in
            #expect(await failure(loop, HTTPRequest(url: url, method: .get, tls: stranger))?.code == .tls)
            #expect(try await loop.perform(HTTPRequest(url: url, method: .get)).status == 200)
        }
    }

    @Test func certificatesAreShownByThoseRequestsOnlyThatHaveOne() async throws {
        let server = try TLSServer(name: "IP:127.0.0.1", asksClients: true)
        defer { server.end() }
        let url = "https://127.0.0.1:\(server.port)/"
        let authority = try String(contentsOfFile: server.certificate, encoding: .utf8)
        let key = try String(contentsOfFile: server.key, encoding: .utf8)
        let known = TLSOptions(authorities: authority, certificates: authority, key: key)
        #expect(!"\(known)".contains(key.prefix(20)))
        try await withLoop { (loop) async throws in
            for _ in 0..<2 {
                #expect(try await loop.perform(HTTPRequest(url: url, method: .get, tls: known)).status == 200)
                let anonymous = HTTPRequest(url: url, method: .get, tls: TLSOptions(authorities: authority))
                #expect(await failure(loop, anonymous) != nil)
                for options in [
                    TLSOptions(authorities: authority, certificates: authority, key: "no key"),
                    TLSOptions(authorities: authority, certificates: "no certificate", key: key),
                    TLSOptions(authorities: "no authority", certificates: authority, key: key),
                ] {
                    let error = await failure(loop, HTTPRequest(url: url, method: .get, tls: options))
                    #expect(error?.code == .tls, "\(error.map { "\($0)" } ?? "")")
                    #expect(error?.requestSent == false)
                }
            }
        }
    }

    @Test func namesAreVerified() async throws {
        let server = try TLSServer(name: "DNS:other.invalid")
        defer { server.end() }
        let request = HTTPRequest(url: "https://127.0.0.1:\(server.port)/", method: .get)
        let trusting = CurlLoop.Limits(authorities: server.certificate)
        let error = try await withLoop(trusting) { await failure($0, request) }
        #expect(error?.code == .tls)
        #expect(error?.requestSent == false)
    }

    @Test func serverWithoutTLS() async throws {
        let server = try ScriptedServer { connection, _ in
            connection.readSome()
            connection.write("HTTP/1.1 400 Bad Request\r\n\r\n")
        }
        let error = try await withLoop { await failure($0, HTTPRequest(url: "https://127.0.0.1:\(server.port)/")) }
        #expect(error?.code == .tls)
        #expect(error?.requestSent == false)
    }
}
