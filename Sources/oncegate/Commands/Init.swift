import ArgumentParser
import Foundation
import GatewayConfiguration

struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Write a commented starter configuration.")

    @Argument(help: "The file to write; an existing one is never overwritten.")
    var file = "oncegate.yaml"

    func run() throws {
        do {
            try Data(GatewayConfiguration.starter.utf8).write(to: URL(filePath: file), options: .withoutOverwriting)
        } catch CocoaError.fileWriteFileExists {
            throw CommandError("\(file) exists already and was left as it is")
        } catch {
            throw CommandError("cannot write \(file): \(error.localizedDescription)")
        }
        print(
            """
            Wrote \(file). Next:
              export CLERK_WEBHOOK_SECRET=whsec_…   # Clerk Dashboard > Webhooks > your endpoint > Signing Secret
              oncegate check --config \(file)
              oncegate serve --config \(file)
            """)
    }
}
