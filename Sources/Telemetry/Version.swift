/// The version of the program.
package enum Version {
    /// The version, as in `oncegate --version`, `user-agent` and `oncegate_build_info`.
    package static let current = "0.1.0"
}
