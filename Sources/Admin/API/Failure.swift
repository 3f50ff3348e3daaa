extension API {
    /// Why a request was not done.
    package struct Failure: Codable, Sendable {
        /// A message for a person.
        package let error: String
        /// The same for programs, in a word such as `not_found`.
        package let code: String
    }
}
