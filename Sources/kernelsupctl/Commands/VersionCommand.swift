import ArgumentParser
import ControlProtocol

/// `kernelsupctl version`: this program's and the daemon's.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Show the version of this program and of the daemon that answers."
    )

    @OptionGroup var options: GlobalOptions

    func run() throws {
        emit("kernelsupctl \(Product.version)\n")
        do throws(CommandFailure) {
            emit("kernelsupd \(try options.control(.text).status().version)\n")
        } catch {
            // No daemon is no failure here: the question was for a version.
            emit("kernelsupd: \(error.message)\n")
        }
    }
}
